"""Size is kept by ceilings. Raising one needs a decision record."""

import ast
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from architecture.source import ROOT, SRC, code_lines, functions, python_files

KERNEL = SRC / "kernel"
# In the kernel, but not the loop of case, task and clock itself: what it is told in, what it looks up, what checks it.
BESIDE_THE_LOOP = {"calendar.py", "commands.py", "events.py", "laws.py", "plan.py", "rules.py"}
LOOP_CEILING, KERNEL_CEILING = 1500, 2500
FUNCTION_CEILING, FILE_CEILING = 45, 400
EXCEPTIONS = tomllib.loads(Path(__file__).with_name("exceptions.toml").read_text(encoding="utf-8"))
HEAVY = ("numpy", "scipy", "sklearn", "ortools", "pandas", "numba")
LOAD_EVERYTHING = """
import sys
import bihuan.wiring.wsgi
from django.urls import get_resolver
def walk(patterns):
    for pattern in patterns:
        walk(getattr(pattern, "url_patterns", []))
walk(get_resolver().url_patterns)
print(" ".join(name for name in sys.argv[1:] if name in sys.modules))
"""


def test_the_loop_is_read_in_a_morning_and_the_kernel_in_a_day():
    sizes = {path.relative_to(KERNEL): len(code_lines(path)) for path in python_files(KERNEL)}
    loop = {path: size for path, size in sizes.items() if path.name not in BESIDE_THE_LOOP}
    assert sum(loop.values()) <= LOOP_CEILING, loop
    assert sum(sizes.values()) <= KERNEL_CEILING, sizes


def test_no_function_is_longer_than_a_screen():
    long = {
        f"{path.relative_to(SRC)}:{name}"
        for path in python_files()
        for name, lines in functions(path)
        if lines > FUNCTION_CEILING
    }
    assert long == set(EXCEPTIONS["functions"])


def test_no_file_is_longer_than_a_sitting():
    long = {
        str(path.relative_to(SRC))
        for path in python_files()
        if len(path.read_text(encoding="utf-8").splitlines()) > FILE_CEILING
    }
    assert long == set(EXCEPTIONS["files"])


def test_every_exception_says_why():
    assert all(len(reason.split()) > 5 for reason in (EXCEPTIONS["functions"] | EXCEPTIONS["files"]).values())


def test_the_kernel_imports_the_standard_library_and_itself():
    outside = {
        (path.name, name)
        for path in python_files(KERNEL)
        for name in imported(path)
        if name.split(".")[0] not in sys.stdlib_module_names and not name.startswith("bihuan.kernel")
    }
    assert outside == set()


def imported(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or "."


@pytest.fixture(scope="module")
def loaded_by_the_web():
    """Which of the heavy packages a web process has loaded once it knows all its pages."""
    environment = {**os.environ, "BIHUAN_DATABASE_URL": "postgresql://nobody@localhost/none"}
    command = [sys.executable, "-c", LOAD_EVERYTHING, *HEAVY, "django", "bihuan.wiring.urls"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def test_a_web_process_never_loads_the_heavy_packages(loaded_by_the_web):
    assert loaded_by_the_web == {"django", "bihuan.wiring.urls"}

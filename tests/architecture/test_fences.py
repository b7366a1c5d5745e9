"""The fences hold: trespasses put into a copy of the source are caught, each by the fence that is there for it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from architecture.source import ROOT

BIN = Path(sys.executable).parent

IMPORTS = {
    "upwards": ("desk/trespass.py", "import bihuan.wiring.leash", "Imports go one way"),
    "lazily": ("kernel/trespass.py", "def f():\n    import bihuan.desk.models", "Imports go one way"),
    "for types only": (
        "kernel/trespass.py",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import bihuan.desk.models",
        "Imports go one way",
    ),
    "from a package nobody declared": ("extras/__init__.py", "", "Imports go one way"),
    "from scene to scene": ("scenes/one/trespass.py", "import bihuan.scenes.two", "Scenes do not know one another"),
    "past the door": ("faces/trespass.py", "import bihuan.desk.models", "two doors"),
    "past the door by name": ("scenes/one/trespass.py", "from bihuan.desk.models import World", "two doors"),
    "of chance": ("kernel/trespass.py", "import random", "no clock, no chance, no outside"),
    "of the outside": ("kernel/trespass.py", "from django.db import models", "no clock, no chance, no outside"),
    "of the time": ("kernel/trespass.py", "from time import time", "no clock, no chance, no outside"),
}
NAMES = {
    "the clock in the kernel": ("kernel/trespass.py", "import datetime\n\nNOW = datetime.datetime.now(datetime.UTC)\n"),
    "today in the kernel": ("kernel/trespass.py", "from datetime import date\n\nDAY = date.today()\n"),
    "chance in the kernel": ("kernel/trespass.py", "import uuid\n\nKEY = uuid.uuid4()\n"),
    "the clock in a scene": ("scenes/one/rules.py", "from datetime import UTC, datetime\n\nNOW = datetime.now(UTC)\n"),
    "a model by its name": (
        "desk/trespass.py",
        "from django.apps import apps\n\nW = apps.get_model('desk.World')\n",
    ),
    "a module by its name": ("faces/trespass.py", "import importlib\n\nM = importlib.import_module('bihuan.desk')\n"),
}


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """The source with two small scenes in it, so that there is something to trespass on."""
    root = tmp_path_factory.mktemp("copy")
    shutil.copy(ROOT / "pyproject.toml", root)
    shutil.copytree(ROOT / "src", root / "src", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info", "static"))
    for package in ("scenes", "scenes/one", "scenes/two"):
        folder = root / "src/bihuan" / package
        folder.mkdir(exist_ok=True)
        (folder / "__init__.py").touch()
    return root


@pytest.fixture
def put(copy):
    """Write one file into the copy for the length of the test."""
    made = []

    def write(name, text):
        path = copy / "src/bihuan" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"{text}\n", encoding="utf-8")
        made.append(path)
        return path

    yield write
    for path in made:
        path.unlink()
        if path.name == "__init__.py":
            path.parent.rmdir()


def contracts(copy):
    return subprocess.run(
        [BIN / "lint-imports", "--no-cache"],
        cwd=copy,
        env={**os.environ, "PYTHONPATH": str(copy / "src"), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_without_a_trespass_nothing_is_said(copy):
    result = contracts(copy)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize("kind", IMPORTS)
def test_a_forbidden_import_is_caught(copy, put, kind):
    name, text, fence = IMPORTS[kind]
    put(name, text)
    result = contracts(copy)
    assert result.returncode != 0
    broken = [line for line in result.stdout.splitlines() if " BROKEN" in line]
    assert any(fence in line for line in broken), result.stdout


@pytest.mark.parametrize("kind", NAMES)
def test_a_forbidden_name_is_caught(put, kind):
    path = put(*NAMES[kind])
    command = [sys.executable, "-m", "ruff", "check", "--select", "TID251", "--no-cache", path]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.stdout.count("TID251") == 1, result.stdout + result.stderr

"""Measures of Python source, as the budgets count them."""

import ast
import subprocess
import tokenize
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
SRC = ROOT / "src" / "bihuan"
NO_CODE = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING}
NO_CODE.add(tokenize.ENDMARKER)
Function = ast.FunctionDef | ast.AsyncFunctionDef


def python_files(folder=SRC):
    """Ours: what a generator or a migration tool wrote is nobody's reading."""
    return sorted(path for path in folder.rglob("*.py") if "migrations" not in path.parts)


def code_lines(path):
    """The numbers of the lines that are neither blank nor comment nor docstring."""
    with tokenize.open(path) as file:
        found = {
            number
            for token in tokenize.generate_tokens(file.readline)
            if token.type not in NO_CODE
            for number in range(token.start[0], token.end[0] + 1)
        }
    return found - docstring_lines(ast.parse(path.read_text(encoding="utf-8")))


def docstring_lines(tree):
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | Function) and ast.get_docstring(node, clean=False) is not None:
            found |= set(range(node.body[0].lineno, node.body[0].end_lineno + 1))
    return found


def functions(path):
    """Each function's dotted name and its length in lines, docstring included, decorators not."""

    def within(node, prefix):
        for child in ast.iter_child_nodes(node):
            name = f"{prefix}.{child.name}" if isinstance(child, Function | ast.ClassDef) else prefix
            if isinstance(child, Function):
                yield name.lstrip("."), child.end_lineno - child.lineno + 1
            yield from within(child, name)

    yield from within(ast.parse(path.read_text(encoding="utf-8")), "")


@cache
def tracked():
    """Every file that git keeps, as paths below the root."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]

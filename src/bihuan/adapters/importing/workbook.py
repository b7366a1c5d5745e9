"""XLSX. The library that reads it holds a sheet in memory, and one cell at the far corner makes that 500 GB.

So it works in a process of its own with a limit, and when that one dies the file was not readable and nothing else is.
"""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from bihuan.adapters.importing.rows import BadFile, Reading, header, row

READER = Path(__file__).with_name("sheet.py")
CHUNK = 1 << 20
MOST_UNPACKED = 512 << 20


def sheets(path: Path, name: str) -> tuple[list[str], int]:
    """The names of its sheets, and how many rows the first has. Raises ``BadFile``."""
    with _reading(path, name) as lines:
        return _about(lines)


def read(path: Path, name: str) -> Reading:
    """The rows of the first sheet. A formula counts as what it last came to; nothing is computed here."""
    with _reading(path, name) as lines:
        _about(lines)
        names: list[str] = []
        for number, line in enumerate(lines, 1):
            if not line.endswith("\n"):  # cut off: its process has died, which is told below
                continue
            cells: list[str] = json.loads(line)
            if not any(cells):
                continue
            if names:
                yield number, row(names, cells)
            else:
                names = header(name, cells)


def _about(lines: IO[str]) -> tuple[list[str], int]:
    line = lines.readline()
    names, rows = json.loads(line) if line.endswith("\n") else ([], 0)
    return names, rows


@contextmanager
def _reading(path: Path, name: str) -> Iterator[IO[str]]:
    """Raises ``BadFile`` where the process died before it had told everything; one that is not needed is ended."""
    child = subprocess.Popen(
        [sys.executable, "-I", str(READER), str(path)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        encoding="utf-8",
    )  # fmt: skip
    lines = child.stdout
    if lines is None:
        raise AssertionError
    try:
        yield lines
        is_told = not lines.read(1)
        if is_told and child.wait():
            raise BadFile(
                f"{name}: 不是可读的 xlsx,或者太大,请另存为 CSV。 Not a readable workbook, or too large; save as CSV."
            )
    finally:
        lines.close()
        child.kill()
        child.wait()


def need_unpackable(path: Path, name: str) -> None:
    """Unpack once and count: what the directory of a zip says of itself is no proof."""
    size = 0
    try:
        with zipfile.ZipFile(path) as packed:
            for member in packed.infolist():
                with packed.open(member) as stream:
                    while size <= MOST_UNPACKED and (chunk := stream.read(CHUNK)):
                        size += len(chunk)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, zlib.error) as error:
        raise BadFile(f"{name}: 不是 xlsx 或已损坏 / no xlsx, or a damaged one ({error})") from error
    if size > MOST_UNPACKED:
        raise BadFile(f"{name}: 解压后超过 {MOST_UNPACKED >> 20} MB / unpacks to more than that; save it as CSV")

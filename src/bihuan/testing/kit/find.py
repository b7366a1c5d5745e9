"""Where a slip stands: the line and column of a key in a manifest, of a cell in a table."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType

HEADER = re.compile(r"\s*\[([^\[\]]+)\]\s*(#.*)?")
KEY = re.compile(r'\s*((?:[\w-]+|"[^"]*")(?:\s*\.\s*(?:[\w-]+|"[^"]*"))*)\s*=')

EVERY: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, order=True)
class Finding:
    """One thing that is wrong, or (``is_notice``) worth a look. Lines and columns count from 1; 0: the whole file."""

    file: str
    line: int
    column: int
    what: str
    is_notice: bool = False

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part)
        return f"{place}: {self.what}"


class Toml:
    """Lines of a manifest by the path of what stands there."""

    def __init__(self, text: str) -> None:
        self._found: dict[tuple[str, ...], tuple[int, int]] = {}
        table: tuple[str, ...] = ()
        for number, line in enumerate(text.splitlines(), 1):
            if header := HEADER.fullmatch(line):
                table = _parts(header[1])
                self._found.setdefault(table, (number, line.index("[") + 1))
            elif key := KEY.match(line):
                self._found.setdefault((*table, *_parts(key[1])), (number, key.start(1) + 1))

    def place(self, path: tuple[str, ...]) -> tuple[int, int]:
        """That of the key, or of the nearest thing around it that has a line of its own."""
        for end in range(len(path), 0, -1):
            if found := self._found.get(path[:end]):
                return found
        return (1, 1)


def _parts(dotted: str) -> tuple[str, ...]:
    return tuple(part.strip().strip('"') for part in re.findall(r'"[^"]*"|[\w-]+', dotted))


class Tables:
    """Rows and columns of the tables in a folder, found again by what stands in them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @cached_property
    def _grids(self) -> dict[str, list[tuple[int, list[str]]]]:
        found = {}
        for file in sorted(self._folder.glob("*.csv")):
            with file.open(encoding="utf-8-sig", newline="") as stream:
                reader, start, rows = csv.reader(stream), 1, []
                for row in reader:
                    rows.append((start, row))
                    start = reader.line_num + 1
            found[file.stem] = rows
        return found

    def finding(
        self, table: str, column: str, what: str, cells: Mapping[str, str] = EVERY, *, is_notice: bool = False
    ) -> Finding:
        """A finding at the row in which ``cells`` (column key to text) stand, under ``column``."""
        line, place = self._place(table, column, cells)
        return Finding(f"tables/{table}.csv", line, place, what, is_notice)

    def _place(self, table: str, column: str, cells: Mapping[str, str]) -> tuple[int, int]:
        rows = self._grids.get(table, [])
        if table == "book":
            return next(((line, 2) for line, row in rows if row and column in row[0].split()), (0, 0))
        if not rows:
            return (0, 0)
        places = {word: at for at, cell in enumerate(rows[0][1]) for word in cell.split()}
        for line, row in rows[1:]:
            if all(_cell(row, places.get(name)) == text for name, text in cells.items()):
                return line, places.get(column, -1) + 1
        return (0, 0)


def _cell(row: list[str], at: int | None) -> str:
    return row[at] if at is not None and at < len(row) else ""

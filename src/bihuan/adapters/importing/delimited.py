"""CSV, strictly: a quote that is never closed costs its own line and not those that it would have swallowed."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator
from typing import TextIO

from bihuan.adapters.importing.rows import LONGEST_CELL, LONGEST_LINE, BadFile, BadRow, Reading, header, row

MOST_LINES = 1000  # of one record
MOST_BAD_QUOTES = 1000
SEPARATORS = ",;\t|"


class _TooLongError(Exception):
    """A line, or the lines of one record, went on for longer than anybody writes."""


class _Lines(Iterator[str]):
    """Lines for the CSV reader. Those of the record that it is at are kept, to be read again when it fails."""

    def __init__(self, text: TextIO) -> None:
        self._text = text
        self._left: deque[tuple[int, str | None]] = deque()
        self._number = 0
        self.held: list[tuple[int, str | None]] = []

    def __next__(self) -> str:
        number, line = self._left.popleft() if self._left else self._read()
        self.held.append((number, line))
        if line is None or len(self.held) > MOST_LINES:
            raise _TooLongError
        return line

    def again(self) -> None:
        """All lines held but the first are read again."""
        self._left.extendleft(reversed(self.held[1:]))

    def _read(self) -> tuple[int, str | None]:
        line = self._text.readline(LONGEST_LINE)
        if not line:
            raise StopIteration
        self._number += 1
        if len(line) < LONGEST_LINE or line.endswith(("\n", "\r")):
            return self._number, line
        while line and not line.endswith(("\n", "\r")):
            line = self._text.readline(LONGEST_LINE)
        return self._number, None


def read(name: str, text: TextIO) -> Reading:
    csv.field_size_limit(LONGEST_CELL)
    lines = _Lines(text)
    separator, names = _first(name, lines)
    reader = csv.reader(lines, delimiter=separator, strict=True)
    bad = 0
    while True:
        lines.held = []
        try:
            cells = next(reader)
        except StopIteration:
            return
        except (csv.Error, _TooLongError) as error:
            bad += 1
            if bad > MOST_BAD_QUOTES:
                raise BadFile(
                    f"{name}: 超过 {MOST_BAD_QUOTES} 行引号不成对,可能不是 CSV,不再读下去。\n"
                    f"More than {MOST_BAD_QUOTES} rows with quotes that do not match: perhaps no CSV; not read further."
                ) from error
            lines.again()
            yield lines.held[0][0], _why(error, lines.held[0][1])
            continue
        if any(cells):
            yield lines.held[0][0], row(names, cells)


def _first(name: str, lines: _Lines) -> tuple[str, list[str]]:
    """The separator and the names of the columns; names may go over several lines."""
    try:
        first = next(lines)
        separator = max(SEPARATORS, key=first.count)
        lines.again()
        lines.held = []
        cells = next(csv.reader(_Rest(first, lines), delimiter=separator, strict=True), [])
    except (StopIteration, csv.Error, _TooLongError) as error:
        raise BadFile(f"{name}: 第一行应当是列名。 The first line must hold the names of the columns.") from error
    return separator, header(name, cells)


class _Rest(Iterator[str]):
    """One line, then those after it."""

    def __init__(self, first: str, lines: _Lines) -> None:
        self._first: str | None = first
        self._lines = lines

    def __next__(self) -> str:
        first, self._first = self._first, None
        return next(self._lines) if first is None else first


def _why(error: Exception, line: str | None) -> BadRow:
    if line is None:
        return BadRow("line-too-long", {"most": LONGEST_LINE})
    if "field larger" in str(error) and len(line) > LONGEST_CELL:
        return BadRow("cell-too-large", {"most": LONGEST_CELL})
    return BadRow("quotes")

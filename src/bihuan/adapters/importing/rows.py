"""What a reader of a file gives: rows with the line they stand on, or why a row cannot be read; and the limits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

LONGEST_CELL = 1 << 20  # characters
LONGEST_LINE = 2 << 20
MOST_COLUMNS = 200

Row = Mapping[str, str]


class BadFile(ValueError):
    """A file that cannot be read at all, or not further: what is wrong, and what to do."""


@dataclass(frozen=True)
class BadRow:
    """A row that cannot be read: a code of ``words.REASONS`` and its facts, none of them from a cell."""

    code: str
    facts: Mapping[str, object] = field(default_factory=dict)


Read = tuple[int, Row | BadRow]  # the line of the file (the row of the sheet) on which it begins, counted from one
Reading = Iterator[Read]


def header(name: str, cells: Sequence[str]) -> list[str]:
    """The names of the columns. Raises ``BadFile``."""
    names = [cell.strip() for cell in cells]
    while names and not names[-1]:  # a spreadsheet that was once wider
        names.pop()
    if not any(names):
        raise BadFile(f"{name}: 第一行应当是列名。 The first line must hold the names of the columns.")
    if len(names) > MOST_COLUMNS:
        raise BadFile(f"{name}: 最多 {MOST_COLUMNS} 列。 At most {MOST_COLUMNS} columns.")
    if len(set(names)) < len(names):
        twice = sorted({one for one in names if names.count(one) > 1})
        raise BadFile(f"{name}: 列名重复 / columns of the same name: {', '.join(twice)}")
    return names


def row(names: Sequence[str], cells: Sequence[str]) -> Row | BadRow:
    """Cells by the names of their columns; empty cells too many at the end are nothing."""
    if len(cells) > len(names) and not any(cells[len(names) :]):
        cells = cells[: len(names)]
    if len(cells) != len(names):
        return BadRow("ragged", {"cells": len(cells), "columns": len(names)})
    return checked({name: cell.strip() for name, cell in zip(names, cells, strict=True)})


def checked(values: Row) -> Row | BadRow:
    """What no column of text can hold is said here, not by the database in the middle of a slice."""
    if len(values) > MOST_COLUMNS:
        return BadRow("too-wide", {"columns": len(values), "most": MOST_COLUMNS})
    for name, value in values.items():
        if len(value) > LONGEST_CELL:
            return BadRow("cell-too-large", {"most": LONGEST_CELL})
        if "\0" in value or "\0" in name:
            return BadRow("nul")
    return values

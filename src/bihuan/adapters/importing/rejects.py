"""The file of rows that were not taken: where each stands, why, and the row as it was.

It is made anew from what the desk remembers and the file itself, so it is whole after any number of interruptions. It
has the columns of the file too: put right, it can be imported as it is.
"""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeVar

from bihuan.adapters.importing import meaning, words
from bihuan.adapters.importing.mapping import Mapping
from bihuan.adapters.importing.meaning import BadValue
from bihuan.adapters.importing.rows import BadFile, BadRow, Row
from bihuan.adapters.importing.sources import Source, rows
from bihuan.desk import api

PAGE = 2000
OURS = ["reject_row", "reject_line", "reject_column", "reject_code", "reject_why"]
FORMULA = re.compile(r"[=+\-@\t\r]")  # what a spreadsheet would take for one, at the beginning of a cell
_T = TypeVar("_T")


def every(into: api.imports.Run) -> Iterator[api.imports.Rejected]:
    """All of them in the order of the file, a page at a time."""
    page = api.imports.rejected(into, most=PAGE)
    while page:
        yield from page
        page = api.imports.rejected(into, after=page[-1].row, most=PAGE)


def beside(
    numbered: Iterable[tuple[int, _T]], wanted: Iterator[api.imports.Rejected]
) -> Iterator[tuple[api.imports.Rejected, _T]]:
    """What is wanted with what stands under its number; both go upwards."""
    one = next(wanted, None)
    for number, thing in numbered:
        if one is None:
            return
        if number == one.row:
            yield one, thing
            one = next(wanted, None)


def write(path: Path, source: Source, mapping: Mapping, into: api.imports.Run) -> Path | None:
    """Write the file, for its owner alone: it holds what people wrote. ``None``: there is nothing to write."""
    if not api.imports.rejected(into, most=1):
        _remove_old(path)
        return None
    private = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(private, "w", newline="", encoding="utf-8-sig") as out:
        table = csv.writer(out)
        table.writerow([*OURS, *source.columns])
        try:
            for one, (line, row) in beside(enumerate(rows(source), 1), every(into)):
                told = [one.row, line, _column(mapping, one.field), one.code, _why(one, row, mapping, into.scene)]
                values = [] if isinstance(row, BadRow) else [row.get(name, "") for name in source.columns]
                table.writerow([*told, *map(_safe, values)])
        except BadFile:
            pass  # the file breaks off here, and the import says so
    return path


def _remove_old(path: Path) -> None:
    """All is taken now: the file of an earlier call would be wrong. Only one that is ours is removed."""
    if path.is_file():
        with path.open(encoding="utf-8-sig", errors="replace") as file:
            is_ours = file.readline(200).startswith(",".join(OURS))
        if is_ours:
            path.unlink()


def _column(mapping: Mapping, name: str) -> str:
    return next((column for ours, column in mapping.columns.items() if ours == name), name)


def _why(one: api.imports.Rejected, row: Row | BadRow, mapping: Mapping, scene: str) -> str:
    """Facts of a reason are not kept with it: they are looked up in the row again."""
    if isinstance(row, BadRow):
        return words.why(row.code, row.facts)
    try:
        if mapping.way == "report":
            return words.why(one.code, {"category": meaning.live(mapping, row, scene).intake.category})
        return words.why(one.code, {"category": meaning.past(mapping, row).category})
    except BadValue as bad:
        return words.why(bad.code, bad.facts)


def _safe(cell: str) -> str:
    """A cell that a spreadsheet would take for a formula stays a text; a number stays a number."""
    if not FORMULA.match(cell):
        return cell
    try:
        float(cell)
    except ValueError:
        return f"'{cell}"
    return cell

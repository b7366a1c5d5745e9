"""What differs between two rulebooks, cell by cell."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import astuple, dataclass
from pathlib import Path

from bihuan.desk.rulebook_columns import TABLES
from bihuan.desk.rulebook_files import csv_bytes, replace_file, write_grids
from bihuan.desk.rulebook_tables import lines_of
from bihuan.kernel.rules import Rulebook

HEADER = ("表 table", "行 key", "列 column", "原 old", "新 new")
WHOLE_ROW = "(整行 row)"


@dataclass(frozen=True)
class Difference:
    """One cell that changed, or one row (column ``WHOLE_ROW``) that came (``old`` empty) or went (``new`` empty)."""

    table: str
    key: str
    column: str
    old: str
    new: str


def diff(old: Rulebook, new: Rulebook) -> list[Difference]:
    """Empty exactly when the two mean the same. The order of rows means nothing, except for triage desks."""
    found = [
        Difference("book", column.key, "value", before, after)
        for column in TABLES["book"].columns
        if (before := column.write(getattr(old, column.key))) != (after := column.write(getattr(new, column.key)))
    ]
    was, now = lines_of(old), lines_of(new)
    for table, lines in was.items():
        found += _table(table, _by_key(table, lines), _by_key(table, now[table]))
    return found


def _by_key(table: str, lines: Iterable[Mapping[str, str]]) -> dict[str, Mapping[str, str]]:
    identity = TABLES[table].identity
    return {" ".join(filter(None, (line[name] for name in identity))): line for line in lines}


def _table(
    table: str, old: Mapping[str, Mapping[str, str]], new: Mapping[str, Mapping[str, str]]
) -> Iterator[Difference]:
    for key in dict.fromkeys([*old, *new]):
        if key not in new:
            yield Difference(table, key, WHOLE_ROW, _summary(old[key]), "")
        elif key not in old:
            yield Difference(table, key, WHOLE_ROW, "", _summary(new[key]))
        else:
            for column, before in old[key].items():
                if before != new[key][column]:
                    yield Difference(table, key, column, before, new[key][column])


def _summary(line: Mapping[str, str]) -> str:
    return "; ".join(f"{column}={value}" for column, value in line.items() if value)


def write_diff(rows: Iterable[Difference], path: Path | str) -> None:
    """One CSV file, or one workbook when ``path`` ends in ``.xlsx``."""
    target = Path(path)
    cells = [HEADER, *(astuple(row) for row in rows)]
    if target.suffix.lower() == ".xlsx":
        write_grids(target, {"diff": ("变更 diff", cells)})
    else:
        replace_file(target, csv_bytes(cells))

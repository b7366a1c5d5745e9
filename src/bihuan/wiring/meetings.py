"""`bihuan meeting`: from the text of a meeting to a table that a person confirms, and from that table to cases."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from bihuan.kernel.refused import Refused
from bihuan.wiring.commands import CannotGoOn

if TYPE_CHECKING:
    from bihuan.desk.api import Actor
    from bihuan.scenes.commitments.booking import Line

COLUMNS = (
    "确认 confirm", "主办 unit", "日期 due", "日期的依据 dated", "读到的词 read", "发言 speaker", "类别 category",
    "拿什么证明 evidence", "句子 sentence",
)  # fmt: skip
YES = frozenset({"是", "yes", "y", "1"})
USUAL = "没有说日期，按惯例 no date was said: a usual one"
Row = dict[str, str]


def read(file: Path, held: date) -> list[Row]:
    """What the text proposes, one row an intention; nothing is confirmed yet. Raises ``CannotGoOn``."""
    from bihuan.scenes.commitments import booking, reader

    found = reader.propose(_text(file), held, booking.units())
    if not found:
        raise CannotGoOn(
            f"{file}: 没有读到打算。每位发言人的单位请单独一行。\n"
            "No intention was found. Put the unit of each speaker on a line of its own."
        )
    return [
        dict(zip(COLUMNS, (
            "", one.unit, one.due.isoformat(), one.dated or USUAL, " ".join(one.read), one.speaker, one.category, "",
            one.sentence,
        ), strict=True))
        for one in found
    ]  # fmt: skip


def write(rows: list[Row], file: Path) -> None:
    with file.open("w", encoding="utf-8-sig", newline="") as out:
        writer = csv.DictWriter(out, COLUMNS)
        writer.writeheader()
        writer.writerows({key: _tame(cell) for key, cell in row.items()} for row in rows)


def _tame(cell: str) -> str:
    """No cell leaves as a formula."""
    return "'" + cell if cell[:1] in {"=", "+", "-", "@", "'"} else cell


def register(file: Path, *, meeting: str, held: date, account: str) -> tuple[list[int], int]:
    """The numbers of the cases, and how many rows were not confirmed. Raises ``CannotGoOn``; then nothing is stored."""
    from bihuan.scenes.commitments import booking

    rows = list(csv.DictReader(io.StringIO(_text(file))))
    if not rows or set(COLUMNS) - rows[0].keys():
        raise CannotGoOn(f"{file}: 不是 bihuan meeting read 写的表 / not a table written by bihuan meeting read")
    taken = [row for row in rows if row[COLUMNS[0]].strip().lower() in YES]
    try:
        lines = [_line(number, row) for number, row in enumerate(taken, 1)]
        made = booking.register(lines, meeting=meeting, held=held, by=_actor(account))
    except (booking.NotYet, Refused) as error:
        raise CannotGoOn(str(error)) from error
    return [one.number for one in made], len(rows) - len(taken)


def promised(account: str) -> list[Mapping[str, object]]:
    from bihuan.desk import api
    from bihuan.scenes.commitments import booking

    return [
        {"unit": api.unit_name(one.unit).name, "number": one.number, "due": one.due, "state": one.state}
        for one in booking.promised(_actor(account))
    ]


def _line(number: int, row: Row) -> Line:
    from bihuan.scenes.commitments.booking import Line

    try:
        due = date.fromisoformat(row[COLUMNS[2]].strip())
    except ValueError:
        raise CannotGoOn(f"第 {number} 个确认的行：日期写成 2026-12-31 / write the date like 2026-12-31") from None
    sentence = row[COLUMNS[8]].removeprefix("'")
    return Line(sentence, row[COLUMNS[1]].strip(), due, row[COLUMNS[6]].strip(), row[COLUMNS[7]].strip())


def _actor(account: str) -> Actor:
    from bihuan.desk import api

    found = api.upkeep.actor_of(account, "triage")
    if found is None:
        raise CannotGoOn(f"账号 {account} 今天没有受理岗位 / account {account} holds no triage post today")
    return found


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        return file.read_text(encoding="gb18030")
    except OSError as error:
        raise CannotGoOn(f"{file}: {error.strerror}") from error

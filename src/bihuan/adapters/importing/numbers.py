"""Indicator series out of CSV, XLSX and JSON: each row a number of a period; what is wrong goes back with its reason.

Columns: ``indicator`` 指标, ``date`` 日期, ``value`` 数值, ``place`` 地点 (where the indicator names none). Sent again,
each is kept once; another number for the same period is counted, and the first stays.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from bihuan.adapters.importing import sources
from bihuan.adapters.importing.rows import BadFile, BadRow
from bihuan.desk import api as desk

NAMES = {
    "indicator": ("indicator", "指标"),
    "date": ("date", "日期", "period", "周期"),
    "value": ("value", "数值", "值"),
    "place": ("place", "地点"),
}
SLICE = 2000
_DATE = re.compile(
    r"(\d{4})(?:[-/.年]?(?:(\d{1,2})(?:[-/.月](\d{1,2})日?)?月?|Q([1-4])|W(\d{1,2}))?年?)?(?:[ T]00:00(?::00)?)?"
)
_NUMBER = re.compile(r"-?\d{1,15}(?:\.\d+)?(?:[eE][-+]?\d{1,2})?")
Wrong = tuple[int, str, str]


class Rejected(ValueError):
    """Why a row is not taken."""


@dataclass
class Result:
    """``rejected``: line, reason, what stood there."""

    rows: int = 0
    kept: desk.signals.Kept = field(default_factory=desk.signals.Kept)
    rejected: list[Wrong] = field(default_factory=list)


def bring_in(path: Path, *, indicator: str = "", is_trial: bool = False) -> Result:
    """``indicator``: of a file that has no such column. ``is_trial``: look at all and keep nothing.

    Raises ``BadFile`` for a hopeless one.
    """
    source = sources.look(path)
    columns = _columns(source.columns or (tuple(source.sample[0]) if source.sample else ()), indicator, path.name)
    known, result = desk.indicators.indicators(), Result()
    found: dict[str, list[desk.signals.Signal]] = {}
    for line, cells, unread in _rows(source):
        result.rows += 1
        if unread:
            result.rejected.append((line, unread, ""))
            continue
        try:
            owner, one = _signal(cells, columns, known, indicator)
        except Rejected as error:
            result.rejected.append((line, str(error), " | ".join(cells.values())))
            continue
        found.setdefault(f"{owner}/indicators", []).append(one)
        if sum(map(len, found.values())) >= SLICE:
            _keep(found, result, is_trial=is_trial)
    _keep(found, result, is_trial=is_trial)
    return result


def write_rejected(path: Path, wrong: list[Wrong]) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["line 行", "why 原因", "row 内容"])
        # A formula of somebody else's must not run in the spreadsheet of whoever looks at it.
        writer.writerows((line, why, f"'{row}" if row[:1] in "=+-@" else row) for line, why, row in wrong)


def _keep(found: dict[str, list[desk.signals.Signal]], result: Result, *, is_trial: bool) -> None:
    if not is_trial:
        for one in desk.signals.keep_all(found, {}).values():
            result.kept += one
    found.clear()


def _rows(source: sources.Source) -> Iterator[tuple[int, Mapping[str, str], str]]:
    for line, one in sources.rows(source):
        if isinstance(one, BadRow):
            yield line, {}, one.code
        else:
            yield line, one, ""


def _columns(names: tuple[str, ...], indicator: str, file: str) -> dict[str, str]:
    found = {}
    for wanted, called in NAMES.items():
        found[wanted] = next((name for name in names if name.strip().lower() in called), "")
    needed = ["date", "value", *([] if indicator else ["indicator"])]
    if missing := [f"{one} {NAMES[one][1]}" for one in needed if not found[one]]:
        raise BadFile(f"{file}: 缺少列 / a column is missing: {', '.join(missing)}; {', '.join(names)}")
    return found


def _signal(
    cells: Mapping[str, str], columns: Mapping[str, str], known: Mapping[str, desk.indicators.Indicator], key: str
) -> tuple[str, desk.signals.Signal]:
    given = {name: cells.get(column, "").strip() if column else "" for name, column in columns.items()}
    key = given["indicator"] or key
    if key not in known:
        raise Rejected(f"没有指标 / there is no indicator {key!r}: bihuan signals indicator define")
    meant = known[key]
    value = given["value"].replace(",", "").replace(",", "")
    if not _NUMBER.fullmatch(value):
        raise Rejected(f"不是数 / no number: {given['value']!r}")
    place = given["place"] or meant.place
    if not re.fullmatch(r"[0-9]{0,15}", place):
        raise Rejected(f"地点写编码 / a place is a code: {place!r}")
    happened = desk.indicators.begins(_begin(given["date"], meant.period))
    sensor = f"{key}@{place}" if place else key
    return meant.owner, desk.signals.Signal(sensor, key, happened, float(value), meant.unit, place)


def _begin(text: str, period: str) -> date:
    """The first day of the period that is meant. Raises ``Rejected`` when it is not of that period."""
    match = _DATE.fullmatch(text)
    if match is None:
        raise Rejected(f"不是日期 / no date: {text!r}")
    try:
        year, month, day, quarter, week = (int(part) if part else 0 for part in match.groups())
        if week:
            begin, is_of = date.fromisocalendar(year, week, 1), "week"
        elif quarter:
            begin, is_of = date(year, 3 * quarter - 2, 1), "quarter"
        elif day:
            begin, is_of = date(year, month, day), "day"
        else:
            begin, is_of = date(year, month or 1, 1), "month" if month else "year"
    except ValueError:
        raise Rejected(f"不是日期 / no date: {text!r}") from None
    if is_of == "day" and period != "day":
        fits = {"week": begin.weekday() == 0, "month": begin.day == 1, "year": (begin.month, begin.day) == (1, 1)}
        is_of = period if fits.get(period, begin.day == 1 and begin.month % 3 == 1) else is_of
    if is_of != period:
        raise Rejected(f"周期不符 / of another period: {text!r} ({period})")
    return begin

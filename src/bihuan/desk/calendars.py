"""The calendar that holds now: the country's days with those that an officer set. Built once for each content.

The officer's tables are asked anew at most every two seconds: what another process sets counts here so much later.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import date
from typing import Literal

from django.conf import settings
from django.db import connection

from bihuan.desk.holidays_source import Override, build
from bihuan.kernel.calendar import Calendar

STALE_AFTER = 2.0
_ROWS = (
    "SELECT day, is_working, note, basis FROM calendar_day WHERE country = %s"
    " UNION ALL SELECT make_date(year, 1, 1), NULL, '', basis FROM calendar_year WHERE country = %s ORDER BY 1, 2"
)
Row = tuple[date, bool | None, str, str]


@dataclass(frozen=True)
class _Held:
    read: float
    database: str
    rows: tuple[Row, ...]
    calendar: Calendar


_held: _Held | None = None


def current() -> Calendar:
    """The calendar of the district as its tables were at most two seconds ago."""
    global _held  # noqa: PLW0603 - one snapshot for all threads of the process, replaced whole
    held, database, instant = _held, str(connection.settings_dict["NAME"]), time.monotonic()
    if held is not None and held.database == database and instant - held.read < STALE_AFTER:
        return held.calendar
    with connection.cursor() as cursor:
        cursor.execute(_ROWS, [settings.COUNTRY] * 2)
        rows: tuple[Row, ...] = tuple(cursor.fetchall())
    calendar = held.calendar if held is not None and held.rows == rows else _built(rows)
    _held = _Held(instant, database, rows, calendar)
    return calendar


def forget() -> None:
    """Read the tables anew at the next question: after a change in this process, and between tests."""
    global _held  # noqa: PLW0603 - as in current()
    _held = None


def _built(rows: tuple[Row, ...]) -> Calendar:
    days = [Override(day, _kind(is_working=w), note, basis) for day, w, note, basis in rows if w is not None]
    years = frozenset(day.year for day, is_working, _, _ in rows if is_working is None)
    return build(settings.COUNTRY, zone=settings.ZONE, overrides=days, published_overrides=years)


def _kind(*, is_working: bool) -> Literal["work", "rest"]:
    return "work" if is_working else "rest"

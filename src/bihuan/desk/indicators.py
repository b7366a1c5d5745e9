"""Indicators: what a series of numbers means, its unit, period and place; and the cases of a day, counted as signals.

A number of a period is a signal at the beginning of the period. Cases are counted by scene, category and community,
never by person; what the boards leave out (sealed, barred, imported) is left out here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection, transaction

from bihuan.desk import instant, signals

PERIODS = ("day", "week", "month", "quarter", "year")
KEY = re.compile(r"[a-z][a-z0-9_]{0,31}")
CASES, CASES_SOURCE = "cases_", "cases/counted"
# Some of a day are told when it is over a little: the feed may be behind.
SETTLED = timedelta(hours=1)
FIRST_DAYS = 60


@dataclass(frozen=True)
class Indicator:
    """``owner``: the unit whose numbers they are. ``place``: of rows that name none."""

    key: str
    owner: str
    name: str
    name_en: str
    unit: str
    period: str
    place: str


_COLUMNS = "key, owner, name, name_en, unit, period, place"


def define(one: Indicator) -> None:
    """A new one, or other words for one that is known. Raises ``ValueError`` in words."""
    if not KEY.fullmatch(one.key) or one.key.startswith(CASES):
        raise ValueError(f"{one.key!r}: 指标编码用小写字母、数字、_ / the key of an indicator has a-z, 0-9, _")
    if one.period not in PERIODS:
        raise ValueError(f"{one.period!r}: 周期 / periods: {', '.join(PERIODS)}")
    if not re.fullmatch(r"[0-9]{0,15}", one.place) or not one.name or len(one.unit) > 16:
        raise ValueError(
            "地点写编码,名称不能空,单位最多 16 个字 / a place is a code; a name is needed; unit: 16 letters"
        )
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM unit WHERE code = %s AND ends IS NULL", [one.owner])
        if cursor.fetchone() is None:
            raise ValueError(f"没有单位 {one.owner} / there is no unit {one.owner!r} (bihuan units list)")
        given = [one.key, one.owner, one.name, one.name_en, one.unit, one.period, one.place]
        cursor.execute(
            f"INSERT INTO indicator (world_id, district, {_COLUMNS}, changed)"  # noqa: S608 - ours
            " VALUES (1, %s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (key) DO UPDATE SET owner = excluded.owner,"
            " name = excluded.name, name_en = excluded.name_en, unit = excluded.unit, period = excluded.period,"
            " place = excluded.place, changed = excluded.changed",
            [settings.DISTRICT, *given, instant.now()],
        )


def indicators() -> dict[str, Indicator]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {_COLUMNS} FROM indicator ORDER BY key")  # noqa: S608 - ours
        return {row[0]: Indicator(*row) for row in cursor.fetchall()}


def begins(day: date) -> datetime:
    """The first instant of a day here."""
    return datetime.combine(day, time(), ZoneInfo(settings.ZONE))


# -- cases as signals -----------------------------------------------------------------------------------------------

_CASES = (
    "SELECT c.scene, c.category, left(c.place, 12), count(*) FROM case_row c JOIN board_fact f ON f.case_id = c.id"
    " WHERE c.world_id = 1 AND f.heard > 0 AND c.opened >= %s AND c.opened < %s GROUP BY 1, 2, 3"
)


def count_cases() -> int:
    """The cases of the next day that is over, as signals; 0 when all are counted. A day without any has one of zero."""
    now = instant.now()
    last = (now - SETTLED).astimezone(ZoneInfo(settings.ZONE)).date() - timedelta(days=1)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT max(happened) FROM signal WHERE source = %s AND kind = 'cases_'", [CASES_SOURCE])
        before = cursor.fetchone()[0]
        zone = ZoneInfo(settings.ZONE)
        day = before.astimezone(zone).date() + timedelta(days=1) if before else last - timedelta(days=FIRST_DAYS - 1)
        if day > last:
            return 0
        at = begins(day)
        cursor.execute(_CASES, [at, begins(day + timedelta(days=1))])
        rows = cursor.fetchall()
        found = [
            signals.Signal(f"{category}@{place}"[:80], f"{CASES}{scene}"[:32], at, float(number), "", place)
            for scene, category, place, number in rows
        ]
        whole = signals.Signal("all", CASES, at, float(sum(row[3] for row in rows)))
        signals.keep([*found, whole], source=CASES_SOURCE)
    return len(found) + 1


@dataclass(frozen=True)
class Counts:
    """Of each series (sensor, kind) the counts of ``days``, days without a case as zero."""

    days: list[date]
    series: dict[tuple[str, str], list[int]]


def counts(most_days: int = FIRST_DAYS) -> Counts:
    """The last days that are counted, without a gap, the oldest first."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(happened), min(happened) FROM signal WHERE source = %s", [CASES_SOURCE])
        newest, oldest = cursor.fetchone()
        if newest is None:
            return Counts([], {})
        zone = ZoneInfo(settings.ZONE)
        end, first = newest.astimezone(zone).date(), oldest.astimezone(zone).date()
        begin = max(first, end - timedelta(days=most_days - 1))
        days = [begin + timedelta(days=at) for at in range((end - begin).days + 1)]
        cursor.execute(
            "SELECT sensor, kind, happened, value FROM signal"
            " WHERE source = %s AND kind <> 'cases_' AND happened >= %s",
            [CASES_SOURCE, begins(begin)],
        )
        found = Counts(days, {})
        for sensor, kind, happened, value in cursor.fetchall():
            series = found.series.setdefault((sensor, kind), [0] * len(days))
            series[(happened.astimezone(zone).date() - begin).days] = int(value)
        return found

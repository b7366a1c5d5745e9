"""A roster for the demo: the command centre day and night, the City Management Bureau by day; four weeks on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings

from bihuan.desk import api

DAYS = 28
# unit, role, who by turns, from, until
SHIFTS = (
    ("yz.zhzx", "triage", ("shouli", "paiqian"), time(8), time(20)),
    ("yz.zhzx", "triage", ("paiqian", "shouli"), time(20), time(8)),
    ("yz.cgj", "handler", ("cgj",), time(8), time(20)),
    ("yz.jdzx", "verifier", ("hecha",), time(8, 30), time(18)),
)


def spans(person: Callable[[str], UUID]) -> Iterator[api.roster.Wanted]:
    zone = ZoneInfo(settings.ZONE)
    first = api.now().astimezone(zone).date() - timedelta(days=api.now().astimezone(zone).weekday())
    for unit, role, turns, start, end in SHIFTS:
        for n in range(DAYS):
            day = first + timedelta(days=n)
            starts = datetime.combine(day, start, zone)
            ends = datetime.combine(day + timedelta(days=end <= start), end, zone)
            yield api.roster.Wanted(unit, role, person(turns[n % len(turns)]), starts, ends)

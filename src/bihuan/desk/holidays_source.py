"""Where a calendar comes from: the ``holidays`` package, a list of published years, and what an officer set by hand.

The package knows the days; it does not say which of them the country has announced and which it computed ahead. That is
what ``PUBLISHED`` is for: a deadline that needs any other year is provisional. See docs/decisions/0003-working-days.md.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from hashlib import sha256
from types import MappingProxyType
from typing import Literal
from zoneinfo import ZoneInfo

from bihuan.kernel.calendar import OFFICE_HOURS, Calendar

# Years that calendars are filled for; beyond them only weekends are known, and every deadline is provisional.
FILLED = range(2000, 2051)

# CN: the notice of the State Council (国务院办公厅关于…年部分节假日安排的通知), late in the year before; for 2026 it is
# www.gov.cn/gongbao/2025/issue_12406/202511/content_7048922.html. None for 2027 was known on 2026-11-23. When it comes:
# a newer `holidays` and one more year here, or the days and the year in the tables of the desk.
# The others: holidays fixed by statute, which the law itself publishes until it is changed.
PUBLISHED: Mapping[str, frozenset[int]] = MappingProxyType(
    {
        "CN": frozenset(range(2007, 2027)),
        "AT": frozenset(FILLED),
        "DE": frozenset(FILLED),
        "FR": frozenset(FILLED),
        "US": frozenset(FILLED),
    }
)

# Countries whose notice for a year reaches back over New Year's Eve (CN: the last days of 2007, 2011 and 2018). It did
# so only when 1 January was a Sunday, Monday or Tuesday, which a bridge or a moved weekend joins to the year before.
BY_NOTICE = frozenset({"CN"})
REACHES_BACK = frozenset({6, 0, 1})


@dataclass(frozen=True, slots=True)
class Override:
    """A day that an officer set: ``work`` or ``rest``. ``basis``: the notice or decision that says so."""

    day: date
    kind: Literal["work", "rest"]
    note: str
    basis: str


@dataclass(frozen=True, slots=True)
class NationalDays:
    """``rest``: holidays and days off in exchange, with their names. ``worked``: weekend days worked in exchange."""

    rest: Mapping[date, str]
    worked: frozenset[date]
    weekend: frozenset[int]


@lru_cache(maxsize=8)
def national(country: str, years: range | tuple[int, ...] = FILLED, subdivision: str | None = None) -> NationalDays:
    """The days of ``country`` (ISO 3166-1, two letters) as the package knows them.

    For a Chinese year without a notice these are the statutory holidays and their substitutes, without any exchange of
    weekends: a good guess, which the calendar marks as one.
    """
    import holidays  # noqa: PLC0415 - only whoever builds a calendar needs it

    # The last days of a year stand in the notice for the next.
    wanted = sorted({*years, *(year + 1 for year in years)})
    language = "zh_CN" if country == "CN" else None
    try:
        known = holidays.country_holidays(country, subdiv=subdivision, years=wanted, language=language)
    except NotImplementedError as unknown:
        place = country + (f"-{subdivision}" if subdivision else "")
        raise ValueError(f"no public holidays are known for {place!r}; give an ISO 3166 code such as CN") from unknown
    kept = set(years)
    worked = frozenset(day for day in known.weekend_workdays if day.year in kept)
    rest = {day: name for day, name in sorted(known.items()) if day.year in kept and day not in worked}
    return NationalDays(MappingProxyType(rest), worked, frozenset(known.weekend))


def build(
    country: str,
    subdivision: str | None = None,
    *,
    zone: str = "Asia/Shanghai",
    office_hours: tuple[tuple[int, int], ...] = OFFICE_HOURS,
    overrides: Iterable[Override] = (),
    published_overrides: frozenset[int] = frozenset(),
) -> Calendar:
    """The calendar of a country or a part of it: what is known of the nation, then what an officer set.

    ``office_hours``: (from, to) in minutes of the day. ``published_overrides``: years that an officer declared
    published. ``version`` is a fingerprint of the content: the same days give the same version, any other day another.
    """
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError) as unknown:
        raise ValueError(f"time zone {zone!r} is unknown; give an IANA name such as Asia/Shanghai") from unknown
    days = national(country, FILLED, subdivision)
    rest, worked = set(days.rest), set(days.worked)
    for day, kind in _settled(overrides).items():
        to, away = (worked, rest) if kind == "work" else (rest, worked)
        to.add(day)
        away.discard(day)
    published = PUBLISHED.get(country, frozenset()) | published_overrides
    tail = _open_ends(published) if country in BY_NOTICE else frozenset()
    name = country + (f"-{subdivision}" if subdivision else "")
    content = [zone, office_hours, *(sorted(part) for part in (published, days.weekend, tail))]
    content += [[day.isoformat() for day in sorted(part)] for part in (rest, worked)]
    return Calendar(
        zone=zone,
        office=office_hours,
        published=published,
        rest=frozenset(rest),
        worked=frozenset(worked),
        weekend=days.weekend,
        tail=tail,
        version=f"{name}-{sha256(json.dumps(content).encode()).hexdigest()[:12]}",
    )


def _settled(overrides: Iterable[Override]) -> dict[date, str]:
    kinds: dict[date, str] = {}
    for each in overrides:
        if kinds.setdefault(each.day, each.kind) != each.kind:
            raise ValueError(f"{each.day} is set to work and to rest; keep one of the two ({each.basis})")
    return kinds


def _open_ends(published: frozenset[int]) -> frozenset[int]:
    last = {year for year in published if year + 1 not in published}
    return frozenset(year for year in last if date(year + 1, 1, 1).weekday() in REACHES_BACK)

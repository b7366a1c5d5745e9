"""Time as the law counts it: calendar days, working days with adjusted weekends, office hours, hours.

Never inferred: every rule names its unit. Pure arithmetic over a frozen ``Calendar``; instants are aware datetimes in
UTC, and a due date in days is the last second of its local day. The start day is not counted (Civil Code art. 201); a
period in calendar days that ends on a rest day ends on the next working day (art. 203).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import cached_property
from zoneinfo import ZoneInfo

FIRST = date(1970, 1, 1)
LAST = date(2100, 12, 31)


class Unit(StrEnum):
    """What a promise is counted in: 自然日, 工作日, 工作时, 小时."""

    CALENDAR_DAY = "calendar_day"
    WORKING_DAY = "working_day"
    OFFICE_HOUR = "office_hour"
    HOUR = "hour"


@dataclass(frozen=True)
class Deadline:
    """``due`` is the statute's latest instant; ``inner`` the end of the last working day before one that rolled.

    ``provisional``: a year whose calendar the country has not published was needed to find it.
    """

    due: datetime
    inner: datetime | None
    provisional: bool


@dataclass(frozen=True)
class Calendar:
    """Which days count, and in which hours. ``rest`` and ``work`` are exceptions to Monday to Friday.

    ``office``: spans of minutes of the day. ``published``: years whose calendar, with its adjusted weekends, is known.
    """

    version: str
    zone: str
    rest: frozenset[date] = frozenset()
    work: frozenset[date] = frozenset()
    published: frozenset[int] = frozenset()
    office: tuple[tuple[int, int], ...] = ((540, 720), (840, 1080))
    weekend: frozenset[int] = field(default=frozenset({5, 6}))

    @cached_property
    def _zone(self) -> ZoneInfo:
        return ZoneInfo(self.zone)

    @cached_property
    def _working(self) -> list[int]:
        """Ordinals of all working days, in order."""
        days = (date.fromordinal(n) for n in range(FIRST.toordinal(), LAST.toordinal() + 1))
        return [day.toordinal() for day in days if self.is_working_day(day)]

    @cached_property
    def _office_seconds(self) -> int:
        return sum(end - start for start, end in self.office) * 60

    def is_working_day(self, day: date) -> bool:
        if day in self.work:
            return True
        return day.weekday() not in self.weekend and day not in self.rest

    def local_date(self, instant: datetime) -> date:
        return instant.astimezone(self._zone).date()

    def end_of(self, day: date) -> datetime:
        """The last second of a local day, in UTC."""
        return datetime.combine(day, time(23, 59, 59), self._zone).astimezone(UTC)

    def add_working_days(self, day: date, count: int) -> date:
        """The ``count``-th working day after ``day`` (before it, when negative); ``day`` itself is not counted."""
        at = bisect_right(self._working, day.toordinal()) if count > 0 else bisect_left(self._working, day.toordinal())
        return date.fromordinal(self._working[at + count - 1 if count > 0 else at + count]) if count else day

    def working_days_between(self, start: date, end: date) -> int:
        """Working days after ``start`` up to and with ``end``; negative when ``end`` comes first."""
        return bisect_right(self._working, end.toordinal()) - bisect_right(self._working, start.toordinal())

    def add(self, start: datetime, amount: int, unit: Unit) -> Deadline:
        """The end of ``amount`` of ``unit`` after ``start``."""
        if unit is Unit.HOUR:
            return Deadline(start + timedelta(hours=amount), None, provisional=False)
        first = self.local_date(start)
        if unit is Unit.OFFICE_HOUR:
            return self._at_office(self._office_position(start) + amount * 3600, first)
        if unit is Unit.WORKING_DAY:
            return self._day(self.add_working_days(first, amount), None, first)
        return self._rolled(first + timedelta(days=amount), first)

    def shift(self, due: datetime, since: datetime, until: datetime, unit: Unit) -> Deadline:
        """The due date moved by what a pause from ``since`` to ``until`` took, in the clock's own unit."""
        if unit is Unit.HOUR:
            return Deadline(due + (until - since), None, provisional=False)
        day = self.local_date(due)
        if unit is Unit.OFFICE_HOUR:
            paused = self._office_position(until) - self._office_position(since)
            return self._at_office(self._office_position(due) + paused, self.local_date(since))
        start, end = self.local_date(since), self.local_date(until)
        if unit is Unit.WORKING_DAY:
            paused_days = self.working_days_between(start, end)
            return self._day(self.add_working_days(day, paused_days), None, start)
        return self._rolled(day + (end - start), start)

    def office_minutes_between(self, start: datetime, end: datetime) -> int:
        return (self._office_position(end) - self._office_position(start)) // 60

    def _rolled(self, day: date, first: date) -> Deadline:
        if self.is_working_day(day):
            return self._day(day, None, first)
        return self._day(self.add_working_days(day, 1), self.end_of(self.add_working_days(day, -1)), first)

    def _day(self, day: date, inner: datetime | None, first: date) -> Deadline:
        return Deadline(self.end_of(day), inner, self._is_provisional(first, day))

    def _is_provisional(self, first: date, last: date) -> bool:
        return any(year not in self.published for year in range(first.year, last.year + 1))

    def _office_position(self, instant: datetime) -> int:
        """Office seconds from the first day of the table up to ``instant``."""
        local = instant.astimezone(self._zone)
        ordinal = local.toordinal()
        index = bisect_left(self._working, ordinal)
        if index == len(self._working) or self._working[index] != ordinal:
            return index * self._office_seconds
        second = local.hour * 3600 + local.minute * 60 + local.second
        done = sum(max(0, min(second, end * 60) - start * 60) for start, end in self.office)
        return index * self._office_seconds + done

    def _at_office(self, position: int, first: date) -> Deadline:
        index, rest = divmod(position - 1, self._office_seconds)
        day = date.fromordinal(self._working[index])
        rest += 1
        for start, end in self.office:
            if rest <= (end - start) * 60:
                local = datetime.combine(day, time(0), self._zone) + timedelta(seconds=start * 60 + rest)
                return Deadline(local.astimezone(UTC), None, self._is_provisional(first, day))
            rest -= (end - start) * 60
        raise AssertionError("office seconds of a day")

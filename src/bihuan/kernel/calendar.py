"""Promises in time: calendar days, working days with adjusted weekends, office hours and plain hours.

Instants are aware datetimes and results are in UTC; days are those of the calendar's zone. A day ends at 23:59:59 local
time, its last second, so that the instant carries the date that the law names (民法典 203, 24:00).
The start day is not counted (民法典 201); hours run from the exact instant. Only calendar days can end on a rest day:
they roll to the next working day (民法典 203) and carry an inner date. Why so: docs/decisions/0003-working-days.md.
"""

# ruff: noqa: A005 - a calendar is what it is; imports are absolute, so the standard one is not hidden

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

FIRST_YEAR, LAST_YEAR = 1970, 2100
FIRST_DAY, LAST_DAY = date(FIRST_YEAR, 1, 1).toordinal(), date(LAST_YEAR, 12, 31).toordinal()
OFFICE_HOURS = ((9 * 60, 12 * 60), (14 * 60, 18 * 60))
MINUTE = 60_000_000  # microseconds: office time is exact to the last one that a datetime holds
SECOND = timedelta(seconds=1)
MICROSECOND = timedelta(microseconds=1)


class Unit(StrEnum):
    """自然日, 工作日, 工作时, 小时 and 分钟. A rule always says which one it means."""

    CALENDAR_DAY = "calendar_day"
    WORKING_DAY = "working_day"
    OFFICE_HOUR = "office_hour"
    HOUR = "hour"
    MINUTE = "minute"


# Units that run day and night, and how long one is.
RUNNING = {Unit.HOUR: timedelta(hours=1), Unit.MINUTE: timedelta(minutes=1)}


@dataclass(frozen=True, slots=True)
class Deadline:
    """When a promise falls due.

    ``inner``: for a due date that rolled over rest days, the end of the last working day before them. ``nominal``: the
    end of the day it rolled from; later pauses and extensions count from there, else the roll would be given twice.
    ``provisional``: a day was needed whose calendar is not published yet.
    """

    due: datetime
    inner: datetime | None = None
    provisional: bool = False
    nominal: datetime | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """Sorted ordinals of the working days, and where certainty changes: [from, to, from, to …) of what is unknown."""

    zone: ZoneInfo
    days: array[int]
    unknown: array[int]
    office_day: int


@dataclass(frozen=True, slots=True)
class Calendar:
    """The working time of one country or district. A value: equal fields, equal answers.

    ``office``: (from, to) in minutes of the local day. ``rest``: days off beside ``weekend`` (0 is Monday). ``worked``:
    weekend days that are worked (调休). ``published``: years whose days are certain. ``tail``: those
    of them whose last three days the notice for the next, still unpublished year may change. Covers 1970 to 2100.
    """

    zone: str = "Asia/Shanghai"
    office: tuple[tuple[int, int], ...] = OFFICE_HOURS
    published: frozenset[int] = frozenset()
    rest: frozenset[date] = frozenset()
    worked: frozenset[date] = frozenset()
    weekend: frozenset[int] = frozenset({5, 6})
    tail: frozenset[int] = frozenset()
    version: str = ""
    _cached: Table | None = field(default=None, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        bounds = [minute for span in self.office for minute in span]
        if not bounds or bounds != sorted(set(bounds)) or bounds[0] < 0 or bounds[-1] > 24 * 60:
            raise ValueError(f"office hours {self.office}: give (from, to) minutes of the day, in order")
        if both := self.rest & self.worked:
            raise ValueError(f"{min(both)} is both a rest day and a working day: keep one")
        if self.weekend >= set(range(7)):
            raise ValueError("weekend: at least one day of the week must be a working day")

    # Promises

    def add(self, start: datetime, amount: int, unit: Unit) -> Deadline:
        """The deadline ``amount`` units after ``start``.

        Working days end with the nth of them and so never roll; office hours end within office hours, at closing time
        rather than at the next opening. Zero working days from a rest day is the next working day.
        """
        if amount < 0:
            raise ValueError(f"{amount} {unit}: a promise runs forward; give 0 or more")
        if unit in RUNNING:
            return Deadline(_aware(start).astimezone(UTC) + amount * RUNNING[unit])
        if unit == Unit.OFFICE_HOUR:
            return self._add_office(start, amount * 60 * MINUTE)
        today = self._ordinal(start)
        if unit == Unit.CALENDAR_DAY:
            return self._roll(today + amount)
        if unit != Unit.WORKING_DAY:
            raise ValueError(f"{unit!r} is no unit of time; known are {', '.join(Unit)}")
        last = self._nth_after(today, amount) if amount else self._nth_after(today - 1, 1)
        first = min(today + 1, last)
        return Deadline(self._end_of(last), None, self._is_unknown(first, last))

    def shift(self, due: datetime, paused_from: datetime, paused_to: datetime, unit: Unit) -> Deadline:
        """The deadline after a pause: what was used before it is used, the pause itself does not count.

        Hours move by the (office) time paused; day units by the days after the day of pausing up to and with the day of
        resuming, so a pause within one day gains nothing. A promise that was already broken stays as it is. Give
        ``nominal`` instead of ``due`` where there is one. A due time set by hand keeps its distance to the end of day.
        """
        if _aware(paused_to) < _aware(paused_from):
            raise ValueError(f"a pause cannot end at {paused_to} before it began at {paused_from}")
        end = _aware(due).astimezone(UTC)
        if paused_from > due:
            return Deadline(end)
        if unit in RUNNING:
            return Deadline(end + (paused_to - paused_from))
        if unit == Unit.OFFICE_HOUR:
            paused = self._office_position(paused_to) - self._office_position(paused_from)
            return self._add_office(end, paused, paused_from)
        before, after, old = self._ordinal(paused_from), self._ordinal(paused_to), self._ordinal(due)
        early = self._end_of(old) - end
        if unit == Unit.CALENDAR_DAY:
            moved = self._roll(old + after - before)
        else:
            new = self._nth_after(old, self._count(after) - self._count(before))
            moved = Deadline(self._end_of(new), None, self._is_unknown(min(before + 1, new), new))
        return Deadline(moved.due - early, moved.inner, moved.provisional, moved.nominal) if early else moved

    def used(self, start: datetime, end: datetime, unit: Unit) -> int:
        """What of a promise is gone: days for day units (the start day not counted), whole minutes for hours."""
        if _aware(end) < _aware(start):
            raise ValueError(f"{end} lies before {start}")
        if unit in RUNNING:
            return (end - start) // timedelta(minutes=1)
        if unit == Unit.OFFICE_HOUR:
            return self.office_minutes_between(start, end)
        if unit == Unit.WORKING_DAY:
            return self._count(self._ordinal(end)) - self._count(self._ordinal(start))
        return self._ordinal(end) - self._ordinal(start)

    def remaining(self, due: datetime, now: datetime, unit: Unit) -> int:
        """What is left, in the measure of ``used``; 0 on the last day, negative when overdue."""
        return self.used(now, due, unit) if now <= due else -self.used(due, now, unit)

    # Days

    def is_working_day(self, day: date) -> bool:
        return self._is_working(self._checked(day.toordinal()))

    def is_provisional(self, first: date, last: date) -> bool:
        """Whether any day from ``first`` to ``last`` is not published yet."""
        return self._is_unknown(first.toordinal(), last.toordinal())

    def add_working_days(self, day: date, amount: int) -> date:
        """The nth working day after ``day``, or before it when ``amount`` is negative; ``day`` is not counted."""
        today = self._checked(day.toordinal())
        if amount >= 0:
            return date.fromordinal(self._nth_after(today, amount) if amount else today)
        return date.fromordinal(self._at(bisect_left(self.table.days, today) + amount))

    def working_days_between(self, start: date, end: date) -> int:
        """Inverse of ``add_working_days``: ``start`` is not counted and ``end`` is; negative backwards."""
        first, last = self._checked(start.toordinal()), self._checked(end.toordinal())
        if first <= last:
            return self._count(last) - self._count(first)
        days = self.table.days
        return bisect_left(days, last) - bisect_left(days, first)

    def office_minutes_between(self, start: datetime, end: datetime) -> int:
        """Whole minutes of office time from ``start`` to ``end``; negative backwards."""
        micros = self._office_position(end) - self._office_position(start)
        return micros // MINUTE if micros >= 0 else -(-micros // MINUTE)

    def add_office_minutes(self, start: datetime, minutes: int) -> Deadline:
        if minutes < 0:
            raise ValueError(f"{minutes} office minutes: give 0 or more")
        return self._add_office(start, minutes * MINUTE)

    # Inside

    @property
    def table(self) -> Table:
        """Made at first use and kept: about 34,000 days of which every answer is a bisection."""
        if self._cached is None:
            object.__setattr__(self, "_cached", self._build())
        return self._cached  # type: ignore[return-value]  # set the line before, through the frozen fence

    def _build(self) -> Table:
        weekend, changed = self.weekend, {day.toordinal() for day in self.rest}
        days = {n for n in range(FIRST_DAY, LAST_DAY + 1) if (n - 1) % 7 not in weekend} - changed
        days |= {n for day in self.worked if FIRST_DAY <= (n := day.toordinal()) <= LAST_DAY}
        office_day = sum(to - start for start, to in self.office) * MINUTE
        return Table(ZoneInfo(self.zone), array("i", sorted(days)), array("i", self._unknown()), office_day)

    def _unknown(self) -> Iterator[int]:
        """The bounds of what is not known, always an even number of them, rising."""
        is_known = True
        for year in range(FIRST_YEAR, LAST_YEAR + 1):
            if (year in self.published) != is_known:
                is_known = not is_known
                yield date(year, 1, 1).toordinal() - (0 if is_known or year - 1 not in self.tail else 3)
        if not is_known:
            yield LAST_DAY + 1

    def _is_unknown(self, first: int, last: int) -> bool:
        unknown = self.table.unknown
        at = bisect_right(unknown, first)
        return bool(at & 1) or bisect_right(unknown, last) != at

    def _checked(self, ordinal: int) -> int:
        if not FIRST_DAY <= ordinal <= LAST_DAY:
            raise ValueError(f"the calendar covers {FIRST_YEAR} to {LAST_YEAR}; a day outside it was asked for")
        return ordinal

    def _ordinal(self, instant: datetime) -> int:
        return self._checked(_aware(instant).astimezone(self.table.zone).toordinal())

    def _is_working(self, ordinal: int) -> bool:
        days = self.table.days
        at = bisect_left(days, ordinal)
        return at < len(days) and days[at] == ordinal

    def _count(self, ordinal: int) -> int:
        return bisect_right(self.table.days, ordinal)

    def _at(self, index: int) -> int:
        days = self.table.days
        return days[index] if 0 <= index < len(days) else self._checked(LAST_DAY + 1)

    def _nth_after(self, ordinal: int, amount: int) -> int:
        """With ``amount`` 0 the day itself, whatever it is."""
        return self._at(bisect_right(self.table.days, ordinal) + amount - 1) if amount else ordinal

    def _end_of(self, ordinal: int) -> datetime:
        """By way of midnight: 23:59:59 itself comes twice where clocks go back at midnight."""
        midnight = datetime.fromordinal(ordinal + 1).replace(tzinfo=self.table.zone)
        return midnight.astimezone(UTC) - SECOND

    def _roll(self, nominal: int) -> Deadline:
        """Art. 203: a last day that is a rest day gives way to the next working day."""
        if self._is_working(self._checked(nominal)):
            return Deadline(self._end_of(nominal), None, self._is_unknown(nominal, nominal))
        after = self._count(nominal)
        last, before = self._at(after), self._at(after - 1)
        return Deadline(self._end_of(last), self._end_of(before), self._is_unknown(before, last), self._end_of(nominal))

    def _office_position(self, instant: datetime) -> int:
        """Office microseconds since the calendar began: the same for every instant of one closed stretch."""
        local = _aware(instant).astimezone(self.table.zone)
        ordinal, days = self._checked(local.toordinal()), self.table.days
        at = bisect_left(days, ordinal)
        position = at * self.table.office_day
        if at < len(days) and days[at] == ordinal:
            clock = (local.hour * 60 + local.minute) * MINUTE + local.second * 1_000_000 + local.microsecond
            position += sum(min(max(clock, start * MINUTE), to * MINUTE) - start * MINUTE for start, to in self.office)
        return position

    def _add_office(self, start: datetime, micros: int, known_from: datetime | None = None) -> Deadline:
        first = self._ordinal(known_from or start)
        if not micros:
            return Deadline(start.astimezone(UTC), None, self._is_unknown(first, first))
        at, within = divmod(self._office_position(start) + micros - 1, self.table.office_day)
        last, left = self._at(at), within + 1
        for opens, closes in self.office:
            span = (closes - opens) * MINUTE
            if left <= span:
                left += opens * MINUTE
                break
            left -= span
        # Wall time: an office that is open while the clocks change counts the minutes that its clock shows.
        wall = datetime.fromordinal(last) + left * MICROSECOND
        due = wall.replace(tzinfo=self.table.zone).astimezone(UTC)
        return Deadline(due, None, self._is_unknown(first, last))


def _aware(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        raise ValueError(f"{instant} has no time zone; give an aware instant, best in UTC")
    return instant

"""``Calendar.add`` for many promises at once. For workers only: it brings NumPy, which no web process may import."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from bihuan.kernel.calendar import FIRST_DAY, FIRST_YEAR, LAST_DAY, LAST_YEAR, RUNNING, Calendar, Table, Unit

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Times = npt.NDArray[np.datetime64]

DAY, HOUR = 86_400, 3_600
EPOCH = date(1970, 1, 1).toordinal()
EPOCH_INSTANT = datetime(1970, 1, 1, tzinfo=UTC)
MICROS = 1_000_000


@dataclass(frozen=True, slots=True)
class Deadlines:
    """As ``Deadline``, each an array: ``datetime64[s]`` in UTC, NaT where there is no inner or nominal date."""

    due: Times
    inner: Times
    provisional: Bools
    nominal: Times


def add_many(calendar: Calendar, starts: npt.ArrayLike, amounts: npt.ArrayLike, unit: Unit) -> Deadlines:
    """The same deadlines as ``calendar.add`` one by one.

    ``starts``: ``datetime64`` or seconds since 1970, UTC, whole seconds. ``amounts``: one, or one each, 0 or more.
    """
    start = _seconds(starts)
    amount = np.broadcast_to(np.asarray(amounts, dtype=np.int64), start.shape)
    if (amount < 0).any():
        raise ValueError(f"{amount.min()} {unit}: a promise runs forward; give 0 or more")
    if unit in RUNNING:
        return _deadlines(start + amount * int(RUNNING[unit].total_seconds()), np.zeros(start.shape, dtype=np.bool_))
    local = start + _offsets(calendar.zone, start)
    today = _checked(local // DAY + EPOCH)
    if unit == Unit.OFFICE_HOUR:
        return _add_office(calendar, start, local, today, amount * HOUR)
    if unit == Unit.CALENDAR_DAY:
        return _roll(calendar, _checked(today + amount))
    if unit != Unit.WORKING_DAY:
        raise ValueError(f"{unit!r} is no unit of time; known are {', '.join(Unit)}")
    days = _days(calendar.table)
    is_zero = amount == 0
    last = _at(days, np.searchsorted(days, today - is_zero, side="right") + np.maximum(amount, 1) - 1)
    return _deadlines(_end_of(calendar.zone, last), _is_unknown(calendar.table, np.minimum(today + 1, last), last))


def _add_office(calendar: Calendar, start: Ints, local: Ints, today: Ints, amount: Ints) -> Deadlines:
    table, days = calendar.table, _days(calendar.table)
    office_day = table.office_day // MICROS
    index = np.searchsorted(days, today).astype(np.int64)
    is_working = days[np.minimum(index, len(days) - 1)] == today
    clock, done = local % DAY, np.zeros(start.shape, dtype=np.int64)
    for opens, closes in calendar.office:
        done += np.clip(clock, opens * 60, closes * 60) - opens * 60
    target = index * office_day + np.where(is_working, done, 0) + amount - 1
    runs = amount > 0
    # A promise of nothing is due at once and needs no day; it borrows the first one.
    last = _at(days, np.where(runs, target // office_day, 0))
    left, wall, passed = target % office_day + 1, np.zeros(start.shape, dtype=np.int64), 0
    for opens, closes in calendar.office:
        span = (closes - opens) * 60
        wall = np.where((left > passed) & (left <= passed + span), opens * 60 + left - passed, wall)
        passed += span
    due = np.where(runs, _to_utc(calendar.zone, (last - EPOCH) * DAY + wall), start)
    return _deadlines(due, _is_unknown(table, today, np.where(runs, last, today)))


def _roll(calendar: Calendar, nominal: Ints) -> Deadlines:
    table, days = calendar.table, _days(calendar.table)
    after = np.searchsorted(days, nominal, side="right").astype(np.int64)
    stays = days[np.maximum(after - 1, 0)] == nominal
    last = np.where(stays, nominal, _at(days, np.where(stays, 0, after)))
    before = np.where(stays, nominal, _at(days, np.where(stays, 0, after - 1)))
    nothing = np.datetime64("NaT", "s")
    return Deadlines(
        due=_times(_end_of(calendar.zone, last)),
        inner=np.where(stays, nothing, _times(_end_of(calendar.zone, before))),
        provisional=_is_unknown(table, before, last),
        nominal=np.where(stays, nothing, _times(_end_of(calendar.zone, nominal))),
    )


def _seconds(starts: npt.ArrayLike) -> Ints:
    given = np.asarray(starts)
    if given.dtype.kind not in "Mi":
        raise ValueError(f"starts are {given.dtype}; give datetime64 or whole seconds since 1970, in UTC")
    whole = given.astype("datetime64[s]")
    if np.isnat(whole).any() or (given.dtype.kind == "M" and (whole != given).any()):
        raise ValueError("starts: every instant must be given, in whole seconds")
    return whole.astype(np.int64)


def _times(seconds: Ints) -> Times:
    return seconds.astype("datetime64[s]")


def _deadlines(due: Ints, provisional: Bools) -> Deadlines:
    nothing = np.full(due.shape, np.datetime64("NaT", "s"))
    return Deadlines(_times(due), nothing, provisional, nothing.copy())


def _days(table: Table) -> Ints:
    return np.frombuffer(table.days, dtype=np.int32).astype(np.int64)


def _checked(ordinals: Ints) -> Ints:
    if ((ordinals < FIRST_DAY) | (ordinals > LAST_DAY)).any():
        raise ValueError(f"the calendar covers {FIRST_YEAR} to {LAST_YEAR}; a day outside it was asked for")
    return ordinals


def _at(days: Ints, index: Ints) -> Ints:
    if ((index < 0) | (index >= len(days))).any():
        raise ValueError(f"the calendar covers {FIRST_YEAR} to {LAST_YEAR}; a day outside it was asked for")
    return days[index]


def _is_unknown(table: Table, first: Ints, last: Ints) -> Bools:
    unknown = np.array(table.unknown, dtype=np.int64)
    at = np.searchsorted(unknown, first, side="right")
    is_unknown: Bools = (at % 2 == 1) | (np.searchsorted(unknown, last, side="right") != at)
    return is_unknown


def _end_of(zone: str, ordinals: Ints) -> Ints:
    return _to_utc(zone, (ordinals + 1 - EPOCH) * DAY) - 1


def _offsets(zone: str, seconds: Ints) -> Ints:
    changes, offsets, _ = _transitions(zone)
    return offsets[np.searchsorted(changes, seconds, side="right")]


def _to_utc(zone: str, wall: Ints) -> Ints:
    """The first of two equal wall times, and in a gap the offset from before it: as ``datetime`` with ``fold`` 0."""
    _, offsets, walls = _transitions(zone)
    return wall - offsets[np.searchsorted(walls, wall, side="right")]


@lru_cache(maxsize=8)
def _transitions(zone: str) -> tuple[Ints, Ints, Ints]:
    """Instants at which the zone's offset changes, the offsets around them, and the wall times that divide fold 0.

    ``zoneinfo`` does not show its table, so every day is asked once and a change is then found to the second.
    """
    info = ZoneInfo(zone)

    def offset(second: int) -> int:
        at = (EPOCH_INSTANT + timedelta(seconds=second)).astimezone(info).utcoffset()
        return int((at or timedelta()).total_seconds())

    first, last = (FIRST_DAY - EPOCH - 2) * DAY, (LAST_DAY - EPOCH + 3) * DAY
    changes, offsets = list[int](), [offset(first)]
    for after in range(first + DAY, last, DAY):
        if offset(after) == offsets[-1]:
            continue
        low, high = after - DAY, after
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if offset(middle) == offsets[-1] else (low, middle)
        changes.append(high)
        offsets.append(offset(after))
    walls = [at + max(pair) for at, *pair in zip(changes, offsets, offsets[1:], strict=False)]
    return np.array(changes, dtype=np.int64), np.array(offsets, dtype=np.int64), np.array(walls, dtype=np.int64)

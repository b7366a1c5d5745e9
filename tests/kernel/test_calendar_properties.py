"""What holds for every promise. The oracle walks day by day, as a clerk with a wall calendar would."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from bihuan.kernel.calendar import Calendar, Deadline, Unit

DAY = timedelta(days=1)
CHINA = Calendar(
    published=frozenset({2025, 2026}),
    rest=frozenset(date(2025, 1, 28) + n * DAY for n in range(8)) | {date(2026, 10, 1) + n * DAY for n in range(7)},
    worked=frozenset({date(2025, 1, 26), date(2025, 2, 8), date(2026, 9, 20), date(2026, 10, 10)}),
)
BERLIN = Calendar(zone="Europe/Berlin", published=frozenset({2025, 2026}), office=((480, 960),))
GULF = Calendar(
    zone="Asia/Dubai", published=frozenset({2026}), weekend=frozenset({4, 5}), office=((0, 60), (1380, 1440))
)
calendars = st.sampled_from([CHINA, BERLIN, GULF])
units = st.sampled_from(Unit)
minutes = st.datetimes(datetime(2024, 11, 1), datetime(2027, 2, 1)).map(  # noqa: DTZ001 - hypothesis wants them naive
    lambda at: at.replace(second=0, microsecond=0, tzinfo=UTC)
)
instants = st.datetimes(datetime(2024, 11, 1), datetime(2027, 2, 1), timezones=st.just(UTC))  # noqa: DTZ001 - as above
dates = st.dates(date(2024, 11, 1), date(2027, 2, 1))
amounts = st.integers(0, 60)
first_amounts = st.integers(1, 60)  # zero working days from a rest day is the next working day, and so no zero


def works(calendar, day):
    return day in calendar.worked or (day not in calendar.rest and day.weekday() not in calendar.weekend)


def step(calendar, day, by, until=lambda _: True):
    day += by
    while not (works(calendar, day) and until(day)):
        day += by
    return day


def end_of(calendar, day):
    midnight = datetime.combine(day + DAY, datetime.min.time(), ZoneInfo(calendar.zone))
    return midnight.astimezone(UTC) - timedelta(seconds=1)


def is_unknown(calendar, first, last):
    return any((first + n * DAY).year not in calendar.published for n in range((last - first).days + 1))


def by_hand(calendar, start, amount, unit):
    day = start.astimezone(ZoneInfo(calendar.zone)).date()
    if unit is Unit.MINUTE:
        return Deadline(start + timedelta(minutes=amount))
    if unit is Unit.HOUR:
        return Deadline(start + timedelta(hours=amount))
    if unit is Unit.OFFICE_HOUR:
        return office_by_hand(calendar, start, timedelta(hours=amount))
    if unit is Unit.WORKING_DAY:
        last = day if amount or works(calendar, day) else step(calendar, day, DAY)
        for _ in range(amount):
            last = step(calendar, last, DAY)
        return Deadline(end_of(calendar, last), None, is_unknown(calendar, min(day + DAY, last), last))
    nominal = day + amount * DAY
    if works(calendar, nominal):
        return Deadline(end_of(calendar, nominal), None, is_unknown(calendar, nominal, nominal))
    before, after = step(calendar, nominal, -DAY), step(calendar, nominal, DAY)
    ends = [end_of(calendar, each) for each in (after, before, nominal)]
    return Deadline(ends[0], ends[1], is_unknown(calendar, before, after), ends[2])


def office_by_hand(calendar, start, left):
    zone = ZoneInfo(calendar.zone)
    local = start.astimezone(zone).replace(tzinfo=None)
    first = day = local.date()
    if not left:
        return Deadline(start, None, is_unknown(calendar, first, first))
    while True:
        for opens, closes in calendar.office if works(calendar, day) else ():
            midnight = datetime.combine(day, datetime.min.time())
            begin = max(local, midnight + timedelta(minutes=opens))
            span = midnight + timedelta(minutes=closes) - begin
            if left <= span:
                return Deadline(
                    (begin + left).replace(tzinfo=zone).astimezone(UTC), None, is_unknown(calendar, first, day)
                )
            left -= max(span, timedelta())
        day += DAY


def counted(deadline):
    return deadline.nominal or deadline.due


@given(calendars, instants, amounts, units)
@example(CHINA, datetime(2026, 12, 31, 15, 59, 59, tzinfo=UTC), 1, Unit.CALENDAR_DAY)
@example(CHINA, datetime(2025, 1, 27, 16, 0, tzinfo=UTC), 0, Unit.WORKING_DAY)
def test_a_deadline_is_what_a_clerk_would_count(calendar, start, amount, unit):
    assert calendar.add(start, amount, unit) == by_hand(calendar, start, amount, unit)


@given(calendars, st.tuples(instants, instants), st.tuples(amounts, amounts), units)
def test_later_or_longer_is_never_due_sooner(calendar, starts, lengths, unit):
    start, later = sorted(starts)
    less, more = sorted(lengths)
    assert calendar.add(start, less, unit).due <= calendar.add(start, more, unit).due
    assert calendar.add(start, less, unit).due <= calendar.add(later, less, unit).due


@given(calendars, instants, first_amounts, amounts, units)
def test_a_promise_can_be_cut_in_two(calendar, start, first, second, unit):
    cut = counted(calendar.add(start, first, unit))
    assert calendar.add(cut, second, unit).due == calendar.add(start, first + second, unit).due


@given(calendars, instants, first_amounts, units)
def test_what_was_promised_is_what_is_used_at_the_end(calendar, start, amount, unit):
    per_unit = 60 if unit in {Unit.HOUR, Unit.OFFICE_HOUR} else 1
    assert calendar.used(start, counted(calendar.add(start, amount, unit)), unit) == amount * per_unit


pauses = st.tuples(st.floats(0, 1), st.timedeltas(timedelta(), timedelta(days=40)))


@given(calendars, minutes, first_amounts, units, pauses)
def test_a_pause_keeps_the_time_used(calendar, start, amount, unit, pause):
    share, length = pause
    due = counted(calendar.add(start, amount, unit))
    paused = (start + (due - start) * share).replace(second=0, microsecond=0)
    assume(start <= paused)
    resumed = (paused + length).replace(second=0, microsecond=0)
    moved = calendar.shift(due, paused, resumed, unit)
    promised = amount * (60 if unit in {Unit.HOUR, Unit.OFFICE_HOUR} else 1)
    assert calendar.used(start, paused, unit) + calendar.remaining(counted(moved), resumed, unit) == promised
    assert moved.due >= due


@given(
    calendars,
    instants,
    first_amounts,
    units,
    st.lists(st.timedeltas(timedelta(), timedelta(days=9)), min_size=3, max_size=3),
)
def test_pauses_that_meet_are_one_pause(calendar, start, amount, unit, spans):
    due = counted(calendar.add(start, amount, unit))
    first = min(start + spans[0], due)
    middle, last = first + spans[1], first + spans[1] + spans[2]
    moved = counted(calendar.shift(due, first, middle, unit))
    assume(middle <= moved)
    assert calendar.shift(moved, middle, last, unit).due == calendar.shift(due, first, last, unit).due


@given(calendars, instants, st.integers(1, 300), st.sampled_from([Unit.WORKING_DAY, Unit.CALENDAR_DAY]))
def test_only_calendar_days_roll_and_their_inner_date_comes_first(calendar, start, amount, unit):
    found = calendar.add(start, amount, unit)
    assert (found.inner is None) == (found.nominal is None)
    if found.inner is not None and found.nominal is not None:
        assert unit is Unit.CALENDAR_DAY
        assert found.inner < found.nominal < found.due
        zone = ZoneInfo(calendar.zone)
        assert (
            calendar.working_days_between(found.inner.astimezone(zone).date(), found.due.astimezone(zone).date()) == 1
        )


@given(calendars, dates, st.integers(-400, 400))
def test_counting_working_days_undoes_adding_them(calendar, day, amount):
    moved = calendar.add_working_days(day, amount)
    assert calendar.working_days_between(day, moved) == amount
    assert amount == 0 or works(calendar, moved)


@given(calendars, dates, dates)
def test_working_days_between_two_days_are_those_that_work(calendar, one, other):
    first, last = sorted((one, other))
    expected = sum(works(calendar, first + n * DAY) for n in range(1, (last - first).days + 1))
    assert calendar.working_days_between(first, last) == expected


@given(instants, st.integers(0, 5000))
def test_hours_are_elapsed_time_in_every_zone(start, amount):
    assert BERLIN.add(start, amount, Unit.HOUR).due - start == timedelta(hours=amount)


@pytest.mark.parametrize("unit", [Unit.CALENDAR_DAY, Unit.WORKING_DAY])
@pytest.mark.parametrize("month", [3, 10])
def test_a_day_still_ends_at_local_midnight_when_the_clocks_change(unit, month):
    berlin = ZoneInfo("Europe/Berlin")
    due = BERLIN.add(datetime(2026, month, 20, 9, tzinfo=UTC), 10, unit).due.astimezone(berlin)
    assert (due.hour, due.minute, due.second) == (23, 59, 59)

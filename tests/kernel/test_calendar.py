"""Deadlines by hand: the days of the State Council's notices for 2025 and 2026, copied from the notices, no package."""

import pickle
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bihuan.kernel.calendar import Calendar, Deadline, Unit

SHANGHAI = ZoneInfo("Asia/Shanghai")


def days(year, *spans):
    """``"0128-0204"``: from 28 January to 4 February."""
    found = set()
    for span in spans:
        first, _, last = span.partition("-")
        start, end = (date(year, int(end[:2]), int(end[2:])) for end in (first, last or first))
        found |= {start + timedelta(n) for n in range((end - start).days + 1)}
    return found


REST = days(2025, "0101", "0128-0204", "0404-0406", "0501-0505", "0531-0602", "1001-1008") | days(
    2026, "0101-0103", "0215-0223", "0404-0406", "0501-0505", "0619-0621", "0925-0927", "1001-1007"
)
WORKED = days(2025, "0126", "0208", "0427", "0928", "1011") | days(2026, "0104", "0214", "0228", "0509", "0920", "1010")
CHINA = Calendar(published=frozenset({2025, 2026}), rest=frozenset(REST), worked=frozenset(WORKED), version="by hand")


def local(text):
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def at(text):
    return local(text).astimezone(UTC)


def end_of(day):
    return at(f"{day}T23:59:59")


@pytest.mark.parametrize(
    ("start", "amount", "unit", "due"),
    [
        ("2025-01-24", 5, Unit.WORKING_DAY, "2025-02-07"),
        ("2026-02-13", 5, Unit.WORKING_DAY, "2026-02-27"),
        # The 15th day is a Saturday, but a working one: it does not roll.
        ("2025-01-24", 15, Unit.CALENDAR_DAY, "2025-02-08"),
        ("2025-02-08", 60, Unit.CALENDAR_DAY, "2025-04-09"),
        ("2025-04-09", 30, Unit.CALENDAR_DAY, "2025-05-09"),
    ],
)
@pytest.mark.parametrize("hour", ["00:00:00", "09:30:00", "23:59:59"])
def test_a_deadline_of_the_petition_rules_falls_on_its_day(start, amount, unit, due, hour):
    found = CHINA.add(at(f"{start}T{hour}"), amount, unit)
    assert found == Deadline(due=end_of(due), inner=None, provisional=False, nominal=None)


@pytest.mark.parametrize("day", ["2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10"])
def test_an_adjusted_weekend_day_is_worked(day):
    assert date.fromisoformat(day).weekday() >= 5
    assert CHINA.is_working_day(date.fromisoformat(day))


def test_a_last_day_in_the_spring_festival_rolls_and_warns_before_it():
    found = CHINA.add(at("2025-01-15T10:00"), 15, Unit.CALENDAR_DAY)  # day 15 is 30 January
    assert found.due == end_of("2025-02-05")
    assert found.inner == end_of("2025-01-27")
    assert found.nominal == end_of("2025-01-30")


def test_the_start_day_is_that_of_the_zone_and_not_of_utc():
    late = datetime(2025, 3, 3, 16, 30, tzinfo=UTC)  # 4 March, 00:30 in Shanghai
    assert CHINA.add(late, 1, Unit.WORKING_DAY).due == end_of("2025-03-05")


@pytest.mark.parametrize(
    ("start", "hours", "due"),
    [
        ("2025-03-03T09:00", 3, "2025-03-03T12:00"),  # closing time of the morning, not the opening after lunch
        ("2025-03-03T11:30", 1, "2025-03-03T14:30"),
        ("2025-03-03T17:15:20", 4, "2025-03-04T14:15:20"),
        ("2025-03-03T03:14", 4, "2025-03-03T15:00"),
        ("2025-03-03T12:40", 4, "2025-03-03T18:00"),
        ("2025-03-07T20:00", 4, "2025-03-10T15:00"),  # over a weekend
        ("2025-01-27T17:00", 2, "2025-02-05T10:00"),  # over the Spring Festival
        ("2025-01-25T10:00", 4, "2025-01-26T15:00"),  # from a Saturday off to the Sunday that is worked
        ("2025-03-03T09:00", 20, "2025-03-05T17:00"),
        ("2025-03-03T20:00", 0, "2025-03-03T20:00"),
    ],
)
def test_office_hours_run_only_while_the_office_is_open(start, hours, due):
    assert CHINA.add(at(start), hours, Unit.OFFICE_HOUR).due == at(due)


def test_hours_run_day_and_night_and_need_no_calendar():
    assert CHINA.add(at("2029-12-31T23:00"), 24, Unit.HOUR) == Deadline(at("2030-01-01T23:00"))
    assert CHINA.add(at("2029-12-31T23:50"), 15, Unit.MINUTE) == Deadline(at("2030-01-01T00:05"))
    paused = CHINA.shift(at("2025-03-03T11:15"), at("2025-03-03T11:05"), at("2025-03-03T14:00"), Unit.MINUTE)
    assert paused.due == at("2025-03-03T14:10")


@pytest.mark.parametrize(
    ("start", "amount", "unit", "is_provisional"),
    [
        ("2026-12-30", 1, Unit.WORKING_DAY, False),
        ("2026-12-31", 1, Unit.WORKING_DAY, True),
        ("2026-12-01", 30, Unit.CALENDAR_DAY, False),
        ("2026-12-01", 31, Unit.CALENDAR_DAY, True),
        ("2026-12-20", 6, Unit.CALENDAR_DAY, False),  # Saturday 26 to Monday 28: all known
        ("2026-12-31", 4, Unit.OFFICE_HOUR, False),
        ("2026-12-31", 8, Unit.OFFICE_HOUR, True),
        ("2024-12-31", 5, Unit.WORKING_DAY, False),  # the start day is not counted, so it need not be known
        ("2024-12-30", 5, Unit.WORKING_DAY, True),
        ("2024-12-30", 30, Unit.CALENDAR_DAY, False),  # only the last day must be known
    ],
)
def test_a_date_is_provisional_when_it_needed_a_year_not_published(start, amount, unit, is_provisional):
    assert CHINA.add(at(f"{start}T09:00"), amount, unit).provisional is is_provisional


def test_a_gap_between_published_years_is_not_stepped_over():
    gap = Calendar(published=frozenset({2025, 2027}))
    assert gap.add(at("2025-12-31T09:00"), 270, Unit.WORKING_DAY).provisional
    assert not gap.add(at("2025-12-31T09:00"), 380, Unit.CALENDAR_DAY).provisional
    assert gap.is_provisional(date(2025, 12, 1), date(2027, 2, 1))
    assert not gap.is_provisional(date(2027, 1, 1), date(2027, 12, 31))


def test_the_last_days_of_a_year_can_wait_for_the_next_notice():
    early = Calendar(published=frozenset({2025, 2026}), tail=frozenset({2026}))
    assert not early.add(at("2026-12-25T09:00"), 1, Unit.WORKING_DAY).provisional
    assert early.add(at("2026-12-25T09:00"), 2, Unit.WORKING_DAY).provisional


def test_a_pause_over_night_gives_one_day_and_one_within_a_day_none():
    due = CHINA.add(at("2025-03-03T10:00"), 5, Unit.WORKING_DAY).due
    within = CHINA.shift(due, at("2025-03-04T09:00"), at("2025-03-04T17:00"), Unit.WORKING_DAY)
    over_night = CHINA.shift(due, at("2025-03-04T17:00"), at("2025-03-05T09:00"), Unit.WORKING_DAY)
    over_weekend = CHINA.shift(due, at("2025-03-07T17:00"), at("2025-03-09T09:00"), Unit.WORKING_DAY)
    assert [within.due, over_night.due, over_weekend.due] == [due, end_of("2025-03-11"), due]


def test_a_pause_moves_the_unrolled_day_so_that_rest_days_are_not_given_twice():
    rolled = CHINA.add(at("2025-03-07T10:00"), 15, Unit.CALENDAR_DAY)  # Saturday 22, rolls to Monday 24
    resumed = CHINA.shift(rolled.nominal, at("2025-03-10T10:00"), at("2025-03-11T10:00"), Unit.CALENDAR_DAY)
    assert rolled.due == resumed.due == end_of("2025-03-24")


def test_office_hours_move_by_the_office_time_paused():
    due = CHINA.add(at("2025-03-03T09:00"), 4, Unit.OFFICE_HOUR).due  # 15:00
    assert CHINA.shift(due, at("2025-03-03T11:00"), at("2025-03-03T14:30"), Unit.OFFICE_HOUR).due == at(
        "2025-03-03T16:30"
    )
    assert CHINA.shift(due, at("2025-03-03T12:00"), at("2025-03-03T14:00"), Unit.OFFICE_HOUR).due == due


def test_a_promise_already_broken_is_not_mended_by_a_pause():
    due = end_of("2025-03-07")
    for unit in Unit:
        assert CHINA.shift(due, at("2025-03-08T09:00"), at("2025-03-20T09:00"), unit) == Deadline(due)


def test_a_due_time_set_by_hand_keeps_its_time_of_day():
    moved = CHINA.shift(at("2025-03-07T15:00"), at("2025-03-04T09:00"), at("2025-03-05T09:00"), Unit.WORKING_DAY)
    assert moved.due == at("2025-03-10T15:00")


@pytest.mark.parametrize(
    ("now", "unit", "left"),
    [
        ("2025-01-24T10:00", Unit.WORKING_DAY, 5),
        ("2025-02-07T10:00", Unit.WORKING_DAY, 0),
        ("2025-02-08T10:00", Unit.WORKING_DAY, -1),
        ("2025-02-09T10:00", Unit.WORKING_DAY, -1),  # a Sunday off does not make it later
        ("2025-01-24T10:00", Unit.CALENDAR_DAY, 14),
        ("2025-02-07T17:00", Unit.OFFICE_HOUR, 60),
        ("2025-02-07T23:00", Unit.HOUR, 59),
        ("2025-02-08T01:00", Unit.HOUR, -60),
    ],
)
def test_what_remains_is_counted_in_the_unit_of_the_promise(now, unit, left):
    assert CHINA.remaining(end_of("2025-02-07"), at(now), unit) == left


def test_office_minutes_are_added_and_counted_for_plans():
    end = CHINA.add_office_minutes(at("2025-03-03T17:30"), 90)
    assert end.due == at("2025-03-04T10:00")
    assert CHINA.office_minutes_between(at("2025-03-03T17:30"), end.due) == 90
    assert CHINA.office_minutes_between(end.due, at("2025-03-03T17:30")) == -90


def test_working_days_are_counted_backward_for_plans():
    assert CHINA.add_working_days(date(2025, 2, 7), -5) == date(2025, 1, 24)
    assert CHINA.add_working_days(date(2025, 2, 1), -1) == date(2025, 1, 27)  # from within the festival
    assert CHINA.add_working_days(date(2025, 2, 1), 0) == date(2025, 2, 1)
    assert CHINA.working_days_between(date(2025, 2, 7), date(2025, 1, 24)) == -5


def test_an_hour_is_an_hour_when_the_clocks_change():
    berlin = Calendar(zone="Europe/Berlin")
    evening = datetime(2026, 3, 28, 20, 0, tzinfo=ZoneInfo("Europe/Berlin"))
    found = berlin.add(evening, 24, Unit.HOUR).due.astimezone(ZoneInfo("Europe/Berlin"))
    assert (found.day, found.hour) == (29, 21)


def test_a_day_ends_where_clocks_go_back_at_midnight():
    beirut = Calendar(zone="Asia/Beirut", weekend=frozenset())
    due = beirut.add(datetime(2025, 10, 24, 9, tzinfo=UTC), 1, Unit.CALENDAR_DAY).due
    assert due == datetime(2025, 10, 25, 21, 59, 59, tzinfo=UTC)  # the second 23:59:59 of that day


def test_an_office_can_be_open_until_midnight():
    night = Calendar(office=((0, 24 * 60),))
    assert night.add(at("2025-03-03T20:00"), 4, Unit.OFFICE_HOUR).due == at("2025-03-04T00:00")


@pytest.mark.parametrize(
    ("what", "says"),
    [
        (lambda: CHINA.add(datetime(2025, 1, 1, 9), 1, Unit.HOUR), "no time zone"),  # noqa: DTZ001 - what is refused
        (lambda: CHINA.add(at("2025-01-01T09:00"), -1, Unit.HOUR), "runs forward"),
        (lambda: CHINA.add(at("2025-01-01T09:00"), 1, "week"), "no unit of time"),
        (lambda: CHINA.add(at("2100-12-31T09:00"), 1, Unit.WORKING_DAY), "1970 to 2100"),
        (lambda: CHINA.add(at("2025-01-01T09:00"), 10**6, Unit.CALENDAR_DAY), "1970 to 2100"),
        (lambda: CHINA.add_working_days(date(1970, 1, 5), -9), "1970 to 2100"),
        (lambda: CHINA.is_working_day(date(1969, 12, 31)), "1970 to 2100"),
        (lambda: CHINA.used(at("2025-01-02T09:00"), at("2025-01-01T09:00"), Unit.HOUR), "lies before"),
        (
            lambda: CHINA.shift(at("2025-02-01"), at("2025-01-03"), at("2025-01-02"), Unit.HOUR),
            "before it began",
        ),
        (lambda: Calendar(office=((540, 720), (700, 800))), "office hours"),
        (lambda: Calendar(office=()), "office hours"),
        (lambda: Calendar(office=((540, 1441),)), "office hours"),
        (lambda: Calendar(weekend=frozenset(range(7))), "weekend"),
        (lambda: Calendar(rest=frozenset({date(2025, 1, 1)}), worked=frozenset({date(2025, 1, 1)})), "both"),
    ],
)
def test_what_makes_no_sense_is_refused_in_plain_words(what, says):
    with pytest.raises(ValueError, match=says):
        what()


def test_a_calendar_is_a_value():
    used = pickle.loads(pickle.dumps(CHINA))  # noqa: S301 - our own bytes
    assert used == CHINA
    assert hash(used) == hash(CHINA)
    assert Calendar(published=frozenset({2025})) != CHINA

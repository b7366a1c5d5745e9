"""The vectorised form gives what the plain one gives. That needs no database."""

import sys
from datetime import UTC, datetime
from subprocess import run

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bihuan.desk.bulktime import add_many
from bihuan.desk.holidays_source import build
from bihuan.kernel.calendar import Calendar, Unit

CALENDARS = [
    build("CN"),
    build("DE", "BE", zone="Europe/Berlin", office_hours=((480, 960),)),
    build("US", zone="America/Havana", office_hours=((0, 60), (600, 1440))),  # midnight comes twice there
    Calendar(zone="Asia/Beirut", published=frozenset({2025, 2027}), weekend=frozenset({4}), tail=frozenset({2025})),
]
FIRST, LAST = (int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) for year in (2005, 2051))
promises = st.lists(st.tuples(st.integers(FIRST, LAST), st.integers(0, 400)), min_size=1, max_size=60)


def one_by_one(calendar, pairs, unit):
    return [calendar.add(datetime.fromtimestamp(start, UTC), amount, unit) for start, amount in pairs]


def stamps(instants):
    return [None if at is None else at.replace(tzinfo=None) for at in instants]


@given(st.sampled_from(CALENDARS), promises, st.sampled_from(Unit))
def test_many_deadlines_are_the_same_as_one_by_one(calendar, pairs, unit):
    starts, amounts = np.array(pairs).T
    many, single = add_many(calendar, starts, amounts, unit), one_by_one(calendar, pairs, unit)
    assert many.due.tolist() == stamps(each.due for each in single)
    assert many.inner.tolist() == stamps(each.inner for each in single)
    assert many.nominal.tolist() == stamps(each.nominal for each in single)
    assert many.provisional.tolist() == [each.provisional for each in single]


@pytest.mark.parametrize("unit", Unit)
@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/Havana", "Asia/Beirut", "Australia/Lord_Howe"])
def test_they_agree_around_every_change_of_the_clocks(zone, unit):
    calendar = build("US", zone=zone)
    # Every half hour around each change of 2025 would be long; every third hour of the year meets them all.
    pairs = [(start + 1799, 1 + start % 5) for start in range(1_735_689_600, 1_767_225_600, 3 * 3600)]
    many = add_many(calendar, *np.array(pairs).T, unit)
    assert many.due.tolist() == stamps(each.due for each in one_by_one(calendar, pairs, unit))


def test_one_amount_serves_all_and_starts_may_be_datetimes():
    starts = np.array(["2025-01-24T03:00:00", "2026-02-13T03:00:00"], dtype="datetime64[s]")
    due = add_many(CALENDARS[0], starts, 5, Unit.WORKING_DAY).due
    assert due.astype(str).tolist() == ["2025-02-07T15:59:59", "2026-02-27T15:59:59"]


def test_nothing_in_gives_nothing_out():
    for unit in Unit:
        assert add_many(CALENDARS[0], np.array([], dtype=np.int64), 5, unit).due.shape == (0,)


@pytest.mark.parametrize(
    ("starts", "amounts", "unit", "says"),
    [
        ([FIRST], -1, Unit.HOUR, "runs forward"),
        ([FIRST], 1, "week", "no unit of time"),
        ([1.5], 1, Unit.HOUR, "float64"),
        (np.array(["NaT"], dtype="datetime64[s]"), 1, Unit.HOUR, "whole seconds"),
        (np.array(["2025-01-01T00:00:00.5"], dtype="datetime64[ms]"), 1, Unit.HOUR, "whole seconds"),
        ([-86_400 * 3], 1, Unit.WORKING_DAY, "1970 to 2100"),
        ([FIRST], 10**6, Unit.CALENDAR_DAY, "1970 to 2100"),
        ([FIRST], 10**6, Unit.WORKING_DAY, "1970 to 2100"),
        ([FIRST], 10**6, Unit.OFFICE_HOUR, "1970 to 2100"),
    ],
)
def test_what_makes_no_sense_is_refused_in_plain_words(starts, amounts, unit, says):
    with pytest.raises(ValueError, match=says):
        add_many(CALENDARS[0], starts, amounts, unit)


def test_building_a_calendar_and_a_deadline_brings_no_numpy():
    program = (
        "import sys; from bihuan.desk.holidays_source import build; from datetime import datetime, UTC; "
        "build('CN').add(datetime.now(UTC), 5, 'working_day'); sys.exit('numpy' in sys.modules)"
    )
    assert run([sys.executable, "-c", program], check=False).returncode == 0

"""The calendar that holds now: the nation's days with what an officer set."""

from datetime import UTC, date, datetime

import pytest
from django.db import connection

from bihuan.desk import calendars
from bihuan.kernel.calendar import Unit


@pytest.fixture(autouse=True)
def _fresh(clean_db):
    calendars.forget()
    yield
    calendars.forget()


def execute(sql, *values):
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


def set_day(day, *, is_working):
    execute(
        "INSERT INTO calendar_day (country, day, is_working, note, basis, set_by)"
        " VALUES ('CN', %s, %s, '', '通知', 'wei')",
        day,
        is_working,
    )


def test_without_an_officer_the_nation_s_days_hold():
    calendar = calendars.current()

    assert calendar.is_working_day(date(2025, 2, 8)), "an adjusted Saturday"
    assert not calendar.is_working_day(date(2025, 1, 29)), "new year"


def test_a_day_that_an_officer_set_counts_and_changes_the_version():
    before = calendars.current()
    set_day("2026-03-03", is_working=False)
    set_day("2026-03-07", is_working=True)
    assert calendars.current() is before, "asked again only after two seconds"

    calendars.forget()
    after = calendars.current()
    assert after.version != before.version
    assert not after.is_working_day(date(2026, 3, 3))
    assert after.is_working_day(date(2026, 3, 7))


def test_another_process_s_day_counts_within_two_seconds(monkeypatch):
    before = calendars.current()
    set_day("2026-03-03", is_working=False)
    monkeypatch.setattr(calendars, "STALE_AFTER", 0.0)

    assert calendars.current().version != before.version
    assert calendars.current() is calendars.current(), "built once for each content"


def test_a_published_year_makes_its_deadlines_certain():
    start = datetime(2027, 6, 1, tzinfo=UTC)
    assert calendars.current().add(start, 5, Unit.WORKING_DAY).provisional

    execute("INSERT INTO calendar_year (country, year, basis, published) VALUES ('CN', 2027, '通知', '2026-11-01')")
    calendars.forget()
    assert not calendars.current().add(start, 5, Unit.WORKING_DAY).provisional

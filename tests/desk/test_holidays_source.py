"""Calendars as the product builds them. That needs no database."""

from datetime import UTC, date, datetime

import pytest

from bihuan.desk.holidays_source import FILLED, PUBLISHED, Override, _open_ends, build, national
from bihuan.kernel.calendar import Unit


@pytest.fixture(scope="module")
def china():
    return build("CN")


def dates(year, *spellings):
    return {date(year, int(each[:2]), int(each[2:])) for each in spellings}


# Working weekend days, and days off from Monday to Friday, copied from the State Council's notices.
NOTICES = {
    2008: (["0202", "0203", "0504", "0927", "0928"], ["0206", "0207", "0208", "0211", "0212", "0404", "0929", "0930"]),
    2012: (["0121", "0129", "0331", "0401", "0428", "0929"], ["0102", "0103", "0402", "0403", "0404", "0430", "0622"]),
    2019: (["0202", "0203", "0428", "0505", "0929", "1012"], ["0204", "0205", "0501", "0502", "0503", "0607", "0913"]),
    # The Spring Festival that was made longer by a second notice.
    2020: (["0119", "0426", "0509", "0628", "0927", "1010"], ["0124", "0130", "0131", "0504", "0505", "0625", "1008"]),
    2025: (["0126", "0208", "0427", "0928", "1011"], ["0128", "0131", "0203", "0204", "0404", "0505", "0602", "1008"]),
    2026: (["0104", "0214", "0228", "0509", "0920", "1010"], ["0102", "0216", "0220", "0223", "0406", "0505", "1007"]),
}


@pytest.mark.parametrize("year", NOTICES)
def test_the_days_of_a_chinese_year_are_those_of_its_notice(china, year):
    worked, rest = (dates(year, *spellings) for spellings in NOTICES[year])
    end_of_year = {day for day in china.worked if (day.month, day.day) >= (12, 29)}
    assert {day for day in china.worked if day.year == year} - end_of_year == worked
    assert rest <= china.rest


def test_a_notice_reaches_back_over_new_years_eve(china):
    assert {date(2007, 12, 29), date(2011, 12, 31), date(2018, 12, 29)} <= china.worked
    assert {date(2007, 12, 31), date(2018, 12, 31)} <= china.rest
    assert _open_ends(frozenset({2017, 2018})) == {2018}  # 1 January 2019 was a Tuesday
    assert _open_ends(frozenset({2025, 2026})) == frozenset()  # that of 2027 is a Friday
    assert _open_ends(frozenset({2010, 2018, 2019})) == frozenset()


@pytest.mark.parametrize(
    ("start", "amount", "unit", "due"),
    [
        ("2025-01-24", 5, Unit.WORKING_DAY, "2025-02-07"),
        ("2026-02-13", 5, Unit.WORKING_DAY, "2026-02-27"),
        ("2025-01-24", 15, Unit.CALENDAR_DAY, "2025-02-08"),
        ("2025-02-08", 60, Unit.CALENDAR_DAY, "2025-04-09"),
        ("2025-04-09", 30, Unit.CALENDAR_DAY, "2025-05-09"),
    ],
)
def test_the_petition_rules_hold_under_the_calendar_as_built(china, start, amount, unit, due):
    found = china.add(datetime.fromisoformat(f"{start}T03:00+00:00"), amount, unit)
    assert found.due == datetime.fromisoformat(f"{due}T15:59:59+00:00")
    assert not found.provisional


def test_a_year_without_a_notice_has_its_statutory_days_and_is_provisional(china):
    assert PUBLISHED["CN"] == frozenset(range(2007, 2027))
    assert not {day for day in china.worked if day.year == 2027}
    assert not china.is_working_day(date(2027, 2, 8))  # the Spring Festival, not a plain Monday
    found = china.add(datetime(2027, 2, 3, 3, tzinfo=UTC), 5, Unit.WORKING_DAY)
    assert found.provisional
    assert china.is_provisional(date(2026, 12, 31), date(2027, 1, 1))


def test_an_officer_can_enter_a_year_before_the_package_knows_it(china):
    notice = "国务院办公厅关于2027年部分节假日安排的通知"
    own = [
        Override(date(2027, 1, 2), "work", "调休", notice),
        Override(date(2027, 2, 11), "rest", "春节调休", notice),
        Override(date(2027, 10, 4), "work", "", notice),  # the package had guessed a substitute day
    ]
    known = build("CN", overrides=own, published_overrides=frozenset({2027}))
    assert [known.is_working_day(each.day) for each in own] == [True, False, True]
    assert not known.add(datetime(2027, 2, 3, 3, tzinfo=UTC), 5, Unit.WORKING_DAY).provisional
    assert known.add(datetime(2027, 12, 31, 3, tzinfo=UTC), 5, Unit.WORKING_DAY).provisional
    assert known.version != china.version


def test_the_version_is_that_of_the_content(china):
    same = [Override(date(2026, 10, 1), "rest", "国庆", "already so")]
    assert build("CN").version == build("CN", overrides=same).version == china.version
    others = [
        build("CN", overrides=[Override(date(2026, 11, 27), "rest", "", "区政府通知")]),
        build("CN", published_overrides=frozenset({2027})),
        build("CN", office_hours=((510, 720), (810, 1050))),
        build("CN", zone="Asia/Urumqi"),
    ]
    assert len({china.version, *(each.version for each in others)}) == 5


def test_a_statutory_country_is_published_as_far_as_it_is_filled():
    berlin = build("DE", "BE", zone="Europe/Berlin")
    bavaria = build("DE", "BY", zone="Europe/Berlin")
    assert not berlin.is_working_day(date(2027, 3, 8))  # Frauentag, a Monday, and no holiday in Bavaria
    assert bavaria.is_working_day(date(2027, 3, 8))
    assert not berlin.add(datetime(2030, 5, 2, 9, tzinfo=UTC), 10, Unit.WORKING_DAY).provisional
    assert berlin.is_provisional(date(FILLED.stop, 1, 1), date(FILLED.stop, 1, 1))


def test_a_country_without_a_list_of_published_years_is_always_provisional():
    japan = build("JP", zone="Asia/Tokyo")
    assert japan.add(datetime(2026, 5, 1, 1, tzinfo=UTC), 3, Unit.WORKING_DAY).provisional


def test_holidays_and_exchanged_days_have_names():
    named = national("CN", range(2026, 2027)).rest
    assert named[date(2026, 2, 17)] == "春节"
    assert "休息日" in named[date(2026, 2, 20)]


@pytest.mark.parametrize(
    ("what", "says"),
    [
        (lambda: build("XX"), "no public holidays are known for 'XX'"),
        (lambda: build("DE", "ZZ"), "'DE-ZZ'"),
        (lambda: build("CN", zone="Asia/Chungking2"), "time zone 'Asia/Chungking2' is unknown"),
        (lambda: build("CN", zone="../etc/passwd"), "is unknown"),
        (
            lambda: build("CN", overrides=[Override(date(2027, 1, 2), kind, "", "通知") for kind in ("work", "rest")]),
            "2027-01-02 is set to work and to rest",
        ),
    ],
)
def test_what_cannot_be_built_is_refused_in_plain_words(what, says):
    with pytest.raises(ValueError, match=says):
        what()

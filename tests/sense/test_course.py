"""The course of a warning: told once, no flapping, the same whenever somebody looks."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bihuan.sense.warn import course
from bihuan.sense.warn.course import Course, Found

START = datetime(2026, 7, 9, 3, 0, tzinfo=UTC)
HOLD = timedelta(minutes=30)
ALERT, GUARANTEE = ("hydro", "寸滩", "water_level", "threshold"), ("hydro", "寸滩", "water_level", "threshold.2")
LEVEL = {ALERT: "IV", GUARANTEE: "II"}


def minutes(count):
    return START + timedelta(minutes=count)


def played(findings, until=10_000):
    now, told = Course(), []
    for key, mark, at in findings:
        now, changes = course.take(now, Found(key, mark, minutes(at), LEVEL[key], HOLD))
        told += changes
    now, changes = course.to(now, minutes(until))
    return [*told, *changes]


def test_a_river_over_its_marks_and_down_again_is_told_four_times():
    found = played([(ALERT, 1, 0), (GUARANTEE, 1, 60), (GUARANTEE, -1, 120), (ALERT, -1, 200)])
    assert list(course.story(found)) == ["raised IV", "up II", "down IV", "over"]
    assert [one.at for one in found] == [minutes(0), minutes(60), minutes(150), minutes(230)]


def test_a_reading_that_swings_around_the_mark_is_told_once():
    swings = [one for at in range(0, 200, 20) for one in ((ALERT, 1, at), (ALERT, -1, at + 10))]
    assert list(course.story(played(swings))) == ["raised IV", "over"]


def test_of_two_sensors_the_warning_lasts_as_long_as_one_holds_it():
    other = ("hydro", "菜园坝", "water_level", "threshold")
    LEVEL[other] = "IV"
    found = played([(ALERT, 1, 0), (other, 1, 5), (ALERT, -1, 10), (other, -1, 300)])
    assert [(one.what, one.at) for one in found] == [("raised", minutes(0)), ("over", minutes(330))]


def test_what_comes_late_counts_from_where_the_course_has_come_to():
    now, first = course.take(Course(), Found(ALERT, 1, minutes(0), "IV", HOLD))
    now, _ = course.to(now, minutes(50))
    now, second = course.take(now, Found(GUARANTEE, 1, minutes(20), "II", HOLD))
    assert [one.at for one in (*first, *second)] == [minutes(0), minutes(50)]


MARKS = st.lists(
    st.tuples(st.sampled_from([ALERT, GUARANTEE]), st.sampled_from([1, -1]), st.integers(0, 600)), max_size=40
).map(lambda rows: sorted(rows, key=lambda one: one[2]))


@given(MARKS)
def test_it_begins_before_it_ends_each_change_changes_something_and_no_level_is_told_twice(findings):
    level = None
    for one in played(findings):
        if one.what == "over":
            assert level is not None
            level = None
        else:
            assert one.level != level
            assert (one.what == "raised") == (level is None)
            level = one.level
    raised = {(key, mark) for key, mark, _ in findings}
    if not any(mark > 0 for _, mark in raised):
        assert played(findings) == []


@given(MARKS)
def test_never_down_within_the_hold_of_the_last_finding_that_was_lowered(findings):
    told = played(findings)
    for one in told:
        if one.what in {"down", "over"}:
            lowered = [at for _, mark, at in findings if mark < 0 and minutes(at) <= one.at]
            assert one.at - minutes(max(lowered)) >= timedelta(0)
            assert any(one.at - minutes(at) == HOLD for at in lowered)


@given(MARKS, st.lists(st.integers(0, 700), max_size=20))
def test_whenever_somebody_looks_the_same_is_told_at_the_same_times(findings, looks):
    now, told = Course(), []
    steps = sorted([(at, 0, None) for at in looks] + [(row[2], 1, row) for row in findings], key=lambda one: one[:2])
    for at, _, row in steps:
        if row is None:
            now, changes = course.to(now, minutes(at))
        else:
            now, changes = course.take(now, Found(row[0], row[1], minutes(at), LEVEL[row[0]], HOLD))
        told += changes
    now, changes = course.to(now, minutes(10_000))
    assert [*told, *changes] == played(findings)

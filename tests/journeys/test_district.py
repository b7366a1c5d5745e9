"""The virtual district: seeded, through the real write path, in a world of its own."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st

from bihuan.demo.load import load_demo
from bihuan.desk import api, rulebooks
from bihuan.kernel import commands as c
from bihuan.kernel.case import Request
from bihuan.testing.district import Plan, run
from bihuan.testing.district.habits import granted
from bihuan.testing.district.reports import draw, families, families_of
from bihuan.testing.district.run import EmptyDistrict, start_of
from bihuan.testing.district.staff import Crew

SMALL = Plan(date(2026, 3, 6), days=3, per_day=80)


@pytest.fixture
def district(clean_db):
    load_demo()


def played(plan, key):
    world = api.virtual.create(key, "simulation", starts=start_of(plan))
    return world, run(plan, world)


def ask(sql, *values):
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()


def test_the_same_seed_gives_the_same_history_and_another_seed_another(district):
    first, again, other = (
        played(plan, key)[0] for plan, key in [(SMALL, "a"), (SMALL, "b"), (Plan(date(2026, 3, 6), 3, 80, seed=8), "c")]
    )
    assert api.virtual.digest(first) == api.virtual.digest(again) != api.virtual.digest(other)


def test_what_is_told_is_what_is_stored_and_the_audit_is_clean(district):
    world, told = played(SMALL, "a")
    stages = dict(ask("SELECT stage, count(*) FROM case_row WHERE world_id = %s GROUP BY stage", world))
    assert told.stages == stages
    assert told.cases == sum(stages.values()) > 150
    assert told.stuck == 0
    assert api.audit(world).problems == []
    assert ask("SELECT count(*) FROM case_row WHERE world_id = 1") == [(0,)]


def test_every_part_of_the_loop_is_walked(district):
    world, told = played(Plan(date(2026, 3, 2), days=6, per_day=120), "a")
    kinds = {kind for (kind,) in ask("SELECT DISTINCT kind FROM event WHERE world_id = %s", world)}
    assert kinds >= {
        "Registered", "Accepted", "Recategorised", "Declined", "Dispatched", "TaskAdded", "TaskTaken", "TaskFinished",
        "TaskReturned", "Asked", "Granted", "Answered", "SentToVerify", "Reworked", "Closed", "Disputed", "Reopened",
        "Merged", "Absorbed", "ClockBroken", "ClockWarned", "ClockPaused", "ClockExtended",
    }  # fmt: skip
    assert min(told.returned, told.reworked, told.reopened, told.merged, told.declined) > 0


def test_fewer_people_keep_fewer_dates(district):
    plan = Plan(date(2026, 3, 2), days=4, per_day=150)
    fewer = Plan(date(2026, 3, 2), days=4, per_day=150, staff={"yz.zhzx": -20, "yz.cgj": -20})
    (_, now), (_, then) = played(plan, "a"), played(fewer, "b")
    assert then.cases == now.cases
    assert then.all.on_time < now.all.on_time


def test_it_can_be_dropped_whole(district):
    world, _ = played(Plan(date(2026, 3, 2), days=1, per_day=40), "a")
    api.virtual.drop(world, by="test", reason="over")
    assert ask("SELECT count(*) FROM case_row WHERE world_id = %s", world) == [(0,)]


def test_a_district_without_places_or_rules_says_so(clean_db):
    rulebooks.forget()
    world = api.virtual.create("a", "simulation", starts=start_of(SMALL))
    with pytest.raises(EmptyDistrict, match="no rulebook"):
        run(SMALL, world)


@pytest.mark.parametrize("wrong", [{"days": 0}, {"days": 400}, {"per_day": 0}])
def test_a_plan_out_of_bounds_is_refused(wrong):
    with pytest.raises(ValueError, match="must be"):
        Plan(date(2026, 3, 2), **wrong)


def test_reports_follow_the_habits_of_the_plan(district):
    book = api.book_in_force("city")
    drawn = draw(
        Plan(date(2026, 3, 1), 30, 400), book, [("500103010001", "甲社区"), ("500103010002", "乙社区")], "Asia/Shanghai"
    )
    share = sum(one.like is not None for one in drawn) / len(drawn)
    assert 0.10 < share < 0.14
    assert 0.02 < sum(one.is_abusive for one in drawn) / len(drawn) < 0.04
    assert [one.number for one in drawn] == list(range(len(drawn)))
    assert drawn == sorted(drawn, key=lambda one: one.at)
    assert all(one.like < one.number for one in drawn if one.like is not None)
    assert 8_000 < len(drawn) < 13_000


def test_every_family_is_of_the_citys_categories(district):
    book = api.book_in_force("city")
    assert {code for one in families() for code in one.codes} <= set(book.categories)
    assert len(families_of(book)) == len(families())


@given(st.lists(st.tuples(st.integers(0, 5000), st.floats(0, 300)), max_size=30), st.integers(1, 4))
@settings(max_examples=50, deadline=None)
def test_nobody_does_two_things_at_once(jobs, people):
    crew, start = Crew("u", people, ((8, 20),), ZoneInfo("Asia/Shanghai")), datetime(2026, 3, 2, tzinfo=UTC)
    spans = {}
    for minute, length in sorted(jobs):
        end, member = crew.take(start + timedelta(minutes=minute), length)
        begin = end - timedelta(minutes=length)
        assert begin >= start + timedelta(minutes=minute) - timedelta(milliseconds=1)
        assert all(begin >= before - timedelta(milliseconds=1) for before in spans.get(member, []))
        spans.setdefault(member, []).append(end)


def test_a_pause_that_would_be_over_when_the_head_comes_to_it_is_denied():
    at = datetime(2026, 3, 9, 9, tzinfo=UTC)
    asked = Request(1, "pause", "p", "u", "等配件", at, clock="handle", until=at + timedelta(days=3))
    assert granted(asked, at + timedelta(days=2)) == c.Grant(1)
    assert isinstance(granted(asked, at + timedelta(days=3)), c.Deny)

"""The door of the desk opens in the world that the caller is in; outside of a request that is the real one."""

import inspect
from datetime import UTC, datetime

import pytest

from bihuan.desk import api, here, worlds

START = datetime(2030, 1, 1, tzinfo=UTC)
# These are about the real world alone, or name a world for themselves; no page inside of a drill leads to them.
OF_THE_REAL_WORLD = {
    "audit", "check_question", "count_cases", "find_caller", "health", "ledger_consistency", "ledger_head",
    "looks_by_receipt", "provable_receipt", "public_cases", "refuse_question", "replay_for", "report_for",
    "report_many",
    "staff_of", "track", "tracked_case", "black_out", "events_of",
}  # fmt: skip


def test_every_function_of_the_door_opens_where_the_caller_is_or_is_known_not_to():
    doors = {name: one for name in api.__all__ if inspect.isfunction(one := getattr(api, name))}
    with_a_world = {name for name, one in doors.items() if "world" in inspect.signature(one).parameters}
    placed = {name for name in with_a_world if hasattr(doors[name], "__wrapped__")}
    assert with_a_world - placed == OF_THE_REAL_WORLD
    assert placed >= {"submit", "report", "read_case", "list_cases", "now", "merge", "split"}


def test_now_is_that_of_the_world_one_is_in(clean_db):
    world = worlds.create("d", "drill", starts=START)
    assert api.now() != START
    with here.inside(world):
        assert api.now() == START
        assert api.now(world=1) != START
        assert api.now(1) != START
    assert here.world() == 1


def test_whoever_fails_inside_is_outside_again(clean_db):
    with pytest.raises(ZeroDivisionError), here.inside(7):
        _ = 1 / 0
    assert here.world() == 1

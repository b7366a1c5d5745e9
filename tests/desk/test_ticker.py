"""Time acts once: each due instant by one ticker, also after a kill; a case that fails holds up nobody."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

import feeding
import rooms
from bihuan import kernel
from bihuan.desk import api, identity, instant, ticker, worlds
from bihuan.kernel import commands as c
from bihuan.kernel import events as e
from bihuan.kernel.decide.intake import IMPORTED
from bihuan.kernel.rules import Rules
from bihuan.testing import books, cast
from bihuan.testing.china import CHINA

MONDAY = datetime(2026, 6, 1, 1, tzinfo=UTC)
MUCH_LATER = MONDAY + timedelta(days=40)


@pytest.fixture
def drill(clean_db):
    identity.forget_numbers()
    rooms.install()
    return worlds.create("d", "drill", starts=MONDAY)


def reports(world, count):
    intakes = [api.Intake("manhole", "500103010", "portal", {"text": "井盖"}) for _ in range(count)]
    made = api.report_many(intakes, by=rooms.actor(cast.LIN), purpose="test", world=world)
    return [outcome.case for outcome in made]


def spoken(world, case):
    """What time said of a case: kind of event, clock, instant of the alarm."""
    said = []
    for recorded in api.events_of(case, world):
        match recorded.event:
            case e.ClockWarned() | e.Escalated() as event:
                said.append((type(event).__name__, event.clock, event.at))
            case e.ClockBroken() as event:
                said.append(("ClockBroken", event.clock, event.due))
            case _:
                pass
    return said


def due(world):
    ((count,),) = feeding.rows(
        "SELECT count(*) FROM case_row WHERE world_id = %s AND next_due <= %s", [world, instant.now(world)]
    )
    return count


def test_nothing_is_ticked_before_its_time(drill):
    (case,) = reports(drill, 1)
    assert ticker.tick(drill) == 0
    assert spoken(drill, case) == []


def test_a_due_instant_speaks_once(drill):
    (case,) = reports(drill, 1)
    worlds.set_virtual_now(drill, MUCH_LATER)
    assert ticker.tick(drill) == 1
    said = spoken(drill, case)
    assert "ClockBroken" in {kind for kind, _, _ in said}
    assert ticker.tick(drill) == 0
    assert spoken(drill, case) == said


def test_four_tickers_speak_each_instant_once(drill):
    cases = reports(drill, 150)
    worlds.set_virtual_now(drill, MUCH_LATER)
    claimed = []

    def tick():
        while count := ticker.tick(drill, batch=9):
            claimed.append(count)

    feeding.in_threads(*[tick] * 4)
    while ticker.tick(drill):
        pass
    assert sum(claimed) == 150
    assert due(drill) == 0
    for case in cases:
        counted = Counter(spoken(drill, case))
        assert counted
        assert set(counted.values()) == {1}


KILLED = """
import os, sys, django
django.setup()
from bihuan.desk import ticker
settle = ticker._settle
def settle_and_wait(world, cases):
    settle(world, cases)
    print("in the middle", flush=True)
    sys.stdin.read()
ticker._settle = settle_and_wait
ticker.tick(int(sys.argv[1]), batch=20)
"""


def test_a_ticker_killed_in_the_middle_leaves_its_cases_to_the_next(drill):
    cases = reports(drill, 30)
    worlds.set_virtual_now(drill, MUCH_LATER)
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, str(drill)],
        env=os.environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout.readline() == "in the middle\n"
        assert ticker.tick(drill) == 10, "those of the other are not free"
        os.kill(child.pid, signal.SIGKILL)
    deadline = time.monotonic() + 20
    while due(drill) and time.monotonic() < deadline:
        ticker.tick(drill) or time.sleep(0.05)
    assert due(drill) == 0
    assert all(set(Counter(spoken(drill, case)).values()) == {1} for case in cases)


def test_a_case_that_fails_waits_and_holds_up_nobody(drill, caplog):
    bad, *good = reports(drill, 6)
    ((text,),) = feeding.rows("SELECT state FROM case_row WHERE id = %s", [bad])
    feeding.rows("UPDATE case_row SET state = '{broken', next_due = next_due - interval '1 day' WHERE id = %s", [bad])
    worlds.set_virtual_now(drill, MUCH_LATER)
    ticker.tick(drill)
    assert all(spoken(drill, case) for case in good)
    ((failed, attempts, next_try, error),) = ticker.failures(drill)
    assert (failed, attempts) == (bad, 1)
    assert "JSON" in error
    assert str(bad) in caplog.text
    assert timedelta(seconds=50) < next_try - instant.wall() < timedelta(seconds=61)
    assert ticker.tick(drill) == 0, "tried again at once"
    feeding.rows("UPDATE tick_retry SET next_try = now()")
    ticker.tick(drill)
    ((_, attempts, next_try, _),) = ticker.failures(drill)
    assert attempts == 2
    assert next_try - instant.wall() > timedelta(seconds=110)
    feeding.rows("UPDATE case_row SET state = %s WHERE id = %s", [text, bad])
    feeding.rows("UPDATE tick_retry SET next_try = now()")
    assert ticker.tick(drill) == 1
    assert ticker.failures(drill) == []
    assert spoken(drill, bad)


def test_a_case_that_stays_due_does_not_spin(drill):
    (case,) = reports(drill, 1)
    feeding.rows("UPDATE case_row SET next_due = %s WHERE id = %s", [MONDAY - timedelta(hours=1), case])
    assert ticker.tick(drill) == 1
    assert ticker.tick(drill) == 0
    assert ticker.failures(drill)[0][3] == "due still after its tick"


def test_a_step_taken_meanwhile_is_not_undone_and_time_is_told_of_it(drill):
    (case,) = reports(drill, 1)
    worlds.set_virtual_now(drill, MUCH_LATER)
    api.submit(c.Accept(), by=rooms.actor(cast.ZHOU), case=case, purpose="test", world=drill)
    while ticker.tick(drill):
        pass
    kinds = [type(recorded.event).__name__ for recorded in api.events_of(case, drill)]
    assert "Accepted" in kinds
    assert due(drill) == 0


def test_a_clock_run_on_gives_each_event_its_own_time(drill):
    (case,) = reports(drill, 1)
    assert ticker.advance_to(drill, MUCH_LATER) >= 3
    assert instant.now(drill) == MUCH_LATER
    told = [r for r in api.events_of(case, drill) if isinstance(r.event, e.ClockWarned | e.Escalated | e.ClockBroken)]
    assert len(told) >= 3
    for recorded in told:
        planned = recorded.event.due if isinstance(recorded.event, e.ClockBroken) else recorded.event.at
        assert recorded.at == planned


def test_each_world_ticks_by_its_own_clock(drill):
    (here,) = reports(1, 1)
    (there,) = reports(drill, 1)
    worlds.set_virtual_now(drill, MUCH_LATER)
    ticker.tick_all()
    assert spoken(1, here) == []
    assert spoken(drill, there)


@pytest.mark.parametrize("stage", sorted(IMPORTED))
def test_no_tick_leaves_for_an_instant_that_was_past_when_it_came_in(stage):
    past = MONDAY - timedelta(days=30)
    command = c.ImportCase(
        1, "ab", "manhole", "p", "old system", "7", cast.CHENGGUAN, past, past + timedelta(days=3), stage=stage
    )
    ctx = c.Ctx(MONDAY, "system", "system", frozenset({"system"}))
    rules = Rules(books.city(), CHINA)
    (event,) = kernel.decide(rules, None, command, ctx)
    state = kernel.evolve(None, e.Recorded(1, event, "system", "system", MONDAY, MONDAY, "city-2025"))
    next_due = kernel.due(state)
    assert next_due is None or next_due > MONDAY
    assert kernel.decide(rules, state, c.Tick(), ctx) == ()


def test_the_due_are_found_through_the_index(drill):
    reports(drill, 3)
    with connection.cursor() as cursor:
        cursor.execute("SET enable_seqscan = off")
        cursor.execute("EXPLAIN " + ticker._CLAIM, [drill, MUCH_LATER, MUCH_LATER, 100])
        plan = "\n".join(line for (line,) in cursor.fetchall())
        cursor.execute("RESET enable_seqscan")
    assert "case_ticker" in plan
    assert "Sort" not in plan

"""A stretch of virtual time in one transaction is the same as one command after the other with a punctual ticker."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import rooms
from bihuan.desk import api, identity, ticker, worlds
from bihuan.desk.change import load
from bihuan.desk.virtual import Report, Step, digest, play
from bihuan.kernel import commands as c
from bihuan.kernel.case import Proof, Stage
from bihuan.kernel.refused import Refused
from bihuan.testing import cast

START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
WAY = [
    (c.Accept(), cast.ZHOU),
    (c.Dispatch(), cast.ZHOU),
    (c.TakeTask(1), cast.WEI),
    (c.ReleaseTask(1, "换人"), cast.WEI),
    (c.TakeTask(1), cast.XU),
    (c.FinishTask(1, (Proof("photo_after", "p"),)), cast.XU),
    (c.Verify(accept=False, reason="没盖好"), cast.SU),
    (c.FinishTask(1, (Proof("photo_after", "q"),)), cast.XU),
    (c.Verify(accept=True), cast.SU),
]


@pytest.fixture(autouse=True)
def district(clean_db):
    identity.forget_numbers()
    rooms.install()


def intake(number=0):
    return api.Intake("manhole", "500103010", "portal", {"text": f"第 {number} 件"})


def resident(number=0):
    return api.Actor(str(uuid.uuid5(uuid.NAMESPACE_OID, f"resident {number}")), "", frozenset({"reporter"}))


def world(key):
    return worlds.create(key, "simulation", starts=START)


def one_by_one(into, plan):
    """``plan``: for each case the minutes of its report and of its steps."""
    moments = [(START + at * MINUTE, n, k) for n, each in enumerate(plan) for k, at in enumerate(each)]
    cases = {}
    for at, number, k in sorted(moments):
        ticker.advance_to(into, at)
        if k == 0:
            cases[number] = api.report(intake(number), by=resident(number), purpose="x", world=into).case
        else:
            command, by = WAY[k - 1]
            api.submit(command, by=rooms.actor(by), case=cases[number], purpose="x", world=into)
    ticker.advance_to(into, START + timedelta(days=20))


def in_stretches(into, plan, length):
    reports = sorted((START + each[0] * MINUTE, n) for n, each in enumerate(plan))
    steps = sorted((START + at * MINUTE, n, k) for n, each in enumerate(plan) for k, at in enumerate(each) if k)
    cases, now = {}, START
    while now < START + timedelta(days=20):
        end = min(now + length, START + timedelta(days=20))
        due = [(at, n) for at, n in reports if now < at <= end]
        mine = {}
        for at, n, k in steps:
            if now < at <= end:
                command, by = WAY[k - 1]
                mine.setdefault(cases.get(n), []).append(Step(at, rooms.actor(by), command))
        played = play(into, end, [Report(at, resident(n), intake(n)) for at, n in due], mine)
        assert not played.refused
        cases |= {n: outcome.case for (_, n), outcome in zip(due, played.reports, strict=True)}
        now = end


plans = st.lists(
    st.lists(st.integers(1, 4000), min_size=len(WAY), max_size=len(WAY)).map(sorted), min_size=1, max_size=3
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(plans, st.sampled_from([60, 333, 1440]))
def test_the_same_histories_come_out(gaps, minutes):
    # Reports come a minute apart on the first day; the steps begin on the second.
    plan = [[n + 1, *(1441 + at for at in each)] for n, each in enumerate(gaps)]
    a, b = world(f"a{uuid.uuid4().hex}"), world(f"b{uuid.uuid4().hex}")
    one_by_one(a, plan)
    in_stretches(b, plan, timedelta(minutes=minutes))
    assert digest(a) == digest(b)


def test_a_refused_step_is_told_and_the_others_stand():
    into = world("w")
    made = play(into, START + MINUTE, [Report(START + MINUTE, resident(), intake())], {}).reports[0]
    steps = [
        Step(START + 2 * MINUTE, rooms.actor(cast.ZHOU), c.Accept()),
        Step(START + 3 * MINUTE, rooms.actor(cast.ZHOU), c.FinishTask(1)),
        Step(START + 4 * MINUTE, rooms.actor(cast.ZHOU), c.Dispatch()),
    ]
    played = play(into, START + 5 * MINUTE, [], {made.case: steps})
    assert [(case, why.code) for case, _, why in played.refused] == [(made.case, "wrong-stage")]
    assert load(made.case, into).state.stage is Stage.DISPATCHED


def test_a_clock_speaks_before_a_later_step_and_after_an_earlier_one():
    into = world("w")
    made = play(into, START + MINUTE, [Report(START + MINUTE, resident(), intake())], {}).reports[0]
    accept = next(k for k in load(made.case, into).state.clocks if k.key == "accept")
    play(into, accept.due + MINUTE, [], {made.case: [Step(accept.due - MINUTE, rooms.actor(cast.ZHOU), c.Accept())]})
    assert load(made.case, into).state.overdue == 0


def test_words_go_to_the_vault_and_the_audit_is_clean():
    into = world("w")
    made = play(into, START + MINUTE, [Report(START + MINUTE, resident(), intake())], {}).reports[0]
    say = Step(START + 2 * MINUTE, rooms.actor(cast.ZHOU), c.Accept(), {"work": "马上去"})
    again = Step(START + 3 * MINUTE, rooms.actor(cast.ZHOU), c.Oversee("remind", "", "请快一点"))
    play(into, START + 4 * MINUTE, [], {made.case: [say, again]})
    assert api.audit(into).problems == []
    view = api.read_case(rooms.actor(cast.ZHOU), made.case, purpose="x", world=into)
    assert "马上去" in {text.text for text in view.texts.values()}
    assert "请快一点" in str(view.history)


def test_the_real_world_and_time_that_runs_back_are_refused():
    with pytest.raises(Refused, match="real-time-is-not-set"):
        play(1, datetime.now(UTC), [], {})
    into = world("w")
    with pytest.raises(Refused, match="time-runs-forward"):
        play(into, START + MINUTE, [Report(START - MINUTE, resident(), intake())], {})
    with pytest.raises(api.NotFound):
        play(into, START + MINUTE, [], {uuid.uuid4(): [Step(START, rooms.actor(cast.ZHOU), c.Accept())]})


def test_the_digest_tells_one_history_from_another():
    a, b, other = world("a"), world("b"), world("c")
    for into, minutes in ((a, 1), (b, 1), (other, 2)):
        play(into, START + 5 * MINUTE, [Report(START + minutes * MINUTE, resident(), intake())], {})
    assert digest(a) == digest(b) != digest(other)

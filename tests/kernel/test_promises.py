"""A date of the case's own: what was promised for this very matter holds where it is earlier than the rule."""

from datetime import timedelta

from hypothesis import given as forall
from hypothesis import strategies as st

from bihuan.kernel import clocks
from bihuan.kernel.case import Stage
from bihuan.kernel.commands import Absorb, AskExtend, Grant, Register, Tick, Verify, hand_over
from bihuan.testing import given
from bihuan.testing.books import city
from bihuan.testing.cast import CHENGGUAN, GU, LIN, SU, SYSTEM, WEI, ZHOU

DAY = timedelta(days=1)


def promised(due, by=ZHOU, kind="manhole"):
    case = given(city())
    return case.when(Register(1, "r1", kind, "0103-001", "desk", due=case.instant(due)), by=by)


def test_an_earlier_promise_holds_instead_of_the_rule():
    case = promised("2025-03-04 23:59").accepted().dispatched(CHENGGUAN)
    assert case.clock("handle").due == case.instant("2025-03-04 23:59") == case.state.promised
    assert case.count("ClockTightened") == 1
    case.until("2025-03-05 00:00")
    assert case.clock("handle").broken == case.instant("2025-03-04 23:59")


def test_a_later_promise_never_lengthens_what_the_rule_gives():
    case = promised("2025-12-31 23:59").accepted().dispatched(CHENGGUAN)
    assert str(case.due_on("handle")) == "2025-03-06"
    assert case.count("ClockTightened") == 0


def test_what_is_past_cannot_be_promised():
    promised("2025-03-03 09:00").then_refused("promised-past", law=3)


def test_only_a_post_promises_a_resident_does_not():
    promised("2025-03-04 23:59", by=LIN).then_refused("wrong-role", law=2)


def test_the_ladder_is_climbed_along_the_promise():
    case = promised("2025-03-04 09:00", kind="rubbish").accepted().dispatched(CHENGGUAN)
    alarms = {alarm.kind: alarm.at for alarm in case.clock("handle").alarms}
    assert alarms["warn"] == case.instant("2025-03-03 21:00")


def test_a_promise_that_passed_before_anybody_was_asked_is_broken_at_once():
    case = promised("2025-03-04 09:00").accepted().at("2025-03-05 09:00").dispatched(CHENGGUAN)
    case.when(Tick(), by=SYSTEM).then("ClockBroken")


def test_the_promise_stands_through_rework_and_is_extended_only_with_approval():
    case = promised("2025-03-04 23:59").accepted().dispatched(CHENGGUAN)
    case.must(AskExtend("handle", 1, "等材料"), by=WEI).must(Grant(1), by=GU)
    assert str(case.due_on("handle")) == "2025-03-05"
    case.finished().must(Verify(accept=False, reason="不合格"), by=SU).finished().closed()
    assert case.state.stage is Stage.CLOSED


def test_merged_the_earlier_promise_goes_along():
    other = promised("2025-03-04 23:59").accepted().dispatched(CHENGGUAN)
    case = given(city()).reported("manhole", number=2, receipt="r2").accepted().dispatched(CHENGGUAN)
    handed = hand_over("case-1", other.state)
    assert isinstance(handed, Absorb)
    case.must(handed, by=ZHOU)
    assert case.clock("handle").due == other.state.promised


@forall(st.integers(1, 24 * 40), st.integers(0, 24 * 10))
def test_no_handling_is_ever_due_after_its_promise_nor_after_its_rule(ahead, waited):
    case = given(city())
    due = case.now + timedelta(hours=ahead)
    case.must(Register(1, "r1", "rubbish", "0103-001", "desk", due=due), by=ZHOU).accepted().after(hours=waited)
    case.dispatched(CHENGGUAN)
    handle = case.clock("handle")
    rule = next(one for one in case.rules.book.clocks if one.key == "handle")
    by_rule = clocks.start(case.rules, rule, "handle", case.now).due
    assert handle.due == min(due, by_rule)
    assert clocks.recompute(case.rules, handle, case.now).due == handle.due

"""P18: a wall with writing on it. The clue holds up the demolition until those who laid the hold lift it."""

from bihuan.kernel.commands import AddTask, FinishTask, LayHold, LiftHold, TakeTask, Verify
from bihuan.testing import given
from bihuan.testing.books import projects
from bihuan.testing.cast import FENG, HERITAGE, KE, LIN, PAN, ZHOU, ZHUJIAN

HOLD = LayHold("clue-1", "demolish", "疑似抗战时期题刻", "文物保护法 31")
LIFT = LiftHold("clue-1", "认定不属文物")


def under_way():
    case = given(projects()).reported("renewal", by=ZHOU)
    case.must(AddTask(ZHUJIAN, "demolish"), by=PAN).must(AddTask(ZHUJIAN, "paint"), by=PAN)
    return case


def test_demolition_can_neither_start_nor_finish_and_the_rest_goes_on():
    case = under_way().must(HOLD, by=KE)
    case.when(TakeTask(2), by=PAN).then_refused("held")
    case.when(FinishTask(2), by=PAN).then_refused("held")
    assert "clue-1" in str(case.answer)
    case.when(TakeTask(3), by=PAN).then("TaskTaken")


def test_what_has_started_stops_too():
    case = under_way().must(TakeTask(2), by=PAN).must(HOLD, by=KE)
    case.when(FinishTask(2), by=PAN).then_refused("held")


def test_only_the_unit_that_laid_it_lifts_it():
    case = under_way().must(HOLD, by=KE)
    case.when(LIFT, by=PAN).then_refused("not-your-hold", law=2)
    case.when(LIFT, by=ZHOU).then_refused("not-your-hold", law=2)
    case.when(LiftHold("clue-1", ""), by=KE).then_refused("reason-missing")
    case.when(LIFT, by=KE).then("HoldLifted")
    case.when(TakeTask(2), by=PAN).then("TaskTaken")
    case.when(LIFT, by=KE).then_refused("no-such-hold")


def test_a_hold_has_a_ground_and_is_laid_once():
    case = under_way()
    case.when(LayHold("clue-1", "demolish", "可疑", ""), by=KE).then_refused("rule-missing")
    case.when(HOLD, by=LIN).then_refused("wrong-role")
    case.must(HOLD, by=KE).when(HOLD, by=KE).then_refused("already-held")
    assert case.state.holds[0].unit == HERITAGE


def test_a_hold_on_everything_also_keeps_the_case_from_closing():
    case = given(projects()).reported("renewal", by=ZHOU).finished(1, PAN)
    case.must(LayHold("clue-1", "*", "疑似题刻", "文物保护法 31"), by=KE)
    case.when(Verify(accept=True), by=FENG).then_refused("held")
    case.must(LIFT, by=KE).when(Verify(accept=True), by=FENG).then("Closed")


def test_a_merge_is_no_way_round_a_hold():
    lead = given(projects()).reported("renewal", by=ZHOU)
    under_way().must(HOLD, by=KE).merged_into(lead)
    lead.must(AddTask(ZHUJIAN, "demolish"), by=PAN).when(TakeTask(2), by=PAN).then_refused("held")

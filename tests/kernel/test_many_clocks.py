"""P6: stop, punish, demolish. One case, three promises, each with its own unit of time."""

from bihuan.kernel.calendar import Unit
from bihuan.kernel.case import Stage
from bihuan.kernel.commands import FinishTask, TakeStep, TakeTask
from bihuan.testing import given
from bihuan.testing.books import city
from bihuan.testing.cast import CHENGGUAN, GU, WEI


def dispatched():
    return given(city(), "2025-03-03 10:00").reported("illegal").accepted().dispatched(CHENGGUAN)


def test_three_clocks_start_together_and_say_what_they_rest_on():
    case = dispatched()
    found = {key: (case.clock(key).amount, case.clock(key).unit) for key in ("stop", "punish", "demolish")}
    assert found == {
        "stop": (4, Unit.OFFICE_HOUR),
        "punish": (7, Unit.WORKING_DAY),
        "demolish": (20, Unit.WORKING_DAY),
    }
    assert all(clock.basis for clock in case.state.clocks)
    assert case.clock("stop").due == case.instant("2025-03-03 16:00")  # two hours before noon, two from 14:00
    assert str(case.due_on("punish")) == "2025-03-12"
    assert str(case.due_on("demolish")) == "2025-03-31"


def test_each_step_stops_its_own_clock():
    case = dispatched().must(TakeTask(1), by=WEI)
    case.when(TakeStep("stopped"), by=WEI).then("StepTaken", "ClockStopped")
    assert not case.clock("stop").is_ticking
    assert case.clock("punish").is_running
    assert case.clock("demolish").is_running


def test_no_step_comes_before_the_one_it_needs_and_none_twice():
    case = dispatched()
    case.when(TakeStep("demolished"), by=WEI).then_refused("step-too-early")
    case.must(TakeStep("stopped"), by=WEI).when(TakeStep("stopped"), by=WEI).then_refused("step-done")
    case.when(TakeStep("burnt"), by=WEI).then_refused("unknown-step")


def test_a_step_is_for_the_role_that_may_take_it():
    dispatched().when(TakeStep("stopped"), by=GU).then_refused("wrong-role")


def test_one_clock_breaks_and_the_others_run_on():
    case = dispatched().until("2025-03-04 09:00")
    assert case.clock("stop").broken is not None
    assert case.state.overdue == 1
    assert case.clock("punish").broken is None


def test_nobody_answers_while_one_of_the_three_is_owed():
    case = dispatched().must(TakeStep("stopped"), by=WEI).must(TakeStep("punished"), by=WEI)
    case.when(FinishTask(1), by=WEI).then_refused("step-open", law=3)
    case.must(TakeStep("demolished"), by=WEI).when(FinishTask(1), by=WEI).then("Answered")
    case.closed()
    assert case.state.stage is Stage.CLOSED

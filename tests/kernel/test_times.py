"""Every event has two times. What was done in time and told late broke nothing; what is imported says so."""

import pytest

from bihuan.kernel import due
from bihuan.kernel.case import Stage
from bihuan.kernel.commands import Accept, Dispute, FinishTask, ImportCase, Register, TakeTask, Tick, Verify
from bihuan.testing import given
from bihuan.testing.books import city
from bihuan.testing.cast import CHENGGUAN, LIN, SU, SYSTEM, WEI, ZHOU


def handled():
    return given(city()).reported("rubbish").accepted().dispatched(CHENGGUAN)


def imported(**more):
    case = given(city(), "2025-03-03 09:00")
    old = {
        "number": 7, "receipt": "r7", "category": "rubbish", "place": "0103", "source": "old", "source_id": "A-7",
        "unit": CHENGGUAN, "opened": case.instant("2019-05-06 10:00"), "closed": case.instant("2019-05-07 10:00"),
    }  # fmt: skip
    return case.when(ImportCase(**{**old, **more}), by=SYSTEM)


def test_finished_in_time_and_told_late_breaks_nothing():
    case = handled().until("2025-03-07 09:00")
    assert case.state.overdue == 1
    assert case.clock("handle").broken is not None
    case.at("2025-03-06 18:00").must(FinishTask(1), by=WEI, recorded="2025-03-07 10:00")
    assert case.state.overdue == 0
    assert case.clock("handle").broken is None
    assert case.history[-1].at < case.history[-1].recorded


def test_finished_late_stays_broken():
    case = handled().until("2025-03-07 09:00").must(FinishTask(1), by=WEI)
    assert case.state.overdue == 1


def test_a_broken_promise_that_stays_broken_is_not_broken_twice():
    case = handled().until("2025-03-07 09:00").finished()
    case.must(Verify(accept=False, reason="未清净"), by=SU).until("2025-03-20 09:00")
    assert case.count("ClockBroken") == 1


def test_told_late_and_not_accepted_no_time_passed_in_between():
    case = handled().at("2025-03-05 12:00").must(TakeTask(1), by=WEI)
    case.at("2025-03-05 11:00").must(FinishTask(1), by=WEI, recorded="2025-03-05 15:00")
    case.at("2025-03-05 16:00").must(Verify(accept=False, reason="未清净"), by=SU)
    assert str(case.due_on("handle")) == "2025-03-06"


def test_nothing_happens_to_a_case_before_it_is_there():
    handled().at("2025-03-03 08:00").when(TakeTask(1), by=WEI).then_refused("time-before-case", law=5)


def test_a_tick_says_everything_that_is_due_and_then_nothing():
    case = handled().at("2025-03-20 09:00").when(Tick(), by=SYSTEM).then("ClockWarned", "Escalated", "ClockBroken")
    assert due(case.state) is None
    case.when(Tick(), by=SYSTEM).then_nothing()


def test_a_tick_before_its_time_says_nothing():
    case = handled()
    next_due = due(case.state)
    assert next_due is not None
    assert next_due > case.now
    case.when(Tick(), by=SYSTEM).then_nothing()


def test_what_is_not_there_is_not_there_for_any_command():
    for command in (Accept(), Tick(), TakeTask(1), Dispute("x")):
        given(city()).when(command, by=ZHOU).then_refused("no-such-case", law=1)


def test_a_case_is_registered_once():
    report = Register(2, "r2", "rubbish", "0103", "web")
    handled().when(report, by=LIN).then_refused("already-registered", law=1)
    given(city()).when(Register(1, "r", "unheard-of", "", "web"), by=LIN).then_refused("unknown-category")


def test_a_report_without_a_category_is_registered_and_waits_for_one():
    case = given(city()).reported("")
    case.when(Accept(), by=ZHOU).then_refused("category-missing")
    from bihuan.kernel.commands import Recategorise

    case.when(Recategorise("", "看过了"), by=ZHOU).then_refused("category-missing")
    case.must(Recategorise("rubbish", "看过了"), by=ZHOU).accepted().dispatched()


def test_an_order_from_above_is_filed_without_a_look():
    case = given(city()).reported("rubbish", is_order=True)
    assert case.state.stage is Stage.ACCEPTED
    assert case.clock("dispatch").is_running


def test_imported_history_has_no_clocks_and_says_where_it_comes_from():
    case = imported().then("ImportedCase")
    assert case.state.is_imported
    assert case.state.stage is Stage.CLOSED
    assert case.state.clocks == ()
    assert due(case.state) is None
    case.at("2030-01-01 09:00").when(Tick(), by=SYSTEM).then_nothing()


def test_an_import_names_its_source():
    imported(source="").then_refused("source-missing", law=5)
    imported(source_id="").then_refused("source-missing", law=5)


def test_an_import_keeps_the_order_of_time():
    case = given(city(), "2025-03-03 09:00")
    imported(closed=case.instant("2019-05-05 10:00")).then_refused("import-times", law=5)
    imported(opened=case.instant("2025-03-04 10:00"), closed=None).then_refused("import-times", law=5)


@pytest.mark.parametrize("stage", [Stage.DISPATCHED, Stage.WORKING, Stage.ANSWERED, Stage.VERIFYING, Stage.MERGED])
def test_what_was_under_way_elsewhere_is_dispatched_again_here(stage):
    imported(stage=stage, closed=None).then_refused("import-stage", law=3)


def test_an_imported_open_case_goes_on_as_any_other():
    case = imported(stage=Stage.ACCEPTED, closed=None, unit="").then("ImportedCase")
    case.dispatched().finished().closed()
    assert case.state.stage is Stage.CLOSED


def test_an_imported_closed_case_can_be_disputed_and_lands_at_the_desk():
    from bihuan.testing.cast import ARBITER

    case = imported().when(Dispute("群众再次反映"), by=ARBITER).then("Disputed", "Reopened", "Accepted", "ClockStarted")
    assert case.state.lead == case.state.desk
    case.dispatched().finished().closed()

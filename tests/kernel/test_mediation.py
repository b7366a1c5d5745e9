"""P14: 人民调解. Nobody is mediated against his will, and an agreement has thirty days to be confirmed by the court."""

from bihuan.kernel.case import Stage
from bihuan.kernel.commands import Dispute, FollowUp, TakeStep, Verify
from bihuan.kernel.events import Declined, Escalated
from bihuan.testing import given
from bihuan.testing.books import mediation
from bihuan.testing.cast import COMMUNITY, HAN, LIN, MEDIATION, MENG, Person

ROUTES = (("routes", "仲裁、行政途径或诉讼"), ("reason", "一方明确拒绝"))
AGREEMENT = (("agreement", "协议书 1"),)
CHEN = Person("陈晨", COMMUNITY, frozenset({"triage", "dispatcher", "verifier"}))


def at_the_table():
    case = given(mediation(), "2025-03-03 09:00").reported("neighbours").accepted(CHEN)
    return case.dispatched(by=CHEN).must(TakeStep("consented"), by=HAN)


def agreed():
    case = at_the_table().at("2025-03-10 16:00").must(TakeStep("agreed", AGREEMENT), by=HAN)
    return case.finished(1, HAN).must(Verify(accept=True, outcome="agreed"), by=CHEN)


def test_a_refusal_by_one_party_stops_everything_and_tells_the_routes():
    case = at_the_table()
    case.when(TakeStep("refused"), by=HAN).then_refused("step-data-missing")
    case.when(TakeStep("refused", ROUTES), by=HAN).then("StepTaken", "TaskCancelled", "Declined", "ClockStopped")
    assert case.state.stage is Stage.DECLINED
    assert not any(clock.is_ticking for clock in case.state.clocks)
    [declined] = [one.event for one in case.history if isinstance(one.event, Declined)]
    assert (declined.rightful_route, declined.reason) == ("仲裁、行政途径或诉讼", "一方明确拒绝")
    assert declined.rule == "人民调解法 17, 26"


def test_after_a_refusal_nobody_is_brought_back_to_the_table():
    case = at_the_table().must(TakeStep("refused", ROUTES), by=HAN)
    case.when(TakeStep("agreed", AGREEMENT), by=HAN).then_refused("wrong-stage")
    case.must(Dispute("另一方又愿意了"), by=LIN).dispatched(by=CHEN)
    case.when(TakeStep("consented"), by=HAN).then_refused("step-done")
    case.when(TakeStep("agreed", AGREEMENT), by=HAN).then_refused("step-blocked")


def test_there_is_no_agreement_without_consent_and_without_its_paper():
    case = given(mediation()).reported("neighbours").accepted(CHEN).dispatched(by=CHEN)
    case.when(TakeStep("agreed", AGREEMENT), by=HAN).then_refused("step-too-early")
    at_the_table().when(TakeStep("agreed"), by=HAN).then_refused("step-data-missing")


def test_an_agreement_starts_thirty_days_that_outlive_the_closing():
    case = agreed()
    assert case.state.stage is Stage.CLOSED
    assert str(case.due_on("confirm")) == "2025-04-09"
    assert case.clock("confirm").is_ticking


def test_on_the_thirtieth_day_the_committee_is_reminded_and_nothing_breaks():
    case = agreed().until("2025-04-10 09:00")
    [reminder] = [one.event for one in case.history if isinstance(one.event, Escalated)]
    assert (reminder.clock, reminder.action, reminder.to) == ("confirm", "remind", MEDIATION)
    assert case.state.overdue == 0


def test_confirmed_in_time_nobody_is_reminded():
    case = agreed().at("2025-03-20 10:00").when(TakeStep("confirmed"), by=HAN).then("StepTaken", "ClockStopped")
    case.until("2025-06-01 09:00")
    assert case.count("Escalated") == 0


def test_the_reminder_is_answered_and_the_case_archived():
    case = agreed().until("2025-04-10 09:00")
    case.when(FollowUp("confirm", is_settled=True), by=MENG).then_refused("wrong-role")
    case.when(FollowUp("confirm", is_settled=True), by=CHEN).then("FollowedUp", "ClockStopped", "Archived")

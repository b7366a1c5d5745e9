"""Dispute, reopening with the time kept, follow-ups at T+30 and T+90, the archive."""

from bihuan.kernel.case import Stage
from bihuan.kernel.commands import Archive, Dispute, FollowUp, Verify
from bihuan.kernel.events import Escalated
from bihuan.testing import given
from bihuan.testing.books import city
from bihuan.testing.cast import ARBITER, CENTRE, CHENGGUAN, FENG, HE, LIN, SU, SYSTEM, WEI, XU, ZHOU, Person


def closed(start="2025-03-03 09:00"):
    return given(city(), start).reported("rubbish").accepted().dispatched(CHENGGUAN).finished().closed()


def test_a_dispute_reopens_the_same_case_and_reaches_the_unit_that_closed_it():
    case = closed().at("2025-03-10 09:00")
    case.when(Dispute(""), by=LIN).then_refused("reason-missing")
    case.when(Dispute("又堆满了"), by=LIN).then("Disputed", "Reopened", "TaskReopened", "ClockResumed")
    assert (case.state.stage, case.state.lead, case.state.reopens) == (Stage.WORKING, CHENGGUAN, 1)
    assert case.state.is_disputed
    case.finished().closed()
    assert not case.state.is_disputed


def test_the_time_used_before_is_kept():
    case = given(city()).reported("rubbish").accepted().dispatched(CHENGGUAN)
    case.at("2025-03-05 10:00").finished().closed()  # two of three working days used
    case.at("2025-03-17 09:00").must(Dispute("又堆满了"), by=LIN)
    assert str(case.due_on("handle")) == "2025-03-18"


def test_only_the_reporter_or_oversight_disputes():
    closed().when(Dispute("不满意"), by=HE).then_refused("not-the-reporter", law=4)
    closed().when(Dispute("不满意"), by=WEI).then_refused("not-the-reporter", law=4)
    closed().when(Dispute("抽查不合格"), by=ARBITER).then("Reopened")


def test_whoever_holds_the_receipt_of_an_anonymous_report_disputes_too():
    nobody = Person("", "", frozenset())
    case = given(city()).reported("rubbish", by=nobody).accepted().dispatched(CHENGGUAN).finished().closed()
    case.when(Dispute("没清"), by=nobody).then_refused("not-the-reporter")
    case.when(Dispute("没清"), by=Person("", "", frozenset({"reporter"}))).then("Reopened")


def test_an_open_case_is_not_disputed():
    given(city()).reported("rubbish").when(Dispute("太慢"), by=LIN).then_refused("wrong-stage")


def test_thirty_and_ninety_days_later_the_desk_asks_whether_it_is_settled():
    case = closed().until("2025-06-10 09:00")
    asked = [(one.event.clock, one.event.to) for one in case.history if isinstance(one.event, Escalated)]
    assert asked == [("followup:30", CENTRE), ("followup:90", CENTRE)]
    assert case.state.overdue == 0


def test_a_closed_case_that_owes_a_follow_up_is_not_archived():
    case = closed()
    case.when(Archive(), by=ZHOU).then_refused("followup-owed", law=3)
    case.when(FollowUp("verify", is_settled=True), by=FENG).then_refused("no-such-clock")
    case.when(FollowUp("followup:30", is_settled=True), by=WEI).then_refused("own-work", law=4)
    case.when(FollowUp("followup:30", is_settled=True), by=XU).then_refused("wrong-role")
    case.when(FollowUp("followup:30", is_settled=True), by=FENG).then("FollowedUp")
    case.when(FollowUp("followup:90", is_settled=True), by=SU).then("FollowedUp", "Archived")
    assert not any(clock.is_ticking for clock in case.state.clocks)


def test_not_settled_it_is_open_again_and_asked_about_anew_after_the_next_closing():
    case = closed().at("2025-04-02 10:00")
    case.when(FollowUp("followup:30", is_settled=False), by=FENG).then_refused("reason-missing")
    case.when(FollowUp("followup:30", is_settled=False, reason="又堆了"), by=FENG).then("Reopened", "ClockResumed")
    assert not case.clock("followup:90").is_ticking
    case.finished().closed()
    assert str(case.due_on("followup:30#2")) == "2025-05-06"  # the 2nd is a holiday: it rolls
    assert case.clock("followup:90#2").is_ticking


def test_an_archived_case_can_still_be_disputed():
    case = closed()
    for clock in ("followup:30", "followup:90"):
        case.must(FollowUp(clock, is_settled=True), by=FENG)
    case.when(Dispute("又坏了"), by=LIN).then("Reopened", "ClockResumed")
    assert case.state.stage is Stage.WORKING


def test_a_declined_case_is_archived_by_the_desk():
    from bihuan.kernel.commands import Decline

    case = given(city()).reported("rubbish").must(Decline("属物业", "物业管理条例 35", "物业公司"), by=ZHOU)
    case.when(Archive(), by=WEI).then_refused("wrong-role")
    case.when(Archive(), by=SYSTEM).then("Archived")


def test_the_worker_does_not_verify_after_a_dispute_either():
    case = closed().must(Dispute("又堆满了"), by=LIN).finished(1, WEI)
    case.when(Verify(accept=True), by=WEI).then_refused("own-work", law=4)

"""P10 and P11: the dates of 信访工作条例 articles 22, 23, 34 and 36, to the day."""

from bihuan.kernel.case import Proof, Stage
from bihuan.kernel.commands import (
    Accept,
    AskExtend,
    Decline,
    Dispute,
    FinishTask,
    Grant,
    Register,
    ReturnTask,
    TakeStep,
)
from bihuan.testing import given
from bihuan.testing.books import petitions
from bihuan.testing.cast import BAI, HE, JIANG, LIN, SHEN, STREET, SYSTEM

LETTER = (("letter", "告知书 1"),)


def forwarded():
    case = given(petitions(), "2025-01-24 10:00").reported("claim").accepted(BAI)
    return case.dispatched(by=BAI)


def admitted():
    return forwarded().at("2025-02-08 15:00").must(TakeStep("admitted", LETTER), by=SHEN)


def test_a_unit_that_is_not_competent_objects_within_five_working_days():
    case = forwarded()
    assert str(case.due_on("objection")) == "2025-02-07"
    case.at("2025-02-07 17:00").when(ReturnTask(1, "非本机关职权", "信访工作条例 23"), by=SHEN).then("Asked")


def test_after_the_fifth_working_day_it_can_no_longer_object():
    case = forwarded().at("2025-02-08 09:00")
    case.when(ReturnTask(1, "非本机关职权", "信访工作条例 23"), by=SHEN).then_refused("objection-late")


def test_the_next_unit_has_five_working_days_of_its_own():
    case = forwarded().at("2025-02-07 17:00").must(ReturnTask(1, "非本机关职权", "信访工作条例 23"), by=SHEN)
    case.must(Grant(1), by=BAI).at("2025-02-10 09:00").dispatched("community", by=BAI)
    assert str(case.due_on("objection#2")) == "2025-02-17"
    assert str(case.due_on("notice#2")) == "2025-02-25"


def test_the_petitioner_is_told_in_writing_within_fifteen_days():
    case = forwarded()
    assert str(case.due_on("notice")) == "2025-02-08"  # a Saturday, and an adjusted working day
    assert case.clock("notice").inner is None
    case.when(TakeStep("admitted"), by=SHEN).then_refused("step-data-missing")
    case.when(TakeStep("admitted", LETTER), by=SHEN).then("StepTaken", "ClockStopped", "ClockStarted")


def test_the_sixty_days_start_when_it_is_admitted_and_not_before():
    case = forwarded()
    assert case.state.clock("finish") is None
    case = admitted()
    assert str(case.due_on("finish")) == "2025-04-09"


def test_nobody_answers_before_it_is_admitted():
    forwarded().when(FinishTask(1), by=SHEN).then_refused("proof-missing", law=4)
    forwarded().when(FinishTask(1, (Proof("opinion", "o1"),)), by=SHEN).then_refused("step-open", law=3)


def test_an_extension_needs_an_approver_who_is_not_the_asker():
    case = admitted()
    case.when(Grant(1), by=JIANG).then_refused("no-such-request")
    case.when(AskExtend("finish", 30, "需现场鉴定"), by=JIANG).then("Asked")
    assert str(case.due_on("finish")) == "2025-04-09"
    case.when(Grant(1), by=JIANG).then_refused("approve-own", law=3)
    case.when(Grant(1), by=SHEN).then_refused("wrong-role")


def test_extended_by_thirty_days_once():
    case = admitted().must(AskExtend("finish", 30, "需现场鉴定"), by=SHEN)
    case.when(Grant(1), by=JIANG).then("Granted", "ClockExtended")
    assert str(case.due_on("finish")) == "2025-05-09"
    case.when(AskExtend("finish", 10, "再延"), by=SHEN).then_refused("extended-once")


def test_an_extension_is_asked_once_and_no_longer_than_the_law_allows():
    case = admitted()
    case.when(AskExtend("finish", 31, "需现场鉴定"), by=SHEN).then_refused("extension-too-long")
    case.must(AskExtend("finish", 30, "需现场鉴定"), by=SHEN)
    case.when(AskExtend("finish", 30, "再问一次"), by=SHEN).then_refused("already-asked")
    case.when(AskExtend("notice", 1, "晚一点"), by=SHEN).then_refused("no-such-clock")
    case.when(AskExtend("handle", 106, "晚一点"), by=SHEN).then_refused("extension-too-long")


def test_the_outcome_is_one_that_the_law_knows():
    case = admitted().finished(1, SHEN)
    assert case.state.stage is Stage.ANSWERED
    case.closed(by=BAI)
    assert case.state.outcome == "supported"


def again(**facts):
    """The same petitioner with the same facts, after the review is final."""
    case = given(petitions(), "2025-06-03 10:00")
    report = Register(number=2, receipt="r2", category="claim", place="0103", channel="letter", reporter=HE.name)
    return case.must(report, by=HE, prior_final="case-1", **facts)


def test_the_same_facts_after_the_final_review_are_not_accepted_again():
    again().when(Accept(), by=BAI).then_refused("already-final")


def test_the_letter_is_signed_by_a_person():
    case, decline = again(), Decline("已终结", "信访工作条例 36", "人民法院")
    case.when(decline, by=BAI).then_refused("letter-missing")
    signed = Decline("已终结", "信访工作条例 36", "人民法院", letter="letter-1")
    case.when(signed, by=SYSTEM).then_refused("human-signature-missing", law=9)
    case.when(signed, by=BAI).then("Declined")
    case.when(Dispute("我不服"), by=HE).then_refused("already-final")


def test_a_new_fact_opens_the_way_again():
    again().when(Accept(new_fact="新的鉴定结论"), by=BAI).then("Accepted", "ClockStarted")


def test_a_declined_case_names_the_rightful_route_and_may_be_disputed():
    case = given(petitions()).reported("claim")
    case.when(Decline("属劳动争议", "信访工作条例 31", ""), by=BAI).then_refused("route-missing", law=1)
    case.when(Decline("属劳动争议", "", "劳动仲裁"), by=BAI).then_refused("rule-missing", law=6)
    case.must(Decline("属劳动争议", "信访工作条例 31", "劳动仲裁"), by=BAI)
    case.when(Dispute("不是劳动争议"), by=HE).then_refused("not-the-reporter")
    case.when(Dispute("不是劳动争议"), by=LIN).then("Disputed", "Reopened", "Accepted", "ClockStarted")
    assert case.state.stage is Stage.ACCEPTED
    assert case.state.lead == case.state.desk
    case.dispatched(STREET, by=BAI)

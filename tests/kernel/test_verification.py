"""P5: a manhole. Who did the work never says that it is done."""

from bihuan.kernel.case import Proof, Stage
from bihuan.kernel.commands import Decline, FinishTask, SendToVerify, Verify
from bihuan.kernel.events import Closed
from bihuan.testing import given
from bihuan.testing.books import city
from bihuan.testing.cast import CHENGGUAN, FENG, LIN, LUO, SHEN, SONG, STREET, SU, SUPERVISION, WEI, XU, ZHOU


def answered():
    return given(city()).reported("manhole").accepted().dispatched(CHENGGUAN).finished()


def test_the_handler_cannot_verify_his_own_work():
    answered().when(Verify(accept=True), by=WEI).then_refused("own-work", law=4)


def test_his_colleague_cannot_verify_it_either():
    answered().when(Verify(accept=True), by=XU).then_refused("own-unit", law=4)


def test_a_verifier_who_rejects_sends_it_back_and_rework_is_counted():
    case = (
        answered()
        .when(Verify(accept=False, reason="井盖仍松动"), by=SU)
        .then("Reworked", "TaskReopened", "ClockResumed")
    )
    assert case.state.reworks == 1
    assert case.state.stage is Stage.WORKING
    case.finished().when(Verify(accept=True), by=SU).then("Closed")
    assert case.state.reworks == 1
    assert case.state.stage is Stage.CLOSED


def test_a_rejection_says_why():
    answered().when(Verify(accept=False), by=SU).then_refused("reason-missing")


def test_time_used_is_kept_through_rework():
    case = given(city()).reported("manhole").accepted().dispatched(CHENGGUAN)
    assert str(case.due_on("handle")) == "2025-03-06"
    case.at("2025-03-04 10:00").finished().at("2025-03-05 10:00")
    case.must(Verify(accept=False, reason="未复原"), by=SU)
    assert str(case.due_on("handle")) == "2025-03-07"


def test_each_answer_gets_a_verification_promise_of_its_own():
    case = answered().must(Verify(accept=False, reason="不合格"), by=SU).at("2025-03-10 09:00").finished()
    assert str(case.due_on("verify")) == "2025-03-04"
    assert str(case.due_on("verify#2")) == "2025-03-11"


def test_the_reporter_may_accept_the_answer_himself():
    answered().when(Verify(accept=True, how="reporter"), by=LIN).then("Closed")


def test_a_reporter_from_the_team_that_did_the_work_may_not():
    case = given(city()).reported("manhole", by=XU).accepted().dispatched(CHENGGUAN).finished()
    case.when(Verify(accept=True, how="reporter"), by=XU).then_refused("own-unit", law=4)


def test_a_stranger_is_not_the_reporter():
    case = given(city()).reported("manhole", by=LIN).accepted().dispatched(CHENGGUAN).finished()
    case.when(Verify(accept=True, how="reporter"), by=ZHOU).then_refused("not-the-reporter", law=4)


def test_nothing_is_finished_without_the_proof_that_the_category_asks_for():
    case = given(city()).reported("manhole").accepted().dispatched(CHENGGUAN)
    case.when(FinishTask(1), by=WEI).then_refused("proof-missing", law=4)
    case.when(FinishTask(1, (Proof("photo_after", "p1"),)), by=WEI).then("TaskFinished", "Answered")


def test_what_was_required_and_accepted_stands_in_the_closing_event():
    [closed] = [one.event for one in answered().closed().history if isinstance(one.event, Closed)]
    assert (closed.required, closed.proofs, closed.apart) == (("photo_after",), ("p-photo_after-1",), "unit")


def test_the_verifier_unit_must_be_another_than_the_workers():
    case = answered()
    case.when(SendToVerify(CHENGGUAN), by=ZHOU).then_refused("own-unit", law=4)
    case.when(SendToVerify(STREET), by=ZHOU).then("SentToVerify")
    case.when(Verify(accept=True), by=SU).then_refused("not-your-case", law=2)
    case.when(Verify(accept=True), by=SHEN).then("Closed")


def test_a_verifier_who_is_a_party_steps_aside():
    answered().when(Verify(accept=True), by=LUO, conflict=True).then_refused("conflict-of-interest")


def test_when_the_verifying_unit_did_the_work_itself_the_desk_asks_another():
    case = given(city()).reported("rubbish").accepted().dispatched(SUPERVISION)
    case.when(FinishTask(1), by=SONG).then("Answered")
    assert case.state.stage is Stage.ANSWERED
    case.when(Verify(accept=True), by=SU).then_refused("own-unit", law=4)
    case.when(SendToVerify(STREET), by=ZHOU).then("SentToVerify")
    case.when(Verify(accept=True), by=SHEN).then("Closed")


def test_sampling_is_for_scenes_that_allow_it_and_cases_not_drawn():
    answered().when(Verify(accept=True, how="sample"), by=SU, sampled=False).then_refused("no-sampling", law=4)


def test_an_answered_case_cannot_be_declined_away():
    answered().when(Decline("不归我管", "目录", "12345"), by=FENG).then_refused("wrong-stage")

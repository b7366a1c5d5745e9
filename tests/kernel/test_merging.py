"""Merge, unmerge, split, parent and child. No receipt is lost and no promise gets longer."""

from bihuan.kernel.case import Seal, Stage, TaskStatus
from bihuan.kernel.commands import (
    Absorb,
    Accept,
    AddChild,
    AddTask,
    Dispatch,
    FinishTask,
    Grant,
    MergeInto,
    Part,
    ReturnTask,
    TakeStep,
    TakeTask,
    Unmerge,
    Verify,
    hand_over,
)
from bihuan.testing import given
from bihuan.testing.books import city, petitions
from bihuan.testing.cast import BAI, CHENGGUAN, HE, LIN, PAN, SHEN, SU, WEI, ZHOU, ZHUJIAN

LETTER = (("letter", "l1"),)


def pair(first="2025-03-03 09:00", second="2025-03-03 11:00"):
    """Two reports of the same rubbish: the one that will lead, and the other."""
    lead = given(city(), first).reported("rubbish", by=LIN)
    return lead, given(city(), second).reported("rubbish", by=HE, number=2, receipt="r2")


def test_both_receipts_lead_to_the_one_that_goes_on():
    lead, other = pair()
    other.merged_into(lead)
    assert set(lead.state.receipts) == {"r1", "r2"}
    assert (other.state.stage, other.state.merged_into) == (Stage.MERGED, "lead")
    assert lead.state.joined == (HE.name,)


def test_those_who_joined_may_accept_the_answer_and_dispute_it():
    lead, other = pair()
    other.merged_into(lead)
    lead.accepted().dispatched().finished().when(Verify(accept=True, how="reporter"), by=HE).then("Closed")


def test_both_take_the_higher_seal():
    lead, other = pair()
    lead.must(Absorb("third", ("r3",), (), Seal.L3), by=ZHOU)
    other.merged_into(lead)
    assert lead.state.seal is other.state.seal is Seal.L3


def test_work_on_the_merged_case_ends():
    lead, other = pair()
    other.accepted().dispatched(CHENGGUAN, ZHUJIAN).must(TakeTask(1), by=WEI)
    other.merged_into(lead)
    assert {task.status for task in other.state.tasks} == {TaskStatus.CANCELLED}
    assert not any(clock.is_ticking for clock in other.state.clocks)
    other.when(FinishTask(1), by=WEI).then_refused("wrong-stage")


def test_a_case_is_merged_once_and_only_into_one_that_is_open():
    lead, other = pair()
    other.merged_into(lead)
    other.when(MergeInto("third"), by=ZHOU).then_refused("wrong-stage")
    lead.when(Absorb("other", ("r2",), (), Seal.L1), by=ZHOU).then_refused("already-merged", law=1)
    lead.accepted().dispatched().finished().closed()
    lead.when(Absorb("third", ("r3",), (), Seal.L1), by=ZHOU).then_refused("case-not-open")


def test_only_the_desk_merges():
    lead, other = pair()
    other.when(MergeInto("lead"), by=WEI).then_refused("not-your-case", law=2)
    lead.when(hand_over("other", other.state), by=WEI).then_refused("not-your-case", law=2)


def petition(start, **more):
    return given(petitions(), start).reported("claim", **more).accepted(BAI).dispatched(by=BAI)


def test_the_earlier_statutory_date_wins():
    late = petition("2025-03-10 09:00")
    early = petition("2025-03-03 09:00", by=HE, receipt="r2").at("2025-03-10 10:00")
    assert (str(late.due_on("notice")), str(early.due_on("notice"))) == ("2025-03-25", "2025-03-18")
    early.merged_into(late.at("2025-03-10 10:00"), by=BAI)
    assert str(late.due_on("notice")) == "2025-03-18"
    assert late.count("ClockTightened") == 1


def test_a_later_date_changes_nothing():
    early, late = petition("2025-03-03 09:00").at("2025-03-10 10:00"), petition("2025-03-10 09:00", receipt="r2")
    late.merged_into(early, by=BAI)
    assert str(early.due_on("notice")) == "2025-03-18"
    assert early.count("ClockTightened") == 0


def test_a_notice_that_was_given_to_one_is_still_owed_to_the_other():
    lead = petition("2025-03-03 09:00").must(TakeStep("admitted", LETTER), by=SHEN)
    other = petition("2025-03-10 09:00", by=HE, receipt="r2")
    other.merged_into(lead.at("2025-03-10 10:00"), by=BAI)
    assert str(lead.due_on("notice@other")) == "2025-03-25"
    lead.must(TakeStep("admitted", LETTER), by=SHEN)
    assert not lead.clock("notice@other").is_ticking


def test_a_promise_that_the_lead_has_not_made_yet_comes_along():
    other = petition("2025-03-03 09:00", by=HE, receipt="r2").must(TakeStep("admitted", LETTER), by=SHEN)
    lead = given(petitions(), "2025-03-20 09:00").reported("claim")
    other.at("2025-03-20 10:00").merged_into(lead.at("2025-03-20 10:00"), by=BAI)
    assert str(lead.due_on("finish@other")) == str(other.due_on("finish")) == "2025-05-06"
    lead.accepted(BAI).dispatched(by=BAI).must(TakeStep("admitted", LETTER), by=SHEN)
    assert [clock.id for clock in lead.state.clocks if clock.key == "finish"] == ["finish@other"]


def test_unmerged_it_stands_on_its_own_with_the_dates_it_had():
    lead, other = pair()
    other.accepted().dispatched()
    before = other.clock("handle").due
    other.merged_into(lead).after(days=1)
    lead.after(days=1)
    other.unmerged_from(lead)
    assert other.clock("handle").due == before
    assert other.clock("dispatch").is_running
    assert (other.state.stage, other.state.lead) == (Stage.ACCEPTED, other.state.desk)
    assert lead.state.receipts == ("r1",)
    assert lead.state.joined == ()
    other.dispatched().finished(2).closed()


def test_unmerged_while_it_waited_for_verification_it_waits_again():
    lead, other = pair()
    other.accepted().dispatched().finished()
    other.merged_into(lead).unmerged_from(lead)
    assert other.state.stage is Stage.VERIFYING
    assert other.clock("verify").is_running
    other.closed()


def test_unmerged_before_it_was_accepted_it_is_accepted_as_usual():
    lead, other = pair()
    other.merged_into(lead).unmerged_from(lead)
    assert other.state.stage is Stage.REGISTERED
    assert other.clock("accept").is_running
    other.accepted().dispatched()


def test_what_was_not_merged_cannot_be_unmerged():
    lead, other = pair()
    other.when(Unmerge("误"), by=ZHOU).then_refused("wrong-stage")
    lead.when(Part("other", ("r2",)), by=ZHOU).then_refused("not-merged", law=1)


def test_a_case_inside_another_lets_nothing_go_until_it_stands_on_its_own():
    lead, other = pair()
    third = given(city()).reported("rubbish", receipt="r3")
    other.merged_into(lead)
    lead.must(MergeInto("third"), by=ZHOU)
    third.must(hand_over("lead", lead.state), by=ZHOU)
    assert set(third.state.receipts) == {"r1", "r2", "r3"}
    lead.when(Part("other", ("r2",)), by=ZHOU).then_refused("merged-itself", law=1)


def test_a_pause_that_had_passed_before_the_merge_still_counts():
    from bihuan.kernel.commands import AskPause
    from bihuan.testing.cast import GU

    lead, other = pair("2025-03-03 09:00", "2025-03-03 09:00")
    other.accepted().dispatched(CHENGGUAN)
    other.must(AskPause("handle", other.instant("2025-03-20 09:00"), "等待配件"), by=WEI).must(Grant(1), by=GU)
    other.at("2025-03-05 09:00").merged_into(lead.at("2025-03-05 09:00"))
    assert str(other.due_on("handle")) == "2025-03-10"


def test_a_request_about_work_that_the_merge_ended_is_void():
    lead, other = pair()
    other.accepted().dispatched(CHENGGUAN).must(ReturnTask(1, "不属职责", "清单 3"), by=WEI)
    other.merged_into(lead).unmerged_from(lead).dispatched(ZHUJIAN)
    other.when(Grant(1), by=ZHOU).then_refused("no-such-request")
    other.when(FinishTask(2), by=PAN).then("Answered")


def test_split_parts_are_children_and_the_parent_waits_for_them():
    parent = given(city()).reported("rubbish").accepted().dispatched(CHENGGUAN)
    parent.when(AddChild("child"), by=SU).then_refused("not-your-case")
    parent.when(AddChild("child"), by=WEI).then("ChildAdded").when(AddChild("child"), by=WEI).then_refused(
        "already-child"
    )
    child = given(city()).reported("manhole", receipt="r2", parent="parent")
    assert child.state.parent == "parent"
    parent.when(FinishTask(1), by=WEI, open_children=True).then_refused("child-open", law=2)
    child.accepted().dispatched(CHENGGUAN).finished().closed()
    parent.when(FinishTask(1), by=WEI, open_children=False).then("Answered")


def test_the_lead_goes_on_as_any_other():
    lead, other = pair()
    other.merged_into(lead)
    lead.must(Accept(), by=ZHOU).must(Dispatch(), by=ZHOU).must(AddTask(ZHUJIAN), by=WEI)
    lead.finished(2, PAN).finished(1, WEI).closed()

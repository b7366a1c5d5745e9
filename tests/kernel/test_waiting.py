"""Pauses and extensions: asked by one, granted by another, with a reason and an end. Time used is kept."""

import pytest

from bihuan.kernel.calendar import Calendar
from bihuan.kernel.case import Stage
from bihuan.kernel.commands import AskExtend, AskPause, Deny, Grant, Recompute, Resume, Verify
from bihuan.testing import given
from bihuan.testing.books import city
from bihuan.testing.cast import CHENGGUAN, DING, GU, LIN, SU, SYSTEM, WEI, XU, ZHOU


def handled(start="2025-03-03 09:00"):
    return given(city(), start).reported("rubbish").accepted().dispatched(CHENGGUAN)


def paused(until="2025-03-10 09:00"):
    case = handled().at("2025-03-04 10:00")
    return case.must(AskPause("handle", case.instant(until), "等待配件"), by=WEI).must(Grant(1), by=GU)


def test_a_pause_has_an_end_in_the_future_and_a_reason():
    case = handled()
    case.when(AskPause("handle", case.now, "等待"), by=WEI).then_refused("pause-needs-end", law=3)
    case.when(AskPause("handle", case.instant("2025-03-10 09:00"), ""), by=WEI).then_refused("reason-missing")
    case.when(AskPause("verify", case.instant("2025-03-10 09:00"), "等待"), by=WEI).then_refused("no-such-clock")


def test_a_pause_needs_another_who_may():
    case = handled()
    case.must(AskPause("handle", case.instant("2025-03-10 09:00"), "等待配件"), by=GU)
    case.when(Grant(1), by=GU).then_refused("approve-own", law=3)
    case.when(Grant(1), by=XU).then_refused("wrong-role")
    case.when(Grant(1), by=DING).then_refused("not-your-case")


def test_a_reporter_asks_for_no_pause():
    case = handled()
    case.when(AskPause("handle", case.instant("2025-03-10 09:00"), "等待"), by=LIN).then_refused("wrong-role")


def test_a_paused_clock_is_still_a_clock_and_says_who_approved():
    clock = paused().clock("handle")
    assert clock.is_ticking
    assert not clock.is_running
    assert clock.paused is not None
    assert (clock.paused.asked_by, clock.paused.approved_by) == (WEI.name, GU.name)


def test_while_it_is_paused_nothing_breaks_and_at_its_end_it_runs_on():
    case = paused().until("2025-03-10 08:59")
    assert case.state.overdue == 0
    case.until("2025-03-10 09:01").then("ClockResumed")
    assert case.clock("handle").is_running
    assert str(case.due_on("handle")) == "2025-03-12"  # two of three working days were left after the 4th


def test_resumed_early_only_the_days_that_passed_do_not_count():
    case = paused().at("2025-03-06 09:00")
    case.when(Resume("handle", ""), by=WEI).then_refused("reason-missing")
    case.when(Resume("handle", "配件到了"), by=WEI).then("ClockResumed")
    assert str(case.due_on("handle")) == "2025-03-10"
    case.when(Resume("handle", "再来"), by=WEI).then_refused("not-paused")


def test_finished_during_a_pause_the_rest_is_there_again_after_rework():
    case = paused().at("2025-03-07 15:00").finished()
    case.at("2025-03-10 10:00").must(Verify(accept=False, reason="未清净"), by=SU)
    assert str(case.due_on("handle")) == "2025-03-12"
    assert case.until("2025-03-12 12:00").state.overdue == 0
    assert case.until("2025-03-13 12:00").state.overdue == 1


def test_what_is_paused_is_not_paused_again():
    case = handled()
    until = case.instant("2025-03-10 09:00")
    case.must(AskPause("handle", until, "等待配件"), by=WEI)
    case.when(AskPause("handle", until, "等待天晴"), by=XU).then_refused("already-asked")
    case.must(Grant(1), by=GU).when(AskPause("handle", until, "等待天晴"), by=XU).then_refused("already-paused")


def test_a_pause_whose_end_has_passed_cannot_be_granted():
    case = handled()
    case.must(AskPause("handle", case.instant("2025-03-04 09:00"), "等待配件"), by=WEI).at("2025-03-05 09:00")
    case.when(Grant(1), by=GU).then_refused("pause-needs-end", law=3)


def test_an_extension_moves_the_date_once():
    case = handled()
    case.when(AskExtend("accept", 1, "忙"), by=WEI).then_refused("no-such-clock")
    case.must(AskExtend("handle", 2, "雨天无法施工"), by=WEI).must(Grant(1), by=GU)
    assert str(case.due_on("handle")) == "2025-03-10"
    case.when(AskExtend("handle", 1, "还下雨"), by=WEI).then_refused("extended-once")


def test_a_clock_that_may_not_be_extended_is_not():
    case = handled().finished()
    case.when(AskExtend("verify", 1, "忙"), by=SU).then_refused("not-extendable")


def test_denied_is_denied_with_a_reason():
    case = handled().must(AskExtend("handle", 2, "雨天"), by=WEI)
    case.when(Deny(1, " "), by=GU).then_refused("reason-missing")
    case.must(Deny(1, "雨已停"), by=GU)
    assert str(case.due_on("handle")) == "2025-03-06"
    case.when(Grant(1), by=GU).then_refused("no-such-request")


def test_what_was_asked_ends_with_the_clock_it_was_about():
    case = handled().must(AskExtend("handle", 2, "雨天"), by=WEI).finished()
    assert case.state.stage is Stage.VERIFYING
    case.when(Grant(1), by=GU).then_refused("no-such-request")


def test_the_ladder_warns_reminds_breaks_and_oversees_each_once():
    case = handled().until("2025-03-20 09:00")
    said = [type(one.event).__name__ for one in case.history if one.by == "system"]
    assert said == ["ClockWarned", "Escalated", "ClockBroken", "Escalated"]
    assert case.state.overdue == 1
    case.until("2025-04-20 09:00")
    assert len([one for one in case.history if one.by == "system"]) == 4


def test_a_calendar_that_is_published_moves_provisional_dates():
    unpublished = Calendar(version="v1", published=frozenset({2025}))
    case = given(city(), "2025-12-30 09:00", unpublished).reported("illegal").accepted().dispatched(CHENGGUAN)
    assert case.clock("punish").provisional
    was = case.clock("punish").due
    holidays = frozenset(case.instant(f"2026-01-0{n} 09:00").date() for n in (1, 2, 3))
    from bihuan.kernel.rules import Rules

    case.rules = Rules(city(), Calendar(version="v2", published=frozenset({2025, 2026}), rest=holidays))
    case.when(Recompute(), by=WEI).then_refused("wrong-role")
    case.when(Recompute(), by=SYSTEM).then("ClockRecomputed")
    assert not case.clock("punish").provisional
    assert case.clock("punish").due > was
    case.when(Recompute(), by=SYSTEM).then_nothing()


def test_recomputed_promises_keep_their_pauses_and_extensions():
    first = Calendar(version="v1", published=frozenset({2025}))
    case = given(city(), "2025-12-30 09:00", first).reported("rubbish").accepted().dispatched(CHENGGUAN)
    case.must(AskExtend("handle", 2, "雨雪"), by=WEI).must(Grant(1), by=GU).at("2025-12-31 09:00")
    case.must(AskPause("handle", case.instant("2026-01-05 09:00"), "封路"), by=WEI).must(Grant(2), by=GU)
    case.until("2026-01-05 10:00")
    due = case.due_on("handle")
    from bihuan.kernel.rules import Rules

    same_days = Calendar(version="v2", published=frozenset({2025, 2026}))
    case.rules = Rules(city(), same_days)
    case.must(Recompute(), by=SYSTEM)
    assert case.due_on("handle") == due
    assert not case.clock("handle").provisional


@pytest.mark.parametrize("by", [ZHOU, SU])
def test_a_head_of_another_unit_grants_nothing(by):
    case = handled().must(AskExtend("handle", 2, "雨天"), by=WEI)
    case.when(Grant(1), by=by).then_refused("wrong-role")

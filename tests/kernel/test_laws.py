"""Each law says no when it is broken. The broken states are made by hand: no command leads to them."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bihuan.kernel import laws
from bihuan.kernel.case import Note, Pause, Role, Seal, Stage, Task, TaskStatus
from bihuan.kernel.commands import AskExtend, Grant, Verify
from bihuan.kernel.events import Absorbed, Closed, Noted, Recorded, Resealed
from bihuan.testing import given
from bihuan.testing.books import city
from bihuan.testing.cast import CHENGGUAN, GU, SU, WEI, ZHUJIAN


def working():
    return given(city()).reported("manhole").accepted().dispatched(CHENGGUAN, ZHUJIAN).state


def answered():
    return given(city()).reported("manhole").accepted().dispatched(CHENGGUAN).finished()


def changed_clock(state, **changes):
    return replace(state, clocks=(*state.clocks[:-1], replace(state.clocks[-1], **changes)))


def changed_task(state, n, **changes):
    tasks = list(state.tasks)
    tasks[n] = replace(tasks[n], **changes)
    return replace(state, tasks=tuple(tasks))


def stopped(state):
    return replace(state, clocks=tuple(replace(k, stopped=state.opened) for k in state.clocks))


BROKEN_STATES = {
    "a case without a receipt": (1, lambda s: replace(s, receipts=())),
    "merged to nowhere": (1, lambda s: replace(stopped(s), stage=Stage.MERGED)),
    "merged and still at work": (1, lambda s: replace(s, merged_into="x")),
    "nobody owns it": (2, lambda s: replace(s, lead="")),
    "two leads": (2, lambda s: replace(s, tasks=(*s.tasks, Task(9, Role.LEAD, CHENGGUAN)))),
    "another lead than the task says": (2, lambda s: replace(s, lead="elsewhere")),
    "no lead task": (2, lambda s: changed_task(s, 0, status=TaskStatus.RETURNED)),
    "the lead is done and nothing is answered": (2, lambda s: changed_task(s, 0, status=TaskStatus.FINISHED)),
    "answered while somebody helps": (
        2, lambda s: replace(changed_task(s, 0, status=TaskStatus.FINISHED), stage=Stage.ANSWERED),
    ),
    "a unit at work before dispatch": (2, lambda s: replace(s, stage=Stage.ACCEPTED)),
    "open, and nothing ticks": (3, stopped),
    "archived, and still owing": (3, lambda s: replace(s, stage=Stage.ARCHIVED)),
    "declined, and still owing": (3, lambda s: replace(s, stage=Stage.DECLINED)),
    "paused by the asker himself": (
        3, lambda s: changed_clock(s, paused=Pause(s.opened, s.opened, "r", WEI.name, WEI.name)),
    ),
    "the accused leads": (7, lambda s: replace(s, barred=(CHENGGUAN,))),
    "the accused helps": (7, lambda s: replace(s, barred=(ZHUJIAN,))),
    "the accused verifies": (7, lambda s: replace(s, barred=("x",), verifier_unit="x")),
    "the accused sits at the desk": (7, lambda s: replace(s, barred=(s.desk,))),
}  # fmt: skip


@pytest.mark.parametrize(("law", "breaking"), BROKEN_STATES.values(), ids=BROKEN_STATES)
def test_a_state_that_breaks_a_law_is_named(law, breaking):
    assert laws.holds(working()) == []
    found = laws.holds(breaking(working()))
    assert any(words.startswith(f"law {law}: ") for words in found), found


def test_imported_history_is_exempt_from_laws_two_and_three_and_from_no_other():
    state = replace(working(), is_imported=True, lead="", clocks=())
    assert laws.holds(state) == []
    assert laws.holds(replace(state, receipts=())) == ["law 1: no receipt leads here"]


def note(case, **changes):
    event = Recorded(
        case.state.version + 1, Noted(Note("work", "n")), WEI.name, WEI.unit, case.now, case.now, "city-2025"
    )
    return replace(event, **changes)


def step(case, event=None, **changes):
    """What is wrong with this step from the case's state to the same state with changes."""
    event = event or note(case)
    after = replace(case.state, version=event.number, notes=(Note("work", "n"),), **changes)
    return laws.violations(case.state, [event], after)


def test_an_ordinary_step_breaks_nothing():
    assert step(answered()) == []


def law_of(found):
    assert len(found) == 1, found
    return found[0][:6]


def test_numbers_are_contiguous():
    case = answered()
    event = note(case, number=case.state.version + 2)
    found = laws.violations(case.state, [event], replace(case.state, version=event.number))
    assert {words[:6] for words in found} == {"law 5:"}


def test_nothing_is_recorded_before_it_happened():
    case = answered()
    assert law_of(step(case, note(case, recorded=case.now - timedelta(seconds=1)))) == "law 5:"


def test_a_case_keeps_the_rules_of_its_date():
    case = answered()
    assert law_of(step(case, note(case, book="city-2026"))) == "law 6:"
    assert [words[:6] for words in step(case, book="city-2026")] == ["law 6:", "law 6:"]


def test_no_receipt_is_lost():
    assert law_of(step(answered(), receipts=("another",))) == "law 1:"


def test_no_seal_is_lowered_without_a_grant():
    case = answered()
    resealed = note(case, event=Resealed(Seal.L0, "x"))
    assert law_of(step(case, resealed, seal=Seal.L0)) == "law 7:"
    absorbed = note(case, event=Absorbed("x", (), ()))
    assert law_of(step(case, absorbed, seal=Seal.L0)) == "law 7:"


def test_a_merge_lengthens_no_statutory_clock():
    case = answered()
    clocks = tuple(replace(k, statutory=True) for k in case.state.clocks)
    before = replace(case.state, clocks=clocks)
    later = replace(clocks[-1], due=clocks[-1].due + timedelta(days=1))
    after = replace(before, version=before.version + 1, clocks=(*clocks[:-1], later))
    found = laws.violations(before, [note(case, event=Absorbed("x", (), ()))], after)
    assert law_of(found) == "law 1:"


def test_no_clock_vanishes_and_no_used_time_is_given_back():
    case = answered().at("2025-03-05 09:00")
    clocks = case.state.clocks
    assert law_of(step(case, clocks=(*clocks[:-2], clocks[-1]))) == "law 3:"
    younger = replace(clocks[-1], started=clocks[-1].started + timedelta(days=1))
    assert law_of(step(case, clocks=(*clocks[:-1], younger))) == "law 3:"
    rewound = replace(clocks[-2], stopped=clocks[-2].stopped - timedelta(days=1))
    assert law_of(step(case, clocks=(*clocks[:-2], rewound, clocks[-1]))) == "law 3:"


def test_no_task_vanishes():
    found = step(answered(), tasks=())
    assert "law 2: a task vanished" in found


def test_nobody_closes_his_own_work_or_that_of_his_unit():
    case = answered().closed()
    before = answered().state
    events = case.history[before.version :]
    assert laws.violations(before, events, case.state) == []
    for by, unit in ((WEI.name, SU.unit), (SU.name, CHENGGUAN), ("", SU.unit)):
        forged = [replace(events[0], by=by, unit=unit), *events[1:]]
        assert law_of(laws.violations(before, forged, case.state)) == "law 4:"


def test_nothing_is_closed_without_its_proof_or_without_a_closing():
    case = answered().closed()
    before = replace(answered().state, proofs=())
    events = case.history[before.version :]
    assert law_of(laws.violations(before, events, case.state)) == "law 4:"
    silent = replace(events[0], event=Noted(Note("work", "n")))
    assert law_of(laws.violations(answered().state, [silent, *events[1:]], case.state)) == "law 4:"
    assert isinstance(events[0].event, Closed)


def test_the_kernel_itself_passes():
    case = answered().must(Verify(accept=False, reason="未复原"), by=SU)
    case.must(AskExtend("handle", 1, "雨"), by=WEI).must(Grant(1), by=GU)
    assert laws.holds(case.state) == []

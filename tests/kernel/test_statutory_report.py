"""P15: a child is hurt. The red button works at every stage, in a sealed case, for whoever stands in front of it."""

import pytest

from bihuan.kernel.case import Note, Seal, Stage
from bihuan.kernel.commands import AddNote, AskSeal, Deny, Grant, LayHold, Recategorise, ReportByLaw, Reseal, Verify
from bihuan.kernel.events import ReportedByLaw
from bihuan.testing import given
from bihuan.testing.books import care, city
from bihuan.testing.cast import ARBITER, CARE, FANG, KE, MENG, POLICE, SU, TANG, TAO, WEI, ZHOU

BUTTON = ReportByLaw("child-harm", (POLICE, "civil-affairs", "education"), "note-1", "未成年人保护法 11")


def cared_for():
    return given(care()).reported("child", by=TAO)


def at_every_stage():
    yield "working", cared_for()
    yield "answered", cared_for().finished(1, TAO)
    yield "closed", cared_for().finished(1, TAO).must(Verify(accept=True), by=FANG)
    held = cared_for().must(LayHold("x", "*", "调查中", "办案规定"), by=KE)
    yield "held", held
    yield "registered", given(city()).reported("manhole")


@pytest.mark.parametrize(("stage", "case"), list(at_every_stage()), ids=lambda value: value if value is str else "")
@pytest.mark.parametrize("person", [TAO, MENG, TANG, ZHOU])
def test_the_report_is_made_at_once_whatever_the_stage_and_the_seal(stage, case, person):
    del stage
    case.when(BUTTON, by=person).then("ReportedByLaw")
    last = case.history[-1]
    assert last.at == case.now
    assert isinstance(last.event, ReportedByLaw)
    assert last.event.to == (POLICE, "civil-affairs", "education")


def test_it_changes_nothing_else():
    case = cared_for()
    before = case.state
    case.must(BUTTON, by=TAO)
    assert {k: v for k, v in vars(before).items() if k != "version"} == {
        k: v for k, v in vars(case.state).items() if k != "version"
    }


def test_it_says_to_whom_and_on_what_ground():
    case = cared_for()
    case.when(ReportByLaw("k", (), "n", "b"), by=TAO).then_refused("unit-missing")
    case.when(ReportByLaw("k", (POLICE,), "n", ""), by=TAO).then_refused("rule-missing")


def test_the_case_is_sealed_from_the_first_second():
    assert cared_for().state.seal is Seal.L3


def test_a_note_says_who_may_read_it():
    case = cared_for()
    case.when(AddNote(Note("session", "n1")), by=TAO).then("Noted")
    case.when(AddNote(Note("coordination", "n2", ("teacher",))), by=TAO).then("Noted")
    assert [note.ref for note in case.state.notes if "teacher" in note.audience] == ["n2"]
    case.when(AddNote(Note("session", "n3")), by=WEI).then_refused("not-your-case", law=7)


def test_a_seal_is_raised_at_once_and_lowered_only_by_another():
    case = given(city()).reported("manhole")
    case.when(Reseal(Seal.L1, "无"), by=ZHOU).then_refused("seal-unchanged")
    case.when(Reseal(Seal.L3, "个人隐私"), by=SU).then_refused("not-your-case")
    case.when(Reseal(Seal.L3, "个人隐私"), by=ZHOU).then("Resealed")
    case.when(Reseal(Seal.L1, "已脱敏"), by=ZHOU).then_refused("lowering-needs-grant", law=7)
    case.when(AskSeal(Seal.L3, "已脱敏"), by=ZHOU).then_refused("seal-not-lower")
    case.when(AskSeal(Seal.L1, "已脱敏"), by=ZHOU).then("Asked")
    assert case.state.seal is Seal.L3
    case.when(Grant(1), by=ZHOU).then_refused("approve-own")
    case.when(Grant(1), by=WEI).then_refused("wrong-role")
    case.when(Grant(1), by=ARBITER).then("Granted", "Resealed")
    assert case.state.seal is Seal.L1


def test_a_seal_that_was_denied_stays():
    case = cared_for().must(AskSeal(Seal.L1, "公开宣传"), by=TAO).must(Deny(1, "涉未成年人"), by=FANG)
    assert case.state.seal is Seal.L3
    assert case.state.lead == CARE


def test_another_category_raises_the_seal_that_it_asks_for_and_never_lowers_it():
    book = care()
    case = given(city()).reported("manhole").must(Reseal(Seal.L2, "个人隐私"), by=ZHOU)
    case.when(Recategorise("rubbish", "看错了"), by=ZHOU).then("Recategorised")
    assert case.state.seal is Seal.L2
    assert book.categories["child"].seal is Seal.L3
    assert case.state.stage is Stage.REGISTERED

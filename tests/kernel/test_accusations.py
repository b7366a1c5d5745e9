"""P12: a letter accuses an official. It goes to discipline, and for the accused's unit it does not exist."""

import pytest

from bihuan.kernel.case import Seal
from bihuan.kernel.commands import (
    Absorb,
    Accept,
    AddNote,
    AddTask,
    Dispatch,
    Dispute,
    Grant,
    LayHold,
    NameChampion,
    Note,
    Register,
    ReportByLaw,
    ReturnTask,
    SendToVerify,
    TakeStep,
    TakeTask,
    Tick,
    Verify,
)
from bihuan.testing import given
from bihuan.testing.books import petitions
from bihuan.testing.cast import BAI, CENTRE, CHENGGUAN, DISCIPLINE, GU, HE, LIN, PETITIONS, WEI, XU, YAN

ACCUSED = (CHENGGUAN, "chengguan-2")


def accused(*more, by=HE):
    return given(petitions()).reported("accusation", by=by, barred=(*ACCUSED, *more))


def led_by_discipline(by=HE):
    return accused(by=by).accepted(BAI).dispatched(by=BAI)


def answered(by=HE):
    return led_by_discipline(by).must(TakeStep("admitted", (("letter", "l1"),)), by=YAN).finished(1, YAN)


def test_it_is_sealed_from_the_first_second_and_routed_to_discipline():
    case = accused()
    assert case.state.seal is Seal.L3
    assert case.state.desk == PETITIONS
    case.accepted(BAI).dispatched(by=BAI)
    assert case.state.lead == DISCIPLINE


def test_a_desk_that_is_accused_itself_never_gets_it():
    case = accused(PETITIONS)
    assert case.state.desk == DISCIPLINE
    case.when(Accept(), by=BAI).then_refused("no-such-case", law=1)
    case.when(Accept(), by=YAN).then("Accepted")


def test_with_every_desk_accused_nothing_is_hidden_in_silence():
    report = Register(1, "r", "accusation", "", "letter", barred=(PETITIONS, DISCIPLINE))
    given(petitions()).when(report, by=HE).then_refused("no-desk-left", law=7)


def test_the_accused_unit_can_never_lead():
    case = accused().accepted(BAI)
    case.when(Dispatch(CHENGGUAN, reason="属地"), by=BAI).then_refused("route-barred", law=7)
    case.when(Dispatch("chengguan-2", reason="属地"), by=BAI).then_refused("route-barred", law=7)


def test_the_accused_unit_can_never_help():
    case = accused().accepted(BAI)
    case.when(Dispatch(DISCIPLINE, (CHENGGUAN,), "协查"), by=BAI).then_refused("route-barred", law=7)
    case.dispatched(by=BAI).when(AddTask(CHENGGUAN), by=YAN).then_refused("route-barred", law=7)


def test_the_accused_unit_can_never_verify():
    case = answered()
    case.when(SendToVerify(CHENGGUAN), by=BAI).then_refused("route-barred", law=7)


def test_the_refusal_does_not_name_the_accused():
    case = accused().accepted(BAI).when(Dispatch(CHENGGUAN, reason="属地"), by=BAI)
    assert CHENGGUAN not in str(case.answer)


@pytest.mark.parametrize(
    "command",
    [
        Accept(), AddNote(Note("work", "n")), AddTask(CENTRE), Dispute("为什么"), Grant(1), LayHold("x", "*", "r", "b"),
        NameChampion("某"), ReportByLaw("k", ("police",), "n", "b"), ReturnTask(1, "r", "b"), TakeTask(1), Tick(),
        Verify(accept=True),
    ],
)  # fmt: skip
@pytest.mark.parametrize("person", [WEI, XU, GU])
def test_whatever_the_accused_unit_asks_the_case_does_not_exist(command, person):
    hidden = led_by_discipline().when(command, by=person)
    missing = given(petitions()).when(command, by=person)
    hidden.then_refused("no-such-case")
    assert str(hidden.answer) == str(missing.answer)


def test_a_whistle_blower_from_the_accused_unit_still_follows_his_own_report():
    case = answered(by=XU).closed(by=BAI)
    case.when(Dispute("没有查"), by=WEI).then_refused("no-such-case")
    case.when(Dispute("没有查"), by=XU).then("Disputed", "Reopened")


def test_a_merge_never_brings_the_accused_to_the_table():
    lead = given(petitions()).reported("claim").accepted(BAI).dispatched(CHENGGUAN, by=BAI)
    absorb = Absorb("other", ("r2",), (HE.name,), Seal.L3, (), ACCUSED)
    lead.when(absorb, by=BAI).then_refused("route-barred", law=7)


def test_a_merge_takes_the_bar_along():
    lead = given(petitions()).reported("claim", by=LIN).accepted(BAI)
    accused().merged_into(lead, by=BAI)
    assert set(lead.state.barred) == set(ACCUSED)
    assert lead.state.seal is Seal.L3
    lead.when(Dispatch(CHENGGUAN, reason="属地"), by=BAI).then_refused("route-barred", law=7)

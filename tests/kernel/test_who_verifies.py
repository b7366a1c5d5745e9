"""Who verifies may depend on matter and place; never a barred unit, never the team that did the work (law 4)."""

from dataclasses import replace

from bihuan.kernel.case import Stage
from bihuan.kernel.commands import NameChampion, Oversee, Verify
from bihuan.testing import given
from bihuan.testing.books import city
from bihuan.testing.cast import CENTRE, CHENGGUAN, COMMUNITY, GU, JIANG, LUO, SHEN, STREET, SU, SUPERVISION, WEI, ZHOU


def book(*, category="", route="", scene=SUPERVISION):
    plain = city()
    rubbish = replace(plain.categories["rubbish"], verifier=category)
    routes = tuple(replace(one, verifier=route) if one.key == "all" else one for one in plain.routes)
    return replace(plain, verifier=scene, categories={**plain.categories, "rubbish": rubbish}, routes=routes)


def answered(rules, **more):
    return given(rules).reported("rubbish", **more).accepted().dispatched(CHENGGUAN).finished()


def test_the_closest_row_names_who_verifies():
    assert answered(book()).state.verifier_unit == SUPERVISION
    assert answered(book(category=STREET)).state.verifier_unit == STREET
    assert answered(book(category=STREET, route=COMMUNITY)).state.verifier_unit == COMMUNITY


def test_and_only_that_unit_accepts_the_work():
    case = answered(book(category=STREET))
    case.when(Verify(accept=True), by=SU).then_refused("not-your-case")
    case.when(Verify(accept=True), by=SHEN).then("Closed")


def test_never_the_team_that_did_the_work_the_next_row_steps_in():
    assert answered(book(category=CHENGGUAN)).state.verifier_unit == SUPERVISION


def test_never_a_barred_unit():
    assert answered(book(category=STREET), barred=(STREET,)).state.verifier_unit == SUPERVISION


def test_with_nobody_left_the_desk_says_who():
    case = answered(book(category=CHENGGUAN, scene=""))
    assert (case.state.verifier_unit, case.state.stage, case.state.desk) == ("", Stage.ANSWERED, CENTRE)


def carried():
    case = given(city()).reported("rubbish").accepted()
    return case.must(NameChampion(JIANG.name), by=ZHOU, champion_unit=STREET).dispatched(CHENGGUAN)


def test_the_unit_of_a_champion_has_a_part_in_the_case():
    case = carried()
    assert (case.state.champion, case.state.champion_unit) == (JIANG.name, STREET)
    case.when(Oversee("oversee", "", "请尽快"), by=replace(JIANG, roles=frozenset({"handler"}))).then("Overseen")
    case.when(Oversee("oversee", "", "请尽快"), by=WEI).then_refused("wrong-role")


def test_who_carries_a_case_does_not_verify_it_where_the_scene_demands_another():
    case = given(city()).reported("rubbish").accepted()
    case.must(NameChampion(LUO.name), by=ZHOU, champion_unit=SUPERVISION).dispatched(CHENGGUAN).finished()
    case.when(Verify(accept=True), by=LUO).then_refused("own-work", law=4)
    case.when(Verify(accept=True), by=SU).then("Closed")


def test_an_accused_unit_carries_nothing():
    case = given(city()).reported("rubbish", barred=(STREET,)).accepted()
    case.when(NameChampion(JIANG.name), by=ZHOU, champion_unit=STREET).then_refused("route-barred", law=7)
    case.when(NameChampion(GU.name), by=ZHOU, champion_unit=CHENGGUAN).then("ChampionNamed")

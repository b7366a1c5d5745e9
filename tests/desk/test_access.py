"""The gate: the table as documented, SQL as strict as Python, barred units from the first second, every look traced."""

import re
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bihuan.desk import access, looks, seals, units
from bihuan.desk.access import Level, NotFound
from bihuan.desk.actor import ANONYMOUS, SYSTEM, Actor
from bihuan.kernel.case import Note, Role, Seal, TaskStatus
from bihuan.kernel.refused import Refused
from seal_cast import (
    AT,
    DAY,
    PLACES,
    UNITS,
    build_units,
    give_post,
    listed,
    make_case,
    person,
    staff,
    stranger,
    traces,
    viewer,
)

DOC = Path(__file__).parents[2] / "docs" / "reference" / "access.md"
FOUR = range(4)


@pytest.fixture
def district(clean_db):
    units.forget()
    build_units()
    yield
    units.forget()


def level(actor: Actor, case) -> Level:
    return access.may_see(viewer(actor), access.find_facts(case)).level


# -- the table ---------------------------------------------------------------------------------------------------


def test_the_table_of_the_reference_is_the_table_of_the_code():
    rows = re.findall(r"^\| `(\w+)` \|[^|]*\| (\S+) \| (\S+) \| (\S+) \| (\S+) \|$", DOC.read_text(), re.MULTILINE)
    documented = {row[0]: tuple(row[1:]) for row in rows}
    words = {Level.NONE: "–", Level.EXISTENCE: "existence", Level.COORDINATION: "coordination", Level.FULL: "full"}
    assert documented == {key: tuple(words[one] for one in levels) for key, levels in access.MATRIX.items()}
    assert list(documented) == list(access.MATRIX)


def test_every_relation_has_its_question_in_python_and_in_sql():
    assert set(access.MATRIX) == set(seals._IS)
    eyes = access.Viewer(Actor("x", "u", frozenset({"handler"})))
    for relation in access.MATRIX:
        seals._sql(eyes, relation)
    with pytest.raises(KeyError):
        seals._sql(eyes, "friend")


def test_no_role_reaches_the_inside_of_a_sealed_case(district):
    """Property over all roles and units: without a name, a task, the desk or broken glass, L3 stays shut."""
    case, _ = make_case(3, desk="discipline", lead="petitions")
    roles = ("triage", "dispatcher", "handler", "verifier", "head", "arbiter", "oversight", "school", "volunteer")
    for code, *_ in UNITS:
        for role in roles:
            found = level(Actor(str(uuid4()), code, frozenset({role})), case)
            if code == "discipline":
                assert found == (Level.COORDINATION if role in seals.OUTSIDERS else Level.FULL)
            else:
                assert found <= Level.EXISTENCE, (code, role)
                assert found == Level.NONE or code == "petitions"


@pytest.mark.parametrize(
    ("actor", "expected"),
    [
        (ANONYMOUS, (1, 0, 0, 0)),
        (Actor("r", "", frozenset({"reporter"})), (1, 0, 0, 0)),
        (Actor("a", "police", frozenset({"handler"})), (2, 0, 0, 0)),
        (Actor("b", "yz-desk", frozenset({"triage"})), (3, 3, 3, 3)),
        (Actor("c", "city-care", frozenset({"handler"})), (3, 3, 3, 1)),
        (Actor("d", "s1", frozenset({"handler"})), (3, 3, 3, 2)),
        (Actor("e", "school", frozenset({"school"})), (2, 2, 2, 2)),
        (Actor("f", "c2", frozenset({"verifier"})), (3, 3, 3, 2)),
        (Actor("g", "city-team", frozenset({"handler"})), (2, 0, 0, 0)),
        (Actor("h", "yz", frozenset({"head"})), (3, 3, 0, 0)),
        (Actor("i", "s1-desk", frozenset({"dispatcher"})), (3, 3, 0, 0)),
        (Actor("j", "s1-desk", frozenset({"handler"})), (2, 0, 0, 0)),
        (Actor("k", "c1", frozenset({"head"})), (2, 2, 0, 0)),
        (Actor("l", "s2", frozenset({"head"})), (2, 0, 0, 0)),
        (Actor("m", "yz-oversight", frozenset({"oversight"})), (3, 3, 1, 0)),
        (Actor("n", "yz-arbiter", frozenset({"arbiter"})), (3, 3, 2, 0)),
        (Actor("o", "yz-oversight", frozenset({"handler"})), (2, 0, 0, 0)),
        (SYSTEM, (3, 3, 3, 3)),
    ],
)
def test_who_sees_how_much_at_each_seal(district, actor, expected):
    tasks = (
        ("s1", Role.ASSIST, TaskStatus.OPEN, ()),
        ("school", Role.ASSIST, TaskStatus.TAKEN, ()),
        ("police", Role.ASSIST, TaskStatus.RETURNED, ()),
    )
    for seal, wanted in enumerate(expected):
        case, _ = make_case(seal, verifier="c2", tasks=tasks)
        assert level(actor, case) == Level(wanted), f"L{seal}"


def test_the_reporter_has_his_own_file_and_no_other(district):
    me = Actor(str(person(1)), "", frozenset({"reporter"}))
    for seal in FOUR:
        mine, _ = make_case(seal, reporter=person(1))
        others, _ = make_case(seal, reporter=person(2))
        assert level(me, mine) == Level.COORDINATION
        assert level(me, others) == (Level.EXISTENCE if seal == 0 else Level.NONE)


def test_a_clerk_who_typed_a_report_in_gains_nothing_by_it(district):
    clerk = staff(1, "c2", "handler")
    case, _ = make_case(2, reporter=person(1))
    assert level(clerk, case) == Level.NONE
    assert level(Actor(clerk.person, "", frozenset({"reporter"})), case) == Level.COORDINATION


def test_a_receipt_opens_its_case_alone(district):
    case, _ = make_case(3)
    other, _ = make_case(3)
    eyes = viewer(ANONYMOUS, receipt_for=case)
    assert access.may_see(eyes, access.find_facts(case)).level == Level.COORDINATION
    assert access.may_see(eyes, access.find_facts(other)).level == Level.NONE
    assert listed(eyes) == {case}


def test_who_took_the_lead_task_is_named_as_long_as_he_acts_for_its_unit(district):
    taker = staff(1, "petitions", "handler")
    mate = staff(2, "petitions", "handler")
    case, _ = make_case(
        3, desk="discipline", lead="petitions",
        tasks=(("petitions", Role.LEAD, TaskStatus.TAKEN, (taker.person,)),),
    )  # fmt: skip
    assert level(taker, case) == Level.FULL
    assert level(mate, case) == Level.EXISTENCE
    moved = staff(1, "police", "handler")
    assert level(moved, case) == Level.NONE


def test_a_champion_sees_the_case_that_he_carries(district):
    leader = staff(1, "yz", "leader")
    case, _ = make_case(3, champion=leader.person)
    assert level(leader, case) == Level.FULL


# -- barred ------------------------------------------------------------------------------------------------------


def test_an_accusation_never_reaches_the_accused_from_the_first_second(district):
    """Whatever a barred unit is to the case, it gets what it would get for a case that is not there."""
    barred = units.expand(["s1"])
    assert set(barred) == {"s1", "s1-desk", "c1", "g1"}
    for seal in FOUR:
        case, state = make_case(
            seal, desk="s1-desk", lead="s1", barred=barred, champion=str(person(5)),
            tasks=(("c1", Role.ASSIST, TaskStatus.OPEN, ()),),
        )  # fmt: skip
        for n, (unit, role) in enumerate([("s1", "head"), ("s1-desk", "triage"), ("c1", "handler"), ("g1", "handler")]):
            actor = staff(100 * seal + n, unit, role)
            assert level(actor, case) == Level.NONE
            assert listed(viewer(actor)) == set()
            assert not access.may_act(actor, state, case)
            with pytest.raises(NotFound):
                access.admit(viewer(actor), case, access.find_facts(case), purpose="case", at=AT)


def test_not_found_is_the_same_for_what_is_hidden_and_for_what_is_not_there(district):
    hidden, _ = make_case(2, barred=("s1",))
    nothing = uuid4()
    actor = staff(1, "s1", "head")
    said = []
    for case in (hidden, nothing):
        with pytest.raises(NotFound) as refused:
            access.admit(viewer(actor), case, access.find_facts(case), purpose="duty", at=AT)
        said.append(str(refused.value).replace(str(case), "…"))
    assert said[0] == said[1]
    assert [(t["what"], t["outcome"]) for t in traces()] == [("case", "refused")] * 2


def test_any_current_post_in_a_barred_unit_bars_the_person_everywhere(district):
    case, state = make_case(2, lead="city-care", barred=("s1",))
    actor = staff(1, "city-care", "handler")
    assert level(actor, case) == Level.FULL
    give_post(person(1), "s1", "volunteer")
    assert level(actor, case) == Level.NONE
    assert listed(viewer(actor)) == set()
    assert not access.may_act(actor, state, case)


def test_a_post_that_has_ended_bars_no_longer(district):
    case, _ = make_case(2, lead="city-care", barred=("s1",))
    actor = staff(1, "city-care", "handler")
    give_post(person(1), "s1", "head", starts=date(2020, 1, 1), ends=DAY - timedelta(days=1))
    assert level(actor, case) == Level.FULL
    give_post(person(1), "s1", "handler", starts=date(2020, 1, 1), ends=DAY)
    assert level(actor, case) == Level.NONE


def test_a_unit_founded_under_the_accused_later_is_barred_as_well(district):
    case, _ = make_case(0, lead="city-care", barred=units.expand(["s1"]))
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO unit (code, district, name, name_en, kind, parent_id, path, place, phone)"
            " VALUES ('c9', '500103', 'c9', '', 'community', 's1', '/yz/s1/c9/', '', '')"
        )
    units.forget()
    newcomer = viewer(staff(1, "c9", "head"))
    assert access.may_see(newcomer, access.find_facts(case)) == access.Verdict(Level.NONE, "barred")
    assert listed(newcomer) == set()


def test_the_parent_of_the_accused_is_not_barred(district):
    case, _ = make_case(1, lead="city-care", barred=units.expand(["s1"]))
    assert level(staff(1, "yz", "head"), case) == Level.FULL


def test_a_barred_reporter_keeps_his_receipt_and_nothing_else(district):
    me = staff(1, "s1", "handler")
    case, _ = make_case(3, reporter=person(1), barred=("s1",))
    facts = access.find_facts(case)
    assert level(me, case) == Level.NONE
    assert access.may_track(viewer(me), facts)
    assert not access.may_track(viewer(staff(2, "s1", "head")), facts)
    assert access.may_track(viewer(ANONYMOUS), facts)


# -- SQL is as strict as Python ----------------------------------------------------------------------------------

CODES = [code for code, *_ in UNITS]
ROLES = ["triage", "dispatcher", "handler", "verifier", "head", "arbiter", "oversight", "school", "volunteer"]
PEOPLE = [person(n) for n in range(3)]
a_unit = st.sampled_from(CODES)
a_case = st.fixed_dictionaries({
    "seal": st.integers(0, 3),
    "place": st.sampled_from(PLACES),
    "desk": a_unit,
    "lead": a_unit,
    "verifier": st.sampled_from(["", *CODES]),
    "reporter": st.sampled_from([None, *PEOPLE]),
    "champion": st.sampled_from(["", *map(str, PEOPLE)]),
    "barred": st.lists(a_unit, max_size=1).map(tuple),
    "tasks": st.lists(
        st.tuples(
            a_unit,
            st.sampled_from(Role),
            st.sampled_from(TaskStatus),
            st.lists(st.sampled_from(list(map(str, PEOPLE))), max_size=2, unique=True).map(tuple),
        ),
        max_size=3,
    ).map(tuple),
})  # fmt: skip
an_actor = st.one_of(
    st.just(ANONYMOUS),
    st.just(SYSTEM),
    st.sampled_from(PEOPLE).map(lambda p: Actor(str(p), "", frozenset({"reporter"}))),
    st.builds(lambda p, unit: Actor(str(p), unit, frozenset({"reporter"})), st.sampled_from(PEOPLE), a_unit),
    st.builds(
        lambda p, unit, roles: Actor(str(p), unit, roles),
        st.sampled_from(PEOPLE), a_unit, st.frozensets(st.sampled_from(ROLES), min_size=1, max_size=2),
    ),
)  # fmt: skip


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(a_case, min_size=6, max_size=12), st.lists(an_actor, min_size=4, max_size=8), st.data())
def test_a_list_shows_exactly_what_a_page_would(district, cases, actors, data):
    """Row by row and from the state: the same verdict three ways, for any case, any actor, any level asked for."""
    with transaction.atomic():
        made = [make_case(**one, number=n + 1) for n, one in enumerate(cases)]
        make_case(0, number=1, world=2)
        for n in range(2):
            give_post(PEOPLE[n], data.draw(a_unit), "handler")
        opened = data.draw(st.sampled_from(made))[0]
        _open_glass(opened, PEOPLE[0])
        for actor in actors:
            eyes = viewer(actor, receipt_for=data.draw(st.sampled_from([None, made[0][0]])))
            found = {}
            for case, state in made:
                stored = access.find_facts(case)
                assert stored == access.facts_of(case, state)
                found[case] = access.may_see(eyes, stored).level
            for at_least in (Level.EXISTENCE, Level.COORDINATION, Level.FULL):
                assert listed(eyes, at_least=at_least) == {case for case, level in found.items() if level >= at_least}
            open_ones = {case for case, state in made if state.seal < Seal.L2 and found[case]}
            assert listed(eyes, with_sealed=False) == open_ones
        transaction.set_rollback(True)


def _open_glass(case, who):
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO break_glass (id, world_id, case_id, person, unit, reason, asked, second, granted, expires,"
            " review) VALUES (%s, 1, %s, %s, 'u', 'r', %s, %s, %s, %s, '')",
            [uuid4(), case, who, AT, person(99), AT, AT + timedelta(hours=8)],
        )


def test_worlds_do_not_mix(district):
    here, _ = make_case(0, number=5)
    there, _ = make_case(0, number=5, world=2)
    assert listed(viewer(SYSTEM)) == {here}
    assert listed(viewer(SYSTEM), world=2) == {there}
    assert access.find_facts(there) is None


# -- reading -----------------------------------------------------------------------------------------------------


def read(actor: Actor, case, purpose: str = "办理 case") -> access.Verdict:
    """What a door does: facts and gate in one transaction."""
    with transaction.atomic():
        return access.admit(viewer(actor), case, access.find_facts(case), purpose=purpose, at=AT)


def assert_every_sealed_read_is_traced(seal: int) -> None:
    before = len(traces())
    case, _ = make_case(seal, reporter=person(7))
    desk = staff(1000 + seal, "yz-desk", "triage")
    read(desk, case)
    assert len(traces(case_id=case, outcome="ok", purpose="办理 case", subject=person(7), person=desk.person)) == 1
    assert len(traces()) == before + 1


@pytest.mark.parametrize("seal", [2, 3])
def test_every_sealed_read_leaves_one_trace_with_its_purpose(district, seal):
    assert_every_sealed_read_is_traced(seal)


@pytest.mark.parametrize("seal", [2, 3])
def test_without_the_writing_of_traces_the_test_above_fails(district, seal, monkeypatch):
    """A mutant: the statement that writes the trace is gone. The test of traces must notice."""
    monkeypatch.setattr(looks, "_INSERT", "SELECT " + ", ".join(["%s::text"] * 10))
    with pytest.raises(AssertionError):
        assert_every_sealed_read_is_traced(seal)


def test_no_trace_no_text(district, monkeypatch):
    """Where the trace cannot be written, the read fails with it."""
    monkeypatch.setattr(looks, "_INSERT", "INSERT INTO nowhere VALUES (" + ", ".join(["%s"] * 10) + ")")
    case, _ = make_case(2)
    with pytest.raises(Exception, match="nowhere"):
        read(staff(1, "yz-desk", "triage"), case)


@pytest.mark.parametrize("seal", [0, 1])
def test_open_cases_ask_for_no_purpose_and_leave_no_trace(district, seal):
    case, _ = make_case(seal)
    assert read(staff(1, "yz-desk", "triage"), case, purpose="").level == Level.FULL
    assert traces() == []


@pytest.mark.parametrize("seal", [2, 3])
@pytest.mark.parametrize("purpose", ["", "   ", "\n", "x"])
def test_a_sealed_case_is_not_read_without_a_purpose(district, seal, purpose):
    case, _ = make_case(seal)
    with pytest.raises(Refused) as refused:
        read(staff(1, "yz-desk", "triage"), case, purpose=purpose)
    assert (refused.value.code, refused.value.law) == ("purpose-needed", 7)
    assert len(traces(case_id=case, outcome="refused")) == 1


def test_a_refusal_is_traced_though_its_transaction_rolls_back(district):
    case, _ = make_case(2)
    with pytest.raises(NotFound), transaction.atomic():
        access.admit(viewer(stranger()), case, access.find_facts(case), purpose="curious", at=AT)
    assert len(traces(case_id=case, outcome="refused")) == 1


def test_traces_cannot_be_changed_or_removed(district):
    read(staff(1, "yz-desk", "triage"), make_case(2)[0])
    for statement in ("DELETE FROM access_log", "UPDATE access_log SET purpose = 'x'"):
        with pytest.raises(Exception, match=r"permission denied|past is fixed"), transaction.atomic():
            connection.cursor().execute(statement)


def test_a_page_of_a_list_leaves_a_trace_for_each_sealed_case(district):
    made = [make_case(seal, reporter=person(seal))[0] for seal in FOUR]
    desk = viewer(staff(1, "yz-desk", "triage"))
    shown = [access.find_facts(case) for case in made]
    assert access.log_list(desk, shown, what="list", purpose="morning", at=AT) == 2
    assert {t["case_id"] for t in traces(what="list")} == set(made[2:])


# -- notes and what is left of the state -------------------------------------------------------------------------

NOTES = (
    Note("text", "r1"),
    Note("coordination", "r2", ("school",)),
    Note("supervision", "r3", ("head",)),
    Note("answer", "r4", ("reporter",)),
)


def refs(actor: Actor, case, state) -> list[str]:
    eyes = viewer(actor)
    verdict = access.may_see(eyes, access.find_facts(case))
    return [note.ref for note in access.visible_notes(eyes, verdict, state.notes)]


def test_a_teacher_sees_only_what_is_meant_for_the_school(district):
    case, state = make_case(
        3, notes=NOTES, reporter=person(9), tasks=(("school", Role.ASSIST, TaskStatus.TAKEN, ()),)
    )  # fmt: skip
    teacher = staff(1, "school", "school")
    assert refs(teacher, case, state) == ["r2"]
    assert refs(staff(2, "yz-desk", "triage"), case, state) == ["r1", "r2", "r4"]
    assert refs(staff(3, "yz-desk", "head"), case, state) == ["r1", "r2", "r3", "r4"]
    assert refs(Actor(str(person(9)), "", frozenset({"reporter"})), case, state) == ["r4"]
    assert refs(stranger(), case, state) == []


def test_less_than_full_shows_nobody_and_no_accused(district):
    case, state = make_case(
        3, notes=NOTES, reporter=person(9), barred=("s2",), champion=str(person(8)),
        tasks=(("school", Role.ASSIST, TaskStatus.TAKEN, (str(person(1)),)),),
    )  # fmt: skip
    teacher = viewer(staff(1, "school", "school"))
    state = replace(state, workers=(str(person(1)),), joined=(str(person(4)),))
    seen = access.trimmed(teacher, access.may_see(teacher, access.find_facts(case)), state)
    for n in (4, 8, 9):
        assert str(person(n)) not in repr(seen)
    assert seen.barred == seen.receipts == ()
    assert [note.ref for note in seen.notes] == ["r2"]


def test_existence_of_a_sealed_case_tells_neither_place_nor_matter(district):
    case, state = make_case(2, notes=NOTES, reporter=person(9), tasks=(("s1", Role.ASSIST, TaskStatus.OPEN, ()),))
    overseer = viewer(staff(1, "yz-oversight", "oversight"))
    seen = access.trimmed(overseer, access.may_see(overseer, access.find_facts(case)), state)
    assert (seen.category, seen.place, seen.notes, seen.reporter) == ("", "", (), "")
    assert (seen.number, seen.stage, seen.lead) == (state.number, state.stage, state.lead)


# -- acting ------------------------------------------------------------------------------------------------------


def test_acting_asks_no_query_of_most_and_none_of_the_system(district, django_assert_num_queries):
    open_case, open_state = make_case(1)
    _, barred_state = make_case(1, barred=("s2",))
    desk = staff(1, "yz-desk", "triage")
    units.tree()
    with django_assert_num_queries(0):
        assert access.may_act(desk, open_state, open_case)
        assert access.may_act(SYSTEM, barred_state, open_case)
        assert access.may_act(SYSTEM, open_state, open_case)


def test_nobody_acts_on_what_he_may_not_know_of(district):
    case, state = make_case(2)
    assert access.may_act(staff(1, "city-care", "handler"), state, case)
    assert not access.may_act(staff(2, "police", "handler"), state, case)
    assert not access.may_act(ANONYMOUS, state, case)
    assert access.may_act(ANONYMOUS, state, case, receipt_for=case)


def test_an_actor_is_made_of_the_posts_of_the_day(district):
    give_post(person(1), "city-care", "handler")
    give_post(person(1), "city-care", "head")
    give_post(person(1), "s1", "volunteer")
    give_post(person(1), "police", "head", starts=date(2020, 1, 1), ends=date(2024, 1, 1))
    actor = access.actor_for(person(1), "city-care", AT)
    assert actor == Actor(
        str(person(1)), "city-care", frozenset({"handler", "head"}), frozenset({"city-care", "s1"})
    )  # fmt: skip
    assert access.actor_for(person(1), "police", AT).roles == frozenset()
    assert access.actor_for(person(1), "police", AT).unit == ""


@pytest.mark.parametrize(("count", "shown"), [(0, None), (1, None), (4, None), (5, 5), (6, 6), (1000, 1000)])
def test_small_counts_are_not_shown_nor_their_absence(count, shown):
    assert access.count_shown(count) == shown

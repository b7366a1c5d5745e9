"""The gate: the table as documented, SQL as strict as Python, barred units from the first second, every look traced."""

import re
from datetime import date, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bihuan.desk import access, seals, units
from bihuan.desk.access import Level, NotFound
from bihuan.desk.actor import ANONYMOUS, SYSTEM, Actor
from bihuan.kernel.case import Role, Seal, TaskStatus
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
            assert not access.may_act(actor, state, case, world=1)
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
    assert not access.may_act(actor, state, case, world=1)


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

"""Reading and acting: a purpose, a trace for every sealed look, and no more than the level gives."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.db import connection, transaction

from bihuan.desk import access, instant, looks, units, worlds
from bihuan.desk.access import Level, NotFound
from bihuan.desk.actor import ANONYMOUS, SYSTEM, Actor
from bihuan.kernel.case import Note, Role, TaskStatus
from bihuan.kernel.refused import Refused
from seal_cast import AT, build_units, give_post, make_case, person, staff, stranger, traces, viewer

FOUR = range(4)


@pytest.fixture
def district(clean_db):
    units.forget()
    build_units()
    yield
    units.forget()


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
        assert access.may_act(desk, open_state, open_case, world=1)
        assert access.may_act(SYSTEM, barred_state, open_case, world=1)
        assert access.may_act(SYSTEM, open_state, open_case, world=1)


def test_nobody_acts_on_what_he_may_not_know_of(district):
    case, state = make_case(2)
    assert access.may_act(staff(1, "city-care", "handler"), state, case, world=1)
    assert not access.may_act(staff(2, "police", "handler"), state, case, world=1)
    assert not access.may_act(ANONYMOUS, state, case, world=1)
    assert access.may_act(ANONYMOUS, state, case, receipt_for=case, world=1)


def test_acting_in_a_drill_asks_the_drill_and_leaves_its_trace_there(district):
    """Law 8: a seal opened in the real world opens nothing in a drill, nor the other way round."""
    now = instant.wall()
    drill = worlds.create("d", "drill", starts=now)
    case, state = make_case(3)
    actor = staff(2, "police", "handler")
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO break_glass"
            " (id, world_id, case_id, person, unit, reason, asked, second, granted, expires, review) VALUES"
            " (gen_random_uuid(), %s, %s, %s, 'police', 'r', %s, gen_random_uuid(), %s, %s, '')",
            [drill, case, person(2), now, now, now + timedelta(hours=8)],
        )
    assert access.may_act(actor, state, case, world=drill)
    assert not access.may_act(actor, state, case, world=1)
    other, sealed = make_case(3)
    assert not access.may_act(actor, sealed, other, world=drill)
    with connection.cursor() as cursor:
        cursor.execute("SELECT world_id, at FROM access_log WHERE case_id = %s", [other])
        assert cursor.fetchall() == [(drill, now)]


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

"""The thirty forbidden requests, each refused and traced; what is not there for the asker; and what may be asked."""

from uuid import uuid4

import pytest

from bihuan.desk import access, api, questions, units
from bihuan.desk.access import NotFound
from bihuan.desk.actor import ANONYMOUS, reporter
from bihuan.kernel.case import Note
from bihuan.kernel.refused import Refused
from forbidden import ACCUSER, SECRET, THIRTY, build_cast, open_alone
from seal_cast import AT, listed, make_case, traces, viewer


@pytest.fixture
def cast(clean_db):
    yield build_cast()
    units.forget()


@pytest.mark.parametrize("forbidden", THIRTY, ids=lambda one: one.name)
def test_thirty_forbidden_requests_are_refused_and_traced(cast, forbidden):
    with pytest.raises((Refused, NotFound)) as refused:
        forbidden.ask(cast)
    if forbidden.law:
        assert isinstance(refused.value, Refused)
        assert refused.value.law == forbidden.law
    else:
        assert isinstance(refused.value, NotFound)
    assert str(ACCUSER) not in str(refused.value)
    assert SECRET not in str(refused.value)
    (trace,) = traces(outcome="refused")
    assert (trace["person"], trace["unit"]) == (
        getattr(cast, forbidden.who).person, getattr(cast, forbidden.who).unit,
    )  # fmt: skip


def test_there_are_thirty_of_them_and_all_but_two_have_an_address():
    assert len(THIRTY) == len({one.name for one in THIRTY}) == 30
    assert len([one for one in THIRTY if one.url]) == 28


# -- what is not refused because it is not there -----------------------------------------------------------------


def test_the_accused_cannot_tell_the_accusation_from_nothing(cast):
    """Lists, searches, counts and maps are one filter: with and without the accusation they are the same."""
    eyes = viewer(cast.accused)
    before = {at_least: listed(eyes, at_least=at_least) for at_least in access.Level if at_least}
    for seal in range(4):
        make_case(seal, reporter=ACCUSER, barred=units.expand(["s1"]), lead="s1", desk="s1-desk")
    assert {at_least: listed(eyes, at_least=at_least) for at_least in access.Level if at_least} == before
    assert api.list_cases(cast.accused, api.Filters()).lines == ()
    assert not access.may_track(eyes, access.find_facts(cast.accusation))


def test_a_list_without_a_purpose_holds_nothing_sealed(cast):
    assert cast.care in listed(viewer(cast.clerk))
    assert listed(viewer(cast.clerk), with_sealed=False) == set()


def test_small_counts_say_neither_how_many_nor_whether(cast):
    eyes = viewer(cast.clerk)
    for _ in range(3):
        make_case(2)
    assert access.count_shown(len(listed(eyes))) is None
    make_case(2)
    assert access.count_shown(len(listed(eyes))) == 5
    assert access.count_shown(len(listed(viewer(cast.neighbour)))) is None


def test_nobody_breaks_the_glass_alone(cast):
    with pytest.raises(Refused, match="second-person-needed"):
        open_alone(cast)
    assert cast.care not in listed(viewer(cast.police))


def test_the_teacher_of_a_child_reads_no_case_notes(cast):
    eyes = viewer(cast.teacher)
    facts = access.find_facts(cast.care)
    notes = (Note("text", "r1"), Note("coordination", "r2", ("school",)))
    assert [n.ref for n in access.visible_notes(eyes, access.may_see(eyes, facts), notes)] == ["r2"]


# -- what may be asked -------------------------------------------------------------------------------------------


def test_problems_places_and_units_may_be_counted_and_sorted(cast):
    access.check_question(
        cast.head, filters=questions.FILTERS, group_by=questions.GROUPS, sort=["-opened", "due", "-count"], at=AT
    )
    access.check_question(ANONYMOUS, filters=("place", "category"), group_by=("month",), sort=("count",), at=AT)
    assert traces() == []


def test_no_field_that_may_be_asked_points_at_people():
    allowed = questions.FILTERS | questions.GROUPS | questions.SORTS
    assert [name for name in sorted(allowed) if questions.points_at_people(name)] == []


def test_an_unknown_field_is_a_mistake_not_a_crime(cast):
    with pytest.raises(Refused) as refused:
        access.check_question(cast.clerk, group_by=("weather",), at=AT)
    assert (refused.value.code, refused.value.law) == ("unknown-field", None)
    assert "category" in refused.value.facts["allowed"]
    with pytest.raises(Refused, match="unknown-question"):
        access.refuse_query("weather", cast.clerk, at=AT)
    assert traces() == []


@pytest.mark.parametrize("kind", sorted(questions.QUESTIONS))
def test_every_question_by_name_says_why_and_what_there_is_instead(cast, kind):
    with pytest.raises(Refused) as refused:
        access.refuse_query(kind, cast.head, at=AT)
    assert refused.value.law in {7, 9}
    assert all(refused.value.facts[key] for key in ("why", "why_en", "instead"))
    assert traces(what=f"question:{kind}"[:40], outcome="refused")


def test_a_person_reads_his_own_file_all_the_same(cast):
    me = viewer(reporter(str(ACCUSER)))
    assert listed(me) == {cast.accusation, cast.care}
    assert access.who_looked(me, ACCUSER, at=AT) == ()
    with pytest.raises(NotFound):
        access.admit(viewer(reporter(str(uuid4()))), cast.care, access.find_facts(cast.care), purpose="x y", at=AT)

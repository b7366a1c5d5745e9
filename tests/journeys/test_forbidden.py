"""Thirty requests that somebody in power might make and nobody may be granted. Each is refused and leaves a trace.

They go to the doors of the desk. ``url`` is the same request over REST, for the face that serves it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID, uuid4

import pytest

from bihuan.desk import access, api, breakglass, questions, units
from bihuan.desk.access import NotFound
from bihuan.desk.actor import ANONYMOUS, Actor, reporter
from bihuan.kernel import commands as c
from bihuan.kernel.case import Note, Role, TaskStatus
from bihuan.kernel.refused import Refused
from seal_cast import AT, build_units, listed, make_case, person, staff, stranger, traces, viewer

ACCUSER = person(77)
SECRET = "举报街道干部"


@dataclass(frozen=True)
class Cast:
    """An accusation against a street, at L3, with discipline; a sealed care case; and who would like to know."""

    accusation: UUID
    care: UUID
    accused: Actor
    clerk: Actor
    head: Actor
    police: Actor
    overseer: Actor
    teacher: Actor
    neighbour: Actor


@pytest.fixture
def cast(clean_db):
    units.forget()
    build_units()
    accusation, _ = make_case(
        3, desk="discipline", lead="discipline", reporter=ACCUSER, barred=units.expand(["s1"]),
        notes=(Note("text", SECRET),),
    )  # fmt: skip
    care, _ = make_case(3, lead="s2", reporter=ACCUSER, tasks=(("school", Role.ASSIST, TaskStatus.OPEN, ()),))
    yield Cast(
        accusation=accusation,
        care=care,
        accused=staff(1, "s1", "head"),
        clerk=staff(2, "yz-desk", "triage"),
        head=staff(3, "yz", "head"),
        police=staff(4, "police", "head"),
        overseer=staff(5, "yz-oversight", "oversight"),
        teacher=staff(6, "school", "school"),
        neighbour=stranger(),
    )
    units.forget()


Ask = Callable[[Cast], object]


@dataclass(frozen=True)
class Forbidden:
    """``ask`` makes the request as ``who``; ``law`` is the one that the refusal names, 0: it is simply not there."""

    name: str
    who: str
    law: int
    ask: Ask
    url: str


def question(who: str, **fields: tuple[str, ...]) -> Ask:
    return lambda cast: access.check_question(getattr(cast, who), at=AT, **fields)


def named(who: str, kind: str) -> Ask:
    return lambda cast: access.refuse_query(kind, getattr(cast, who), at=AT)


def read(who: str, case: str, purpose: str = "duty") -> Ask:
    return lambda cast: api.read_case(getattr(cast, who), getattr(cast, case), purpose=purpose)


def act(who: str, case: str) -> Ask:
    return lambda cast: api.submit(
        c.AddNote(Note("note", "")), by=getattr(cast, who), case=getattr(cast, case), purpose="duty"
    )  # fmt: skip


def open_alone(cast: Cast) -> object:
    glass = breakglass.ask(viewer(cast.police), cast.care, reason="I should like to know", at=AT)
    return breakglass.grant(viewer(cast.police), glass, at=AT)


CASES = "/api/v1/cases"
THIRTY = (
    Forbidden("petitioners by number of visits", "head", 9,
              question("head", group_by=("petitioner",), sort=("-visits",)),
              f"{CASES}?group_by=petitioner&sort=-visits"),
    Forbidden("who calls again and again", "clerk", 9,
              question("clerk", group_by=("caller",), sort=("-count",)), f"{CASES}?group_by=caller&sort=-count"),
    Forbidden("who reported in this place", "accused", 9,
              question("accused", filters=("place",), group_by=("reporter",)),
              f"{CASES}?place=500103010&group_by=reporter"),
    Forbidden("all cases of one person", "clerk", 9,
              question("clerk", filters=("reporter",)), f"{CASES}?reporter={ACCUSER}"),
    Forbidden("the case behind a telephone number", "clerk", 9,
              question("clerk", filters=("reporter_phone",)), f"{CASES}?reporter_phone=000"),
    Forbidden("a list of names to take away", "head", 9,
              question("head", group_by=("reporter__name",)), f"{CASES}?group_by=reporter__name&format=csv"),
    Forbidden("handlers in order of speed", "head", 9,
              question("head", group_by=("handler",), sort=("count",)), f"{CASES}?group_by=handler&sort=count"),
    Forbidden("workers by points", "head", 9,
              question("head", group_by=("worker",), sort=("-points",)), f"{CASES}?group_by=worker&sort=-points"),
    Forbidden("volunteers by hours", "head", 9,
              question("head", group_by=("volunteer",), sort=("-hours",)), f"{CASES}?group_by=volunteer&sort=-hours"),
    Forbidden("who was at his desk today", "head", 9,
              question("head", group_by=("attendance",)), f"{CASES}?group_by=attendance"),
    Forbidden("who was online how long", "head", 9,
              question("head", group_by=("timeOnline",)), f"{CASES}?group_by=timeOnline"),
    Forbidden("where a rider has been", "police", 9,
              question("police", filters=("rider", "track")), f"{CASES}?rider=1&track=1"),
    Forbidden("where a worker is now", "head", 9,
              question("head", filters=("takers_position",)), f"{CASES}?takers_position=1"),
    Forbidden("a watch-list at a door", "police", 9,
              question("police", filters=("watchlist",)), f"{CASES}?watchlist=1"),
    Forbidden("a face in all pictures", "police", 9,
              question("police", filters=("face_id",)), f"{CASES}?face_id=1"),
    Forbidden("people in order of a score", "head", 9,
              question("head", sort=("-person_score",)), f"{CASES}?sort=-person_score"),
    Forbidden("families by risk", "overseer", 9,
              question("overseer", group_by=("family_risk",)), f"{CASES}?group_by=family_risk"),
    Forbidden("residents by party or belief", "head", 9,
              question("head", group_by=("party_member",)), f"{CASES}?group_by=party_member"),
    Forbidden("people counted under another name", "head", 9,
              question("head", sort=("count(handlerId)",)), f"{CASES}?sort=count(handlerId)"),
    Forbidden("who will petition next", "head", 9,
              named("head", "predicted-petitioners"), "/api/v1/questions/predicted-petitioners"),
    Forbidden("the list of key persons", "police", 9,
              named("police", "key-persons"), "/api/v1/questions/key-persons"),
    Forbidden("who accused us", "accused", 7,
              named("accused", "accusers-of-unit"), "/api/v1/questions/accusers-of-unit"),
    Forbidden("a number small enough to be somebody", "head", 7,
              named("head", "small-counts"), "/api/v1/questions/small-counts"),
    Forbidden("a neighbour's case", "neighbour", 0,
              read("neighbour", "care"), f"{CASES}/care"),
    Forbidden("the accusation, by the accused", "accused", 0,
              read("accused", "accusation"), f"{CASES}/accusation"),
    Forbidden("a hand on the accusation, by the accused", "accused", 0,
              act("accused", "accusation"), f"{CASES}/accusation/commands"),
    Forbidden("a sealed case without saying why", "clerk", 7,
              read("clerk", "care", purpose=" "), f"{CASES}/care"),
    Forbidden("a sealed case, by oversight, out of interest", "overseer", 0,
              read("overseer", "care"), f"{CASES}/care"),
    Forbidden("who has looked at somebody else", "head", 7,
              lambda cast: access.who_looked(viewer(cast.head), ACCUSER, at=AT), f"/api/v1/people/{ACCUSER}/looks"),
    Forbidden("breaking the glass, by the accused", "accused", 0,
              lambda cast: breakglass.ask(viewer(cast.accused), cast.accusation, reason="to know who", at=AT),
              "/api/v1/break-glass"),
)  # fmt: skip


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


def test_there_are_thirty_of_them_and_each_has_its_address():
    assert len(THIRTY) == len({one.name for one in THIRTY}) == 30
    assert all(one.url.startswith("/api/v1/") for one in THIRTY)


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

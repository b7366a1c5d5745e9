"""Thirty requests that somebody in power might make and nobody may be granted: at the desk's doors and over REST."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from bihuan.desk import access, api, breakglass, units
from bihuan.desk.actor import Actor
from bihuan.kernel import commands as c
from bihuan.kernel.case import Note, Role, TaskStatus
from seal_cast import AT, build_units, make_case, person, staff, stranger, viewer

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


def build_cast() -> Cast:
    units.forget()
    build_units()
    accusation, _ = make_case(
        3, desk="discipline", lead="discipline", reporter=ACCUSER, barred=units.expand(["s1"]),
        notes=(Note("text", SECRET),),
    )  # fmt: skip
    care, _ = make_case(3, lead="s2", reporter=ACCUSER, tasks=(("school", Role.ASSIST, TaskStatus.OPEN, ()),))
    return Cast(
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


def open_the_accusation(cast: Cast) -> object:
    """The accused is not even told that there is something; what he asks for reaches no second person."""
    glass = breakglass.ask(viewer(cast.accused), cast.accusation, reason="to know who", at=AT)
    return breakglass.grant(viewer(cast.head), glass, at=AT)


CASES, QUESTIONS = "/api/v1/cases", "/api/v1/questions"
THIRTY = (
    Forbidden("petitioners by number of visits", "head", 9,
              question("head", group_by=("petitioner",), sort=("-visits",)),
              f"{QUESTIONS}?group_by=petitioner&sort=-visits"),
    Forbidden("who calls again and again", "clerk", 9,
              question("clerk", group_by=("caller",), sort=("-count",)), f"{QUESTIONS}?group_by=caller&sort=-count"),
    Forbidden("who reported in this place", "accused", 9,
              question("accused", filters=("place",), group_by=("reporter",)),
              f"{QUESTIONS}?place=500103010&group_by=reporter"),
    Forbidden("all cases of one person", "clerk", 9,
              question("clerk", filters=("reporter",)), f"{QUESTIONS}?reporter={ACCUSER}"),
    Forbidden("the case behind a telephone number", "clerk", 9,
              question("clerk", filters=("reporter_phone",)), f"{QUESTIONS}?reporter_phone=000"),
    Forbidden("a list of names to take away", "head", 9,
              question("head", group_by=("reporter__name",)), f"{QUESTIONS}?group_by=reporter__name&format=csv"),
    Forbidden("handlers in order of speed", "head", 9,
              question("head", group_by=("handler",), sort=("count",)), f"{QUESTIONS}?group_by=handler&sort=count"),
    Forbidden("workers by points", "head", 9,
              question("head", group_by=("worker",), sort=("-points",)), f"{QUESTIONS}?group_by=worker&sort=-points"),
    Forbidden("volunteers by hours", "head", 9,
              question("head", group_by=("volunteer",), sort=("-hours",)),
              f"{QUESTIONS}?group_by=volunteer&sort=-hours"),
    Forbidden("who was at his desk today", "head", 9,
              question("head", group_by=("attendance",)), f"{QUESTIONS}?group_by=attendance"),
    Forbidden("who was online how long", "head", 9,
              question("head", group_by=("timeOnline",)), f"{QUESTIONS}?group_by=timeOnline"),
    Forbidden("where a rider has been", "police", 9,
              question("police", filters=("rider", "track")), f"{QUESTIONS}?rider=1&track=1"),
    Forbidden("where a worker is now", "head", 9,
              question("head", filters=("takers_position",)), f"{QUESTIONS}?takers_position=1"),
    Forbidden("a watch-list at a door", "police", 9,
              question("police", filters=("watchlist",)), f"{QUESTIONS}?watchlist=1"),
    Forbidden("a face in all pictures", "police", 9,
              question("police", filters=("face_id",)), f"{QUESTIONS}?face_id=1"),
    Forbidden("people in order of a score", "head", 9,
              question("head", sort=("-person_score",)), f"{QUESTIONS}?sort=-person_score"),
    Forbidden("families by risk", "overseer", 9,
              question("overseer", group_by=("family_risk",)), f"{QUESTIONS}?group_by=family_risk"),
    Forbidden("residents by party or belief", "head", 9,
              question("head", group_by=("party_member",)), f"{QUESTIONS}?group_by=party_member"),
    Forbidden("people counted under another name", "head", 9,
              question("head", sort=("count(handlerId)",)), f"{QUESTIONS}?sort=count(handlerId)"),
    Forbidden("who will petition next", "head", 9,
              named("head", "predicted-petitioners"), f"{QUESTIONS}?kind=predicted-petitioners"),
    Forbidden("the list of key persons", "police", 9,
              named("police", "key-persons"), f"{QUESTIONS}?kind=key-persons"),
    Forbidden("who accused us", "accused", 7,
              named("accused", "accusers-of-unit"), f"{QUESTIONS}?kind=accusers-of-unit"),
    Forbidden("a number small enough to be somebody", "head", 7,
              named("head", "small-counts"), f"{QUESTIONS}?kind=small-counts"),
    Forbidden("a neighbour's case", "neighbour", 0,
              read("neighbour", "care"), CASES + "/{care}"),
    Forbidden("the accusation, by the accused", "accused", 0,
              read("accused", "accusation"), CASES + "/{accusation}"),
    Forbidden("a hand on the accusation, by the accused", "accused", 0,
              act("accused", "accusation"), CASES + "/{accusation}/notes"),
    Forbidden("a sealed case without saying why", "clerk", 7,
              read("clerk", "care", purpose=" "), CASES + "/{care}"),
    Forbidden("a sealed case, by oversight, out of interest", "overseer", 0,
              read("overseer", "care"), CASES + "/{care}"),
    Forbidden("who has looked at somebody else", "head", 7,
              lambda cast: access.who_looked(viewer(cast.head), ACCUSER, at=AT), ""),
    Forbidden("breaking the glass, by the accused", "accused", 0,
              open_the_accusation,
              ""),
)  # fmt: skip

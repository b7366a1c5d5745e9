"""Who hears of it: the holders of a post who may know of the case; and who steps in where nobody does.

The safety net goes up: the role in the unit, anybody who answers for the unit, the head of each unit above, the desk of
the case, oversight. Whoever it reaches is told whom it passed over, and why.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from uuid import UUID

from django.db import connection

from bihuan.desk import units
from bihuan.desk.actor import Actor
from bihuan.desk.notices.kinds import TOLD
from bihuan.desk.seals import OUTSIDERS, Facts, Level, Viewer, as_uuid, local_day, may_see, reach

ANSWERING = ("head", "dispatcher", "triage", "handler", "verifier", "arbiter", "oversight")
SURE_UPTO = 2  # up to this seal desk, lead, assisting and verifying units read all of a case


@dataclass(frozen=True)
class Rung:
    """A place where somebody may be found: these roles in this unit, in one step of the net."""

    unit: str
    roles: tuple[str, ...]

    @property
    def text(self) -> str:
        return f"{'|'.join(self.roles)}@{self.unit}"


@dataclass(frozen=True)
class Hearer:
    person: UUID
    unit: str


@dataclass(frozen=True)
class Found:
    """``passed``: what the net went past, ``empty …`` or ``away …``, in order."""

    hearers: tuple[Hearer, ...]
    passed: tuple[str, ...] = ()


class Posts:
    """Every post held today, read once for a batch."""

    def __init__(self, at: datetime) -> None:
        day = local_day(at)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT unit_id, role, person_id FROM post WHERE starts <= %s::date"
                " AND (ends IS NULL OR ends >= %s::date) ORDER BY unit_id, role, person_id",
                [day, day],
            )
            rows = cursor.fetchall()
        self._in: dict[tuple[str, str], list[UUID]] = {}
        self._of: dict[UUID, list[tuple[str, str]]] = {}
        for unit, role, person in rows:
            self._in.setdefault((unit, role), []).append(person)
            self._of.setdefault(person, []).append((unit, role))
        self._eyes: dict[Hearer, Viewer] = {}

    @cached_property
    def overseers(self) -> dict[str, frozenset[str]]:
        """Units with a post of oversight, and what they oversee."""
        tree = units.tree()
        found = {unit for unit, role in self._in if role == "oversight"}
        return {unit: tree.subtree(tree.realm_top(unit, is_office=True)) for unit in sorted(found)}

    def holders(self, rung: Rung) -> list[Hearer]:
        people = dict.fromkeys(person for role in rung.roles for person in self._in.get((rung.unit, role), ()))
        return [Hearer(person, rung.unit) for person in people]

    def units_of(self, person: UUID) -> list[str]:
        return list(dict.fromkeys(unit for unit, role in self._of.get(person, ()) if role not in OUTSIDERS))

    def may_know(self, hearer: Hearer, facts: Facts) -> bool:
        if not facts.barred and facts.seal <= SURE_UPTO and hearer.unit in {facts.lead, facts.desk}:
            return True
        return may_see(self.eyes(hearer), facts).level >= Level.EXISTENCE

    def eyes(self, hearer: Hearer) -> Viewer:
        known = self._eyes.get(hearer)
        if known is None:
            held = self._of.get(hearer.person, ())
            roles = frozenset(role for unit, role in held if unit == hearer.unit)
            every = frozenset(unit for unit, _ in held)
            known = Viewer(Actor(str(hearer.person), hearer.unit, roles, every), reach(every))
            self._eyes[hearer] = known
        return known


# Who of these is there now; ``None``: nobody keeps a roster for this rung, so that nobody is away.
OnDuty = Callable[[Rung], frozenset[UUID] | None]


def find(posts: Posts, kind: str, to: str, facts: Facts, on_duty: OnDuty | None = None) -> Found:
    """Who is told. Empty only where no post of the whole net is held by anybody who may know of the case."""
    if to.startswith("person:"):
        person = as_uuid(to.removeprefix("person:"))
        hearers = [Hearer(person, unit) for unit in posts.units_of(person)] if person is not None else []
        return Found(tuple(one for one in hearers if posts.may_know(one, facts))[:1])
    passed: list[str] = []
    for rungs in _net(posts, kind, to, facts):
        held = [one for rung in rungs for one in posts.holders(rung) if posts.may_know(one, facts)]
        there = _there(posts, rungs, held, facts, on_duty) if on_duty is not None else held
        if there:
            return Found(_once(there), tuple(passed))
        passed += [f"{'away' if held else 'empty'} {rung.text}" for rung in rungs]
    return Found((), tuple(passed))


def _once(hearers: Sequence[Hearer]) -> tuple[Hearer, ...]:
    return tuple({one.person: one for one in reversed(hearers)}.values())[::-1]


def _there(posts: Posts, rungs: Sequence[Rung], held: Sequence[Hearer], facts: Facts, on_duty: OnDuty) -> list[Hearer]:
    """Holders who are on duty, and whoever the roster has put in their place."""
    found: list[Hearer] = []
    for rung in rungs:
        roster = on_duty(rung)
        if roster is None:
            found += [one for one in held if one.unit == rung.unit]
            continue
        steps_in = [Hearer(person, rung.unit) for person in sorted(roster) if rung.unit in posts.units_of(person)]
        found += [one for one in steps_in if posts.may_know(one, facts)]
    return found


def first_rung(kind: str, to: str) -> Rung | None:
    """Whom the rule names, before any net."""
    if to.startswith("person:"):
        return None
    role, _, unit = to.rpartition("@")
    return Rung(unit, (role,) if role else TOLD[kind])


def _net(posts: Posts, kind: str, to: str, facts: Facts) -> Iterator[list[Rung]]:
    first = first_rung(kind, to)
    if first is None:
        return
    tree = units.tree()
    above = tree.ancestors(first.unit)
    if first.roles == ("oversight",):
        offices = [unit for unit, below in posts.overseers.items() if first.unit in below]
        yield [Rung(unit, ("oversight",)) for unit in offices] or [first]
    else:
        yield [first]
        yield [Rung(first.unit, tuple(role for role in ANSWERING if role not in first.roles))]
    for unit in above:
        yield [Rung(unit, ("head",))]
    if facts.desk and facts.desk != first.unit:
        yield [Rung(facts.desk, ("triage", "dispatcher", "head"))]
    yield [Rung(unit, ("oversight",)) for unit, below in posts.overseers.items() if first.unit in below]

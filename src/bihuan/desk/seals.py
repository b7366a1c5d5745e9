"""Who may see what of a case: one table, read by Python for one case and turned into SQL for lists, counts and maps.

What an actor is to a case (its desk, its lead unit, its reporter …) gives a level at each seal; the best one counts.
A barred unit is nothing to the case: what it asks for does not exist. ``docs/reference/access.md`` shows the table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import Any
from uuid import UUID

import orjson
from django.db import connection
from django.utils import timezone

from bihuan.desk import units
from bihuan.desk.actor import Actor
from bihuan.kernel.case import Case, Role, Seal, TaskStatus


class Level(IntEnum):
    """How much of a case.

    ``EXISTENCE``: number, stage, clocks, lead. ``COORDINATION``: that, tasks and the notes meant for one's role.
    ``FULL``: everything, who reported it too.
    """

    NONE = 0
    EXISTENCE = 1
    COORDINATION = 2
    FULL = 3


N, E, C, F = Level.NONE, Level.EXISTENCE, Level.COORDINATION, Level.FULL
# What one is to the case → level at L0 (public), L1 (internal), L2 (case team), L3 (sealed).
MATRIX: Mapping[str, tuple[Level, Level, Level, Level]] = {
    "anyone": (E, N, N, N),
    "staff": (C, N, N, N),
    "reporter": (C, C, C, C),
    "desk": (F, F, F, F),
    "lead": (F, F, F, E),
    "assist": (F, F, F, C),
    "verifier": (F, F, F, C),
    "named": (F, F, F, F),
    "above": (F, F, N, N),
    "area": (C, C, N, N),
    "arbiter": (F, F, C, N),
    "oversight": (F, F, E, N),
    "break_glass": (F, F, F, F),
    "system": (F, F, F, F),
}
# Roles of a post that answers for every unit of its realm, by what it is to a case.
OVER: Mapping[str, frozenset[str]] = {
    "above": frozenset({"triage", "dispatcher", "head"}),
    "arbiter": frozenset({"arbiter"}),
    "oversight": frozenset({"oversight"}),
}
# People of other organisations who help: never more than coordination, whatever their unit is to the case.
OUTSIDERS = frozenset({"school", "partner", "volunteer"})
SEALED_FROM = 2
GONE = frozenset({TaskStatus.RETURNED, TaskStatus.CANCELLED})


@dataclass(frozen=True)
class Viewer:
    """An actor with everything that the rules ask about him. Made by ``viewer_of``; good for one request.

    ``under``: every unit of his current posts and all above them. ``opened``: cases open to him by break-glass.
    ``receipt_for``: the case whose receipt code he showed.
    """

    actor: Actor
    under: frozenset[str] = frozenset()
    opened: frozenset[UUID] = frozenset()
    receipt_for: UUID | None = None

    @property
    def is_system(self) -> bool:
        return "system" in self.actor.roles

    @property
    def is_staff(self) -> bool:
        return bool(self.actor.unit and self.actor.roles - OUTSIDERS) and not self.is_system

    @property
    def cap(self) -> Level:
        return F if self.is_staff or self.is_system else C

    @property
    def person(self) -> UUID | None:
        return as_uuid(self.actor.person)

    @property
    def own(self) -> UUID | None:
        """Whose own reports he may follow: himself, when no post speaks.

        A clerk who types in what others tell him on the telephone gains nothing by it.
        """
        return self.person if not self.actor.unit else None

    @property
    def names(self) -> list[str]:
        """How ``named`` would name him: the person, or the person in the unit of the task that he took."""
        if not (self.is_staff and self.actor.person):
            return []
        return [self.actor.person, f"{self.actor.person}@{self.actor.unit}"]

    def realm(self, relation: str) -> frozenset[str]:
        """The units that the acting post answers for as ``above``, ``arbiter`` or ``oversight``."""
        if not self.is_staff or not self.actor.roles & OVER[relation]:
            return frozenset()
        tree = units.tree()
        return tree.subtree(tree.realm_top(self.actor.unit, is_office=relation != "above"))

    @property
    def ground(self) -> str:
        """The place code prefix of the ground that a duty post answers for; empty: none."""
        if not self.is_staff or not self.actor.roles & OVER["above"]:
            return ""
        tree = units.tree()
        return tree.place_of(tree.realm_top(self.actor.unit))


@dataclass(frozen=True)
class Facts:
    """What the rules ask about a case. ``units``: of tasks neither returned nor cancelled; ``assists`` among them."""

    case: UUID
    seal: int
    desk: str
    lead: str
    place: str
    reporter: UUID | None
    barred: frozenset[str]
    verifier: str
    named: frozenset[str]
    units: frozenset[str]
    assists: frozenset[str]

    @property
    def is_sealed(self) -> bool:
        return self.seal >= SEALED_FROM


@dataclass(frozen=True)
class Verdict:
    """How much, and what the viewer is to the case that gives it (a key of ``MATRIX``, ``barred`` or ``stranger``)."""

    level: Level
    why: str


def as_uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def actor_for(person: UUID, unit: str, at: datetime) -> Actor:
    """The actor of a signed-in person in one of the posts held today. Without such a post: nobody in particular."""
    posts = current_posts(person, at)
    roles = frozenset(role for code, role in posts if code == unit)
    return Actor(str(person), unit if roles else "", roles, frozenset(code for code, _ in posts))


def current_posts(person: UUID, at: datetime) -> tuple[tuple[str, str], ...]:
    """Unit and role of every post that the person holds on the day of ``at``."""
    with connection.cursor() as cursor:
        cursor.execute(_POSTS, [person, *[local_day(at)] * 2])
        return tuple(cursor.fetchall())


def local_day(at: datetime) -> str:
    return timezone.localtime(at).date().isoformat()


_POSTS = (
    "SELECT unit_id, role FROM post WHERE person_id = %s AND starts <= %s::date AND (ends IS NULL OR ends >= %s::date)"
    " ORDER BY unit_id, role"
)
_GLASS = "SELECT case_id FROM break_glass WHERE person = %s AND granted <= %s AND expires > %s AND world_id = %s"
_LIVE = "t.status NOT IN ('returned', 'cancelled')"
_ASSISTS = f"EXISTS (SELECT FROM task_row t WHERE t.case_id = c.id AND t.unit = %s AND t.role = 'assist' AND {_LIVE})"
_OVER = (
    "(c.lead = ANY(%s::text[]) OR c.desk = ANY(%s::text[]) OR EXISTS (SELECT FROM task_row t WHERE t.case_id = c.id"
    f" AND t.unit = ANY(%s::text[]) AND {_LIVE}))"
)
_FACTS = (
    "SELECT c.seal, c.desk, c.lead, c.place, c.reporter, c.barred, c.verifier, c.named,"  # noqa: S608 - our own words
    f" array(SELECT t.role || ' ' || t.unit FROM task_row t WHERE t.case_id = c.id AND {_LIVE})"
    " FROM case_row c WHERE c.id = %s AND c.world_id = %s"
)


def viewer_of(actor: Actor, at: datetime, *, world: int = 1, receipt_for: UUID | None = None) -> Viewer:
    """The actor with all current posts, read from the table: who sits in a barred unit anywhere is barred here too."""
    person = as_uuid(actor.person)
    if person is None or not actor.unit:
        return Viewer(actor, reach(actor.all_units), receipt_for=receipt_for)
    with connection.cursor() as cursor:
        cursor.execute(_GLASS, [person, at, at, world])
        opened = frozenset(row[0] for row in cursor.fetchall())
    held = {code for code, _ in current_posts(person, at)}
    return Viewer(actor, reach(actor.all_units | held), opened, receipt_for)


def reach(held: Iterable[str]) -> frozenset[str]:
    """The units and all above them: a unit founded under an accused one after the accusation is barred as well."""
    codes = set(held)
    tree = units.tree() if codes else None
    return frozenset(codes.union(*(tree.ancestors(code) for code in codes))) if tree else frozenset()


def named_of(state: Case) -> list[str]:
    """The ``named`` column: who took the lead task, in which unit, and who champions the case."""
    lead = state.lead_task
    found = [f"{person}@{lead.unit}" for person in lead.takers] if lead is not None else []
    return found + ([state.champion] if state.champion else [])


def facts_of(case: UUID, state: Case) -> Facts:
    tasks = [task for task in state.tasks if task.status not in GONE]
    return Facts(
        case=case,
        seal=int(state.seal[1]),
        desk=state.desk,
        lead=state.lead,
        place=state.place,
        reporter=as_uuid(state.reporter),
        barred=frozenset(state.barred),
        verifier=state.verifier_unit,
        named=frozenset(named_of(state)),
        units=frozenset(task.unit for task in tasks),
        assists=frozenset(task.unit for task in tasks if task.role is Role.ASSIST),
    )


def find_facts(case: UUID, *, world: int = 1) -> Facts | None:
    """The facts of a stored case, in one query; ``None`` where there is none."""
    with connection.cursor() as cursor:
        cursor.execute(_FACTS, [case, world])
        row = cursor.fetchone()
    if row is None:
        return None
    seal, desk, lead, place, reporter, barred, verifier, named, tasks = row
    pairs = [task.split(" ", 1) for task in tasks]
    return Facts(
        case, seal, desk, lead, place, reporter, frozenset(_json(barred)), verifier, frozenset(_json(named)),
        frozenset(unit for _, unit in pairs), frozenset(unit for role, unit in pairs if role == Role.ASSIST),
    )  # fmt: skip


def _json(value: Any) -> Any:  # noqa: ANN401 - Django hands JSON over as text, psycopg alone as a list
    return orjson.loads(value) if isinstance(value, str | bytes) else value


def is_barred(viewer: Viewer, facts: Facts) -> bool:
    return not viewer.is_system and not viewer.under.isdisjoint(facts.barred)


def may_see(viewer: Viewer, facts: Facts) -> Verdict:
    """The best level that anything the viewer is to the case gives; nothing for the barred, from the first second."""
    if is_barred(viewer, facts):
        return Verdict(N, "barred")
    best = Verdict(N, "stranger")
    for relation, levels in MATRIX.items():
        level = min(levels[facts.seal], viewer.cap)
        if level > best.level and _IS[relation](viewer, facts):
            best = Verdict(level, relation)
    return best


def _is_over(viewer: Viewer, facts: Facts, relation: str) -> bool:
    return not viewer.realm(relation).isdisjoint({facts.lead, facts.desk} | facts.units)


_IS: Mapping[str, Callable[[Viewer, Facts], bool]] = {
    "anyone": lambda _v, _f: True,
    "staff": lambda v, _f: v.is_staff,
    "reporter": lambda v, f: (v.own is not None and v.own == f.reporter) or v.receipt_for == f.case,
    "desk": lambda v, f: bool(v.actor.unit) and v.actor.unit == f.desk,
    "lead": lambda v, f: bool(v.actor.unit) and v.actor.unit == f.lead,
    "assist": lambda v, f: v.actor.unit in f.assists,
    "verifier": lambda v, f: bool(v.actor.unit) and v.actor.unit == f.verifier,
    "named": lambda v, f: not f.named.isdisjoint(v.names),
    "above": lambda v, f: _is_over(v, f, "above"),
    "area": lambda v, f: bool(v.ground) and f.place.startswith(v.ground),
    "arbiter": lambda v, f: _is_over(v, f, "arbiter"),
    "oversight": lambda v, f: _is_over(v, f, "oversight"),
    "break_glass": lambda v, f: f.case in v.opened,
    "system": lambda v, _f: v.is_system,
}


def _sql(viewer: Viewer, relation: str) -> tuple[str, list[Any]] | None:  # noqa: PLR0911 - a table
    """The same as ``_IS``, as a condition on ``case_row c``; ``None`` where it can never hold."""
    unit = viewer.actor.unit
    match relation:
        case "anyone":
            return "TRUE", []
        case "staff":
            return ("TRUE", []) if viewer.is_staff else None
        case "system":
            return ("TRUE", []) if viewer.is_system else None
        case "reporter":
            known = [("c.reporter = %s::uuid", viewer.own), ("c.id = %s::uuid", viewer.receipt_for)]
            known = [(text, value) for text, value in known if value is not None]
            return (f"({' OR '.join(text for text, _ in known)})", [value for _, value in known]) if known else None
        case "desk" | "lead" | "verifier":
            return (f"c.{relation} = %s", [unit]) if unit else None
        case "assist":
            return (_ASSISTS, [unit]) if unit else None
        case "named":
            return ("c.named ?| %s::text[]", [viewer.names]) if viewer.names else None
        case "above" | "arbiter" | "oversight":
            realm = sorted(viewer.realm(relation))
            return (_OVER, [realm] * 3) if realm else None
        case "area":
            return ("starts_with(c.place, %s)", [viewer.ground]) if viewer.ground else None
        case "break_glass":
            return ("c.id = ANY(%s::uuid[])", [sorted(viewer.opened)]) if viewer.opened else None
    raise KeyError(relation)


def case_filter(
    viewer: Viewer, *, world: int = 1, at_least: Level = Level.EXISTENCE, with_sealed: bool = True
) -> tuple[str, list[Any]]:
    """A WHERE fragment over ``case_row c``, exactly as strict as ``may_see``, with its parameters.

    ``with_sealed=False``: without L2 and L3, for whoever gave no purpose.
    """
    arms: list[str] = []
    values: list[Any] = []
    for relation, levels in MATRIX.items():
        seals = [seal for seal, level in enumerate(levels) if min(level, viewer.cap) >= at_least]
        seals = [seal for seal in seals if with_sealed or seal < SEALED_FROM]
        condition = _sql(viewer, relation) if seals else None
        if condition is not None:
            arms.append(f"({_seals(seals)} AND {condition[0]})")
            values += condition[1]
    sql = f"c.world_id = {int(world)} AND ({' OR '.join(arms) or 'FALSE'})"
    if not viewer.is_system and viewer.under:
        sql += " AND NOT c.barred ?| %s::text[]"
        values.append(sorted(viewer.under))
    return sql, values


def _seals(seals: list[int]) -> str:
    if len(seals) == len(Seal):
        return "TRUE"
    return f"c.seal <= {seals[-1]}" if seals[0] == 0 else f"c.seal IN ({', '.join(map(str, seals))})"

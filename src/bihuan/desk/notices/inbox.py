"""A person's own inbox. What he may no longer know of is neither shown nor counted, whenever he looks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from bihuan.desk import instant, lists, names, seals
from bihuan.desk.actor import Actor
from bihuan.desk.names import UnitName
from bihuan.desk.notices.plan import WORLD

PAGE = 50
MOST_COUNTED = 99


@dataclass(frozen=True)
class Passed:
    """Somebody whom the safety net went past: ``how``: ``empty`` (nobody holds the post), ``away``, or
    ``held``: it waited until the unit opened.
    """

    how: str
    roles: tuple[str, ...]
    unit: UnitName


@dataclass(frozen=True)
class Notice:
    """One line. Of a sealed case (L2, L3) number and date only. ``is_over``: somebody has done it since."""

    id: int
    case: UUID
    number: int
    kind: str
    is_urgent: bool
    at: datetime
    seen: datetime | None
    is_over: bool
    unit: UnitName
    is_sealed: bool
    category: UnitName
    stage: str
    due: datetime | None
    passed: tuple[Passed, ...]


@dataclass(frozen=True)
class Inbox:
    """One page, the newest first. ``next``: where the following page begins, 0 where there is none."""

    notices: tuple[Notice, ...]
    next: int
    at: datetime


def unseen(person: str) -> int:
    """How many he has not seen, counted up to a hundred."""
    where, values = _sight(person)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM (SELECT FROM notice n JOIN case_row c ON c.id = n.case_id"  # noqa: S608 - our own words
            f" WHERE n.person_id = %s AND n.seen IS NULL AND ({where}) LIMIT %s) x",
            [person, *values, MOST_COUNTED + 1],
        )
        return int(cursor.fetchone()[0])


def read(person: str, before: int = 0, *, only_unseen: bool = False) -> Inbox:
    found = select(person, "(%s = 0 OR n.id < %s) AND (NOT %s OR n.seen IS NULL)", [before, before, only_unseen])
    return Inbox(tuple(found[:PAGE]), found[PAGE - 1].id if len(found) > PAGE else 0, instant.now(WORLD))


def select(
    person: str,
    condition: str,
    values: Sequence[Any],
    limit: int = PAGE + 1,
    *,
    order: str = "n.id DESC",
    eyes: tuple[str, list[Any]] | None = None,
) -> list[Notice]:
    """The notices of a person that he may know of now, the newest first."""
    where, sight = eyes or _sight(person)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT n.id, n.case_id, c.number, n.kind, n.is_urgent, n.at, n.seen, n.over, n.unit, n.why, c.seal,"  # noqa: S608 - our own words
            " c.scene, c.category, c.stage, c.due FROM notice n JOIN case_row c ON c.id = n.case_id"
            f" WHERE n.person_id = %s AND {condition} AND ({where}) ORDER BY {order} LIMIT %s",
            [person, *values, *sight, limit],
        )
        rows = cursor.fetchall()
    at = instant.now(WORLD)
    return [_notice(row, at) for row in rows]


def between(person: str, after: int, upto: int, limit: int) -> tuple[list[Notice], int]:
    """The most urgent and newest of a span that he has not seen and may know of now, and how many there are."""
    condition, values = "n.id > %s AND n.id <= %s AND n.seen IS NULL", [after, upto]
    where, sight = eyes = _sight(person)
    found = select(person, condition, values, limit, order="n.is_urgent DESC, n.id DESC", eyes=eyes)
    if len(found) < limit:
        return found, len(found)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM notice n JOIN case_row c ON c.id = n.case_id"  # noqa: S608 - our own words
            f" WHERE n.person_id = %s AND {condition} AND ({where})",
            [person, *values, *sight],
        )
        return found, int(cursor.fetchone()[0])


def mark(person: str, notices: Iterable[int] | None = None) -> int:
    """Seen: these, or all of them. Only ever one's own. Returns how many were not seen before."""
    chosen = None if notices is None else list(notices)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE notice SET seen = %s WHERE person_id = %s AND seen IS NULL"
            " AND (%s::bigint[] IS NULL OR id = ANY(%s))",
            [instant.wall(), person, chosen, chosen],
        )
        return int(cursor.rowcount)


def _sight(person: str) -> tuple[str, list[Any]]:
    """Each notice is looked at with the eyes of the post in which it was told; a post that ended sees nothing."""
    who, at = seals.as_uuid(person), instant.now(WORLD)
    held = sorted({unit for unit, _ in seals.current_posts(who, at)}) if who is not None else []
    arms, values = [], []
    for unit in held:
        seen, more = seals.case_filter(seals.viewer_of(_actor(who, unit, at), at, world=WORLD), world=WORLD)
        arms.append(f"(n.unit = %s AND {seen})")
        values += [unit, *more]
    return " OR ".join(arms) or "FALSE", values


def _actor(person: UUID | None, unit: str, at: datetime) -> Actor:
    assert person is not None  # noqa: S101 - nobody in particular holds no post
    return seals.actor_for(person, unit, at)


def _notice(row: Sequence[Any], at: datetime) -> Notice:
    key, case, number, kind, is_urgent, when, seen, is_over, unit, why, seal, scene, category, stage, due = row
    is_sealed = seal >= seals.SEALED_FROM
    named = UnitName("", "") if is_sealed else lists.category_name(scene, category, at)
    return Notice(
        key,
        case,
        number,
        kind,
        is_urgent,
        when,
        seen,
        is_over,
        names.unit(unit),
        is_sealed,
        named,
        stage,
        due,
        passed_of(why),
    )


def passed_of(why: str) -> tuple[Passed, ...]:
    found = []
    for part in why.split("; "):
        how, _, place = part.partition(" ")
        roles, _, unit = place.rpartition("@")
        if unit:
            found.append(Passed(how, tuple(roles.split("|")), names.unit(unit)))
    return tuple(found)

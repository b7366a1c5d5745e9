"""The duty roster: who is to be reached in a post, from when until when. It plans; it never records who came (law 9).

A unit that keeps no roster for a post is never away: whoever holds the post is told. Spans of the past go after ninety
days.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import IntegrityError, connection, transaction

from bihuan.desk import instant, names, units
from bihuan.desk.actor import Actor
from bihuan.desk.names import UnitName
from bihuan.desk.seals import OUTSIDERS, local_day
from bihuan.kernel.refused import Refused

LONGEST = timedelta(hours=48)
# A roster whose last span ended longer ago is no longer kept: then nobody is away.
KEPT_FOR = timedelta(days=7)


class BadSpan(ValueError):
    """What is wrong with a span, in words."""


@dataclass(frozen=True)
class Span:
    """``instead_of``: whom the roster had before somebody stepped in; empty where nobody did."""

    id: UUID
    unit: UnitName
    role: str
    person: UUID
    name: str
    instead_of: str
    starts: datetime
    ends: datetime


@dataclass(frozen=True)
class Wanted:
    """A span to enter. ``source``: where it came from (the id in a calendar file), so that it comes once."""

    unit: str
    role: str
    person: UUID
    starts: datetime
    ends: datetime
    source: str = ""


def may_edit(by: Actor, unit: str) -> bool:
    """The head of the unit, or of one above it."""
    if "system" in by.roles:
        return True
    return "head" in by.roles and bool(by.unit) and units.is_within(unit, units.tree().realm_top(by.unit))


def put(wanted: Iterable[Wanted], *, by: Actor) -> int:
    """Enter spans, all or none; the same again changes nothing. Returns how many are new. Raises ``BadSpan``."""
    rows = list(wanted)
    for one in rows:
        _need_editor(by, one.unit)
        _check(one)
    _need_posts(rows)
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO duty_span (id, world_id, district, unit, role, person_id, starts, ends, source)"
                " SELECT x.id, 1, %s, x.unit, x.role, x.person, x.starts, x.ends, x.source FROM unnest(%s::uuid[],"
                " %s::text[], %s::text[], %s::uuid[], %s::timestamptz[], %s::timestamptz[], %s::text[])"
                " AS x (id, unit, role, person, starts, ends, source) ON CONFLICT DO NOTHING",
                [
                    settings.DISTRICT,
                    [uuid4() for _ in rows],
                    *([getattr(one, name) for one in rows] for name in _FIELDS),
                ],
            )
            return int(cursor.rowcount)
    except IntegrityError as error:
        raise BadSpan(f"{error}") from error


_FIELDS = ("unit", "role", "person", "starts", "ends", "source")


def replace(wanted: Sequence[Wanted], *, by: Actor) -> int:
    """As ``put``, and what came from the same sources before and is still to begin gives way. Returns how many."""
    at = instant.wall()
    groups = {(one.unit, one.role) for one in wanted if one.source}
    for unit, _ in groups:
        _need_editor(by, unit)
    with transaction.atomic(), connection.cursor() as cursor:
        for unit, role in sorted(groups):
            cursor.execute(
                "DELETE FROM duty_span WHERE unit = %s AND role = %s AND source = ANY(%s) AND starts > %s",
                [unit, role, sorted({one.source for one in wanted if one.source}), at],
            )
        return put(wanted, by=by)


def swap(span: UUID, person: UUID, *, by: Actor) -> None:
    """Somebody else of the unit steps in. Raises ``LookupError``, ``BadSpan`` and ``Refused``."""
    found = _need(span, by)
    _need_posts([Wanted(found.unit.code, found.role, person, found.starts, found.ends)])
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE duty_span SET person_id = %s,"
            " instead_of = nullif(coalesce(instead_of, person_id), %s::uuid) WHERE id = %s",
            [person, person, span],
        )


def remove(span: UUID, *, by: Actor) -> None:
    _need(span, by)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM duty_span WHERE id = %s", [span])


def of_unit(unit: str, start: datetime, end: datetime) -> list[Span]:
    return _spans("s.unit = %s AND s.ends > %s AND s.starts < %s", [unit, start, end])


def of_person(person: UUID, start: datetime, end: datetime) -> list[Span]:
    return _spans("s.person_id = %s AND s.ends > %s AND s.starts < %s", [person, start, end])


def on_duty(at: datetime, unit: str = "") -> list[Span]:
    """Who is on duty at an instant: everywhere, or in one unit."""
    return _spans("s.starts <= %s AND s.ends > %s AND (%s = '' OR s.unit = %s)", [at, at, unit, unit])


def members(unit: str) -> list[tuple[UUID, str, tuple[str, ...]]]:
    """Who holds a post in the unit today: person, working name, roles."""
    day = local_day(instant.wall())
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT p.id, p.name, array_agg(h.role ORDER BY h.role) FROM post h JOIN person p ON p.id = h.person_id"
            " WHERE h.unit_id = %s AND h.starts <= %s::date AND (h.ends IS NULL OR h.ends >= %s::date)"
            " AND h.role <> ALL(%s) GROUP BY p.id, p.name ORDER BY p.name",
            [unit, day, day, sorted(OUTSIDERS)],
        )
        return [(row[0], row[1], tuple(row[2])) for row in cursor.fetchall()]


class Roster:
    """All rosters at one instant, read once for a batch."""

    def __init__(self, at: datetime) -> None:
        self.at = at
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT unit, role, array_agg(person_id) FILTER (WHERE starts <= %s AND ends > %s),"
                " min(starts) FILTER (WHERE starts > %s) FROM duty_span WHERE ends > %s GROUP BY unit, role",
                [at, at, at, at - KEPT_FOR],
            )
            rows = cursor.fetchall()
        self._there = {(row[0], row[1]): frozenset(row[2] or ()) for row in rows}
        self._next = {(row[0], row[1]): row[3] for row in rows if row[3] is not None}

    def is_kept(self, unit: str, role: str) -> bool:
        return (unit, role) in self._there

    def there(self, unit: str, role: str) -> frozenset[UUID]:
        return self._there.get((unit, role), frozenset())

    def opening(self, unit: str, roles: Iterable[str]) -> datetime | None:
        """When somebody is on duty there again, as far as the roster goes."""
        found = [at for role in roles if (at := self._next.get((unit, role))) is not None]
        return min(found) if found else None


# -- inside -------------------------------------------------------------------------------------------------------


def _spans(where: str, values: Sequence[Any]) -> list[Span]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT s.id, s.unit, s.role, s.person_id, coalesce(p.name, ''), coalesce(i.name, ''), s.starts, s.ends"  # noqa: S608 - our own words
            " FROM duty_span s LEFT JOIN person p ON p.id = s.person_id LEFT JOIN person i ON i.id = s.instead_of"
            f" WHERE {where} ORDER BY s.starts, s.unit, s.role",
            list(values),
        )
        return [Span(row[0], names.unit(row[1]), *row[2:]) for row in cursor.fetchall()]


def _need(span: UUID, by: Actor) -> Span:
    found = _spans("s.id = %s", [span])
    if not found:
        raise LookupError(str(span))
    _need_editor(by, found[0].unit.code)
    return found[0]


def _need_editor(by: Actor, unit: str) -> None:
    if not may_edit(by, unit):
        raise Refused("wrong-role", law=2, needs="head")


def _check(one: Wanted) -> None:
    if one.starts >= one.ends:
        raise BadSpan("结束要在开始之后。 The end must come after the beginning.")
    if one.ends - one.starts > LONGEST:
        raise BadSpan("一班最长四十八小时；更长的请分开写。 One span is 48 hours at most; write longer ones in parts.")


def _need_posts(rows: Sequence[Wanted]) -> None:
    held: dict[str, set[UUID]] = {}
    for one in rows:
        if one.unit not in held:
            held[one.unit] = {person for person, _, _ in members(one.unit)}
        if one.person not in held[one.unit]:
            raise BadSpan("这个人今天不在这个单位任职，不能排班。 This person holds no post in the unit today.")

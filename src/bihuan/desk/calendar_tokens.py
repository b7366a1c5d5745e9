"""Secret addresses of calendars: whoever holds one reads the shifts of a person and the due dates of one of his units.

Only a digest of the secret is stored. The address dies when it is revoked, and sees no more than its person may see in
that post on that day: without the post, nothing but his own shifts.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.db import connection

from bihuan.desk import instant, lists, names, roster, seals
from bihuan.desk.names import UnitName
from bihuan.kernel.case import OPEN_STAGES

MOST = 5
MOST_DUES = 1000
BEFORE, AHEAD = timedelta(days=7), timedelta(days=60)
WORLD = 1


class TooMany(ValueError):
    """There are as many addresses as one may have; in words."""


@dataclass(frozen=True)
class Token:
    id: UUID
    unit: UnitName
    created: datetime


@dataclass(frozen=True)
class Due:
    """Of a sealed case number and date only: ``category`` is empty then."""

    case: UUID
    number: int
    due: datetime
    is_sealed: bool
    category: UnitName


@dataclass(frozen=True)
class Calendar:
    person: UUID
    unit: UnitName
    shifts: tuple[roster.Span, ...]
    dues: tuple[Due, ...]
    at: datetime


def issue(person: UUID, unit: str) -> str:
    """A new secret, which is shown this once. Raises ``TooMany``."""
    if len(of(person)) >= MOST:
        raise TooMany(f"最多 {MOST} 个日历地址，请先停用一个。 There are {MOST} addresses already; revoke one first.")
    secret = secrets.token_urlsafe(32)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO calendar_token (id, digest, person_id, unit, created) VALUES (%s, %s, %s, %s, %s)",
            [uuid4(), _digest(secret), person, unit, instant.wall()],
        )
    return secret


def of(person: UUID) -> list[Token]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, unit, created FROM calendar_token WHERE person_id = %s AND revoked IS NULL ORDER BY created",
            [person],
        )
        return [Token(row[0], names.unit(row[1]), row[2]) for row in cursor.fetchall()]


def revoke(person: UUID, token: UUID) -> bool:
    """The address leads nowhere from now on. Whether it was his."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE calendar_token SET revoked = %s WHERE id = %s AND person_id = %s AND revoked IS NULL",
            [instant.wall(), token, person],
        )
        return bool(cursor.rowcount)


def read(secret: str) -> Calendar | None:
    """What the address shows today; ``None`` for one that is wrong, revoked, or of nobody who still works here."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT person_id, unit FROM calendar_token WHERE digest = %s AND revoked IS NULL", [_digest(secret)]
        )
        row = cursor.fetchone()
    if row is None:
        return None
    person, unit = row
    at = instant.now(WORLD)
    held = {code for code, _ in seals.current_posts(person, at)}
    if not held:
        return None
    shifts = roster.of_person(person, at - BEFORE, at + AHEAD)
    dues = _dues(person, unit, at) if unit in held else []
    return Calendar(person, names.unit(unit), tuple(shifts), tuple(dues), at)


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def _dues(person: UUID, unit: str, at: datetime) -> list[Due]:
    """What the unit has on its table, by the date of its own task or of the case, as far as this person may know."""
    seen, values = seals.case_filter(seals.viewer_of(seals.actor_for(person, unit, at), at, world=WORLD), world=WORLD)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.id, c.number, coalesce(t.due, c.due) AS due, c.seal, c.scene, c.category FROM case_row c"  # noqa: S608 - our own words
            " JOIN task_row t ON t.case_id = c.id AND t.unit = %s AND t.is_open"
            f" WHERE c.stage = ANY(%s) AND coalesce(t.due, c.due) IS NOT NULL AND ({seen})"
            " ORDER BY 3, c.id LIMIT %s",
            [unit, [str(stage) for stage in OPEN_STAGES], *values, MOST_DUES],
        )
        rows = cursor.fetchall()
    return [
        Due(case, number, due, sealed, UnitName("", "") if sealed else lists.category_name(scene, category, at))
        for case, number, due, seal, scene, category in rows
        for sealed in [seal >= seals.SEALED_FROM]
    ]

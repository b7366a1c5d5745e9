"""破封查阅: opening a sealed case in need. A reason, a second person, eight hours at most, a review within a day.

Never for a unit that the case accuses. A statutory report needs none of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db import connection, transaction

from bihuan.desk import looks
from bihuan.desk.access import NotFound, log_read
from bihuan.desk.seals import Facts, Level, Viewer, find_facts, is_barred, may_see
from bihuan.kernel.refused import Refused

LONGEST = timedelta(hours=8)
REVIEW_WITHIN = timedelta(hours=24)
SECONDS = frozenset({"head", "oversight"})
REASON_LENGTH = 1000
MOST_A_DAY = 10
NO_CASE = UUID(int=0)
_COLUMNS = "id, case_id, person, unit, reason, asked, second, granted, expires, reviewed"


@dataclass(frozen=True)
class Glass:
    """One opening, asked for or granted. ``expires`` is at most eight hours after ``granted``."""

    id: UUID
    case: UUID
    person: UUID
    unit: str
    reason: str
    asked: datetime
    second: UUID | None
    granted: datetime | None
    expires: datetime | None
    reviewed: datetime | None

    @property
    def review_by(self) -> datetime | None:
        """Until when somebody else must have looked at it again."""
        return self.granted + REVIEW_WITHIN if self.granted is not None else None


def ask(viewer: Viewer, case_id: UUID | None, *, reason: str, at: datetime, world: int = 1) -> UUID:
    """Ask to open a sealed case. Raises ``NotFound`` for who is not staff, ``Refused`` without reason or too often.

    What the asker may not know of is answered alike, whether it is sealed, accuses his unit, is another unit's or is
    not there at all (``None``): nothing can be learnt by asking. Only a sealed case's request reaches a second person.
    """
    if not viewer.is_staff or viewer.person is None:
        raise _hidden(viewer, case_id, at, world)
    reason = _need_reason(reason)
    facts = find_facts(case_id, world=world) if case_id is not None else None
    if facts is not None and not facts.is_sealed and may_see(viewer, facts).level > Level.NONE:
        raise Refused("not-sealed", law=7, seal=f"L{facts.seal}")
    _need_seldom(viewer.person, at, world)
    is_void = facts is None or not facts.is_sealed or is_barred(viewer, facts)
    glass = uuid4()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO break_glass (id, world_id, case_id, person, unit, reason, asked, review, void)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, '', %s)",
            [glass, world, case_id or NO_CASE, viewer.person, viewer.actor.unit, reason, at, is_void],
        )
        if facts is not None and not is_void:
            _trace(viewer, facts, "asked", reason, at=at, world=world)
    if is_void:
        subject = facts.reporter if facts is not None else None
        log_read(viewer.actor, case_id, subject, "break-glass", reason, outcome=looks.REFUSED, at=at, world=world)
    return glass


def _need_seldom(person: UUID, at: datetime, world: int) -> None:
    """In need one asks for a case or two; who asks for many is looking for something."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM break_glass WHERE person = %s AND asked > %s AND world_id = %s",
            [person, at - timedelta(days=1), world],
        )
        (asked,) = cursor.fetchone()
    if asked >= MOST_A_DAY:
        raise Refused("asked-too-often", law=7, most=f"{MOST_A_DAY} / 24 h")


def grant(viewer: Viewer, glass: UUID, *, at: datetime, hours: float = 8, world: int = 1) -> datetime:
    """The second person opens the case to the one who asked; returns until when. One of many who press at once wins."""
    if not 0 < hours <= LONGEST / timedelta(hours=1):
        raise Refused("too-long", law=7, most="8 h")
    with transaction.atomic():
        row = _locked(glass, world)
        facts = _need_second(viewer, row, at, world)
        if row is None or row.granted is not None:
            raise Refused("already-granted", law=7)
        until = at + timedelta(hours=hours)
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE break_glass SET second = %s, granted = %s, expires = %s WHERE id = %s",
                [viewer.person, at, until, glass],
            )
        _trace(viewer, facts, "granted", row.reason, at=at, world=world)
    return until


def end(viewer: Viewer, glass: UUID, *, at: datetime, world: int = 1) -> None:
    """Close the case again before its time: the one who opened it, or one who may grant."""
    with transaction.atomic():
        row = _locked(glass, world)
        if row is None or row.expires is None:
            raise NotFound(str(glass))
        facts = _facts(viewer, row.case, at, world)
        if viewer.person != row.person and not viewer.actor.roles & SECONDS:
            raise Refused("wrong-role", law=7, needs="head | oversight")
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE break_glass SET expires = least(expires, %s::timestamptz) WHERE id = %s", [at, glass]
            )
        _trace(viewer, facts, "ended", row.reason, at=at, world=world)


def review(viewer: Viewer, glass: UUID, *, note: str, at: datetime, world: int = 1) -> None:
    """The look afterwards, within 24 hours, by another than the one who looked: was it needed, was it enough?"""
    with transaction.atomic():
        row = _locked(glass, world)
        facts = _need_second(viewer, row, at, world)
        if row is None or row.granted is None or row.reviewed is not None:
            raise Refused("nothing-to-review", law=7)
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE break_glass SET reviewed = %s, reviewer = %s, review = %s WHERE id = %s",
                [at, viewer.person, _need_reason(note), glass],
            )
        _trace(viewer, facts, "reviewed", note, at=at, world=world)


def waiting(viewer: Viewer, *, world: int = 1) -> tuple[Glass, ...]:
    """What waits for a second person: without one's own, and without cases that accuse one's unit."""
    return _visible(viewer, "granted IS NULL AND NOT void AND world_id = %s", [world], world)


def overdue_reviews(viewer: Viewer, *, at: datetime, world: int = 1) -> tuple[Glass, ...]:
    """Openings that nobody has looked at again within 24 hours."""
    where = "granted IS NOT NULL AND reviewed IS NULL AND granted < %s AND world_id = %s"
    return _visible(viewer, where, [at - REVIEW_WITHIN, world], world)


def open_reviews(viewer: Viewer, *, world: int = 1) -> tuple[Glass, ...]:
    """Openings that nobody has looked at again yet, the oldest first; some may still be open."""
    return _visible(viewer, "granted IS NOT NULL AND reviewed IS NULL AND world_id = %s", [world], world)


def _visible(viewer: Viewer, where: str, values: list[Any], world: int) -> tuple[Glass, ...]:
    if not viewer.is_staff or not viewer.actor.roles & SECONDS:
        raise Refused("wrong-role", law=7, needs="head | oversight")
    found = [glass for glass in _select(where, values) if glass.person != viewer.person]
    kept = []
    for glass in found:
        facts = find_facts(glass.case, world=world)
        if facts is not None and not is_barred(viewer, facts):
            kept.append(glass)
    return tuple(kept)


def _locked(glass: UUID, world: int) -> Glass | None:
    rows = _select("id = %s AND NOT void AND world_id = %s", [glass, world], tail="FOR UPDATE")
    return rows[0] if rows else None


def _select(where: str, values: list[Any], tail: str = "ORDER BY asked LIMIT 500") -> tuple[Glass, ...]:
    sql = f"SELECT {_COLUMNS} FROM break_glass WHERE {where} {tail}"  # noqa: S608 - our own words
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return tuple(Glass(*row) for row in cursor.fetchall())


def _need_second(viewer: Viewer, row: Glass | None, at: datetime, world: int) -> Facts:
    """Another person, head or oversight, from no unit that the case accuses."""
    if row is None:
        raise NotFound("break-glass")
    facts = _facts(viewer, row.case, at, world)
    if viewer.person is None or viewer.person == row.person:
        raise Refused("second-person-needed", law=7)
    if not viewer.is_staff or not viewer.actor.roles & SECONDS:
        raise Refused("wrong-role", law=7, needs="head | oversight")
    return facts


def _facts(viewer: Viewer, case_id: UUID, at: datetime, world: int) -> Facts:
    """The case, or the same ``NotFound`` for one that is not there and for one that accuses the viewer's unit."""
    facts = find_facts(case_id, world=world)
    if facts is None or is_barred(viewer, facts):
        log_read(viewer.actor, case_id, None, "break-glass", "", outcome=looks.REFUSED, at=at, world=world)
        raise NotFound(str(case_id))
    return facts


def _hidden(viewer: Viewer, case_id: UUID | None, at: datetime, world: int) -> NotFound:
    log_read(viewer.actor, case_id, None, "break-glass", "", outcome=looks.REFUSED, at=at, world=world)
    return NotFound(str(case_id))


def _need_reason(reason: str) -> str:
    tidy = " ".join(reason.split())
    if len(tidy) < 2:
        raise Refused("reason-missing", law=7)
    return tidy[:REASON_LENGTH]


def _trace(viewer: Viewer, facts: Facts, outcome: str, why: str, *, at: datetime, world: int) -> None:
    log_read(viewer.actor, facts.case, facts.reporter, "break-glass", why, outcome=outcome, at=at, world=world)

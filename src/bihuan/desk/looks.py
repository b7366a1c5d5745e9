"""The trace of every look: who, what, for what purpose. Written with the read; shown to the person concerned."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, connections

from bihuan.desk.actor import Actor
from bihuan.desk.seals import Facts, Viewer
from bihuan.kernel.refused import Refused

OK, REFUSED, BREAK_GLASS = "ok", "refused", "break_glass"
PURPOSE_LENGTH = 200
_INSERT = (
    "INSERT INTO access_log (world_id, at, person, unit, case_id, subject, what, purpose, outcome, withheld)"
    " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
)
_COLUMNS = "at, unit, case_id, what, purpose, outcome, person, subject, withheld"


@dataclass(frozen=True)
class Look:
    """One look. ``person`` and ``withheld`` are empty in what the person concerned is shown."""

    at: datetime
    unit: str
    case: UUID | None
    what: str
    purpose: str
    outcome: str
    person: str = ""
    subject: UUID | None = None
    withheld: str = ""


def log_read(
    actor: Actor,
    case_id: UUID | None,
    subject: UUID | None,
    what: str,
    purpose: str,
    *,
    outcome: str = OK,
    at: datetime,
    world: int = 1,
    withheld: str = "",
) -> None:
    """Leave a trace. ``withheld`` names the law that forbids telling the person concerned.

    A look that succeeds is written in the reader's own transaction: no trace, no text. A refusal is raised, and what is
    raised rolls back; so inside a transaction it is written over a connection of its own.
    """
    row: list[Any] = [
        world, at, actor.person, actor.unit, case_id, subject, what[:40], purpose[:PURPOSE_LENGTH], outcome, withheld,
    ]  # fmt: skip
    if outcome != REFUSED or not connection.in_atomic_block:
        with connection.cursor() as cursor:
            cursor.execute(_INSERT, row)
        return
    apart = connections["default"].copy()
    try:
        with apart.cursor() as cursor:
            cursor.execute(_INSERT, row)
    finally:
        apart.close()


def log_list(viewer: Viewer, shown: Iterable[Facts], *, what: str, purpose: str, at: datetime, world: int = 1) -> int:
    """A trace for every sealed case on a page of a list or a map; returns how many."""
    rows: list[list[Any]] = [
        [
            world,
            at,
            viewer.actor.person,
            viewer.actor.unit,
            f.case,
            f.reporter,
            what[:40],
            purpose[:PURPOSE_LENGTH],
            OK,
            "",
        ]
        for f in shown
        if f.is_sealed and not viewer.is_system
    ]
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(_INSERT, rows)
    return len(rows)


def who_looked(viewer: Viewer, subject: UUID, *, at: datetime, world: int = 1) -> tuple[Look, ...]:
    """谁看过我: every look at what is kept about a person, newest first, with unit and purpose, for that person alone.

    Looks that a law forbids telling are left out, and so are his own. Raises ``Refused`` for anybody else, traced.
    """
    if viewer.person != subject:
        log_read(viewer.actor, None, subject, "who-looked", "", outcome=REFUSED, at=at, world=world)
        raise Refused("not-your-file", law=7)
    return tuple(
        Look(look.at, look.unit, look.case, look.what, look.purpose, look.outcome)
        for look in _select(
            "world_id = %s AND subject = %s AND withheld = '' AND outcome <> 'refused' AND person <> %s",
            [world, subject, str(subject)],
        )
    )


def looks_without_case(viewer: Viewer, *, since: datetime, at: datetime, world: int = 1) -> tuple[Look, ...]:
    """For oversight: looks at a person that name no case or no purpose. Each needs asking."""
    _need_oversight(viewer, "looks-without-case", at, world)
    return _select(
        "world_id = %s AND at >= %s AND subject IS NOT NULL AND outcome <> 'refused' AND what <> 'erase'"
        " AND (case_id IS NULL OR purpose = '') AND person <> subject::text",
        [world, since],
    )


def withheld_looks(viewer: Viewer, subject: UUID, *, at: datetime, world: int = 1) -> tuple[Look, ...]:
    """For oversight: the looks at a person that the law forbids telling him, with that law."""
    _need_oversight(viewer, "withheld-looks", at, world)
    log_read(viewer.actor, None, subject, "withheld-looks", "oversight of withheld looks", at=at, world=world,
             withheld="oversight")  # fmt: skip
    return _select("world_id = %s AND subject = %s AND withheld <> ''", [world, subject])


def all_withheld(viewer: Viewer, *, since: datetime, at: datetime, world: int = 1) -> tuple[Look, ...]:
    """For oversight: every look that its person is not told of, with the law that forbids it. A look itself."""
    _need_oversight(viewer, "withheld-looks", at, world)
    log_read(viewer.actor, None, None, "withheld-looks", "oversight of withheld looks", at=at, world=world)
    return _select("world_id = %s AND at >= %s AND withheld <> ''", [world, since])


def refusals(viewer: Viewer, *, since: datetime, at: datetime, world: int = 1) -> tuple[Look, ...]:
    """For oversight: what was asked and refused."""
    _need_oversight(viewer, "refusals", at, world)
    return _select("world_id = %s AND at >= %s AND outcome = 'refused'", [world, since])


def _need_oversight(viewer: Viewer, what: str, at: datetime, world: int) -> None:
    if not viewer.is_system and not ("oversight" in viewer.actor.roles and viewer.is_staff):
        log_read(viewer.actor, None, None, what, "", outcome=REFUSED, at=at, world=world)
        raise Refused("wrong-role", law=7, needs="oversight")


def _select(where: str, values: list[Any]) -> tuple[Look, ...]:
    sql = f"SELECT {_COLUMNS} FROM access_log WHERE {where} ORDER BY id DESC LIMIT 1000"  # noqa: S608 - our own words
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return tuple(Look(*row) for row in cursor.fetchall())

"""The door for what other systems already did: imported history (law 5), many at a time, each row once.

What comes in says so (``ImportedCase``), starts no clock and sends no message. A slice and the progress of its file are
stored together, so an import that was cut off goes on where it was, and no row comes in twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction

from bihuan.desk import answers, identity, instant, intake, rulebooks, store, vault
from bihuan.desk.actor import SYSTEM, Actor
from bihuan.desk.change import Asked, Folding
from bihuan.desk.intake import Intake
from bihuan.desk.store import Change
from bihuan.kernel import commands as c
from bihuan.kernel.case import Stage
from bihuan.kernel.refused import Refused

PURPOSE = "导入 import"
Problem = tuple[int, Refused]  # position in the slice, why


@dataclass(frozen=True)
class Past:
    """One matter of another system. ``unit``: who dealt with it there, as a unit here; ``due``, ``closed``: as there.

    ``texts`` go to the vault. ``outcome`` is a code, not a text. ``days_only``: the source gives days without hours;
    the instants are the start of the day here, and the history says so.
    """

    source_id: str
    category: str
    place: str
    opened: datetime
    unit: str = ""
    due: datetime | None = None
    closed: datetime | None = None
    outcome: str = ""
    texts: tuple[tuple[str, str], ...] = ()
    lon: float | None = None
    lat: float | None = None
    days_only: bool = False


@dataclass(frozen=True)
class Live:
    """One report that is to be dealt with here, by all rules."""

    source_id: str
    intake: Intake
    happened: datetime | None = None


@dataclass(frozen=True)
class Taken:
    """What became of a slice: how many came in, which ids were there before, which rows were refused and why."""

    cases: tuple[UUID, ...]
    repeated: tuple[int, ...]
    refused: tuple[Problem, ...]


def progress_of(run: str) -> int:
    """How many rows of a file are dealt with; 0 for one that was never begun."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT rows FROM import_run WHERE key = %s", [run])
        row = cursor.fetchone()
    return int(row[0]) if row else 0


def take(
    rows: Sequence[Past | Live], *, run: str, source: str, scene: str, done: int, by: Actor = SYSTEM, world: int = 1
) -> Taken:
    """Store one slice. ``run``: the file; ``done``: how many of its rows are dealt with once this slice is.

    A row whose id came in before under ``source`` is left out and told; so is one that is refused. The others stand.
    """
    with transaction.atomic():
        # Two imports of one source wait for one another: what one has taken the other must know.
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"import/{world}/{source}"])
        repeated = _known([row.source_id for row in rows], source, world)
        numbers = identity.next_numbers(world, len(rows))
        into = _Into(source, scene, instant.now(world), by, world)
        made: list[tuple[str, Change]] = []
        refused: list[Problem] = []
        for position, (row, number) in enumerate(zip(rows, numbers, strict=True)):
            if position in repeated:
                continue
            try:
                made.append((row.source_id, _change(row, number, into)))
            except Refused as why:
                refused.append((position, why))
        store.write_many([change for _, change in made])
        _remember([(world, source, source_id, change.case) for source_id, change in made])
        _progress(run, source, scene, done, into.at)
    cases = tuple(answers.outcome(change).case for _, change in made)
    return Taken(cases, tuple(sorted(repeated)), tuple(refused))


def on_time(world: int, source: str) -> dict[str, Any]:
    """See ``hindsight.on_time``; for the command line, as it brings NumPy."""
    from bihuan.desk import hindsight  # noqa: PLC0415

    return hindsight.on_time(world, source)


def counts(world: int, source: str) -> dict[str, int]:
    """What stands of a source: cases by stage, and how many of those with both dates were closed in time there."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.stage, count(*) FROM imported i JOIN case_row c ON c.id = i.case_id"
            " WHERE i.world_id = %s AND i.source = %s GROUP BY c.stage ORDER BY c.stage",
            [world, source],
        )
        return {stage: int(number) for stage, number in cursor.fetchall()}


@dataclass(frozen=True)
class _Into:
    """Where a slice goes: source and scene, the instant, who imports, the world."""

    source: str
    scene: str
    at: datetime
    by: Actor
    world: int


def _change(row: Past | Live, number: int, into: _Into) -> Change:
    if isinstance(row, Live):
        asked = Asked(into.by, PURPOSE, into.world, None, row.happened)
        own = replace(row.intake, scene=into.scene)
        return intake.registration(own, asked, number=number, recorded_at=into.at)[0]
    return _past(row, number, into)


def _past(row: Past, number: int, into: _Into) -> Change:
    case = identity.new_id()
    receipt = identity.code_digest(identity.new_code(into.world, "", None))
    rules = rulebooks.rules_for(into.scene, into.at)
    if row.category and row.category not in rules.book.categories:
        raise Refused("unknown-category", category=row.category)
    sealed = vault.seal(case, None, dict(row.texts)) if row.texts else vault.Sealed((), (), {})
    command = c.ImportCase(
        number=number,
        receipt=receipt.hex(),
        category=row.category,
        place=row.place,
        source=into.source,
        source_id=row.source_id,
        unit=row.unit,
        opened=row.opened,
        due=row.due,
        closed=row.closed,
        outcome=row.outcome,
        stage=Stage.CLOSED if row.closed else Stage.ACCEPTED,
        days_only=row.days_only,
    )
    folding = Folding(rules, None, into.at)
    desk = rules.book.desks[0]
    ctx = c.Ctx(into.at, SYSTEM.person, desk, frozenset({"system", "triage"}))
    folding.apply(command, ctx)
    for note in sealed.notes():
        folding.apply(c.AddNote(note), ctx)
    change = folding.change(case, into.world, settings.DISTRICT, sealed)
    return replace(change, receipt=receipt, lon=row.lon, lat=row.lat)


def _known(ids: Sequence[str], source: str, world: int) -> set[int]:
    """Positions of the rows whose id came in before, or earlier in this very slice."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT source_id FROM imported WHERE world_id = %s AND source = %s AND source_id = ANY(%s)",
            [world, source, list(ids)],
        )
        seen = {row[0] for row in cursor.fetchall()}
    found = set()
    for position, one in enumerate(ids):
        if one in seen:
            found.add(position)
        seen.add(one)
    return found


def _remember(rows: Sequence[tuple[Any, ...]]) -> None:
    with connection.cursor() as cursor:
        copying = cursor.copy("COPY imported (world_id, source, source_id, case_id) FROM STDIN")
        with copying as copy:
            for row in rows:
                copy.write_row(row)


def _progress(run: str, source: str, scene: str, done: int, at: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO import_run (key, source, scene, rows, at) VALUES (%s, %s, %s, %s, %s)"
            " ON CONFLICT (key) DO UPDATE SET rows = excluded.rows, at = excluded.at",
            [run, source, scene, done, at],
        )

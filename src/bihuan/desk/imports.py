"""The door for what other systems already did: imported history (law 5), many at a time, each row once.

What comes in says so (``ImportedCase``), starts no clock and sends no message. A slice, the rows of it that were not
taken and the progress of its file are stored together, so an import that was cut off goes on where it was: no row comes
in twice, and none is lost without its reason.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from bihuan.desk import identity, instant, intake, rulebooks, store, units, vault
from bihuan.desk.actor import SYSTEM, Actor
from bihuan.desk.change import Asked, Folding
from bihuan.desk.intake import Intake
from bihuan.desk.store import Change
from bihuan.kernel import commands as c
from bihuan.kernel.case import Stage
from bihuan.kernel.refused import Refused

PURPOSE = "导入 import"
LONGEST_ID = 120
CODE = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
PLACE = re.compile(r"[0-9]{1,15}")


class Overtaken(RuntimeError):
    """Another import of the same file is under way, and has come further."""


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


Matter = Past | Live


@dataclass(frozen=True)
class Run:
    """A file under one mapping. ``key`` names the two; ``source``: whose ids they are; ``by``: who brings them in."""

    key: str
    source: str
    scene: str
    by: Actor = SYSTEM
    world: int = 1


@dataclass(frozen=True)
class Rejected:
    """A row that was not taken: a code, and the field at fault where there is one. Never the value: that may be
    personal, and stands in the file.
    """

    row: int
    code: str
    field: str = ""


@dataclass(frozen=True)
class Slice:
    """Rows ``first`` to ``last`` of a file: those with a meaning, and those without. ``is_again``: rows of the file
    that were not taken before.
    """

    first: int
    last: int
    matters: Sequence[tuple[int, Matter]]
    rejected: Sequence[Rejected]
    is_again: bool = False


@dataclass(frozen=True)
class Progress:
    """How many rows of a file are dealt with, and whether that is all of it."""

    rows: int = 0
    is_done: bool = False


def is_unit(code: str) -> bool:
    return code in units.tree().nodes


def progress_of(run: Run) -> Progress:
    with connection.cursor() as cursor:
        cursor.execute("SELECT rows, is_done FROM import_run WHERE key = %s", [run.key])
        row = cursor.fetchone()
    return Progress(int(row[0]), bool(row[1])) if row else Progress()


def take(run: Run, part: Slice) -> int:
    """Store one slice; returns how many of its rows came in. Each of the others stands among the rejected.

    Raises ``Overtaken``; nothing of the slice is stored then.
    """
    with transaction.atomic():
        # Two imports of one source wait for one another: what one has taken the other must know.
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"import/{run.world}/{run.source}"])
        _need_place(run, part)
        rejected = list(part.rejected)
        at = instant.now(run.world)
        repeated = _known([matter.source_id for _, matter in part.matters], run)
        numbers = identity.next_numbers(run.world, len(part.matters))
        made: list[tuple[str, Change]] = []
        for (row, matter), is_repeated, number in zip(part.matters, repeated, numbers, strict=True):
            flaw = ("repeated", "source_id") if is_repeated else _flaw(matter)
            if flaw is None:
                try:
                    made.append((matter.source_id, _change(matter, number, run, at)))
                except Refused as why:
                    flaw = why.code, FIELDS.get(why.code, "")
            if flaw is not None:
                rejected.append(Rejected(row, *flaw))
        store.write_many([change for _, change in made])
        _remember(run, [(source_id, change.case) for source_id, change in made], rejected)
        _advance(run, part.last, at)
    return len(made)


def finish(run: Run) -> None:
    """All rows of the file are dealt with."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE import_run SET is_done = true WHERE key = %s", [run.key])


def rejected(run: Run, *, after: int = 0, most: int = 2000) -> list[Rejected]:
    """Rows that were not taken, in the order of the file, beginning behind row ``after``."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT row, code, field FROM import_rejected WHERE run = %s AND row > %s ORDER BY row LIMIT %s",
            [run.key, after, most],
        )
        return [Rejected(*row) for row in cursor.fetchall()]


def reasons(run: Run) -> dict[str, int]:
    """Rows of the file that were not taken, by code."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT code, count(*) FROM import_rejected WHERE run = %s GROUP BY code ORDER BY 2 DESC, 1", [run.key]
        )
        return {code: int(number) for code, number in cursor.fetchall()}


def on_time(world: int, source: str) -> dict[str, Any]:
    """See ``hindsight.on_time``; for the command line, as it brings NumPy."""
    from bihuan.desk import hindsight  # noqa: PLC0415

    return hindsight.on_time(world, source)


@dataclass
class Standing:
    """What stands of a source today, over all its files."""

    stages: dict[str, int]
    outcomes: dict[str, int]
    to_triage: int = 0
    late: int = 0
    returned: int = 0
    reopened: int = 0


def standing(run: Run) -> Standing:
    found = Standing({}, {})
    with connection.cursor() as cursor:
        cursor.execute(STANDING, [run.world, run.source])
        for stage, outcome, count, to_triage, late, returned, reopened in cursor.fetchall():
            found.stages[stage] = found.stages.get(stage, 0) + count
            if outcome:
                found.outcomes[outcome] = found.outcomes.get(outcome, 0) + count
            found.to_triage += to_triage
            found.late += late
            found.returned += returned
            found.reopened += reopened
    return found


STANDING = """
WITH found AS (
  SELECT c.stage, c.category, c.is_overdue, c.state::jsonb AS state
  FROM imported i JOIN case_row c ON c.id = i.case_id WHERE i.world_id = %s AND i.source = %s
)
SELECT stage, state ->> 'outcome', count(*), count(*) FILTER (WHERE category = ''), count(*) FILTER (WHERE is_overdue),
  count(*) FILTER (WHERE state -> 'returns' <> '0'), count(*) FILTER (WHERE state -> 'reopens' <> '0')
FROM found GROUP BY 1, 2 ORDER BY 1, 2
"""
# Which field is at fault when the loop itself says no.
FIELDS = {
    "unknown-category": "category", "import-times": "closed", "time-in-the-future": "opened", "fields-missing": "text",
}  # fmt: skip


def _need_place(run: Run, part: Slice) -> None:
    """The slice must be the next, or one whose rows are all still to be taken."""
    with connection.cursor() as cursor:
        if part.is_again:
            rows = [row for row, _ in part.matters] + [one.row for one in part.rejected]
            cursor.execute("DELETE FROM import_rejected WHERE run = %s AND row = ANY(%s)", [run.key, rows])
            is_right = cursor.rowcount == len(rows)
        else:
            is_right = progress_of(run).rows == part.first - 1
    if not is_right:
        raise Overtaken(run.key)


def _flaw(matter: Matter) -> tuple[str, str] | None:
    """What no rule looks at, and the tables or the history cannot hold: a code and the field."""
    place = matter.place if isinstance(matter, Past) else matter.intake.place
    if not 0 < len(matter.source_id) <= LONGEST_ID:
        return "too-long", "source_id"
    if place and not PLACE.fullmatch(place):
        return "no-place-code", "place"
    if isinstance(matter, Past):
        if matter.unit and not is_unit(matter.unit):
            return "unknown-unit", "unit"
        if matter.outcome and not CODE.fullmatch(matter.outcome):
            return "no-code", "outcome"
    return None


def _change(matter: Matter, number: int, run: Run, at: datetime) -> Change:
    if isinstance(matter, Live):
        own = replace(matter.intake, scene=run.scene)
        return intake.registration(own, Asked(run.by, PURPOSE, run.world), number=number, recorded_at=at)[0]
    return _past(matter, number, run, at)


def _past(row: Past, number: int, run: Run, at: datetime) -> Change:
    case = identity.new_id()
    receipt = identity.code_digest(identity.new_code(run.world, "", None))
    rules = rulebooks.rules_for(run.scene, at)
    if row.category and row.category not in rules.book.categories:
        raise Refused("unknown-category", category=row.category)
    sealed = vault.seal(case, None, dict(row.texts)) if row.texts else vault.Sealed((), (), {})
    command = c.ImportCase(
        number=number,
        receipt=receipt.hex(),
        category=row.category,
        place=row.place,
        source=run.source,
        source_id=row.source_id,
        unit=row.unit,
        opened=row.opened,
        due=row.due,
        closed=row.closed,
        outcome=row.outcome,
        stage=Stage.CLOSED if row.closed else Stage.ACCEPTED,
        days_only=row.days_only,
    )
    folding = Folding(rules, None, at)
    ctx = c.Ctx(at, SYSTEM.person, rules.book.desks[0], frozenset({"system", "triage"}))
    folding.apply(command, ctx)
    for note in sealed.notes():
        folding.apply(c.AddNote(note), ctx)
    change = folding.change(case, run.world, settings.DISTRICT, sealed)
    return replace(change, receipt=receipt, lon=row.lon, lat=row.lat)


def _known(ids: Sequence[str], run: Run) -> list[bool]:
    """Of each id whether it came in before, or stands earlier in this very slice."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT source_id FROM imported WHERE world_id = %s AND source = %s AND source_id = ANY(%s)",
            [run.world, run.source, list(ids)],
        )
        seen = {row[0] for row in cursor.fetchall()}
    found = []
    for one in ids:
        found.append(one in seen)
        seen.add(one)
    return found


def _remember(run: Run, made: Sequence[tuple[str, Any]], rejected: Sequence[Rejected]) -> None:
    with connection.cursor() as cursor:
        with cursor.copy("COPY imported (world_id, source, source_id, case_id) FROM STDIN") as copy:
            for source_id, case in made:
                copy.write_row((run.world, run.source, source_id, case))
        with cursor.copy("COPY import_rejected (run, row, code, field) FROM STDIN") as copy:
            for one in rejected:
                copy.write_row((run.key, one.row, one.code, one.field))


def _advance(run: Run, rows: int, at: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO import_run (key, source, scene, rows, is_done, at) VALUES (%s, %s, %s, %s, false, %s)"
            " ON CONFLICT (key) DO UPDATE SET rows = greatest(import_run.rows, excluded.rows), at = excluded.at",
            [run.key, run.source, run.scene, rows, at],
        )

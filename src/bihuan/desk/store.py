"""The SQL of the write path: one statement for one case, COPY and one UPDATE for many.

Everything of one change stands in one statement or one transaction: the row (where its version is still the one that
was read), its events, the pending mark for the sequencer, messages, tasks, receipt, vault rows and the answer kept
under an idempotency key.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import connection, transaction
from psycopg.types.json import Jsonb

from bihuan.desk import codec, seals
from bihuan.kernel import due as next_due
from bihuan.kernel.case import OPEN_TASKS, Case, Role, Task
from bihuan.kernel.events import Recorded

if TYPE_CHECKING:
    from bihuan.desk.effects import Message

# Each column of a case's row with its type, in the order of ``_row``.
ROW = {
    "id": "uuid",
    "world_id": "int2",
    "district": "text",
    "number": "int8",
    "scene": "text",
    "book": "text",
    "category": "text",
    "place": "text",
    "seal": "int2",
    "stage": "text",
    "is_open": "bool",
    "desk": "text",
    "lead": "text",
    "verifier": "text",
    "named": "jsonb",
    "reporter": "uuid",
    "barred": "jsonb",
    "merged_into": "uuid",
    "lon": "float8",
    "lat": "float8",
    "opened": "timestamptz",
    "changed": "timestamptz",
    "due": "timestamptz",
    "next_due": "timestamptz",
    "is_overdue": "bool",
    "is_disputed": "bool",
    "version": "int4",
    "state": "text",
}
COLUMNS, TYPES = tuple(ROW), tuple(ROW.values())
# What the other parts of the statement need of the row. Arrays go over in binary (%b): as text they would be escaped,
# character by character; and psycopg keeps the parsed form only of statements with at most fifty values.
_BACK = "RETURNING id, world_id, district, version, changed"
# What an update never touches: who the case is and where it was first put.
FIXED = frozenset({"id", "world_id", "district", "number", "scene", "reporter", "lon", "lat", "opened"})


@dataclass(frozen=True)
class Kept:
    """An answer to be given again under its idempotency key; ``digest`` is over what was asked."""

    who: str
    key: str
    digest: bytes
    status: int
    body: str


@dataclass(frozen=True)
class Change:
    """One case's step from ``before`` to ``after``, ready to be stored."""

    case: UUID
    world: int
    district: str
    before: Case | None
    after: Case
    events: tuple[Recorded, ...]
    recorded: datetime
    messages: tuple[Message, ...] = ()
    receipt: bytes | None = None
    lon: float | None = None
    lat: float | None = None
    keys: Sequence[tuple[UUID, UUID | None, bytes]] = ()
    items: Sequence[tuple[UUID, UUID, str, bytes]] = ()
    answer: Kept | None = None
    bodies: tuple[str, ...] = field(default=(), compare=False)

    def texts(self) -> tuple[str, ...]:
        return self.bodies or tuple(codec.encode_event(r, world=self.world, case=self.case) for r in self.events)


def write(change: Change) -> bool:
    """Store one change in one round trip; ``False`` when somebody else was faster and nothing was stored."""
    tasks = _changed_tasks(change)
    sql = _statement(
        is_new=change.before is None,
        has_messages=bool(change.messages),
        has_tasks=bool(tasks),
        has_receipt=change.receipt is not None,
        has_vault=bool(change.keys or change.items),
        has_answer=change.answer is not None,
    )
    values: list[Any] = list(_row(change))
    if change.before is not None:
        values = [v for name, v in zip(COLUMNS, values, strict=True) if name not in FIXED]
        values += [change.case, change.before.version]
    values += [
        [r.number for r in change.events],
        [type(r.event).__name__ for r in change.events],
        list(change.texts()),
        change.events[0].number,
    ]
    values += _tail(change, tasks)
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return bool(cursor.fetchone()[0])


def _tail(change: Change, tasks: list[Task]) -> list[Any]:
    values: list[Any] = []
    if change.messages:
        columns = zip(*((m.id, m.kind, m.to, m.body) for m in change.messages), strict=True)
        values += list(map(list, columns))
    if tasks:
        values += [list(column) for column in zip(*(_task_row(change.after, t) for t in tasks), strict=True)]
    if change.receipt is not None:
        values.append(change.receipt)
    if change.keys or change.items:
        values += [[k[0] for k in change.keys], [k[1] for k in change.keys], [k[2] for k in change.keys]]
        values += [[i[0] for i in change.items], [i[1] for i in change.items]]
        values += [[i[2] for i in change.items], [i[3] for i in change.items]]
    if change.answer is not None:
        kept = change.answer
        values += [kept.who, kept.key, kept.digest, kept.status, kept.body]
    return values


@cache
def _statement(
    *, is_new: bool, has_messages: bool, has_tasks: bool, has_receipt: bool, has_vault: bool, has_answer: bool
) -> str:
    parts = [_insert_case() if is_new else _update_case()]
    parts.append(
        "e AS (INSERT INTO event (world_id, district, case_id, number, kind, body) SELECT w.world_id, w.district, w.id,"
        " x.* FROM w, unnest(%b::int4[], %b::text[], %b::text[]) AS x)"
    )
    parts.append(
        "p AS (INSERT INTO pending (world_id, case_id, first, last)"
        " SELECT w.world_id, w.id, %s::int4, w.version FROM w)"
    )
    if has_messages:
        parts.append(
            'o AS (INSERT INTO outbox (world_id, district, case_id, id, kind, "to", body, created, next_try, attempts,'
            " last_error) SELECT w.world_id, w.district, w.id, x.*, w.changed, w.changed, 0, '' FROM w,"
            " unnest(%b::uuid[], %b::text[], %b::text[], %b::text[]) AS x ON CONFLICT (id) DO NOTHING)"
        )
    if has_tasks:
        parts.append(
            "t AS (INSERT INTO task_row (world_id, district, case_id, task, unit, role, status, is_open, due)"
            " SELECT w.world_id, w.district, w.id, x.* FROM w, unnest(%b::int4[], %b::text[], %b::text[], %b::text[],"
            " %b::bool[], %b::timestamptz[]) AS x ON CONFLICT (case_id, task) DO UPDATE SET status = excluded.status,"
            " is_open = excluded.is_open, due = excluded.due)"
        )
    if has_receipt:
        parts.append("r AS (INSERT INTO receipt (digest, world_id, case_id) SELECT %s, w.world_id, w.id FROM w)")
    if has_vault:
        parts.append(
            "vk AS (INSERT INTO vault_key (world_id, case_id, id, person, wrapped) SELECT w.world_id, w.id, x.* FROM w,"
            " unnest(%b::uuid[], %b::uuid[], %b::bytea[]) AS x)"
        )
        parts.append(
            "vi AS (INSERT INTO vault_item (world_id, case_id, id, key_id, kind, box) SELECT w.world_id, w.id, x.*"
            " FROM w, unnest(%b::uuid[], %b::uuid[], %b::text[], %b::bytea[]) AS x)"
        )
    if has_answer:
        parts.append(
            "a AS (INSERT INTO answer (world_id, who, key, digest, status, body, created)"
            " SELECT w.world_id, %s, %s, %s, %s::int2, %s, w.changed FROM w)"
        )
    return "WITH " + ", ".join(parts) + " SELECT count(*) FROM w"  # noqa: S608 - names are ours


def _insert_case() -> str:
    places = ", ".join(f"%s::{kind}" for kind in TYPES)
    return f"w AS (INSERT INTO case_row ({', '.join(COLUMNS)}) VALUES ({places}) {_BACK})"  # noqa: S608


def _update_case() -> str:
    sets = ", ".join(f"{name} = %s::{kind}" for name, kind in ROW.items() if name not in FIXED)
    return f"w AS (UPDATE case_row SET {sets} WHERE id = %s AND version = %s {_BACK})"  # noqa: S608


def write_many(changes: Sequence[Change]) -> set[UUID]:
    """Store many changes in one transaction; returns the ids stored: new cases by COPY, others where unchanged."""
    if not changes:
        return set()
    with transaction.atomic(), connection.cursor() as cursor:
        fresh = [change for change in changes if change.before is None]
        stored = {change.case for change in fresh}
        _copy(cursor, "case_row", ROW, (_row(change) for change in fresh))
        moved = [change for change in changes if change.before is not None]
        if moved:
            stored |= _update_many(cursor, moved)
        _copy_rest(cursor, [change for change in changes if change.case in stored])
    return stored


def _update_many(cursor: Any, changes: Sequence[Change]) -> set[UUID]:  # noqa: ANN401 - Django's cursor is untyped
    names = [name for name in COLUMNS if name not in FIXED]
    rows = [dict(zip(COLUMNS, _row(change), strict=True)) for change in changes]
    sets = ", ".join(f"{name} = x.{name}" for name in names)
    arrays = ", ".join(f"%b::{ROW[name]}[]" for name in names)
    cursor.execute(
        f"UPDATE case_row c SET {sets} FROM unnest(%b::uuid[], %b::int4[], {arrays})"  # noqa: S608 - names are ours
        f" AS x(id, was, {', '.join(names)}) WHERE c.id = x.id AND c.version = x.was RETURNING c.id",
        [
            [change.case for change in changes],
            [change.before.version for change in changes if change.before is not None],
            *([row[name] for row in rows] for name in names),
        ],
    )
    return {row[0] for row in cursor.fetchall()}


# What goes in by COPY beside the row: each column with its type.
_EVENT = {"world_id": "int2", "district": "text", "case_id": "uuid", "number": "int4", "kind": "text", "body": "text"}
_PENDING = {"world_id": "int2", "case_id": "uuid", "first": "int4", "last": "int4"}
_OUTBOX = {
    "world_id": "int2",
    "district": "text",
    "case_id": "uuid",
    "id": "uuid",
    "kind": "text",
    "to": "text",
    "body": "text",
    "created": "timestamptz",
    "next_try": "timestamptz",
    "attempts": "int2",
    "last_error": "text",
}
_RECEIPT = {"digest": "bytea", "world_id": "int2", "case_id": "uuid"}
_KEY = {"world_id": "int2", "case_id": "uuid", "id": "uuid", "person": "uuid", "wrapped": "bytea"}
_ITEM = {"world_id": "int2", "case_id": "uuid", "id": "uuid", "key_id": "uuid", "kind": "text", "box": "bytea"}


def _copy_rest(cursor: Any, changes: Sequence[Change]) -> None:  # noqa: ANN401
    events = (
        (c.world, c.district, c.case, r.number, type(r.event).__name__, body)
        for c in changes
        for r, body in zip(c.events, c.texts(), strict=True)
    )
    messages = (
        (c.world, c.district, c.case, m.id, m.kind, m.to, m.body, c.recorded, c.recorded, 0, "")
        for c in changes
        for m in c.messages
    )
    _copy(cursor, "event", _EVENT, events)
    _copy(cursor, "pending", _PENDING, ((c.world, c.case, c.events[0].number, c.events[-1].number) for c in changes))
    _copy(cursor, "outbox", _OUTBOX, messages)
    _copy(cursor, "receipt", _RECEIPT, ((c.receipt, c.world, c.case) for c in changes if c.receipt is not None))
    _copy(cursor, "vault_key", _KEY, ((c.world, c.case, *key) for c in changes for key in c.keys))
    _copy(cursor, "vault_item", _ITEM, ((c.world, c.case, *item) for c in changes for item in c.items))
    tasks = [(c.world, c.district, c.case, *_task_row(c.after, task)) for c in changes for task in _changed_tasks(c)]
    if tasks:
        cursor.executemany(
            "INSERT INTO task_row (world_id, district, case_id, task, unit, role, status, is_open, due)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (case_id, task) DO UPDATE"
            " SET status = excluded.status, is_open = excluded.is_open, due = excluded.due",
            tasks,
        )


def _copy(cursor: Any, table: str, columns: dict[str, str], rows: Iterable[tuple[Any, ...]]) -> None:  # noqa: ANN401
    quoted = ", ".join(f'"{name}"' for name in columns)
    with cursor.copy(f"COPY {table} ({quoted}) FROM STDIN (FORMAT BINARY)") as copy:
        copy.set_types(list(columns.values()))
        for row in rows:
            copy.write_row(row)


def _changed_tasks(change: Change) -> list[Task]:
    before = change.before.tasks if change.before is not None else ()
    return [task for task in change.after.tasks if task not in before]


def _task_row(case: Case, task: Task) -> tuple[int, str, str, str, bool, datetime | None]:
    dues = [
        k.due for k in case.clocks if k.is_ticking and (k.task == task.id or (k.key == "handle" and k.task is None))
    ]
    is_open = task.status in OPEN_TASKS
    return task.id, task.unit, str(Role(task.role)), str(task.status), is_open, min(dues) if dues and is_open else None


def _row(change: Change) -> tuple[Any, ...]:
    case = change.after
    ticking = [clock for clock in case.clocks if clock.is_ticking]
    return (
        change.case,
        change.world,
        change.district,
        case.number,
        case.scene,
        case.book,
        case.category,
        case.place,
        int(case.seal[1]),
        str(case.stage),
        case.is_open,
        case.desk,
        case.lead,
        case.verifier_unit,
        Jsonb(seals.named_of(case)),
        UUID(case.reporter) if case.reporter else None,
        Jsonb(list(case.barred)),
        UUID(case.merged_into) if case.merged_into else None,
        change.lon,
        change.lat,
        case.opened,
        change.recorded,
        min((clock.due for clock in ticking), default=None),
        next_due(case),
        any(clock.broken is not None for clock in ticking),
        case.is_disputed,
        case.version,
        codec.encode_state(case),
    )

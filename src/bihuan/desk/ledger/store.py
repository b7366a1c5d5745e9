"""The ledger's tables: hashes of the feed, complete subtrees, signed heads; and what is handed out from them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from django.db import connection

from bihuan.desk.ledger import keys, verify
from bihuan.desk.ledger.receipts import ConsistencyDocument, ReceiptDocument, build_consistency, build_receipt
from bihuan.desk.ledger.signing import origin_of, sign_head
from bihuan.desk.ledger.tree import Frontier, LedgerError, SubtreeRow, root
from bihuan.desk.ports import Progress

FIRST_EVENTS = ("Registered", "ImportedCase")


class NotYet(LedgerError):
    """The event is stored but no signed head covers it yet: a matter of seconds while a worker runs."""


class FeedHashes:
    """The ``HashStore`` over the tables of one world."""

    def __init__(self, world: int) -> None:
        self._world = world

    def leaves(self, start: int, stop: int) -> list[bytes]:
        return _hashes(
            "SELECT leaf FROM feed WHERE world_id = %s AND pos >= %s AND pos < %s ORDER BY pos",
            [self._world, start, stop],
        )

    def subtrees(self, level: int, start: int, stop: int) -> list[bytes]:
        return _hashes(
            "SELECT digest FROM subtree WHERE world_id = %s AND level = %s AND index >= %s AND index < %s"
            " ORDER BY index",
            [self._world, level, start, stop],
        )


def size(world: int) -> int:
    """How many events the ledger of a world covers."""
    return int(_rows("SELECT coalesce(max(pos) + 1, 0) FROM feed WHERE world_id = %s", [world])[0][0])


def frontier(world: int) -> Frontier:
    """The right edge as stored: read when a process begins to append; at most four short reads."""
    return Frontier.of(FeedHashes(world), size(world))


def root_at(world: int, at_size: int) -> bytes:
    """The root of the first events of a world, from the stored hashes."""
    return root(FeedHashes(world), at_size)


def put_subtrees(rows: Iterable[tuple[int, SubtreeRow]]) -> None:
    """Store completed subtrees (world, row), in the caller's transaction."""
    columns = [(world, level, position, digest) for world, (level, position, digest) in rows]
    if columns:
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO subtree (world_id, level, index, digest)"
                " SELECT * FROM unnest(%s::int2[], %s::int2[], %s::int8[], %s::bytea[])",
                [list(column) for column in zip(*columns, strict=True)],
            )


def sign(world: int, edge: Frontier, at: datetime) -> str:
    """Sign the head of ``edge`` and store it, in the caller's transaction."""
    district, name = _rows("SELECT district, key FROM world WHERE id = %s", [world])[0]
    note = sign_head(keys.signing_key(), origin_of(district, name), edge.size, edge.root(), at)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO head (world_id, size, root, note, at) VALUES (%s, %s, %s, %s, %s)",
            [world, edge.size, edge.root(), note, at],
        )
    return note


def unsigned() -> list[int]:
    """Worlds with events that no signed head covers."""
    found = _rows(
        "SELECT w.id FROM world w WHERE w.dropped IS NULL"
        " AND coalesce((SELECT max(pos) + 1 FROM feed WHERE world_id = w.id), 0)"
        " > coalesce((SELECT max(size) FROM head WHERE world_id = w.id), 0) ORDER BY w.id"
    )
    return [row[0] for row in found]


def latest_head(world: int) -> str | None:
    """The newest signed head of a world, as a note."""
    found = _rows("SELECT note FROM head WHERE world_id = %s ORDER BY size DESC LIMIT 1", [world])
    return str(found[0][0]) if found else None


def head_at(world: int, at_size: int) -> str:
    found = _rows("SELECT note FROM head WHERE world_id = %s AND size = %s", [world, at_size])
    if not found:
        raise LedgerError(f"world {world} signed no head of size {at_size}: take the size from a receipt")
    return str(found[0][0])


def receipt(world: int, case: UUID) -> ReceiptDocument:
    """The receipt of a case under the newest head. Raises ``NotYet``, or ``LedgerError`` when the ledger is unsound."""
    found = _rows(
        "SELECT e.body, f.pos FROM event e LEFT JOIN feed f ON f.event_id = e.id"
        " WHERE e.case_id = %s AND e.world_id = %s AND e.kind = ANY(%s) ORDER BY e.number LIMIT 1",
        [case, world, list(FIRST_EVENTS)],
    )
    if not found:
        raise LedgerError(f"case {case} has no registration in world {world}")
    body, position = found[0]
    head = _rows("SELECT size, note FROM head WHERE world_id = %s ORDER BY size DESC LIMIT 1", [world])
    if position is None or not head or head[0][0] <= position:
        raise NotYet(f"no signed head covers case {case} yet: ask again in a few seconds; if it lasts, no worker runs")
    commitment = orjson.loads(body)["data"]["receipt"]
    return build_receipt(
        FeedHashes(world),
        keys.public_keys()[-1],
        note=head[0][1],
        position=position,
        event=body,
        commitment=commitment,
    )


def consistency(world: int, old: int, new: int | None = None) -> ConsistencyDocument:
    """That the head of size ``new`` (without it: the newest) only appended to the one of size ``old``."""
    newest = latest_head(world) if new is None else head_at(world, new)
    if newest is None:
        raise NotYet(f"world {world} has no signed head yet")
    return build_consistency(FeedHashes(world), keys.public_keys()[-1], old=head_at(world, old), new=newest)


def verify_ledger(world: int, progress: Progress | None = None) -> Iterator[str]:
    """Every problem of a world's ledger, found by computing all of it anew from the stored texts."""
    return verify.problems(world, progress)


def _hashes(sql: str, values: Sequence[Any]) -> list[bytes]:
    return [bytes(row[0]) for row in _rows(sql, values)]


def _rows(sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())

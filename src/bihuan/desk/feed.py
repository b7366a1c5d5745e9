"""The feed: every event once, in one order, without gaps; a sequencer writes it, readers follow it with a cursor.

A position is given to committed events only, by one sequencer at a time. So whoever has read up to a position has read
everything before it, also when a long transaction commits late: its events come later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from time import monotonic
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from bihuan.desk import instant
from bihuan.desk.ledger import store
from bihuan.desk.ledger.tree import HASH_BYTES, Frontier, SubtreeRow

# One sequencer at a time per database; migration 0020 knows the number too.
LOCK = 4_802_026
BATCH = 2000
HEAD_EVERY = 1.0
SWEEP_EVERY = 60.0

# A plan must not depend on statistics here: they are wrong for a table that is empty one moment and huge the next.
# ``sizes`` must be materialized: asked anew for each row, it would walk over all the rows that were just put in.
_BEGIN = """
SELECT pg_try_advisory_xact_lock(%s), set_config('enable_seqscan', 'off', true),
  set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true),
  set_config('jit', 'off', true), set_config('idle_in_transaction_session_timeout', '30s', true)
"""
_TAKE = r"""
WITH taken AS (
  DELETE FROM pending WHERE id = ANY (ARRAY(SELECT id FROM pending WHERE id > %s ORDER BY id LIMIT %s))
  RETURNING id, world_id, case_id, first, last
), sizes AS MATERIALIZED (
  SELECT d.world_id, coalesce((SELECT max(pos) + 1 FROM feed f WHERE f.world_id = d.world_id), 0) AS size
  FROM (SELECT DISTINCT world_id FROM taken) d
), put AS (
  INSERT INTO feed (world_id, pos, event_id, leaf)
  SELECT t.world_id, s.size - 1 + row_number() OVER (PARTITION BY t.world_id ORDER BY t.id, e.number), e.id,
    sha256('\x00'::bytea || convert_to(e.body, 'UTF8'))
  FROM taken t JOIN sizes s ON s.world_id = t.world_id
  JOIN event e ON e.case_id = t.case_id AND e.number BETWEEN t.first AND t.last
  RETURNING world_id, pos, leaf
), counted AS (
  SELECT count(*) AS count, max(id) AS highest FROM taken
)
SELECT count, highest, pg_snapshot_xmin(pg_current_snapshot())::text, pg_snapshot_xmax(pg_current_snapshot())::text,
  p.world_id, p.start, p.leaves
FROM counted LEFT JOIN (
  SELECT world_id, min(pos) AS start, string_agg(leaf, ''::bytea ORDER BY pos) AS leaves FROM put GROUP BY world_id
) p ON true
"""


@dataclass(frozen=True)
class _Taken:
    """One batch as the database placed it. ``worlds``: (world, first position, leaf hashes one after the other)."""

    count: int
    highest: int
    oldest_running: int
    next_transaction: int
    worlds: list[tuple[int, int, bytes]]


class _Mark:
    """Where to begin in ``pending``: past ids whose rows are all gone, so that dead rows are not walked over again.

    Rows that are deleted while somebody reads the database for an hour (a dump) stay in the index until he is done.
    An id may be passed over only when no running transaction can still bring it: the write path writes the case before
    it takes the id, so that whoever holds an id below one that was seen had begun before it was seen. To be safe
    against writers who do not, everything is swept once a minute.
    """

    def __init__(self) -> None:
        self.at = 0
        self._swept = monotonic()
        self._candidate: tuple[int, int] | None = None

    def learn(self, taken: _Taken, limit: int) -> None:
        if self._candidate is not None:
            upto, ended = self._candidate
            if taken.oldest_running >= ended and (taken.count < limit or taken.highest > upto):
                self.at, self._candidate = max(self.at, upto), None
        if self._candidate is None and taken.highest > self.at:
            self._candidate = (taken.highest, taken.next_transaction)

    def sweep_when_due(self) -> None:
        if monotonic() - self._swept > SWEEP_EVERY:
            self.at, self._candidate, self._swept = 0, None, monotonic()


class Sequencer:
    """Copies committed events into the feed and the ledger. Any number may run: one works, the others stand by."""

    def __init__(self, *, batch: int = BATCH, head_every: float = HEAD_EVERY) -> None:
        self._batch = batch
        self._head_every = head_every
        self._signed = 0.0
        self._mark = _Mark()
        self._edges: dict[int, Frontier] = {}

    def step(self) -> int:
        """Place one batch, sign heads when it is time; returns how many events were placed."""
        self._mark.sweep_when_due()
        placed = self._in_turn(self._place) if self._is_something_pending() else 0
        if monotonic() - self._signed >= self._head_every:
            self._in_turn(self._sign)
            self._signed = monotonic()
        return placed

    def settle(self) -> int:
        """Place everything that is pending and sign every head: for commands and tests that wait for it."""
        total = 0
        while placed := self.step():
            total += placed
        self._in_turn(self._sign)
        return total

    def _is_something_pending(self) -> bool:
        with connection.cursor() as cursor:
            cursor.execute("SELECT EXISTS (SELECT FROM pending WHERE id > %s)", [self._mark.at])
            return bool(cursor.fetchone()[0])

    def _in_turn(self, work: Callable[[], int]) -> int:
        """Do it in one transaction when nobody else is at it. After a failure what is known is read again."""
        try:
            with transaction.atomic():
                with connection.cursor() as cursor:
                    cursor.execute(_BEGIN, [LOCK])
                    if not cursor.fetchone()[0]:
                        return 0
                return work()
        except BaseException:
            self._edges.clear()
            self._mark = _Mark()
            raise

    def _place(self) -> int:
        taken = _take(self._mark.at, self._batch)
        grown: list[tuple[int, SubtreeRow]] = []
        placed = 0
        for world, start, joined in taken.worlds:
            leaves = [joined[at : at + HASH_BYTES] for at in range(0, len(joined), HASH_BYTES)]
            edge = self._edges.get(world)
            if edge is None or edge.size != start:
                edge = self._edges[world] = Frontier.of(store.FeedHashes(world), start)
            grown += [(world, row) for row in edge.append_many(leaves)]
            placed += len(leaves)
        store.put_subtrees(grown)
        self._mark.learn(taken, self._batch)
        return placed

    def _sign(self) -> int:
        worlds = store.unsigned()
        for world in worlds:
            edge = self._edges.get(world)
            if edge is None or edge.size != store.size(world):
                edge = self._edges[world] = store.frontier(world)
            store.sign(world, edge, instant.wall())
        return len(worlds)


def _take(mark: int, limit: int) -> _Taken:
    connection.ensure_connection()
    # Binary: the hashes would cost twice their size as text.
    with connection.connection.cursor(binary=True) as cursor:
        rows = cursor.execute(_TAKE, [mark, limit]).fetchall()
    count, highest, oldest, following = rows[0][:4]
    worlds = [(row[4], row[5], row[6]) for row in rows if row[4] is not None]
    return _Taken(count, highest or 0, int(oldest), int(following), worlds)


def settle() -> int:
    """Place all events and sign all heads now, unless another process is at it."""
    return Sequencer(head_every=0).settle()


def lag() -> int:
    """How many writes wait for their place in the feed."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pending")
        return int(cursor.fetchone()[0])


# --- readers


@dataclass(frozen=True)
class Placed:
    """An event at its place in the feed; ``body`` is the exact stored text (``codec.decode_event`` reads it)."""

    pos: int
    case: UUID
    number: int
    kind: str
    body: str


def read(world: int, name: str, limit: int = 500) -> list[Placed]:
    """The next events for the reader ``name``, whose cursor stays locked until the caller's transaction ends.

    Empty when there is nothing new or when the same reader is at work elsewhere. Call it inside ``transaction.atomic``.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pos FROM cursor WHERE world_id = %s AND name = %s FOR UPDATE SKIP LOCKED", [world, name])
        row = cursor.fetchone()
        if row is None:
            cursor.execute(
                "INSERT INTO cursor (world_id, name, pos) VALUES (%s, %s, 0) ON CONFLICT DO NOTHING RETURNING pos",
                [world, name],
            )
            row = cursor.fetchone()
    return tail(world, row[0], limit) if row is not None else []


def advance(world: int, name: str, pos: int) -> None:
    """The reader has dealt with everything before ``pos``. In the transaction of ``read``."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE cursor SET pos = %s WHERE world_id = %s AND name = %s", [pos, world, name])


def follow(world: int, name: str, handle: Callable[[list[Placed]], object], limit: int = 500) -> int:
    """Hand the next events to ``handle`` and advance, in one transaction; returns how many there were.

    What ``handle`` writes into this database commits with the cursor: exactly once. What it does elsewhere may repeat.
    """
    with transaction.atomic():
        events = read(world, name, limit)
        if events:
            handle(events)
            advance(world, name, events[-1].pos + 1)
    return len(events)


def tail(world: int, start: int, limit: int = 500) -> list[Placed]:
    """Events from position ``start`` on, for readers that keep their own place, such as a live page."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT f.pos, e.case_id, e.number, e.kind, e.body FROM feed f JOIN event e ON e.id = f.event_id"
            " WHERE f.world_id = %s AND f.pos >= %s ORDER BY f.pos LIMIT %s",
            [world, start, limit],
        )
        return [Placed(*row) for row in cursor.fetchall()]


def everything(world: int, start: int = 0, slice_size: int = 1000) -> Iterator[Placed]:
    """The whole feed of a world from ``start``, a slice at a time."""
    while events := tail(world, start, slice_size):
        yield from events
        start = events[-1].pos + 1


def readers(world: int) -> dict[str, int]:
    """Each reader's name and the next position it wants."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, pos FROM cursor WHERE world_id = %s ORDER BY name", [world])
        found: list[tuple[str, Any]] = cursor.fetchall()
    return {name: int(pos) for name, pos in found}

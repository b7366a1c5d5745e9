"""The whole ledger of a world computed anew from the stored texts, and compared with everything that is stored."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.db import connection

from bihuan.desk.ledger import keys
from bihuan.desk.ledger.signing import BadHead, origin_of, verify_head
from bihuan.desk.ledger.tree import SUBTREE_LEVELS, Frontier, SubtreeRow, leaf_hash
from bihuan.desk.ports import Progress

SLICE = 2000


def problems(world: int, progress: Progress | None = None) -> Iterator[str]:
    """Texts against leaves, leaves against subtrees, roots and signatures against heads. Memory does not grow."""
    edge, heads = Frontier(), _Heads(world)
    total = _one("SELECT coalesce(max(pos) + 1, 0) FROM feed WHERE world_id = %s", [world])
    completed = dict.fromkeys(SUBTREE_LEVELS, 0)
    while rows := _slice(world, edge.size):
        leaves: list[bytes] = []
        for pos, leaf, body in rows:
            expected = edge.size + len(leaves)
            if pos != expected:
                yield f"position {expected} is missing; the next one is {pos}. Nothing after it was checked"
                return
            yield from _leaf_problems(pos, leaf, body)
            leaves.append(leaf)
        grown: list[SubtreeRow] = []
        for stop in [*heads.sizes_until(edge.size + len(leaves)), edge.size + len(leaves)]:
            take = stop - edge.size
            grown += edge.append_many(leaves[:take])
            del leaves[:take]
            yield from heads.problems_at(edge)
        yield from _subtree_problems(world, grown)
        for row in grown:
            completed[row.level] += 1
        if progress:
            progress(edge.size, total)
    yield from heads.problems_beyond(edge.size)
    for level, count in completed.items():
        stored = _one("SELECT count(*) FROM subtree WHERE world_id = %s AND level = %s", [world, level])
        if stored != count:
            yield f"{stored} subtrees of level {level} are stored where {count} are complete"


def _leaf_problems(pos: int, leaf: bytes, body: str | None) -> Iterator[str]:
    if body is None:
        yield f"the event at position {pos} is gone, or stands in another world"
    elif leaf_hash(body.encode()) != leaf:
        yield f"the event at position {pos} is not the text that was hashed"


def _subtree_problems(world: int, grown: Sequence[SubtreeRow]) -> Iterator[str]:
    stored = {
        (level, index): bytes(digest)
        for level, index, digest in _rows(
            "SELECT s.level, s.index, s.digest FROM subtree s JOIN unnest(%s::int2[], %s::int8[]) AS x(level, index)"
            " ON x.level = s.level AND x.index = s.index WHERE s.world_id = %s",
            [[row.level for row in grown], [row.position for row in grown], world],
        )
    }
    for level, position, digest in grown:
        if stored.get((level, position)) != digest:
            yield f"subtree {position} of level {level} is missing or is not the root of its leaves"


class _Heads:
    """The signed heads of a world in order of size, read a slice at a time."""

    def __init__(self, world: int) -> None:
        self._world = world
        self._next: list[tuple[int, bytes, str]] = []
        self._read_to = -1
        found = _rows("SELECT district, key FROM world WHERE id = %s", [world])
        self._origin = origin_of(*found[0]) if found else ""
        self._keys = keys.public_keys()

    def sizes_until(self, size: int) -> list[int]:
        """The sizes up to ``size`` at which a head must be compared."""
        while not self._next or self._next[-1][0] < size:
            more = _rows(
                "SELECT size, root, note FROM head WHERE world_id = %s AND size > %s ORDER BY size LIMIT %s",
                [self._world, self._read_to, SLICE],
            )
            if not more:
                break
            self._next += [(row[0], bytes(row[1]), row[2]) for row in more]
            self._read_to = more[-1][0]
        return [row[0] for row in self._next if 0 < row[0] <= size]

    def problems_at(self, edge: Frontier) -> Iterator[str]:
        while self._next and self._next[0][0] <= edge.size:
            size, root, note = self._next.pop(0)
            if size == edge.size and root != edge.root():
                yield f"the head of size {size} has another root than the events: history was changed after the signing"
            yield from self._note_problems(size, root, note)

    def problems_beyond(self, size: int) -> Iterator[str]:
        self.sizes_until(size)
        for row in self._next:
            if row[0] > size:
                yield f"a head of size {row[0]} was signed, but the feed has {size} events: its end was cut off"

    def _note_problems(self, size: int, root: bytes, note: str) -> Iterator[str]:
        why = "no key is known"
        for key in reversed(self._keys):
            try:
                head = verify_head(key, note, origin=self._origin)
            except BadHead as error:
                why = str(error)
                continue
            if (head.size, head.root) != (size, root):
                yield f"the note of the head of size {size} speaks of another head"
            return
        yield f"the head of size {size} is not signed by a key of this site: {why}"


def _slice(world: int, start: int) -> list[tuple[int, bytes, str | None]]:
    found = _rows(
        "SELECT f.pos, f.leaf, e.body FROM feed f LEFT JOIN event e ON e.id = f.event_id AND e.world_id = f.world_id"
        " WHERE f.world_id = %s AND f.pos >= %s ORDER BY f.pos LIMIT %s",
        [world, start, SLICE],
    )
    return [(pos, bytes(leaf), body) for pos, leaf, body in found]


def _one(sql: str, values: Sequence[Any]) -> int:
    return int(_rows(sql, values)[0][0])


def _rows(sql: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())

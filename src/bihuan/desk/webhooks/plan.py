"""From the feed to messages: what each endpoint may be told, noted down once, together with the reader's place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID, uuid5

from django.db import connection

from bihuan.desk import codec, feed, instant, lists
from bihuan.desk.access import find_facts
from bihuan.desk.feed import Placed
from bihuan.desk.webhooks.endpoints import READER
from bihuan.desk.webhooks.kinds import KINDS, Row, body_of, may_be_told

SLICE = 200


@dataclass(frozen=True)
class _Listener:
    id: UUID
    unit: str
    kinds: frozenset[str]
    created: datetime


def step() -> int:
    """Plan one slice of every world that somebody listens to; returns how many events were looked at."""
    return sum(
        feed.follow(world, READER, partial(_plan, world, is_drill=is_drill), SLICE) for world, is_drill in _worlds()
    )


def _worlds() -> list[tuple[int, bool]]:
    """A simulation's messages never leave."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT w.id, w.kind = 'drill' FROM world w JOIN webhook h ON h.world_id = w.id"
            " WHERE w.dropped IS NULL AND w.kind IN ('real', 'drill') AND h.removed IS NULL AND h.ended IS NULL"
        )
        return [(row[0], row[1]) for row in cursor.fetchall()]


def _plan(world: int, placed: Sequence[Placed], *, is_drill: bool) -> None:
    told = [one for one in placed if one.kind in KINDS]
    listeners = _listeners(world) if told else []
    if not listeners:
        return
    rows = rows_of({one.case for one in told}, world)
    messages = [
        message
        for one in told
        if one.case in rows
        for message in _messages(world, one, rows[one.case], listeners, is_drill=is_drill)
    ]
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO webhook_message (id, world_id, webhook_id, case_id, kind, body, is_bare, created, next_try)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (id) DO NOTHING",
            messages,
        )


def _listeners(world: int) -> list[_Listener]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, unit, kinds, created FROM webhook WHERE world_id = %s AND removed IS NULL AND ended IS NULL",
            [world],
        )
        return [_Listener(row[0], row[1], frozenset(row[2].split()), row[3]) for row in cursor.fetchall()]


def _messages(
    world: int, placed: Placed, row: Row, listeners: Iterable[_Listener], *, is_drill: bool
) -> Iterable[tuple[Any, ...]]:
    """The id follows from endpoint and event: planned twice, it is there once."""
    kind, recorded, at = KINDS[placed.kind], codec.decode_event(placed.body), instant.wall()
    for one in listeners:
        is_late = not is_drill and recorded.recorded < one.created
        if is_late or (one.kinds and kind not in one.kinds) or not may_be_told(one.unit, row.facts):
            continue
        body = body_of(kind, placed.number, recorded.at, row, is_drill=is_drill).decode()
        key = uuid5(one.id, f"{placed.case}:{placed.number}")
        yield (key, world, one.id, placed.case, kind, body, row.facts.is_sealed, at, at)


def rows_of(cases: Iterable[UUID], world: int) -> dict[UUID, Row]:
    """What may be told of these cases as they stand now: a seal that was raised meanwhile counts."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, number, scene, category, stage, due FROM case_row WHERE id = ANY(%s) AND world_id = %s",
            [list(cases), world],
        )
        rows = cursor.fetchall()
    at, found = instant.now(world), {}
    for case, number, scene, category, stage, due in rows:
        facts = find_facts(case, world=world)
        if facts is not None:
            named = lists.category_name(scene, category, at)
            found[case] = Row(case, number, scene, category, named, stage, due, facts)
    return found

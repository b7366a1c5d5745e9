"""Reading histories: the events of a case in order, and the same folded."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from django.db import connection

from bihuan.desk import codec
from bihuan.kernel.events import Recorded


def events_of(case: UUID, world: int) -> list[Recorded]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT body FROM event WHERE case_id = %s AND world_id = %s ORDER BY number", [case, world])
        return [codec.decode_event(row[0]) for row in cursor.fetchall()]


def histories(world: int, *, slice_size: int = 500) -> Iterator[tuple[UUID, str, list[str]]]:
    """Every case of a world: id, stored state and the texts of its events in order; a slice of cases at a time."""
    last = UUID(int=0)
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT id, state FROM case_row WHERE world_id = %s AND id > %s ORDER BY id LIMIT %s",
                [world, last, slice_size],
            )
            cases = cursor.fetchall()
            if not cases:
                return
            cursor.execute(
                "SELECT case_id, body FROM event WHERE case_id = ANY(%s) ORDER BY case_id, number",
                [[row[0] for row in cases]],
            )
            bodies: dict[UUID, list[str]] = {}
            for case_id, body in cursor.fetchall():
                bodies.setdefault(case_id, []).append(body)
        for case_id, state in cases:
            yield case_id, state, bodies.get(case_id, [])
        last = cases[-1][0]

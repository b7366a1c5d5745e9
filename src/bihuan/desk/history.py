"""Reading histories: the events of a case in order, and the same folded."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson
from django.db import connection

from bihuan.desk import codec
from bihuan.desk.reasons import REF
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


# -- one number for all that happened in a world ------------------------------------------------------------------

SALTED = frozenset({"receipt", "receipts", "ref", "letter"})  # made by chance, or holding what is


def digest(world: int, beside: Sequence[Any] = ()) -> str:
    """SHA-256 over number, virtual time, kind and payload of every event, in the order of case numbers.

    Left out is what chance or the wall clock made: ids of cases (their numbers stand for them), receipts, references
    into the vault, and the time of recording. The same seed gives the same number. ``beside``: what else counts.
    """
    numbers = case_numbers(world)
    total = hashlib.sha256()
    for case, body in bodies(world):
        raw = orjson.loads(body)
        line = [numbers[str(case)], raw["number"], raw["at"], raw["kind"], _plain(raw["data"], numbers)]
        total.update(orjson.dumps(line, option=orjson.OPT_SORT_KEYS) + b"\n")
    for one in beside:
        total.update(
            orjson.dumps(_plain(orjson.loads(orjson.dumps(one)), numbers), option=orjson.OPT_SORT_KEYS) + b"\n"
        )
    return total.hexdigest()


def case_numbers(world: int) -> dict[str, str]:
    """What stands for the ids of a world's cases wherever two runs are compared: ``#1``."""
    return dict(_numbers(world))


def _numbers(world: int) -> Iterator[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, number FROM case_row WHERE world_id = %s", [world])
        while rows := cursor.fetchmany(5000):
            yield from ((str(case), f"#{number}") for case, number in rows)


def bodies(world: int, slice_size: int = 500) -> Iterator[tuple[UUID, str]]:
    """The texts of all events of a world, case by case in the order of their numbers."""
    last = -1
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT id, number FROM case_row WHERE world_id = %s AND number > %s ORDER BY number LIMIT %s",
                [world, last, slice_size],
            )
            cases = cursor.fetchall()
            if not cases:
                return
            cursor.execute(
                "SELECT e.case_id, e.body FROM event e JOIN case_row c ON c.id = e.case_id"
                " WHERE e.case_id = ANY(%s) ORDER BY c.number, e.number",
                [[row[0] for row in cases]],
            )
            yield from cursor.fetchall()
        last = cases[-1][1]


def _plain(value: Any, numbers: Mapping[str, str]) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, dict):
        return {key: _plain(one, numbers) for key, one in value.items() if key not in SALTED}
    if isinstance(value, list):
        return [_plain(one, numbers) for one in value]
    if isinstance(value, str):
        return "" if REF.fullmatch(value) else numbers.get(value, value)
    return value

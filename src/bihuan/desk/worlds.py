"""Worlds for drills and simulations: made, set to an hour of their own, and dropped whole with a record (law 8)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from django.conf import settings
from django.db import DatabaseError, IntegrityError, connection

from bihuan.desk import instant
from bihuan.desk.instant import REAL_WORLD, NoSuchWorld
from bihuan.kernel.refused import Refused

KINDS = ("drill", "simulation")
_SELECT = "SELECT id, key, kind, district, virtual_now, created, dropped, drop_record::text FROM world "


@dataclass(frozen=True)
class World:
    """``virtual_now`` is ``None`` for the real world, which runs on the wall clock. ``record``: of a dropped one."""

    id: int
    key: str
    kind: str
    district: str
    virtual_now: datetime | None
    created: datetime
    dropped: datetime | None
    record: Mapping[str, Any] | None


def create(key: str, kind: str, *, starts: datetime | None = None, district: str | None = None) -> int:
    """A new drill or simulation whose clock stands at ``starts`` (without it: now); returns its number.

    Raises ``Refused`` for another kind, for a name that is taken, and for one that is not letters, digits, ``.``, ``_``
    and ``-``.
    """
    if kind not in KINDS:
        raise Refused("unknown-world-kind", law=8, kind=kind, allowed=" ".join(KINDS))
    now = instant.wall()
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT create_world(%s, %s, %s, %s, %s)",
                [key, kind, district or settings.DISTRICT, now, starts or now],
            )
            return int(cursor.fetchone()[0])
    except IntegrityError as error:
        code = "world-name-not-plain" if "world_plain_key" in str(error) else "world-name-taken"
        raise Refused(code, law=8, key=key) from error


def get(world: int) -> World:
    """A world, dropped ones included. Raises ``NoSuchWorld``."""
    for found in _read("WHERE id = %s", [world]):
        return found
    raise NoSuchWorld(f"there is no world {world}")


def every(*, dropped: bool = False) -> list[World]:
    """All worlds in the order in which they were made; with ``dropped`` also those that are gone."""
    return _read("" if dropped else "WHERE dropped IS NULL", [])


def set_virtual_now(world: int, at: datetime) -> None:
    """Put the clock of a drill or simulation forward. Never back: what was recorded must not lie ahead of it."""
    if world == REAL_WORLD:
        raise Refused("real-time-is-not-set", law=8)
    before = instant.now(world)
    if at.tzinfo is None:
        raise Refused("time-without-zone", at=at.isoformat())
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE world SET virtual_now = %s WHERE id = %s AND dropped IS NULL AND virtual_now <= %s", [at, world, at]
        )
        if cursor.rowcount == 0:
            raise Refused("time-runs-forward", law=8, now=before.isoformat(), at=at.isoformat())


def drop(world: int, *, by: str, reason: str) -> Mapping[str, Any]:
    """Remove every row of a drill or simulation, for ever; its own row stays, with the record that is returned.

    The record: who, why, how many rows of each table, and the last signed head. Raises ``Refused`` for the real world.
    Safe to repeat when it was cut off: from the first step on nothing new can be written into that world.
    """
    if world == REAL_WORLD:
        raise Refused("real-world-stays", law=8)
    get(world)
    record = orjson.dumps({"by": by, "reason": reason}).decode()
    try:
        with connection.cursor() as cursor:
            # Two transactions: in the first, wait for those who are writing; in the second nobody can be.
            cursor.execute("SELECT close_world(%s::int2, %s)", [world, instant.wall()])
            cursor.execute("SELECT drop_world(%s::int2, %s, %s::jsonb)", [world, instant.wall(), record])
    except DatabaseError as error:
        if "law 8" in str(error):
            raise Refused("real-world-stays", law=8) from error
        raise
    return get(world).record or {}


def _read(where: str, values: list[Any]) -> list[World]:
    with connection.cursor() as cursor:
        cursor.execute(_SELECT + where + " ORDER BY id", values)
        rows = cursor.fetchall()
    return [World(*(*row[:-1], orjson.loads(row[-1]) if row[-1] else None)) for row in rows]

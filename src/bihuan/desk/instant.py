"""The one place where time is read. The real world runs on the wall clock, every other world on its own (law 8)."""

from __future__ import annotations

from datetime import UTC, datetime

from django.db import connection

REAL_WORLD = 1


class NoSuchWorld(LookupError):
    """There is no such world, or it was dropped."""


def wall() -> datetime:
    """The wall clock, in UTC: for what has no world, such as leases, signatures and files."""
    return datetime.now(UTC)


def now(world: int = REAL_WORLD) -> datetime:
    """The present instant of a world, in UTC. Raises ``NoSuchWorld``."""
    if world == REAL_WORLD:
        return wall()
    with connection.cursor() as cursor:
        cursor.execute("SELECT virtual_now, dropped FROM world WHERE id = %s", [world])
        row = cursor.fetchone()
    if row is None or row[1] is not None:
        raise NoSuchWorld(f"there is no world {world}" + (", it was dropped" if row else ""))
    virtual_now: datetime = row[0]
    return virtual_now.astimezone(UTC)

"""A calendar was published or a day was changed: open due dates are worked out anew, a slice at a time.

Each slice is one short transaction, and where it ended is kept with it: a worker that dies goes on where it was, and
several share the work. Slices are made so small that nobody who wants one of their cases waits for long.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

import orjson
from django.db import InterfaceError, OperationalError, connection, transaction

from bihuan.desk import calendars, instant, worlds
from bihuan.desk.actor import SYSTEM
from bihuan.desk.ports import Progress
from bihuan.desk.submit import submit, submit_many
from bihuan.kernel import commands as c

log = logging.getLogger("bihuan.recompute")

SMALLEST, FIRST, LARGEST = 20, 100, 500
LOCKED_FOR = 0.1  # seconds that a slice aims at
# Other processes count with the old calendar until they read the new one; nothing may be passed before that.
SEEN_EVERYWHERE = calendars.STALE_AFTER + 0.5
PURPOSE = "calendar"
START = UUID(int=0)
# By id, and never by sorting: without statistics, as after a bulk load, sorting all that is left looks cheaper.
_BY_ID = "SELECT set_config('enable_sort', 'off', true)"
_PLACE = "SELECT value FROM setting WHERE key = %s"
_PLACE_LOCKED = _PLACE + " FOR UPDATE"


@dataclass(frozen=True)
class _Place:
    """How far the recomputation of a world has come, and for which calendar."""

    calendar: str
    begun: datetime
    after: UUID = START
    looked_at: int = 0
    changed: int = 0
    done: bool = False


class _Pace:
    """How many cases make a slice of the wanted length on this machine, today."""

    def __init__(self) -> None:
        self.size = FIRST

    def learn(self, seconds: float) -> None:
        wanted = self.size * LOCKED_FOR / max(seconds, 0.001)
        self.size = int(max(SMALLEST, min(LARGEST, wanted, self.size * 2)))


_pace = _Pace()


def recompute(world: int = 1, progress: Progress | None = None, *, wait: float = SEEN_EVERYWHERE) -> int:
    """Work out every open due date under today's calendar; returns how many cases changed.

    ``wait``: seconds to let every process see the new calendar first.
    """
    time.sleep(wait)
    calendars.forget()
    begun = instant.wall()
    _keep(world, _Place(calendars.current().version, begun))
    total = _count(world)
    while True:
        place = _advance(world)
        if progress:
            progress(min(place.looked_at, total), total)
        if place.done:
            return place.changed


def step() -> int:
    """For a worker: one slice where the calendar is newer than the due dates; returns how many cases it looked at."""
    current = calendars.current().version
    for world in worlds.every():
        place = _where(world.id)
        if place is None or place.calendar != current:
            _keep(world.id, _Place(current, instant.wall()))
        elif not place.done and instant.wall() - place.begun > timedelta(seconds=SEEN_EVERYWHERE):
            return max(1, _advance(world.id).looked_at - place.looked_at)
    return 0


def _advance(world: int) -> _Place:
    """The next slice, by whoever comes first; the others wait for it and take the one after."""
    with transaction.atomic():
        place = _where(world, lock=True)
        if place is None or place.done:
            return place or _Place("", instant.wall(), done=True)
        size = _pace.size
        begun = time.monotonic()
        cases = _lock(world, place.after, size)
        changed = _recompute(world, cases)
        following = replace(
            place,
            after=cases[-1] if cases else place.after,
            looked_at=place.looked_at + len(cases),
            changed=place.changed + changed,
            done=len(cases) < size,
        )
        _keep(world, following)
    if len(cases) == size:
        _pace.learn(time.monotonic() - begun)
    return following


def _lock(world: int, after: UUID, size: int) -> list[UUID]:
    """Locked in order of ids, so that a case that somebody is changing is not missed but waited for."""
    with connection.cursor() as cursor:
        cursor.execute(_BY_ID)
        cursor.execute(
            "SELECT id FROM case_row WHERE world_id = %s AND id > %s AND (is_open OR next_due IS NOT NULL)"
            " ORDER BY id LIMIT %s FOR UPDATE",
            [world, after, size],
        )
        return [row[0] for row in cursor.fetchall()]


def _recompute(world: int, cases: Sequence[UUID]) -> int:
    try:
        with transaction.atomic():
            return submit_many(c.Recompute(), cases, by=SYSTEM, purpose=PURPOSE, world=world) if cases else 0
    except (OperationalError, InterfaceError):
        raise
    except Exception:  # noqa: BLE001 - one bad case, whatever its fault, must not keep the others from their dates
        log.warning("a slice of %d cases failed; recomputing one by one", len(cases))
    return sum(_recompute_one(world, case) for case in cases)


def _recompute_one(world: int, case: UUID) -> int:
    try:
        with transaction.atomic():
            return int(bool(submit(c.Recompute(), by=SYSTEM, case=case, purpose=PURPOSE, world=world).events))
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        log.exception("the due dates of case %s could not be recomputed", case)
        return 0


def _where(world: int, *, lock: bool = False) -> _Place | None:
    with connection.cursor() as cursor:
        cursor.execute(_PLACE_LOCKED if lock else _PLACE, [f"recompute.{world}"])
        row = cursor.fetchone()
    if row is None:
        return None
    kept = orjson.loads(row[0])
    return _Place(**{**kept, "after": UUID(kept["after"]), "begun": datetime.fromisoformat(kept["begun"])})


def _keep(world: int, place: _Place) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO setting (key, value) VALUES (%s, %s) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            [f"recompute.{world}", orjson.dumps(place).decode()],
        )


def _count(world: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM case_row WHERE world_id = %s AND (is_open OR next_due IS NOT NULL)", [world]
        )
        return int(cursor.fetchone()[0])

"""The ticker: a case whose next due instant has passed gets a ``Tick``; each instant is handled once.

Any number of tickers may run. A batch of due cases is claimed with their rows locked, and the claim ends with the
transaction that applies the ticks: a crash leaves nothing claimed and nothing half done.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import InterfaceError, OperationalError, connection, transaction

from bihuan.desk import instant, worlds
from bihuan.desk.actor import SYSTEM
from bihuan.desk.submit import submit, submit_many
from bihuan.kernel import commands as c

log = logging.getLogger("bihuan.ticker")

BATCH = 100
FIRST_RETRY, LONGEST_RETRY = 60.0, 86_400.0  # seconds
PURPOSE = "tick"

_CLAIM = """
SELECT c.id FROM case_row c WHERE c.world_id = %s AND c.next_due <= %s
  AND NOT EXISTS (SELECT FROM tick_retry r WHERE r.case_id = c.id AND r.next_try > %s)
ORDER BY c.next_due LIMIT %s FOR UPDATE OF c SKIP LOCKED
"""


def tick(world: int, batch: int = BATCH) -> int:
    """Tick one batch of due cases; returns how many were claimed. Cases that another ticker has are left to it.

    A case that fails does not hold up the others: it is tried again later, at growing intervals (``failures``).
    """
    claimed: list[UUID] = []
    try:
        with transaction.atomic():
            claimed = _claim(world, batch)
            if claimed:
                submit_many(c.Tick(), claimed, by=SYSTEM, purpose=PURPOSE, world=world)
                _settle(world, claimed)
    except (OperationalError, InterfaceError):
        raise
    except Exception:  # noqa: BLE001 - one bad case, whatever its fault, must not stop time for the others
        log.warning("a batch of %d ticks failed; ticking one by one", len(claimed))
        for case in claimed:
            _tick_one(world, case)
    return len(claimed)


def tick_all(batch: int = BATCH) -> int:
    """One batch in every world."""
    return sum(tick(world.id, batch) for world in worlds.every())


def advance_to(world: int, until: datetime) -> int:
    """Run the clock of a drill or simulation on, from due instant to due instant, so that each event has its own time.

    Returns how many ticks there were.
    """
    ticks = 0
    while (due := _next_due(world, until)) is not None:
        worlds.set_virtual_now(world, max(due, instant.now(world)))
        while ticked := tick(world):
            ticks += ticked
    worlds.set_virtual_now(world, until)
    return ticks


def failures(world: int) -> list[tuple[UUID, int, datetime, str]]:
    """Cases whose ticks fail: id, attempts, next try, last error."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT case_id, attempts, next_try, error FROM tick_retry WHERE world_id = %s ORDER BY case_id", [world]
        )
        return list(cursor.fetchall())


def _claim(world: int, batch: int) -> list[UUID]:
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, [world, instant.now(world), instant.wall(), batch])
        return [row[0] for row in cursor.fetchall()]


def _tick_one(world: int, case: UUID) -> None:
    try:
        with transaction.atomic():
            submit(c.Tick(), by=SYSTEM, case=case, purpose=PURPOSE, world=world)
            _settle(world, [case])
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:
        log.exception("the tick of case %s failed", case)
        _retry_later(world, [case], f"{type(error).__name__}: {error}")


def _settle(world: int, cases: Sequence[UUID]) -> None:
    """Forget the failures of those that went through; one that is due still would come again at once and for ever."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM case_row WHERE id = ANY(%s) AND world_id = %s AND next_due <= %s",
            [list(cases), world, instant.now(world)],
        )
        stuck = [row[0] for row in cursor.fetchall()]
        done = [case for case in cases if case not in stuck]
        cursor.execute("DELETE FROM tick_retry WHERE case_id = ANY(%s)", [done])
    if stuck:
        log.error("%d cases are due still after their tick, %s the first", len(stuck), stuck[0])
        _retry_later(world, stuck, "due still after its tick")


def _retry_later(world: int, cases: Sequence[UUID], error: str) -> None:
    now = instant.wall()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO tick_retry (case_id, world_id, attempts, next_try, error)"
            " SELECT x, %s::int2, 1, %s::timestamptz + make_interval(secs => %s), %s FROM unnest(%s::uuid[]) AS x"
            " ON CONFLICT (case_id) DO UPDATE SET attempts = tick_retry.attempts + 1, error = excluded.error,"
            " next_try = %s::timestamptz"
            " + make_interval(secs => least(%s * power(2, least(tick_retry.attempts, 20)), %s))",
            [world, now, FIRST_RETRY, error[:300], list(cases), now, FIRST_RETRY, LONGEST_RETRY],
        )


def _next_due(world: int, until: datetime) -> datetime | None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT min(next_due) FROM case_row c WHERE world_id = %s AND next_due <= %s"
            " AND NOT EXISTS (SELECT FROM tick_retry r WHERE r.case_id = c.id)",
            [world, until],
        )
        due: datetime | None = cursor.fetchone()[0]
    return due

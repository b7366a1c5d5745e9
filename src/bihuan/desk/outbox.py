"""The outbox: messages and orders that the write path stored are handed over, at least once, under one key.

The sender works outside the transaction that made a message. It claims a few with a lease; when it dies, the lease runs
out and another takes them. A simulation's messages never leave.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import Any
from uuid import UUID

from django.db import InterfaceError, OperationalError, connection

from bihuan.desk import instant
from bihuan.desk.ports import Message, NotDelivered, Notifier

log = logging.getLogger("bihuan.outbox")

LEASE = timedelta(seconds=60)
BATCH = 50
WAITS = (10, 30, 60, 300, 900, 3_600, 10_800, 43_200)
MOST_ATTEMPTS = len(WAITS) + 1

_CLAIM = """
UPDATE outbox o SET attempts = o.attempts + 1, next_try = %s
WHERE o.id IN (SELECT id FROM outbox WHERE sent IS NULL AND next_try <= %s ORDER BY next_try LIMIT %s
  FOR UPDATE SKIP LOCKED)
RETURNING o.id, o.world_id, o.district, o.case_id, o.kind, o."to", o.body, o.created, o.attempts
"""
# A drill may be played at a later hour than ours: its messages are stored with its time, but leave now.
_CLAIM_AHEAD = """
UPDATE outbox o SET attempts = o.attempts + 1, next_try = %s
WHERE o.id IN (SELECT id FROM outbox WHERE sent IS NULL AND next_try > %s AND attempts = 0 AND world_id = ANY(%s)
  ORDER BY next_try LIMIT %s FOR UPDATE SKIP LOCKED)
RETURNING o.id, o.world_id, o.district, o.case_id, o.kind, o."to", o.body, o.created, o.attempts
"""


@dataclass(frozen=True)
class Letter:
    """A message that was given up: tried as often as allowed, or refused for good."""

    key: UUID
    case: UUID
    kind: str
    to: str
    attempts: int
    error: str


@dataclass(frozen=True)
class _Claimed:
    message: Message
    attempts: int


class Sender:
    """Hands messages to a notifier. Any number may run."""

    def __init__(self, notifier: Notifier, *, lease: timedelta = LEASE, batch: int = BATCH) -> None:
        self._notifier = notifier
        self._lease = lease
        self._batch = batch

    def step(self) -> int:
        """Hand over one batch; returns how many messages were claimed."""
        begun = monotonic()
        claimed = self._claim()
        sent: list[UUID] = []
        try:
            for one in claimed:
                # Half the lease is left for what is still to be handed over: nobody else may take it meanwhile.
                if monotonic() - begun > self._lease.total_seconds() / 2:
                    log.warning("the notifier is slow: %d messages wait for the next turn", len(claimed) - len(sent))
                    break
                if self._hand_over(one):
                    sent.append(one.message.key)
        finally:
            _mark_sent(sent)
        return len(claimed)

    def _claim(self) -> list[_Claimed]:
        kinds, now = _worlds(), instant.wall()
        ahead = [world for world, (_, virtual) in kinds.items() if virtual is not None and virtual > now]
        with connection.cursor() as cursor:
            cursor.execute(_CLAIM, [now + self._lease, now, self._batch])
            rows = cursor.fetchall()
            if ahead:
                cursor.execute(_CLAIM_AHEAD, [now + self._lease, now, ahead, self._batch])
                rows += cursor.fetchall()
        _set_aside([row[0] for row in rows if kinds.get(row[1], ("", None))[0] not in {"real", "drill"}])
        return [
            _Claimed(Message(row[0], row[1], kinds[row[1]][0] == "drill", *row[2:8]), row[8])
            for row in rows
            if row[1] in kinds and kinds[row[1]][0] in {"real", "drill"}
        ]

    def _hand_over(self, one: _Claimed) -> bool:
        try:
            self._notifier.deliver(one.message)
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:  # noqa: BLE001 - whatever an adapter raises, the others must be handed over
            for_good = isinstance(error, NotDelivered) and error.for_good
            _put_off(one, f"{type(error).__name__}: {error}", for_good=for_good)
            return False
        return True


def dead_letters(world: int) -> list[Letter]:
    """What was given up and nobody has dealt with."""
    with connection.cursor() as cursor:
        cursor.execute(
            'SELECT id, case_id, kind, "to", attempts, last_error FROM outbox WHERE world_id = %s AND sent IS NULL'
            " AND next_try IS NULL AND attempts > 0 AND last_error <> %s ORDER BY created",
            [world, _NEVER_LEAVES],
        )
        return [Letter(*row) for row in cursor.fetchall()]


def try_again(world: int, keys: Sequence[UUID]) -> int:
    """Give up nothing: put dead letters back into the queue; returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE outbox SET next_try = %s, attempts = 0 WHERE id = ANY(%s::uuid[]) AND world_id = %s"
            " AND sent IS NULL AND next_try IS NULL",
            [instant.wall(), list(keys), world],
        )
        return int(cursor.rowcount)


_NEVER_LEAVES = "a simulation's messages never leave"


def _worlds() -> dict[int, tuple[str, datetime | None]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, kind, virtual_now FROM world WHERE dropped IS NULL")
        found: list[tuple[int, str, Any]] = cursor.fetchall()
    return {world: (kind, virtual_now) for world, kind, virtual_now in found}


def _mark_sent(keys: Sequence[UUID]) -> None:
    if keys:
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE outbox SET sent = %s, next_try = NULL, last_error = '' WHERE id = ANY(%s)",
                [instant.wall(), list(keys)],
            )


def _set_aside(keys: Sequence[UUID]) -> None:
    if keys:
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE outbox SET next_try = NULL, last_error = %s WHERE id = ANY(%s)", [_NEVER_LEAVES, list(keys)]
            )


def _put_off(one: _Claimed, error: str, *, for_good: bool) -> None:
    is_dead = for_good or one.attempts >= MOST_ATTEMPTS
    again = None if is_dead else instant.wall() + timedelta(seconds=WAITS[one.attempts - 1])
    say = log.error if is_dead else log.warning
    say("message %s to %s was not handed over (attempt %d): %s", one.message.key, one.message.to, one.attempts, error)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE outbox SET next_try = %s, last_error = %s WHERE id = %s", [again, error[:300], one.message.key]
        )

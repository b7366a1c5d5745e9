"""Handing over: at least once under one id, signed anew at each try, slower after each failure, given up in the end.

A few are claimed with a lease; a sender that dies lets it run out, and the same message goes again under the same id.
What a case has become since it was noted down is looked up once more before anything leaves.
"""

from __future__ import annotations

import hmac
import logging
import random
from base64 import b64decode, b64encode
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from time import monotonic
from typing import Any
from uuid import UUID

import orjson
from django.db import connection

from bihuan.desk import instant, ports, vault
from bihuan.desk.ports import NotDelivered, Poster
from bihuan.desk.webhooks import kinds, plan
from bihuan.desk.webhooks.endpoints import PREFIX

log = logging.getLogger("bihuan.webhooks")

LEASE = timedelta(seconds=60)
CHAIN = timedelta(seconds=15)  # one endpoint's turn; with the longest single try it stays well within the lease
AT_ONCE = 8
FIRST_WAIT, LONGEST_WAIT, GROWTH = timedelta(seconds=5), timedelta(hours=12), 4
MOST_ATTEMPTS = 12
END_AFTER = timedelta(days=5)
GONE = 410
_SEALED = "the case was sealed before this left"

_CLAIM = """
UPDATE webhook_message m SET attempts = m.attempts + 1, next_try = %s
FROM webhook w
WHERE w.id = m.webhook_id AND m.id = ANY (ARRAY(
  SELECT r.id FROM webhook h CROSS JOIN LATERAL (
    SELECT x.id FROM webhook_message x WHERE x.webhook_id = h.id AND x.sent IS NULL AND x.next_try <= %s
    ORDER BY x.next_try LIMIT 8 FOR UPDATE SKIP LOCKED
  ) r WHERE h.removed IS NULL AND h.ended IS NULL))
RETURNING m.id, m.world_id, m.webhook_id, m.case_id, m.kind, m.body, m.is_bare, m.attempts, w.unit, w.url, w.secret,
  w.failing_since, m.created
"""


@dataclass(frozen=True)
class _Claimed:
    id: UUID
    world: int
    webhook: UUID
    case: UUID
    kind: str
    body: str
    is_bare: bool
    attempts: int
    unit: str
    url: str
    secret: str
    failing_since: datetime | None
    created: datetime


@dataclass(frozen=True)
class _Tried:
    """One message's turn. Without ``at`` it was not tried: one before it failed, or the turn was over."""

    message: _Claimed
    at: datetime | None = None
    took: int = 0
    status: int | None = None
    error: str = ""
    wait: int = 0

    @property
    def is_taken(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def sign(secret: str, key: str, at: datetime, body: bytes) -> dict[str, str]:
    """The headers of Standard Webhooks: HMAC-SHA256 over id, seconds and body, joined by dots."""
    seconds = str(int(at.timestamp()))
    signed = f"{key}.{seconds}.".encode() + body
    code = b64encode(hmac.digest(b64decode(secret.removeprefix(PREFIX)), signed, "sha256")).decode()
    return {"webhook-id": key, "webhook-timestamp": seconds, "webhook-signature": f"v1,{code}"}


class Deliverer:
    """Hands over what waits. Any number may run; a slow receiver holds up nobody but itself and this turn."""

    def __init__(self, poster: Poster | None = None, *, lease: timedelta = LEASE) -> None:
        self._poster = poster
        self._lease = lease

    def step(self) -> int:
        """Plan and hand over one batch; returns how many messages were claimed or events looked at."""
        planned = plan.step()
        claimed = self._claim()
        if not claimed:
            return planned
        poster = self._poster or ports.poster()
        chains: dict[UUID, list[_Claimed]] = {}
        for one in _still_told(claimed):
            chains.setdefault(one.webhook, []).append(one)
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="webhook") as pool:
            work = partial(_hand_over, poster)
            for tried in pool.map(work, chains.values(), _secrets(chains)):
                _note(tried)
        return planned + len(claimed)

    def _claim(self) -> list[_Claimed]:
        now = instant.wall()
        with connection.cursor() as cursor:
            cursor.execute(_CLAIM, [now + self._lease, now])
            return sorted((_Claimed(*row) for row in cursor.fetchall()), key=lambda one: one.created)


def _still_told(claimed: Sequence[_Claimed]) -> Iterable[_Claimed]:
    """What the endpoint may no longer know is withdrawn; of a case sealed meanwhile only the bare message goes."""
    for world in {one.world for one in claimed}:
        here = [one for one in claimed if one.world == world]
        rows = plan.rows_of({one.case for one in here}, world)
        for one in here:
            row = rows.get(one.case)
            if row is None or not kinds.may_be_told(one.unit, row.facts):
                _change("next_try = NULL, body = '', last_error = %s", [_SEALED], one.id)
            elif row.facts.is_sealed and not one.is_bare:
                yield _bared(one, row)
            else:
                yield one


def _bared(one: _Claimed, row: kinds.Row) -> _Claimed:
    old = orjson.loads(one.body)
    at = datetime.fromisoformat(old["timestamp"])
    body = kinds.body_of(one.kind, old["data"]["event"], at, row, is_drill=old["data"]["drill"]).decode()
    _change("body = %s, is_bare = true", [body], one.id)
    return _Claimed(**{**one.__dict__, "body": body, "is_bare": True})


def _secrets(chains: dict[UUID, list[_Claimed]]) -> list[str]:
    found = []
    for webhook, chain in chains.items():
        opened = vault.open_items(webhook, [chain[0].secret])[chain[0].secret]
        found.append("" if isinstance(opened, vault.Gone) else opened)
    return found


def _hand_over(poster: Poster, chain: Sequence[_Claimed], secret: str) -> list[_Tried]:
    """One after the other, in a thread that asks the database nothing. After a failure the rest wait as long."""
    begun = monotonic()
    found: list[_Tried] = []
    for one in chain:
        is_over = bool(found) and not found[-1].is_taken
        if is_over or monotonic() - begun > CHAIN.total_seconds():
            found.append(_Tried(one))
        else:
            found.append(_post(poster, one, secret))
    return found


def _post(poster: Poster, one: _Claimed, secret: str) -> _Tried:
    at, begun = instant.wall(), monotonic()
    if not secret:
        return _Tried(one, at, 0, None, "the secret is gone from the vault")
    body = one.body.encode()
    headers = {"content-type": "application/json", **sign(secret, str(one.id), at, body)}
    try:
        reply = poster.post(one.url, headers, body)
    except NotDelivered as error:
        return _Tried(one, at, _since(begun), None, str(error)[:300])
    except Exception as error:  # noqa: BLE001 - whatever an adapter raises, the others must be handed over
        return _Tried(one, at, _since(begun), None, f"{type(error).__name__}: {error}"[:300])
    why = "" if 200 <= reply.status < 300 else f"answered {reply.status}"
    return _Tried(one, at, _since(begun), reply.status, why, reply.retry_after)


def _since(begun: float) -> int:
    return int((monotonic() - begun) * 1000)


# -- what came of it ----------------------------------------------------------------------------------------------


def _note(chain: Sequence[_Tried]) -> None:
    """First the log, then the messages, then the endpoint: a crash in between repeats a message, under its id."""
    tried = [one for one in chain if one.at is not None]
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO webhook_try (world_id, webhook_id, message_id, attempt, at, took, status, error)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
            [
                (t.message.world, t.message.webhook, t.message.id, t.message.attempts, t.at, t.took, t.status, t.error)
                for t in tried
            ],
        )
    now = instant.wall()
    failed = next((one for one in tried if not one.is_taken), None)
    again = now + _wait(failed) if failed is not None else now
    for one in chain:
        if one.is_taken:
            _change("sent = %s, next_try = NULL, last_error = ''", [now], one.message.id)
        elif one.at is None:
            _change("attempts = attempts - 1, next_try = %s", [again], one.message.id)
        else:
            is_dead = one.message.attempts >= MOST_ATTEMPTS
            _change("next_try = %s, last_error = %s", [None if is_dead else again, one.error], one.message.id)
    if tried:
        _judge(tried, failed, now)


def _wait(failed: _Tried) -> timedelta:
    """Four times longer each time, with jitter so that not all come back at once; longer where the receiver asks."""
    grown: timedelta = FIRST_WAIT * int(GROWTH ** min(failed.message.attempts - 1, 12))
    jittered = min(grown, LONGEST_WAIT) * random.uniform(0.75, 1.25)  # noqa: S311 - spreads load, guards nothing
    return max(jittered, min(timedelta(seconds=failed.wait), LONGEST_WAIT))


def _judge(tried: Sequence[_Tried], failed: _Tried | None, now: datetime) -> None:
    """A success forgives; five days without one end an endpoint, and so does the answer that it is gone."""
    webhook, since = tried[0].message.webhook, tried[0].message.failing_since
    if failed is None:
        if since is not None:
            _set(webhook, "failing_since = NULL", [])
        return
    began = now if since is None or any(one.is_taken for one in tried) else since
    log.warning("webhook %s: message %s was not taken: %s", webhook, failed.message.id, failed.error)
    why = "the receiver says that it is gone (410)" if failed.status == GONE else ""
    if not why and now - began >= END_AFTER:
        why = f"no message was taken since {began:%Y-%m-%d}; the last try: {failed.error}"
    if why:
        log.error("webhook %s ended: %s", webhook, why)
        _set(webhook, "ended = %s, ended_why = %s, failing_since = %s", [now, why[:200], began])
    elif since != began:
        _set(webhook, "failing_since = %s", [began])


def _change(what: str, values: list[Any], key: UUID) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE webhook_message SET {what} WHERE id = %s", [*values, key])  # noqa: S608 - own words


def _set(webhook: UUID, what: str, values: list[Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE webhook SET {what} WHERE id = %s", [*values, webhook])  # noqa: S608 - own words


__all__ = ["Deliverer", "sign"]

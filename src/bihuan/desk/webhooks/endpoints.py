"""Endpoints: registered, listed, removed, tried again. Secrets lie in the vault, each under a key of its own."""

from __future__ import annotations

import os
from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import NAMESPACE_URL, UUID, uuid5

from django.conf import settings
from django.db import connection, transaction

from bihuan.desk import identity, instant, ports, units, vault
from bihuan.desk.actor import SYSTEM, Actor
from bihuan.desk.answers import KeyReused
from bihuan.desk.webhooks.kinds import KINDS

READER = "webhooks"
SECRET_BYTES = 32
PREFIX = "whsec_"


class BadEndpoint(ValueError):
    """What is wrong with an endpoint, in words. ``field``: the place."""

    def __init__(self, field: str, why: str) -> None:
        super().__init__(why)
        self.field = field


@dataclass(frozen=True)
class Endpoint:
    """``unit``: whose eyes it has, empty for the public. ``ended``: nothing is sent until somebody retries.

    ``unsent``: messages that wait; ``dead``: those that were given up.
    """

    id: UUID
    world: int
    unit: str
    name: str
    url: str
    kinds: tuple[str, ...]
    created: datetime
    failing_since: datetime | None
    ended: datetime | None
    ended_why: str
    unsent: int
    dead: int


@dataclass(frozen=True)
class Try:
    """One attempt. ``status``: what the receiver answered, where it answered at all; ``took``: milliseconds."""

    at: datetime
    message: UUID
    kind: str
    attempt: int
    status: int | None
    took: int
    error: str


_LIVE = "removed IS NULL AND ended IS NULL"


def add(
    url: str,
    *,
    unit: str = "",
    kinds: Iterable[str] = (),
    name: str = "",
    by: Actor = SYSTEM,
    world: int = 1,
    once: str | None = None,
) -> tuple[UUID, str]:
    """A new endpoint and its secret, which is shown this once. It is told what happens from now on.

    ``once``: an idempotency key; the same again gives the same endpoint. Raises ``BadEndpoint`` and ``KeyReused``.
    """
    wanted = _checked_kinds(kinds)
    if unit and unit not in units.tree().nodes:
        raise BadEndpoint("unit", f"没有单位 {unit}。 There is no unit '{unit}'.")
    try:
        ports.poster().check(url)
    except ValueError as error:
        raise BadEndpoint("url", str(error)) from None
    key = uuid5(NAMESPACE_URL, f"webhook:{world}:{by.person}:{once}") if once else identity.new_id()
    if once and (earlier := _earlier(key, (unit, name[:80], url, " ".join(wanted)))):
        return key, earlier
    secret = PREFIX + b64encode(os.urandom(SECRET_BYTES)).decode()
    _store(key, world, secret, [unit, name[:80], url, " ".join(wanted)], by)
    return key, secret


def _earlier(key: UUID, asked: tuple[str, ...]) -> str | None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT unit, name, url, kinds, secret FROM webhook WHERE id = %s", [key])
        row = cursor.fetchone()
    if row is None:
        return None
    opened = vault.open_items(key, [row[4]])[row[4]]
    if tuple(row[:4]) != asked or isinstance(opened, vault.Gone):
        raise KeyReused(str(key))
    return opened


def _store(key: UUID, world: int, secret: str, columns: list[str], by: Actor) -> None:
    sealed = vault.seal(key, None, {"webhook": secret})
    with transaction.atomic(), connection.cursor() as cursor:
        _start(world)
        cursor.executemany(
            "INSERT INTO vault_key (id, world_id, case_id, person, wrapped) VALUES (%s, %s, %s, %s, %s)",
            [(one, world, key, person, wrapped) for one, person, wrapped in sealed.keys],
        )
        cursor.executemany(
            "INSERT INTO vault_item (id, world_id, case_id, key_id, kind, box) VALUES (%s, %s, %s, %s, %s, %s)",
            [(item, world, key, key_id, kind, box) for item, key_id, kind, box in sealed.items],
        )
        cursor.execute(
            "INSERT INTO webhook (id, world_id, district, unit, name, url, kinds, secret, created_by, created)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [key, world, settings.DISTRICT, *columns, sealed.refs["webhook"], by.person[:80], instant.wall()],
        )


def _checked_kinds(kinds: Iterable[str]) -> list[str]:
    wanted = sorted(set(kinds))
    known = sorted(set(KINDS.values()))
    if unknown := [kind for kind in wanted if kind not in known]:
        there = ", ".join(known)
        raise BadEndpoint("kinds", f"没有类型 {unknown[0]}。 There is no type '{unknown[0]}'; there are: {there}")
    return wanted


def _start(world: int) -> None:
    """The first to listen hears what comes from now on: the reader of the feed begins at its end."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT EXISTS (SELECT FROM webhook WHERE world_id = %s AND {_LIVE})", [world])  # noqa: S608
        if cursor.fetchone()[0]:
            return
        cursor.execute(
            "INSERT INTO cursor (world_id, name, pos)"
            " VALUES (%s, %s, coalesce((SELECT max(pos) + 1 FROM feed WHERE world_id = %s), 0))"
            " ON CONFLICT (world_id, name) DO UPDATE SET pos = excluded.pos",
            [world, READER, world],
        )


_SELECT = (
    "SELECT w.id, w.world_id, w.unit, w.name, w.url, w.kinds, w.created, w.failing_since, w.ended, w.ended_why,"
    " (SELECT count(*) FROM webhook_message m WHERE m.webhook_id = w.id AND m.sent IS NULL AND m.next_try IS NOT NULL),"
    " (SELECT count(*) FROM webhook_message m WHERE m.webhook_id = w.id AND m.sent IS NULL AND m.next_try IS NULL"
    "  AND m.body <> '')"
    " FROM webhook w WHERE w.removed IS NULL"
)


def every(world: int = 1) -> list[Endpoint]:
    return _endpoints(f"{_SELECT} AND w.world_id = %s ORDER BY w.created", world)


def find(key: UUID) -> Endpoint | None:
    return next(iter(_endpoints(f"{_SELECT} AND w.id = %s", key)), None)


def _endpoints(sql: str, value: int | UUID) -> list[Endpoint]:
    with connection.cursor() as cursor:
        cursor.execute(sql, [value])
        return [Endpoint(*(*row[:5], tuple(row[5].split()), *row[6:])) for row in cursor.fetchall()]


def remove(key: UUID, *, by: Actor = SYSTEM) -> bool:
    """Nothing is sent any more, and the secret is erased for good. Whether there was such an endpoint."""
    at = instant.wall()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE webhook SET removed = %s WHERE id = %s AND removed IS NULL", [at, key])
        if not cursor.rowcount:
            return False
        cursor.execute("DELETE FROM webhook_message WHERE webhook_id = %s AND sent IS NULL", [key])
    vault.erase_case_person(key, None, by=by, reason="webhook removed", at=at)
    return True


def retry(key: UUID) -> int:
    """Put what was given up back into the queue, under the ids it had, and let an ended endpoint live again.

    Returns how many. What happened while it was ended was not noted down for it. Raises ``LookupError``.
    """
    found = find(key)
    if found is None:
        raise LookupError(str(key))
    at = instant.wall()
    with transaction.atomic(), connection.cursor() as cursor:
        if found.ended is not None:
            _start(found.world)
        cursor.execute("UPDATE webhook SET ended = NULL, ended_why = '', failing_since = NULL WHERE id = %s", [key])
        cursor.execute(
            "UPDATE webhook_message SET next_try = %s, attempts = 0 WHERE webhook_id = %s AND sent IS NULL"
            " AND body <> ''",
            [at, key],
        )
        return int(cursor.rowcount)


def log_of(key: UUID, limit: int = 100) -> list[Try]:
    """The newest tries first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT t.at, t.message_id, coalesce(m.kind, ''), t.attempt, t.status, t.took, t.error FROM webhook_try t"
            " LEFT JOIN webhook_message m ON m.id = t.message_id WHERE t.webhook_id = %s ORDER BY t.id DESC LIMIT %s",
            [key, max(1, min(limit, 1000))],
        )
        return [Try(*row) for row in cursor.fetchall()]


def waiting(world: int = 1) -> list[tuple[str, str]]:
    """What wants somebody: endpoints that were ended, messages that were given up; name and why."""
    found = []
    for one in every(world):
        if one.ended is not None:
            found.append((one.name or one.url, f"ended {one.ended:%Y-%m-%d}: {one.ended_why}"))
        elif one.dead:
            found.append((one.name or one.url, f"{one.dead} messages were given up"))
    return found

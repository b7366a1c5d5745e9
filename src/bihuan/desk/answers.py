"""Idempotency: one key, one answer. The answer is kept in the same statement as what it answers for."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import orjson
from django.db import connection

from bihuan.desk import identity, keyring
from bihuan.desk.keyring import KeyringError
from bihuan.desk.store import Change, Kept
from bihuan.kernel.case import Case
from bihuan.kernel.events import Recorded


class KeyReused(Exception):
    """The idempotency key was used before for something else."""


@dataclass(frozen=True)
class Outcome:
    """What a command led to. ``receipt`` is the code of a new case; ``replayed``: the key was seen before."""

    case: UUID
    version: int
    number: int
    state: Case | None
    events: tuple[Recorded, ...] = ()
    receipt: str = ""
    replayed: bool = False


def outcome(change: Change, receipt: str = "") -> Outcome:
    return Outcome(change.case, change.after.version, change.after.number, change.after, change.events, receipt)


def digest_of(*asked: object) -> bytes:
    """A hash over what was asked, to tell the same request from another under the same key."""
    return hashlib.sha256(orjson.dumps(asked, default=str)).digest()


def keep(change: Change, who: str, key: str | None, digest: bytes, receipt: str = "") -> Change:
    """The change with its answer, to be stored together. The receipt's code is never stored: the key makes it again."""
    if key is None:
        return change
    body = orjson.dumps(
        {"case": change.case, "version": change.after.version, "number": change.after.number, "receipt": bool(receipt)}
    ).decode()
    return replace(change, answer=Kept(who, key, digest, 201 if receipt else 200, body))


def replay(world: int, who: str, key: str | None, digest: bytes) -> Outcome | None:
    """The answer given before under this key, if any. Raises ``KeyReused`` when something else was asked then."""
    if key is None:
        return None
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT digest, body FROM answer WHERE world_id = %s AND who = %s AND key = %s", [world, who, key]
        )
        row = cursor.fetchone()
    return None if row is None else replayed(world, who, key, digest, row)


def replayed(world: int, who: str, key: str, digest: bytes, row: tuple[bytes, str]) -> Outcome:
    """The outcome of a kept answer (its digest and body), for a door that has already read it.

    Raises ``KeyringError`` where the keyring would make another code than was given then: it would lead nowhere.
    """
    if bytes(row[0]) != digest:
        raise KeyReused(key)
    kept: dict[str, Any] = orjson.loads(row[1])
    receipt = identity.new_code(world, who, key) if kept["receipt"] else ""
    if receipt and not _is_known(receipt):
        raise KeyringError(
            f"The receipt code of case {kept['case']} cannot be made again: {keyring.path()} holds another key for "
            "codes than the one it was made with. Put back the export of the keyring that belongs to this database."
        )
    return Outcome(UUID(kept["case"]), kept["version"], kept["number"], None, receipt=receipt, replayed=True)


def _is_known(code: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM receipt WHERE digest = %s", [identity.code_digest(code)])
        return cursor.fetchone() is not None

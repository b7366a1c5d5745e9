"""The vault: personal data and free text, outside the history, one key per case and person.

The history holds a reference ``<item>.<commitment>`` only. The commitment is a salted hash, and the salt is inside the
box: without the key nobody can tell whether a guessed text is the one. Erasing the key erases the person and leaves the
history, its hashes and its proofs as they were.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.db import connection, transaction

from bihuan.desk import copies, keyring
from bihuan.desk.actor import Actor
from bihuan.kernel.case import Note

log = logging.getLogger("bihuan.vault")

NONCE = 12
SALT = 16
KEY = 32
COMMITMENT = 43  # characters of an unpadded base64url SHA-256


class Gone(Enum):
    """Why a reference yields no text: erased by right, or damaged (changed in the database, or lost from it)."""

    ERASED = "erased"
    DAMAGED = "damaged"


ERASED = Gone.ERASED
DAMAGED = Gone.DAMAGED


@dataclass(frozen=True)
class KeyRow:
    """A row of ``vault_key`` as stored: a later note on the same case and person goes under the same key."""

    id: UUID
    person: UUID | None
    wrapped: bytes | None


@dataclass(frozen=True)
class Sealed:
    """Rows for the write path to insert, and what the history may keep.

    ``keys``: (id, person, wrapped); ``items``: (id, key id, kind, box); ``refs``: kind to reference.
    """

    keys: tuple[tuple[UUID, UUID | None, bytes], ...]
    items: tuple[tuple[UUID, UUID, str, bytes], ...]
    refs: Mapping[str, str]

    def notes(self, audience: Mapping[str, tuple[str, ...]] | None = None) -> tuple[Note, ...]:
        readers = audience or {}
        return tuple(Note(kind, ref, readers.get(kind, ())) for kind, ref in self.refs.items())


@dataclass(frozen=True)
class Erasure:
    """The record of an erasure: how many keys, in which cases, and how many rows and photographs elsewhere went.

    Without a ``person`` it was a case's own notes that went.
    """

    keys: int
    cases: tuple[UUID, ...]
    copies: int
    at: datetime
    person: UUID | None = None


def seal(case_id: UUID, person: UUID | None, texts: Mapping[str, str], existing_key: KeyRow | None = None) -> Sealed:
    """Encrypt texts by kind. Pure computation: no query. An erased ``existing_key`` is never used again."""
    ring = keyring.load()
    chance = os.urandom(8 + KEY + len(texts) * (8 + NONCE + SALT))
    near = case_id.bytes[:8]  # rows of one case stand together in the index
    key = ring.unwrap(existing_key.id, existing_key.wrapped) if existing_key is not None else None
    keys: tuple[tuple[UUID, UUID | None, bytes], ...] = ()
    if existing_key is not None and key is not None:
        key_id = existing_key.id
    else:
        key_id, key = UUID(bytes=near + chance[:8]), chance[8 : 8 + KEY]
        keys = ((key_id, person, ring.wrap(key_id, key)),)
    cipher = AESGCM(key)
    items = []
    refs = {}
    start = 8 + KEY
    for kind, text in texts.items():
        name = near + chance[start : start + 8]
        nonce = chance[start + 8 : start + 8 + NONCE]
        salted = chance[start + 8 + NONCE : start + 8 + NONCE + SALT] + text.encode()
        start += 8 + NONCE + SALT
        items.append((UUID(bytes=name), key_id, kind, nonce + cipher.encrypt(nonce, salted, name)))
        refs[kind] = f"{name.hex()}.{_commitment(salted)}"
    return Sealed(keys, tuple(items), refs)


def keep(cursor: Any, owner: UUID, sealed: Sealed) -> None:  # noqa: ANN401 - Django's cursor
    """Store what was sealed for something that is no case: a way to be told, a subscription. In its transaction."""
    cursor.executemany(
        "INSERT INTO vault_key (id, world_id, case_id, person, wrapped) VALUES (%s, 1, %s, %s, %s)",
        [(key, owner, person, wrapped) for key, person, wrapped in sealed.keys],
    )
    cursor.executemany(
        "INSERT INTO vault_item (id, world_id, case_id, key_id, kind, box) VALUES (%s, 1, %s, %s, %s, %s)",
        [(item, owner, key, kind, box) for item, key, kind, box in sealed.items],
    )


def _commitment(salted: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(salted).digest())[:COMMITMENT].decode()


def commitment_matches(ref: str, salt: bytes, text: str) -> bool:
    """Is this the text that the history committed to? Anyone with the salt can check it without the vault."""
    return hmac.compare_digest(ref.partition(".")[2], _commitment(salt + text.encode()))


def find_key(case_id: UUID, person: UUID | None) -> KeyRow | None:
    """The living key of a person in a case (no person: of the case's own notes)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, person, wrapped FROM vault_key WHERE case_id = %s AND person IS NOT DISTINCT FROM %s::uuid"
            " AND wrapped IS NOT NULL ORDER BY id LIMIT 1",
            [case_id, person],
        )
        row = cursor.fetchone()
    return KeyRow(row[0], row[1], bytes(row[2])) if row else None


def open_items(case_id: UUID, refs: Iterable[str]) -> dict[str, str | Gone]:
    """The texts of these references of one case, in one query. The caller has been admitted and logged (``access``)."""
    opened = _open(case_id, refs)
    return {ref: found if isinstance(found, Gone) else found[1] for ref, found in opened.items()}


def disclose(case_id: UUID, ref: str) -> tuple[bytes, str] | Gone:
    """Salt and text, for the person who wants to prove to an outsider what was written."""
    return _open(case_id, [ref])[ref]


def _open(case_id: UUID, refs: Iterable[str]) -> dict[str, tuple[bytes, str] | Gone]:
    wanted = {ref: item_id(ref) for ref in refs}
    found: dict[UUID, tuple[UUID, bytes, bytes | None]] = {}
    if wanted:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT i.id, i.key_id, i.box, k.wrapped FROM vault_item i LEFT JOIN vault_key k ON k.id = i.key_id"
                " WHERE i.case_id = %s AND i.id = ANY(%s::uuid[])",
                [case_id, [item for item in wanted.values() if item is not None]],
            )
            found = {row[0]: (row[1], bytes(row[2]), row[3] and bytes(row[3])) for row in cursor.fetchall()}
    return {ref: _open_one(ref, item, found.get(item) if item else None) for ref, item in wanted.items()}


def open_many(refs: Mapping[UUID, Sequence[str]]) -> dict[str, str]:
    """Texts of many cases by reference; what is erased or damaged is left out. For readers that make a copy.

    The keys stay locked until the caller's transaction ends: an erasure comes before it, or empties the copy after it.
    """
    wanted = {(case, item): ref for case, own in refs.items() for ref in own if (item := item_id(ref))}
    if not wanted:
        return {}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT i.case_id, i.id, i.key_id, i.box, k.wrapped FROM vault_item i JOIN vault_key k ON k.id = i.key_id"
            " WHERE i.id = ANY(%s::uuid[]) FOR SHARE OF k",
            [[item for _, item in wanted]],
        )
        rows = [(row[0], row[1], (row[2], bytes(row[3]), row[4] and bytes(row[4]))) for row in cursor.fetchall()]
    opened = {ref: _open_one(ref, item, row) for case, item, row in rows if (ref := wanted.get((case, item)))}
    return {ref: found[1] for ref, found in opened.items() if not isinstance(found, Gone)}


def item_id(ref: str) -> UUID | None:
    """The item that a reference names."""
    try:
        return UUID(hex=ref.partition(".")[0])
    except ValueError:
        return None


def _open_one(ref: str, item: UUID | None, row: tuple[UUID, bytes, bytes | None] | None) -> tuple[bytes, str] | Gone:
    if item is None or row is None:
        log.error("vault item of %s is missing", ref)
        return DAMAGED
    key_id, box, wrapped = row
    if not box or item in keyring.load().erased:
        return ERASED
    try:
        key = keyring.load().unwrap(key_id, wrapped)
        if key is None:
            return ERASED
        salted = AESGCM(key).decrypt(box[:NONCE], box[NONCE:], item.bytes)
    except (InvalidTag, ValueError, keyring.KeyringError):
        log.exception("vault item %s does not open", item)
        return DAMAGED
    if not hmac.compare_digest(ref.partition(".")[2], _commitment(salted)):
        log.error("vault item %s is not what the history committed to", item)
        return DAMAGED
    return salted[:SALT], salted[SALT:].decode()


def erase_person(person: UUID, *, by: Actor, reason: str, at: datetime) -> Erasure:
    """Erase a person in every case and, on purpose, in every world."""
    return _erase(("person = %s", [person]), person, by=by, reason=reason, at=at)


def erase_case_person(case_id: UUID, person: UUID | None, *, by: Actor, reason: str, at: datetime) -> Erasure:
    """Erase a person (or, without one, the case's own notes) in one case."""
    where = "case_id = %s AND person IS NOT DISTINCT FROM %s::uuid"
    return _erase((where, [case_id, person]), person, by=by, reason=reason, at=at)


def _erase(which: tuple[str, Sequence[Any]], person: UUID | None, *, by: Actor, reason: str, at: datetime) -> Erasure:
    """1. The key ids into the register, on the disk. 2. Forget the keys. 3. Empty the other copies and record it."""
    where, values = which
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id FROM vault_key WHERE {where} AND wrapped IS NOT NULL", values)  # noqa: S608 - ours
        keys = [row[0] for row in cursor.fetchall()]
    keyring.register_erased(keys)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE vault_key SET wrapped = NULL, erased = %s WHERE id = ANY(%s::uuid[]) AND wrapped IS NOT NULL"
            " RETURNING case_id, world_id",
            [at, keys],
        )
        rows = cursor.fetchall()
        cases = tuple(sorted({row[0] for row in rows}))
        emptied = copies.empty(cursor, keys)
        cursor.executemany(
            "INSERT INTO access_log (world_id, at, person, unit, case_id, subject, what, purpose, outcome)"
            " VALUES (%s, %s, %s, %s, %s, %s, 'erase', %s, 'erased')",
            [(world, at, by.person, by.unit, case, person, reason[:200]) for case, world in sorted(set(rows))],
        )
    return Erasure(len(rows), cases, emptied, at, person)

"""The keys of the vault and the register of what was erased: one file, kept apart from the database.

A copy of the database alone can be read by nobody. Whoever can decrypt holds, in the same file, the list of keys that
were erased; so a restored copy of the database is erased again before anybody reads it.
"""

from __future__ import annotations

import base64
import fcntl
import logging
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.db import connection, transaction

from bihuan.desk import copies

log = logging.getLogger("bihuan.keyring")

VERSION = 1
MASTER_BYTES = 4  # a wrapped key begins with the id of its master key
NONCE = 12
BATCH = 1000


class KeyringError(Exception):
    """The keyring cannot be read, or does not fit the database. The message says what to do."""


@dataclass(frozen=True)
class Ring:
    """One reading of the file. ``masters``: id to 32 bytes; ``erased``: ids of vault keys that never open again.

    ``codes``: what receipt codes are made from under an idempotency key; empty in a file from before there was one.
    """

    current: int
    masters: Mapping[int, bytes] = field(repr=False)
    erased: frozenset[UUID] = frozenset()
    codes: bytes = field(default=b"", repr=False)

    @cached_property
    def _ciphers(self) -> dict[int, AESGCM]:
        return {number: AESGCM(master) for number, master in self.masters.items()}

    def wrap(self, key_id: UUID, key: bytes) -> bytes:
        """Master id, nonce, and the key under the master with its own id as associated data: 64 bytes."""
        nonce = os.urandom(NONCE)
        box = self._ciphers[self.current].encrypt(nonce, key, key_id.bytes)
        return self.current.to_bytes(MASTER_BYTES) + nonce + box

    def unwrap(self, key_id: UUID, wrapped: bytes | None) -> bytes | None:
        """The key, or ``None`` when it was erased: also where the database still has it. Raises ``KeyringError``."""
        if wrapped is None or key_id in self.erased:
            return None
        number = int.from_bytes(wrapped[:MASTER_BYTES])
        cipher = self._ciphers.get(number)
        if cipher is None:
            raise KeyringError(
                f"Vault key {key_id} is wrapped under master {number:08x}, which {path()} does not hold. "
                "Put back the keyring that belongs to this database."
            )
        nonce, box = wrapped[MASTER_BYTES : MASTER_BYTES + NONCE], wrapped[MASTER_BYTES + NONCE :]
        try:
            return cipher.decrypt(nonce, box, key_id.bytes)
        except InvalidTag as error:
            raise KeyringError(f"Vault key {key_id} was changed in the database: it does not open.") from error


@dataclass(frozen=True)
class Report:
    """What ``verify`` found.

    ``unreadable``: keys that no master opens. ``unlisted``: erased keys that the register lacks, a sign that the
    keyring is older than the database. ``again``: keys that the start erased again, brought back by a restore.
    """

    path: Path
    masters: tuple[int, ...]
    keys: int
    erased: int
    unreadable: int
    unlisted: int
    again: int = 0

    @property
    def is_sound(self) -> bool:
        return not self.unreadable and not self.unlisted


def path() -> Path:
    return Path(settings.DATA) / "keyring.json"


_held: tuple[tuple[str, int, int, int], Ring] | None = None
_making = threading.Lock()


def load() -> Ring:
    """The ring: made at the first start, kept in the process, read again when another process changed the file."""
    global _held  # noqa: PLW0603 - one reading for all threads, replaced whole
    held = _held
    file = path()
    try:
        seen = file.stat()
    except FileNotFoundError:
        _make(file)
        seen = file.stat()
    mark = (str(file), seen.st_ino, seen.st_mtime_ns, seen.st_size)
    if held is not None and held[0] == mark:
        return held[1]
    ring = _read(file)
    _held = (mark, ring)
    return ring


def _make(file: Path) -> None:
    with _making, _locked(file):
        if not file.exists():
            number = _fresh_number(())
            _write(file, Ring(number, {number: os.urandom(32)}, codes=os.urandom(32)))
            log.info("keyring made: %s", file)


def _fresh_number(taken: Iterable[int]) -> int:
    while True:
        number = int.from_bytes(os.urandom(MASTER_BYTES))
        if number not in set(taken):
            return number


def _read(file: Path) -> Ring:
    try:
        raw = orjson.loads(file.read_bytes())
        masters = {int(number, 16): base64.b64decode(key, validate=True) for number, key in raw["masters"].items()}
        ring = Ring(int(raw["current"], 16), masters, frozenset(UUID(hex=key) for key in raw["erased"]))
        ring = replace(ring, codes=base64.b64decode(raw.get("codes", ""), validate=True))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise KeyringError(f"{file} is no keyring ({error}). Put back the last export of it.") from error
    if raw.get("version") != VERSION or ring.current not in masters or any(len(key) != 32 for key in masters.values()):
        raise KeyringError(f"{file} is damaged or of another version. Put back the last export of it.")
    return ring


def _write(file: Path, ring: Ring) -> None:
    """Whole or not at all: a new file beside it, forced to the disk, then put in its place."""
    body = orjson.dumps(
        {
            "version": VERSION,
            "current": f"{ring.current:08x}",
            "masters": {f"{number:08x}": base64.b64encode(key).decode() for number, key in ring.masters.items()},
            "erased": sorted(key.hex for key in ring.erased),
            "codes": base64.b64encode(ring.codes).decode(),
        },
        option=orjson.OPT_INDENT_2,
    )
    fresh = file.with_name(file.name + ".new")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        os.fchmod(handle, 0o600)
        with open(handle, "wb", closefd=False) as out:
            out.write(body)
        os.fsync(handle)
    finally:
        os.close(handle)
    fresh.replace(file)
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    """One writer at a time, among processes too."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(file.with_name(file.name + ".lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _change(make: Callable[[Ring], Ring]) -> Ring:
    file = path()
    load()
    with _making, _locked(file):
        ring = make(_read(file))
        _write(file, ring)
    return load()


def code_key() -> bytes:
    """The key of receipt codes: it goes with the database from machine to machine, as the web secret does not."""
    ring = load()
    if not ring.codes:
        ring = _change(lambda held: held if held.codes else replace(held, codes=os.urandom(32)))
        log.warning("%s had no key for receipt codes; it has one now. Export it again.", path())
    return ring.codes


def register_erased(keys: Iterable[UUID]) -> None:
    """Write the ids down for ever. Done, and on the disk, before the database forgets the keys themselves."""
    gone = frozenset(keys)
    if gone:
        _change(lambda ring: replace(ring, erased=ring.erased | gone))


def apply_erasures(at: datetime) -> int:
    """Erase again what the register names: at every start and after every restore. Returns how many keys it met."""
    erased = list(load().erased)
    if not erased:
        return 0
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE vault_key SET wrapped = NULL, erased = coalesce(erased, %s::timestamptz)"
            " WHERE id = ANY(%s::uuid[]) AND wrapped IS NOT NULL RETURNING id",
            [at, erased],
        )
        met = [row[0] for row in cursor.fetchall()]
        copies.empty(cursor, met)
        again = _empty_again(cursor, erased)
    if met or again:
        log.warning("erased again: %d keys and %d texts that a restored database had brought back", len(met), again)
    return len(met) + again


def _empty_again(cursor: Any, erased: list[UUID]) -> int:  # noqa: ANN401 - Django's cursor
    """Single texts that were blacked out: their own ids stand in the register."""
    cursor.execute(
        "UPDATE vault_item SET box = '' WHERE id = ANY(%s::uuid[]) AND octet_length(box) > 0 RETURNING case_id",
        [erased],
    )
    cases = [row[0] for row in cursor.fetchall()]
    cursor.execute("UPDATE case_words SET words = about WHERE case_id = ANY(%s::uuid[])", [cases])
    return len(cases)


def open_at_start(at: datetime) -> Report:
    """Make the ring where there is none, erase again what was erased, and refuse a ring that does not fit."""
    load()
    again = apply_erasures(at)
    report = replace(verify(), again=again)
    if report.unreadable:
        raise KeyringError(
            f"{report.unreadable} vault keys in the database do not open with {report.path}. "
            "The keyring belongs to another database or was made anew: put back the export that fits, then start again."
        )
    if report.unlisted:
        log.error(
            "%s is older than the database: %d erased keys are missing from its register. "
            "Put back the newer keyring before restoring any older copy of the database.",
            report.path,
            report.unlisted,
        )
    return report


def verify() -> Report:
    """Does the ring fit the database? One key of each master is opened; the register is compared with the table."""
    ring = load()
    unreadable = keys = 0
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT substring(wrapped FROM 1 FOR 4) AS master, count(*), (array_agg(id))[1], (array_agg(wrapped))[1]"
            " FROM vault_key WHERE wrapped IS NOT NULL GROUP BY 1"
        )
        for _, count, key_id, wrapped in cursor.fetchall():
            keys += count
            unreadable += 0 if _opens(ring, key_id, bytes(wrapped)) else count
        cursor.execute(
            "SELECT count(*) FROM vault_key WHERE wrapped IS NULL AND id <> ALL(%s::uuid[])", [list(ring.erased)]
        )
        unlisted = cursor.fetchone()[0]
    return Report(path(), tuple(ring.masters), keys, len(ring.erased), unreadable, unlisted)


def _opens(ring: Ring, key_id: UUID, wrapped: bytes) -> bool:
    try:
        ring.unwrap(key_id, wrapped)
    except KeyringError:
        return False
    return True


def rotate() -> int:
    """A new master for all that comes, and every wrapped key under it. Safe to repeat after a crash; returns the count.

    The old masters stay, for older copies of the database, until ``retire`` destroys them.
    """

    def add(ring: Ring) -> Ring:
        number = _fresh_number(ring.masters)
        return replace(ring, current=number, masters={**ring.masters, number: os.urandom(32)})

    return rewrap(_change(add))


def rewrap(ring: Ring | None = None) -> int:
    """Put every key that stands under an older master under the current one, in small transactions."""
    ring = ring or load()
    current = ring.current.to_bytes(MASTER_BYTES)
    done = 0
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "SELECT id, wrapped FROM vault_key WHERE wrapped IS NOT NULL"
                " AND substring(wrapped FROM 1 FOR 4) <> %s AND id <> ALL(%s::uuid[])"
                " LIMIT %s FOR UPDATE SKIP LOCKED",
                [current, list(ring.erased), BATCH],
            )
            rows = cursor.fetchall()
            fresh = [(key_id, ring.wrap(key_id, _need(ring, key_id, wrapped))) for key_id, wrapped in rows]
            if not fresh:
                return done
            cursor.execute(
                "UPDATE vault_key k SET wrapped = x.wrapped FROM unnest(%s::uuid[], %s::bytea[]) AS x(id, wrapped)"
                " WHERE k.id = x.id",
                [[key_id for key_id, _ in fresh], [wrapped for _, wrapped in fresh]],
            )
        done += len(fresh)


def _need(ring: Ring, key_id: UUID, wrapped: Any) -> bytes:  # noqa: ANN401 - a driver's buffer
    key = ring.unwrap(key_id, bytes(wrapped))
    if key is None:
        raise KeyringError(f"Vault key {key_id} was erased while the keys were being wrapped anew. Run it again.")
    return key


def retire(master: int) -> None:
    """Destroy an old master: from now on nobody can read copies of the database from before its rotation."""
    ring = load()
    if master == ring.current or master not in ring.masters:
        raise KeyringError(f"Master {master:08x} is the current one or not in {path()}. Rotate first.")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM vault_key WHERE substring(wrapped FROM 1 FOR 4) = %s", [master.to_bytes(MASTER_BYTES)]
        )
        left = cursor.fetchone()[0]
    if left:
        raise KeyringError(f"{left} keys still stand under master {master:08x}. Run the rotation to its end first.")
    _change(lambda old: replace(old, masters={n: key for n, key in old.masters.items() if n != master}))


def export(to: Path) -> None:
    """A copy for the safe: keys and register as they are now, readable by its owner alone. Never over a newer one."""
    if to.exists() and _read(to).erased - load().erased:
        raise KeyringError(f"{to} lists erasures that {path()} lacks. Find out which keyring is the newer one first.")
    _write(to, load())

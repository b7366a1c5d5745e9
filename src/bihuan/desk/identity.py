"""Ids, numbers and receipt codes. Chance lives here and in the vault, never in the kernel."""

from __future__ import annotations

import hashlib
import hmac
import os
import threading
import time
from uuid import UUID

from django.conf import settings
from django.db import connection

from bihuan.desk import keyring

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford: no I, L, O, U
CODE_LENGTH = 16
BLOCK = 64

_lock = threading.Lock()
_blocks: dict[tuple[str, int], range] = {}


def new_id() -> UUID:
    """A UUID of version 7: ordered by time, so that new rows stand together in the index."""
    millis = time.time_ns() // 1_000_000
    tail = int.from_bytes(os.urandom(10))
    value = (millis & ((1 << 48) - 1)) << 80 | 0x7 << 76 | (tail >> 68) << 64 | 0b10 << 62 | tail & ((1 << 62) - 1)
    return UUID(int=value)


def new_code(world: int, who: str, key: str | None) -> str:
    """A receipt code of 80 bits. Under an idempotency key it can be made again, so it is never stored."""
    if key is None:
        raw = os.urandom(10)
    else:
        text = f"{world}\n{who}\n{key}".encode()
        raw = hmac.digest(keyring.code_key(), text, "sha256")[:10]
    number = int.from_bytes(raw)
    return "".join(ALPHABET[number >> shift & 31] for shift in range(75, -1, -5))


def phone_key(person: str) -> bytes:
    """What a person's telephone locks the work with that it has not sent yet. The same for ever, on every telephone."""
    return hmac.digest(keyring.code_key(), f"phone\n{person}".encode(), "sha256")


def tidy_code(typed: str) -> str:
    """What a person typed or scanned, as it was given: spaces and hyphens out, look-alikes put right."""
    text = "".join(ch for ch in typed.upper() if ch.isalnum())
    return text.translate(str.maketrans("ILOU", "110V"))


def show_code(code: str) -> str:
    return "-".join(code[i : i + 4] for i in range(0, len(code), 4))


def code_digest(code: str) -> bytes:
    return hashlib.sha256(code.encode()).digest()


def next_number(world: int) -> int:
    """A case number. A process reserves a block at a time, so numbers are unique and rising but not without gaps."""
    with _lock:
        slot = (str(settings.DATABASES["default"]["NAME"]), world)
        block = _blocks.get(slot)
        if not block:
            block = _reserve(world, BLOCK)
        _blocks[slot] = block[1:]
        return block[0]


def next_numbers(world: int, count: int) -> range:
    """A run of numbers of its own for bulk work."""
    return _reserve(world, count)


def _reserve(world: int, count: int) -> range:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE world SET next_number = next_number + %s WHERE id = %s AND dropped IS NULL RETURNING next_number",
            [count, world],
        )
        row = cursor.fetchone()
    if row is None:
        raise LookupError(f"there is no world {world}, or it was dropped")
    return range(row[0] - count, row[0])


def forget_numbers() -> None:
    """Drop reserved blocks: after a fork, and when a test empties the tables."""
    _blocks.clear()


os.register_at_fork(after_in_child=forget_numbers)

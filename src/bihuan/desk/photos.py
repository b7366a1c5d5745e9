"""Photographs as proofs: JPEG, PNG or WebP, kept by their SHA-256 in the data folder, without what cameras add.

Spoken notes (WebM, MP4) are kept in the same way under ``voice:``.

A photograph says where and when it was taken, and with whose telephone. All of that is dropped before anything is
stored, by walking the container: no picture is decoded, so no decoder is exposed to hostile bytes. Only the orientation
stays, or telephones' pictures would lie on their side. One that no case names within two days is removed again.
"""

from __future__ import annotations

import hashlib
import os
import re
import struct
import tempfile
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction

from bihuan.desk import instant, pictures, sounds
from bihuan.kernel import events as e
from bihuan.kernel.case import Proof
from bihuan.kernel.refused import Refused

MOST_BYTES = 8 * 1024 * 1024
REF = re.compile(r"photo:[0-9a-f]{64}\.(?:jpeg|png|webp)|voice:[0-9a-f]{64}\.(?:webm|mp4)")


def keep_photo(data: bytes) -> str:
    """Store a photograph and return its reference ``photo:<sha256>.<kind>``; the same picture is stored once.

    Raises ``Refused``: ``photo-too-big``, ``photo-kind`` (not JPEG, PNG or WebP by its first bytes), ``photo-broken``.
    """
    if len(data) > MOST_BYTES:
        raise Refused("photo-too-big", bytes=len(data), most=MOST_BYTES)
    kind = pictures.kind_of(data)
    if kind is None:
        raise Refused("photo-kind", allowed="JPEG PNG WebP")
    try:
        bare = pictures.bare(data, kind)
    except (struct.error, IndexError, ValueError) as error:
        raise Refused("photo-broken", kind=kind, where=str(error)) from None
    return _keep("photo", bare, kind)


def keep_voice(data: bytes) -> str:
    """Store a spoken note and return its reference ``voice:<sha256>.<kind>``.

    Raises ``Refused``: ``voice-too-big``, ``voice-broken`` (no WebM or MP4, or not sound alone).
    """
    if len(data) > sounds.MOST_BYTES:
        raise Refused("voice-too-big", bytes=len(data), most=sounds.MOST_BYTES)
    kind = sounds.kind_of(data) or "webm"
    try:
        bare = sounds.bare(data, kind)
    except (struct.error, IndexError, ValueError) as error:
        raise Refused("voice-broken", kind=kind, where=str(error)) from None
    return _keep("voice", bare, kind)


def keep(data: bytes) -> str:
    """Store what it is by its first bytes: a spoken note, or else a photograph."""
    return keep_voice(data) if sounds.kind_of(data) else keep_photo(data)


def _keep(what: str, bare: bytes, kind: str) -> str:
    name = f"{hashlib.sha256(bare).hexdigest()}.{kind}"
    ref = f"{what}:{name}"
    with connection.cursor() as cursor:  # first: whoever removes it at this moment is waited for
        cursor.execute(
            "INSERT INTO photo (ref, kept) VALUES (%s, %s) ON CONFLICT (ref) DO UPDATE SET kept = EXCLUDED.kept",
            [ref, instant.wall()],
        )
    _write(_path(name), bare)
    return ref


def claim(events: Iterable[e.Event]) -> None:
    """From now on a case names these photographs, so they stay. Raises ``Refused``: ``photo-gone``."""
    for ref in _named_in(events):
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO photo (ref, kept, used) VALUES (%s, %s, true) ON CONFLICT (ref) DO UPDATE SET used = true",
                [ref, instant.wall()],
            )
        if not _path(_name(ref)).exists():
            raise Refused("photo-gone", ref=ref)


def remove_unused(before: datetime, most: int) -> int:
    """Remove photographs kept before an instant that no case has come to name; returns how many.

    The file goes first: what is cut off in between is taken up again by the next call.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM photo WHERE ref IN (SELECT ref FROM photo WHERE NOT used AND kept < %s ORDER BY kept LIMIT %s"
            " FOR UPDATE SKIP LOCKED) RETURNING ref",
            [before, most],
        )
        gone = [row[0] for row in cursor.fetchall()]
        for ref in gone:
            _path(_name(ref)).unlink(missing_ok=True)
    return len(gone)


def _named_in(events: Iterable[e.Event]) -> Iterable[str]:
    named: list[Proof] = []
    for event in events:
        match event:
            case e.ProofAdded(proof=proof):
                named.append(proof)
            case e.TaskFinished(proofs=proofs):
                named += proofs
    return [proof.ref for proof in named if REF.fullmatch(proof.ref)]


def read_photo(ref: str) -> tuple[bytes, str]:
    """The bytes and the media type of a reference. The caller has checked that its case may be seen."""
    if not REF.fullmatch(ref):
        raise LookupError(ref)
    kind = ref.rpartition(".")[2]
    try:
        return _path(_name(ref)).read_bytes(), f"{'audio' if ref.startswith('voice:') else 'image'}/{kind}"
    except FileNotFoundError:
        raise LookupError(ref) from None


def remove_photo(ref: str) -> bool:
    """Forget a photograph: of somebody who was erased. Whether there was one."""
    path = _path(_name(ref)) if REF.fullmatch(ref) else None
    if path is None or not path.exists():
        return False
    path.unlink(missing_ok=True)
    return True


def _name(ref: str) -> str:
    return ref.partition(":")[2]


def _path(name: str) -> Path:
    return Path(settings.DATA) / "photos" / name[:2] / name


def _write(path: Path, data: bytes) -> None:
    """Whole or not at all, on the disk before the event that names it."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    Path(file.name).replace(path)

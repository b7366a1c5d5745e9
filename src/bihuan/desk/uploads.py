"""Photographs and spoken notes that come in pieces, from telephones that lose their network in between.

A piece says at which byte it begins, and is added only there: sent twice, or by two at once, it is in the file once.
The name is the SHA-256 of the whole, so what is complete is known to be what was meant. Each sender has a folder.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from io import BufferedRandom
from pathlib import Path
from uuid import UUID

from django.conf import settings

from bihuan.desk import photos
from bihuan.kernel.refused import Refused

DIGEST = re.compile("[0-9a-f]{64}")
MOST_PARTS = 60  # begun and not complete, for one sender


@dataclass(frozen=True)
class Received:
    """``offset``: how many bytes have come. ``ref``: the photograph, once all have."""

    offset: int
    ref: str = ""


def received(person: UUID, digest: str, size: int) -> Received:
    """How far a photograph has come: where its sender goes on."""
    folder = _folder(person)
    kept = _kept(folder, digest)
    if kept:
        return Received(size, kept)
    part = _part(folder, digest)
    try:
        return Received(part.stat().st_size)
    except FileNotFoundError:  # never begun, or completed and removed since it was asked for
        return Received(size, kept) if (kept := _kept(folder, digest)) else Received(0)


def add(person: UUID, digest: str, size: int, offset: int, piece: bytes) -> Received:
    """Add a piece where it belongs; elsewhere it changes nothing, and the answer says where to go on.

    Raises ``Refused``: as ``photos.keep``, ``photo-damaged`` (begin again), ``too-many-uploads``.
    """
    if size > photos.MOST_BYTES:
        raise Refused("photo-too-big", bytes=size, most=photos.MOST_BYTES)
    folder = _folder(person)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if kept := _kept(folder, digest):
        return Received(size, kept)
    part = _part(folder, digest)
    if not part.exists() and sum(1 for _ in folder.glob("*.part")) >= MOST_PARTS:
        raise Refused("too-many-uploads", most=MOST_PARTS)
    with _alone(part) as file:
        # Whoever waited here while another completed it finds that, and not an empty file to begin again.
        if kept := _kept(folder, digest):
            part.unlink(missing_ok=True)
            return Received(size, kept)
        here = file.seek(0, os.SEEK_END)
        if offset != here or here + len(piece) > size:
            return Received(here)
        file.write(piece)
        file.flush()
        if here + len(piece) < size:
            return Received(here + len(piece))
        return Received(size, _complete(folder, part, digest, file))


def _complete(folder: Path, part: Path, digest: str, file: BufferedRandom) -> str:
    file.seek(0)
    data = file.read()
    try:
        if hashlib.sha256(data).hexdigest() != digest:
            raise Refused("photo-damaged")
        ref = photos.keep(data)
        marker = folder / f"{digest}.ref.new"
        marker.write_text(ref, encoding="ascii")
        marker.replace(folder / f"{digest}.ref")
    finally:
        part.unlink(missing_ok=True)
    return ref


def _kept(folder: Path, digest: str) -> str:
    """The reference under which it was kept; none where it has been tidied away since, so that it comes again."""
    if not DIGEST.fullmatch(digest):
        raise ValueError(digest)
    marker = folder / f"{digest}.ref"
    try:
        ref = marker.read_text(encoding="ascii")
        photos.read_photo(ref)
    except (FileNotFoundError, LookupError):
        return ""
    return ref


@contextmanager
def _alone(part: Path) -> Iterator[BufferedRandom]:
    """The file, for one process and thread at a time; made anew where another removed it while this one waited."""
    while True:
        with part.open("a+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if _inode(part) == os.fstat(file.fileno()).st_ino:
                yield file
                return


def _inode(path: Path) -> int | None:
    """``None`` where it is not there: it may go between any two questions."""
    try:
        return path.stat().st_ino
    except FileNotFoundError:
        return None


def remove_old(before: datetime, most: int) -> int:
    """Remove what came before an instant and was never completed, and the marks of what was; returns how many."""
    gone = 0
    root = Path(settings.DATA) / "uploads"
    for path in root.glob("*/*") if root.exists() else ():
        if gone == most:
            break
        try:
            if path.stat().st_mtime < before.timestamp():
                path.unlink()
                gone += 1
        except FileNotFoundError:
            continue
    return gone


def _folder(person: UUID) -> Path:
    return Path(settings.DATA) / "uploads" / str(person)


def _part(folder: Path, digest: str) -> Path:
    return folder / f"{digest}.part"

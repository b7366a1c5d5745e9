"""Photographs as proofs: JPEG, PNG or WebP, kept by their SHA-256 in the data folder, without what cameras add.

A photograph says where and when it was taken, and with whose telephone. All of that is dropped before anything is
stored, by walking the container: no picture is decoded, so no decoder is exposed to hostile bytes. Only the orientation
stays, or telephones' pictures would lie on their side.
"""

from __future__ import annotations

import hashlib
import os
import re
import struct
import tempfile
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from bihuan.kernel.refused import Refused

MOST_BYTES = 8 * 1024 * 1024
REF = re.compile(r"photo:([0-9a-f]{64})\.(jpeg|png|webp)")
JPEG_DROPPED = {*range(0xE1, 0xF0), 0xFE} - {0xEE}  # APP1–APP15 and comments; APP14 tells decoders the colour space
PNG_KEPT = {b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"sBIT", b"bKGD", b"pHYs"}
WEBP_DROPPED = {b"EXIF", b"XMP "}
ORIENTATION = 0x0112


def keep_photo(data: bytes) -> str:
    """Store a photograph and return its reference ``photo:<sha256>.<kind>``; the same picture is stored once.

    Raises ``Refused``: ``photo-too-big``, ``photo-kind`` (not JPEG, PNG or WebP by its first bytes), ``photo-broken``.
    """
    if len(data) > MOST_BYTES:
        raise Refused("photo-too-big", bytes=len(data), most=MOST_BYTES)
    kind = kind_of(data)
    if kind is None:
        raise Refused("photo-kind", allowed="JPEG PNG WebP")
    try:
        bare = b"".join({"jpeg": _jpeg, "png": _png, "webp": _webp}[kind](data))
    except (struct.error, IndexError, ValueError) as error:
        raise Refused("photo-broken", kind=kind, where=str(error)) from None
    name = f"{hashlib.sha256(bare).hexdigest()}.{kind}"
    _write(_path(name), bare)
    return f"photo:{name}"


def read_photo(ref: str) -> tuple[bytes, str]:
    """The bytes and the media type of a reference. The caller has checked that its case may be seen."""
    found = REF.fullmatch(ref)
    if found is None:
        raise LookupError(ref)
    name, kind = f"{found[1]}.{found[2]}", found[2]
    try:
        return _path(name).read_bytes(), f"image/{kind}"
    except FileNotFoundError:
        raise LookupError(ref) from None


def remove_photo(ref: str) -> bool:
    """Forget a photograph: of somebody who was erased. Whether there was one."""
    found = REF.fullmatch(ref)
    path = _path(f"{found[1]}.{found[2]}") if found else None
    if path is None or not path.exists():
        return False
    path.unlink(missing_ok=True)
    return True


def kind_of(data: bytes) -> str | None:
    """By the first bytes; a file's name and what the sender says of it count for nothing."""
    if data.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    return None


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


def _jpeg(data: bytes) -> Iterator[bytes]:
    """Segments up to the first scan, without the dropped ones; from there on the picture itself."""
    yield data[:2]
    orientation = 1
    kept: list[bytes] = []
    at = 2
    while True:
        if data[at] != 0xFF:
            raise ValueError(f"no marker at byte {at}")
        marker = data[at + 1]
        if marker == 0xFF:  # padding
            at += 1
            continue
        (length,) = struct.unpack_from(">H", data, at + 2)
        end = at + 2 + length
        if length < 2 or end > len(data):
            raise ValueError(f"a segment at byte {at} runs over the end")
        segment = data[at:end]
        if marker == 0xE1 and segment[4:10] == b"Exif\0\0":
            orientation = _orientation(segment[10:])
        elif marker not in JPEG_DROPPED:
            kept.append(segment)
        if marker == 0xDA:
            kept.append(data[end : _end_of_picture(data, end)])
            break
        at = end
    if orientation != 1:
        yield _orientation_segment(orientation)
    yield from kept


def _end_of_picture(data: bytes, start: int) -> int:
    """Behind the end mark telephones append films and maps of depth; those go. The mark cannot occur inside a scan."""
    end = data.find(b"\xff\xd9", start)
    if end < 0:
        raise ValueError("no end")
    return end + 2


def _orientation(tiff: bytes) -> int:
    """The orientation tag of an EXIF block, 1 (upright) where there is none or the block is broken."""
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None:
        return 1
    try:
        (start,) = struct.unpack_from(f"{order}I", tiff, 4)
        (count,) = struct.unpack_from(f"{order}H", tiff, start)
        for index in range(min(count, 200)):
            tag, _, _, value = struct.unpack_from(f"{order}HHIH", tiff, start + 2 + index * 12)
            if tag == ORIENTATION:
                return value if 1 <= value <= 8 else 1
    except struct.error:
        return 1
    return 1


def _orientation_segment(value: int) -> bytes:
    tiff = struct.pack(">2sHIHHHIHHI", b"MM", 42, 8, 1, ORIENTATION, 3, 1, value, 0, 0)
    return struct.pack(">BBH", 0xFF, 0xE1, len(tiff) + 8) + b"Exif\0\0" + tiff


def _png(data: bytes) -> Iterator[bytes]:
    yield data[:8]
    at = 8
    while at < len(data):
        length, name = struct.unpack_from(">I4s", data, at)
        end = at + 12 + length
        if end > len(data):
            raise ValueError(f"a chunk at byte {at} runs over the end")
        if name in PNG_KEPT:
            yield data[at:end]
        if name == b"IEND":
            return
        at = end
    raise ValueError("no end")


def _webp(data: bytes) -> Iterator[bytes]:
    chunks: list[bytes] = []
    at = 12
    while at + 8 <= len(data):
        name, length = struct.unpack_from("<4sI", data, at)
        end = at + 8 + length + (length & 1)
        if at + 8 + length > len(data):
            raise ValueError(f"a chunk at byte {at} runs over the end")
        chunk = data[at:end]
        if name == b"VP8X":  # its flags must not promise what is dropped: 0x08 EXIF, 0x04 XMP
            chunk = chunk[:8] + bytes([chunk[8] & ~0x0C]) + chunk[9:]
        if name not in WEBP_DROPPED:
            chunks.append(chunk)
        at = end
    body = b"WEBP" + b"".join(chunks)
    yield struct.pack("<4sI", b"RIFF", len(body)) + body

"""What of a photograph's file is kept: the picture, by a list of what may stay. Nothing is decoded.

Everything else goes, known or not: places, dates, telephones, thumbnails of what was cut away, films behind the end.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

# Tables, frames, scans (C0–CF but for the reserved C8; DA–DD), and APP14, which tells decoders the colour space.
JPEG_KEPT = frozenset({*range(0xC0, 0xD0), 0xDA, 0xDB, 0xDC, 0xDD, 0xEE} - {0xC8})
JFIF = b"JFIF\0"
PNG_KEPT = frozenset(
    {b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"sBIT", b"bKGD", b"pHYs"}
)
WEBP_KEPT = frozenset({b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ICCP"})
WEBP_MOVING = b"ANMF"
ORIENTATION = 0x0112


def kind_of(data: bytes) -> str | None:
    """By the first bytes; a file's name and what the sender says of it count for nothing."""
    if data.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    return None


def bare(data: bytes, kind: str) -> bytes:
    """The picture alone. Raises ``ValueError``, ``IndexError`` or ``struct.error`` for what is no such file."""
    return b"".join({"jpeg": _jpeg, "png": _png, "webp": _webp}[kind](data))


def _jpeg(data: bytes) -> Iterator[bytes]:
    yield data[:2]
    orientation = 1
    kept: list[bytes] = []
    for marker, part in _segments(data):
        if marker == 0xE1 and part[4:10] == b"Exif\0\0":
            orientation = _orientation(part[10:])
        elif marker == 0xE0 and part[4:9] == JFIF:
            kept.append(_without_thumbnail(part))
        elif marker in JPEG_KEPT:
            kept.append(part)
    if orientation != 1:
        yield _orientation_segment(orientation)
    yield from kept
    yield b"\xff\xd9"


def _segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Marker and bytes of each segment up to the end mark; a scan's segment carries its scan."""
    at = 2
    while True:
        if data[at] != 0xFF:
            raise ValueError(f"no marker at byte {at}")
        marker = data[at + 1]
        if marker == 0xFF:  # padding
            at += 1
            continue
        if marker == 0xD9:
            return
        (length,) = struct.unpack_from(">H", data, at + 2)
        end = at + 2 + length
        if length < 2 or end > len(data):
            raise ValueError(f"a segment at byte {at} runs over the end")
        if marker == 0xDA:
            end = _end_of_scan(data, end)
        yield marker, data[at:end]
        at = end


def _end_of_scan(data: bytes, start: int) -> int:
    """The next marker: inside a scan 0xFF stands only before 0x00 and the eight restart marks."""
    at = data.find(b"\xff", start)
    while at >= 0 and at + 1 < len(data):
        if data[at + 1] != 0x00 and not 0xD0 <= data[at + 1] <= 0xD7:
            return at
        at = data.find(b"\xff", at + 2)
    raise ValueError("no end")


def _without_thumbnail(jfif: bytes) -> bytes:
    """Version, density, and no pixels of a thumbnail (its two sizes are the last bytes that stay)."""
    kept = jfif[4:16] + b"\0\0"
    return struct.pack(">BBH", 0xFF, 0xE0, len(kept) + 2) + kept


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
        if name == WEBP_MOVING:
            raise ValueError("it moves; a photograph does not")
        chunk = data[at:end]
        if name == b"VP8X":  # its flags must not promise what is dropped: 0x08 EXIF, 0x04 XMP, 0x02 frames
            chunk = chunk[:8] + bytes([chunk[8] & ~0x0E]) + chunk[9:]
        if name in WEBP_KEPT:
            chunks.append(chunk)
        at = end
    body = b"WEBP" + b"".join(chunks)
    yield struct.pack("<4sI", b"RIFF", len(body)) + body

"""The photograph that an inject brings: black and yellow stripes, so that nobody takes it for one of a real place."""

from __future__ import annotations

import hashlib
import struct
import zlib

WIDE, HIGH, STRIPE = 240, 160, 24


def striped(name: str) -> bytes:
    """A PNG; the same name gives the same bytes."""
    shade = 160 + hashlib.sha256(name.encode()).digest()[0] % 96
    rows = bytearray()
    for y in range(HIGH):
        rows.append(0)
        for x in range(WIDE):
            rows += bytes((shade, shade * 3 // 4, 0)) if (x + y) // STRIPE % 2 else b"\x10\x10\x10"
    header = struct.pack(">IIBBBBB", WIDE, HIGH, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", header)
        + _chunk(b"IDAT", zlib.compress(bytes(rows), 9))
        + _chunk(b"IEND", b"")
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

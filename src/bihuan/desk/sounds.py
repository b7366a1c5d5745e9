"""What of a recording's file is kept: the sound, by a list of what may stay. Nothing is decoded.

WebM (Chromium, Firefox) and MP4 (Safari), as browsers record them. Everything else is overwritten in place, so that
offsets inside the file still hold: names, places, dates, cover pictures. A film is refused.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

MOST_BYTES = 2 * 1024 * 1024
EBML, SEGMENT, CLUSTER, TRACKS, TRACK, INFO = 0x1A45DFA3, 0x18538067, 0x1F43B675, 0x1654AE6B, 0xAE, 0x1549A966
TRACK_TYPE, SOUND = 0x83, 2
ENTERED = frozenset({SEGMENT, CLUSTER, TRACKS, TRACK, INFO})
# Kept whole: header, seek head, cues; time, simple block, block group; scale and duration; of a track number, id, type,
# flags, codec and its setup, delay, padding, the sound's own rate and channels.
WEBM_KEPT = frozenset(
    {EBML, 0x114D9B74, 0x1C53BB6B, 0xE7, 0xA3, 0xA0, 0x2AD7B1, 0x4489, 0xD7, 0x73C5, TRACK_TYPE, 0x9C, 0x86, 0x63A2}
    | {0x56AA, 0x56BB, 0x23E383, 0xE1, 0xEC, 0xBF}
)
VOID = 0xEC
MP4_KEPT = frozenset({b"ftyp", b"styp", b"mdat", b"sidx", b"free", b"mfra", b"mvex", b"moof", b"minf", b"edts"})
MP4_ENTERED = frozenset({b"moov", b"trak", b"mdia"})
MP4_TIMED = frozenset({b"mvhd", b"tkhd", b"mdhd"})


def kind_of(data: bytes) -> str | None:
    """By the first bytes; a file's name and what the sender says of it count for nothing."""
    if data.startswith(b"\x1a\x45\xdf\xa3"):
        return "webm"
    return "mp4" if data[4:8] == b"ftyp" else None


def bare(data: bytes, kind: str) -> bytes:
    """The sound alone. Raises ``ValueError``, ``IndexError`` or ``struct.error`` for what is no such file."""
    made = bytearray(data)
    tracks = list(_webm(made) if kind == "webm" else _mp4(made, 0, len(made)))
    if not tracks or not all(tracks):
        raise ValueError("no sound, or more than sound")
    return bytes(made)


# -- WebM: elements of id, size and payload; a size of all ones is not known yet, and its children follow --------------


def _webm(made: bytearray) -> Iterator[bool]:
    """Whether each track is sound. What is not kept becomes an element that players skip."""
    at = 0
    while at < len(made):
        name, size_at = _number(made, at, mask=False)
        size, inside = _number(made, size_at, mask=True)
        is_open = size == (1 << 7 * (inside - size_at)) - 1
        if name in ENTERED:
            at = inside
            continue
        if is_open or inside + size > len(made):
            raise ValueError(f"element {name:x} at byte {at} has no end")
        if name == TRACK_TYPE:
            yield int.from_bytes(made[inside : inside + size]) == SOUND
        if name not in WEBM_KEPT or name == VOID:
            _void(made, at, inside + size)
        at = inside + size


def _number(made: bytearray, at: int, *, mask: bool) -> tuple[int, int]:
    """A number whose first byte says how long it is, and where it ends."""
    first = made[at]
    length = 9 - first.bit_length()
    if first == 0 or at + length > len(made):
        raise ValueError(f"no number at byte {at}")
    value = int.from_bytes(made[at : at + length])
    return (value & ((1 << 7 * length) - 1) if mask else value), at + length


def _void(made: bytearray, at: int, end: int) -> None:
    span = end - at
    if span < 9:
        made[at:end] = bytes([VOID, 0x80 | (span - 2)]) + bytes(span - 2)
    else:
        made[at:end] = bytes([VOID, 0x01]) + (span - 9).to_bytes(7) + bytes(span - 9)


# -- MP4: boxes of size, kind and payload ----------------------------------------------------------------------------


def _mp4(made: bytearray, at: int, end: int) -> Iterator[bool]:
    while at < end:
        size, kind = struct.unpack_from(">I4s", made, at)
        inside = at + 8
        if size == 1:
            (size,) = struct.unpack_from(">Q", made, inside)
            inside += 8
        close = at + size if size else end
        if close > end or close < inside:
            raise ValueError(f"box {kind!r} at byte {at} has no end")
        if kind in MP4_ENTERED:
            yield from _mp4(made, inside, close)
        elif kind == b"hdlr":
            yield bytes(made[inside + 8 : inside + 12]) == b"soun"
            made[inside + 24 : close] = bytes(close - inside - 24)
        elif kind in MP4_TIMED:
            wide = 16 if made[inside] == 1 else 8
            made[inside + 4 : inside + 4 + wide] = bytes(wide)
        elif kind not in MP4_KEPT:
            made[at + 4 : at + 8] = b"free"
            made[inside:close] = bytes(close - inside)
        at = close

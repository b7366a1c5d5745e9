"""Small files as browsers record them, with what must not stay in them."""

import struct


def element(name, payload, *, size=None):
    """An EBML element with a size of four bytes; ``size`` of ``None`` is its own."""
    head = bytes.fromhex(name)
    return head + (0x10000000 | len(payload)).to_bytes(4) + payload if size is None else head + size + payload


OPEN = b"\x01" + b"\xff" * 7


def webm(kind=2, secret=b"", tags=b""):
    info = element(
        "1549a966",
        element("2ad7b1", b"\x0f\x42\x40") + element("4461", secret or bytes(8)) + element("4d80", b"Chrome"),
    )
    track = element(
        "ae",
        element("d7", b"\1") + element("83", bytes([kind])) + element("86", b"A_OPUS") + element("536e", b"Wang Wei"),
    )
    cluster = element("1f43b675", element("e7", b"\0") + element("a3", b"\x81\0\0\x80sound"), size=OPEN)
    more = element("1254c367", tags) if tags else b""
    return element("1a45dfa3", element("4282", b"webm")) + element(
        "18538067", info + element("1654ae6b", track) + more + cluster, size=OPEN
    )


def box(kind, payload):
    return struct.pack(">I4s", len(payload) + 8, kind) + payload


def mp4(kind=b"soun", udta=b""):
    times = bytes(4) + b"WHENWHEN" + bytes(84)
    media = box(
        b"mdia",
        box(b"mdhd", times) + box(b"hdlr", bytes(8) + kind + bytes(12) + b"Wang Wei\0") + box(b"minf", b"tables"),
    )
    moov = box(b"moov", box(b"mvhd", times) + box(b"trak", box(b"tkhd", times) + media) + box(b"udta", udta))
    return box(b"ftyp", b"M4A \0\0\0\0") + moov + box(b"uuid", b"where it was said") + box(b"mdat", b"sound")

"""The Merkle tree of RFC 9162 §2.1 over the feed of one world, with SHA-256.

A leaf is an event in feed order: ``SHA-256(0x00 ‖ the exact stored bytes)``. A node is
``SHA-256(0x01 ‖ left ‖ right)``. All hashes are 32 raw bytes; positions count from zero.

Storage is tiled (compare C2SP tlog-tiles): the leaf hashes, and one hash for every complete
subtree of 2^8, 2^16 and 2^24 leaves. That is 1/255 more rows than leaves, and a proof reads a
few tiles of at most 256 hashes whatever the size of the tree.

Nothing here does I/O: the database and the tests each bring a ``HashStore``.
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import NamedTuple, Protocol, Self

HASH_BYTES = 32
TILE_BITS = 8
SUBTREE_LEVELS = (8, 16, 24)
EMPTY_ROOT = sha256(b"").digest()

_TOP = SUBTREE_LEVELS[-1]


class LedgerError(ValueError):
    """The ledger cannot answer: a request out of range, or stored hashes that are missing or malformed."""


class SubtreeRow(NamedTuple):
    """The root of a complete subtree: 2^level leaves, at this position among those of its width (from zero)."""

    level: int
    position: int
    digest: bytes


class HashStore(Protocol):
    """Where the hashes are kept. Both methods return the hashes of [start, stop) in order."""

    def leaves(self, start: int, stop: int) -> list[bytes]: ...

    def subtrees(self, level: int, start: int, stop: int) -> list[bytes]: ...


def leaf_hash(stored: bytes) -> bytes:
    """Hash of one event, over the bytes as they are stored (RFC 9162 §2.1.1)."""
    return sha256(b"\x00" + stored).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


class Frontier:
    """The right edge of a tree: all that is needed to append and to name the root.

    ``hashes`` are the roots of the complete subtrees that the size is made of, largest first:
    one for each set bit of ``size``.
    """

    __slots__ = ("_hashes", "_size")

    def __init__(self, size: int = 0, hashes: Iterable[bytes] = ()) -> None:
        edge = list(hashes)
        if size < 0 or len(edge) != size.bit_count() or any(len(h) != HASH_BYTES for h in edge):
            raise LedgerError(
                f"a frontier of {size} leaves needs {max(size, 0).bit_count()} hashes of {HASH_BYTES} bytes, "
                f"got {len(edge)} of {sorted({len(h) for h in edge})} bytes"
            )
        self._size, self._hashes = size, edge

    @property
    def size(self) -> int:
        return self._size

    @property
    def hashes(self) -> tuple[bytes, ...]:
        return tuple(self._hashes)

    def append(self, leaf: bytes) -> list[SubtreeRow]:
        """Append a leaf hash; return the stored-level subtrees that it completed, lower levels first."""
        if len(leaf) != HASH_BYTES:
            raise _not_a_hash(self._size, leaf)
        return self._grow((leaf,))

    def append_many(self, leaves: Iterable[bytes]) -> list[SubtreeRow]:
        """As ``append``, in order. All or nothing: on ``LedgerError`` the frontier is as before."""
        batch = leaves if isinstance(leaves, list | tuple) else list(leaves)
        for number, leaf in enumerate(batch, self._size):
            if len(leaf) != HASH_BYTES:
                raise _not_a_hash(number, leaf)
        return self._grow(batch)

    def _grow(self, leaves: Sequence[bytes]) -> list[SubtreeRow]:
        size, edge = self._size, self._hashes
        completed: list[SubtreeRow] = []
        for leaf in leaves:
            node, level, index = leaf, 0, size
            while index & 1:
                node = sha256(b"\x01" + edge.pop() + node).digest()
                level, index = level + 1, index >> 1
                if level in SUBTREE_LEVELS:
                    completed.append(SubtreeRow(level, index, node))
            edge.append(node)
            size += 1
        self._size = size
        return completed

    def root(self) -> bytes:
        if not self._hashes:
            return EMPTY_ROOT
        *rest, root = self._hashes
        for left in reversed(rest):
            root = node_hash(left, root)
        return root

    def to_bytes(self) -> bytes:
        """Size as 8 bytes, big-endian, then the hashes: what a database row keeps."""
        return self._size.to_bytes(8, "big") + b"".join(self._hashes)

    @classmethod
    def from_bytes(cls, raw: bytes) -> Self:
        if len(raw) < 8:
            raise LedgerError(f"a frontier row has {len(raw)} bytes; it begins with a size of 8: run `bihuan audit`")
        hashes = [raw[at : at + HASH_BYTES] for at in range(8, len(raw), HASH_BYTES)]
        return cls(int.from_bytes(raw[:8], "big"), hashes)

    @classmethod
    def of(cls, store: HashStore, size: int) -> Self:
        """The frontier of the first ``size`` leaves, rebuilt from what is stored."""
        tiles, hashes, start = _Tiles(store, size), list[bytes](), 0
        for level in reversed(range(size.bit_length())):
            if size >> level & 1:
                hashes.append(tiles.node(level, start >> level))
                start += 1 << level
        return cls(size, hashes)


def root(store: HashStore, size: int) -> bytes:
    """Root of the first ``size`` leaves."""
    return _Tiles(store, size).span(0, size) if size else EMPTY_ROOT


def inclusion_proof(store: HashStore, index: int, size: int) -> list[bytes]:
    """The path from leaf ``index`` to the root of the first ``size`` leaves (RFC 9162 §2.1.3.1), lowest first."""
    if not 0 <= index < size:
        raise LedgerError(f"no leaf {index} in a tree of {size}: ask for a head that covers it")
    tiles, path, start, stop = _Tiles(store, size), list[bytes](), 0, size
    while stop - start > 1:
        middle = _split(start, stop)
        if index < middle:
            path.append(tiles.span(middle, stop))
            stop = middle
        else:
            path.append(tiles.span(start, middle))
            start = middle
    return path[::-1]


def consistency_proof(store: HashStore, old: int, new: int) -> list[bytes]:
    """That the first ``old`` leaves are a prefix of the first ``new`` (RFC 9162 §2.1.4.1).

    Empty for old = 0 and for old = new.
    """
    if not 0 <= old <= new:
        raise LedgerError(f"no consistency proof from size {old} to size {new}: the older head has the smaller size")
    if old in (0, new):
        return []
    tiles, path, start, stop = _Tiles(store, new), list[bytes](), 0, new
    while stop != old:
        middle = _split(start, stop)
        if old <= middle:
            path.append(tiles.span(middle, stop))
            stop = middle
        else:
            path.append(tiles.span(start, middle))
            start = middle
    if start:
        path.append(tiles.span(start, stop))
    return path[::-1]


def verify_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """RFC 9162 §2.1.3.2. The size is trusted as far as the head it comes from: only the head's signature binds it."""
    if not 0 <= index < size or any(len(h) != HASH_BYTES for h in (leaf, root, *path)):
        return False
    fn, sn, r = index, size - 1, leaf
    for p in path:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            r = node_hash(p, r)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = node_hash(r, p)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and r == root


def verify_consistency(old: int, new: int, old_root: bytes, new_root: bytes, path: Sequence[bytes]) -> bool:
    """RFC 9162 §2.1.4.2, and for an empty old tree: its root must be the empty root, its proof empty."""
    if not 0 <= old <= new or any(len(h) != HASH_BYTES for h in (old_root, new_root, *path)):
        return False
    if old == new:
        return not path and old_root == new_root
    if old == 0:
        return not path and old_root == EMPTY_ROOT
    steps = list(path) if old & (old - 1) else [old_root, *path]
    fn, sn = old - 1, new - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    if not path:
        return False
    fr = sr = steps[0]
    for c in steps[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            fr, sr = node_hash(c, fr), node_hash(c, sr)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node_hash(sr, c)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and fr == old_root and sr == new_root


class MemoryStore:
    """A ``HashStore`` in lists, for tests, benchmarks and audits of an export."""

    def __init__(self) -> None:
        self.frontier = Frontier()
        self._levels: dict[int, list[bytes]] = {level: [] for level in (0, *SUBTREE_LEVELS)}

    def append_many(self, leaves: Sequence[bytes]) -> None:
        for level, _, subtree in self.frontier.append_many(leaves):
            self._levels[level].append(subtree)
        self._levels[0].extend(leaves)

    def leaves(self, start: int, stop: int) -> list[bytes]:
        return self._levels[0][start:stop]

    def subtrees(self, level: int, start: int, stop: int) -> list[bytes]:
        return self._levels[level][start:stop]


def _not_a_hash(number: int, leaf: bytes) -> LedgerError:
    return LedgerError(f"leaf {number} has {len(leaf)} bytes; append leaf hashes of {HASH_BYTES} bytes, not events")


def _split(start: int, stop: int) -> int:
    """Where the RFC divides [start, stop): after the largest power of two smaller than its width."""
    return start + (1 << (stop - start - 1).bit_length() - 1)


class _Tiles:
    """Nodes of the tree of the first ``size`` leaves; each tile is read from the store at most once."""

    def __init__(self, store: HashStore, size: int) -> None:
        if size < 0:
            raise LedgerError(f"a tree has no size {size}")
        self._store, self._size = store, size
        self._rows: dict[tuple[int, int], list[bytes]] = {}

    def span(self, start: int, stop: int) -> bytes:
        """Root of leaves [start, stop), where start is a split point of the RFC's recursion."""
        width = stop - start
        if width & (width - 1) == 0:
            level = width.bit_length() - 1
            return self.node(level, start >> level)
        middle = _split(start, stop)
        return node_hash(self.span(start, middle), self.span(middle, stop))

    def node(self, level: int, index: int) -> bytes:
        """Root of the complete subtree ``index`` of 2^level leaves."""
        if level >= _TOP + TILE_BITS:
            return node_hash(self.node(level - 1, 2 * index), self.node(level - 1, 2 * index + 1))
        spread = TILE_BITS - level % TILE_BITS
        return self._row(level, index >> spread)[index & (1 << spread) - 1]

    def _row(self, level: int, tile: int) -> list[bytes]:
        """The hashes of one level inside one tile: stored at a multiple of 8, else folded from the level below."""
        row = self._rows.get((level, tile))
        if row is None:
            if level % TILE_BITS == 0:
                row = self._read(level, tile)
            else:
                pairs = iter(self._row(level - 1, tile))
                row = [node_hash(left, right) for left, right in zip(pairs, pairs, strict=False)]
            self._rows[level, tile] = row
        return row

    def _read(self, level: int, tile: int) -> list[bytes]:
        start = tile << TILE_BITS
        stop = min(start + (1 << TILE_BITS), self._size >> level)
        hashes = self._store.subtrees(level, start, stop) if level else self._store.leaves(start, stop)
        if len(hashes) != stop - start or any(len(h) != HASH_BYTES for h in hashes):
            what = f"subtree hashes of level {level}" if level else "leaf hashes"
            raise LedgerError(
                f"the ledger needs {what} {start} to {stop - 1}, whole and without gaps, and found "
                f"{len(hashes)} of {stop - start}: run `bihuan audit`"
            )
        return hashes

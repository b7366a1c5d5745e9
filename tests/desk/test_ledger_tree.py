"""The tree against the published vectors, a naive reading of the RFC, and tampering.

Vectors: the eight-leaf reference tree of Certificate Transparency (google/certificate-transparency
merkle_tree_test.cc, kept today in transparency-dev/merkle proof/verify_test.go).
"""

from functools import cache
from hashlib import sha256
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bihuan.desk.ledger.tree import (
    EMPTY_ROOT,
    SUBTREE_LEVELS,
    Frontier,
    LedgerError,
    MemoryStore,
    SubtreeRow,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root,
    verify_consistency,
    verify_inclusion,
)

INPUTS = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
LEAF_HASHES = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
    "0298d122906dcfc10892cb53a73992fc5b9f493ea4c9badb27b791b4127a7fe7",
    "07506a85fd9dd2f120eb694f86011e5bb4662e5c415a62917033d4a9624487e7",
    "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    "4271a26be0d8a84f0bd54c8c302e7cb3a3b5d1fa6780a40bcce2873477dab658",
    "b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f",
    "46f6ffadd3d06a09ff3c5860d2755c8b9819db7df44251788c7d8e3180de8eb1",
]
INCLUSION = [
    (0, 1, []),
    (
        0,
        8,
        [
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ],
    ),
    (
        5,
        8,
        [
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ],
    ),
    (2, 3, ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]),
    (
        1,
        5,
        [
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        ],
    ),
]
CONSISTENCY = [
    (1, 1, []),
    (
        1,
        8,
        [
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ],
    ),
    (
        6,
        8,
        [
            "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ],
    ),
    (
        2,
        5,
        [
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        ],
    ),
    (
        6,
        7,
        [
            "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
            "b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ],
    ),
]
BORDERS = [255, 256, 257, 511, 512, 513, 65_535, 65_536, 65_537]


def unhex(hashes: list[str]) -> list[bytes]:
    return [bytes.fromhex(h) for h in hashes]


def grown(size: int) -> MemoryStore:
    store = MemoryStore()
    store.append_many([LEAVES[i] for i in range(size)])
    return store


LEAVES = [leaf_hash(b"event %d" % i) for i in range(65_600)]


@cache
def mth(start: int, stop: int) -> bytes:
    """MTH of RFC 9162 §2.1.1, as written there."""
    if stop == start:
        return sha256(b"").digest()
    if stop - start == 1:
        return LEAVES[start]
    k = largest_power_below(stop - start)
    return sha256(b"\x01" + mth(start, start + k) + mth(start + k, stop)).digest()


def largest_power_below(n: int) -> int:
    k = 1
    while k * 2 < n:
        k *= 2
    return k


def naive_path(m: int, start: int, stop: int) -> list[bytes]:
    """PATH of §2.1.3.1."""
    if stop - start == 1:
        return []
    k = largest_power_below(stop - start)
    if m < k:
        return [*naive_path(m, start, start + k), mth(start + k, stop)]
    return [*naive_path(m - k, start + k, stop), mth(start, start + k)]


def naive_subproof(m: int, start: int, stop: int, *, known: bool) -> list[bytes]:
    """SUBPROOF of §2.1.4.1."""
    if m == stop - start:
        return [] if known else [mth(start, stop)]
    k = largest_power_below(stop - start)
    if m <= k:
        return [*naive_subproof(m, start, start + k, known=known), mth(start + k, stop)]
    return [*naive_subproof(m - k, start + k, stop, known=False), mth(start, start + k)]


@pytest.fixture(scope="module")
def reference() -> MemoryStore:
    store = MemoryStore()
    store.append_many([leaf_hash(bytes.fromhex(i)) for i in INPUTS])
    return store


@pytest.fixture(scope="module")
def large() -> MemoryStore:
    return grown(len(LEAVES))


def test_leaf_hashes_are_the_published_ones() -> None:
    assert [leaf_hash(bytes.fromhex(i)).hex() for i in INPUTS] == LEAF_HASHES


@pytest.mark.parametrize("size", range(9))
def test_roots_are_the_published_ones(reference: MemoryStore, size: int) -> None:
    frontier = Frontier()
    frontier.append_many(reference.leaves(0, size))
    assert frontier.root().hex() == ROOTS[size]
    assert root(reference, size).hex() == ROOTS[size]


@pytest.mark.parametrize(("index", "size", "path"), INCLUSION)
def test_inclusion_proofs_are_the_published_ones(
    reference: MemoryStore, index: int, size: int, path: list[str]
) -> None:
    assert inclusion_proof(reference, index, size) == unhex(path)
    leaf, top = bytes.fromhex(LEAF_HASHES[index]), bytes.fromhex(ROOTS[size])
    assert verify_inclusion(leaf, index, size, unhex(path), top)
    for wrong in corrupted(unhex(path), top):
        assert not verify_inclusion(leaf, index, size, wrong, top)
    for other in {index - 1, index + 1, index ^ 2} - {index}:
        assert not verify_inclusion(leaf, other, size, unhex(path), top)
    for other in (size * 2, size // 2):
        assert not verify_inclusion(leaf, index, other, unhex(path), top)
    assert not verify_inclusion(b"WrongLeaf", index, size, unhex(path), top)
    assert not verify_inclusion(leaf, index, size, unhex(path), EMPTY_ROOT)


@pytest.mark.parametrize(("old", "new", "path"), CONSISTENCY)
def test_consistency_proofs_are_the_published_ones(reference: MemoryStore, old: int, new: int, path: list[str]) -> None:
    assert consistency_proof(reference, old, new) == unhex(path)
    before, after = bytes.fromhex(ROOTS[old]), bytes.fromhex(ROOTS[new])
    assert verify_consistency(old, new, before, after, unhex(path))
    for wrong in corrupted(unhex(path), before):
        assert not verify_consistency(old, new, before, after, wrong)
    if path:
        assert not verify_consistency(old, new, after, before, unhex(path))
        assert not verify_consistency(old, new, before, after, [])
        for other in {old - 1, old + 1, old ^ 2} - {old}:
            assert not verify_consistency(other, new, before, after, unhex(path))
        for other in (new * 2, new // 2):
            assert not verify_consistency(old, other, before, after, unhex(path))


def corrupted(path: list[bytes], extra: bytes) -> list[list[bytes]]:
    """The ways a proof is corrupted in the published probes."""
    wrong = [[*path, b""], [*path, extra], [b"", *path], [extra, *path]]
    wrong += [[*path[:i], bytes([h[0] ^ 8]) + h[1:], *path[i + 1 :]] for i, h in enumerate(path)]
    if path:
        wrong += [path[:-1], path[1:], [path[0], *path]]
    return wrong


@pytest.mark.parametrize(
    ("old", "new", "before", "after", "path", "good"),
    [
        (0, 0, EMPTY_ROOT, EMPTY_ROOT, [], True),
        (0, 3, EMPTY_ROOT, LEAVES[1], [], True),
        (0, 3, LEAVES[0], LEAVES[1], [], False),
        (0, 3, EMPTY_ROOT, LEAVES[1], [EMPTY_ROOT], False),
        (1, 1, LEAVES[0], LEAVES[0], [], True),
        (1, 1, LEAVES[0], LEAVES[1], [], False),
        (1, 1, LEAVES[0], LEAVES[0], [EMPTY_ROOT], False),
        (1, 2, LEAVES[0], LEAVES[1], [], False),
        (2, 1, LEAVES[0], LEAVES[1], [], False),
        (-1, 1, EMPTY_ROOT, LEAVES[1], [], False),
    ],
)
def test_consistency_of_empty_equal_and_reversed_heads(
    old: int, new: int, before: bytes, after: bytes, path: list[bytes], *, good: bool
) -> None:
    assert verify_consistency(old, new, before, after, path) is good


@pytest.mark.parametrize("size", [*range(301), *BORDERS])
def test_every_size_agrees_with_the_naive_definition(large: MemoryStore, size: int) -> None:
    frontier = Frontier()
    frontier.append_many(LEAVES[:size])
    assert frontier.root() == root(large, size) == mth(0, size)
    for index in sorted({0, 1, size // 3, size // 2, 254, 255, 256, size - 2, size - 1} & set(range(size))):
        path = inclusion_proof(large, index, size)
        assert path == naive_path(index, 0, size)
        assert verify_inclusion(LEAVES[index], index, size, path, frontier.root())
    for old in sorted({1, 2, size // 3, size // 2, 255, 256, 257, size - 1, size} & set(range(1, size + 1))):
        path = consistency_proof(large, old, size)
        assert path == naive_subproof(old, 0, size, known=True)
        assert verify_consistency(old, size, mth(0, old), frontier.root(), path)


def test_every_pair_in_small_trees_agrees_with_the_naive_definition(large: MemoryStore) -> None:
    for index, size in product(range(40), range(1, 41)):
        if index < size:
            assert inclusion_proof(large, index, size) == naive_path(index, 0, size)
            assert consistency_proof(large, index + 1, size) == naive_subproof(index + 1, 0, size, known=True)


class Uniform:
    """A store of identical leaves, as large as one likes; it counts what is read."""

    def __init__(self) -> None:
        self.calls: list[int] = []
        self.nodes = [LEAVES[0]]
        for _ in range(40):
            self.nodes.append(node_hash(self.nodes[-1], self.nodes[-1]))

    def leaves(self, start: int, stop: int) -> list[bytes]:
        return self.subtrees(0, start, stop)

    def subtrees(self, level: int, start: int, stop: int) -> list[bytes]:
        self.calls.append(stop - start)
        return [self.nodes[level]] * (stop - start)

    def root(self, size: int) -> bytes:
        *rest, top = [self.nodes[level] for level in reversed(range(size.bit_length())) if size >> level & 1]
        for left in reversed(rest):
            top = node_hash(left, top)
        return top


@pytest.mark.parametrize("size", [1_000_000, 2**24 - 1, 2**24 + 300, 2**31 + 2**25 + 70_001, 2**33 + 2**32 + 5])
def test_a_proof_reads_a_few_tiles_whatever_the_size(size: int) -> None:
    store = Uniform()
    assert root(store, size) == store.root(size)
    assert Frontier.of(store, size).root() == store.root(size)
    for index in (0, 255, size // 2, size - 1):
        store.calls.clear()
        path = inclusion_proof(store, index, size)
        assert verify_inclusion(LEAVES[0], index, size, path, store.root(size))
        if size < 2**32:
            assert len(store.calls) <= 2 * (1 + len(SUBTREE_LEVELS))
            assert max(store.calls) <= 256
    path = consistency_proof(store, size // 3, size)
    assert verify_consistency(size // 3, size, store.root(size // 3), store.root(size), path)


def test_completed_subtrees_are_reported_once_with_their_place() -> None:
    frontier, rows = Frontier(), list[SubtreeRow]()
    for at in range(0, len(LEAVES), 1_000):
        rows += frontier.append_many(LEAVES[at : at + 1_000])
    assert [(level, index) for level, index, _ in rows if level == 8] == [(8, i) for i in range(256)]
    assert [(level, index) for level, index, _ in rows if level == 16] == [(16, 0)]
    assert all(row == mth(index << level, (index + 1) << level) for level, index, row in rows)
    assert len(rows) <= len(LEAVES) / 255


@given(st.lists(st.integers(0, 600), max_size=6))
def test_a_frontier_may_be_put_away_at_any_moment(batches: list[int]) -> None:
    frontier, size = Frontier(), 0
    for batch in batches:
        frontier.append_many(LEAVES[size : size + batch])
        size += batch
        frontier = Frontier.from_bytes(frontier.to_bytes())
        assert (frontier.size, frontier.root()) == (size, mth(0, size))
        assert Frontier(frontier.size, frontier.hashes).root() == frontier.root()


@pytest.mark.parametrize(
    ("size", "hashes"), [(1, []), (2, [LEAVES[0], LEAVES[1]]), (1, [b"short"]), (-1, []), (0, [LEAVES[0]])]
)
def test_a_frontier_that_does_not_fit_its_size_is_refused(size: int, hashes: list[bytes]) -> None:
    with pytest.raises(LedgerError, match="a frontier of"):
        Frontier(size, hashes)


@pytest.mark.parametrize("cut", [1, 7, 8, 39])
def test_a_damaged_frontier_row_is_refused(cut: int) -> None:
    frontier = Frontier()
    frontier.append_many(LEAVES[:3])
    with pytest.raises(LedgerError):
        Frontier.from_bytes(frontier.to_bytes()[:cut])


def test_a_bad_leaf_leaves_the_frontier_as_it_was() -> None:
    frontier = Frontier()
    frontier.append_many(LEAVES[:5])
    with pytest.raises(LedgerError, match="append leaf hashes of 32 bytes"):
        frontier.append_many([LEAVES[5], b"an event, not its hash"])
    assert (frontier.size, frontier.root()) == (5, mth(0, 5))
    frontier.append(LEAVES[5])
    assert frontier.root() == mth(0, 6)


class WithGap(MemoryStore):
    def subtrees(self, level: int, start: int, stop: int) -> list[bytes]:
        return super().subtrees(level, start, stop)[:-1]


def test_missing_rows_are_named_not_papered_over() -> None:
    store = WithGap()
    store.append_many(LEAVES[:600])
    with pytest.raises(LedgerError, match="subtree hashes of level 8 0 to 1"):
        inclusion_proof(store, 0, 600)
    with pytest.raises(LedgerError, match="leaf hashes 512 to 599"):
        inclusion_proof(MemoryStore(), 0, 600)


@pytest.mark.parametrize(("index", "size"), [(0, 0), (5, 5), (-1, 5), (0, -1)])
def test_no_proof_for_a_leaf_outside_the_tree(large: MemoryStore, index: int, size: int) -> None:
    with pytest.raises(LedgerError, match="no leaf"):
        inclusion_proof(large, index, size)
    assert not verify_inclusion(LEAVES[0], index, size, [], LEAVES[0])


@pytest.mark.parametrize(("old", "new"), [(3, 2), (-1, 2)])
def test_no_consistency_proof_backwards(large: MemoryStore, old: int, new: int) -> None:
    with pytest.raises(LedgerError, match="no consistency proof"):
        consistency_proof(large, old, new)


def flip(parts: list[bytes], bit: int) -> list[bytes]:
    """The same byte strings with one bit of their concatenation turned."""
    bit %= 8 * sum(map(len, parts))
    out = list(parts)
    for i, part in enumerate(parts):
        if bit < 8 * len(part):
            out[i] = (int.from_bytes(part, "big") ^ 1 << bit).to_bytes(len(part), "big")
            break
        bit -= 8 * len(part)
    return out


@settings(max_examples=300)
@given(st.data())
def test_one_flipped_bit_anywhere_breaks_an_inclusion_proof(large: MemoryStore, data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 2_000))
    index, other = data.draw(st.integers(0, size - 1)), data.draw(st.integers(0, size - 1))
    path = inclusion_proof(large, index, size)
    leaf, top, *rest = flip([LEAVES[index], root(large, size), *path], data.draw(st.integers(0, 10_000)))
    assert not verify_inclusion(leaf, index, size, rest, top)
    assert verify_inclusion(LEAVES[index], other, size, path, root(large, size)) is (other == index)


@settings(max_examples=300)
@given(st.data())
def test_one_flipped_bit_anywhere_breaks_a_consistency_proof(large: MemoryStore, data: st.DataObject) -> None:
    new = data.draw(st.integers(1, 2_000))
    old = data.draw(st.integers(1, new))
    parts = [root(large, old), root(large, new), *consistency_proof(large, old, new)]
    before, after, *path = flip(parts, data.draw(st.integers(0, 10_000)))
    assert not verify_consistency(old, new, before, after, path)


@settings(max_examples=60, deadline=None)
@given(old=st.integers(2, 700), cut=st.integers(1, 700), regrown=st.integers(0, 900))
def test_a_truncated_and_regrown_tail_cannot_be_made_consistent(old: int, cut: int, regrown: int) -> None:
    """The operator drops the last `cut` events that a head had signed and writes others in their place."""
    kept = max(old - cut, 0)
    promised, forged = mth(0, old), MemoryStore()
    forged.append_many(LEAVES[:kept] + [leaf_hash(b"forged %d" % i) for i in range(regrown)])
    new = kept + regrown
    if new < old:
        assert not verify_consistency(old, new, promised, root(forged, new), [])
    else:
        assert not verify_consistency(old, new, promised, root(forged, new), consistency_proof(forged, old, new))

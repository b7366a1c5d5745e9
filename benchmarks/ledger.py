"""What the ledger costs: appending against a bare SHA-256 chain, and a proof at a million events.

Baseline, in the same run over the same events: the barest chain, one SHA-256 of (last hash, event), and the
bookkeeping of a tree in memory (which complete subtrees exist, found by position), without hashing any node.
Ours: leaf hash, frontier, and the subtree rows that the database would store.

    python benchmarks/ledger.py [--events 1000000] [--rounds 5]

The last line is JSON. Ends with 1 when a figure is missed.
"""

import argparse
import json
import statistics
import sys
import time
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from random import Random

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bihuan.desk.ledger.receipts import build_receipt, commit
from bihuan.desk.ledger.signing import sign_head, verify_head
from bihuan.desk.ledger.tree import (
    Frontier,
    MemoryStore,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    verify_consistency,
    verify_inclusion,
)

BATCH = 500
MOST_RATIO, MOST_BYTES, MOST_MS = 2.0, 2_000, 5.0
ORIGIN = "bihuan/330106/real"


def event(number: int) -> bytes:
    """About 330 bytes: the size of a Registered event with its envelope."""
    body = {
        "kind": "Registered", "who": "01931f2e-7c1a-7d4e-9b7a-2f60c1f4a001", "unit": "330106-desk",
        "happened_at": "2026-11-23T08:30:15.000000+00:00", "recorded_at": "2026-11-23T08:30:15.120000+00:00",
        "number": number, "receipt": commit(str(number)), "category": "0101", "place": "330106001", "seal": 0,
        "channel": "portal", "desk": "330106-desk",
    }  # fmt: skip
    return json.dumps(body, separators=(",", ":")).encode()


def chain(events: list[bytes]) -> None:
    """The baseline: a hash chain, and the right edge of a tree kept by position."""
    last, edge = b"\x00" * 32, list[tuple[int, int]]()
    for position, stored in enumerate(events):
        last = sha256(last + stored).digest()
        level, index = 0, position
        while index & 1:
            edge.pop()
            level, index = level + 1, index >> 1
        edge.append((level, index))


def in_batches(events: list[bytes]) -> int:
    frontier, rows = Frontier(), 0
    for at in range(0, len(events), BATCH):
        rows += len(frontier.append_many([leaf_hash(stored) for stored in events[at : at + BATCH]]))
    return rows


def one_by_one(events: list[bytes]) -> int:
    frontier, rows = Frontier(), 0
    for stored in events:
        rows += len(frontier.append(leaf_hash(stored)))
    return rows


def cpu(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def measure_append(rounds: int, events: int) -> dict[str, float]:
    """Median over alternating rounds, so that a slow moment of the machine falls on both."""
    sample = [event(n) for n in range(events)]
    base, ours, single = [], [], []
    for _ in range(rounds):
        base.append(cpu(lambda: chain(sample)))
        ours.append(cpu(lambda: in_batches(sample)))
        single.append(cpu(lambda: one_by_one(sample)))
    ratios = [o / b for o, b in zip(ours, base, strict=True)]
    singles = [o / b for o, b in zip(single, base, strict=True)]
    return {
        "append_ratio_to_chain": round(statistics.median(ratios), 2),
        "append_one_by_one_ratio_to_chain": round(statistics.median(singles), 2),
        "append_us": round(statistics.median(ours) / events * 1e6, 2),
        "chain_us": round(statistics.median(base) / events * 1e6, 2),
        "event_bytes": len(sample[-1]),
    }


def timed(work: Callable[[int], object], positions: list[int]) -> tuple[float, float]:
    """Median and slowest, in milliseconds."""
    spent = []
    for position in positions:
        start = time.perf_counter()
        work(position)
        spent.append((time.perf_counter() - start) * 1e3)
    return round(statistics.median(spent), 3), round(max(spent), 3)


def measure_proofs(size: int) -> dict[str, float]:
    store, key = MemoryStore(), Ed25519PrivateKey.generate()
    for at in range(0, size, 50_000):
        store.append_many([leaf_hash(event(n)) for n in range(at, min(at + 50_000, size))])
    root = store.frontier.root()
    chance = Random(20261123)
    positions = [0, size - 1, size // 2, *(chance.randrange(size) for _ in range(197))]
    olds = [1, size, size - 1, *(chance.randrange(1, size) for _ in range(97))]
    for position in positions[:20]:
        path = inclusion_proof(store, position, size)
        if not verify_inclusion(leaf_hash(event(position)), position, size, path, root):
            sys.exit(f"the proof of event {position} of {size} is false")
    note = sign_head(key, ORIGIN, size, root, datetime.now(UTC))
    receipt = build_receipt(
        store,
        key.public_key(),
        note=note,
        position=size // 3,
        event=event(size // 3).decode(),
        commitment=commit(str(size // 3)),
    )
    proof_ms, proof_max = timed(lambda i: inclusion_proof(store, i, size), positions)
    older_ms, older_max = timed(lambda i: consistency_proof(store, i, size), olds)
    path = inclusion_proof(store, size // 3, size)
    leaf = leaf_hash(event(size // 3))
    verify_ms, _ = timed(lambda _: verify_inclusion(leaf, size // 3, size, path, root), positions)
    head_ms, _ = timed(lambda _: verify_head(key.public_key(), note), positions)
    old = size // 3
    between = consistency_proof(store, old, size)
    if not verify_consistency(old, size, Frontier.of(store, old).root(), root, between):
        sys.exit(f"the proof from size {old} to {size} is false")
    return {
        "events": size,
        "proof_hashes": len(path),
        "proof_bytes": len(json.dumps([b64encode(h).decode() for h in path])),
        "receipt_bytes": len(json.dumps(receipt, ensure_ascii=False, separators=(",", ":")).encode()),
        "consistency_bytes": len(json.dumps([b64encode(h).decode() for h in between])),
        "proof_ms": proof_ms,
        "proof_max_ms": proof_max,
        "consistency_ms": older_ms,
        "consistency_max_ms": older_max,
        "verify_inclusion_ms": verify_ms,
        "verify_head_ms": head_ms,
        "subtree_rows_per_leaf": round(sum(size >> level for level in (8, 16, 24)) / size, 5),
    }


def main() -> int:
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--events", type=int, default=1_000_000, help="size of the tree that is proved against")
    ask.add_argument("--append", type=int, default=100_000, help="events appended in a round")
    ask.add_argument("--rounds", type=int, default=5)
    args = ask.parse_args()
    print(f"appending {args.append} events, {args.rounds} rounds …", flush=True)
    result = measure_append(args.rounds, args.append)
    print(f"growing a tree of {args.events} events and proving …", flush=True)
    result |= measure_proofs(args.events)
    met = (
        result["append_ratio_to_chain"] <= MOST_RATIO
        and max(result["proof_bytes"], result["receipt_bytes"]) <= MOST_BYTES
        and max(result["proof_max_ms"], result["consistency_max_ms"]) <= MOST_MS
    )
    baseline = "SHA-256 chain plus tree bookkeeping in memory"
    print(json.dumps({"benchmark": "ledger", "baseline": baseline, **result, "met": met}))
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())

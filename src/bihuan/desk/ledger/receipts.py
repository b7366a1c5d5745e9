"""Receipts that an outsider can check without us: one JSON document, and a short one between two of them.

The reader's side is ``docs/howto/verify_receipt.py``, which shares no code with this package.
"""

import json
from base64 import b64encode
from hashlib import sha256
from typing import TypedDict

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from bihuan.desk.ledger.signing import verify_head
from bihuan.desk.ledger.tree import (
    HashStore,
    LedgerError,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    verify_consistency,
    verify_inclusion,
)

RECEIPT_FORMAT = "bihuan-receipt/1"
CONSISTENCY_FORMAT = "bihuan-consistency/1"


class ReceiptDocument(TypedDict):
    """What the holder keeps. Hashes and key in base64; ``commitment`` as the event has it; ``position`` from zero."""

    format: str
    commitment: str
    event: str
    position: int
    leaf_hash: str
    path: list[str]
    head: str
    public_key: str


class ConsistencyDocument(TypedDict):
    """That the newer of two signed heads only appended to the older."""

    format: str
    old_size: int
    new_size: int
    path: list[str]


def commit(code: str) -> str:
    """What history holds of a receipt's code: SHA-256 in hex. It hides the code because codes are random and long."""
    return sha256(code.encode()).hexdigest()


def build_receipt(
    store: HashStore, public_key: Ed25519PublicKey, *, note: str, position: int, event: str, commitment: str
) -> ReceiptDocument:
    """The receipt for the event at ``position`` of the feed under the signed head ``note``.

    ``event`` is the text of the event exactly as stored. Everything is checked before it is handed out:
    ``LedgerError`` means that the ledger disagrees with itself, or that the head does not yet cover the event.
    """
    head = verify_head(public_key, note)
    leaf = leaf_hash(event.encode())
    path = inclusion_proof(store, position, head.size)
    if commitment not in _strings(event):
        raise LedgerError(
            f"event {position} of {head.origin} does not hold the commitment {commitment}: it is another report's"
        )
    if not verify_inclusion(leaf, position, head.size, path, head.root):
        raise LedgerError(
            f"event {position} of {head.origin} is not under the head of size {head.size}: run `bihuan audit`"
        )
    return {
        "format": RECEIPT_FORMAT,
        "commitment": commitment,
        "event": event,
        "position": position,
        "leaf_hash": _base64(leaf),
        "path": [_base64(h) for h in path],
        "head": note,
        "public_key": _base64(public_key.public_bytes_raw()),
    }


def build_consistency(store: HashStore, public_key: Ed25519PublicKey, *, old: str, new: str) -> ConsistencyDocument:
    """The proof between two signed heads of one world, given as notes; checked before it is handed out."""
    before = verify_head(public_key, old)
    after = verify_head(public_key, new, origin=before.origin)
    path = consistency_proof(store, before.size, after.size)
    if not verify_consistency(before.size, after.size, before.root, after.root, path):
        raise LedgerError(
            f"the heads of {before.origin} at sizes {before.size} and {after.size} contradict each other: "
            "history was changed after it was signed. Keep both heads and run `bihuan audit`"
        )
    return {
        "format": CONSISTENCY_FORMAT,
        "old_size": before.size,
        "new_size": after.size,
        "path": [_base64(h) for h in path],
    }


def _strings(event: str) -> set[str]:
    """The text values anywhere in the event."""
    found, todo = set[str](), [json.loads(event)]
    while todo:
        value = todo.pop()
        if isinstance(value, str):
            found.add(value)
        elif isinstance(value, dict):
            todo.extend(value.values())
        elif isinstance(value, list):
            todo.extend(value)
    return found


def _base64(raw: bytes) -> str:
    return b64encode(raw).decode()

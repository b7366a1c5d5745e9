"""验证回执 Check a receipt without trusting, or installing, the system that gave it: see verify-a-receipt.md.

python3 verify_receipt.py PUBLIC_KEY receipt.json [older_receipt.json consistency.json]

PUBLIC_KEY: 公布的公钥 the published key in base64, or `-` for the one inside the receipt.
Ends with 0: 属实 true · 1: 不符 false · 2: 读不了 unreadable.
"""

import json
import sys
from base64 import b64decode
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def need(true: object, otherwise: str) -> None:
    if not true:
        sys.exit(f"不符 FAILED: {otherwise}")


def node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def root_of(leaf: bytes, i: int, n: int, path: list[bytes]) -> bytes:
    """RFC 9162 §2.1.3: the root of n leaves that leaf i and its path lead to."""
    need(i in range(n) and bool(path) == (n > 1), "路径与账目长度不合 the path does not fit the size of the tree")
    if n == 1:
        return leaf
    k = 1 << (n - 1).bit_length() - 1
    if i < k:
        return node(root_of(leaf, i, k, path[:-1]), path[-1])
    return node(path[-1], root_of(leaf, i - k, n - k, path[:-1]))


def roots_of(m: int, n: int, path: list[bytes], old: bytes | None) -> tuple[bytes, bytes]:
    """RFC 9162 §2.1.4: the roots of the first m and of all n leaves; `old` while these are a prefix of the tree."""
    fits = 0 < m <= n and (len(path) == (not old) if m == n else path)
    need(fits, "一致性证明与两个长度不合 the consistency proof does not fit the two sizes")
    if m == n:
        return (old, old) if old else (path[0], path[0])
    k = 1 << (n - 1).bit_length() - 1
    if m <= k:
        before, after = roots_of(m, k, path[:-1], old)
        return before, node(after, path[-1])
    before, after = roots_of(m - k, n - k, path[:-1], None)
    return node(path[-1], before), node(path[-1], after)


def head_of(receipt: dict[str, Any], key: bytes) -> tuple[str, int, bytes]:
    """The signed head (C2SP checkpoint: origin, size, root, time), once it is seen to cover the receipt's event."""
    text, _, signatures = receipt["head"].rpartition("\n\n")
    origin, size, root, _ = text.split("\n")
    signature = next(line.split(" ")[2] for line in signatures.split("\n") if line.startswith(f"— {origin} "))
    Ed25519PublicKey.from_public_bytes(key).verify(b64decode(signature)[4:], f"{text}\n".encode())
    leaf = sha256(b"\x00" + receipt["event"].encode()).digest()
    need(leaf == b64decode(receipt["leaf_hash"]), "事件原文被改动 the event is not the one that was recorded")
    found = root_of(leaf, receipt["position"], int(size), [b64decode(h) for h in receipt["path"]])
    need(found == b64decode(root), "已签名的历史里没有此事件 the event is not in the signed history")
    need(f'"{receipt["commitment"]}"' in receipt["event"], "回执不属于此事件 the receipt is of another event")
    return origin, int(size), b64decode(root)


def main(published: str, *files: str) -> None:
    receipt, *older = (json.loads(Path(file).read_text("utf-8")) for file in files)
    key = b64decode(receipt["public_key"] if published == "-" else published)
    origin, size, root = head_of(receipt, key)
    if older:
        old_origin, old_size, old_root = head_of(older[0], key)
        need(origin == old_origin, "两张回执不属于同一本账 the receipts are of two ledgers")
        roots = roots_of(old_size, size, [b64decode(h) for h in older[1]["path"]], old_root)
        need(roots == (old_root, root), "旧历史被改写 the older history is not the beginning of the newer one")
    print(f"属实 OK: {origin}, {receipt['position'] + 1} / {size}\n{receipt['event']}")
    if published == "-":
        print(f"请与公布的公钥核对 compare with the published key: {receipt['public_key']}")


if __name__ == "__main__":
    if len(sys.argv) not in (3, 5):
        print(__doc__, file=sys.stderr)
        sys.exit(2)
    try:
        main(*sys.argv[1:])
    except InvalidSignature:
        need(None, "签名不是这把公钥的 the head was not signed by this key, or was changed")
    except (OSError, ValueError, LookupError, TypeError, AttributeError, StopIteration) as e:
        print(f"读不了 UNREADABLE: {type(e).__name__}: {e}", file=sys.stderr)
        sys.exit(2)

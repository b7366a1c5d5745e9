"""Signed heads and receipts, checked by the standalone verifier as an outsider runs it."""

import ast
import json
import stat
import subprocess
import sys
from base64 import b64decode, b64encode
from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as other_kind_of_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from bihuan.desk.ledger.receipts import ConsistencyDocument, ReceiptDocument, build_consistency, build_receipt, commit
from bihuan.desk.ledger.signing import (
    BadHead,
    Head,
    KeyFileError,
    load_key,
    load_or_create_key,
    origin_of,
    sign_head,
    sign_note,
    verifier_key,
    verify_head,
)
from bihuan.desk.ledger.tree import EMPTY_ROOT, LedgerError, MemoryStore, inclusion_proof, leaf_hash

VERIFIER = Path(__file__).parents[2] / "docs" / "howto" / "verify_receipt.py"
ORIGIN = "bihuan/330106/real"
AT = datetime(2026, 11, 23, 8, 30, 15, tzinfo=UTC)
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key()
PUBLISHED = b64encode(PUBLIC.public_bytes_raw()).decode()

# golang.org/x/mod/sumdb/note, note_test.go
GO_SIGNER = "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
GO_VERIFIER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
GO_NOTE = (
    GO_TEXT + "\n— PeterNeumann "
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)


def event(number: int) -> str:
    body = {"kind": "Registered", "number": number, "receipt": commit(f"code-{number}"), "place": "示意街道"}
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


class World(NamedTuple):
    store: MemoryStore
    notes: dict[int, str]

    def receipt(self, position: int, size: int) -> ReceiptDocument:
        return build_receipt(
            self.store,
            PUBLIC,
            note=self.notes[size],
            position=position,
            event=event(position),
            commitment=commit(f"code-{position}"),
        )

    def proof(self, old: int, new: int) -> ConsistencyDocument:
        return build_consistency(self.store, PUBLIC, old=self.notes[old], new=self.notes[new])


def grow(sizes: list[int], text: Callable[[int], str] = event, origin: str = ORIGIN) -> World:
    store, notes = MemoryStore(), dict[int, str]()
    for size in sizes:
        store.append_many([leaf_hash(text(i).encode()) for i in range(store.frontier.size, size)])
        notes[size] = sign_head(KEY, origin, size, store.frontier.root(), AT)
    return World(store, notes)


@pytest.fixture(scope="module")
def world() -> World:
    return grow([1, 300, 512, 1_000])


def verify(tmp_path: Path, key: str, *documents: object) -> subprocess.CompletedProcess[str]:
    files = []
    for i, document in enumerate(documents):
        files.append(tmp_path / f"{i}.json")
        files[-1].write_text(json.dumps(document, ensure_ascii=False), "utf-8")
    command = [sys.executable, "-I", str(VERIFIER), key, *map(str, files)]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False, timeout=30)


# The signed head


def test_a_note_is_the_published_one_to_the_byte() -> None:
    key = Ed25519PrivateKey.from_private_bytes(b64decode(GO_SIGNER)[1:])
    assert sign_note(key, "PeterNeumann", GO_TEXT) == GO_NOTE
    assert verifier_key("PeterNeumann", key.public_key()) == GO_VERIFIER


def test_a_head_says_what_was_signed() -> None:
    here = AT.astimezone(timezone(timedelta(hours=8))) + timedelta(microseconds=999)
    note = sign_head(KEY, ORIGIN, 0, EMPTY_ROOT, here)
    assert note.startswith(
        "bihuan/330106/real\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"
        "time 2026-11-23T08:30:15Z\n\n— bihuan/330106/real "
    )
    assert verify_head(PUBLIC, note, origin=ORIGIN) == Head(ORIGIN, 0, EMPTY_ROOT, AT)


def test_a_second_spelling_of_a_signature_is_refused() -> None:
    """The last sign before the padding carries four bits that decode to nothing."""
    note = sign_head(KEY, ORIGIN, 300, leaf_hash(b"x"), AT)
    signs = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    at = len(note.rstrip("\n=")) - 1
    assert note[at + 1 :].startswith("="), "the signature is padded"
    spelled = signs[signs.index(note[at]) ^ 1]
    with pytest.raises(BadHead):
        verify_head(PUBLIC, note[:at] + spelled + note[at + 1 :])


@settings(max_examples=300)
@given(st.data())
def test_no_other_text_passes_for_a_signed_head(data: st.DataObject) -> None:
    note = sign_head(KEY, ORIGIN, 300, leaf_hash(b"x"), AT)
    at = data.draw(st.integers(0, len(note) - 1))
    put = data.draw(st.text(max_size=2).filter(lambda new: new != note[at]))
    with pytest.raises(BadHead):
        verify_head(PUBLIC, note[:at] + put + note[at + 1 :])


@pytest.mark.parametrize(
    "change",
    [
        lambda note: note.replace("\n300\n", "\n0300\n"),
        lambda note: note.replace("\n\n", "\nextra line\n\n"),
        lambda note: note.replace("\n\n", "\n"),
        lambda note: note[:-1],
        lambda note: note + "\n",
        lambda note: note + "— " + ORIGIN + " not base64\n",
        lambda note: note.split("— ", maxsplit=1)[0],
        lambda note: note.replace("time 2026-11-23", "time 2026-11-3"),
        lambda note: note.replace("/real", "/\ud800"),
        lambda note: note[:0],
    ],
)
def test_a_head_in_another_form_is_refused(change: Callable[[str], str]) -> None:
    with pytest.raises(BadHead):
        verify_head(PUBLIC, change(sign_head(KEY, ORIGIN, 300, leaf_hash(b"x"), AT)))


def test_a_head_belongs_to_its_world_and_its_key() -> None:
    note = sign_head(KEY, origin_of("330106", "drill-7"), 1, leaf_hash(b"x"), AT)
    with pytest.raises(BadHead, match="of bihuan/330106/drill-7, not of bihuan/330106/real"):
        verify_head(PUBLIC, note, origin=ORIGIN)
    with pytest.raises(BadHead, match="not signed by the key"):
        verify_head(Ed25519PrivateKey.generate().public_key(), note)


def test_a_witness_may_sign_beside_us() -> None:
    note = sign_head(KEY, ORIGIN, 1, leaf_hash(b"x"), AT)
    witness = sign_note(Ed25519PrivateKey.generate(), "archive.example", note.rpartition("\n\n")[0] + "\n")
    both = note + witness.rpartition("\n\n")[2]
    assert verify_head(PUBLIC, both) == verify_head(PUBLIC, note)


@pytest.mark.parametrize("part", ["", "a b", "a/b", "a+b", "a\nb", "a\x00"])
def test_a_ledger_has_a_plain_name(part: str) -> None:
    with pytest.raises(LedgerError, match="letters, digits"):
        origin_of("330106", part)


@pytest.mark.parametrize(
    ("size", "root", "at"), [(-1, EMPTY_ROOT, AT), (1, b"", AT), (1, EMPTY_ROOT, AT.replace(tzinfo=None))]
)
def test_nonsense_is_not_signed(size: int, root: bytes, at: datetime) -> None:
    with pytest.raises(LedgerError, match="no head of size"):
        sign_head(KEY, ORIGIN, size, root, at)


# The key file


def test_the_key_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "ledger.pem"
    made = load_or_create_key(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_or_create_key(path).private_bytes_raw() == made.private_bytes_raw()
    assert [p.name for p in path.parent.iterdir()] == ["ledger.pem"]


MAKE_KEY = """
import sys
from pathlib import Path
from bihuan.desk.ledger.signing import load_or_create_key
print(load_or_create_key(Path(sys.argv[1])).public_key().public_bytes_raw().hex())
"""


def test_processes_that_start_together_agree_on_one_key(tmp_path: Path) -> None:
    command = [sys.executable, "-c", MAKE_KEY, str(tmp_path / "ledger.pem")]
    together = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(8)]
    keys = [process.communicate(timeout=60)[0].strip() for process in together]
    assert len(set(keys)) == 1
    assert len(keys[0]) == 64


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ledger.pem"
    load_or_create_key(path)
    path.chmod(0o640)
    with pytest.raises(KeyFileError, match=r"mode 0640.*chmod 600"):
        load_key(path)


@pytest.mark.parametrize("content", [b"", b"not a key", None])
def test_a_file_that_is_no_ed25519_key_is_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "ledger.pem"
    if content is None:
        key = other_kind_of_key(SECP256R1())
        content = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(KeyFileError, match=r"ledger\.pem"):
        load_key(path)


def test_a_lost_key_is_not_replaced_in_silence(tmp_path: Path) -> None:
    with pytest.raises(KeyFileError, match="Restore it from the backup"):
        load_key(tmp_path / "ledger.pem")


# Receipts


@pytest.mark.parametrize(("position", "size"), [(0, 1), (0, 300), (299, 300), (255, 512), (256, 1_000), (999, 1_000)])
def test_a_true_receipt_is_found_true(tmp_path: Path, world: World, position: int, size: int) -> None:
    done = verify(tmp_path, PUBLISHED, world.receipt(position, size))
    assert (done.returncode, done.stderr) == (0, "")
    assert f"属实 OK: {ORIGIN}, {position + 1} / {size}\n{event(position)}" in done.stdout


def test_without_the_published_key_the_reader_is_told_to_compare(tmp_path: Path, world: World) -> None:
    done = verify(tmp_path, "-", world.receipt(0, 300))
    assert done.returncode == 0
    assert f"compare with the published key: {PUBLISHED}" in done.stdout


def flipped(encoded: str, byte: int = 0) -> str:
    raw = bytearray(b64decode(encoded))
    raw[byte] ^= 1
    return b64encode(raw).decode()


def resized(note: str) -> str:
    return note.replace("\n300\n", "\n301\n")


FORGERIES: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "event": lambda r: {**r, "event": r["event"].replace("示意", "別的")},
    "event and its hash": lambda r: {
        **r,
        "event": r["event"] + " ",
        "leaf_hash": b64encode(leaf_hash(r["event"].encode() + b" ")).decode(),
    },
    "leaf hash": lambda r: {**r, "leaf_hash": flipped(r["leaf_hash"])},
    "position": lambda r: {**r, "position": r["position"] + 1},
    "half a position": lambda r: {**r, "position": r["position"] + 0.5},
    "position past the end": lambda r: {**r, "position": 300},
    "position before the start": lambda r: {**r, "position": -1},
    "path": lambda r: {**r, "path": [flipped(r["path"][0]), *r["path"][1:]]},
    "path too short": lambda r: {**r, "path": r["path"][1:]},
    "no path": lambda r: {**r, "path": []},
    "path too long": lambda r: {**r, "path": [*r["path"], r["path"][0]]},
    "path in another order": lambda r: {**r, "path": r["path"][::-1]},
    "size in the head": lambda r: {**r, "head": resized(r["head"])},
    "time in the head": lambda r: {**r, "head": r["head"].replace("time 2026", "time 2025")},
    "origin in the head": lambda r: {**r, "head": r["head"].replace("/real", "/mock")},
    "signature": lambda r: {**r, "head": r["head"][:-3] + ("A" if r["head"][-3] != "A" else "B") + "=\n"},
    "commitment": lambda r: {**r, "commitment": commit("code-8")},
}


@pytest.mark.parametrize("what", FORGERIES)
def test_a_forged_receipt_is_found_false(tmp_path: Path, world: World, what: str) -> None:
    receipt: dict[str, Any] = deepcopy({**world.receipt(7, 300)})
    forged = FORGERIES[what](receipt)
    assert forged != receipt
    done = verify(tmp_path, PUBLISHED, forged)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("不符 FAILED: ")


def test_a_receipt_signed_by_another_key_is_found_false(tmp_path: Path, world: World) -> None:
    thief = Ed25519PrivateKey.generate()
    note = sign_head(thief, ORIGIN, 300, world.store.frontier.root(), AT)
    forged = {
        **world.receipt(7, 300),
        "head": note,
        "public_key": b64encode(thief.public_key().public_bytes_raw()).decode(),
    }
    assert verify(tmp_path, PUBLISHED, forged).returncode == 1


@pytest.mark.parametrize("document", [{}, [], "", {"head": 7}, {"head": "x", "public_key": "?"}, None])
def test_what_is_not_a_receipt_is_called_unreadable(tmp_path: Path, document: object) -> None:
    done = verify(tmp_path, PUBLISHED, document)
    assert done.returncode == 2
    assert done.stderr.startswith("读不了 UNREADABLE: ")


def test_the_verifier_explains_itself(tmp_path: Path) -> None:
    done = verify(tmp_path, PUBLISHED)
    assert done.returncode == 2
    assert "receipt.json" in done.stderr


@pytest.mark.parametrize(("old", "new"), [(1, 300), (300, 300), (300, 512), (300, 1_000), (512, 1_000)])
def test_an_older_receipt_is_a_prefix_of_a_newer(tmp_path: Path, world: World, old: int, new: int) -> None:
    done = verify(tmp_path, PUBLISHED, world.receipt(7, new), world.receipt(0, old), world.proof(old, new))
    assert (done.returncode, done.stderr) == (0, "")


def rewritten(number: int) -> str:
    return event(number if number != 250 else 9_999)


@pytest.mark.parametrize("path", ["honest", "forged", "none"])
def test_a_rewritten_history_is_found_out_by_two_receipts(tmp_path: Path, world: World, path: str) -> None:
    forged = grow([300, 1_000], rewritten)
    proofs: dict[str, object] = {
        "honest": world.proof(300, 1_000),
        "forged": forged.proof(300, 1_000),
        "none": {"path": []},
    }
    done = verify(tmp_path, PUBLISHED, forged.receipt(7, 1_000), world.receipt(7, 300), proofs[path])
    assert (done.returncode, done.stdout) == (1, "")


def test_receipts_of_two_worlds_are_not_compared(tmp_path: Path, world: World) -> None:
    drill = grow([300], origin="bihuan/330106/drill-7")
    done = verify(tmp_path, PUBLISHED, world.receipt(7, 300), drill.receipt(7, 300), world.proof(300, 300))
    assert done.returncode == 1
    assert "two ledgers" in done.stderr


def test_a_truncated_ledger_is_found_out(tmp_path: Path, world: World) -> None:
    done = verify(tmp_path, PUBLISHED, world.receipt(7, 300), world.receipt(7, 512), world.proof(300, 512))
    assert done.returncode == 1


def test_the_desk_does_not_hand_out_what_it_cannot_prove(world: World) -> None:
    forged = grow([300], rewritten)
    with pytest.raises(LedgerError, match="run `bihuan audit`"):
        build_receipt(
            forged.store, PUBLIC, note=world.notes[300], position=7, event=event(7), commitment=commit("code-7")
        )
    with pytest.raises(LedgerError, match="another report's"):
        build_receipt(
            world.store, PUBLIC, note=world.notes[300], position=7, event=event(7), commitment=commit("code-8")
        )
    with pytest.raises(LedgerError, match="no leaf 300 in a tree of 300"):
        world.receipt(300, 300)
    with pytest.raises(LedgerError, match="contradict each other"):
        build_consistency(
            world.store,
            PUBLIC,
            old=forged.notes[300],
            new=sign_head(KEY, ORIGIN, 1_000, world.store.frontier.root(), AT),
        )


class Wide:
    """As many leaves as one likes; only the number of hashes matters here."""

    def leaves(self, start: int, stop: int) -> list[bytes]:
        return [leaf_hash(event(7).encode())] * (stop - start)

    def subtrees(self, level: int, start: int, stop: int) -> list[bytes]:
        return [leaf_hash(b"%d" % level)] * (stop - start)


def test_a_proof_at_a_million_events_is_under_two_kilobytes(world: World) -> None:
    receipt = world.receipt(7, 1_000)
    path = [b64encode(h).decode() for h in inclusion_proof(Wide(), 500_000, 1_000_000)]
    at_a_million = {**receipt, "path": path, "position": 500_000, "head": receipt["head"].replace("1000", "1000000")}
    assert len(path) == 20
    assert len(json.dumps(at_a_million, ensure_ascii=False).encode()) <= 2_000


def test_the_verifier_stands_alone_and_is_short() -> None:
    tree = ast.parse(VERIFIER.read_text("utf-8"))
    imported = {n.module for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
    imported |= {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
    assert {name.partition(".")[0] for name in imported if name} - set(sys.stdlib_module_names) == {"cryptography"}
    judging = [n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name != "main"]
    assert sum((n.end_lineno or 0) - n.lineno + 1 for n in judging) <= 45


def test_the_key_in_a_receipt_is_the_published_one(world: World) -> None:
    raw = b64decode(world.receipt(7, 300)["public_key"])
    assert Ed25519PublicKey.from_public_bytes(raw) == PUBLIC

"""Signed tree heads: a C2SP checkpoint (signed note) with Ed25519, one origin for each world.

The signed bytes are the four lines, each ended by a newline, in UTF-8::

    bihuan/<district>/<world>
    <size, decimal>
    <root, base64>
    time <UTC, whole seconds>

An empty line and the signature line follow: ``— <origin> <base64 of key id ‖ signature>``. Formats:
c2sp.org/tlog-checkpoint and c2sp.org/signed-note (signature type 0x01).
"""

import os
import secrets
from base64 import b64decode, b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from bihuan.desk.ledger.tree import HASH_BYTES, LedgerError

_ED25519 = b"\x01"
_TIME = "time %Y-%m-%dT%H:%M:%SZ"
# The format's own floor: a note may carry the signatures of witnesses beside ours.
_MOST_SIGNATURES = 16


class BadHead(LedgerError):
    """A signed head that must not be believed; the message says why."""


class KeyFileError(LedgerError):
    """The signing key's file cannot be used; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Head:
    """What was signed: the root of the first ``size`` events of a world, at an instant (UTC, whole seconds)."""

    origin: str
    size: int
    root: bytes
    at: datetime

    def text(self) -> str:
        """The exact text under the signature."""
        lines = (self.origin, str(self.size), b64encode(self.root).decode(), self.at.strftime(_TIME))
        return "".join(line + "\n" for line in lines)


def origin_of(district: str, world: str) -> str:
    """The name that a world's heads are signed under. Both parts without spaces, slashes or ``+``."""
    for part in (district, world):
        if not part or any(c.isspace() or not c.isprintable() or c in "/+" for c in part):
            raise LedgerError(f"{part!r} cannot stand in the name of a ledger: use letters, digits, hyphens")
    return f"bihuan/{district}/{world}"


def load_or_create_key(path: Path) -> Ed25519PrivateKey:
    """The signing key in ``path`` (PEM, PKCS #8); made with mode 0600 where none exists.

    Safe when several processes start at once: one file wins, all read it.
    """
    if not path.exists():
        _create(path)
    return load_key(path)


def load_key(path: Path) -> Ed25519PrivateKey:
    try:
        mode, pem = path.stat().st_mode, path.read_bytes()
    except OSError as e:
        raise KeyFileError(
            f"the ledger's key {path} cannot be read: {e.strerror}. Restore it from the backup of the keys"
        ) from e
    if mode & 0o077:
        raise KeyFileError(
            f"the ledger's key {path} can be read by others (mode {mode & 0o777:04o}): run chmod 600 {path}"
        )
    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError) as e:
        raise KeyFileError(f"{path} is not a private key in PEM: restore it from the backup of the keys") from e
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyFileError(f"{path} holds another kind of key: the ledger signs with Ed25519")
    return key


def _create(path: Path) -> None:
    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            out.write(pem)
            out.flush()
            os.fsync(out.fileno())
        # A link, not a rename: it never replaces a key that another process made meanwhile.
        path.hardlink_to(draft)
        _sync_folder(path.parent)
    except FileExistsError:
        pass
    finally:
        draft.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def key_id(name: str, public_key: Ed25519PublicKey) -> bytes:
    """The 4 bytes by which a signature line names its key."""
    return sha256(name.encode() + b"\n" + _ED25519 + public_key.public_bytes_raw()).digest()[:4]


def verifier_key(name: str, public_key: Ed25519PublicKey) -> str:
    """The public key in the form that note tools read: ``<name>+<key id>+<base64 of type ‖ key>``."""
    encoded = b64encode(_ED25519 + public_key.public_bytes_raw()).decode()
    return f"{name}+{key_id(name, public_key).hex()}+{encoded}"


def sign_note(key: Ed25519PrivateKey, name: str, text: str) -> str:
    """``text`` (ending in a newline) with its empty line and one signature line."""
    blob = key_id(name, key.public_key()) + key.sign(text.encode())
    return f"{text}\n— {name} {b64encode(blob).decode()}\n"


def sign_head(key: Ed25519PrivateKey, origin: str, size: int, root: bytes, at: datetime) -> str:
    """The signed note of a head. ``at`` must know its zone; fractions of a second are dropped."""
    if at.tzinfo is None or size < 0 or len(root) != HASH_BYTES:
        raise LedgerError(
            f"no head of size {size} with a root of {len(root)} bytes at {at}: size ≥ 0, {HASH_BYTES} bytes, a zone"
        )
    return sign_note(key, origin, Head(origin, size, root, at.astimezone(UTC).replace(microsecond=0)).text())


def verify_head(public_key: Ed25519PublicKey, note: str, *, origin: str | None = None) -> Head:
    """The head in ``note``; raises ``BadHead`` unless ``public_key`` signed exactly these bytes.

    Give ``origin`` wherever the world is known: one key signs for several worlds.
    """
    text, empty, signatures = note.rpartition("\n\n")
    if not empty:
        raise BadHead("the head has no signature: an empty line and a line beginning with “—” are missing")
    head = _parse(text + "\n")
    if origin is not None and head.origin != origin:
        raise BadHead(f"this head is of {head.origin}, not of {origin}")
    known = key_id(head.origin, public_key)
    ours = [blob[4:] for name, blob in _signatures(signatures) if name == head.origin and blob[:4] == known]
    if not ours:
        raise BadHead(f"the head of {head.origin} is not signed by the key {known.hex()}")
    for signature in ours:
        try:
            public_key.verify(signature, head.text().encode())
        except InvalidSignature as e:
            raise BadHead(f"the signature of {head.origin} at size {head.size} is false") from e
    return head


def _parse(text: str) -> Head:
    """The head whose text this is, to the byte: no leading zero, no second spelling of base64, no further line."""
    try:
        origin, size, root, time, _ = text.split("\n")
        at = datetime.strptime(time, _TIME).replace(tzinfo=UTC)
        head = Head(origin, int(size), b64decode(root, validate=True), at)
        text.encode()  # a lone surrogate, as JSON may carry one, ends here
    except ValueError as e:
        raise BadHead("a head has four lines: origin, size, root in base64, time") from e
    if not origin or len(head.root) != HASH_BYTES or head.size < 0 or head.text() != text:
        raise BadHead(f"the head of {origin or 'nobody'} is not written in the one form that is signed")
    return head


def _signatures(block: str) -> Iterator[tuple[str, bytes]]:
    lines = block.split("\n")
    if lines.pop() or not 0 < len(lines) <= _MOST_SIGNATURES:
        raise BadHead(f"a head ends with 1 to {_MOST_SIGNATURES} signature lines, each ended by a newline")
    for line in lines:
        try:
            dash, name, blob = line.split(" ")
            signature = b64decode(blob, validate=True)
        except ValueError as e:
            raise BadHead(f"not a signature line: {line[:80]}") from e
        # The last sign of base64 may have bits that decode to nothing: a second spelling of the same signature.
        if dash != "—" or b64encode(signature).decode() != blob:
            raise BadHead(f"not a signature line: {line[:80]}")
        yield name, signature

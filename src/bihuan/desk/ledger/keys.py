"""Which key signs the heads of this site: the private one in a file, the public ones in the database."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings
from django.db import connection

from bihuan.desk.ledger.signing import KeyFileError, load_key, load_or_create_key

SETTING = "ledger.keys"


def path() -> Path:
    return Path(settings.DATA) / "ledger.pem"


def signing_key() -> Ed25519PrivateKey:
    """The key of this site: made at the first start, and from then on never replaced in silence.

    Raises ``KeyFileError`` when the file is missing or is not the key that this database signs with.
    """
    known = public_keys()
    key = load_key(path()) if known else load_or_create_key(path())
    if not known:
        known = _announce(key.public_key())
    if key.public_key().public_bytes_raw() != known[-1].public_bytes_raw():
        raise KeyFileError(
            f"{path()} is not the key that this database signs its heads with: put back the copy from the backup of "
            "the keys; if it is lost, run `bihuan renew-key` and publish the new key"
        )
    return key


def public_keys() -> list[Ed25519PublicKey]:
    """Every key that heads of this database were signed with, the present one last."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT value FROM setting WHERE key = %s", [SETTING])
        row = cursor.fetchone()
    return [Ed25519PublicKey.from_public_bytes(bytes.fromhex(raw)) for raw in orjson.loads(row[0])] if row else []


def renew_key() -> Ed25519PublicKey:
    """From now on sign with the key in the file (made if there is none). The earlier ones stay known, for old heads."""
    return _announce(load_or_create_key(path()).public_key())[-1]


def public_key_text(key: Ed25519PublicKey) -> str:
    """The public key in base64, as it is to be published."""
    return b64encode(key.public_bytes_raw()).decode()


def _announce(key: Ed25519PublicKey) -> list[Ed25519PublicKey]:
    """Put the key last in the list. Two processes that do so at once follow each other: the row is locked."""
    raw = key.public_bytes_raw().hex()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO setting (key, value) VALUES (%s, %s) ON CONFLICT (key) DO UPDATE SET value ="
            " ((setting.value::jsonb - %s::text) || to_jsonb(%s::text))::text",
            [SETTING, orjson.dumps([raw]).decode(), raw, raw],
        )
    return public_keys()

"""The key by which push services know this site (VAPID): made once; the private half lies in the vault."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from uuid import NAMESPACE_URL, UUID, uuid5

import orjson
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.db import connection, transaction

from bihuan.desk import vault

SETTING = "notices.push"
PLACE = uuid5(NAMESPACE_URL, "bihuan:push-key")


@dataclass(frozen=True)
class PushKey:
    """``public``: as browsers want it. ``private``: PEM; empty where the vault no longer opens it."""

    public: str
    private: str = field(repr=False)


def push_key() -> PushKey:
    """The key of this site, made at the first question."""
    raw = _stored()
    if raw is None:
        _make()
        raw = _stored() or {}
    opened = vault.open_items(PLACE, [raw["ref"]])[raw["ref"]]
    return PushKey(raw["public"], "" if isinstance(opened, vault.Gone) else opened)


def _stored() -> dict[str, str] | None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT value FROM setting WHERE key = %s", [SETTING])
        row = cursor.fetchone()
    found: dict[str, str] | None = orjson.loads(row[0]) if row else None
    return found


def _make() -> None:
    """Two processes that do so at once: the first to set it wins, and the other's key opens nothing."""
    key = ec.generate_private_key(ec.SECP256R1())
    plain = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    point = (serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    public = urlsafe_b64encode(key.public_key().public_bytes(*point)).rstrip(b"=").decode()
    sealed = vault.seal(PLACE, None, {"push": key.private_bytes(*plain).decode()})
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO setting (key, value) VALUES (%s, %s) ON CONFLICT DO NOTHING",
            [SETTING, orjson.dumps({"public": public, "ref": sealed.refs["push"]}).decode()],
        )
        if cursor.rowcount:
            keep(sealed, PLACE)


def keep(sealed: vault.Sealed, place: UUID) -> None:
    """Rows of the vault for what is no case: in the caller's transaction."""
    with connection.cursor() as cursor:
        vault.keep(cursor, place, sealed)

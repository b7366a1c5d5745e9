"""API tokens: who holds one, in which post, with which scopes; and the answer kept under his idempotency key.

All of it in one query, because every request of a program begins with it. Only a token's SHA-256 is stored.
"""

from __future__ import annotations

import hashlib
import os
from base64 import urlsafe_b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.utils import timezone

from bihuan.desk import answers, change, instant, intake
from bihuan.desk.actor import ANONYMOUS, Actor
from bihuan.desk.answers import Outcome
from bihuan.desk.intake import Intake

PREFIX = "bh_"
# What a token may be good for. A scope never gives more than the post that the token belongs to.
SCOPES = ("report", "read", "work", "verify", "triage", "oversight", "admin", "signal")


@dataclass(frozen=True)
class Caller:
    """Whoever calls through a token. ``kept``: digest and body of the answer given before under his key."""

    actor: Actor
    scopes: frozenset[str]
    token: str
    kept: tuple[bytes, str] | None = None


NOBODY = Caller(ANONYMOUS, frozenset(), "")

_FIND = (
    "SELECT p.person_id, p.unit_id, p.role, t.scopes, t.name,"
    " array(SELECT DISTINCT q.unit_id FROM post q WHERE q.person_id = p.person_id AND q.starts <= %s::date"
    " AND (q.ends IS NULL OR q.ends >= %s::date)), a.digest, a.body"
    " FROM token t JOIN post p ON p.id = t.post_id JOIN unit u ON u.code = p.unit_id"
    " LEFT JOIN answer a ON a.world_id = %s AND a.who = p.person_id::text AND a.key = %s"
    " WHERE t.digest = %s AND t.revoked IS NULL AND (t.expires IS NULL OR t.expires > %s)"
    " AND p.starts <= %s::date AND (p.ends IS NULL OR p.ends >= %s::date) AND (u.ends IS NULL OR u.ends >= %s::date)"
)


def digest_of(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def find_caller(token: str, *, key: str | None = None, world: int = 1) -> Caller | None:
    """The holder of a token that is good now, in a post that is held today; ``None`` for any other."""
    at = instant.wall()
    day = timezone.localtime(at).date()
    with connection.cursor() as cursor:
        cursor.execute(_FIND, [day, day, world, key or "", digest_of(token), at, day, day, day])
        row = cursor.fetchone()
    if row is None:
        return None
    person, unit, role, scopes, name, units, digest, body = row
    actor = Actor(str(person), unit, frozenset({role}), frozenset(units))
    kept = (bytes(digest), body) if key is not None and digest is not None else None
    return Caller(actor, frozenset(scopes.split()), name, kept)


def issue_token(post: int, name: str, scopes: Iterable[str], *, expires: datetime | None = None) -> str:
    """A new token for a post, shown this once. Raises ``ValueError`` for an unknown scope."""
    wanted = sorted(set(scopes))
    if unknown := [scope for scope in wanted if scope not in SCOPES]:
        raise ValueError(f"unknown scope {' '.join(unknown)}; scopes: {' '.join(SCOPES)}")
    token = PREFIX + urlsafe_b64encode(os.urandom(30)).decode()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO token (digest, post_id, name, scopes, created, expires) VALUES (%s, %s, %s, %s, %s, %s)",
            [digest_of(token), post, name, " ".join(wanted), instant.wall(), expires],
        )
    return token


def revoke_token(token: str) -> bool:
    """Whether there was such a token that was still good."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE token SET revoked = %s WHERE digest = %s AND revoked IS NULL", [instant.wall(), digest_of(token)]
        )
        return bool(cursor.rowcount)


def replay_for(caller: Caller, key: str, digest: bytes, *, world: int = 1) -> Outcome | None:
    """The answer that was kept under the caller's key, if any. Raises ``KeyReused`` when something else was asked."""
    if caller.kept is not None:
        return answers.replayed(world, caller.actor.person, key, digest, caller.kept)
    return None if caller.actor.person else answers.replay(world, "", key, digest)


def report_for(
    caller: Caller,
    asked: Intake,
    *,
    purpose: str,
    key: str | None,
    digest: bytes,
    happened_at: datetime | None = None,
    world: int = 1,
) -> Outcome:
    """``report`` for a door that has looked for a kept answer already (``replay_for``): one round trip less."""
    return intake.register(asked, change.Asked(caller.actor, purpose, world, key, happened_at), digest)


def post_of(person: UUID, unit: str, role: str) -> int | None:
    """The id of a current post, for issuing a token."""
    day = timezone.localtime(instant.wall()).date()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM post WHERE person_id = %s AND unit_id = %s AND role = %s AND starts <= %s"
            " AND (ends IS NULL OR ends >= %s)",
            [person, unit, role, day, day],
        )
        row = cursor.fetchone()
    return row[0] if row else None


# -- for the administrator ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Post:
    """A post that somebody holds today."""

    id: int
    unit: str
    role: str


@dataclass(frozen=True)
class Issued:
    """A token as a list shows it: ``number`` are the first digits of its hash, the token itself is stored nowhere."""

    number: str
    name: str
    unit: str
    role: str
    scopes: str
    created: datetime
    expires: datetime | None
    revoked: datetime | None


def person_of(account: str) -> UUID:
    """The person behind an account. Raises ``LookupError`` in words."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT q.id FROM person q JOIN auth_user a ON a.id = q.user_id WHERE a.username = %s", [account]
        )
        row = cursor.fetchone()
    if row is None:
        raise LookupError(f"没有账号 {account}。 There is no account {account}.")
    person: UUID = row[0]
    return person


def posts_of(account: str) -> list[Post]:
    """The posts that the person behind an account holds today."""
    day = timezone.localtime(instant.wall()).date()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT p.id, p.unit_id, p.role FROM post p JOIN person q ON q.id = p.person_id"
            " JOIN auth_user a ON a.id = q.user_id WHERE a.username = %s AND p.starts <= %s"
            " AND (p.ends IS NULL OR p.ends >= %s) ORDER BY p.id",
            [account, day, day],
        )
        return [Post(*row) for row in cursor.fetchall()]


def issued_tokens() -> list[Issued]:
    """All tokens, the newest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT left(encode(t.digest, 'hex'), 12), t.name, p.unit_id, p.role, t.scopes, t.created, t.expires,"
            " t.revoked FROM token t JOIN post p ON p.id = t.post_id ORDER BY t.created DESC, t.digest"
        )
        return [Issued(*row) for row in cursor.fetchall()]


def revoke_number(number: str) -> bool:
    """Revoke by the number that the list shows. Whether there was such a token that was still good."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE token SET revoked = %s WHERE left(encode(digest, 'hex'), 12) = %s AND revoked IS NULL",
            [instant.wall(), number],
        )
        return bool(cursor.rowcount)

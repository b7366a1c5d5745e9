"""Mail to residents who asked for it: what is new in public in a place, once a day at most; how their own case goes.

Nothing but one letter with the question leaves before the holder of the address has confirmed. The address lies in the
vault under a key of the subscription; to stop erases it. The letter of a case tells number and stage, and no words.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from django.conf import settings
from django.db import connection, transaction

from bihuan.desk import identity, instant, keyring, names, ports, public_cases, vault
from bihuan.desk.actor import SYSTEM
from bihuan.desk.ports import Bulletin, BulletinLine, NotDelivered
from bihuan.desk.public_cases import PublicFilters
from bihuan.desk.reads import TrackView
from bihuan.kernel.case import OPEN_STAGES, Stage

A_BATCH = 20
MOST_LINES = 20
A_DAY, AGAIN, LOOK = timedelta(days=1), timedelta(hours=1), timedelta(minutes=10)
# Unconfirmed after this, or with a case that has been over for this long, it ends by itself.
ENDS_AFTER = timedelta(days=30)
WAITS = (60, 300, 1800, 7200, 43_200)


class BadAddress(ValueError):
    """What is wrong with the address, or with the site, in words."""


@dataclass(frozen=True)
class Subscription:
    """``ground`` is empty for the whole district; ``case``: for one case instead. ``number`` is that of the case."""

    id: UUID
    ground: str
    case: UUID | None
    number: int
    is_confirmed: bool
    is_ended: bool


def ask(address: str, language: str, *, ground: str = "", tracked: TrackView | None = None) -> None:
    """Note the wish; a letter asks the holder of the address to confirm it. Raises ``BadAddress``."""
    if not settings.SITE:
        raise BadAddress(
            "管理员还没有设置网址（BIHUAN_SITE），不能发信。 No address of this site is set (BIHUAN_SITE)."
        )
    try:
        ports.teller().check("mail", address)
    except ValueError as error:
        raise BadAddress(str(error)) from None
    key, at = identity.new_id(), instant.wall()
    person = UUID(tracked.reporter) if tracked is not None and tracked.reporter else None
    sealed = vault.seal(key, person, {"mail": address})
    token = _token(key)
    with transaction.atomic(), connection.cursor() as cursor:
        vault.keep(cursor, key, sealed)
        cursor.execute(
            "INSERT INTO subscription (id, district, ground, case_id, address, language, digest, created, told, stage,"
            " next_try) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, NULL)",
            [
                key, settings.DISTRICT, ground, tracked.id if tracked is not None else None, sealed.refs["mail"],
                "en" if language == "en" else "zh", hashlib.sha256(token).digest(), at, at,
                str(tracked.state.stage) if tracked is not None else "",
            ],
        )  # fmt: skip
    try:
        ports.teller().write(address, Bulletin(key, language, token.hex(), True, names.place(ground), (), 0))
    except NotDelivered as error:
        stop(token.hex())
        raise BadAddress(f"信没有发出去：{error}。 The letter did not go out: {error}.") from None


def find(token: str) -> Subscription | None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT s.id, s.ground, s.case_id, coalesce(c.number, 0), s.confirmed IS NOT NULL, s.ended IS NOT NULL"
            " FROM subscription s LEFT JOIN case_row c ON c.id = s.case_id WHERE s.digest = %s",
            [_digest(token)],
        )
        row = cursor.fetchone()
    return Subscription(*row) if row else None


def confirm(token: str) -> bool:
    """From now on letters come. Whether there was such a wish, not ended."""
    at = instant.wall()
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE subscription SET confirmed = coalesce(confirmed, %s), next_try = coalesce(next_try, %s)"
            " WHERE digest = %s AND ended IS NULL",
            [at, at, _digest(token)],
        )
        return bool(cursor.rowcount)


def stop(token: str) -> bool:
    """No more letters, and the address is erased for good. Whether there was such a wish."""
    found = find(token)
    if found is None:
        return False
    _end(found.id)
    return True


def _token(key: UUID) -> bytes:
    """The secret of its links: the same in every letter, made again each time, so that it is not stored."""
    return hmac.digest(keyring.code_key(), b"mail\n" + key.bytes, "sha256")


def _digest(token: str) -> bytes:
    return hashlib.sha256(bytes.fromhex(token)).digest()


def _end(key: UUID) -> None:
    at = instant.wall()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE subscription SET ended = coalesce(ended, %s), next_try = NULL WHERE id = %s", [at, key])
        cursor.execute("SELECT DISTINCT person FROM vault_key WHERE case_id = %s AND wrapped IS NOT NULL", [key])
        people = [row[0] for row in cursor.fetchall()]
    for person in people:
        vault.erase_case_person(key, person, by=SYSTEM, reason="subscription ended", at=at)


# --- letters


def step() -> int:
    """Look at those that are due; returns how many. Letters leave after the claim, under a key that stays the same."""
    at = instant.wall()
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE subscription SET next_try = %s WHERE id IN (SELECT id FROM subscription WHERE ended IS NULL"
            " AND next_try <= %s ORDER BY next_try LIMIT %s FOR UPDATE SKIP LOCKED)"
            " RETURNING id, ground, case_id, address, language, told, stage, attempts",
            [at + AGAIN, at, A_BATCH],
        )
        rows = cursor.fetchall()
    for row in rows:
        _look(row, at)
    return len(rows)


def _look(row: tuple[Any, ...], at: datetime) -> None:
    key, ground, case, ref, language, told, stage, attempts = row
    address = vault.open_items(key, [ref])[ref]
    if isinstance(address, vault.Gone):
        _end(key)
        return
    lines, count, now_in = _news(ground, told, at) if case is None else _moved(case, stage)
    if not count:
        is_over = case is not None and not now_in and told < at - ENDS_AFTER
        if is_over:
            _end(key)
        else:
            _again(key, at + (LOOK if case is not None else AGAIN))
        return
    once = uuid5(key, f"{told.isoformat()}:{now_in}")
    bulletin = Bulletin(once, language, _token(key).hex(), False, names.place(ground), lines, count)
    try:
        ports.teller().write(address, bulletin)
    except NotDelivered as error:
        _put_off(key, attempts, str(error), at, for_good=error.for_good)
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE subscription SET told = %s, stage = %s, attempts = 0, last_error = '', next_try = %s WHERE id = %s",
            [at, now_in, at + (LOOK if case is not None else A_DAY), key],
        )


def _news(ground: str, told: datetime, at: datetime) -> tuple[tuple[BulletinLine, ...], int, str]:
    """Public cases of the place that were registered since the last letter."""
    places = tuple(one.place for one in names.units().values() if one.place.startswith(ground) and len(one.place) > 8)
    found = public_cases.public_cases(
        PublicFilters(places=places if ground else (), opened_from=told, opened_to=at), size=public_cases.MOST
    )
    lines = tuple(
        BulletinLine(one.number, (one.category.name, one.category.name_en), one.place.name, one.stage)
        for one in found[:MOST_LINES]
    )
    return lines, len(found), ""


def _moved(case: UUID, stage: str) -> tuple[tuple[BulletinLine, ...], int, str]:
    """How the case stands, where that changed since the last letter; the stage, empty once it is over and told."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(l.number, c.number), coalesce(l.stage, c.stage) FROM case_row c"
            " LEFT JOIN case_row l ON l.id = c.merged_into WHERE c.id = %s",
            [case],
        )
        row = cursor.fetchone()
    if row is None or row[1] == stage:
        return (), 0, stage if row is not None and Stage(row[1]) in OPEN_STAGES else ""
    return (BulletinLine(row[0], None, "", Stage(row[1])),), 1, row[1]


def _again(key: UUID, when: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE subscription SET next_try = %s WHERE id = %s AND ended IS NULL", [when, key])


def _put_off(key: UUID, attempts: int, error: str, at: datetime, *, for_good: bool) -> None:
    """Tried again with growing waits; an address that the mail server refuses is erased."""
    if for_good or attempts >= len(WAITS):
        _end(key)
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE subscription SET attempts = attempts + 1, last_error = %s, next_try = %s WHERE id = %s",
            [error[:300], at + timedelta(seconds=WAITS[attempts]), key],
        )


def end_unconfirmed() -> int:
    """Wishes that nobody confirmed are forgotten, with their addresses; returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM subscription WHERE confirmed IS NULL AND ended IS NULL AND created < %s LIMIT 200",
            [instant.wall() - ENDS_AFTER],
        )
        old = [row[0] for row in cursor.fetchall()]
    for key in old:
        _end(key)
    return len(old)

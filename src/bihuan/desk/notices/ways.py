"""How a person is told outside the inbox: mail, a service that Apprise knows, a telephone; and when not.

Addresses and tokens lie in the vault, each under a key of the way and its person: erasing either erases them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from bihuan.desk import identity, instant, ports, vault
from bihuan.desk.actor import Actor
from bihuan.desk.ports import Letter, NotDelivered

KINDS = ("mail", "service", "push")
MOST = 6
DAY = 24 * 60


class BadWay(ValueError):
    """What is wrong with a way or a wish, in words."""


@dataclass(frozen=True)
class Way:
    """``is_spare``: used while another fails. ``address`` is empty where its key is gone. ``waiting``: notices."""

    id: UUID
    kind: str
    address: str
    is_spare: bool
    last_sent: datetime | None
    failing_since: datetime | None
    last_error: str
    next_try: datetime | None
    waiting: int


@dataclass(frozen=True)
class Wish:
    """Quiet from and until, in minutes of the day; ``None``: never. ``urgent_through``: what is urgent comes anyway."""

    quiet_from: int | None = None
    quiet_until: int | None = None
    urgent_through: bool = True
    language: str = "zh"


def add(person: UUID, kind: str, address: str, *, is_spare: bool = False) -> UUID:
    """A new way; it is told what comes from now on. Raises ``BadWay``."""
    address = address.strip()
    if kind not in KINDS or not address:
        raise BadWay("请写明方式和地址。 Say which way, and the address.")
    known = of(person)
    if any((one.kind, one.address) == (kind, address) for one in known):
        raise BadWay("这个方式已经有了。 This way is there already.")
    if len(known) >= MOST:
        raise BadWay(f"最多 {MOST} 个方式，请先删去一个。 There are {MOST} ways already; remove one first.")
    try:
        ports.teller().check(kind, address)
    except ValueError as error:
        raise BadWay(str(error)) from None
    key = identity.new_id()
    sealed = vault.seal(key, person, {"way": address})
    with transaction.atomic(), connection.cursor() as cursor:
        vault.keep(cursor, key, sealed)
        cursor.execute(
            "INSERT INTO notice_way (id, person_id, kind, address, is_spare, told, created) VALUES (%s, %s, %s, %s, %s,"
            " coalesce((SELECT max(id) FROM notice WHERE person_id = %s), 0), %s)",
            [key, person, kind, sealed.refs["way"], is_spare, person, instant.wall()],
        )
    return key


def of(person: UUID) -> list[Way]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT w.id, w.kind, w.address, w.is_spare, w.last_sent, w.failing_since, w.last_error, l.next_try,"
            " coalesce(l.notices, 0) FROM notice_way w"
            " LEFT JOIN notice_letter l ON l.way_id = w.id AND l.sent IS NULL AND l.next_try IS NOT NULL"
            " WHERE w.person_id = %s AND w.removed IS NULL ORDER BY w.is_spare, w.created",
            [person],
        )
        rows = cursor.fetchall()
    return [Way(row[0], row[1], opened(row[0], row[2]), *row[3:]) for row in rows]


def opened(way: UUID, ref: str) -> str:
    text = vault.open_items(way, [ref])[ref]
    return "" if isinstance(text, vault.Gone) else text


def remove(person: UUID, way: UUID) -> bool:
    """Nothing is sent there any more, and the address is erased for good. Whether it was his."""
    at = instant.wall()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE notice_way SET removed = %s WHERE id = %s AND person_id = %s AND removed IS NULL", [at, way, person]
        )
        if not cursor.rowcount:
            return False
        cursor.execute("UPDATE notice_letter SET next_try = NULL WHERE way_id = %s AND sent IS NULL", [way])
    by = Actor(str(person))
    vault.erase_case_person(way, person, by=by, reason="way to be told removed", at=at)
    return True


def test(person: UUID, way: UUID) -> str:
    """Send a test now. Returns why it did not arrive, empty when it was taken. Raises ``LookupError``."""
    found = next((one for one in of(person) if one.id == way), None)
    if found is None:
        raise LookupError(str(way))
    at = instant.wall()
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE notice_way SET last_try = %s WHERE id = %s"
            " AND (last_try IS NULL OR last_try <= %s::timestamptz - interval '1 minute')",
            [at, way, at],
        )
        if not cursor.rowcount:
            return "一分钟内已经发过一次，请稍等。 One was sent within the last minute; please wait."
    try:
        ports.teller().tell(found.kind, found.address, Letter(identity.new_id(), wish_of(person).language, (), 0, True))
    except NotDelivered as error:
        return str(error)
    return ""


# -- wishes -------------------------------------------------------------------------------------------------------


def wish_of(person: UUID) -> Wish:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT quiet_from, quiet_until, urgent_through, language FROM notice_wish WHERE person_id = %s", [person]
        )
        row = cursor.fetchone()
    return Wish(*row) if row else Wish()


def set_wish(person: UUID, wish: Wish) -> None:
    """Raises ``BadWay``."""
    both = (wish.quiet_from, wish.quiet_until)
    if (both[0] is None) != (both[1] is None) or any(one is not None and not 0 <= one < DAY for one in both):
        raise BadWay("请把安静时段的开始和结束都写上，或者都空着。 Give both ends of the quiet hours, or neither.")
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO notice_wish (person_id, quiet_from, quiet_until, urgent_through, language)"
            " VALUES (%s, %s, %s, %s, %s) ON CONFLICT (person_id) DO UPDATE SET quiet_from = excluded.quiet_from,"
            " quiet_until = excluded.quiet_until, urgent_through = excluded.urgent_through,"
            " language = excluded.language",
            [person, *both, wish.urgent_through, "en" if wish.language == "en" else "zh"],
        )

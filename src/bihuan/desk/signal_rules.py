"""Rules of detectors as dated data, and what a judge keeps: its findings, its counts and its state, in one transaction.

What a rule may say is known to who judges (``sense``), which checks it before it is put in here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import orjson
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from bihuan.desk import instant, signal_sources

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Version:
    """``rows``: one a detector and kind of sensor."""

    id: int
    starts: date
    basis: str
    rows: Sequence[Row]
    imported: datetime
    imported_by: str


_COLUMNS = "id, starts, basis, body::text, imported, imported_by"
NONE = Version(0, date.min, "", (), datetime.min.replace(tzinfo=UTC), "")


def add(rows: Sequence[Row], *, starts: date, basis: str, by: str) -> int:
    """A new version, in force from that day on until another one is; the number it got."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO signal_rules (world_id, district, starts, basis, body, imported, imported_by)"
            " VALUES (1, %s, %s, %s, %s::jsonb, %s, %s) RETURNING id",
            [settings.DISTRICT, starts, basis, orjson.dumps(list(rows)).decode(), instant.now(), by],
        )
        return int(cursor.fetchone()[0])


def in_force(day: date | None = None) -> Version:
    """The one of that day, of several with one beginning the last; ``NONE`` before the first."""
    found = versions("WHERE starts <= %s", [day or timezone.localtime(instant.now()).date()], most=1)
    return found[0] if found else NONE


def versions(where: str = "", given: Sequence[Any] = (), most: int = 1000) -> list[Version]:
    """The latest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {_COLUMNS} FROM signal_rules {where} ORDER BY starts DESC, id DESC LIMIT %s",  # noqa: S608 - ours
            [*given, most],
        )
        return [Version(a, b, c, tuple(orjson.loads(d)), e, f) for a, b, c, d, e, f in cursor.fetchall()]


# -- what a judge keeps ---------------------------------------------------------------------------------------------


class OtherJudgeError(Exception):
    """Somebody else judges this part, or has since."""


GROUP = 20120


def hold(part: str, group: int = GROUP) -> bool:
    """Judge a part alone, for as long as this connection lives: whoever is killed lets go of it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s::int, hashtext(%s))", [group, part])
        return bool(cursor.fetchone()[0])


def let_go(part: str, group: int = GROUP) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_unlock(%s::int, hashtext(%s))", [group, part])


def holders(group: int) -> int:
    """How many connections hold something of this group in this database; at least one: whoever asks."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT greatest(1, count(DISTINCT pid)) FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2"
            " AND classid::bigint = %s AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
            [group],
        )
        return int(cursor.fetchone()[0])


def state_of(part: str) -> tuple[int, bytes | None]:
    """Its version, and what was kept; 0 and nothing at first."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT version, body FROM signal_state WHERE part = %s", [part])
        row = cursor.fetchone()
    return (row[0], bytes(row[1])) if row else (0, None)


def keep_state(part: str, version: int, body: bytes, faults: signal_sources.Faults) -> int:
    """Replace the state of that version, and count what was wrong, at once or not at all; the new version.

    Raises ``OtherJudgeError`` when another one replaced it before.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO signal_state AS s (world_id, district, part, version, body, saved)"
            " VALUES (1, %s, %s, %s, %s, %s) ON CONFLICT (part) DO UPDATE SET version = excluded.version,"
            " body = excluded.body, saved = excluded.saved WHERE s.version = excluded.version - 1",
            [settings.DISTRICT, part, version + 1, body, instant.now()],
        )
        if not cursor.rowcount:
            raise OtherJudgeError(part)
        signal_sources.count(faults)
    return version + 1

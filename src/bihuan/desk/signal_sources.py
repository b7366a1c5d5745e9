"""Who sends signals by MQTT and how many a minute are taken; what was wrong with what came, by source, kind, day."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import connection, transaction

from bihuan.desk import instant, signals

PER_MINUTE, SENSOR_PER_MINUTE = 300_000, 6_000
UNIT = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,39}")
NAME = re.compile(r"[0-9a-z][0-9a-z_-]{0,39}")
# Source, kind, code. An empty source: nobody whom we know.
Faults = Mapping[tuple[str, str, str], int]


@dataclass(frozen=True, slots=True)
class Source:
    """``source``: unit and name, the same as of a token of that name; its topics begin with ``signals/UNIT/NAME``."""

    source: str
    per_minute: int = PER_MINUTE
    sensor_per_minute: int = SENSOR_PER_MINUTE


def register(
    unit: str, name: str, *, per_minute: int = PER_MINUTE, sensor_per_minute: int = SENSOR_PER_MINUTE
) -> Source:
    """Let a source of this unit send; known already, it gets these limits. Raises ``ValueError`` in words."""
    if not NAME.fullmatch(name):
        raise ValueError(f"{name!r}: 名称用小写字母、数字、_、-,最多 40 个 / a name has a-z, 0-9, _, -, up to 40")
    if per_minute < 1 or sensor_per_minute < 1:
        raise ValueError("每分钟至少 1 条 / at least one reading a minute")
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM unit WHERE code = %s AND ends IS NULL", [unit])
        if cursor.fetchone() is None or not UNIT.fullmatch(unit):
            raise ValueError(f"没有单位 {unit} / there is no unit {unit!r} (bihuan units list)")
        cursor.execute(
            "INSERT INTO signal_source (world_id, district, source, per_minute, sensor_per_minute, since)"
            " VALUES (1, %s, %s, %s, %s, %s) ON CONFLICT (source) DO UPDATE SET ended = NULL,"
            " per_minute = excluded.per_minute, sensor_per_minute = excluded.sensor_per_minute",
            [settings.DISTRICT, f"{unit}/{name}", per_minute, sensor_per_minute, instant.now()],
        )
    return Source(f"{unit}/{name}", per_minute, sensor_per_minute)


def end(source: str) -> bool:
    """It may send no longer; what it sent stays. Whether there was such a one."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE signal_source SET ended = %s WHERE source = %s AND ended IS NULL", [instant.now(), source]
        )
        return bool(cursor.rowcount)


def sources() -> dict[str, Source]:
    """Those that may send."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT source, per_minute, sensor_per_minute FROM signal_source WHERE ended IS NULL ORDER BY source"
        )
        return {row[0]: Source(*row) for row in cursor.fetchall()}


_FAULT = (
    "INSERT INTO signal_fault AS f (world_id, district, source, kind, day, code, number)"
    " SELECT 1, %b::varchar, g.source, g.kind, %b::date, g.code, g.number"
    " FROM unnest(%b::varchar[], %b::varchar[], %b::varchar[], %b::bigint[]) AS g(source, kind, code, number)"
    " ORDER BY 3, 4, 6"
    " ON CONFLICT (source, kind, day, code) DO UPDATE SET number = f.number + excluded.number"
)


def count(faults: Faults) -> None:
    """Add to what was wrong today."""
    some = {key: number for key, number in faults.items() if number}
    if some:
        sources, kinds, codes = (list(column) for column in zip(*some, strict=True))
        with connection.cursor() as cursor:
            today = instant.now().date()
            cursor.execute(_FAULT, [settings.DISTRICT, today, sources, kinds, codes, list(some.values())])


def keep(sent: Mapping[str, Sequence[signals.Signal]], refused: Mapping[str, int], faults: Faults) -> None:
    """What several sources sent and what was wrong with it, at once or not at all."""
    with transaction.atomic():
        signals.keep_all(sent, refused)
        count(faults)


@dataclass(frozen=True, slots=True)
class Health:
    """One source since a day. ``heard``: when its newest signal arrived; ``faults`` by kind of sensor and code."""

    source: str
    taken: int
    duplicates: int
    contradictions: int
    late: int
    ahead: int
    refused: int
    heard: datetime | None
    faults: Mapping[str, Mapping[str, int]]


_HEALTH = (
    "SELECT source, sum(taken)::bigint, sum(duplicates)::bigint, sum(contradictions)::bigint, sum(late)::bigint,"
    " sum(ahead)::bigint, sum(refused)::bigint, max(heard) FROM ("
    " SELECT source, taken, duplicates, contradictions, late, ahead, refused, heard FROM signal_count WHERE day >= %s"
    " UNION ALL SELECT DISTINCT source, 0, 0, 0, 0, 0, 0, NULL::timestamptz FROM signal_fault WHERE day >= %s"
    " UNION ALL SELECT source, 0, 0, 0, 0, 0, 0, NULL FROM signal_source WHERE ended IS NULL"
    ") AS every GROUP BY source ORDER BY source"
)


def health(since: datetime) -> list[Health]:
    """How every source does since that day; also one that may send and was never heard, and ``""``: the unknown."""
    found: dict[str, dict[str, dict[str, int]]] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT source, kind, code, sum(number)::bigint FROM signal_fault WHERE day >= %s"
            " GROUP BY source, kind, code ORDER BY 1, 2, 3",
            [since.date()],
        )
        for source, kind, code, number in cursor.fetchall():
            found.setdefault(source, {}).setdefault(kind, {})[code] = number
        cursor.execute(_HEALTH, [since.date(), since.date()])
        return [Health(*(*row, found.get(row[0], {}))) for row in cursor.fetchall()]

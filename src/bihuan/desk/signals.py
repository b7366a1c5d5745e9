"""Signals: what a source observed, when it happened and when it arrived. Immutable, and kept once however often sent.

A signal is of a thing or a place, never of a person (law 9): a sensor, a gauge, a counter. What comes again is counted
and not kept twice; when it comes again with another value the first stays, and that is counted too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from bihuan.desk import instant

# Later than this after the event it counts as late, more than this before our clock as ahead; both are kept.
LATE, AHEAD = timedelta(hours=1), timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Signal:
    """``value`` of ``None``: the sensor spoke and had no number. ``kind``: what was observed: ``water_level``."""

    sensor: str
    kind: str
    happened: datetime
    value: float | None
    unit: str = ""
    place: str = ""
    lon: float | None = None
    lat: float | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """``duplicates`` came before; ``contradictions``: those of them with another value; ``late``, ``ahead``: taken."""

    taken: int = 0
    duplicates: int = 0
    contradictions: int = 0
    late: int = 0
    ahead: int = 0
    refused: int = 0

    def __add__(self, other: Kept) -> Kept:
        return Kept(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(self)))


# One statement for any number of signals, and what is there already is told apart in it: COPY could only fail on it.
_GIVEN = (
    "unnest(%b::varchar[], %b::varchar[], %b::varchar[], %b::timestamptz[], %b::float8[], %b::varchar[],"
    " %b::varchar[], %b::float8[], %b::float8[]) AS g(source, sensor, kind, happened, value, unit, place, lon, lat)"
)
_KEEP = (
    "WITH kept AS (INSERT INTO signal"  # noqa: S608 - ours
    " (world_id, arrived, bus, source, sensor, kind, happened, value, unit, place, lon, lat)"
    f" SELECT 1, %b::timestamptz, %b::int2, g.* FROM {_GIVEN}"
    " ON CONFLICT (source, sensor, kind, happened) DO NOTHING RETURNING source, happened)"
    " SELECT source, count(*), count(*) FILTER (WHERE happened < %b), count(*) FILTER (WHERE happened > %b)"
    " FROM kept GROUP BY source"
)
_CONTRADICT = (
    f"SELECT s.source, count(*) FROM {_GIVEN} JOIN signal s ON s.source = g.source AND s.sensor = g.sensor"  # noqa: S608
    " AND s.kind = g.kind AND s.happened = g.happened WHERE s.value IS DISTINCT FROM g.value GROUP BY s.source"
)
_COUNT = (
    "INSERT INTO signal_count AS c"
    " (world_id, source, day, heard, taken, duplicates, contradictions, late, ahead, refused)"
    " VALUES (1, %s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (source, day) DO UPDATE SET heard = excluded.heard,"
    " taken = c.taken + excluded.taken, duplicates = c.duplicates + excluded.duplicates,"
    " contradictions = c.contradictions + excluded.contradictions, late = c.late + excluded.late,"
    " ahead = c.ahead + excluded.ahead, refused = c.refused + excluded.refused"
)
_COLUMNS = [one.name for one in fields(Signal)]


def keep(signals: Sequence[Signal], *, source: str, refused: int = 0) -> Kept:
    """All of them in one transaction. ``refused``: so many more could not be read, to be counted with them."""
    return keep_all({source: signals}, {source: refused} if refused else {}).get(source, Kept())


def keep_all(
    sent: Mapping[str, Sequence[Signal]], refused: Mapping[str, int], *, bus: int | None = None
) -> dict[str, Kept]:
    """What several sources sent, in one transaction and one statement. ``bus``: the part over which it came."""
    now = instant.now()
    with transaction.atomic(), connection.cursor() as cursor:
        kept = _kept(cursor, sent, now, bus) if any(sent.values()) else {}
        for source, number in refused.items():
            kept[source] = kept.get(source, Kept()) + Kept(refused=number)
        # In one order always: two doors that count the same sources must not wait for one another.
        for source, one in sorted(kept.items()):
            if one != Kept():
                counted = [getattr(one, column.name) for column in fields(one)]
                cursor.execute(_COUNT, [source, now.date(), now, *counted])
    return kept


def _kept(cursor: Any, sent: Mapping[str, Sequence[Signal]], now: datetime, bus: int | None) -> dict[str, Kept]:  # noqa: ANN401
    signals = [one for some in sent.values() for one in some]
    sources = [source for source, some in sent.items() for _ in some]
    columns = [sources, *([getattr(one, name) for one in signals] for name in _COLUMNS)]
    cursor.execute(_KEEP, [now, bus, *columns, now - LATE, now + AHEAD])
    taken = {source: (count, late, ahead) for source, count, late, ahead in cursor.fetchall()}
    contradictions: dict[str, int] = {}
    if len(signals) > sum(count for count, _, _ in taken.values()):
        cursor.execute(_CONTRADICT, columns)
        contradictions = dict(cursor.fetchall())
    kept = {}
    for source, some in sent.items():
        count, late, ahead = taken.get(source, (0, 0, 0))
        kept[source] = Kept(count, len(some) - count, contradictions.get(source, 0), late, ahead)
    return kept


def counts(source: str, since: datetime) -> Kept:
    """What became of all that this source sent since that day."""
    names = ", ".join(f"coalesce(sum({one.name}), 0)::bigint" for one in fields(Kept))
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {names} FROM signal_count WHERE source = %s AND day >= %s",  # noqa: S608 - names are ours
            [source, since.date()],
        )
        return Kept(*cursor.fetchone())


# -- for who judges them --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Place:
    """How far somebody has read."""

    tx: int = 0
    id: int = 0


@dataclass(frozen=True, slots=True)
class Read:
    """Times in seconds since 1970, as arrays want them."""

    source: str
    sensor: str
    kind: str
    happened: float
    arrived: float
    value: float | None
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """``mark``: 1 raised, -1 lowered, by the reading of that time; of a silence, when it began to be one."""

    source: str
    sensor: str
    kind: str
    detector: str
    mark: int
    happened: datetime
    value: float | None = None


# By transaction: an id that was drawn earlier may become visible later, and would be missed. What is younger than the
# oldest transaction that still runs waits for it.
_AFTER = (
    "SELECT tx::text::bigint, id, source, sensor, kind, extract(epoch FROM happened)::float8,"
    " extract(epoch FROM arrived)::float8, value, unit FROM signal"
    " WHERE (tx, id) > (%s::text::xid8, %s) AND bus IS NULL"
    " AND tx < pg_snapshot_xmin(pg_current_snapshot()) ORDER BY tx, id LIMIT %s"
)
_FIND = (
    "INSERT INTO finding (world_id, found, source, sensor, kind, detector, mark, happened, value)"
    " SELECT 1, %b::timestamptz, g.* FROM unnest(%b::varchar[], %b::varchar[], %b::varchar[], %b::varchar[],"
    " %b::int2[], %b::timestamptz[], %b::float8[]) AS g ON CONFLICT DO NOTHING"
)
_FINDING = [one.name for one in fields(Finding)]


def after(place: Place, most: int) -> tuple[list[Read], Place]:
    """What came after that place, in the order of arrival, and the place up to which it is."""
    with connection.cursor() as cursor:
        cursor.execute(_AFTER, [str(place.tx), place.id, most])
        rows = cursor.fetchall()
    return [Read(*row[2:]) for row in rows], Place(*rows[-1][:2]) if rows else place


def find(findings: Sequence[Finding]) -> int:
    """Keep what was found, once however often it is found; how many were new."""
    if not findings:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(_FIND, [instant.now(), *([getattr(one, name) for one in findings] for name in _FINDING)])
        return int(cursor.rowcount)


def findings(*, source: str = "", most: int = 1000) -> list[Finding]:
    """The newest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {', '.join(_FINDING)} FROM finding WHERE %s IN ('', source) ORDER BY id DESC LIMIT %s",  # noqa: S608
            [source, most],
        )
        return [Finding(*row) for row in cursor.fetchall()]

"""How long signals are kept, by kind; a slice at a time goes, with a record of how many.

Indicators and counted cases stay until somebody sets days for their kind: next year is held against them.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from bihuan.desk import indicators, instant

USUAL_DAYS, SLICE = 400, 5000
_SLOW = "s.kind NOT LIKE 'cases\\_%%' AND s.kind NOT IN (SELECT key FROM indicator)"
# Without this the planner reads the table from its start, which is where the new rows come to lie.
_BY_BLOCKS = "SET LOCAL enable_seqscan = off"


def keep_for(kind: str, days: int) -> None:
    """``kind`` of an empty text: all that have no days of their own. Raises ``ValueError``."""
    if days < 1 or (kind and not indicators.KEY.fullmatch(kind)):
        raise ValueError("至少 1 天;种类用小写字母、数字、_ / at least one day; a kind has a-z, 0-9, _")
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO signal_keep (world_id, district, kind, days, changed) VALUES (1, %s, %s, %s, %s)"
            " ON CONFLICT (kind) DO UPDATE SET days = excluded.days, changed = excluded.changed",
            [settings.DISTRICT, kind, days, instant.now()],
        )


def kept_for() -> dict[str, int]:
    """Days by kind; of an empty kind: those of all others."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT kind, days FROM signal_keep ORDER BY kind")
        return {"": USUAL_DAYS} | dict(cursor.fetchall())


def step() -> int:
    """Remove a slice of what has served its time; returns how many."""
    days = kept_for()
    usual = days.pop("")
    gone = sum(_remove("s.kind = %s", [kind], number) for kind, number in days.items())
    return gone + _remove(f"{_SLOW} AND s.kind <> ALL(%s::varchar[])", [list(days)], usual)


def _remove(which: str, given: list[Any], days: int) -> int:
    now = instant.wall()
    before = now - timedelta(days=days)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_BY_BLOCKS)
        cursor.execute(
            "WITH gone AS (DELETE FROM signal WHERE ctid = ANY(ARRAY(SELECT s.ctid FROM signal s"  # noqa: S608 - ours
            f" WHERE s.arrived < %s AND {which} LIMIT {SLICE})) RETURNING kind)"
            " INSERT INTO signal_removed AS r (world_id, district, day, kind, number, before)"
            " SELECT 1, %s, %s, kind, count(*), %s FROM gone GROUP BY kind"
            " ON CONFLICT (day, kind) DO UPDATE SET number = r.number + excluded.number, before = excluded.before"
            " RETURNING number",
            [before, *given, settings.DISTRICT, now.date(), before],
        )
        return len(cursor.fetchall())

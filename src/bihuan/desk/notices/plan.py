"""From the feed to inboxes: who is told what, stored together with the reader's place, so exactly once.

One planner at a time, for all: a number given early must not become visible late, or a letter would pass it over.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db import connection

from bihuan.desk import change, feed, instant, seals
from bihuan.desk.feed import Placed
from bihuan.desk.notices import kinds, people
from bihuan.desk.notices.kinds import URGENT, Told
from bihuan.desk.notices.people import Posts

READER = "notices"
WORLD = 1
SLICE = 500
LOCK = 4_802_067
Row = tuple[UUID, str, UUID, int, str, bool, str, object]


def step() -> int:
    """Plan one slice of the real world's feed; returns how many events were looked at."""
    return feed.follow(WORLD, READER, _plan, SLICE)


def _plan(placed: Sequence[Placed]) -> None:
    wanted = [one for one in placed if kinds.is_told(one)]
    if not wanted:
        return
    cases = change.load_many(sorted({one.case for one in wanted}), WORLD)
    tell([told for one in wanted if one.case in cases for told in kinds.told(one, cases[one.case].state)], cases)


def tell(wanted: Sequence[Told], cases: dict[UUID, change.Loaded]) -> None:
    """Into the inboxes of whoever is to hear it, under law 7. In the caller's transaction."""
    if not wanted:
        return
    posts = Posts(instant.now(WORLD))
    facts = {case: seals.facts_of(case, loaded.state) for case, loaded in cases.items()}
    rows: list[Row] = []
    for one in wanted:
        found = people.find(posts, one.kind, one.to, facts[one.case])
        why = "; ".join(found.passed)[:300]
        is_urgent = one.kind in URGENT
        rows += [(h.person, h.unit, one.case, one.number, one.kind, is_urgent, why, one.at) for h in found.hearers]
    store(rows)


def store(rows: Sequence[Row]) -> None:
    if not rows:
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        cursor.execute(
            "INSERT INTO notice (world_id, person_id, unit, case_id, number, kind, is_urgent, why, at, created)"
            " SELECT 1, x.*, %s::timestamptz FROM unnest(%s::uuid[], %s::text[], %s::uuid[], %s::int[], %s::text[],"
            " %s::bool[], %s::text[], %s::timestamptz[]) AS x ON CONFLICT DO NOTHING",
            [instant.wall(), *map(list, zip(*rows, strict=True))],
        )

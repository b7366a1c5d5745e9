"""From the feed to inboxes: who is told what, stored together with the reader's place, so exactly once.

One planner at a time, for all: a number given early must not become visible late, or a letter would pass it over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from uuid import UUID

from django.db import connection, transaction

from bihuan.desk import change, feed, instant, seals
from bihuan.desk.feed import Placed
from bihuan.desk.notices import kinds, net, over, people
from bihuan.desk.notices.kinds import URGENT, Told
from bihuan.desk.notices.people import Found, Posts
from bihuan.desk.roster import Roster

READER = "notices"
WORLD = 1
SLICE = 2000
LOCK = 4_802_067
Row = tuple[UUID, str, UUID, int, str, bool, str, object]


def step() -> int:
    """Plan one slice of the real world's feed, and what has waited; returns how many things were looked at."""
    return feed.follow(WORLD, READER, _plan, SLICE) + _ripen()


def _plan(placed: Sequence[Placed]) -> None:
    wanted = [one for one in placed if kinds.is_told(one)]
    settling = [one for one in placed if one.kind in over.SETTLING]
    if not wanted and not settling:
        return
    cases = change.load_many(sorted({one.case for one in (*wanted, *settling)}), WORLD)
    tell([told for one in wanted if one.case in cases for told in kinds.told(one, cases[one.case].state)], cases)
    over.end(settling, cases)


def _ripen() -> int:
    """What was held until now is told now, to whoever is there; not of a case that is over meanwhile."""
    with transaction.atomic():
        ripe = net.ripe()
        if ripe:
            cases = change.load_many(sorted({one.case for one in ripe}), WORLD)
            tell([one for one in ripe if net.still_open(cases, one.case)], cases)
    return len(ripe)


def tell(wanted: Sequence[Told], cases: Mapping[UUID, change.Loaded]) -> None:
    """Into the inboxes of whoever is to hear it, under law 7; or held. In the caller's transaction."""
    if not wanted:
        return
    at = instant.now(WORLD)
    posts, roster, rule = Posts(at), Roster(at), net.read()
    facts = {case: seals.facts_of(case, loaded.state) for case, loaded in cases.items()}
    rows: list[Row] = []
    held: list[tuple[Told, datetime]] = []
    for one in wanted:
        is_ladder = one.kind in kinds.OF_THE_LADDER
        wait = net.until(rule, roster, one, cases[one.case].state) if is_ladder and not one.has_waited else None
        if wait is not None:
            held.append((one, wait))
            continue
        there = partial(net.on_duty, roster) if is_ladder else None
        found = people.find(posts, one.kind, one.to, facts[one.case], there)
        rows += [(h.person, h.unit, one.case, one.number, one.kind, *_marks(one, found), one.at) for h in found.hearers]
    net.hold(held)
    store(rows)


def _marks(one: Told, found: Found) -> tuple[bool, str]:
    """Whether it is urgent, and why it comes to this person and now."""
    rung = people.first_rung(one.kind, one.to)
    waited = [f"held {rung.text}"] if one.has_waited and rung is not None else []
    return one.kind in URGENT, "; ".join([*waited, *found.passed])[:300]


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

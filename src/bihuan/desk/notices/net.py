"""When nobody is on duty: up at once, or held until the unit opens where little is at risk. A parameter of the site.

Little is at risk when the kind may wait by the parameter, no statutory clock speaks, and the opening comes within the
hours allowed and before the clock runs out. Everything else goes up the net at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import orjson
from django.db import connection

from bihuan.desk import change, instant
from bihuan.desk.actor import Actor
from bihuan.desk.notices.kinds import OF_THE_LADDER, Told
from bihuan.desk.notices.people import Rung, first_rung
from bihuan.desk.roster import Roster
from bihuan.kernel.case import Case, Stage
from bihuan.kernel.refused import Refused

KEY = "notices:net"
BATCH = 500
MAY_WAIT = ("warning", "remind")
OVER = frozenset({Stage.CLOSED, Stage.ARCHIVED, Stage.MERGED, Stage.DECLINED})


@dataclass(frozen=True)
class Net:
    """Which kinds of the ladder may wait for an opening, and how many hours at most."""

    waits: tuple[str, ...] = MAY_WAIT
    hours: int = 16


def read() -> Net:
    with connection.cursor() as cursor:
        cursor.execute("SELECT value FROM setting WHERE key = %s", [KEY])
        row = cursor.fetchone()
    if row is None:
        return Net()
    raw = orjson.loads(row[0])
    return Net(tuple(raw["waits"]), raw["hours"])


def change_net(waits: Iterable[str], hours: int, *, by: Actor) -> None:
    """By oversight. Raises ``Refused``; ``ValueError`` for what cannot be."""
    if not by.roles & {"oversight", "system"}:
        raise Refused("wrong-role", law=2, needs="oversight")
    chosen = sorted(set(waits))
    if set(chosen) - OF_THE_LADDER or not 1 <= hours <= 72:
        raise ValueError("等待最长一到七十二小时。 Waiting is for one to 72 hours.")
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO setting (key, value) VALUES (%s, %s) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            [KEY, orjson.dumps({"waits": chosen, "hours": hours}).decode()],
        )


def until(net: Net, roster: Roster, told: Told, state: Case) -> datetime | None:
    """Until when it waits; ``None``: it is told now, to whoever the net finds."""
    rung = first_rung(told.kind, told.to)
    if told.kind not in net.waits or rung is None or not is_away(roster, rung):
        return None
    opening = roster.opening(rung.unit, rung.roles)
    clock = next((one for one in state.clocks if one.id == told.clock), None)
    if opening is None or opening > roster.at + timedelta(hours=net.hours):
        return None
    if clock is not None and (clock.statutory or clock.due <= opening):
        return None
    return opening


def is_away(roster: Roster, rung: Rung) -> bool:
    """Every post of the rung has a roster, and nobody is on it now."""
    kept = [role for role in rung.roles if roster.is_kept(rung.unit, role)]
    return bool(kept) and len(kept) == len(rung.roles) and not any(roster.there(rung.unit, role) for role in kept)


def on_duty(roster: Roster, rung: Rung) -> frozenset[UUID] | None:
    """Who of a rung is there: ``None`` where a post of it has no roster."""
    if not rung.roles or not all(roster.is_kept(rung.unit, role) for role in rung.roles):
        return None
    return frozenset(person for role in rung.roles for person in roster.there(rung.unit, role))


def hold(rows: Iterable[tuple[Told, datetime]]) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(
            'INSERT INTO notice_held (world_id, case_id, number, kind, "to", at, until)'
            " VALUES (1, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
            [(one.case, one.number, one.kind, one.to, one.at, upto) for one, upto in rows],
        )


def ripe() -> list[Told]:
    """What has waited long enough, taken out. In the caller's transaction."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM notice_held WHERE id = ANY (ARRAY(SELECT id FROM notice_held WHERE until <= %s ORDER BY until"
            ' LIMIT %s FOR UPDATE SKIP LOCKED)) RETURNING case_id, number, kind, "to", at',
            [instant.wall(), BATCH],
        )
        return [Told(row[0], row[1], row[2], row[3], row[4], has_waited=True) for row in cursor.fetchall()]


def still_open(cases: dict[UUID, change.Loaded], case: UUID) -> bool:
    return case in cases and cases[case].state.stage not in OVER

"""Several sources of one matter: a sensor, a resident, a rider. One case, with the reason for each, undoable.

A signal joins an open case by itself only where a rule of the district says so (kind of signal, category, distance,
hours). Whoever is about to open a case for a signal asks ``attach`` first: it gives the case that the signal joined, or
nothing, and then he reports as usual. Reports of people are never joined by a machine: they are proposed (``equal``),
and a person merges. Nothing sealed takes part. What a person took apart is not joined again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from django.conf import settings
from django.db import connection, transaction

from bihuan.desk import access, change, equal, identity, instant, submit
from bihuan.desk.actor import SYSTEM, Actor
from bihuan.desk.equal_keys import Matter
from bihuan.desk.instant import REAL_WORLD
from bihuan.desk.seals import SEALED_FROM, Level
from bihuan.kernel.refused import Refused

FARTHEST = 100  # metres: as far as the cells around a spot reach in every direction
LONGEST = 24 * 60
MOST_RULES = 200


@dataclass(frozen=True)
class Rule:
    """Signals of ``kind`` join an open case of ``category`` (a prefix) within ``metres`` reported ``hours`` ago."""

    kind: str
    category: str
    metres: int
    hours: int
    basis: str


@dataclass(frozen=True)
class Seen:
    """What a source observed, as ``signals.Signal`` has it."""

    source: str
    sensor: str
    kind: str
    happened: datetime
    lon: float
    lat: float
    value: float | None = None


@dataclass(frozen=True)
class Source:
    """Where a case comes from. ``what``: ``report`` (``channel``, ``number``) or ``signal`` (``sensor``, ``basis``)."""

    what: str
    id: UUID
    at: datetime
    channel: str = ""
    number: int = 0
    is_first: bool = False
    sensor: str = ""
    kind: str = ""
    metres: float = 0.0
    basis: str = ""


class BadRules(ValueError):
    """What is wrong with the rules, and in which row."""


# --- the rules


def rules() -> list[Rule]:
    """Of the district, as they are in force. None: no signal joins a case by itself."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT value FROM setting WHERE key = %s", [_key()])
        row = cursor.fetchone()
    return [Rule(**one) for one in orjson.loads(row[0])] if row else []


def set_rules(rows: Iterable[dict[str, Any]]) -> list[Rule]:
    """All rules anew. Raises ``BadRules``; nothing is changed then."""
    found = [_rule(number, row) for number, row in enumerate(rows, 1)]
    if len(found) > MOST_RULES:
        raise BadRules(f"最多 {MOST_RULES} 条 / at most {MOST_RULES} rules")
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO setting (key, value) VALUES (%s, %s) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            [_key(), orjson.dumps([asdict(one) for one in found]).decode()],
        )
    return found


def _rule(number: int, row: dict[str, Any]) -> Rule:
    wanted = {"kind", "category", "metres", "hours", "basis"}
    if set(row) != wanted:
        raise BadRules(f"第 {number} 条:要有 / rule {number} needs exactly: {', '.join(sorted(wanted))}")
    found = Rule(
        str(row["kind"]), str(row["category"]), _whole(number, row, "metres", FARTHEST),
        _whole(number, row, "hours", LONGEST), str(row["basis"])[:300],
    )  # fmt: skip
    if not (found.kind and found.category and found.basis):
        raise BadRules(f"第 {number} 条:信号种类、类别、依据不能空 / rule {number}: kind, category, basis are needed")
    return found


def _whole(number: int, row: dict[str, Any], name: str, most: int) -> int:
    text = str(row[name])
    if not text.isdigit() or not 1 <= int(text) <= most:
        raise BadRules(f"第 {number} 条:{name} 要在 1 至 {most} / rule {number}: {name} must be 1 to {most}")
    return int(text)


def _key() -> str:
    return f"fusion:{settings.DISTRICT}"


# --- joining


def attach(seen: Seen) -> UUID | None:
    """The open case that the signal joined, by a rule; ``None`` where no rule or no case fits. Once for each sensor.

    A note in the case tells the team what joined it and by which rule.
    """
    found = [one for one in rules() if one.kind == seen.kind]
    for rule in found:
        for case, metres in _near(seen, rule):
            if _join(seen, rule, case, metres):
                return case
    return None


def _near(seen: Seen, rule: Rule) -> list[tuple[UUID, float]]:
    at = instant.now()
    spot = Matter("", "", rule.category, "", seen.lon, seen.lat)
    return [
        (case, metres)
        for case, category, opened, metres in equal.around(spot, since=at - timedelta(hours=rule.hours))
        if category.startswith(rule.category) and metres <= rule.metres and opened <= at
    ]


def _join(seen: Seen, rule: Rule, case: UUID, metres: float) -> bool:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT is_open AND seal < %s FROM case_row WHERE id = %s FOR UPDATE", [SEALED_FROM, case])
        row = cursor.fetchone()
        if row is None or not row[0]:
            return False
        cursor.execute("SELECT detached FROM case_source WHERE case_id = %s AND source = %s AND sensor = %s"
                       " AND kind = %s", [case, seen.source, seen.sensor, seen.kind])  # fmt: skip
        if earlier := cursor.fetchone():
            return earlier[0] is None
        cursor.execute(
            "INSERT INTO case_source (id, world_id, district, case_id, source, sensor, kind, happened, value, metres,"
            " basis, attached) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [
                identity.new_id(), REAL_WORLD, settings.DISTRICT, case, seen.source, seen.sensor, seen.kind,
                seen.happened, seen.value, metres, rule.basis, instant.now(),
            ],
        )  # fmt: skip
        told = (
            f"传感器 {seen.sensor}({seen.kind})的信号并为本件的一个来源:相距 {metres:.0f} 米,同一类,按规则自动并入"
            f"({rule.basis})。可以在“来源”里撤销。"
        )
        submit.submit(None, by=SYSTEM, case=case, purpose="fusion", texts={"work": told})
    return True


def detach(by: Actor, case: UUID, source: UUID, reason: str) -> None:
    """Take a signal out again: whoever has a part in the case, with a reason. Raises ``LookupError``, ``Refused``."""
    if len(reason.strip()) < 2:
        raise Refused("reason-missing", law=1)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE case_source SET detached = %s, detached_by = %s WHERE id = %s AND case_id = %s AND detached IS NULL"
            " RETURNING sensor",
            [instant.now(), by.person, source, case],
        )
        row = cursor.fetchone()
        if row is None:
            raise LookupError(str(source))
        told = f"传感器 {row[0]} 的信号不是本件的来源,已撤出:{reason.strip()}"
        submit.submit(None, by=by, case=case, purpose="fusion", texts={"work": told})


def sources(viewer: Actor, case: UUID, absorbed: Sequence[UUID] = ()) -> list[Source]:
    """Where the case comes from, the oldest first: its own report, those merged into it, the signals that joined it.

    For those who may read all of it; of a merged report only what they may read of that, too.
    """
    eyes = access.viewer_of(viewer, instant.now())
    loaded = change.load_many([case, *absorbed], REAL_WORLD)
    facts = {one.id: access.facts_of(one.id, one.state) for one in loaded.values()}
    seen = [one for one in loaded.values() if access.may_see(eyes, facts[one.id]).level is Level.FULL]
    if case not in {one.id for one in seen}:
        return []
    found = [
        Source("report", one.id, one.state.opened, one.state.channel, one.state.number, is_first=one.id == case)
        for one in seen
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, happened, sensor, kind, metres, basis FROM case_source WHERE case_id = ANY(%s)"
            " AND detached IS NULL",
            [[one.id for one in seen]],
        )
        found += [
            Source("signal", row[0], row[1], sensor=row[2], kind=row[3], metres=row[4], basis=row[5])
            for row in cursor.fetchall()
        ]
    return sorted(found, key=lambda one: one.at)

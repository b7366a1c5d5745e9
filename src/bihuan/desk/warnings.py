"""Warnings as they are kept: what is open, its history, what mutes it, and whether it came true.

Who judges (``sense.warn``) works in a ``turn``: the findings since the last one, the open warnings and the place up to
which was read change in one transaction, so that each finding counts once. A warning is of a place, never of a person.
Whoever is to start a plan asks ``open_now`` and looks at ``plan``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

import orjson
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from bihuan.desk import identity, instant, units
from bihuan.desk.actor import SYSTEM, Actor
from bihuan.desk.signals import Finding, Place
from bihuan.kernel.refused import Refused

MOST = 2000
OPEN = ("proposed", "issued", "requested", "relayed")
TOLD = ("issued", "requested", "relayed")
_KEY = "warnings:place"
_LOCK = 4_800_100


@dataclass(frozen=True)
class Found:
    """A finding with the place that its reading named."""

    finding: Finding
    place: str
    lon: float | None
    lat: float | None


@dataclass
class Warned:
    """``grouped``: the group of its rules. ``body``: what art. 64 asks for. ``course``: the findings that hold it up.

    ``state``: ``proposed`` (a person is to confirm it), ``issued``, ``requested`` (of the city, levels I and II),
    ``relayed`` (somebody else's), ``over``, ``dismissed``. ``announced``: when what follows from it was done.
    """

    id: UUID
    grouped: str
    place: str
    state: str
    level: str
    body: Mapping[str, Any]
    course: Mapping[str, Any]
    began: datetime
    until: datetime
    issued: datetime | None = None
    ended: datetime | None = None
    next: datetime | None = None
    lon: float | None = None
    lat: float | None = None
    case: UUID | None = None
    plan: str = ""
    announced: datetime | None = None
    verdict: str = ""
    happened: datetime | None = None
    version: int = 0

    @property
    def is_open(self) -> bool:
        return self.ended is None


@dataclass(frozen=True)
class Line:
    """One line of a warning's history. ``at``: when it was so; ``recorded``: when it was written down."""

    warning: UUID
    at: datetime
    recorded: datetime
    what: str
    state: str
    level: str
    person: str
    reason: str
    rules: int


@dataclass(frozen=True)
class Version:
    """Rules in force from a day on."""

    id: int
    starts: date
    basis: str
    rows: Sequence[Mapping[str, Any]]


NONE = Version(0, date.min, "", ())
_COLUMNS = (
    "id, grouped, place, state, level, body::text, course::text, began, until, issued, ended, next, lon, lat, case_id,"
    " plan, announced, verdict, happened, version"
)


# -- rules ----------------------------------------------------------------------------------------------------------


def add_rules(rows: Sequence[Mapping[str, Any]], *, starts: date, basis: str, by: str) -> int:
    """A new version, in force from that day on; who judges has checked it. The number it got."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO warning_rules (world_id, district, starts, basis, body, imported, imported_by)"
            " VALUES (1, %s, %s, %s, %s::jsonb, %s, %s) RETURNING id",
            [settings.DISTRICT, starts, basis, orjson.dumps(list(rows)).decode(), instant.now(), by],
        )
        return int(cursor.fetchone()[0])


def rules_in_force(day: date | None = None) -> Version:
    """The one of that day, of several with one beginning the last; ``NONE`` before the first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, starts, basis, body::text FROM warning_rules WHERE starts <= %s"
            " ORDER BY starts DESC, id DESC LIMIT 1",
            [day or timezone.localtime(instant.now()).date()],
        )
        row = cursor.fetchone()
    return Version(row[0], row[1], row[2], tuple(orjson.loads(row[3]))) if row else NONE


# -- for who judges -------------------------------------------------------------------------------------------------

_FINDINGS = (
    "SELECT f.tx::text::bigint, f.id, f.source, f.sensor, f.kind, f.detector, f.mark, f.happened, f.value,"
    " coalesce(s.place, ''), s.lon, s.lat FROM finding f LEFT JOIN signal s ON s.source = f.source"
    " AND s.sensor = f.sensor AND s.kind = f.kind AND s.happened = f.happened"
    " WHERE (f.tx, f.id) > (%s::text::xid8, %s) AND f.tx < pg_snapshot_xmin(pg_current_snapshot())"
    " ORDER BY f.tx, f.id LIMIT %s"
)


@dataclass
class Turn:
    """What is new, and what is open. What is put into ``changed`` and ``lines`` is stored at its end."""

    at: datetime
    found: list[Found]
    open: list[Warned]
    changed: dict[UUID, Warned] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)


@contextmanager
def turn() -> Iterator[Turn]:
    """One at a time, whoever judges."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        cursor.execute("SELECT value FROM setting WHERE key = %s", [_KEY])
        row = cursor.fetchone()
        place = Place(**orjson.loads(row[0])) if row else Place()
        cursor.execute(_FINDINGS, [str(place.tx), place.id, MOST])
        rows = cursor.fetchall()
        found = [Found(Finding(*row[2:9]), *row[9:]) for row in rows]
        now = Turn(instant.now(), found, _read(cursor, "ended IS NULL AND district = %s", [settings.DISTRICT]))
        yield now
        for one in now.changed.values():
            store(cursor, one)
        _record(cursor, now.lines)
        if rows:
            value = orjson.dumps({"tx": rows[-1][0], "id": rows[-1][1]}).decode()
            cursor.execute(
                "INSERT INTO setting (key, value) VALUES (%s, %s)"
                " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                [_KEY, value],
            )


def new(grouped: str, place: str, body: Mapping[str, Any], began: datetime, until: datetime) -> Warned:
    return Warned(identity.new_id(), grouped, place, "proposed", "", body, {}, began, until)


def line(one: Warned, what: str, at: datetime, *, by: str = SYSTEM.person, reason: str = "", rules: int = 0) -> Line:
    return Line(one.id, at, instant.now(), what, one.state, one.level, by, reason[:500], rules)


def issuer() -> str:
    """The unit in whose name the district warns: the one above all others."""
    return min((one.code for one in units.tree().nodes.values() if one.kind == "district"), default="")


def _read(cursor: Any, where: str, values: Sequence[Any], tail: str = "ORDER BY began, id") -> list[Warned]:  # noqa: ANN401
    cursor.execute(f"SELECT {_COLUMNS} FROM warning WHERE {where} {tail}", list(values))  # noqa: S608 - our own words
    rows = [[*row[:5], orjson.loads(row[5]), orjson.loads(row[6]), *row[7:]] for row in cursor.fetchall()]
    return [Warned(*row) for row in rows]


def locked(cursor: Any, warning: UUID) -> Warned:  # noqa: ANN401
    """For a change by a person, in his transaction: nobody judges meanwhile. Raises ``LookupError``."""
    cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    return get(warning)


def store(cursor: Any, one: Warned, lines: Sequence[Line] = ()) -> None:  # noqa: ANN401
    """The warning as it is now, and what is new in its history."""
    cursor.execute(
        "INSERT INTO warning (id, world_id, district, grouped, place, state, level, body, course, began, issued, until,"
        " ended, next, lon, lat, case_id, plan, announced, verdict, happened)"
        " VALUES (%s, 1, %s, %s, %s, %s, %s, %s::jsonb, %s::jsonb, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
        " ON CONFLICT (id) DO UPDATE SET state = excluded.state, level = excluded.level, body = excluded.body,"
        " course = excluded.course, issued = excluded.issued, until = excluded.until, ended = excluded.ended,"
        " next = excluded.next, case_id = excluded.case_id, plan = excluded.plan, announced = excluded.announced,"
        " verdict = excluded.verdict, happened = excluded.happened, version = warning.version + 1",
        [
            one.id, settings.DISTRICT, one.grouped, one.place, one.state, one.level, orjson.dumps(one.body).decode(),
            orjson.dumps(one.course).decode(), one.began, one.issued, one.until, one.ended, one.next, one.lon, one.lat,
            one.case, one.plan, one.announced, one.verdict, one.happened,
        ],
    )  # fmt: skip
    _record(cursor, lines)


def _record(cursor: Any, lines: Sequence[Line]) -> None:  # noqa: ANN401
    cursor.executemany(
        "INSERT INTO warning_event (world_id, warning_id, at, recorded, what, state, level, said_by, reason, rules)"
        " VALUES (1, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        [
            (one.warning, one.at, one.recorded, one.what, one.state, one.level, one.person, one.reason, one.rules)
            for one in lines
        ],
    )


# -- for who looks --------------------------------------------------------------------------------------------------


def open_now() -> list[Warned]:
    """Everything that is not over, the worst first."""
    with connection.cursor() as cursor:
        found = _read(cursor, "ended IS NULL AND district = %s", [settings.DISTRICT])
    return sorted(found, key=lambda one: (one.level or "V", one.began))


def mark() -> int:
    """Another one whenever anything in the history of a warning is new."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(id) FROM warning_event")
        return int(cursor.fetchone()[0] or 0)


def past(most: int = 50) -> list[Warned]:
    """What is over, the newest first."""
    with connection.cursor() as cursor:
        return _read(
            cursor, "ended IS NOT NULL AND district = %s", [settings.DISTRICT, most], "ORDER BY began DESC LIMIT %s"
        )


def get(warning: UUID) -> Warned:
    """Raises ``LookupError``."""
    with connection.cursor() as cursor:
        for found in _read(cursor, "id = %s AND district = %s", [warning, settings.DISTRICT]):
            return found
    raise LookupError(str(warning))


def history(warning: UUID) -> list[Line]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT warning_id, at, recorded, what, state, level, said_by, reason, rules FROM warning_event"
            " WHERE warning_id = %s ORDER BY id",
            [warning],
        )
        return [Line(*row) for row in cursor.fetchall()]


# -- what people decide ---------------------------------------------------------------------------------------------

# What a person may do, in which state, and what it becomes; ``None``: as its level says.
MOVES: Mapping[str, tuple[tuple[str, ...], str | None]] = {
    "confirm": (("proposed",), None),
    "dismiss": (("proposed",), "dismissed"),
    "lift": (("issued", "requested"), "over"),
}
DECIDING = frozenset({"triage", "dispatcher", "head"})


def may_decide(by: Actor) -> bool:
    """The district's desk, which is on duty around the clock, and its oversight."""
    node = units.tree().nodes.get(by.unit)
    return "oversight" in by.roles or (bool(by.roles & DECIDING) and node is not None and node.kind == "desk")


def decide(warning: UUID, move: str, *, by: Actor, reason: str = "") -> Warned:
    """A person confirms what was proposed, dismisses it, or lifts what is issued; the last two with a reason.

    Raises ``Refused`` and ``LookupError``. Done already, nothing changes.
    """
    need_decider(by)
    states, becomes = MOVES[move]
    if move != "confirm" and len(reason.strip()) < 2:
        raise Refused("reason-missing", law=9)
    with transaction.atomic(), connection.cursor() as cursor:
        one = locked(cursor, warning)
        if one.state == (becomes or state_of(one.level)):
            return one
        if one.state not in states:
            raise Refused("warning-is-not-so", law=9, state=one.state, allowed=" ".join(states))
        now = instant.now()
        one.state = becomes or state_of(one.level)
        one.issued = now if move == "confirm" else one.issued
        one.ended = now if becomes else None
        store(cursor, one, [line(one, move, now, by=by.person, reason=reason.strip())])
    return one


def state_of(level: str) -> str:
    """Who may publish it: III and IV the district itself; I and II it asks the city for."""
    return "requested" if level in {"I", "II"} else "issued"


def need_decider(by: Actor) -> None:
    if not may_decide(by):
        raise Refused("wrong-role", law=9, needs="triage dispatcher head oversight", roles=" ".join(sorted(by.roles)))


def announce(warning: UUID, case: UUID | None, plan: str) -> None:
    """What follows from it was done; done twice, the first stands."""
    with transaction.atomic(), connection.cursor() as cursor:
        one = locked(cursor, warning)
        if one.announced is None:
            one.announced, one.case, one.plan = instant.now(), case, plan
            reason = " ".join(part for part in (f"case:{case}" if case else "", f"plan:{plan}" if plan else "") if part)
            store(cursor, one, [line(one, "announced", one.announced, reason=reason)])


def relay(
    identifier: str, level: str, body: Mapping[str, Any], began: datetime, until: datetime, *, ends: Sequence[str] = ()
) -> Warned | None:
    """Somebody else's warning, told on as his; ``ends``: identifiers of those that it updates or cancels.

    The same identifier again changes nothing. Without a body it only ends others.
    """
    now = instant.now()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        for one in _read(cursor, "state = 'relayed' AND body->>'identifier' = ANY(%s)", [list(ends)]):
            one.state, one.ended, one.next = "over", now, None
            store(cursor, one, [line(one, "over", now, reason=identifier)])
        if not body or _read(cursor, "body->>'identifier' = %s", [identifier]):
            return None
        made = new(f"cap:{identity.new_id().hex[:30]}", "", {**body, "identifier": identifier}, began, until)
        made.state, made.level, made.issued, made.next = "relayed", level, began, until
        store(cursor, made, [line(made, "relayed", now, reason=str(body.get("sender", "")))])
    return made

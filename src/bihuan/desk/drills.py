"""Drills as they are kept: what is planned, runs and was stands in the real world; each has a world to be played in.

The clock of a running drill is that of its world. It goes on from where it stood, also after a restart: time in which
no server ran does not count.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from django.conf import settings
from django.db import connection, transaction

from bihuan.desk import codec, history, identity, instant, worlds
from bihuan.desk.actor import Actor
from bihuan.kernel.case import OPEN_STAGES, Case
from bihuan.kernel.refused import Refused

MODES = ("drill", "tabletop", "replay")
SLOWEST, FASTEST = 1, 600
# A gap longer than this is one in which nobody ran: it does not count as time of the drill.
LONGEST_STEP = timedelta(seconds=5)
_COLUMNS = (
    "id, plan, title, mode, file, seed, planned, played_in, state, speed, people, parts, created_by, started,"
    " ended, report::text, history"
)


@dataclass(frozen=True)
class Drill:
    """``played_in``: its world, once it has begun. ``people``: units whose orders real people answer.
    ``parts``: units that take part, whose people may open the pages inside of it.

    ``report``: the after-action report, once it has ended. ``history``: one number for all that happened.
    """

    id: UUID
    plan: str
    title: str
    mode: str
    file: str
    seed: int
    planned: datetime
    played_in: int | None
    state: str
    speed: int
    people: tuple[str, ...]
    parts: tuple[str, ...]
    created_by: UUID | None
    started: datetime | None
    ended: datetime | None
    report: Mapping[str, Any] | None
    history: str

    @property
    def is_open(self) -> bool:
        return self.state in {"running", "paused"}


@dataclass(frozen=True)
class DrillLine:
    """One line of a drill's own record: an inject, a reading, a finding, a press."""

    number: int
    at: datetime
    kind: str
    data: Mapping[str, Any]


@dataclass(frozen=True)
class NewDrill:
    """What is put on the list. ``people``, ``parts``: as in ``Drill``."""

    plan: str
    title: str
    file: str
    seed: int
    planned: datetime
    mode: str = "drill"
    people: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()


def put(new: NewDrill, *, by: Actor) -> UUID:
    """A drill that is planned; nothing is played yet."""
    if new.mode not in MODES:
        raise Refused("unknown-drill-mode", mode=new.mode, allowed=" ".join(MODES))
    made = identity.new_id()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO drill (id, world_id, district, plan, title, mode, file, seed, planned, state, people, parts,"
            " created, created_by) VALUES (%s, 1, %s, %s, %s, %s, %s, %s, %s, 'planned', %s, %s, %s, %s)",
            [
                made, settings.DISTRICT, new.plan, new.title, new.mode, new.file, new.seed, new.planned,
                list(new.people), list(new.parts), instant.wall(), _person(by),
            ],
        )  # fmt: skip
    return made


def get(drill: UUID) -> Drill:
    """Raises ``LookupError``."""
    for found in _select("WHERE id = %s", [drill]):
        return found
    raise LookupError(f"没有这次演练 / there is no drill {drill}")


def every(*, states: Sequence[str] = (), plan: str = "") -> list[Drill]:
    """The newest first."""
    return _select(
        "WHERE (%s::text[] = '{}' OR state = ANY(%s::text[])) AND %s IN ('', plan) ORDER BY planned DESC, id",
        [list(states), list(states), plan],
    )


def of_world(world: int) -> Drill | None:
    return next(iter(_select("WHERE played_in = %s", [world])), None)


def start(
    drill: UUID, *, starts: datetime, speed: int = 1, people: Sequence[str] | None = None, is_paused: bool = False
) -> Drill:
    """Make its world, with its clock at ``starts``, and let it run. Raises ``Refused`` when it ran already.

    ``is_paused``: its clock is moved by whoever began it, and by no worker.
    """
    with transaction.atomic():
        found = _locked(drill)
        if found.state != "planned":
            raise Refused("drill-not-planned", law=8, state=found.state)
        world = worlds.create(f"{found.mode}-{found.plan}-{str(drill)[-12:]}", "drill", starts=starts)
        now, state = instant.wall(), "paused" if is_paused else "running"
        answering = list(found.people if people is None else people)
        _set(
            drill, played_in=world, state=state, started=now, touched=now, speed=_speed(speed), people=answering,
            parts=sorted({*found.parts, *answering}),
        )  # fmt: skip
    return get(drill)


def pause(drill: UUID) -> None:
    _turn(drill, "running", "paused")


def go_on(drill: UUID, *, speed: int | None = None) -> None:
    """After a pause, or at another speed. The clock goes on from where it stands."""
    with transaction.atomic():
        found = _locked(drill)
        if not found.is_open:
            raise Refused("drill-not-running", law=8, state=found.state)
        _set(drill, state="running", touched=instant.wall(), speed=_speed(found.speed if speed is None else speed))


def cancel(drill: UUID) -> None:
    _turn(drill, "planned", "cancelled")


def finish(drill: UUID, report: Mapping[str, Any], sha256: str) -> None:
    """It is over, with its report. Said once: a report is not written twice."""
    with transaction.atomic():
        found = _locked(drill)
        if not found.is_open:
            raise Refused("drill-not-running", law=8, state=found.state)
        text = orjson.dumps(report).decode()
        _set(drill, state="ended", ended=instant.wall(), report=text, history=sha256)


def keep_report(drill: UUID, report: Mapping[str, Any]) -> None:
    """The report of a drill that is over, with what was added to it: a lesson that became a case."""
    with transaction.atomic():
        if _locked(drill).state != "ended":
            raise Refused("drill-not-ended", law=8)
        _set(drill, report=orjson.dumps(report).decode())


@contextmanager
def claimed(drill: UUID) -> Iterator[timedelta]:
    """How far its clock has to be moved on now: the time since the last claim, times its speed; nothing in a pause.

    Whoever claims it has it alone until he is done: any number of workers may ask.
    """
    now = instant.wall()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT touched, speed FROM drill WHERE id = %s AND state = 'running' FOR UPDATE SKIP LOCKED", [drill]
        )
        row = cursor.fetchone()
        if row is None:
            yield timedelta()
            return
        _set(drill, touched=now)
        touched: datetime = row[0]
        speed: int = row[1]
        yield max(timedelta(), min(now - touched, LONGEST_STEP)) * speed


# -- what happens in it ---------------------------------------------------------------------------------------------


def note(world: int, lines: Sequence[tuple[datetime, str, Mapping[str, Any]]]) -> None:
    """Lines of the drill's own record, in this order."""
    if not lines:
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(number), 0) FROM drill_line WHERE world_id = %s", [world])
        last = cursor.fetchone()[0]
        cursor.executemany(
            "INSERT INTO drill_line (world_id, district, number, at, kind, data)"
            " VALUES (%s, %s, %s, %s, %s, %s::jsonb)",
            [
                (world, settings.DISTRICT, last + n, at, kind, orjson.dumps(data).decode())
                for n, (at, kind, data) in enumerate(lines, 1)
            ],
        )


def lines(world: int, *, after: int = 0) -> list[DrillLine]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT number, at, kind, data::text FROM drill_line WHERE world_id = %s AND number > %s ORDER BY number",
            [world, after],
        )
        return [DrillLine(number, at, kind, orjson.loads(data)) for number, at, kind, data in cursor.fetchall()]


def open_cases(world: int) -> list[tuple[UUID, Case]]:
    """In the order of their numbers."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, state FROM case_row WHERE world_id = %s AND stage = ANY(%s) ORDER BY number",
            [world, [str(stage) for stage in OPEN_STAGES]],
        )
        return [(case, codec.decode_state(state)) for case, state in cursor.fetchall()]


def happened(world: int) -> Iterator[Mapping[str, Any]]:
    """Every event of a world, case by case: ``case`` (its number), ``at``, ``kind``, ``unit`` and ``data``."""
    numbers = history.case_numbers(world)
    for case, body in history.bodies(world):
        raw = orjson.loads(body)
        yield {
            "case": numbers[str(case)],
            "id": str(case),
            "at": datetime.fromisoformat(raw["at"]),
            "kind": raw["kind"],
            "unit": raw["unit"],
            "data": raw["data"],
        }


def hold(drill: UUID) -> None:
    """Within ``together``: nobody else moves or ends it meanwhile."""
    _locked(drill)


def together() -> transaction.Atomic:
    """What happens within is stored whole or not at all."""
    return transaction.atomic()


def orders_left(world: int) -> dict[str, int]:
    """Orders and messages of a world: how many there are, and how many were handed over."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*), count(sent) FROM outbox WHERE world_id = %s", [world])
        made, sent = cursor.fetchone()
    return {"made": made, "sent": sent}


def digest(world: int) -> str:
    """One number over number, virtual time, kind and payload of all that happened, and over the drill's own lines."""
    return history.digest(world, [[one.number, one.at, one.kind, one.data] for one in lines(world)])


# -- rows -----------------------------------------------------------------------------------------------------------


def _person(by: Actor) -> UUID | None:
    try:
        return UUID(by.person)
    except ValueError:
        return None


def _speed(wanted: int) -> int:
    if not SLOWEST <= wanted <= FASTEST:
        raise Refused("drill-speed", speed=wanted, allowed=f"{SLOWEST}-{FASTEST}")
    return wanted


def _turn(drill: UUID, before: str, after: str) -> None:
    with transaction.atomic():
        found = _locked(drill)
        if found.state != before:
            code = "drill-not-running" if before == "running" else "drill-not-planned"
            raise Refused(code, law=8, state=found.state)
        _set(drill, state=after)


def _locked(drill: UUID) -> Drill:
    for found in _select("WHERE id = %s FOR UPDATE", [drill]):
        return found
    raise LookupError(f"没有这次演练 / there is no drill {drill}")


def _set(drill: UUID, **columns: Any) -> None:  # noqa: ANN401 - values of a row
    names = ", ".join(f"{name} = %s" for name in columns)
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE drill SET {names} WHERE id = %s", [*list(columns.values()), drill])  # noqa: S608 - our own names


def _select(where: str, values: list[Any]) -> list[Drill]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {_COLUMNS} FROM drill {where}", values)  # noqa: S608 - our own words
        rows = cursor.fetchall()
    found = []
    for row in rows:
        values = list(row)
        values[10], values[11] = tuple(values[10]), tuple(values[11])
        values[15] = orjson.loads(values[15]) if values[15] else None
        found.append(Drill(*values))
    return found

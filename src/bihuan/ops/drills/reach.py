"""Who would be reached before anything begins: per unit who is on duty, by which ways, and who would be woken.

Nobody is told anything by looking. At night only who is on duty then is counted on, unless the drill asks for more.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from bihuan.desk import api as desk
from bihuan.ops.drills.script import Script

State = Literal["on-duty", "by-way", "page-only", "asleep", "nobody"]
NIGHT = (22, 7)


@dataclass(frozen=True)
class Reach:
    """One unit. ``ways``: how many ways outside of the pages its people have, by kind; no address is told."""

    unit: str
    state: State
    people: int
    on_duty: int
    ways: tuple[tuple[str, int], ...]
    last: datetime | None = None

    @property
    def is_red(self) -> bool:
        return self.state in {"nobody", "asleep"}


def check(script: Script, parts: tuple[str, ...]) -> list[Reach]:
    """One row for each unit that takes part, those that nobody would answer for first."""
    at = script.starts
    hour = at.astimezone(ZoneInfo(desk.virtual.zone())).hour
    is_night = hour >= NIGHT[0] or hour < NIGHT[1]
    rows = [_unit(unit, at, wakes=not is_night or script.at_night) for unit in parts]
    return sorted(rows, key=lambda row: (not row.is_red, row.unit))


def _unit(unit: str, at: datetime, *, wakes: bool) -> Reach:
    there = {span.person for span in desk.roster.on_duty(at, unit)}
    members = {person for person, _, _ in desk.roster.members(unit)}
    asked = there or (members if wakes else set())
    counted: dict[str, int] = {}
    for person in asked:
        for kind in _ways(person, at, wakes=wakes or person in there):
            counted[kind] = counted.get(kind, 0) + 1
    return Reach(
        unit, _state(members, there, counted, wakes=wakes), len(members), len(there), tuple(sorted(counted.items()))
    )


def _state(members: set[UUID], there: set[UUID], ways: dict[str, int], *, wakes: bool) -> State:
    if not members and not there:
        return "nobody"
    if there:
        return "on-duty"
    if not wakes:
        return "asleep"
    return "by-way" if ways else "page-only"


def _ways(person: UUID, at: datetime, *, wakes: bool) -> Iterator[str]:
    """Kinds of ways that would be used: none that fails, none in quiet hours of his own."""
    known = desk.notices.of(person)
    wish = desk.notices.wish_of(person)
    here = at.astimezone(ZoneInfo(desk.virtual.zone()))
    minute = here.hour * 60 + here.minute
    if not wakes or (not wish.urgent_through and _is_quiet(minute, wish.quiet_from, wish.quiet_until)):
        return
    yield from (way.kind for way in known if way.failing_since is None and not way.is_spare)


def _is_quiet(minute: int, start: int | None, end: int | None) -> bool:
    if start is None or end is None:
        return False
    return start <= minute < end if start <= end else minute >= start or minute < end

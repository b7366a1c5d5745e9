"""From confirmed lines to cases: each with its unit and its date, all or none; and what became of them, by unit."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from bihuan.desk import api
from bihuan.kernel import commands as c
from bihuan.kernel.case import Case, Stage
from bihuan.kernel.evolve import fold
from bihuan.kernel.refused import Refused

SCENE, REGISTER = "commitments", "meeting"
PURPOSE = "登记会议承诺 commitments"
FIRST = "K"  # the codes of this scene begin with it


@dataclass(frozen=True)
class Line:
    """What a person confirmed."""

    sentence: str
    unit: str
    due: date
    category: str = "K09"
    evidence: str = ""


@dataclass(frozen=True)
class Promised:
    """Of one commitment: whose, until when, and how it stands (``due late closed``)."""

    case: UUID
    number: int
    unit: str
    due: datetime | None
    state: str


class NotYet(ValueError):
    """Lines that cannot be registered, each with what is missing. Nothing was registered."""


def units() -> dict[str, str]:
    """Name to code of every unit that may own something."""
    return {one.name: one.code for one in api.unit_choices()}


def register(lines: Sequence[Line], *, meeting: str, held: date, by: api.Actor) -> list[api.Outcome]:
    """Register, accept and send each line to its unit. The same meeting again registers nothing twice.

    Raises ``NotYet`` before anything is stored when a line has no unit or no date ahead, and ``Refused`` for whoever is
    not at the desk.
    """
    desks = api.book_in_force(SCENE).desks
    if by.unit not in desks or "triage" not in by.roles:
        raise Refused("wrong-role", law=2, needs=f"triage@{desks[0]}")
    if wrong := list(_wrong(lines)):
        raise NotYet("\n".join(wrong))
    key = f"{held.isoformat()}-{hashlib.sha256(meeting.encode()).hexdigest()[:8]}"
    api.registers.load([api.registers.Entry(SCENE, REGISTER, key, meeting, by.unit)], by=api.SYSTEM)
    return [_one(line, key, by) for line in lines]


def _wrong(lines: Sequence[Line]) -> Iterator[str]:
    known, today = set(units().values()), api.now().date()
    for number, line in enumerate(lines, 1):
        if line.unit not in known:
            what = f"第 {number} 行没有主办单位：{line.sentence[:30]}"
            yield f"{what} / line {number} names no unit that exists: '{line.unit}'"
        if line.due <= today:
            what = f"第 {number} 行的日期 {line.due} 已过，请写今后的日期"
            yield f"{what} / line {number}: {line.due} is past; name a date that lies ahead"


def _one(line: Line, meeting: str, by: api.Actor) -> api.Outcome:
    fields = {"due": line.due.isoformat(), "meeting": meeting, "evidence": line.evidence}
    intake = api.Intake(line.category, "", "meeting", {"text": line.sentence}, scene=SCENE, fields=fields)
    key = hashlib.sha256(f"{meeting}\n{line.sentence}".encode()).hexdigest()[:32]
    made = api.report(intake, by=by, purpose=PURPOSE, key=key)
    if _state(made.case).stage is Stage.REGISTERED:
        api.submit(c.Accept(), by=by, case=made.case, purpose=PURPOSE)
    if _state(made.case).stage is Stage.ACCEPTED:
        api.submit(c.Dispatch(lead=line.unit, reason="会议上由该单位承诺"), by=by, case=made.case, purpose=PURPOSE)
    return made


def _state(case: UUID) -> Case:
    return fold(api.events_of(case, 1))


def promised(by: api.Actor) -> list[Promised]:
    """What was promised, is due and is late, by unit and date: matters, not people. As ``by`` may see."""
    found, after = [], ""
    while True:
        page = api.list_cases(by, api.Filters("all", category=FIRST), after=after, limit=200)
        found += [_promised(line.id, page.at) for line in page.lines]
        if not page.next:
            return sorted(found, key=lambda one: (one.unit, one.state == "closed", one.due or page.at))
        after = page.next


def _promised(case: UUID, at: datetime) -> Promised:
    state = _state(case)
    handle = state.clock("handle")
    due = handle.due if handle is not None else state.promised
    is_late = state.is_open and due is not None and due < at
    return Promised(case, state.number, state.lead, due, "late" if is_late else "due" if state.is_open else "closed")

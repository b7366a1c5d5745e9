"""What leaves after an event: one table from event to messages. Each message exists once, under a key of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID, uuid5

import orjson

from bihuan.kernel import events as e
from bihuan.kernel.case import Case


@dataclass(frozen=True)
class Message:
    """To a unit, a role of a unit (``role@unit``) or a person (``person:…``). The body carries references only."""

    id: UUID
    kind: str
    to: str
    body: str


def messages(case_id: UUID, before: Case | None, recorded: e.Recorded, after: Case) -> Iterator[Message]:
    """The messages of one event. Imported history sends none (law 5)."""
    event = recorded.event
    if after.is_imported and isinstance(event, e.ImportedCase):
        return
    for kind, to in _wanted(event, before, after):
        if to:
            key = uuid5(case_id, f"{recorded.number}:{kind}:{to}")
            body = {"case": case_id, "number": after.number, "event": type(event).__name__, "at": recorded.at}
            yield Message(key, kind, to, orjson.dumps(body).decode())


def _wanted(event: e.Event, before: Case | None, after: Case) -> Iterator[tuple[str, str]]:
    match event:
        case e.Registered():
            yield "new-case", event.desk
        case e.TaskAdded():
            yield "order", event.task.unit
        case e.SentToVerify():
            yield "to-verify", event.unit
        case e.Asked():
            yield "request", after.desk if event.request.kind == "return" else f"head@{event.request.unit}"
        case e.TaskReturned():
            yield "returned", after.desk
        case e.Reworked() | e.Reopened():
            yield "rework", after.lead
        case e.ClockWarned() | e.Escalated():
            yield _ladder(event), _addressee(event.to, after)
        case e.ClockBroken():
            yield "overdue", after.lead
        case e.Overseen():
            yield event.action, event.to
        case e.ReportedByLaw():
            for unit in event.to:
                yield "statutory-report", unit
        case e.Closed() | e.Declined() if after.reporter:
            yield "answer", f"person:{after.reporter}"
            for person in after.joined:
                yield "answer", f"person:{person}"
        case _:
            return


def _ladder(event: e.ClockWarned | e.Escalated) -> str:
    return "warning" if isinstance(event, e.ClockWarned) else event.action


def _addressee(to: str, case: Case) -> str:
    """A role of the ladder becomes a role of the unit that owns the case now."""
    if to == "lead":
        return case.lead
    if to in {"head", "oversight", "handler"}:
        return f"{to}@{case.lead}"
    return to

"""What leaves after an event: one table from event to messages. Each message exists once, under a key of its own."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from bihuan.kernel import events as e
from bihuan.kernel.case import Case

Wanted = list[tuple[str, str]]


@dataclass(frozen=True)
class Message:
    """To a unit, a role of a unit (``role@unit``) or a person (``person:…``). The body carries references only."""

    id: UUID
    kind: str
    to: str
    body: str


def messages(case_id: UUID, recorded: e.Recorded, after: Case) -> Iterator[Message]:
    """The messages of one event. Imported history sends none (law 5)."""
    event = recorded.event
    wanted = _TABLE.get(type(event))
    if wanted is None:
        return
    for kind, to in wanted(event, after):
        # Also what the kernel let pass never tells an accused unit that there is a case (law 7).
        if to and to.rpartition("@")[2] not in after.barred:
            key = _key(case_id, f"{recorded.number}:{kind}:{to}")
            body = {"case": case_id, "number": after.number, "event": type(event).__name__, "at": recorded.at}
            yield Message(key, kind, to, orjson.dumps(body).decode())


def _key(case_id: UUID, what: str) -> UUID:
    """The same for the same message, for ever. Messages of one case stand together in the index, as do new cases."""
    return UUID(bytes=case_id.bytes[:8] + hashlib.sha256(case_id.bytes + what.encode()).digest()[:8])


def _addressee(to: str, case: Case) -> str:
    """A role of the ladder becomes a role of the unit that owns the case now."""
    if to == "lead":
        return case.lead
    if to in {"head", "oversight", "handler"}:
        return f"{to}@{case.lead}"
    return to


def _request(event: e.Asked, case: Case) -> Wanted:
    return [("request", case.desk if event.request.kind == "return" else f"head@{event.request.unit}")]


def _answer(_: e.Event, case: Case) -> Wanted:
    """Everybody who reported it gets the answer."""
    return [("answer", f"person:{person}") for person in (case.reporter, *case.joined) if person]


# What each event sends, and to whom. An event that is not here sends nothing.
_TABLE: dict[type, Callable[[Any, Case], Wanted]] = {
    e.Registered: lambda event, _: [("new-case", event.desk)],
    e.TaskAdded: lambda event, _: [("order", event.task.unit)],
    e.SentToVerify: lambda event, _: [("to-verify", event.unit)],
    e.Asked: _request,
    e.TaskReturned: lambda _, case: [("returned", case.desk)],
    e.Reworked: lambda _, case: [("rework", case.lead)],
    e.Reopened: lambda _, case: [("rework", case.lead)],
    e.ClockWarned: lambda event, case: [("warning", _addressee(event.to, case))],
    e.Escalated: lambda event, case: [(event.action, _addressee(event.to, case))],
    e.ClockBroken: lambda _, case: [("overdue", case.lead)],
    e.ChampionNamed: lambda event, _: [("champion", f"person:{event.person}")],
    e.Overseen: lambda event, _: [(event.action, event.to)],
    e.ReportedByLaw: lambda event, _: [("statutory-report", unit) for unit in event.to],
    e.Closed: _answer,
    e.Declined: _answer,
}
SENDING = frozenset(event.__name__ for event in _TABLE)

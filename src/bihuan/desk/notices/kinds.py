"""What staff are told, who in a unit hears of it, and what is urgent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from bihuan.desk import codec, effects
from bihuan.desk.feed import Placed
from bihuan.kernel import events as e
from bihuan.kernel.case import Case

# Kind of notice → the roles of a unit that hear of it. A kind that is not here is not told to staff.
TOLD: Mapping[str, tuple[str, ...]] = {
    "new-case": ("triage", "dispatcher"),
    "order": ("handler",),
    "to-verify": ("verifier",),
    "objection": ("dispatcher", "triage"),
    "request": ("head",),
    "returned": ("dispatcher", "triage"),
    "rework": ("handler",),
    "disputed": ("handler", "head"),
    "warning": ("handler",),
    "remind": ("handler",),
    "oversee": ("handler", "head"),
    "overdue": ("handler", "head"),
    "champion": (),
    "statutory-report": ("handler", "head", "triage", "dispatcher", "oversight"),
}
# What the clock itself says. An empty post is passed over at once for every kind; for these an absent one is too.
OF_THE_LADDER = frozenset({"warning", "remind", "oversee", "overdue"})
URGENT = frozenset({"oversee", "overdue", "statutory-report"})


@dataclass(frozen=True)
class Told:
    """One thing to tell. ``to``: a unit, a role of a unit (``role@unit``) or a person (``person:…``).

    ``clock``: the one that speaks. ``has_waited``: it was held until the unit opened.
    """

    case: UUID
    number: int
    kind: str
    to: str
    at: datetime
    clock: str = ""
    has_waited: bool = False


def is_told(placed: Placed) -> bool:
    return placed.kind in effects.SENDING


def told(placed: Placed, state: Case) -> Iterator[Told]:
    """What an event tells the staff, addressed as the messages of the outbox are: one table for both."""
    recorded = codec.decode_event(placed.body)
    for message in effects.messages(placed.case, recorded, state):
        kind = _kind(message.kind, recorded.event)
        if kind in TOLD:
            clock = str(getattr(recorded.event, "clock", "")) if kind in OF_THE_LADDER else ""
            yield Told(placed.case, placed.number, kind, message.to, recorded.at, clock)


def _kind(kind: str, event: e.Event) -> str:
    if isinstance(event, e.Asked) and event.request.kind == "return":
        return "objection"
    if isinstance(event, e.Reopened) and event.why == "dispute":
        return "disputed"
    return kind

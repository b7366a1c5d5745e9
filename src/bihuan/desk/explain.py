"""``explain``: why this unit and why this due date, from the history alone. No rulebook is read (law 6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bihuan.desk import reasons
from bihuan.kernel import events as e
from bihuan.kernel.case import Clock
from bihuan.kernel.events import Recorded


@dataclass(frozen=True)
class Ownership:
    """From when a unit led, by which row of which rulebook version, on what legal basis."""

    since: datetime
    unit: str
    rule: str
    basis: str
    book: str


@dataclass
class Promise:
    """One clock's life: how the due date came about, step by step."""

    key: str
    amount: int
    unit: str
    basis: str
    book: str
    calendar: str
    started: datetime
    due: datetime
    inner: datetime | None
    provisional: bool
    steps: list[tuple[datetime, str, datetime]] = field(default_factory=list)
    broken: datetime | None = None
    stopped: datetime | None = None


@dataclass(frozen=True)
class Explanation:
    owners: tuple[Ownership, ...]
    promises: tuple[Promise, ...]
    objections: tuple[tuple[datetime, str, str, str], ...]


def explain(history: Sequence[Recorded]) -> Explanation:
    """Reasons that ``history`` holds as references (it was not read through ``read_case``) stay untold."""
    owners: list[Ownership] = []
    promises: dict[str, Promise] = {}
    objections: list[tuple[datetime, str, str, str]] = []
    for recorded in reasons.told(tuple(history), {}):
        event = recorded.event
        owner = _owner(recorded)
        if owner is not None:
            owners.append(owner)
        elif isinstance(event, e.Asked) and event.request.kind == "return":
            objections.append((recorded.at, event.request.unit, event.request.reason, event.request.rule))
        else:
            _follow(promises, recorded)
    return Explanation(tuple(owners), tuple(promises.values()), tuple(objections))


def _owner(recorded: Recorded) -> Ownership | None:
    event = recorded.event
    if isinstance(event, e.Registered):
        return Ownership(recorded.at, event.desk, "desk", "", recorded.book)
    if isinstance(event, e.ImportedCase):
        return Ownership(event.opened, event.unit or event.desk, f"import:{event.source}", "", recorded.book)
    if isinstance(event, e.Dispatched):
        return Ownership(recorded.at, event.lead, event.rule, event.basis, recorded.book)
    if isinstance(event, e.Reopened):
        return Ownership(recorded.at, event.unit, f"reopened: {event.why}", "", recorded.book)
    return None


def _follow(promises: dict[str, Promise], recorded: Recorded) -> None:
    event = recorded.event
    match event:
        case e.ClockStarted():
            promises[event.clock.id] = _promise(event.clock, recorded.book)
        case e.ClockResumed() | e.ClockExtended() | e.ClockTightened() | e.ClockRecomputed() | e.ClockPaused():
            promise = promises.get(event.clock.id)
            if promise is not None:
                promise.due, promise.inner = event.clock.due, event.clock.inner
                promise.provisional, promise.stopped = event.clock.provisional, None
                promise.calendar = event.clock.calendar
                promise.steps.append((recorded.at, _how(event), event.clock.due))
        case e.ClockBroken() if event.clock in promises:
            promises[event.clock].broken = event.due
        case e.ClockStopped() if event.clock in promises:
            promises[event.clock].stopped = event.at
        case _:
            return


def _how(event: e.Event) -> str:
    if isinstance(event, e.ClockTightened) and not event.from_case:
        return "Promised"
    return type(event).__name__


def _promise(clock: Clock, book: str) -> Promise:
    return Promise(
        key=clock.key,
        amount=clock.amount,
        unit=str(clock.unit),
        basis=clock.basis,
        book=book,
        calendar=clock.calendar,
        started=clock.started,
        due=clock.due,
        inner=clock.inner,
        provisional=clock.provisional,
    )

"""What has happened: the closed union of events. Past tense, outcomes written in, no ``who`` and no ``when``.

Who and when stand in the envelope (``Recorded``), stamped once by the desk.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bihuan.kernel.case import Clock, Hold, Note, Proof, Request, Seal, Stage, Task


@dataclass(frozen=True)
class Registered:
    """A report came in: it has a number, a receipt (the hash of its code), a desk and a seal from this moment on.

    ``due``: a date of its own that was promised.
    """

    scene: str
    number: int
    receipt: str
    category: str
    place: str
    seal: Seal
    channel: str
    desk: str
    law_date: str
    reporter: str = ""
    notes: tuple[Note, ...] = ()
    barred: tuple[str, ...] = ()
    prior_final: str = ""
    parent: str = ""
    due: datetime | None = None


@dataclass(frozen=True)
class ImportedCase:
    """History from elsewhere, exempt by name from laws 2 to 4 and free of clocks: it says where it came from.

    ``days_only``: it came with days and without hours; the instants are where the day begins.
    """

    scene: str
    number: int
    receipt: str
    category: str
    place: str
    seal: Seal
    source: str
    source_id: str
    desk: str
    unit: str
    stage: Stage
    law_date: str
    opened: datetime
    due: datetime | None = None
    closed: datetime | None = None
    outcome: str = ""
    days_only: bool = False


@dataclass(frozen=True)
class Accepted:
    new_fact: str = ""


@dataclass(frozen=True)
class Recategorised:
    category: str
    place: str
    reason: str


@dataclass(frozen=True)
class Declined:
    reason: str
    rule: str
    rightful_route: str
    letter: str = ""


@dataclass(frozen=True)
class Dispatched:
    """``rule``: the row of the route table, or ``by hand``; ``basis``: its legal basis; ``bound``: by arbitration."""

    lead: str
    rule: str
    basis: str
    bound: bool = False


@dataclass(frozen=True)
class TaskAdded:
    task: Task


@dataclass(frozen=True)
class TaskTaken:
    task: int
    person: str


@dataclass(frozen=True)
class TaskReleased:
    task: int
    person: str
    reason: str


@dataclass(frozen=True)
class TaskArrived:
    task: int


@dataclass(frozen=True)
class TaskFinished:
    task: int
    person: str
    unit: str
    proofs: tuple[Proof, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class TaskReturned:
    task: int
    reason: str
    rule: str


@dataclass(frozen=True)
class TaskReopened:
    task: int
    reason: str


@dataclass(frozen=True)
class TaskCancelled:
    task: int
    reason: str


@dataclass(frozen=True)
class Answered:
    note: str = ""


@dataclass(frozen=True)
class SentToVerify:
    unit: str


@dataclass(frozen=True)
class Reworked:
    reason: str


@dataclass(frozen=True)
class Closed:
    """``how``: ``verifier``, ``reporter`` or ``sample``; ``proofs`` are the references that were accepted.

    ``required``: the kinds that the rulebook asked for; ``apart``: who must be another, the ``person`` or ``unit``.
    """

    how: str
    outcome: str
    proofs: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    apart: str = "unit"


@dataclass(frozen=True)
class Disputed:
    reason: str


@dataclass(frozen=True)
class Reopened:
    unit: str
    why: str


@dataclass(frozen=True)
class FollowedUp:
    clock: str
    is_settled: bool


@dataclass(frozen=True)
class Archived:
    pass


@dataclass(frozen=True)
class ClockStarted:
    clock: Clock


@dataclass(frozen=True)
class ClockStopped:
    clock: str
    at: datetime


@dataclass(frozen=True)
class ClockPaused:
    clock: Clock


@dataclass(frozen=True)
class ClockResumed:
    """Running again with the time used kept: after a pause, a transfer or a reopening."""

    clock: Clock
    why: str


@dataclass(frozen=True)
class ClockExtended:
    clock: Clock
    approved_by: str


@dataclass(frozen=True)
class ClockTightened:
    """An earlier date holds: a merge brought it along, or it was promised for this case (no ``from_case``)."""

    clock: Clock
    from_case: str


@dataclass(frozen=True)
class ClockRecomputed:
    """The calendar of a year was published or an officer changed it."""

    clock: Clock
    was: datetime


@dataclass(frozen=True)
class ClockWarned:
    clock: str
    at: datetime
    to: str


@dataclass(frozen=True)
class ClockBroken:
    clock: str
    due: datetime


@dataclass(frozen=True)
class Escalated:
    clock: str
    at: datetime
    action: str
    to: str


@dataclass(frozen=True)
class Overseen:
    """A person reminds (催办) or oversees (督办); the ladder does the same as ``Escalated``."""

    action: str
    to: str
    reason: str


@dataclass(frozen=True)
class Asked:
    request: Request


@dataclass(frozen=True)
class Granted:
    request: int


@dataclass(frozen=True)
class Denied:
    request: int
    reason: str


@dataclass(frozen=True)
class Merged:
    into: str


@dataclass(frozen=True)
class Absorbed:
    case: str
    receipts: tuple[str, ...]
    reporters: tuple[str, ...]
    barred: tuple[str, ...] = ()


@dataclass(frozen=True)
class Unmerged:
    reason: str


@dataclass(frozen=True)
class Parted:
    """The lead case lets a merged one go; the receipts and reporters that came with it go too."""

    case: str
    receipts: tuple[str, ...]
    reporters: tuple[str, ...] = ()


@dataclass(frozen=True)
class ChildAdded:
    case: str


@dataclass(frozen=True)
class HoldLaid:
    hold: Hold


@dataclass(frozen=True)
class HoldLifted:
    by_case: str
    reason: str


@dataclass(frozen=True)
class StepTaken:
    step: str
    data: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Resealed:
    seal: Seal
    basis: str


@dataclass(frozen=True)
class Noted:
    note: Note


@dataclass(frozen=True)
class ProofAdded:
    proof: Proof


@dataclass(frozen=True)
class ReportedByLaw:
    """A statutory report (the red button): to whom, on what ground. Nothing in the loop may hold it up (law 7)."""

    kind: str
    to: tuple[str, ...]
    note: str
    basis: str


@dataclass(frozen=True)
class ChampionNamed:
    person: str
    unit: str = ""


RarerEvent = (
    Recategorised | Declined | Disputed | Reopened | FollowedUp | Overseen | ReportedByLaw | Archived | Asked
    | Granted | Denied | Merged | Unmerged | Absorbed | Parted | ChildAdded | HoldLaid | HoldLifted | StepTaken
    | Resealed | Noted | ProofAdded | ChampionNamed
)  # fmt: skip

Event = (
    Registered | ImportedCase | Accepted | Dispatched | TaskAdded | TaskTaken | TaskReleased | TaskArrived
    | TaskFinished | TaskReturned | TaskReopened | TaskCancelled | Answered | SentToVerify | Reworked | Closed
    | ClockStarted | ClockStopped | ClockPaused | ClockResumed | ClockExtended | ClockTightened | ClockRecomputed
    | ClockWarned | ClockBroken | Escalated | RarerEvent
)  # fmt: skip


@dataclass(frozen=True)
class Recorded:
    """An event in its envelope: number within the case from 1, who, when it happened, when it was recorded."""

    number: int
    event: Event
    by: str
    unit: str
    at: datetime
    recorded: datetime
    book: str

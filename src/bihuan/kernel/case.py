"""The nouns of the loop: a case, its tasks, its clocks, what it waits for and what holds it.

All are frozen values. People appear only as opaque references, free text only as references to notes.
Times are aware datetimes in UTC.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from bihuan.kernel.calendar import Unit


class Stage(StrEnum):
    """Where a case stands. The same in every scene; disputed, paused and overdue are facts, not stages."""

    REGISTERED = "registered"
    ACCEPTED = "accepted"
    DISPATCHED = "dispatched"
    WORKING = "working"
    ANSWERED = "answered"
    VERIFYING = "verifying"
    CLOSED = "closed"
    ARCHIVED = "archived"
    MERGED = "merged"
    DECLINED = "declined"


OPEN_STAGES = frozenset(
    {Stage.REGISTERED, Stage.ACCEPTED, Stage.DISPATCHED, Stage.WORKING, Stage.ANSWERED, Stage.VERIFYING}
)


class Seal(StrEnum):
    """Who may see: public, internal, case team, sealed. Ordered by value."""

    L0 = "L0"
    L1 = "L1"
    L2 = "L2"
    L3 = "L3"


class Role(StrEnum):
    LEAD = "lead"
    ASSIST = "assist"


class TaskStatus(StrEnum):
    OPEN = "open"
    TAKEN = "taken"
    ARRIVED = "arrived"
    FINISHED = "finished"
    RETURNED = "returned"
    CANCELLED = "cancelled"


OPEN_TASKS = frozenset({TaskStatus.OPEN, TaskStatus.TAKEN, TaskStatus.ARRIVED})


@dataclass(frozen=True)
class Alarm:
    """One instant at which a clock speaks: ``warn``, ``break``, or a step of the ladder (``remind``, ``oversee``)."""

    at: datetime
    kind: str
    to: str = ""


@dataclass(frozen=True)
class Pause:
    """A pause is itself a clock: since when, until when, why, who asked and who approved."""

    since: datetime
    until: datetime
    reason: str
    asked_by: str
    approved_by: str


@dataclass(frozen=True)
class Move:
    """How a due date moved after the start: ``shift`` by a span that does not count, ``extend`` (amount), ``cap``."""

    kind: str
    since: datetime
    until: datetime
    amount: int = 0


@dataclass(frozen=True)
class Clock:
    """A promise in time. ``amount`` is in ``unit``; ``inner`` is the last working day before a due date that rolled.

    ``nominal`` is the day it rolled from: pauses and extensions count from there. ``moves`` lets the due date be worked
    out anew when a calendar is published. ``reminds``: whom it reminds on its day; such a clock breaks nothing, and may
    outlive the closing.
    """

    id: str
    key: str
    amount: int
    unit: Unit
    basis: str
    started: datetime
    due: datetime
    stops: tuple[str, ...]
    alarms: tuple[Alarm, ...] = ()
    inner: datetime | None = None
    nominal: datetime | None = None
    provisional: bool = False
    calendar: str = ""
    moves: tuple[Move, ...] = ()
    statutory: bool = False
    reminds: str = ""
    extend: int = 0
    extend_by: str = ""
    extended: bool = False
    task: int | None = None
    paused: Pause | None = None
    stopped: datetime | None = None
    broken: datetime | None = None

    @property
    def is_running(self) -> bool:
        return self.stopped is None and self.paused is None

    @property
    def is_ticking(self) -> bool:
        """Running, or paused: a pause is itself a clock."""
        return self.stopped is None


@dataclass(frozen=True)
class Task:
    """A piece of a case for a unit, a team or a person. ``needs``: tasks that come first; ``duration``: minutes."""

    id: int
    role: Role
    unit: str
    kind: str = "handle"
    claimed: bool = False
    capacity: int = 1
    needs: tuple[int, ...] = ()
    skills: tuple[str, ...] = ()
    place: str = ""
    duration: int | None = None
    status: TaskStatus = TaskStatus.OPEN
    takers: tuple[str, ...] = ()
    proofs: tuple[str, ...] = ()
    finished: datetime | None = None

    @property
    def is_open(self) -> bool:
        return self.status in OPEN_TASKS


@dataclass(frozen=True)
class Request:
    """Something that another person must grant: a pause, an extension, a return (objection), a lower seal."""

    id: int
    kind: str
    by: str
    unit: str
    reason: str
    asked: datetime
    rule: str = ""
    clock: str = ""
    task: int | None = None
    amount: int = 0
    until: datetime | None = None
    seal: Seal | None = None
    is_open: bool = True


@dataclass(frozen=True)
class Hold:
    """What one case lays on another: tasks of ``on`` (a task kind, or ``*``) may neither start nor finish."""

    by_case: str
    unit: str
    on: str
    reason: str
    basis: str


@dataclass(frozen=True)
class Proof:
    """A reference to evidence of a kind that the rulebook names (``photo_after``, ``letter``)."""

    kind: str
    ref: str


@dataclass(frozen=True)
class Note:
    """A reference to free text in the vault; ``audience`` names the roles that may read it (empty: the case team)."""

    kind: str
    ref: str
    audience: tuple[str, ...] = ()


@dataclass(frozen=True)
class Case:
    """What must be closed. ``version`` counts events; ``law_date`` is the local date whose rules the case keeps.

    ``promised``: a date of its own, before that of the rulebook.
    ``answer_stopped`` and ``merge_stopped``: ids of the clocks that run on when the answer or the merge does not stand.
    """

    scene: str
    book: str
    law_date: date
    number: int
    category: str
    place: str
    seal: Seal
    stage: Stage
    channel: str
    desk: str
    lead: str
    opened: datetime
    version: int = 0
    reporter: str = ""
    joined: tuple[str, ...] = ()
    receipts: tuple[str, ...] = ()
    barred: tuple[str, ...] = ()
    prior_final: str = ""
    tasks: tuple[Task, ...] = ()
    clocks: tuple[Clock, ...] = ()
    requests: tuple[Request, ...] = ()
    holds: tuple[Hold, ...] = ()
    proofs: tuple[Proof, ...] = ()
    notes: tuple[Note, ...] = ()
    steps: tuple[str, ...] = ()
    workers: tuple[str, ...] = ()
    worker_units: tuple[str, ...] = ()
    verifier_unit: str = ""
    returns: int = 0
    reworks: int = 0
    reopens: int = 0
    overdue: int = 0
    is_disputed: bool = False
    is_bound: bool = False
    outcome: str = ""
    promised: datetime | None = None
    champion: str = ""
    champion_unit: str = ""
    route: str = ""
    parent: str = ""
    children: tuple[str, ...] = ()
    merged_into: str = ""
    absorbed: tuple[str, ...] = ()
    before_merge: Stage | None = None
    answer_stopped: tuple[str, ...] = ()
    merge_stopped: tuple[str, ...] = ()
    answered: datetime | None = None
    closed: datetime | None = None
    is_imported: bool = False

    @property
    def is_open(self) -> bool:
        return self.stage in OPEN_STAGES

    def is_party(self, person: str) -> bool:
        """Whether this person reported the case, alone or among others."""
        return bool(person) and (person == self.reporter or person in self.joined)

    def task(self, task_id: int) -> Task | None:
        return next((task for task in self.tasks if task.id == task_id), None)

    def clock(self, clock_id: str) -> Clock | None:
        return next((clock for clock in self.clocks if clock.id == clock_id), None)

    @property
    def lead_task(self) -> Task | None:
        """The open or finished lead task; a returned one leads no longer."""
        live = [t for t in self.tasks if t.role is Role.LEAD and (t.is_open or t.status is TaskStatus.FINISHED)]
        return live[-1] if live else None

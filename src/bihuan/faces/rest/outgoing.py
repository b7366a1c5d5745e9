"""What goes out, as the OpenAPI document shows it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from ninja import Schema
from pydantic import ConfigDict


class ReportOut(Schema):
    """`receipt` is shown this once and stored nowhere: keep it. Under an idempotency key it is given again."""

    id: UUID
    number: int
    version: int
    receipt: str
    track: str


class ChangeOut(Schema):
    """The case after the command. `number` is what people call it by."""

    id: UUID
    number: int
    version: int


class UnitOut(Schema):
    code: str
    name: str
    name_en: str


class TurnOut(Schema):
    """Whose turn it is, to do what (`accept dispatch take handle send-to-verify verify none`), and until when."""

    unit: UnitOut
    what: str
    due: datetime | None


class LineOut(Schema):
    """One case in a list. Of a sealed case (L2, L3) only that it is there: no category, no place."""

    id: UUID
    number: int
    category: UnitOut
    place: UnitOut
    stage: str
    seal: str
    turn: UnitOut
    opened: datetime
    due: datetime | None
    is_overdue: bool
    is_disputed: bool
    version: int


class PageOut(Schema):
    """`next`: give it as `after` to read on; empty at the end."""

    cases: list[LineOut]
    next: str
    at: datetime


class PauseOut(Schema):
    since: datetime
    until: datetime
    reason: str


class ClockOut(Schema):
    """A promise. `provisional`: beyond the calendars that are published; `inner`: the last working day before it."""

    id: str
    key: str
    amount: int
    unit: str
    basis: str
    started: datetime
    due: datetime
    inner: datetime | None
    provisional: bool
    statutory: bool
    task: int | None
    paused: PauseOut | None
    stopped: datetime | None
    broken: datetime | None


class TaskOut(Schema):
    id: int
    role: str
    unit: str
    kind: str
    status: str
    claimed: bool
    capacity: int
    needs: list[int]
    skills: list[str]
    place: str
    duration: int | None
    takers: list[str]
    finished: datetime | None


class RequestOut(Schema):
    id: int
    kind: str
    by: str
    unit: str
    reason: str
    rule: str
    clock: str
    task: int | None
    amount: int
    until: datetime | None
    seal: str | None
    asked: datetime
    is_open: bool


class ProofOut(Schema):
    kind: str
    ref: str


class PhotoOut(Schema):
    """`ref` names the photograph as a proof."""

    ref: str


class HoldOut(Schema):
    by_case: str
    unit: str
    on: str
    reason: str
    basis: str


class TextOut(Schema):
    """A text from the vault. `gone`: `erased` by right, or `damaged`; then `text` is empty."""

    kind: str
    text: str
    unit: str
    at: datetime | None
    gone: str


class MoveOut(Schema):
    """What the caller could do now. `waits`: the code of the refusal that still stands in the way."""

    key: str
    target: str
    waits: str


class CaseOut(Schema):
    """A case as its reader may see it. `level`: `existence`, `coordination` or `full`.

    `days_only`: it came from elsewhere without hours; its instants are where the day of the district begins.
    """

    id: UUID
    number: int
    version: int
    scene: str
    book: str
    category: UnitOut
    place: UnitOut
    stage: str
    seal: str
    level: str
    channel: str
    desk: str
    lead: str
    verifier: str
    opened: datetime
    answered: datetime | None
    closed: datetime | None
    is_open: bool
    is_disputed: bool
    is_imported: bool
    days_only: bool
    overdue: int
    returns: int
    reworks: int
    reopens: int
    outcome: str
    route: str
    champion: str
    parent: str
    children: list[str]
    merged_into: str
    steps: list[str]
    turn: TurnOut
    tasks: list[TaskOut]
    clocks: list[ClockOut]
    requests: list[RequestOut]
    holds: list[HoldOut]
    proofs: list[ProofOut]
    texts: list[TextOut]
    moves: list[MoveOut]


class EventOut(Schema):
    """One event. `at`: when it happened; `recorded`: when it was written down. `data` and `by`: for the case team."""

    number: int
    kind: str
    by: str
    unit: str
    at: datetime
    recorded: datetime
    book: str
    data: dict[str, Any]


class EventsOut(Schema):
    id: UUID
    version: int
    events: list[EventOut]


class OwnerOut(Schema):
    since: datetime
    unit: str
    rule: str
    basis: str
    book: str


class StepOut(Schema):
    at: datetime
    what: str
    due: datetime


class PromiseOut(Schema):
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
    steps: list[StepOut]
    broken: datetime | None
    stopped: datetime | None


class ObjectionOut(Schema):
    at: datetime
    unit: str
    reason: str
    rule: str


class ExplanationOut(Schema):
    """Why this unit and why this date, from the history alone."""

    owners: list[OwnerOut]
    promises: list[PromiseOut]
    objections: list[ObjectionOut]


class TrackOut(Schema):
    """What the holder of a receipt sees. `do`: what he may do now (`confirm dispute note`)."""

    number: int
    version: int
    category: UnitOut
    place: UnitOut
    stage: str
    opened: datetime
    answered: datetime | None
    closed: datetime | None
    is_overdue: bool
    is_disputed: bool
    is_merged: bool
    outcome: str
    turn: TurnOut
    own: list[TextOut]
    answers: list[TextOut]
    do: list[str]


class BothOut(Schema):
    """The two cases of a merge or its undoing."""

    case: ChangeOut
    other: ChangeOut


class PartsOut(Schema):
    parts: list[ReportOut]


class BookOut(Schema):
    scene: str
    version: str
    effective: str
    basis: str
    in_force: bool


class BooksOut(Schema):
    rulebooks: list[BookOut]


class BookDetailOut(Schema):
    """A rulebook whole, as it is stored."""

    model_config = ConfigDict(extra="allow")

    scene: str
    version: str
    effective: str
    basis: str
    desks: list[str]
    clocks: list[dict[str, Any]]
    categories: list[dict[str, Any]]
    routes: list[dict[str, Any]]


class CellOut(Schema):
    """One cell of an aggregate. `count` is null below five, and so is not told."""

    group: dict[str, str]
    count: int | None


class CountsOut(Schema):
    at: datetime
    group_by: list[str]
    cells: list[CellOut]


class ReceiptOut(Schema):
    """`bihuan-receipt/1`: see docs/howto/verify-a-receipt.md for how to check it without us."""

    format: str
    commitment: str
    event: str
    position: int
    leaf_hash: str
    path: list[str]
    head: str
    public_key: str


class FindingOut(Schema):
    """`pointer`: RFC 6901 into the body; in a query, the parameter."""

    pointer: str
    code: str
    detail: str


class ProblemOut(Schema):
    """RFC 9457. `law` (1 to 9) or `rule`: what a refusal rests on."""

    type: str
    title: str
    title_en: str
    status: int
    code: str
    detail: str
    law: int | None = None
    rule: str = ""
    facts: dict[str, Any] = {}
    errors: list[FindingOut] = []


class BulkOut(Schema):
    """One line of a bulk answer: the report that was taken, or the problem with it. `line` counts from 1."""

    line: int
    report: ReportOut | None = None
    problem: ProblemOut | None = None

"""What somebody wants to happen: the closed union of commands. Imperative, and not yet true."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bihuan.kernel.case import Case, Clock, Hold, Note, Proof, Role, Seal, Stage


@dataclass(frozen=True)
class Ctx:
    """The circumstances of a command: the instant, who acts, and the facts that the desk looked up.

    ``roles`` are those of the acting post (``triage dispatcher handler verifier head arbiter oversight reporter
    system``). ``facts``: ``prior_final`` (a case id), ``conflict`` (true when the actor is a party), ``sampled``,
    ``champion_unit``.
    """

    at: datetime
    person: str
    unit: str
    roles: frozenset[str] = frozenset()
    facts: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Register:
    """``barred``: units that must never see the case (an accused's unit and all below it). ``parent``: a case id.

    ``due``: until when this one case was promised; it caps the ``handle`` clock.
    """

    number: int
    receipt: str
    category: str
    place: str
    channel: str
    reporter: str = ""
    notes: tuple[Note, ...] = ()
    seal: Seal | None = None
    barred: tuple[str, ...] = ()
    parent: str = ""
    is_order: bool = False
    due: datetime | None = None


@dataclass(frozen=True)
class ImportCase:
    number: int
    receipt: str
    category: str
    place: str
    source: str
    source_id: str
    unit: str
    opened: datetime
    due: datetime | None = None
    closed: datetime | None = None
    outcome: str = ""
    stage: Stage = Stage.CLOSED
    days_only: bool = False


@dataclass(frozen=True)
class Accept:
    new_fact: str = ""


@dataclass(frozen=True)
class Recategorise:
    category: str
    reason: str
    place: str = ""


@dataclass(frozen=True)
class Decline:
    reason: str
    rule: str
    rightful_route: str
    letter: str = ""


@dataclass(frozen=True)
class Dispatch:
    """Without ``lead`` the route table decides."""

    lead: str = ""
    assists: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True)
class AddTask:
    unit: str
    kind: str = "handle"
    role: Role = Role.ASSIST
    claimed: bool = False
    capacity: int = 1
    needs: tuple[int, ...] = ()
    skills: tuple[str, ...] = ()
    place: str = ""
    duration: int | None = None


@dataclass(frozen=True)
class TakeTask:
    task: int


@dataclass(frozen=True)
class ReleaseTask:
    task: int
    reason: str


@dataclass(frozen=True)
class ArriveAtTask:
    task: int


@dataclass(frozen=True)
class FinishTask:
    task: int
    proofs: tuple[Proof, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class CancelTask:
    task: int
    reason: str


@dataclass(frozen=True)
class ReturnTask:
    """An objection: the unit asks to give the task back, with a reason and the rule that it rests on."""

    task: int
    reason: str
    rule: str


@dataclass(frozen=True)
class SendToVerify:
    unit: str


@dataclass(frozen=True)
class Verify:
    accept: bool
    reason: str = ""
    outcome: str = ""
    how: str = "verifier"


@dataclass(frozen=True)
class Dispute:
    reason: str


@dataclass(frozen=True)
class FollowUp:
    clock: str
    is_settled: bool
    reason: str = ""


@dataclass(frozen=True)
class Archive:
    pass


@dataclass(frozen=True)
class AskPause:
    clock: str
    until: datetime
    reason: str


@dataclass(frozen=True)
class AskExtend:
    clock: str
    amount: int
    reason: str


@dataclass(frozen=True)
class AskSeal:
    """Raising a seal takes effect at once (``Reseal``); lowering one must be asked for and granted."""

    seal: Seal
    reason: str


@dataclass(frozen=True)
class Grant:
    request: int


@dataclass(frozen=True)
class Deny:
    request: int
    reason: str


@dataclass(frozen=True)
class Resume:
    clock: str
    reason: str


@dataclass(frozen=True)
class Promise:
    """What one case hands to another in a merge: a running statutory clock, and when it is due."""

    key: str
    due: datetime
    clock: Clock | None = None


@dataclass(frozen=True)
class Absorb:
    """To the lead case. The desk reads the other case in the same transaction and fills this in with ``hand_over``."""

    case: str
    receipts: tuple[str, ...]
    reporters: tuple[str, ...]
    seal: Seal
    promises: tuple[Promise, ...] = ()
    barred: tuple[str, ...] = ()
    holds: tuple[Hold, ...] = ()


def hand_over(case: str, state: Case) -> Absorb:
    """What ``case`` brings along when it is merged into another."""
    own = [k for k in state.clocks if k.is_ticking and k.task is None]
    kept = [k for k in own if k.statutory or (k.key == "handle" and state.promised is not None)]
    promises = tuple(Promise(k.key, k.due, k) for k in kept)
    reporters = tuple(person for person in (state.reporter, *state.joined) if person)
    return Absorb(case, state.receipts, reporters, state.seal, promises, state.barred, state.holds)


@dataclass(frozen=True)
class MergeInto:
    """``seal``: that of the lead case; both keep the higher one."""

    into: str
    seal: Seal = Seal.L0


@dataclass(frozen=True)
class Unmerge:
    reason: str


@dataclass(frozen=True)
class Part:
    """To the lead case: let a merged one go, with the receipts and reporters that it brought."""

    case: str
    receipts: tuple[str, ...]
    reporters: tuple[str, ...] = ()


@dataclass(frozen=True)
class AddChild:
    case: str


@dataclass(frozen=True)
class LayHold:
    by_case: str
    on: str
    reason: str
    basis: str


@dataclass(frozen=True)
class LiftHold:
    by_case: str
    reason: str


@dataclass(frozen=True)
class TakeStep:
    step: str
    data: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Reseal:
    seal: Seal
    basis: str


@dataclass(frozen=True)
class AddNote:
    note: Note


@dataclass(frozen=True)
class AddProof:
    proof: Proof


@dataclass(frozen=True)
class ReportByLaw:
    kind: str
    to: tuple[str, ...]
    note: str
    basis: str


@dataclass(frozen=True)
class NameChampion:
    person: str


@dataclass(frozen=True)
class Oversee:
    action: str
    to: str
    reason: str


@dataclass(frozen=True)
class Tick:
    """From the ticker: the instant is in ``ctx.at``."""


@dataclass(frozen=True)
class Recompute:
    """The calendar changed: due dates are worked out anew."""


Command = (
    Register | ImportCase | Accept | Recategorise | Decline | Dispatch | AddTask | TakeTask | ReleaseTask
    | ArriveAtTask | FinishTask | CancelTask | ReturnTask | SendToVerify | Verify | Dispute | FollowUp | Archive
    | AskPause | AskExtend | AskSeal | Grant | Deny | Resume | Absorb | MergeInto | Unmerge | Part | AddChild
    | LayHold | LiftHold | TakeStep | Reseal | AddNote | AddProof | ReportByLaw | NameChampion | Oversee | Tick
    | Recompute
)  # fmt: skip

"""What the kernel would let an actor do with a case now: each candidate command is decided dry, and nothing is stored.

So a button never lies. A move that only waits for something (an assisting task, a missing proof kind, a hold) is
returned too, with the refusal that says for what.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from bihuan.desk import facts, instant, rulebooks, scene_rules
from bihuan.desk.actor import Actor
from bihuan.kernel import commands as c
from bihuan.kernel import decide
from bihuan.kernel.case import Case, Note, Proof, Seal, Stage, Task
from bihuan.kernel.decide.working import involved
from bihuan.kernel.refused import Refused
from bihuan.kernel.rules import ClockRule, Rulebook

# Refusals that pass by themselves or by somebody else's work: worth saying beside a greyed button.
WAITING = frozenset({
    "assist-open", "child-open", "objection-open", "step-open", "task-waits", "held", "arbitration-needed", "no-route",
    "drawn-for-a-visit",
})  # fmt: skip
ANYTHING = "?"
Candidate = tuple[str, str, c.Command]  # key, target, what would be asked


@dataclass(frozen=True)
class Move:
    """``key`` names the form; ``target`` the task, clock, request or step it is about; ``waits`` why not yet."""

    key: str
    target: str = ""
    waits: Refused | None = None


def allowed(actor: Actor, case: UUID, state: Case, *, world: int = 1) -> tuple[Move, ...]:
    """The moves open to ``actor``, in the order in which work goes on."""
    rules = rulebooks.rules_of(state)
    at = instant.now(world)
    standing = facts.standing(case, state, actor, world)
    found = []
    for key, target, command in candidates(state, rules.book, actor, at):
        looked_up = {**standing, **facts.about(case, state, command)}
        ctx = c.Ctx(at, actor.person, actor.unit, actor.roles, looked_up)
        answer = scene_rules.refusal(state.scene, state, command, ctx) or decide(rules, state, command, ctx)
        if not isinstance(answer, Refused):
            if answer:
                found.append(Move(key, target))
        elif answer.code in WAITING:
            found.append(Move(key, target, answer))
    return tuple(found)


def candidates(state: Case, book: Rulebook, actor: Actor, at: datetime) -> Iterator[Candidate]:
    yield from _intake(state, book)
    yield from _dispatching(state, book)
    for task in state.tasks:
        yield from _task(state, book, task, actor)
    yield from _steps(state, book)
    yield from _closing(state, book, actor)
    yield from _clocks(state, at)
    yield from _linking(state, actor)


def _intake(state: Case, book: Rulebook) -> Iterator[Candidate]:
    yield "accept", "", c.Accept(new_fact=ANYTHING if state.prior_final or state.parent else "")
    other = next((code for code in book.categories if code != state.category), "")
    yield "recategorise", "", c.Recategorise(other, ANYTHING)
    yield "decline", "", c.Decline(ANYTHING, ANYTHING, ANYTHING, ANYTHING)


def _dispatching(state: Case, book: Rulebook) -> Iterator[Candidate]:
    """A case without a row in the route table is dispatched by hand, so any unit that is not barred will do."""
    by_hand = next((r.lead for r in book.routes if r.lead not in state.barred), state.desk)
    yield "dispatch", "", c.Dispatch(lead=by_hand, reason=ANYTHING)
    yield "assist", "", c.AddTask(unit=next((r.lead for r in book.routes if r.lead not in state.barred), ANYTHING))


def _task(state: Case, book: Rulebook, task: Task, actor: Actor) -> Iterator[Candidate]:
    """Whoever has taken a task does not wait to take it again, also while a hold stops everybody else."""
    target = str(task.id)
    proofs = tuple(Proof(kind, ANYTHING) for kind in book.proofs_for(state.category))
    if actor.person not in task.takers:
        yield "take", target, c.TakeTask(task.id)
    yield "arrive", target, c.ArriveAtTask(task.id)
    yield "finish", target, c.FinishTask(task.id, proofs)
    yield "return", target, c.ReturnTask(task.id, ANYTHING, ANYTHING)
    yield "release", target, c.ReleaseTask(task.id, ANYTHING)
    yield "cancel", target, c.CancelTask(task.id, ANYTHING)


def _steps(state: Case, book: Rulebook) -> Iterator[Candidate]:
    """Without the steps that only end clocks of other categories: the kernel would take them, but nobody asked."""
    category = book.categories.get(state.category)
    own = _ended_steps((*book.clocks, *(category.clocks if category else ())))
    others = _ended_steps(clock for row in book.categories.values() for clock in row.clocks)
    for step in book.steps.values():
        if step.key in others - own:
            continue
        yield "step", step.key, c.TakeStep(step.key, tuple((key, ANYTHING) for key in step.requires))


def _ended_steps(clocks: Iterable[ClockRule]) -> set[str]:
    return {stop.removeprefix("step:") for clock in clocks for stop in clock.stops if stop.startswith("step:")}


def _closing(state: Case, book: Rulebook, actor: Actor) -> Iterator[Candidate]:
    outcome = book.outcomes[0] if book.outcomes else ""
    free = [d for d in (*book.desks, *(r.lead for r in book.routes)) if d not in {*state.barred, *state.worker_units}]
    yield "send-to-verify", "", c.SendToVerify(free[0] if free else state.desk)
    how = "reporter" if "reporter" in actor.roles else "verifier"
    yield "verify", "", c.Verify(accept=True, outcome=outcome, how=how)
    if book.sample and how == "verifier":
        yield "sample", "", c.Verify(accept=True, outcome=outcome, how="sample")
    yield "reject", "", c.Verify(accept=False, reason=ANYTHING, how=how)
    yield "dispute", "", c.Dispute(ANYTHING)
    for clock in state.clocks:
        if clock.reminds and clock.is_ticking and state.stage is Stage.CLOSED:
            yield "follow-up", clock.id, c.FollowUp(clock.id, is_settled=True)
    yield "archive", "", c.Archive()


def _clocks(state: Case, at: datetime) -> Iterator[Candidate]:
    for request in state.requests:
        if request.is_open:
            yield "grant", str(request.id), c.Grant(request.id)
            yield "deny", str(request.id), c.Deny(request.id, ANYTHING)
    for clock in state.clocks:
        if clock.is_ticking and not clock.reminds:
            yield "pause", clock.id, c.AskPause(clock.id, at + timedelta(days=1), ANYTHING)
            yield "extend", clock.id, c.AskExtend(clock.id, 1, ANYTHING)
            yield "resume", clock.id, c.Resume(clock.id, ANYTHING)


def _linking(state: Case, actor: Actor) -> Iterator[Candidate]:
    yield "merge", "", c.MergeInto(into=ANYTHING, seal=state.seal)
    yield "unmerge", "", c.Unmerge(ANYTHING)
    yield "split", "", c.AddChild(ANYTHING)
    # In the name of this case, on another one: whoever has a part here, in a role that may. The other case judges too.
    if actor.unit in involved(state):
        yield "lay-hold", "", c.LayHold(ANYTHING, ANYTHING, ANYTHING, ANYTHING)
    for hold in state.holds:
        yield "lift-hold", hold.by_case, c.LiftHold(hold.by_case, ANYTHING)
    yield "remind", "", c.Oversee("remind", state.lead, ANYTHING)
    yield "oversee", "", c.Oversee("oversee", state.lead, ANYTHING)
    yield "champion", "", c.NameChampion(ANYTHING)
    yield "note", "", c.AddNote(Note("work", ANYTHING))
    yield "raise-seal", "", c.Reseal(Seal.L3, ANYTHING)
    yield "lower-seal", "", c.AskSeal(Seal.L0, ANYTHING)
    yield "red-button", "", c.ReportByLaw(ANYTHING, (ANYTHING,), ANYTHING, ANYTHING)

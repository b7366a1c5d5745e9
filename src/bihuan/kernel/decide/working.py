"""On the spot: take, arrive, finish, give back with a rule, take a scene's own step, add notes and proofs."""

from __future__ import annotations

from bihuan.kernel import commands as c
from bihuan.kernel import events as e
from bihuan.kernel.case import Case, Request, Role, Stage, Task, TaskStatus
from bihuan.kernel.decide.closing import need_proofs
from bihuan.kernel.decide.draft import Draft
from bihuan.kernel.decide.intake import close_declined
from bihuan.kernel.refused import Refused

AT_WORK = (Stage.DISPATCHED, Stage.WORKING)
# Moments that end an ordinary clock by themselves; any other promise must be kept before the lead may answer.
LATER = frozenset({"answered", "closed", "reworked"})


def take(draft: Draft, command: c.TakeTask) -> None:
    draft.need_stage(*AT_WORK)
    task = _open_task(draft, command.task)
    _need_mine(draft, task)
    _need_ready(draft, task)
    draft.need(draft.ctx.person not in task.takers, "already-taken", task=task.id)
    draft.need(len(task.takers) < task.capacity, "task-full", law=2, capacity=task.capacity)
    _take(draft, task)


def _take(draft: Draft, task: Task) -> None:
    is_first = draft.case.stage is Stage.DISPATCHED
    draft.add(e.TaskTaken(task.id, draft.ctx.person))
    if is_first:
        draft.moment("working")


def release(draft: Draft, command: c.ReleaseTask) -> None:
    task = _open_task(draft, command.task)
    draft.need(draft.ctx.person in task.takers, "not-your-task", law=2, task=task.id)
    draft.need_reason(command.reason)
    draft.add(e.TaskReleased(task.id, draft.ctx.person, command.reason))


def arrive(draft: Draft, command: c.ArriveAtTask) -> None:
    draft.need_stage(*AT_WORK)
    task = _open_task(draft, command.task)
    draft.need(draft.ctx.person in task.takers, "not-your-task", law=2, task=task.id)
    draft.need(task.status is not TaskStatus.ARRIVED, "already-there", task=task.id)
    draft.add(e.TaskArrived(task.id))


def finish(draft: Draft, command: c.FinishTask) -> None:
    draft.need_stage(*AT_WORK)
    task = _open_task(draft, command.task)
    _need_mine(draft, task)
    _need_ready(draft, task)
    if not task.takers:
        _take(draft, task)
    else:
        draft.need(draft.ctx.person in task.takers, "not-your-task", law=2, task=task.id)
    if task.role is Role.LEAD:
        _need_answerable(draft, command)
    draft.add(e.TaskFinished(task.id, draft.ctx.person, draft.ctx.unit, command.proofs, command.note))
    draft.stop_clocks(task.id)
    if task.role is Role.LEAD:
        _answer(draft, command.note)


def _need_answerable(draft: Draft, command: c.FinishTask) -> None:
    case = draft.case
    waiting = [t for t in case.tasks if t.role is Role.ASSIST and t.is_open]
    draft.need(not waiting, "assist-open", law=2, units=" ".join(sorted({t.unit for t in waiting})))
    draft.need(not draft.ctx.facts.get("open_children"), "child-open", law=2)
    objections = [r for r in case.requests if r.is_open and r.kind == "return"]
    draft.need(not objections, "objection-open", law=2)
    need_proofs(draft, *(proof.kind for proof in command.proofs))
    ticking = [k for k in case.clocks if k.is_ticking and k.task is None and not k.reminds]
    owed = [clock.key for clock in ticking if LATER.isdisjoint(clock.stops)]
    draft.need(not owed, "step-open", law=3, clocks=" ".join(owed))


def _answer(draft: Draft, note: str) -> None:
    draft.add(e.Answered(note))
    draft.moment("answered")
    case = draft.case
    own = case.worker_units if draft.book.verify_by == "unit" else ()
    free = [u for u in draft.book.verifiers(case.category, case.place) if u not in own and u not in case.barred]
    if free:
        draft.add(e.SentToVerify(free[0]))


def ask_return(draft: Draft, command: c.ReturnTask) -> None:
    """An objection. The task stays where it is until the desk agrees: somebody always owns it (law 2)."""
    draft.need_stage(*AT_WORK)
    task = _open_task(draft, command.task)
    _need_mine(draft, task)
    draft.need_reason(command.reason)
    draft.need(command.rule.strip(), "return-needs-rule", law=6)
    draft.need(not (draft.case.is_bound and task.role is Role.LEAD), "bound-by-arbitration", law=2)
    already = [r for r in draft.case.requests if r.is_open and r.kind == "return" and r.task == task.id]
    draft.need(not already, "already-asked")
    limits = [clock for clock in draft.case.clocks if clock.key == "objection"]
    if limits and task.role is Role.LEAD:
        limit = limits[-1]
        draft.need(draft.ctx.at <= limit.due, "objection-late", rule=limit.basis, due=limit.due.isoformat())
    request = Request(
        id=len(draft.case.requests) + 1,
        kind="return",
        by=draft.ctx.person,
        unit=draft.ctx.unit,
        reason=command.reason,
        asked=draft.ctx.at,
        rule=command.rule,
        task=task.id,
    )
    draft.add(e.Asked(request))
    draft.moment("objected")


def take_step(draft: Draft, command: c.TakeStep) -> None:
    step = draft.book.steps.get(command.step)
    if step is None:
        raise Refused("unknown-step", step=command.step)
    draft.need_stage(*step.stages)
    draft.need_role(step.by)
    need_involved(draft)
    draft.need_no_conflict()
    done = draft.case.steps
    draft.need(step.repeat or step.key not in done, "step-done", step=step.key)
    missing = [key for key in step.needs if key not in done]
    draft.need(not missing, "step-too-early", rule=step.basis, first=" ".join(missing))
    blocking = [key for key in step.blocked_by if key in done]
    draft.need(not blocking, "step-blocked", rule=step.basis, by=" ".join(blocking))
    given = {key for key, value in command.data if value.strip()}
    lacking = [key for key in step.requires if key not in given]
    draft.need(not lacking, "step-data-missing", rule=step.basis, missing=" ".join(lacking))
    draft.add(e.StepTaken(step.key, command.data))
    draft.moment(f"step:{step.key}")
    if step.ends == "declined":
        data = dict(command.data)
        close_declined(draft, e.Declined(data.get("reason", step.key), step.basis, data.get("routes", "")))


def add_note(draft: Draft, command: c.AddNote) -> None:
    need_involved(draft)
    draft.add(e.Noted(command.note))


def add_proof(draft: Draft, command: c.AddProof) -> None:
    draft.need_open()
    need_involved(draft)
    draft.add(e.ProofAdded(command.proof))


def involved(case: Case) -> set[str]:
    """Every unit that has a part in the case."""
    units = {task.unit for task in case.tasks if task.status is not TaskStatus.CANCELLED}
    return units | {case.lead, case.desk, case.verifier_unit, case.champion_unit} - {""}


def need_involved(draft: Draft) -> None:
    ctx, case = draft.ctx, draft.case
    if ctx.unit not in involved(case) and not case.is_party(ctx.person) and "system" not in ctx.roles:
        raise Refused("not-your-case", law=7, owner="")


def _open_task(draft: Draft, task_id: int) -> Task:
    task = draft.task(task_id)
    draft.need(task.is_open, "task-not-open", task=task_id, status=task.status)
    return task


def _need_mine(draft: Draft, task: Task) -> None:
    """An ordered task is its unit's; a claimed one is anybody's who comes of his own accord."""
    ctx = draft.ctx
    if task.claimed and "volunteer" in ctx.roles:
        return
    draft.need(ctx.unit == task.unit, "not-your-task", law=2, unit=task.unit)
    draft.need_role("handler", "head", "volunteer")
    draft.need_no_conflict()


def _need_ready(draft: Draft, task: Task) -> None:
    over = {t.id for t in draft.case.tasks if t.status in {TaskStatus.FINISHED, TaskStatus.CANCELLED}}
    waits = [needed for needed in task.needs if needed not in over]
    draft.need(not waits, "task-waits", needs=" ".join(map(str, waits)))
    for hold in draft.case.holds:
        draft.need(hold.on not in {task.kind, "*"}, "held", rule=hold.basis, by=hold.by_case)

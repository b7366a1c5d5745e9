"""``evolve(state, recorded) -> state``: the fold. It reads only state and event, never the rulebook."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import TypeVar, assert_never

from bihuan.kernel import events as e
from bihuan.kernel.case import Case, Clock, Request, Role, Stage, Task, TaskStatus

_T = TypeVar("_T", Case, Clock, Task, Request)


def evolve(state: Case | None, recorded: e.Recorded) -> Case:
    """The state after one more event. The first event must be ``Registered`` or ``ImportedCase``."""
    event = recorded.event
    if state is None:
        if isinstance(event, e.Registered):
            return _registered(event, recorded)
        if isinstance(event, e.ImportedCase):
            return _imported(event, recorded)
        raise ValueError(f"a history begins with Registered or ImportedCase, not {type(event).__name__}")
    return _next(state, event, recorded)


def fold(history: Iterable[e.Recorded]) -> Case:
    """The state that a whole history leads to."""
    state: Case | None = None
    for recorded in history:
        state = evolve(state, recorded)
    if state is None:
        raise ValueError("an empty history has no state")
    return state


def _copy(value: _T, **changes: object) -> _T:
    """A changed copy; ``dataclasses.replace`` costs ten times as much on a value of forty fields."""
    copy: _T = object.__new__(type(value))
    values = copy.__dict__
    values.update(value.__dict__)
    values.update(changes)
    return copy


def _with(state: Case, **changes: object) -> Case:
    return _copy(state, version=state.version + 1, **changes)


def _next(state: Case, event: e.Event, recorded: e.Recorded) -> Case:  # noqa: C901, PLR0911, PLR0912 - a table
    at = recorded.at
    match event:
        case e.ClockStarted() | e.ClockPaused() | e.ClockResumed() | e.ClockExtended():
            return _with(state, clocks=_put_clock(state, event.clock))
        case e.ClockTightened() | e.ClockRecomputed():
            return _with(state, clocks=_put_clock(state, event.clock))
        case e.ClockStopped():
            return _stopped(state, event)
        case e.TaskAdded():
            return _with(state, tasks=(*state.tasks, event.task))
        case e.TaskTaken():
            return _taken(state, event, recorded.unit)
        case e.TaskReleased():
            return _task(state, event.task, lambda t: _without_taker(t, event.person))
        case e.TaskArrived():
            return _task(state, event.task, lambda t: _copy(t, status=TaskStatus.ARRIVED))
        case e.TaskFinished():
            return _finished(state, event, at)
        case e.TaskReturned():
            return _returned(state, event)
        case e.TaskReopened():
            return _task(state, event.task, _reopened_task)
        case e.TaskCancelled():
            return _cancelled(state, event)
        case e.Accepted():
            return _with(state, stage=Stage.ACCEPTED)
        case e.Dispatched():
            return _with(state, stage=Stage.DISPATCHED, lead=event.lead, route=event.rule, is_bound=event.bound)
        case e.Answered():
            running = tuple(k.id for k in state.clocks if k.stopped is None and "answered" in k.stops)
            return _with(state, stage=Stage.ANSWERED, answered=at, answer_stopped=running)
        case e.SentToVerify():
            return _with(state, stage=Stage.VERIFYING, verifier_unit=event.unit)
        case e.Reworked():
            return _with(state, stage=Stage.WORKING, reworks=state.reworks + 1, answered=None)
        case e.Closed():
            return _with(state, stage=Stage.CLOSED, closed=at, outcome=event.outcome, is_disputed=False)
        case e.ClockWarned():
            return _without_alarm(state, event.clock, event.at, "warn", event.to)
        case e.Escalated():
            return _without_alarm(state, event.clock, event.at, event.action, event.to)
        case e.ClockBroken():
            return _broken(state, event)
        case e.Registered() | e.ImportedCase():
            raise ValueError("a case is registered once; registration cannot be undone (law 1)")
        case _:
            return _rarer(state, event, at)


def _rarer(state: Case, event: e.RarerEvent, at: datetime) -> Case:  # noqa: C901, PLR0911, PLR0912 - a table
    match event:
        case e.Recategorised():
            return _with(state, category=event.category, place=event.place)
        case e.Declined():
            return _with(state, stage=Stage.DECLINED, closed=at, outcome=event.rightful_route)
        case e.Disputed():
            return _with(state, is_disputed=True)
        case e.Reopened():
            return _with(
                state, stage=Stage.WORKING, lead=event.unit, reopens=state.reopens + 1, closed=None, answered=None
            )
        case e.FollowedUp() | e.Overseen() | e.ReportedByLaw():
            return _with(state)
        case e.Archived():
            return _with(state, stage=Stage.ARCHIVED)
        case e.Asked():
            return _with(state, requests=(*state.requests, event.request))
        case e.Granted() | e.Denied():
            return _without_requests(_with(state), lambda request: request.id == event.request)
        case e.Merged():
            return _merged(state, event, at)
        case e.Unmerged():
            return _unmerged(state)
        case e.Absorbed():
            return _absorbed(state, event)
        case e.Parted():
            return _parted(state, event)
        case e.ChildAdded():
            return _with(state, children=(*state.children, event.case))
        case e.HoldLaid():
            return _with(state, holds=(*state.holds, event.hold))
        case e.HoldLifted():
            return _with(state, holds=tuple(h for h in state.holds if h.by_case != event.by_case))
        case e.StepTaken():
            return _with(state, steps=(*state.steps, event.step))
        case e.Resealed():
            return _with(state, seal=event.seal)
        case e.Noted():
            return _with(state, notes=(*state.notes, event.note))
        case e.ProofAdded():
            return _with(state, proofs=(*state.proofs, event.proof))
        case e.ChampionNamed():
            return _with(state, champion=event.person, champion_unit=event.unit)
        case _:
            assert_never(event)


def _registered(event: e.Registered, recorded: e.Recorded) -> Case:
    return Case(
        scene=event.scene,
        book=recorded.book,
        law_date=date.fromisoformat(event.law_date),
        number=event.number,
        category=event.category,
        place=event.place,
        seal=event.seal,
        stage=Stage.REGISTERED,
        channel=event.channel,
        desk=event.desk,
        lead=event.desk,
        opened=recorded.at,
        version=1,
        reporter=event.reporter,
        receipts=(event.receipt,),
        barred=event.barred,
        prior_final=event.prior_final,
        notes=event.notes,
        parent=event.parent,
        promised=event.due,
    )


def _imported(event: e.ImportedCase, recorded: e.Recorded) -> Case:
    return Case(
        scene=event.scene,
        book=recorded.book,
        law_date=date.fromisoformat(event.law_date),
        number=event.number,
        category=event.category,
        place=event.place,
        seal=event.seal,
        stage=event.stage,
        channel=event.source,
        desk=event.desk,
        lead=event.unit or event.desk,
        opened=event.opened,
        version=1,
        receipts=(event.receipt,),
        closed=event.closed,
        outcome=event.outcome,
        is_imported=True,
    )


def _task(state: Case, task_id: int, change: Callable[[Task], Task]) -> Case:
    return _with(state, tasks=tuple(change(t) if t.id == task_id else t for t in state.tasks))


def _clock(state: Case, clock_id: str, change: Callable[[Clock], Clock]) -> Case:
    return _with(state, clocks=tuple(change(c) if c.id == clock_id else c for c in state.clocks))


def _stopped(state: Case, event: e.ClockStopped) -> Case:
    """What was done in time and recorded late broke nothing."""
    clock = state.clock(event.clock)
    if clock is None:
        return _with(state)
    is_kept = clock.broken is not None and event.at <= clock.broken
    broken = None if is_kept else clock.broken
    stopped = _copy(clock, stopped=event.at, paused=None, alarms=(), broken=broken)
    after = _with(state, clocks=_put_clock(state, stopped), overdue=state.overdue - is_kept)
    return _without_requests(after, lambda request: request.clock == event.clock)


def _without_requests(state: Case, is_void: Callable[[Request], bool]) -> Case:
    """What was asked about a clock that has stopped, or a task that is over, needs no answer any more.

    Writes into ``state``, which nobody else has seen yet.
    """
    if any(request.is_open and is_void(request) for request in state.requests):
        state.__dict__["requests"] = tuple(
            _copy(r, is_open=False) if r.is_open and is_void(r) else r for r in state.requests
        )
    return state


def _put_clock(state: Case, clock: Clock) -> tuple[Clock, ...]:
    if state.clock(clock.id) is None:
        return (*state.clocks, clock)
    return tuple(clock if c.id == clock.id else c for c in state.clocks)


def _without_alarm(state: Case, clock_id: str, at: datetime, kind: str, to: str) -> Case:
    def change(clock: Clock) -> Clock:
        left = tuple(a for a in clock.alarms if (a.at, a.kind, a.to) != (at, kind, to))
        return _copy(clock, alarms=left)

    return _clock(state, clock_id, change)


def _broken(state: Case, event: e.ClockBroken) -> Case:
    def change(clock: Clock) -> Clock:
        return _copy(clock, broken=event.due, alarms=tuple(a for a in clock.alarms if a.kind != "break"))

    return _copy(_clock(state, event.clock, change), overdue=state.overdue + 1)


def _added(values: tuple[str, ...], *more: str) -> tuple[str, ...]:
    return values + tuple(m for m in dict.fromkeys(more) if m and m not in values)


def _taken(state: Case, event: e.TaskTaken, by_unit: str) -> Case:
    """The taker works, and both his unit and the one that owes the task count as having worked."""
    task = state.task(event.task)
    unit = task.unit if task else ""
    taken = _task(state, event.task, lambda t: _copy(t, status=TaskStatus.TAKEN, takers=_added(t.takers, event.person)))
    values = taken.__dict__
    values["workers"] = _added(state.workers, event.person)
    values["worker_units"] = _added(state.worker_units, unit, by_unit)
    if state.stage is Stage.DISPATCHED:
        values["stage"] = Stage.WORKING
    return taken


def _without_taker(task: Task, person: str) -> Task:
    takers = tuple(taker for taker in task.takers if taker != person)
    return _copy(task, takers=takers, status=task.status if takers else TaskStatus.OPEN)


def _finished(state: Case, event: e.TaskFinished, at: datetime) -> Case:
    refs = tuple(proof.ref for proof in event.proofs)
    done = _task(
        state,
        event.task,
        lambda t: _copy(t, status=TaskStatus.FINISHED, finished=at, proofs=_added(t.proofs, *refs)),
    )
    values = done.__dict__
    values["proofs"] = (*state.proofs, *event.proofs)
    values["workers"] = _added(state.workers, event.person)
    values["worker_units"] = _added(state.worker_units, event.unit)
    return _without_requests(done, lambda request: request.task == event.task)


def _cancelled(state: Case, event: e.TaskCancelled) -> Case:
    gone = _task(state, event.task, lambda t: _copy(t, status=TaskStatus.CANCELLED))
    return _without_requests(gone, lambda request: request.task == event.task)


def _returned(state: Case, event: e.TaskReturned) -> Case:
    task = state.task(event.task)
    back = _task(state, event.task, lambda t: _copy(t, status=TaskStatus.RETURNED))
    values = back.__dict__
    values["returns"] = state.returns + 1
    if task is not None and task.role is Role.LEAD:
        values["stage"] = Stage.ACCEPTED
        values["lead"] = state.desk
    return back


def _reopened_task(task: Task) -> Task:
    return _copy(task, status=TaskStatus.TAKEN if task.takers else TaskStatus.OPEN, finished=None)


def _merged(state: Case, event: e.Merged, at: datetime) -> Case:
    """Work under way is cancelled by the merge; unmerged, such a case is back where it can be dispatched."""
    back = Stage.ACCEPTED if state.stage in {Stage.DISPATCHED, Stage.WORKING} else state.stage
    running = tuple(k.id for k in state.clocks if k.stopped is None and k.task is None)
    merged = _with(state, stage=Stage.MERGED, merged_into=event.into, before_merge=back, closed=at)
    return _copy(merged, merge_stopped=running)


def _unmerged(state: Case) -> Case:
    lead = state.lead if state.before_merge in {Stage.ANSWERED, Stage.VERIFYING} else state.desk
    return _with(state, stage=state.before_merge, lead=lead, merged_into="", before_merge=None, closed=None)


def _absorbed(state: Case, event: e.Absorbed) -> Case:
    return _with(
        state,
        absorbed=_added(state.absorbed, event.case),
        receipts=_added(state.receipts, *event.receipts),
        joined=_added(state.joined, *event.reporters),
        barred=_added(state.barred, *event.barred),
    )


def _parted(state: Case, event: e.Parted) -> Case:
    return _with(
        state,
        absorbed=tuple(case for case in state.absorbed if case != event.case),
        receipts=tuple(receipt for receipt in state.receipts if receipt not in event.receipts),
        joined=tuple(person for person in state.joined if person not in event.reporters),
    )

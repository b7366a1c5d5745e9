"""To a unit: the route table, the lead (主办) and assisting units (协办), further tasks."""

from __future__ import annotations

from dataclasses import replace

from bihuan.kernel import commands as c
from bihuan.kernel import events as e
from bihuan.kernel.case import Role, Stage, Task, TaskStatus
from bihuan.kernel.decide.draft import Draft
from bihuan.kernel.refused import Refused
from bihuan.kernel.rules import Route


def dispatch(draft: Draft, command: c.Dispatch) -> None:
    draft.need_stage(Stage.ACCEPTED)
    is_bound = _need_dispatcher(draft)
    route = draft.book.route(draft.case.category, draft.case.place)
    if command.lead and (route is None or command.lead != route.lead):
        draft.need_reason(command.reason)
        route = Route("by hand", "", "", command.lead, basis=command.reason)
    if route is None:
        raise Refused("no-route", category=draft.case.category, place=draft.case.place)
    route = replace(route, assists=command.assists or route.assists)
    draft.need_not_barred(route.lead, *route.assists)
    send(draft, route, is_bound=is_bound)


def _need_dispatcher(draft: Draft) -> bool:
    """After too many returns only the arbiter may dispatch, and what he decides binds."""
    book, ctx = draft.book, draft.ctx
    returns = sum(1 for t in draft.case.tasks if t.role is Role.LEAD and t.status is TaskStatus.RETURNED)
    if returns < book.returns_before_arbitration:
        draft.need_desk()
        return False
    is_arbiter = "arbiter" in ctx.roles and (not book.arbiter or ctx.unit == book.arbiter)
    draft.need(is_arbiter, "arbitration-needed", law=2, returns=returns, arbiter=book.arbiter or "arbiter")
    draft.need_no_conflict()
    return True


def open_route(draft: Draft) -> Route | None:
    """The route of the table, unless it leads to a barred unit."""
    route = draft.book.route(draft.case.category, draft.case.place)
    if route is None or {route.lead, *route.assists} & set(draft.case.barred):
        return None
    return route


def send(draft: Draft, route: Route, *, is_bound: bool = False) -> None:
    draft.add(e.Dispatched(route.lead, route.key, route.basis, is_bound))
    _add(draft, Task(_next_id(draft), Role.LEAD, route.lead))
    helping = {task.unit for task in draft.case.tasks if task.is_open}  # since before a return, and the lead by now
    for unit in dict.fromkeys(route.assists):
        if unit not in helping:
            _add(draft, Task(_next_id(draft), Role.ASSIST, unit))
    draft.moment("dispatched")


def add_task(draft: Draft, command: c.AddTask) -> None:
    draft.need_stage(Stage.DISPATCHED, Stage.WORKING)
    draft.need(draft.ctx.unit in {draft.case.lead, draft.case.desk}, "not-your-case", law=2, owner=draft.case.lead)
    draft.need_role("triage", "dispatcher", "handler", "head")
    draft.need(command.role is Role.ASSIST, "one-lead-only", law=2)
    draft.need(command.capacity >= 1, "bad-capacity", capacity=command.capacity)
    draft.need_not_barred(command.unit)
    for needed in command.needs:
        draft.task(needed)
    _add(
        draft,
        Task(
            id=_next_id(draft),
            role=Role.ASSIST,
            unit=command.unit,
            kind=command.kind,
            claimed=command.claimed,
            capacity=command.capacity,
            needs=command.needs,
            skills=command.skills,
            place=command.place or draft.case.place,
            duration=command.duration,
        ),
    )


def cancel_task(draft: Draft, command: c.CancelTask) -> None:
    task = draft.task(command.task)
    draft.need(draft.ctx.unit in {draft.case.lead, draft.case.desk}, "not-your-case", law=2, owner=draft.case.lead)
    draft.need_role("triage", "dispatcher", "handler", "head")
    draft.need(task.role is Role.ASSIST, "one-lead-only", law=2)
    draft.need(task.is_open, "task-not-open", status=task.status)
    draft.need_reason(command.reason)
    draft.add(e.TaskCancelled(task.id, command.reason))
    draft.stop_clocks(task.id)


def _add(draft: Draft, task: Task) -> None:
    draft.add(e.TaskAdded(task))
    if task.role is Role.ASSIST:
        for rule in draft.book.clocks_for(draft.case.category, "dispatched"):
            if rule.per == "assist":
                draft.begin(rule, task=task.id)


def _next_id(draft: Draft) -> int:
    return len(draft.case.tasks) + 1

"""What somebody else must grant: a pause, an extension, a return, a lower seal."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bihuan.kernel import clocks
from bihuan.kernel import commands as c
from bihuan.kernel import events as e
from bihuan.kernel.case import Clock, Pause, Request, Role
from bihuan.kernel.decide.draft import Draft
from bihuan.kernel.decide.working import need_involved
from bihuan.kernel.refused import Refused


def ask_pause(draft: Draft, command: c.AskPause) -> None:
    draft.need_open()
    _need_pausable(draft, draft.clock(command.clock), command.until)
    _ask(draft, Request(0, "pause", "", "", command.reason, draft.ctx.at, clock=command.clock, until=command.until))


def _need_pausable(draft: Draft, clock: Clock, until: datetime) -> None:
    draft.need(clock.paused is None, "already-paused", clock=clock.id)
    draft.need(not clock.reminds, "not-pausable", clock=clock.id)
    draft.need(until > draft.ctx.at, "pause-needs-end", law=3, until=until.isoformat())


def ask_extend(draft: Draft, command: c.AskExtend) -> None:
    draft.need_open()
    _need_extendable(draft, draft.clock(command.clock), command.amount)
    _ask(draft, Request(0, "extend", "", "", command.reason, draft.ctx.at, clock=command.clock, amount=command.amount))


def _need_extendable(draft: Draft, clock: Clock, amount: int) -> None:
    draft.need(clock.extend > 0, "not-extendable", rule=clock.basis, clock=clock.id)
    draft.need(not clock.extended, "extended-once", rule=clock.basis, clock=clock.id)
    draft.need(0 < amount <= clock.extend, "extension-too-long", rule=clock.basis, most=clock.extend)


def ask_seal(draft: Draft, command: c.AskSeal) -> None:
    draft.need(command.seal < draft.case.seal, "seal-not-lower", law=7, seal=draft.case.seal)
    _ask(draft, Request(0, "seal", "", "", command.reason, draft.ctx.at, seal=command.seal))


def _ask(draft: Draft, request: Request) -> None:
    ctx, case = draft.ctx, draft.case
    need_involved(draft)
    draft.need(ctx.roles - {"reporter"}, "wrong-role", law=2, needs="a post")
    draft.need(ctx.person, "person-missing", law=3)
    draft.need_reason(request.reason)
    same = [r for r in case.requests if r.is_open and (r.kind, r.clock) == (request.kind, request.clock)]
    draft.need(not same, "already-asked")
    draft.add(e.Asked(replace(request, id=len(case.requests) + 1, by=ctx.person, unit=ctx.unit)))


def grant(draft: Draft, command: c.Grant) -> None:
    """What was asked is looked at again: since then another may have paused, extended or sealed."""
    request, at = _open_request(draft, command.request), draft.ctx.at
    draft.add(e.Granted(request.id))
    if request.kind == "pause" and request.until is not None:
        clock = draft.clock(request.clock)
        _need_pausable(draft, clock, request.until)
        pause = Pause(at, request.until, request.reason, request.by, draft.ctx.person)
        draft.add(e.ClockPaused(replace(clock, paused=pause)))
    elif request.kind == "extend":
        clock = draft.clock(request.clock)
        _need_extendable(draft, clock, request.amount)
        draft.add(e.ClockExtended(clocks.extend(draft.rules, clock, request.amount, at), draft.ctx.person))
    elif request.kind == "return" and request.task is not None:
        _return(draft, request, request.task)
    elif request.kind == "seal" and request.seal is not None:
        draft.need(request.seal < draft.case.seal, "seal-not-lower", law=7, seal=draft.case.seal)
        draft.add(e.Resealed(request.seal, request.reason))


def _return(draft: Draft, request: Request, task_id: int) -> None:
    is_lead = draft.task(task_id).role is Role.LEAD
    draft.add(e.TaskReturned(task_id, request.reason, request.rule))
    draft.stop_clocks(task_id)
    if is_lead:
        draft.moment("returned")
        draft.resume_clocks("returned", "dispatch")


def deny(draft: Draft, command: c.Deny) -> None:
    request = _open_request(draft, command.request)
    draft.need_reason(command.reason)
    draft.add(e.Denied(request.id, command.reason))


def _open_request(draft: Draft, request_id: int) -> Request:
    """An open request that this person may settle: never one's own, and in the role that the matter asks for."""
    request = next((r for r in draft.case.requests if r.id == request_id and r.is_open), None)
    if request is None:
        raise Refused("no-such-request", request=request_id)
    ctx = draft.ctx
    draft.need(ctx.person and ctx.person != request.by, "approve-own", law=3)
    draft.need_no_conflict()
    if request.kind == "return":
        draft.need(ctx.unit != request.unit, "approve-own", law=2)
        if "arbiter" not in ctx.roles:
            draft.need_desk()
    elif request.kind == "seal":
        draft.need_role("oversight", "head")
        need_involved_or_oversight(draft)
    else:
        clock = draft.clock(request.clock)
        draft.need_role(clock.extend_by or "head")
        need_involved_or_oversight(draft)
    return request


def need_involved_or_oversight(draft: Draft) -> None:
    if "oversight" not in draft.ctx.roles:
        need_involved(draft)


def resume(draft: Draft, command: c.Resume) -> None:
    clock = draft.clock(command.clock)
    draft.need(clock.paused is not None, "not-paused", clock=clock.id)
    draft.need_reason(command.reason)
    need_involved_or_oversight(draft)
    draft.add(e.ClockResumed(clocks.resume(draft.rules, clock, draft.ctx.at), command.reason))

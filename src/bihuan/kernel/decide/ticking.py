"""What time itself says: pauses end, clocks warn and break, the ladder is climbed, due dates are worked out anew."""

from __future__ import annotations

from bihuan.kernel import clocks
from bihuan.kernel import commands as c
from bihuan.kernel import events as e
from bihuan.kernel.case import Alarm, Clock
from bihuan.kernel.decide.draft import Draft


def tick(draft: Draft, _: c.Tick) -> None:
    """Everything that has become due by ``ctx.at``, in order of clocks; nothing when nothing is."""
    now = draft.ctx.at
    for clock in draft.case.clocks:
        if clock.stopped is not None:
            continue
        if clock.paused is not None:
            if clock.paused.until > now:
                continue
            draft.add(e.ClockResumed(clocks.resume(draft.rules, clock, clock.paused.until), "pause over"))
        _speak(draft, clock.id)


def _speak(draft: Draft, clock_id: str) -> None:
    for alarm in draft.clock(clock_id).alarms:
        if alarm.at > draft.ctx.at:
            return
        draft.add(_said(draft.clock(clock_id), alarm))


def _said(clock: Clock, alarm: Alarm) -> e.ClockBroken | e.ClockWarned | e.Escalated:
    if alarm.kind == "break":
        return e.ClockBroken(clock.id, clock.due)
    if alarm.kind == "warn":
        return e.ClockWarned(clock.id, alarm.at, alarm.to)
    return e.Escalated(clock.id, alarm.at, alarm.kind, alarm.to)


def oversee(draft: Draft, command: c.Oversee) -> None:
    draft.need_open()
    if draft.ctx.person != draft.case.champion:
        draft.need_role("oversight", "triage", "dispatcher", "head")
    draft.need(command.action in {"remind", "oversee"}, "unknown-way", how=command.action)
    draft.need_reason(command.reason)
    draft.add(e.Overseen(command.action, command.to or draft.case.lead, command.reason))


def recompute(draft: Draft, _: c.Recompute) -> None:
    draft.need_role("system")
    for clock in draft.case.clocks:
        is_older = clock.calendar != draft.rules.calendar.version
        if clock.stopped is None and is_older:
            fresh = clocks.recompute(draft.rules, clock, draft.ctx.at)
            if (fresh.due, fresh.inner, fresh.provisional) != (clock.due, clock.inner, clock.provisional):
                draft.add(e.ClockRecomputed(fresh, clock.due))

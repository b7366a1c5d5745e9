"""Arithmetic of clocks: start, pause, resume with the time used kept, extend, tighten, work out anew."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bihuan.kernel.calendar import Deadline
from bihuan.kernel.case import Alarm, Clock, Move, Pause
from bihuan.kernel.rules import ClockRule, Rules


def start(rules: Rules, rule: ClockRule, clock_id: str, at: datetime, task: int | None = None) -> Clock:
    deadline = rules.calendar.add(at, rule.amount, rule.unit)
    return Clock(
        id=clock_id,
        key=rule.key,
        amount=rule.amount,
        unit=rule.unit,
        basis=rule.basis,
        started=at,
        due=deadline.due,
        stops=rule.stops,
        alarms=_alarms(rules, at, deadline),
        inner=deadline.inner,
        provisional=deadline.provisional,
        calendar=rules.calendar.version,
        statutory=rule.statutory,
        extend=rule.extend,
        extend_by=rule.extend_by,
        task=task,
    )


def pause(clock: Clock, since: datetime, until: datetime, reason: str, asked_by: str, approved_by: str) -> Clock:
    return replace(clock, paused=Pause(since, until, reason, asked_by, approved_by))


def resume(rules: Rules, clock: Clock, at: datetime) -> Clock:
    """Run on from where it stopped or paused: the time in between does not count."""
    since = clock.paused.since if clock.paused else clock.stopped
    if since is None:
        return clock
    moved = replace(clock, paused=None, stopped=None, moves=(*clock.moves, Move("shift", since, at)))
    return _settle(rules, moved, rules.calendar.shift(clock.due, since, at, clock.unit), at)


def restart(clock: Clock) -> Clock:
    """Run on with the due date as it was: an unmerged case never gains time."""
    return replace(clock, paused=None, stopped=None)


def extend(rules: Rules, clock: Clock, amount: int, at: datetime) -> Clock:
    moved = replace(clock, extended=True, moves=(*clock.moves, Move("extend", clock.due, clock.due, amount)))
    return _settle(rules, moved, rules.calendar.add(clock.due, amount, clock.unit), at)


def tighten(rules: Rules, clock: Clock, due: datetime, at: datetime) -> Clock:
    moved = replace(clock, moves=(*clock.moves, Move("cap", at, due)))
    return _settle(rules, moved, Deadline(due=due, inner=None, provisional=False), at)


def recompute(rules: Rules, clock: Clock, at: datetime) -> Clock:
    """The same promise under today's calendar: the start and every move played again."""
    calendar = rules.calendar
    deadline = calendar.add(clock.started, clock.amount, clock.unit)
    for move in clock.moves:
        if move.kind == "shift":
            deadline = calendar.shift(deadline.due, move.since, move.until, clock.unit)
        elif move.kind == "extend":
            deadline = calendar.add(deadline.due, move.amount, clock.unit)
        elif move.until < deadline.due:
            deadline = Deadline(due=move.until, inner=None, provisional=False)
    return _settle(rules, clock, deadline, at)


def reminder(rules: Rules, rule: ClockRule, clock_id: str, at: datetime, to: str) -> Clock:
    """A follow-up: it asks on its day and breaks no promise."""
    clock = start(rules, rule, clock_id, at)
    return replace(clock, alarms=(Alarm(clock.due, "remind", to),))


def _settle(rules: Rules, clock: Clock, deadline: Deadline, at: datetime) -> Clock:
    """The due date moved: alarms of the new span, without those of instants already past."""
    alarms = tuple(
        alarm
        for alarm in _alarms(rules, clock.started, deadline)
        if alarm.at > at or (alarm.kind == "break" and clock.broken is None)
    )
    broken = clock.broken if clock.broken is not None and deadline.due <= at else None
    if clock.broken is not None and broken is not None:
        alarms = tuple(alarm for alarm in alarms if alarm.kind != "break")
    return replace(
        clock,
        due=deadline.due,
        inner=deadline.inner,
        provisional=deadline.provisional,
        calendar=rules.calendar.version,
        alarms=alarms,
        broken=broken,
    )


def _alarms(rules: Rules, started: datetime, deadline: Deadline) -> tuple[Alarm, ...]:
    span = deadline.due - started
    alarms = [Alarm(deadline.due, "break")]
    if deadline.inner is not None and deadline.inner > started:
        alarms.append(Alarm(deadline.inner, "warn", "lead"))
    alarms += [
        Alarm(started + span * step.percent / 100, step.action, step.to)
        for step in rules.book.ladder
        if step.percent > 0
    ]
    alarms.sort(key=lambda alarm: alarm.at)
    return tuple(alarms)

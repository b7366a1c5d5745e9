"""Arithmetic of clocks: start, pause, resume with the time used kept, extend, tighten, work out anew."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bihuan.kernel.calendar import Calendar, Deadline, Unit
from bihuan.kernel.case import Alarm, Clock, Move
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
        alarms=_alarms(rules, rule.reminds, at, deadline),
        inner=deadline.inner,
        nominal=deadline.nominal,
        provisional=deadline.provisional,
        calendar=rules.calendar.version,
        statutory=rule.statutory,
        reminds=rule.reminds,
        extend=rule.extend,
        extend_by=rule.extend_by,
        task=task,
    )


def resume(rules: Rules, clock: Clock, at: datetime) -> Clock:
    """Run on from where it stopped or paused: the time in between does not count."""
    since = clock.paused.since if clock.paused else clock.stopped
    if since is None:
        return clock
    until = max(at, since)  # a step recorded late may lie before the stop: then nothing passed in between
    moved = replace(clock, paused=None, stopped=None, moves=(*clock.moves, Move("shift", since, until)))
    return _settle(rules, moved, _shifted(rules.calendar, _deadline(clock), since, until, clock.unit), at)


def restart(rules: Rules, clock: Clock, at: datetime) -> Clock:
    """Run on with the due date as it was: an unmerged case never gains time."""
    return _settle(rules, replace(clock, paused=None, stopped=None), _deadline(clock), at)


def extend(rules: Rules, clock: Clock, amount: int, at: datetime) -> Clock:
    moved = replace(clock, extended=True, moves=(*clock.moves, Move("extend", clock.due, clock.due, amount)))
    return _settle(rules, moved, _extended(rules.calendar, _deadline(clock), amount, clock.unit), at)


def tighten(rules: Rules, clock: Clock, due: datetime, at: datetime) -> Clock:
    moved = replace(clock, moves=(*clock.moves, Move("cap", at, due)))
    return _settle(rules, moved, Deadline(due), at)


def recompute(rules: Rules, clock: Clock, at: datetime) -> Clock:
    """The same promise under today's calendar: the start and every move played again."""
    calendar = rules.calendar
    deadline = calendar.add(clock.started, clock.amount, clock.unit)
    for move in clock.moves:
        if move.kind == "shift":
            deadline = _shifted(calendar, deadline, move.since, move.until, clock.unit)
        elif move.kind == "extend":
            deadline = _extended(calendar, deadline, move.amount, clock.unit)
        elif move.until < deadline.due:
            deadline = Deadline(move.until)
    return _settle(rules, clock, deadline, at)


def _deadline(clock: Clock) -> Deadline:
    return Deadline(clock.due, clock.inner, clock.provisional, clock.nominal)


def _shifted(calendar: Calendar, deadline: Deadline, since: datetime, until: datetime, unit: Unit) -> Deadline:
    """From the day that the law names, unless only the days that the due date rolled over were left."""
    nominal = deadline.nominal
    return calendar.shift(nominal if nominal is not None and since <= nominal else deadline.due, since, until, unit)


def _extended(calendar: Calendar, deadline: Deadline, amount: int, unit: Unit) -> Deadline:
    return calendar.add(deadline.nominal or deadline.due, amount, unit)


def _settle(rules: Rules, clock: Clock, deadline: Deadline, at: datetime) -> Clock:
    """The due date moved: alarms of the new span, without those of instants already past."""
    broken = clock.broken if deadline.due <= at else None
    alarms = tuple(
        alarm
        for alarm in _alarms(rules, clock.reminds, clock.started, deadline)
        if alarm.at > at or (alarm.kind == "break" and broken is None)
    )
    return replace(
        clock,
        due=deadline.due,
        inner=deadline.inner,
        nominal=deadline.nominal,
        provisional=deadline.provisional,
        calendar=rules.calendar.version,
        alarms=alarms,
        broken=broken,
    )


def _alarms(rules: Rules, reminds: str, started: datetime, deadline: Deadline) -> tuple[Alarm, ...]:
    due = deadline.due
    if reminds:
        return (Alarm(due, "remind", reminds),)
    alarms = [Alarm(due, "break")]
    if deadline.inner is not None and deadline.inner > started:
        alarms.append(Alarm(deadline.inner, "warn", "lead"))
    span = due - started
    for step in rules.book.ladder:
        if step.percent > 0:
            alarms.append(Alarm(started + span * step.percent / 100, step.action, step.to))  # noqa: PERF401 - appended to
    if len(alarms) > 1:
        alarms = sorted(dict.fromkeys(alarms), key=lambda alarm: alarm.at)
    return tuple(alarms)

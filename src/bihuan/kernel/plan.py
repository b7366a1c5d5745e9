"""Plans: a template of tasks with roles, order and durations, laid out in time forward or backward (倒排工期).

``schedule`` is pure arithmetic on whole units: working days from a date, or hours or minutes from an
instant. What cannot be done
in time is not refused but shown: which tasks are critical and how many units are missing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from graphlib import CycleError, TopologicalSorter
from typing import Literal

from bihuan.kernel.calendar import RUNNING, Calendar, Unit
from bihuan.kernel.refused import Refused

When = date | datetime


@dataclass(frozen=True)
class PlanTask:
    """``role`` is resolved to people on duty when the plan is activated; ``needs`` are keys of tasks that come first.

    ``trigger``: the signal or step that sets it off; empty: the activation itself.
    """

    key: str
    name: str
    role: str
    duration: int
    needs: tuple[str, ...] = ()
    trigger: str = ""


@dataclass(frozen=True)
class Plan:
    """``unit`` of all durations: working days for a goal, hours or minutes for an emergency.

    ``triggers`` activate the plan.
    """

    key: str
    name: str
    tasks: tuple[PlanTask, ...]
    unit: Literal["working_day", "hour", "minute"] = "working_day"
    triggers: tuple[str, ...] = ()
    basis: str = ""


@dataclass(frozen=True)
class Slot:
    """One task in time. Days are inclusive; ``slack`` in the plan's unit, negative by what is missing."""

    key: str
    start: When
    finish: When
    earliest: When
    latest: When
    slack: int
    is_critical: bool


@dataclass(frozen=True)
class Schedule:
    """``shortfall``: units that are missing between ``not_before`` and the anchor; 0 when it can be done."""

    slots: tuple[Slot, ...]
    start: When
    finish: When
    critical: tuple[str, ...]
    shortfall: int = 0

    @property
    def is_feasible(self) -> bool:
        return self.shortfall == 0


def schedule(
    plan: Plan,
    anchor: When,
    direction: Literal["forward", "backward"],
    calendar: Calendar,
    *,
    not_before: When | None = None,
) -> Schedule:
    """Forward: ``anchor`` is the first day (or instant). Backward: the last, and ``not_before`` the first possible one.

    A day that is no working day gives way to the next one forward, to the one before backward. Raises ``Refused`` for a
    plan whose tasks wait for one another.
    """
    tasks = _in_order(plan)
    early, late, total = _offsets(tasks)
    line = (
        _Line(calendar, 1, timedelta(days=1))
        if plan.unit == "working_day"
        else _Line(calendar, 0, RUNNING[Unit(plan.unit)])
    )
    if direction == "forward":
        origin, room, at = line.snap(anchor, 1), 0, early
    else:
        origin, room, at = line.move(line.snap(anchor, -1), line.last - total), 0, late
        if not_before is not None:
            room = line.gap(line.snap(not_before, 1), origin)
    slots = tuple(
        Slot(
            key=task.key,
            start=line.move(origin, at[task.key]),
            finish=line.move(origin, at[task.key] + task.duration - line.last),
            earliest=line.move(origin, early[task.key] - room),
            latest=line.move(origin, late[task.key] + task.duration - line.last),
            slack=late[task.key] - early[task.key] + room,
            is_critical=late[task.key] == early[task.key],
        )
        for task in tasks
    )
    critical = tuple(slot.key for slot in slots if slot.is_critical)
    return Schedule(slots, origin, line.move(origin, total - line.last), critical, max(0, -room))


@dataclass(frozen=True)
class _Line:
    """Whole units laid on the calendar. ``last``: 1 for days, which include their last one, else 0."""

    calendar: Calendar
    last: int
    span: timedelta

    def snap(self, when: When, step: int) -> When:
        """The day itself, or the next (``step`` 1) or last (-1) working day."""
        return self.calendar.add_working_days(_day(when) - timedelta(days=step), step) if self.last else when

    def move(self, when: When, units: int) -> When:
        if self.last:
            return self.calendar.add_working_days(_day(when), units)
        return _instant(when) + units * self.span

    def gap(self, start: When, end: When) -> int:
        if self.last:
            return self.calendar.working_days_between(_day(start), _day(end))
        return (_instant(end) - _instant(start)) // self.span


def _day(when: When) -> date:
    return when.date() if isinstance(when, datetime) else when


def _instant(when: When) -> datetime:
    if not isinstance(when, datetime):
        raise TypeError(f"{when}: a plan in hours or minutes starts or ends at an instant")
    return when


def _offsets(tasks: list[PlanTask]) -> tuple[dict[str, int], dict[str, int], int]:
    """Earliest and latest starts as offsets, and how long the whole takes."""
    early: dict[str, int] = {}
    for task in tasks:
        early[task.key] = max((early[need.key] + need.duration for need in tasks if need.key in task.needs), default=0)
    total = max((early[task.key] + task.duration for task in tasks), default=0)
    late: dict[str, int] = {}
    for task in reversed(tasks):
        late[task.key] = min((late[t.key] for t in tasks if task.key in t.needs), default=total) - task.duration
    return early, late, total


def _in_order(plan: Plan) -> list[PlanTask]:
    """Needs first. Raises ``Refused``."""
    tasks: dict[str, PlanTask] = {}
    for task in plan.tasks:
        if task.key in tasks:
            raise Refused("plan-repeats", rule=plan.key, task=task.key)
        if task.duration <= 0:
            raise Refused("plan-bad-duration", rule=plan.key, task=task.key)
        tasks[task.key] = task
    for task in plan.tasks:
        if unknown := [need for need in task.needs if need not in tasks]:
            raise Refused("plan-unknown-need", rule=plan.key, task=task.key, needs=" ".join(unknown))
    try:
        return [tasks[key] for key in TopologicalSorter({t.key: t.needs for t in plan.tasks}).static_order()]
    except CycleError as error:
        raise Refused("plan-cycle", rule=plan.key, cycle=" → ".join(error.args[1])) from None

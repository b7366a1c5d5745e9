"""What was expected against what happened: from the history of the drill's world alone, never by hand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import Any

from bihuan.desk import api as desk
from bihuan.ops.drills.script import Expectation, Script

OF_CASE = {
    "Registered": "registered",
    "Accepted": "accepted",
    "Dispatched": "dispatched",
    "Answered": "answered",
    "Closed": "closed",
}
OF_TASK = {"TaskTaken": "taken", "TaskArrived": "arrived", "TaskFinished": "finished", "TaskReturned": "returned"}
# More than so many orders at once with one unit are told as a reason for being late.
MANY_AT_ONCE = 3
MOST_LATE = 50


@dataclass
class Order:
    """One task: when it was ordered, taken, arrived at and finished. ``beside``: open orders of its unit then.

    An order that waits for others is given when the last of them is finished.
    """

    case: int
    task: int
    unit: str
    role: str
    marks: dict[str, datetime] = field(default_factory=dict)
    beside: int = 0
    needs: tuple[int, ...] = ()
    is_waiting: bool = False
    kind: str = ""


@dataclass
class Told:
    """One case. ``marks``: when it first reached each of the marks of an expectation."""

    number: int
    key: str = ""
    parent: int = 0
    category: str = ""
    place: str = ""
    lead: str = ""
    is_order: bool = False
    marks: dict[str, datetime] = field(default_factory=dict)
    orders: dict[int, Order] = field(default_factory=dict)
    returns: int = 0
    reworks: int = 0
    is_merged: bool = False


@dataclass(frozen=True)
class Happened:
    """Everything that a report and a score need."""

    cases: Mapping[int, Told]
    lines: tuple[desk.drills.DrillLine, ...]
    plan_cases: frozenset[int]

    @property
    def orders(self) -> list[Order]:
        """Those of the plan, and those that the command gave by hand."""
        wanted = [told for told in self.cases.values() if told.number in self.plan_cases or told.is_order]
        return [order for told in wanted for order in told.orders.values()]


@dataclass(frozen=True)
class Late:
    """One that took too long: by how many seconds, and why. ``to`` is missing where it never came."""

    case: int
    unit: str
    took: float | None
    over: float
    why: tuple[str, ...]


@dataclass(frozen=True)
class Score:
    key: str
    is_met: bool
    done: int
    of: int
    middle: float | None
    worst: float | None
    late: tuple[Late, ...] = ()


def collect(world: int, lines: Iterable[desk.drills.DrillLine]) -> Happened:
    """What happened in a world, case by case."""
    kept = tuple(lines)
    cases: dict[int, Told] = {}
    numbers: dict[str, int] = {}
    for event in desk.drills.happened(world):
        number = int(event["case"].lstrip("#"))
        numbers[event["id"]] = number
        _take(cases.setdefault(number, Told(number)), event)
    for event_parent in cases.values():
        event_parent.parent = numbers.get(str(event_parent.parent), 0) if event_parent.parent else 0
    for line in kept:
        told = cases.get(int(line.data.get("case") or 0))
        if told is not None and line.kind == "inject":
            told.key, told.is_order = str(line.data["key"]), line.data.get("kind") == "order"
    for told in cases.values():
        _after_needs(told)
    roots = {int(line.data.get("case") or 0) for line in kept if line.kind == "activated"}
    found = Happened(cases, kept, frozenset(_below(cases, roots)))
    _beside(order for told in cases.values() for order in told.orders.values())
    return found


def _take(told: Told, event: Mapping[str, Any]) -> None:
    kind, data, at = event["kind"], event["data"], event["at"]
    if kind == "Registered":
        told.category, told.place, told.parent = data["category"], data["place"], data.get("parent") or 0
    elif kind == "Dispatched":
        told.lead = data["lead"]
    elif kind == "Reworked":
        told.reworks += 1
    elif kind == "Merged":
        told.is_merged = True
    elif kind == "TaskAdded":
        task = data["task"]
        told.orders[task["id"]] = Order(
            told.number,
            task["id"],
            task["unit"],
            task["role"],
            {"dispatched": at},
            needs=tuple(task["needs"]),
            kind=task["kind"],
        )
    if kind in OF_CASE:
        told.marks.setdefault(OF_CASE[kind], at)
    if kind in OF_TASK and (order := told.orders.get(data["task"])) is not None:
        order.marks.setdefault(OF_TASK[kind], at)
        told.returns += kind == "TaskReturned"
        told.marks.setdefault(OF_TASK[kind], at)


def _after_needs(told: Told) -> None:
    for order in told.orders.values():
        ends = [told.orders[need].marks.get("finished") for need in order.needs if need in told.orders]
        order.is_waiting = None in ends
        order.marks["dispatched"] = max([order.marks["dispatched"], *(end for end in ends if end is not None)])


def _below(cases: Mapping[int, Told], roots: set[int]) -> set[int]:
    found = set(roots)
    while more := {one.number for one in cases.values() if one.parent in found} - found:
        found |= more
    return found


def _beside(orders: Iterable[Order]) -> None:
    """How many orders each unit had open when this one came."""
    by_unit: dict[str, list[Order]] = {}
    for order in orders:
        by_unit.setdefault(order.unit, []).append(order)
    for each in by_unit.values():
        for order in each:
            came = order.marks["dispatched"]
            ended = (one.marks.get("finished", one.marks.get("returned")) for one in each if one is not order)
            begun = (one.marks["dispatched"] for one in each if one is not order)
            order.beside = sum(
                1 for start, end in zip(begun, ended, strict=True) if start <= came and (end is None or end > came)
            )


def score(script: Script, happened: Happened, until: datetime) -> list[Score]:
    """One score for each expectation. What was not reached by ``until`` was not reached."""
    return [_score(script, one, happened, until) for one in script.expectations]


def _score(script: Script, one: Expectation, happened: Happened, until: datetime) -> Score:
    took: list[float] = []
    late: list[Late] = []
    for number, unit, marks, why in _subjects(script, one, happened):
        start, end = marks.get(one.since, script.starts), marks.get(one.to)
        if one.by is not None:
            start = script.starts
        most = one.within if one.within is not None else one.by or timedelta()
        if end is not None and end - start <= most:
            took.append((end - start).total_seconds())
            continue
        if end is None and until - start <= most:
            continue  # it came too late in the drill to be late
        seconds = (end - start).total_seconds() if end is not None else None
        over = ((end or until) - start - most).total_seconds()
        late.append(Late(number, unit, seconds, over, tuple(why) if end is not None else (*why, "never")))
    all_ = len(took) + len(late)
    times = sorted([*took, *(one.took for one in late if one.took is not None)])
    is_met = all_ > 0 and len(took) >= one.share * all_
    worst_first = tuple(sorted(late, key=lambda each: -each.over)[:MOST_LATE])
    return Score(
        one.key, is_met, len(took), all_, median(times) if times else None, times[-1] if times else None, worst_first
    )


Subject = tuple[int, str, Mapping[str, datetime], Iterable[str]]


def _subjects(script: Script, one: Expectation, happened: Happened) -> Iterator[Subject]:
    if one.of == "line":
        at = next(
            (line.at for line in happened.lines if line.kind == one.to and one.level in {"", line.data.get("level")}),
            None,
        )
        yield 0, script.commander[0], {one.to: at} if at is not None else {}, ()
    elif one.of == "orders":
        for order in happened.orders:
            if one.unit in {"", order.unit} and "returned" not in order.marks and not order.is_waiting:
                yield order.case, order.unit, order.marks, _why_order(order)
    else:
        for told in happened.cases.values():
            if told.is_merged and one.of == "reports":
                continue  # it is answered with the one that it went into
            is_report = told.number not in happened.plan_cases and not told.is_order
            wanted = told.key == one.case if one.of == "case" else is_report
            if wanted and one.unit in {"", told.lead}:
                yield told.number, told.lead, told.marks, _why_case(told, one.to)


def _why_order(order: Order) -> Iterator[str]:
    came, taken = order.marks["dispatched"], order.marks.get("taken")
    if taken is None:
        yield "unanswered"
    elif taken - came > timedelta(minutes=15):
        yield f"answered-late:{int((taken - came).total_seconds() // 60)}"
    if order.beside >= MANY_AT_ONCE:
        yield f"load:{order.beside}"


def _why_case(told: Told, to: str) -> Iterator[str]:
    if told.returns:
        yield f"returned:{told.returns}"
    if told.reworks:
        yield f"reworked:{told.reworks}"
    if to not in {"accepted", "dispatched"}:
        for order in told.orders.values():
            yield from _why_order(order)
    slowest = _slowest(told.marks)
    if slowest:
        yield slowest


def _slowest(marks: Mapping[str, datetime]) -> str:
    """The piece of its way that took longest."""
    way = [
        name
        for name in ("registered", "accepted", "dispatched", "taken", "arrived", "finished", "closed")
        if name in marks
    ]
    spans = [((marks[b] - marks[a]).total_seconds(), b) for a, b in pairwise(way)]
    if not spans:
        return ""
    longest, name = max(spans)
    return f"step:{name}:{int(longest // 60)}"

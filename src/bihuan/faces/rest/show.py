"""From the desk's values to plain ones: what a case, its history and a receipt look like to a program."""

from __future__ import annotations

from typing import Any

from bihuan.desk.api import CaseView, Explanation, Level, Line, Page, Text, TrackView, Turn, UnitName, to_plain
from bihuan.kernel.case import Clock, Task
from bihuan.kernel.events import ImportedCase, Recorded

Plain = dict[str, Any]
CLOCK = (
    "id", "key", "amount", "unit", "basis", "started", "due", "inner", "provisional", "statutory", "task", "stopped",
    "broken",
)  # fmt: skip
TASK = (
    "id", "role", "unit", "kind", "status", "claimed", "capacity", "needs", "skills", "place", "duration", "takers",
    "finished",
)  # fmt: skip
REQUEST = (
    "id", "kind", "by", "unit", "reason", "rule", "clock", "task", "amount", "until", "seal", "asked", "is_open",
)  # fmt: skip
STATE = (
    "number", "version", "scene", "book", "stage", "seal", "channel", "desk", "lead", "opened", "answered", "closed",
    "is_open", "is_disputed", "is_imported", "overdue", "returns", "reworks", "reopens", "outcome", "route", "champion",
    "parent", "children", "merged_into", "steps", "holds", "proofs",
)  # fmt: skip
# A move of the pages → the word by which a receipt's holder says it here.
HOLDER = {"verify": "confirm", "reject": "dispute", "dispute": "dispute", "note": "note"}


def _only(value: object, names: tuple[str, ...]) -> Plain:
    return {name: getattr(value, name) for name in names}


def unit(named: UnitName) -> Plain:
    return {"code": named.code, "name": named.name, "name_en": named.name_en}


def turn(found: Turn) -> Plain:
    return {"unit": unit(found.unit), "what": found.what, "due": found.clock.due if found.clock is not None else None}


def line(found: Line) -> Plain:
    names = ("id", "number", "stage", "seal", "opened", "due", "is_overdue", "is_disputed", "version")
    named = {"category": found.category_name, "place": found.place, "turn": found.turn}
    return _only(found, names) | {key: unit(value) for key, value in named.items()}


def page(found: Page) -> Plain:
    return {"cases": [line(one) for one in found.lines], "next": found.next, "at": found.at}


def clock(found: Clock) -> Plain:
    paused = _only(found.paused, ("since", "until", "reason")) if found.paused is not None else None
    return _only(found, CLOCK) | {"paused": paused}


def task(found: Task) -> Plain:
    return _only(found, TASK)


def text(found: Text) -> Plain:
    return _only(found, ("kind", "text", "unit", "at", "gone"))


def case(view: CaseView) -> Plain:
    state = view.state
    return _only(state, STATE) | {
        "id": view.id,
        "level": view.verdict.level.name.lower(),
        "category": unit(view.category),
        "place": unit(view.place),
        "verifier": state.verifier_unit,
        "days_only": _is_hourless(view),
        "turn": turn(view.turn),
        "tasks": [task(one) for one in state.tasks],
        "clocks": [clock(one) for one in state.clocks],
        "requests": [_only(one, REQUEST) for one in state.requests],
        "texts": [text(one) for one in view.texts.values()],
        "moves": [
            {"key": move.key, "target": move.target, "waits": move.waits.code if move.waits is not None else ""}
            for move in view.moves
        ],
    }


def _is_hourless(view: CaseView) -> bool:
    first = view.history[0].event if view.history else None
    return isinstance(first, ImportedCase) and first.days_only


def events(view: CaseView) -> Plain:
    """For the case team whole; for whoever only coordinates, what happened and when, but not by whom or about whom."""
    is_team = view.verdict.level is Level.FULL
    return {
        "id": view.id,
        "version": view.state.version,
        "events": [_event(recorded, is_team=is_team) for recorded in view.history],
    }


def _event(recorded: Recorded, *, is_team: bool) -> Plain:
    return _only(recorded, ("number", "unit", "at", "recorded", "book")) | {
        "kind": type(recorded.event).__name__,
        "by": recorded.by if is_team else "",
        "data": to_plain(recorded.event) if is_team else {},
    }


def explanation(found: Explanation) -> Plain:
    plain: Plain = to_plain(found)
    for promise in plain["promises"]:
        promise["steps"] = [dict(zip(("at", "what", "due"), step, strict=True)) for step in promise["steps"]]
    names = ("at", "unit", "reason", "rule")
    plain["objections"] = [dict(zip(names, objection, strict=True)) for objection in plain["objections"]]
    return plain


def tracked(view: TrackView) -> Plain:
    state = view.state
    names = ("number", "version", "stage", "opened", "answered", "closed", "is_disputed", "outcome")
    clocks = [one for one in state.clocks if one.is_ticking and not one.reminds]
    return _only(state, names) | {
        "category": unit(view.category),
        "place": unit(view.place),
        "is_overdue": any(one.broken is not None or (one.paused is None and one.due < view.at) for one in clocks),
        "is_merged": view.is_merged,
        "turn": turn(view.turn),
        "own": [text(one) for one in view.own],
        "answers": [text(one) for one in view.answers],
        "do": sorted({HOLDER[move] for move in view.moves if move in HOLDER}),
    }


__all__ = ["case", "events", "explanation", "page", "tracked", "unit"]

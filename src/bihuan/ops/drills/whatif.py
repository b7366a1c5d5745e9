"""What if: the same drill with other staffing, another plan, another rule of dispatch; and the difference."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import yaml

from bihuan.desk import api as desk
from bihuan.ops.drills import reading, running
from bihuan.ops.drills.script import Staffing

PLAN = ("tasks", "commander", "level")


@dataclass(frozen=True)
class Change:
    """``staffing``: minutes and shares by name, ``slow.UNIT`` for one unit. ``routes``: category to lead unit.

    ``plan``: the text of another file, whose orders are taken.
    """

    staffing: Mapping[str, float] = field(default_factory=dict)
    routes: Mapping[str, str] = field(default_factory=dict)
    plan: str = ""


def changed(text: str, change: Change) -> str:
    """The file with the change in it. Raises ``BadScript``."""
    raw: dict[str, Any] = yaml.safe_load(text)
    staffing = dict(raw.get("staffing") or {})
    known = {one.name for one in fields(Staffing)} - {"slow"}
    for name, value in change.staffing.items():
        if name.startswith("slow."):
            staffing["slow"] = {**staffing.get("slow", {}), name.removeprefix("slow."): value}
        elif name in known:
            staffing[name] = value
        else:
            raise reading.BadScript([f"{name}: 应是 / must be one of: {', '.join(sorted(known))}, slow.UNIT"])
    raw["staffing"] = staffing
    if change.routes:
        raw["routes"] = {**(raw.get("routes") or {}), **change.routes}
    if change.plan:
        other = yaml.safe_load(change.plan)
        raw |= {name: other[name] for name in PLAN if name in other}
    made = yaml.safe_dump(raw, allow_unicode=True, sort_keys=False)
    reading.read(made, desk.virtual.zone())
    return made


def compare(text: str, change: Change, *, seed: int | None = None) -> dict[str, Any]:
    """Both played with the same luck, in worlds that are dropped afterwards; the reports side by side."""
    reports = [_played(one, seed) for one in (text, changed(text, change))]
    before, after = reports
    scores = {one["key"]: one for one in after["scores"]}
    return {
        "before": _short(before),
        "after": _short(after),
        "scores": [
            {
                "key": one["key"],
                "name": one["name"],
                "before": [one["done"], one["of"], one["middle"], one["met"]],
                "after": [scores[one["key"]][name] for name in ("done", "of", "middle", "met")],
            }
            for one in before["scores"]
        ],
        "times": {
            name: [seconds, after["times"].get(name)]
            for name, seconds in before["times"].items()
            if seconds is not None
        },
    }


def _played(text: str, seed: int | None) -> Mapping[str, Any]:
    drill = running.begin(running.plan(text, by=desk.SYSTEM, seed=seed), is_paused=True)
    over = running.play(drill.id)
    if over.played_in is not None:
        desk.virtual.drop(over.played_in, by="what if", reason="推演结束 the comparison is made")
    return {**(over.report or {}), "history_sha256": over.history}


def _short(report: Mapping[str, Any]) -> dict[str, Any]:
    return {name: report[name] for name in ("met", "counts", "history_sha256")}

"""The after-action report, made by itself: planned against real, what was late and why, lessons with owners.

It holds no person and no text of a case: numbers of cases, units, places, instants. So it outlives the drill's world.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from bihuan.desk import api as desk
from bihuan.ops.drills.scoring import Happened, Order, Score, collect, score
from bihuan.ops.drills.script import Expectation, Script

MOST_ROWS = 400
SHOWN = frozenset(
    {
        "eased",
        "lifted",
        "fused",
        "inject",
        "raised",
        "lowered",
        "warning",
        "activated",
        "left-out",
        "stuck",
        "paused",
        "resumed",
        "speed",
    }
)


def write(script: Script, world: int) -> dict[str, Any]:
    """The report of what has happened in ``world`` up to now."""
    lines = desk.drills.lines(world)
    until = desk.now(world=world)
    happened = collect(world, lines)
    scores = score(script, happened, until)
    wanted = {one.key: one for one in script.expectations}
    return {
        "plan": script.plan,
        "drill": script.key,
        "title": script.title,
        "title_en": script.title_en,
        "seed": script.seed,
        "starts": script.starts.isoformat(),
        "ends": until.isoformat(),
        "counts": _counts(happened, world),
        "times": _times(happened),
        "scores": [_shown(one, wanted[one.key]) for one in scores],
        "met": sum(one.is_met for one in scores),
        "timeline": list(_timeline(script, happened)),
        "orders": [_order(script, one) for one in happened.orders][:MOST_ROWS],
        "places": _places(happened),
        "lessons": [_lesson(one, wanted[one.key]) for one in scores if not one.is_met],
    }


def _counts(happened: Happened, world: int) -> dict[str, int]:
    kinds = Counter(line.kind for line in happened.lines)
    cases = happened.cases.values()
    sent = desk.drills.orders_left(world)
    return {
        "injects": kinds["inject"] + kinds["reading"] + kinds["activated"],
        "readings": kinds["reading"],
        "warnings": kinds["warning"],
        "cases": len(happened.cases),
        "closed": sum("closed" in one.marks for one in cases),
        "returned": sum(one.returns > 0 for one in cases),
        "reworked": sum(one.reworks > 0 for one in cases),
        "orders": len(happened.orders),
        "stuck": kinds["stuck"],
        "messages": sent["made"],
    }


def _times(happened: Happened) -> dict[str, float | None]:
    """Sense → warn → dispatch → arrive → close: seconds in the middle, over all cases that came so far."""
    pairs = {
        "registered-accepted": ("registered", "accepted"),
        "accepted-dispatched": ("accepted", "dispatched"),
        "dispatched-taken": ("dispatched", "taken"),
        "taken-arrived": ("taken", "arrived"),
        "registered-closed": ("registered", "closed"),
    }
    found: dict[str, float | None] = {}
    for name, (since, to) in pairs.items():
        spans = sorted(
            (one.marks[to] - one.marks[since]).total_seconds()
            for one in happened.cases.values()
            if since in one.marks and to in one.marks
        )
        found[name] = spans[len(spans) // 2] if spans else None
    raised = next((line.at for line in happened.lines if line.kind == "raised"), None)
    for name in ("warning", "activated"):
        at = next((line.at for line in happened.lines if line.kind == name), None)
        found[f"raised-{name}"] = (at - raised).total_seconds() if at is not None and raised is not None else None
    return found


def _places(happened: Happened) -> dict[str, list[int]]:
    """Of each place: cases, and how many of them are open still. A case that went into another counts with that."""
    found: dict[str, list[int]] = {}
    for told in happened.cases.values():
        if told.place and not told.is_merged:
            row = found.setdefault(told.place, [0, 0])
            row[0] += 1
            row[1] += "closed" not in told.marks
    return dict(sorted(found.items()))


def _shown(one: Score, wanted: Expectation) -> dict[str, Any]:
    most = wanted.within if wanted.within is not None else wanted.by or timedelta()
    return {
        "key": one.key,
        "name": wanted.name,
        "name_en": wanted.name_en,
        "met": one.is_met,
        "done": one.done,
        "of": one.of,
        "share": wanted.share,
        "seconds": most.total_seconds(),
        "is_by": wanted.by is not None,
        "middle": one.middle,
        "worst": one.worst,
        "late": [asdict(late) for late in one.late[:10]],
        "late_count": one.of - one.done,
    }


def _timeline(script: Script, happened: Happened) -> Iterator[dict[str, Any]]:
    """What was planned for when, and when it came. Of a crowd of reports only the first and the last are told."""
    said = {one.key: one.says for one in script.injects if one.says.get("text")}
    planned = {one.key: script.starts + one.at for one in script.injects if one.at is not None}
    crowd = Counter(one.key.rpartition("-")[0] for one in script.injects if one.kind in {"report", "reading"})
    rows: list[dict[str, Any]] = []
    for line in happened.lines:
        key = str(line.data.get("key", ""))
        group, _, n = key.rpartition("-")
        if line.kind not in SHOWN or (crowd[group] > 5 and n.isdigit() and int(n) not in {1, crowd[group]}):
            continue
        rows.append(
            {
                "at": line.at.isoformat(),
                "planned": _iso(planned.get(key)),
                "kind": line.kind,
                **_about(line.data),
                **_said(said.get(key)),
            }
        )
    for one in script.expectations:
        if one.by is not None:
            came = _came(one, happened)
            rows.append(
                {
                    "at": _iso(came),
                    "planned": _iso(script.starts + one.by),
                    "kind": "expected",
                    "text": one.name,
                    "text_en": one.name_en,
                }
            )
    yield from sorted(rows[:MOST_ROWS], key=lambda row: row["at"] or row["planned"])


def _said(says: Mapping[str, Any] | None) -> dict[str, str]:
    """The words of an inject: they are the script's own, and fictional."""
    return {name: str(says[name]) for name in ("text", "text_en") if says.get(name)} if says else {}


def _came(one: Expectation, happened: Happened) -> datetime | None:
    if one.of == "line":
        return next(
            (line.at for line in happened.lines if line.kind == one.to and one.level in {"", line.data.get("level")}),
            None,
        )
    at = [
        told.marks[one.to]
        for told in happened.cases.values()
        if one.to in told.marks and (one.of != "case" or told.key == one.case)
    ]
    return max(at, default=None)


def _about(data: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: data[name]
        for name in ("key", "case", "text", "level", "sensor", "of", "value", "plan", "step", "name", "speed")
        if name in data
    }


def _order(script: Script, one: Order) -> dict[str, Any]:
    task = next((task for task in script.tasks if task.key == one.kind), None)
    name, name_en = (task.name, task.name_en) if task is not None else ("", "")
    marks = {mark: at.isoformat() for mark, at in one.marks.items()}
    return {"case": one.case, "unit": one.unit, "role": one.role, "name": name, "name_en": name_en, **marks}


def _lesson(one: Score, wanted: Expectation) -> dict[str, Any]:
    """Whoever was late most owns it; a person may give it to another when he makes it a case."""
    late = Counter(each.unit for each in one.late if each.unit)
    why = Counter(reason.partition(":")[0] for each in one.late for reason in each.why)
    return {
        "key": one.key,
        "name": wanted.name,
        "name_en": wanted.name_en,
        "owner": late.most_common(1)[0][0] if late else "",
        "late": one.of - one.done,
        "of": one.of,
        "why": [reason for reason, _ in why.most_common(3)],
        "case": None,
    }


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at is not None else None


def compare(reports: list[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Drills of one plan over the years, the oldest first: what was met, and the same expectations over time."""
    rows = []
    for one in sorted(reports, key=lambda each: str(each["starts"])):
        met = {each["key"]: each["met"] for each in one["scores"]}
        rows.append(
            {"starts": one["starts"], "met": one["met"], "of": len(one["scores"]), "times": one["times"], "scores": met}
        )
    return rows

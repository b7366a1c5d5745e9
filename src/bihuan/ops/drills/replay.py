"""Replay: the same inputs give the same timeline, every time. Of a fixture, and of any real operation.

A real operation becomes a script: who did what when, without a text, a name or a photograph. It is played in a world of
its own, so a replay never touches what it replays. As a table-top exercise only what came in is played; people decide.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import yaml

from bihuan.desk import api as desk
from bihuan.kernel import events as e
from bihuan.kernel.case import Seal
from bihuan.kernel.events import Recorded
from bihuan.kernel.refused import Refused

MOST_SEAL = Seal.L1
STRIPPED = "原文已隐去"
DOES: Mapping[type, str] = {
    e.Accepted: "accept",
    e.Dispatched: "dispatch",
    e.TaskTaken: "take",
    e.TaskArrived: "arrive",
    e.TaskFinished: "finish",
    e.TaskReturned: "return",
    e.SentToVerify: "send",
    e.Reworked: "rework",
    e.Closed: "verify",
}
MARKS = (
    "Accepted",
    "Dispatched",
    "TaskTaken",
    "TaskArrived",
    "TaskFinished",
    "TaskReturned",
    "SentToVerify",
    "Closed",
    "Reworked",
    "Merged",
)


def timeline(world: int) -> list[dict[str, Any]]:
    """What happened, in the order of time: the drill's own lines and the steps of its cases."""
    rows: list[tuple[datetime, int, dict[str, Any]]] = []
    rows += [(line.at, 0, _told(line)) for line in desk.drills.lines(world) if line.kind != "reading"]
    for number, event in enumerate(desk.drills.happened(world), 1):
        if event["kind"] in MARKS or event["kind"] == "Registered":
            about = {"case": int(event["case"].lstrip("#")), "unit": event["unit"]}
            rows.append((event["at"], number, {"what": event["kind"], **about}))
    zone = ZoneInfo(desk.virtual.zone())
    rows.sort(key=lambda row: (row[0], row[1]))
    return [{"at": f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S}", **about} for at, _, about in rows]


def _told(line: desk.drills.DrillLine) -> dict[str, Any]:
    return {"what": line.kind, **{name: value for name, value in line.data.items() if name != "kind"}}


def script_of(cases: Sequence[UUID], *, by: desk.Actor, purpose: str, is_tabletop: bool = False) -> str:
    """The file of a drill from real cases, stripped of everything personal. Raises ``Refused`` for a sealed one."""
    views = [desk.read_case(by, case, purpose=purpose, world=1) for case in cases]
    if sealed := [view for view in views if view.state.seal > MOST_SEAL]:
        raise Refused("sealed-not-replayed", law=7, number=sealed[0].state.number)
    starts = min(view.state.opened for view in views)
    last = max((one.at for view in views for one in view.history), default=starts)
    units: set[str] = set()
    injects: list[dict[str, Any]] = []
    for number, view in enumerate(views, 1):
        steps = [*_steps(f"case-{number}", view.history, starts)]
        units |= {str(step["unit"]) for step in steps if step.get("unit")} | {view.state.desk, view.state.verifier_unit}
        injects += steps[:1] if is_tabletop else steps
    hours = max(0.5, (last - starts).total_seconds() / 3600 + 0.25)
    numbers = "、".join(str(view.state.number) for view in views)
    told = {
        "key": "tabletop" if is_tabletop else "replay",
        "plan": "tabletop" if is_tabletop else "replay",
        "title": f"{'桌面推演' if is_tabletop else '重放'}：编号 {numbers}（人名与原文已隐去）",
        "starts": starts.astimezone(ZoneInfo(desk.virtual.zone())).isoformat(),
        "hours": round(min(hours, 168.0), 3),
        "scene": views[0].state.scene,
        "category": views[0].state.category,
        "place": views[0].state.place,
        "commander": {"unit": views[0].state.lead or views[0].state.desk},
        "people": sorted(unit for unit in units if unit),
        "injects": injects,
    }
    return yaml.safe_dump(told, allow_unicode=True, sort_keys=False)


def _steps(key: str, history: Sequence[Recorded], starts: datetime) -> Iterator[dict[str, Any]]:
    """First the report, then each step of a person; what the clocks did follows by itself."""
    tasks: dict[int, str] = {}
    for number, one in enumerate(history):
        if isinstance(one.event, e.TaskAdded):
            tasks[one.event.task.id] = one.event.task.unit
        step = _step(one, tasks)
        if step is not None:
            at = round((one.at - starts).total_seconds())
            about: Mapping[str, Any] = (
                {"key": key} if step["kind"] == "report" else {"key": f"{key}-{number}", "case": key}
            )
            yield {**about, "at": f"{at}s", **step}


def _step(one: Recorded, tasks: Mapping[int, str]) -> dict[str, Any] | None:
    event = one.event
    if isinstance(event, e.Registered):
        about = {"category": event.category, "place": event.place}
        return {"kind": "report", **about, "channel": "replay", "text": STRIPPED}
    do = DOES.get(type(event))
    if do is None:
        return None
    unit = tasks.get(getattr(event, "task", -1), "") or getattr(event, "lead", "") or getattr(event, "unit", "")
    return {"kind": "act", "do": do, **({"unit": unit} if unit else {}), "reason": STRIPPED}

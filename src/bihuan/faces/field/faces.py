"""A task as a telephone keeps it, and what of it counts when somebody acts on it later.

Of a sealed case nothing but number and due time leaves for a telephone: no id, no kind, no place.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from bihuan.desk import api as desk
from bihuan.faces.console import forms
from bihuan.faces.console.page import step_name
from bihuan.faces.i18n import choose, say
from bihuan.faces.pages import explain_refusal
from bihuan.faces.templatetags.words import local
from bihuan.kernel.case import Case, Role, Task, TaskStatus
from bihuan.kernel.refused import Refused

MOST = 40  # with their texts; whoever has more on his hands sorts them in the console
OWN = {TaskStatus.TAKEN: "mine", TaskStatus.ARRIVED: "there"}
STATUS = {"open": "还没有人接", "other": "同事在办", "mine": "您已接单", "there": "您已到场"}
FIELDS = {
    "status": "谁在办",
    "category": "类别",
    "place": "社区",
    "where": "具体位置",
    "what": "反映内容",
    "due": "办理期限",
    "needs": "要的照片",
    "waits": "还要等",
    "seal": "封存级别",
}
Told = dict[str, Any]


def tasks(staff: desk.Staff) -> Told:
    """The open tasks of the acting unit, the next due first. ``more``: how many are not told."""
    page = desk.list_cases(staff.actor, desk.Filters("tasks"), limit=200)
    lines = sorted(page.lines, key=lambda line: (line.due is None, line.due or line.opened))
    open_ones = [line for line in lines if not line.is_hidden][:MOST]
    where = desk.points(staff.actor, [line.id for line in open_ones])
    told: list[Told] = [
        {"number": line.number, "due": _stamp(line.due), "sealed": True} for line in lines if line.is_hidden
    ]
    for line in open_ones:
        told += faces_of(staff, line.id, where.get(line.id))
    return {
        "tasks": told,
        "at": _stamp(page.at),
        "more": len(lines) - len(open_ones) - sum("sealed" in t for t in told),
    }


def faces_of(staff: desk.Staff, case: UUID, point: tuple[float, float] | None = None) -> list[Told]:
    """Each open task that the unit has in the case; none of a case that was sealed or has gone elsewhere."""
    try:
        view = desk.read_case(staff.actor, case)
    except (desk.NotFound, Refused):
        return []
    if view.state.seal >= "L2" or view.verdict.level < desk.Level.FULL:
        return []
    mine = [task for task in view.state.tasks if task.is_open and task.unit == staff.actor.unit]
    point = point or desk.points(staff.actor, [case]).get(case)
    return [_face(view, task, staff, point) for task in mine]


def _face(view: desk.CaseView, task: Task, staff: desk.Staff, point: tuple[float, float] | None) -> Told:
    moves = {move.key: move for move in view.moves if move.target == str(task.id)}
    area = next((one for one in desk.areas() if one.place == view.state.place), None)
    centre = ((area.box[0] + area.box[2]) / 2, (area.box[1] + area.box[3]) / 2) if area else None
    here = point or centre
    seen = seen_of(view, task, staff.actor.person)
    return {
        "case": str(view.id),
        "task": task.id,
        "number": view.state.number,
        "category": choose(view.category.name, view.category.name_en) or say("未分类"),
        "place": choose(view.place.name, view.place.name_en),
        "role": say("主办") if task.role is Role.LEAD else say("协办"),
        "is_lead": task.role is Role.LEAD,
        "due": seen["due"],
        "waits": _waits(view, task),
        "may": bool(moves.keys() & {"take", "arrive", "finish"}),
        "needs": [{"kind": kind, "name": forms.proof_name(kind)} for kind in _needs(view, task)],
        "steps": _steps(view),
        "lon": here[0] if here else None,
        "lat": here[1] if here else None,
        "about": point is None,
        "seen": seen,
    }


def seen_of(view: desk.CaseView, task: Task, person: str) -> dict[str, str]:
    """What whoever looks at the task goes by, as codes: two of these are compared, and shown where they differ."""
    return {
        "status": "open" if not task.takers else OWN[task.status] if person in task.takers else "other",
        "category": view.state.category,
        "place": view.state.place,
        "where": _text(view, "address"),
        "what": _text(view, "text"),
        "due": _stamp(_due(view, task)),
        "needs": " ".join(_needs(view, task)),
        "waits": _waits(view, task),
        "seal": view.state.seal.value,
    }


def differences(view: desk.CaseView, then: Mapping[str, str], now: Mapping[str, str]) -> list[Told]:
    """Field by field, both versions in words."""
    return [
        {
            "field": say(FIELDS[name]),
            "then": _words(view.state, name, then[name]),
            "now": _words(view.state, name, value),
        }
        for name, value in now.items()
        if name in then and then[name] != value
    ]


def _words(state: Case, name: str, value: str) -> str:
    match name:
        case "status":
            return say(STATUS[value]) if value in STATUS else value
        case "category":
            found = desk.category_of(state, value)
            return choose(found.name, found.name_en) or say("未分类")
        case "place":
            place = desk.place_name(value)
            return choose(place.name, place.name_en)
        case "due":
            return local(datetime.fromisoformat(value)) if value else say("没有在走的时限")
        case "needs":
            return "、".join(forms.proof_name(kind) for kind in value.split()) or "—"
        case "seal":
            return say(forms.SEALS[value]) if value in forms.SEALS else value
        case _:
            return value or "—"


def _needs(view: desk.CaseView, task: Task) -> Iterator[str]:
    """Kinds of proof that finishing still asks for."""
    have = {proof.kind for proof in view.state.proofs}
    wanted = view.book.proofs_for(view.state.category) if task.role is Role.LEAD else ()
    return (kind for kind in wanted if kind not in have)


def _steps(view: desk.CaseView) -> list[Told]:
    """The scene's own steps that are open now and ask for nothing to be filled in: a list to tick off."""
    steps = [view.book.steps[one.target] for one in view.moves if one.key == "step" and one.waits is None]
    plain = (one for one in steps if not one.requires and not desk.asked_fields(view.state.scene, one.key))
    return [{"step": one.key, "name": step_name(one.key, one.name)} for one in plain if one.key not in view.state.steps]


def _waits(view: desk.CaseView, task: Task) -> str:
    found = [one.waits for one in view.moves if one.target == str(task.id) and one.waits is not None]
    return explain_refusal(found[0]).text if found else ""


def _text(view: desk.CaseView, kind: str) -> str:
    return "\n".join(one.text for one in view.texts.values() if one.kind == kind and one.text)


def _due(view: desk.CaseView, task: Task) -> datetime | None:
    """The next promise that whoever has the task must keep; the right to object is not one."""
    ticking = [one for one in view.state.clocks if one.is_ticking and not one.reminds and one.key != "objection"]
    own = [one.due for one in ticking if one.task == task.id]
    shared = [one.due for one in ticking if one.task is None]
    return min(own or shared, default=None)


def _stamp(at: datetime | None) -> str:
    return at.isoformat(timespec="seconds") if at is not None else ""

"""The timeline of the console: who did what, when and why. Steps of one action stand together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from bihuan.desk import api as desk
from bihuan.faces import shown
from bihuan.faces.console import events
from bihuan.faces.i18n import choose, language, say
from bihuan.faces.templatetags.words import span
from bihuan.kernel import events as e
from bihuan.kernel.case import Role, Task, TaskStatus
from bihuan.kernel.events import Recorded

BAD = (e.ClockBroken, e.Disputed, e.Reworked, e.Declined, e.ReportedByLaw)
GOOD = (e.Closed,)
QUIET = (e.ClockStarted, e.ClockStopped, e.ClockResumed, e.ClockWarned, e.ClockRecomputed, e.Noted, e.ProofAdded)


@dataclass(frozen=True)
class Entry:
    """What one action led to: the main event as a sentence, what followed from it below, a reason as a quotation."""

    at: datetime
    who: str
    text: str
    tone: str
    quote: str
    more: tuple[str, ...]
    is_new: bool


def tell(view: desk.CaseView, since: int) -> list[Entry]:
    """Newest first; what was recorded after version ``since`` is marked as new."""
    groups = groupby(view.history, key=lambda recorded: (recorded.recorded, recorded.by))
    return [_entry(view, list(group), since) for _, group in groups][::-1]


def _entry(view: desk.CaseView, group: list[Recorded], since: int) -> Entry:
    head = next((one for one in group if not isinstance(one.event, QUIET)), group[0])
    is_bad = any(isinstance(one.event, BAD) for one in group)
    is_good = any(isinstance(one.event, GOOD) for one in group)
    tone = "bad" if is_bad else "good" if is_good else ""
    reasons = [str(getattr(one.event, "reason", "")) for one in group]
    asked = [one.event.request.reason for one in group if isinstance(one.event, e.Asked)]
    return Entry(
        at=head.at,
        who=actor_name(view, head.by, head.unit),
        text=events.tell(head.event, view.state),
        tone=tone or ("quiet" if isinstance(head.event, QUIET) else ""),
        quote=next((reason for reason in (*reasons, *asked) if reason), ""),
        more=(*_data(view, group), *(events.tell(one.event, view.state) for one in group if one is not head)),
        is_new=0 < since < group[-1].number,
    )


def _data(view: desk.CaseView, group: list[Recorded]) -> Iterator[str]:
    """What was filled in with a step, each by its label."""
    scene = view.state.scene
    for one in group:
        for key, value in one.event.data if isinstance(one.event, e.StepTaken) else ():
            text = desk.shown_field(scene, key, value, language())
            label = desk.scene_word("fields", key, language())
            yield choose(f"{label}：{text}", f"{label}: {text}")


def actor_name(view: desk.CaseView, person: str, unit: str) -> str:
    """A member of staff by name and unit, the reporter as such, the ticker as the clock."""
    if person == "system":
        return say("系统")
    if not unit:
        return say("反映人") if person else ""
    shown_unit = unit_text(unit)
    name = view.people.get(person, "")
    return f"{name} · {shown_unit}" if name else shown_unit


def unit_text(code: str) -> str:
    unit = desk.unit_name(code)
    return choose(unit.name, unit.name_en)


def task_rows(view: desk.CaseView) -> list[dict[str, str]]:
    """Tasks of lead and assisting units, and for whom the case is waiting since when."""
    return [_task_row(view, task) for task in view.state.tasks]


def _task_row(view: desk.CaseView, task: Task) -> dict[str, str]:
    since = _since(view, task)
    waiting = ""
    if task.is_open and since is not None:
        waiting = say("等{unit}，已等 {span}", unit=unit_text(task.unit), span=span(view.at - since))
    tones = {TaskStatus.FINISHED: "good", TaskStatus.RETURNED: "quiet", TaskStatus.CANCELLED: "quiet"}
    return {
        "unit": unit_text(task.unit),
        "role": say("主办") if task.role is Role.LEAD else say("协办"),
        "status": say(shown.TASKS[task.status]),
        "takers": "、".join(view.people[t] for t in task.takers if t in view.people),
        "waiting": waiting,
        "tone": tones.get(task.status, ""),
    }


def _since(view: desk.CaseView, task: Task) -> datetime | None:
    """When the task last moved."""
    found = None
    for recorded in view.history:
        event = recorded.event
        is_it = isinstance(event, e.TaskAdded) and event.task.id == task.id
        is_moved = isinstance(event, (e.TaskTaken, e.TaskArrived, e.TaskReopened)) and event.task == task.id
        if is_it or is_moved:
            found = recorded.at
    return found


def request_rows(view: desk.CaseView) -> list[dict[str, object]]:
    words = {"pause": "申请暂停", "extend": "申请延期", "return": "申请退回", "seal": "申请降低封存级别"}
    return [
        {
            "what": say(words[request.kind]) if request.kind in words else request.kind,
            "who": actor_name(view, request.by, request.unit),
            "asked": request.asked,
            "reason": request.reason,
            "rule": request.rule,
            "is_open": request.is_open,
        }
        for request in reversed(view.state.requests)
    ]

"""The timeline of the console: who did what, when and why. The words of events are the desk's own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bihuan.desk import api as desk
from bihuan.faces import shown
from bihuan.faces.i18n import choose, say
from bihuan.faces.templatetags.words import ago
from bihuan.kernel import events as e
from bihuan.kernel.case import Role, Task, TaskStatus
from bihuan.kernel.events import Recorded

BAD = (e.ClockBroken, e.Disputed, e.Reworked, e.Declined, e.ReportedByLaw)
GOOD = (e.Closed,)
QUIET = (e.ClockStarted, e.ClockStopped, e.ClockResumed, e.ClockWarned, e.ClockRecomputed, e.Noted, e.ProofAdded)


@dataclass(frozen=True)
class Entry:
    at: datetime
    who: str
    text: str
    tone: str
    quote: str
    is_new: bool


def tell(view: desk.CaseView, since: int) -> list[Entry]:
    """Newest first; what was recorded after version ``since`` is marked as new."""
    return [_entry(view, recorded, since) for recorded in reversed(view.history)]


def _entry(view: desk.CaseView, recorded: Recorded, since: int) -> Entry:
    event = recorded.event
    tone = "bad" if isinstance(event, BAD) else "good" if isinstance(event, GOOD) else ""
    return Entry(
        at=recorded.at,
        who=actor_name(view, recorded.by, recorded.unit),
        text=type(event).__name__,
        tone=tone or ("quiet" if isinstance(event, QUIET) else ""),
        quote=str(getattr(event, "reason", "")),
        is_new=0 < since < recorded.number,
    )


def i_language() -> str:
    return choose("zh", "en")


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
        waiting = say("等{unit}，{ago}起", unit=unit_text(task.unit), ago=ago(since, view.at))
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

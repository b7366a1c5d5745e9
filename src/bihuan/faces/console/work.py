"""One after the other: what the acting unit owes, a case at a time, by the keyboard; equal open cases beside it."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_GET

from bihuan.desk import api as desk
from bihuan.faces.console import lines, page, suggested
from bihuan.faces.console.gate import purpose_of, staff_only
from bihuan.faces.i18n import choose, say
from bihuan.kernel.refused import Refused

THEN = "work"
MOST_NEAR = 5


@require_GET
@staff_only
def first(request: HttpRequest, staff: desk.Staff) -> HttpResponse:
    """The nearest promise first; without any, a page that says so."""
    owed = desk.boards.owed(staff.actor).lines
    if owed:
        return HttpResponseRedirect(_address(owed[0].id, request.GET.get("done", "")))
    return render(request, "console/work_done.html", {"staff": staff, "done": bool(request.GET.get("done"))})


@require_GET
@staff_only
def one(request: HttpRequest, staff: desk.Staff, case: UUID) -> HttpResponse:
    values = {"staff": staff, "case_id": case, "then": THEN, "done": request.GET.get("done") == "done"}
    values |= _queue(staff.actor, case)
    try:
        view = desk.read_case(staff.actor, case, purpose=purpose_of(request, case))
    except desk.NotFound:
        raise Http404 from None
    except Refused:
        return render(request, "console/work.html", values | {"is_closed_to": True, "number": desk.number_of(case)})
    values |= page.values(view, staff.actor, purpose=purpose_of(request, case))
    beside = _beside(request, staff.actor)
    values |= {
        "number": view.state.number,
        "at": view.at,
        "near": _near(staff.actor, view),
        "drafted": suggested.drafted(view),
        "undo": _undo(request, staff.actor),
        "beside": beside,
        "merge": next((move for move in view.moves if move.key == "merge" and move.waits is None), None),
    }
    return render(request, "console/work.html", values)


def after(actor: desk.Actor, case: UUID, following: str, merged: UUID | None = None) -> str:
    """Where to go on: the same case while it is still this unit's turn, then the one that stood behind it."""
    owed = [line.id for line in desk.boards.owed(actor).lines]
    if case in owed:
        return _address(case, "done")
    behind = next((other for other in owed if str(other) == following), None)
    found = _address(behind, "done") if behind else "/console/work?done=done"
    return f"{found}&undo={merged}" if merged and behind else found


def _address(case: UUID, done: str) -> str:
    return f"/console/work/{case}" + ("?done=done" if done else "")


def _queue(actor: desk.Actor, case: UUID) -> dict[str, object]:
    owed = [line.id for line in desk.boards.owed(actor).lines]
    at = owed.index(case) if case in owed else -1
    return {
        "position": at + 1,
        "waiting": len(owed),
        "before": owed[at - 1] if at > 0 else None,
        "behind": owed[at + 1] if at + 1 < len(owed) else None,
    }


def _undo(request: HttpRequest, actor: desk.Actor) -> dict[str, object] | None:
    """The case that was merged a moment ago, as far as the reader may know of it."""
    try:
        case = UUID(request.GET.get("undo", ""))
    except ValueError:
        return None
    number = desk.numbers_of(actor, [case]).get(case)
    return {"id": case, "number": number} if number else None


def _near(actor: desk.Actor, view: desk.CaseView) -> list[dict[str, object]]:
    """What is perhaps the same, with the reason; then open cases of the same matter in the same place."""
    equal = suggested.beside(actor, view)
    known = {row["id"] for row in equal}
    listed = lines.shown(line for line in _listed(actor, view) if line.id not in known)
    same = " · ".join((say("同一社区"), say("同一类")))
    return [*equal, *(row | {"reason": same} for row in listed)][:MOST_NEAR]


def _listed(actor: desk.Actor, view: desk.CaseView) -> list[desk.Line]:
    state = view.state
    if not state.category or not state.place:
        return []
    wanted = desk.Filters("all", category=state.category, place=state.place, is_open=True)
    found = desk.list_cases(actor, wanted, limit=MOST_NEAR + 1).lines
    return [line for line in found if line.id != view.id][:MOST_NEAR]


def _beside(request: HttpRequest, actor: desk.Actor) -> dict[str, object] | None:
    """The other case of a comparison, as far as the reader may see it."""
    try:
        other = UUID(request.GET.get("with", ""))
        view = desk.read_case(actor, other, purpose=purpose_of(request, other))
    except (ValueError, desk.NotFound, Refused):
        return None
    shown = page.values(view, actor, purpose=purpose_of(request, other))
    title = choose(view.category.name, view.category.name_en) or say("未分类")
    return shown | {"id": other, "number": view.state.number, "title": title}

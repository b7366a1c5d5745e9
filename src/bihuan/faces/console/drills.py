"""Drills at the console: what is due, planned, running and over; one that runs, with its clock; its report."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from bihuan.desk import api as desk
from bihuan.faces import drilling
from bihuan.faces.console import drills_shown
from bihuan.faces.console.drills_shown import may_run
from bihuan.faces.console.gate import staff_only
from bihuan.faces.i18n import say
from bihuan.faces.pages import explain_refusal
from bihuan.kernel.refused import Refused
from bihuan.ops.drills import lessons, reading, running
from bihuan.ops.drills.replay import script_of

SPEEDS = (1, 10, 60, 300, 600)
STEPS = (1, 5, 30)


@require_http_methods(["GET", "POST"])
@staff_only
def drills(request: HttpRequest, staff: desk.Staff) -> HttpResponse:
    """The list, and a new one."""
    problem: list[str] = []
    typed = request.POST.get("file", "")[: reading.MOST_BYTES]
    if request.method == "POST" and may_run(staff):
        try:
            made = _planned(request, staff, typed)
            return redirect("drill", made)
        except reading.BadScript as wrong:
            problem = list(wrong.wrong)
        except LookupError as missing:
            problem = [str(missing)]
        except Refused as refused:
            problem = [explain_refusal(refused).text]
    values = drills_shown.listed() | {
        "staff": staff, "problem": problem, "may_run": may_run(staff), "known": drills_shown.known(), "typed": typed,
    }  # fmt: skip
    return render(request, "console/drills.html", values, status=422 if problem else 200)


def _planned(request: HttpRequest, staff: desk.Staff, typed: str) -> UUID:
    if request.POST.get("cases", "").strip():
        return _from_cases(request, staff)
    seed = request.POST.get("seed", "").strip()
    text = typed if typed.strip() else reading.find(_known(request.POST.get("name", "")))
    return running.plan(text, by=staff.actor, seed=int(seed) if seed.isdigit() and len(seed) < 16 else None)


def _from_cases(request: HttpRequest, staff: desk.Staff) -> UUID:
    """A past operation, stripped: to be played again as it was, or by people at a table."""
    numbers = request.POST["cases"].replace("，", ",").replace(" ", ",").split(",")
    found = [desk.case_by_number(int(one)) if one.isdigit() and len(one) < 16 else None for one in numbers if one]
    cases = [case for case in found if case is not None]
    if not cases or len(cases) < len(found):
        raise LookupError(say("没有这些编号的件，或者它们不归您看。"))
    mode = "tabletop" if request.POST.get("mode") == "tabletop" else "replay"
    try:
        text = script_of(cases, by=staff.actor, purpose=lessons.PURPOSE, is_tabletop=mode == "tabletop")
    except desk.NotFound:
        raise LookupError(say("没有这些编号的件，或者它们不归您看。")) from None
    return running.plan(text, by=staff.actor, mode=mode)


def _known(name: str) -> str:
    """A drill of the product by its name: over the web no path is read."""
    if name not in reading.known():
        raise LookupError(say("没有这个演练，请从表里选，或贴上演练文件。"))
    return name


@require_POST
@staff_only
def leave(request: HttpRequest, staff: desk.Staff) -> HttpResponse:  # noqa: ARG001 - signed in is enough
    request.session.pop(drilling.KEY, None)
    return redirect("drills")


@require_http_methods(["GET", "POST"])
@staff_only
def drill(request: HttpRequest, staff: desk.Staff, drill: UUID) -> HttpResponse:
    """One drill: before it with who would be reached, while it runs with its clock, afterwards with its report."""
    found = _get(drill)
    problem = ""
    if request.method == "POST":
        try:
            return _do(request, staff, found)
        except Refused as refused:
            problem = explain_refusal(refused).text
    values = drills_shown.one(found) | {
        "staff": staff, "problem": problem, "may_run": may_run(staff), "speeds": SPEEDS, "steps": STEPS,
        "may_enter": found.played_in is not None and drilling.takes_part(staff, found),
    }  # fmt: skip
    page = "console/drill_part.html" if request.GET.get("part") else "console/drill.html"
    return render(request, page, values, status=409 if problem else 200)


def _get(drill: UUID) -> desk.drills.Drill:
    try:
        return desk.drills.get(drill)
    except LookupError:
        raise Http404 from None


def _do(request: HttpRequest, staff: desk.Staff, found: desk.drills.Drill) -> HttpResponse:
    do, back = request.POST.get("do", ""), HttpResponseRedirect(f"/console/drills/{found.id}")
    if do == "enter":
        if found.played_in is None or drilling.found(staff, found.played_in) is None:
            raise Http404
        request.session[drilling.KEY] = found.played_in
        return back
    if not may_run(staff):
        raise Refused("drill-not-yours")
    number = request.POST.get("n", "")
    n = int(number) if number.isdigit() and len(number) < 5 else 0
    if do == "start":
        running.begin(found.id, speed=n or 1, people=tuple(request.POST.getlist("people")))
    elif do == "pause":
        desk.drills.pause(found.id)
    elif do == "go":
        desk.drills.go_on(found.id, speed=n or None)
    elif do == "step" and found.is_open:
        running.advance(found.id, timedelta(minutes=n or 1))
    elif do == "end" and found.is_open:
        running.end(found.id)
    elif do == "cancel":
        desk.drills.cancel(found.id)
    elif do == "lesson":
        lessons.make_case(found, request.POST.get("key", ""), request.POST.get("unit", ""), by=staff.actor)
    return back


@require_GET
@staff_only
def report(request: HttpRequest, staff: desk.Staff, drill: UUID) -> HttpResponse:  # noqa: ARG001 - as the page
    """The after-action report as PDF."""
    from bihuan.faces.console import drill_report  # noqa: PLC0415 - fpdf is heavy, and seldom wanted

    found = _get(drill)
    if found.report is None:
        raise Http404
    answer = HttpResponse(drill_report.as_pdf(found), content_type="application/pdf")
    answer["Content-Disposition"] = f'attachment; filename="exercise-{found.plan}-{found.planned:%Y%m%d}.pdf"'
    return answer

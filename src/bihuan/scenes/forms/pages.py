"""The pages of the scene: what I have to fill in, the gate, reports from what is known, the burden."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from bihuan.desk import api as desk
from bihuan.faces.console.gate import purpose_of, staff_only
from bihuan.faces.i18n import choose, language, say
from bihuan.faces.pages import Explained, explain_refusal
from bihuan.faces.typed import Mistyped, tidy
from bihuan.kernel.case import Stage
from bihuan.kernel.refused import Refused
from bihuan.scenes.forms import asking_pages, booking, filling, sheets
from bihuan.scenes.forms.booking import CannotAsk
from bihuan.scenes.forms.rules import SHEET
from bihuan.scenes.forms.sheets import SCENE, Cell, Item, Wrong

WRONG_VALUE = {"number": "要写数字", "yes_no": "请选是或否", "date": "要写日期", "text": "要填，最多一百个字"}
STATES = {"live": "系统现算", "fresh": "已有，不用再填", "stale": "以前报过，请核对", "empty": "还不知道，请填"}
TONES = {"live": "good", "fresh": "good", "stale": "warn", "empty": "accent"}
STAGES = {
    Stage.REGISTERED: "等受理台把关",
    Stage.DECLINED: "没有过关",
    Stage.DISPATCHED: "已过关",
    Stage.WORKING: "已过关",
}


@require_http_methods(["GET", "POST"])
@staff_only
def home(request: HttpRequest, staff: desk.Staff) -> HttpResponse:
    """What the acting unit has to fill in, has asked for, and, at the gate, has to decide. And: what came past it."""
    problem, done = None, ""
    if request.method == "POST":
        try:
            made = booking.past_the_gate(tidy(request.POST.get("text", ""), most=1000, lines=True), by=staff.actor)
            done = say("已登记，编号 {n}。由专人去问。", n=made.number)
        except (CannotAsk, Mistyped, Refused) as error:
            problem = asking_pages.told(error)
    mine = [_paper(line, one) for line, one in filling.waiting(staff.actor)]
    gate = desk.list_cases(staff.actor, desk.Filters("triage", category="F0"))
    values = {
        "staff": staff,
        "mine": mine,
        "gate": [line for line in gate.lines if line.stage is Stage.REGISTERED],
        "asked": list(_asked_by(staff)),
        "reports": [form for form in sheets.forms() if form.unit == staff.actor.unit],
        "at": desk.now(),
        "problem": problem,
        "done": done,
    }
    return render(request, "forms/home.html", values, status=422 if problem else 200)


def _paper(line: desk.Line, one: filling.Sheet) -> dict[str, object]:
    left = sum(sheets.minutes(item, cell) for item, cell in one.rows)
    asker = desk.unit_name(one.form.unit)
    return {
        "line": line,
        "sheet": one,
        "percent": round(one.share * 100),
        "minutes": asking_pages.count(left),
        "asker": asker,
    }


def _asked_by(staff: desk.Staff) -> Iterator[dict[str, object]]:
    for entry in desk.registers.entries(SCENE, "request"):
        form = sheets.form(str((entry.facts or {})["form"])) if entry.unit == staff.actor.unit else None
        if form is not None:
            case = UUID(str((entry.facts or {})["case"]))
            stage = booking.state_of(case).stage
            yield {"case": case, "number": entry.key, "form": form, "stage": say(STAGES.get(stage, "已汇总"))}


# -- one case -----------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
@staff_only
def case(request: HttpRequest, staff: desk.Staff, case: UUID) -> HttpResponse:
    """A request at the gate, or a sheet to fill in."""
    if booking.asked_by(case) in staff.actor.all_units:
        return _gate(request, staff, case)
    try:
        view = desk.read_case(staff.actor, case, purpose=purpose_of(request, case))
        booking.form_of(case)
    except desk.NotFound:
        raise Http404 from None
    except (LookupError, Refused):
        return redirect("case", case)
    return (_sheet if view.state.category == SHEET else _gate)(request, staff, case)


def _gate(request: HttpRequest, staff: desk.Staff, case: UUID) -> HttpResponse:
    problem, done = None, ""
    if request.method == "POST":
        try:
            done = _decided(request.POST.get("do", ""), case, staff)
        except (Refused, CannotAsk) as error:
            problem = asking_pages.told(error)
    form, state = booking.form_of(case), booking.state_of(case)
    wanted = booking.request_of(form)
    papers = filling.papers(form) if state.stage in {Stage.DISPATCHED, Stage.WORKING} else []
    counts = {
        "asked": len(papers),
        "open": sum(stage in filling.TO_DO for _, stage in papers),
        "waiting": sum(stage in filling.HANDED_IN for _, stage in papers),
    }
    values = {
        "staff": staff, "case": case, "state": state, "form": form, "problem": problem, "done": done,
        "looked": asking_pages.shown(booking.look(wanted), wanted), "counts": counts,
        "every": say(asking_pages.EVERY[form.every]),
        "asker": desk.unit_name(form.unit), "stage": say(STAGES.get(state.stage, "已汇总")),
        "may_approve": state.stage is Stage.REGISTERED and state.desk == staff.actor.unit,
        "may_issue": state.stage in filling.TO_DO and state.lead == staff.actor.unit,
        "period": sheets.period(form.every, desk.now()),
    }  # fmt: skip
    return render(request, "forms/request.html", values, status=409 if problem else 200)


def _decided(do: str, case: UUID, staff: desk.Staff) -> str:
    if do == "approve":
        booking.approve(case, by=staff.actor)
        return say("已过关，交要表单位下发。")
    if do == "issue":
        asked, known = booking.issue(case, by=staff.actor)
        return say("问了 {asked} 个社区；{known} 个全都知道，没有打扰。", asked=asked, known=known)
    taken = filling.take_all(case, by=staff.actor)
    return say("核收了 {n} 张。", n=taken)


def _sheet(request: HttpRequest, staff: desk.Staff, case: UUID) -> HttpResponse:
    problem, wrong, done = None, dict[str, str](), ""
    if request.method == "POST":
        typed = {name.removeprefix("item-"): str(value) for name, value in request.POST.items()}
        try:
            filling.fill(case, typed, by=staff.actor)
            done = say("已交上。谢谢，下次不用再填这些。")
        except Wrong as error:
            wrong = {error.args[0]: say(WRONG_VALUE[error.args[1]])}
            problem = Explained(say("有一项要改，其余的还在。"))
        except Refused as error:
            problem = explain_refusal(error)
    one = filling.sheet(case)
    may_fill = one.stage in filling.TO_DO and one.unit.code == staff.actor.unit
    values = {
        "staff": staff, "case": case, "sheet": one, "problem": problem, "done": done, "may_fill": may_fill,
        "asker": desk.unit_name(one.form.unit), "percent": round(one.share * 100),
        "rows": [_row(item, cell, request, wrong) for item, cell in one.rows],
        "left": sum(not cell.is_known for _, cell in one.rows),
        "minutes": asking_pages.count(sum(sheets.minutes(item, cell) for item, cell in one.rows)),
        "law": one.form.law,
    }  # fmt: skip
    return render(request, "forms/sheet.html", values, status=422 if wrong else 409 if problem else 200)


def _row(item: Item, cell: Cell, request: HttpRequest, wrong: dict[str, str]) -> dict[str, object]:
    typed = request.POST.get(f"item-{item.key}")
    value = cell.value if typed is None else typed
    return {
        "item": item,
        "name": choose(item.name, item.name_en),
        "value": value,
        "shown": {"yes": say("是"), "no": say("否")}.get(value, value),
        "cell": cell,
        "state": say(STATES[cell.state]),
        "tone": TONES[cell.state],
        "source": _source(cell),
        "wrong": wrong.get(item.key, ""),
    }


def _source(cell: Cell) -> str:
    """Where the value comes from, and from when."""
    form = sheets.form(cell.told) if cell.told else None
    return form.name if form is not None else ""


# -- what follows -------------------------------------------------------------------------------------------------


@require_GET
@staff_only
def report(request: HttpRequest, staff: desk.Staff, form: str) -> HttpResponse:
    """The report drawn from what is known."""
    found = _form(form, staff)
    items, rows = filling.derived(found)
    values = {
        "staff": staff,
        "form": found,
        "items": items,
        "rows": rows,
        "known": asking_pages.share([cell for _, cells in rows for cell in cells]),
        "sums": [_sum(item, [cells[n] for _, cells in rows]) for n, item in enumerate(items)],
    }
    return render(request, "forms/report.html", values)


def _sum(item: Item, cells: list[Cell]) -> str:
    numbers = [float(cell.value) for cell in cells if sheets.NUMBER.fullmatch(cell.value)]
    return f"{sum(numbers):g}" if item.kind == "number" and numbers else ""


def _form(key: str, staff: desk.Staff) -> sheets.Form:
    """Open to who asks, to the gate and to oversight; to others it is not there."""
    found = sheets.form(key)
    if found is None or not (
        found.unit in staff.actor.all_units or staff.actor.roles & {"triage", "oversight", "head"}
    ):
        raise Http404
    return found


@require_GET
@staff_only
def table(request: HttpRequest, staff: desk.Staff, form: str) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """The same as a table for a spreadsheet."""
    found = _form(form, staff)
    items, rows = filling.derived(found)
    answer = HttpResponse("\ufeff", content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{found.key}.csv"'
    out = csv.writer(answer)
    out.writerow([say("社区"), *(choose(item.name, item.name_en) for item in items)])
    for unit, cells in rows:
        out.writerow([_tame(choose(unit.name, unit.name_en)), *(_tame(cell.value) for cell in cells)])
    return answer


def _tame(cell: str) -> str:
    """No cell leaves as a formula; a negative number is none."""
    return "'" + cell if cell[:1] in {"=", "+", "-", "@"} and not sheets.NUMBER.fullmatch(cell) else cell


@require_GET
@staff_only
def burden(request: HttpRequest, staff: desk.Staff) -> HttpResponse:
    """How much paper each community was sent in a month, and what the gate kept away."""
    first = _month(request.GET.get("month", ""))
    after = (first + timedelta(days=32)).replace(day=1)
    rows, kept = filling.burden(first, after), filling.kept_away(first, after)
    most = max((row.bare for row in rows), default=1) or 1
    values = {
        "staff": staff,
        "month": f"{first:%Y-%m}",
        "before": f"{first - timedelta(days=1):%Y-%m}",
        "after": f"{after:%Y-%m}",
        "rows": [{"row": row, "width": round(1000 * row.minutes / most), "bare": round(1000 * row.bare / most)}
                 for row in (replace(row, minutes=round(row.minutes)) for row in rows)],
        "asked": sum(row.asked for row in rows),
        "hours": asking_pages.hours(sum(row.minutes for row in rows)),
        "bare_hours": asking_pages.hours(sum(row.bare for row in rows)),
        "known": round(100 * sum(row.known for row in rows) / (sum(row.items for row in rows) or 1)),
        "kept": kept,
        "kept_hours": asking_pages.hours(kept.minutes),
        "language": language(),
    }  # fmt: skip
    return render(request, "forms/burden.html", values)


def _month(asked: str) -> datetime:
    here = desk.now().astimezone(ZoneInfo(settings.ZONE)).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    try:
        year, month = asked.split("-")
        return here.replace(year=int(year), month=int(month))
    except ValueError:
        return here

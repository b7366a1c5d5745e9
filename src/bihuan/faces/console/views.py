"""The console: an inbox, a case, the forms through which staff act. Each view asks the desk and shows its answer."""

from __future__ import annotations

import re
from hashlib import sha256
from urllib.parse import parse_qs, urlencode
from uuid import UUID, uuid4

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from bihuan.desk import api as desk
from bihuan.faces import shown
from bihuan.faces.console import bulk, filled, forms, lines, page, pairs, suggested, work
from bihuan.faces.console.drills_shown import overdue
from bihuan.faces.console.gate import keep_purpose, purpose_of, staff_only
from bihuan.faces.console.rules import editable
from bihuan.faces.i18n import say
from bihuan.faces.pages import Explained, explain_refusal, problem_page
from bihuan.faces.portal.views import books
from bihuan.faces.typed import Mistyped, tidy
from bihuan.kernel import commands as c
from bihuan.kernel.case import Stage
from bihuan.kernel.refused import Refused

TABS = {
    "triage": "待受理",
    "dispatch": "待派遣",
    "tasks": "我的任务",
    "verify": "待核查",
    "asked": "待批申请",
    "overdue": "超时",
    "all": "全部",
}
KEPT = ("tab", "category", "place", "stage", "number")
FIRST = (
    ("triage", "triage"),
    ("dispatcher", "dispatch"),
    ("verifier", "verify"),
    ("handler", "tasks"),
    ("head", "asked"),
    ("oversight", "overdue"),
)


@require_GET
@staff_only
def inbox(request: HttpRequest, staff: desk.Staff) -> HttpResponse:
    asked = {name: request.GET.get(name, "")[:64] for name in (*KEPT, "after")}
    tab = asked["tab"] if asked["tab"] in TABS else _first_tab(staff)
    problem, listed = "", None
    number = asked["number"].strip()
    if number and not (number.isdigit() and len(number) < 16):
        problem = say("编号只有数字。")
    else:
        filters = desk.Filters(tab, asked["category"], asked["place"], asked["stage"], int(number) if number else None)
        try:
            listed = desk.list_cases(staff.actor, filters, after=asked["after"])
        except ValueError:
            problem = say("翻页的位置不对，请回到第一页。")
    kept = {k: v for k, v in asked.items() if v and k not in {"after", "tab"}} | {"tab": tab}
    values = {
        "staff": staff,
        "tabs": [(key, say(name)) for key, name in TABS.items()],
        "tab": tab,
        "page": _page(staff, listed),
        "problem": problem,
        "query": asked,
        "is_filtered": bool(asked["category"] or asked["place"] or asked["stage"] or number),
        "categories": desk.category_choices(),
        "places": desk.place_choices(),
        "stages": [(stage.value, shown.stage(stage)) for stage in Stage],
        "after": asked["after"],
        "bulk_moves": bulk.choices(),
        "views": desk.saved_views.of(staff.actor),
        "drills_due": overdue(staff),
        "kept_query": urlencode(kept),
        "first_query": urlencode(kept),
        "next_query": urlencode(kept | {"after": listed.next}) if listed else "",
    }
    return render(request, "console/inbox.html", values)


def _page(staff: desk.Staff, listed: desk.Page | None) -> dict[str, object]:
    if listed is None:
        return {"lines": []}
    rows = suggested.with_drafts(staff.actor, lines.shown(listed.lines))
    return {"lines": rows, "next": listed.next, "at": listed.at}


def _first_tab(staff: desk.Staff) -> str:
    """Where somebody in this post begins the day: the first tab of his roles in which something waits."""
    mine = [tab for role, tab in FIRST if role in staff.actor.roles]
    waiting = (tab for tab in mine if desk.list_cases(staff.actor, desk.Filters(tab), limit=1).lines)
    return next(waiting, mine[0] if mine else "all")


@require_GET
@staff_only
def case(request: HttpRequest, staff: desk.Staff, case: UUID) -> HttpResponse:
    since = request.GET.get("since", "")
    done = DONE.get(request.GET.get("done", ""), "")
    return _case_page(request, staff, case, since=int(since) if since.isdigit() else 0, done=say(done) if done else "")


DONE = {
    "done": "已记入。",
    "red": "已报告，时间已记下。",
    "red-bare": "已报告，时间已记下；文字说明没有存上，请在件里补写。",
}


def _case_page(
    request: HttpRequest,
    staff: desk.Staff,
    case: UUID,
    *,
    since: int = 0,
    done: str = "",
    problem: Explained | None = None,
    opened: str = "",
    status: int = 200,
) -> HttpResponse:
    purpose = purpose_of(request, case)
    try:
        view = desk.read_case(staff.actor, case, purpose=purpose)
    except desk.NotFound:
        raise Http404 from None
    except Refused:
        return _ask_purpose(request, staff, case)
    typed = dict(request.POST.lists()) if problem is not None else None
    values = page.values(view, staff.actor, purpose=purpose, since=since, opened=opened, typed=typed)
    values |= {"staff": staff, "done": done, "problem": problem, "sources": suggested.sources(staff.actor, view)}
    values["drafted"] = suggested.drafted(view)
    if any(move.key == "merge" and move.waits is None for move in view.moves):
        values["equal"] = suggested.beside(staff.actor, view)
    return render(request, "console/case.html", values, status=status)


def _ask_purpose(request: HttpRequest, staff: desk.Staff, case: UUID, error: str = "") -> HttpResponse:
    values = {
        "staff": staff,
        "case_id": case,
        "number": desk.number_of(case),
        "error": error,
        "red": page.red_move(),
        "version": 0,
        "form_key": uuid4().hex,
    }
    return render(request, "console/purpose.html", values, status=422 if error else 200)


@require_POST
@staff_only
def purpose(request: HttpRequest, staff: desk.Staff, case: UUID) -> HttpResponse:
    given = " ".join(request.POST.get("purpose", "").split())[:200]
    if len(given) < 2:
        try:
            desk.read_case(staff.actor, case)
        except desk.NotFound:
            raise Http404 from None
        except Refused:
            return _ask_purpose(request, staff, case, say("请写查阅目的。"))
    keep_purpose(request, case, given)
    return redirect("case", case)


@require_POST
@staff_only
def do(request: HttpRequest, staff: desk.Staff, case: UUID) -> HttpResponse:
    """One move. What the kernel refuses is shown in words beside the form; what changed meanwhile is marked as new."""
    key, target = request.POST.get("move", ""), request.POST.get("target", "")[:64]
    version = request.POST.get("version", "")
    seen = int(version) if version.isdigit() else 0
    try:
        if key == "red-button":
            return _red_button(request, staff, case)
        case = _move(request, staff, case, key=key, target=target, seen=seen)
    except desk.NotFound:
        raise Http404 from None
    except Mistyped as mistyped:
        return _case_page(request, staff, case, problem=Explained(mistyped.text), opened=f"{key}{target}", status=422)
    except Refused as refused:
        return _case_page(request, staff, case, problem=explain_refusal(refused), opened=f"{key}{target}", status=409)
    except desk.Stale:
        return _case_page(request, staff, case, since=seen, status=409)
    except desk.KeyReused:
        problem = Explained(say("这张表已经提交过了。"))
        return _case_page(request, staff, case, problem=problem, status=409)
    if request.POST.get("then") == work.THEN:
        merged = case if key == "merge" else None
        return HttpResponseRedirect(work.after(staff.actor, case, request.POST.get("next", ""), merged))
    return HttpResponseRedirect(f"/console/case/{case}?done=done")


def _move(request: HttpRequest, staff: desk.Staff, case: UUID, *, key: str, target: str, seen: int) -> UUID:
    """The case to look at afterwards."""
    form = forms.FORMS.get(key)
    if form is None:
        raise Mistyped(say("没有这个操作。"))
    held_for = purpose_of(request, case)
    view = desk.read_case(staff.actor, case, purpose=held_for)
    said = filled.Said(request, form, form.fields(forms.Setting(case, view.state, view.book), target))
    reason_for, form_key = held_for or f"move:{key}", request.POST.get("key", "")[:90] or None
    if key in pairs.PAIRS:
        return pairs.press(key, pairs.Pressed(staff.actor, view, reason_for, form_key), said)
    command, texts = filled.command(key, target, said)
    desk.submit(
        command,
        by=staff.actor,
        case=case,
        purpose=reason_for,
        key=form_key,
        expects=seen or None,
        texts={kind: text for kind, text in texts.items() if text} or None,
    )
    return case


def _red_button(request: HttpRequest, staff: desk.Staff, case: UUID) -> HttpResponse:
    """First the report, alone, so that nothing can hold it up; then the words, if there are any."""
    fields = forms.red_fields()
    said = filled.Said(request, forms.FORMS["red-button"], fields)
    to = tuple(dict.fromkeys((said.text("to"), *said.many("also"))))
    command = c.ReportByLaw("danger", to, "", said.text("rule"))
    text = said.text("text")
    key = request.POST.get("key", "")[:60]
    # Under the form's key and what it says: pressed twice it is told once, corrected and sent again it is told again.
    once = f"{key}:{sha256(repr((to, command.basis, text)).encode()).hexdigest()[:16]}" if key else None
    desk.submit(command, by=staff.actor, case=case, purpose="statutory report", key=once)
    done = "red"
    if text:
        further, texts = f"{once}:text" if once else None, {"statutory": text}
        try:
            desk.submit(None, by=staff.actor, case=case, purpose="statutory report", key=further, texts=texts)
        except Refused:
            done = "red-bare"
    return HttpResponseRedirect(f"/console/case/{case}?done={done}")


@require_GET
@staff_only
def photo(request: HttpRequest, staff: desk.Staff, case: UUID, name: str, what: str = "photo") -> HttpResponse:
    ref = f"{what}:{name}"
    try:
        view = desk.read_case(staff.actor, case, purpose=purpose_of(request, case))
        if ref not in {proof.ref for proof in view.state.proofs}:
            raise Http404
        data, kind = desk.read_photo(ref)
    except (LookupError, Refused):
        raise Http404 from None
    return HttpResponse(data, content_type=kind)


@require_GET
@staff_only
def explain(request: HttpRequest, staff: desk.Staff, case: UUID) -> HttpResponse:
    try:
        view = desk.read_case(staff.actor, case, purpose=purpose_of(request, case))
    except desk.NotFound:
        raise Http404 from None
    except Refused:
        return _ask_purpose(request, staff, case)
    return render(request, "console/explain.html", page.why(view) | {"staff": staff})


@require_GET
@staff_only
def seen(request: HttpRequest, staff: desk.Staff, case: UUID) -> HttpResponse:
    try:
        looks = desk.looks_at(staff.actor, case, purpose=purpose_of(request, case))
    except desk.NotFound:
        raise Http404 from None
    except Refused:
        return _ask_purpose(request, staff, case)
    values = {"staff": staff, "case_id": case, "number": desk.number_of(case), "looks": page.looks(looks)}
    return render(request, "console/seen.html", values)


@require_GET
@staff_only
def rules(request: HttpRequest, staff: desk.Staff) -> HttpResponse:
    return render(
        request,
        "rules.html",
        {"books": books(), "base": "console/base.html", "staff": staff, "editable": editable(staff)},
    )


@require_http_methods(["GET", "POST"])
@staff_only
def glass(request: HttpRequest, staff: desk.Staff) -> HttpResponse:
    """Break-glass: ask, be the second person, look again afterwards."""
    done, problem = "", None
    if request.method == "POST":
        try:
            done = _glass(request, staff)
        except (Mistyped, desk.NotFound) as missing:
            problem = Explained(missing.text if isinstance(missing, Mistyped) else say("没有这件，或者它不归您看。"))
        except Refused as refused:
            problem = explain_refusal(refused)
    waiting, to_review = desk.waiting_glass(staff.actor)
    values = {
        "staff": staff,
        "done": done,
        "problem": problem,
        "number": request.GET.get("number", "")[:16],
        "may_grant": bool(staff.actor.roles & {"head", "oversight"}),
        "waiting": page.glasses(waiting),
        "to_review": page.glasses(to_review),
    }
    return render(request, "console/glass.html", values, status=409 if problem else 200)


def _glass(request: HttpRequest, staff: desk.Staff) -> str:
    do = request.POST.get("do")
    if do == "ask":
        number = request.POST.get("number", "").strip()
        if not re.fullmatch("[0-9]{1,15}", number):
            raise Mistyped(say("请填编号（数字）。"))
        found = desk.case_by_number(int(number))
        desk.ask_glass(staff.actor, found, request.POST.get("reason", "")[:1000])
        return say("已记下。如果有这件封存的事，且与您单位无涉，会请另一个人来定。")
    try:
        asked = UUID(request.POST.get("glass", ""))
    except ValueError:
        raise Mistyped(say("没有这个操作。")) from None
    if do == "grant":
        desk.grant_glass(staff.actor, asked)
        return say("已同意，八小时内有效。")
    if do == "end":
        desk.end_glass(staff.actor, asked)
        return say("已提前结束，从现在起看不到了。")
    desk.review_glass(staff.actor, asked, request.POST.get("note", "")[:1000])
    return say("复核已记下。")


@require_POST
@staff_only
def change_post(request: HttpRequest, staff: desk.Staff) -> HttpResponse:
    unit = request.POST.get("unit", "")
    if unit in {post.code for post in staff.posts}:
        request.session["unit"] = unit
    return redirect("inbox")


@require_POST
@staff_only
def saved(request: HttpRequest, staff: desk.Staff) -> HttpResponse:
    """Keep a view of the inbox under a name, for oneself or for all of the unit; or forget one."""
    if request.POST.get("forget", "").isdigit():
        desk.saved_views.forget(staff.actor, int(request.POST["forget"]))
        return redirect("inbox")
    query = {key: value[0][:64] for key, value in parse_qs(request.POST.get("query", "")[:500]).items() if key in KEPT}
    try:
        name, text = tidy(request.POST.get("name", ""), most=desk.saved_views.MOST_NAME), say("请给这个视图起个名字。")
        if name:
            desk.saved_views.keep(staff.actor, name, query, for_unit=request.POST.get("for_unit") == "1")
            return HttpResponseRedirect("/console/?" + urlencode(query))
    except Mistyped as mistyped:
        text = mistyped.text
    except desk.saved_views.TooMany:
        text = say("视图太多了，先删几个。最多 {n} 个。", n=desk.saved_views.MOST)
    return problem_page(request, say("没有存下"), text, back="/console/", status=422)

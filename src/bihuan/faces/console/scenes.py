"""Micro-scenes: a community writes its own scene in a page, tries it, publishes it, takes it away as a folder."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from bihuan.desk import api as desk
from bihuan.desk.ports import Beat, Stuck
from bihuan.faces import shown
from bihuan.faces.console import scene_form
from bihuan.faces.console.gate import staff_only
from bihuan.faces.i18n import choose, language, say
from bihuan.faces.pages import Explained, explain_refusal, problem_page
from bihuan.faces.templatetags.words import local
from bihuan.faces.typed import Mistyped, tidy
from bihuan.kernel.case import Stage
from bihuan.kernel.refused import Refused

micro = desk.micro
DONE = {
    "saved": "已保存。还没有发布，居民看不到。",
    "published": "已发布，马上可以反映。",
    "retired": "已停用：不再收新的反映，已经收下的照常办。",
}
STILL = (1980, 1, 1, 0, 0, 0)  # the same scene gives the same bytes


@require_http_methods(["GET", "POST"])
@staff_only
def scenes(request: HttpRequest, staff: desk.Staff) -> HttpResponse:
    """The scenes of one's own community; a new one."""
    units, problem, status = micro.units_of(staff.actor), "", 200
    if request.method == "POST":
        try:
            return redirect("scene", micro.create(staff.actor, request.POST.get("unit", ""), _name(request)))
        except Mistyped as mistyped:
            problem, status = mistyped.text, 422
        except Refused as refused:
            problem, status = explain_refusal(refused).text, 409
        except desk.NotFound:
            problem, status = say("您的岗位不能为这个单位写场景。"), 422
    rows = [(one, desk.unit_name(one.draft.unit)) for one in micro.listed(staff.actor)]
    values = {
        "staff": staff,
        "units": units,
        "rows": rows,
        "problem": problem,
        "name": request.POST.get("name", "")[:40],
    }
    return render(request, "console/scenes.html", values, status=status)


def _name(request: HttpRequest) -> str:
    name = tidy(request.POST.get("name", ""), most=micro.LONGEST)
    if len(name) < 2:
        raise Mistyped(say("写一个名称，比如“楼道照明”。"))
    return name


def _read(staff: desk.Staff, key: str) -> desk.micro.Stored:
    try:
        return micro.read(staff.actor, key)
    except desk.NotFound:
        raise Http404(key) from None


@require_http_methods(["GET", "POST"])
@staff_only
def scene(request: HttpRequest, staff: desk.Staff, scene: str) -> HttpResponse:
    """One micro-scene: write it, see what is wrong, publish it, retire it."""
    stored = _read(staff, scene)
    if request.method == "GET":
        done = DONE.get(request.GET.get("done", ""), "")
        return _page(request, staff, stored, done=say(done) if done else "")
    turn = request.POST.get("turn", "")
    number = int(turn) if turn.isdigit() and len(turn) < 9 else 0
    draft = stored.draft
    try:
        draft = scene_form.read(stored.draft, request.POST) if "name" in request.POST else draft
        return _do(request, staff, stored, draft, number)
    except Mistyped as mistyped:
        return _page(request, staff, stored, problem=Explained(mistyped.text), status=422)
    except micro.Changed as changed:
        return _page(request, staff, stored, draft=draft, problem=_told(changed), turn=number, status=409)
    except micro.NotClean:
        text = say("还有不对的地方，没有发布。请照下面的提示改。")
        return _page(request, staff, _read(staff, scene), problem=Explained(text), status=422)
    except Refused as refused:
        return _page(request, staff, _read(staff, scene), problem=explain_refusal(refused), status=409)


def _told(changed: desk.micro.Changed) -> Explained:
    who = desk.staff_names([changed.by]).get(changed.by, "")
    text = say(
        "{who} 在 {when} 先保存了。您的改动还在这一页上，没有保存，也没有盖掉别人的。", who=who, when=local(changed.at)
    )
    return Explained(text)


def _do(
    request: HttpRequest, staff: desk.Staff, stored: desk.micro.Stored, draft: desk.micro.Draft, turn: int
) -> HttpResponse:
    """Raises ``Changed``, ``NotClean``, ``Refused``, ``Mistyped``."""
    what, _, rest = request.POST.get("do", "save").partition(":")
    key = stored.draft.key
    if what in {"publish", "retire"}:
        reason = tidy(request.POST.get("reason", ""), most=500)
        if what == "publish":
            micro.publish(staff.actor, key, turn=turn, reason=reason)
            return redirect(f"/console/scenes/{key}?done=published")
        micro.retire(staff.actor, key, turn=turn, reason=reason)
        return redirect(f"/console/scenes/{key}?done=retired")
    table, _, number = rest.partition(":")
    if what == "drop" and table in micro.TABLES and number.isdigit():
        draft = scene_form.without(draft, table, int(number[:3]))
    micro.save(staff.actor, draft, turn=turn)
    if what == "add" and table in micro.TABLES:
        return redirect(f"/console/scenes/{key}?add={table}#{table}")
    return redirect(f"/console/scenes/{key}#{table}" if table else f"/console/scenes/{key}?done=saved")


def _page(
    request: HttpRequest,
    staff: desk.Staff,
    stored: desk.micro.Stored,
    *,
    draft: desk.micro.Draft | None = None,
    turn: int = 0,
    done: str = "",
    problem: Explained | None = None,
    status: int = 200,
) -> HttpResponse:
    draft = draft or stored.draft
    found = micro.check(stored) if draft == stored.draft else []
    form = scene_form.Shown(stored, draft, found)
    people = desk.staff_names(one.by for one in stored.versions)
    values = {
        "staff": staff,
        "stored": stored,
        "draft": draft,
        "turn": turn or stored.turn,
        "unit": desk.unit_name(draft.unit),
        "head": form.head(),
        "parts": form.parts(request.GET.get("add", "")),
        "found": scene_form.problems(found),
        "versions": [(one, people.get(one.by, "")) for one in reversed(stored.versions)],
        "done": done,
        "problem": problem,
    }
    return render(request, "console/scene.html", values, status=status)


@require_http_methods(["GET", "POST"])
@staff_only
def trial(request: HttpRequest, staff: desk.Staff, scene: str) -> HttpResponse:
    """Play one virtual case from the report to the close, and show its clocks. Nothing of it is kept."""
    stored = _read(staff, scene)
    draft = stored.draft
    category = request.POST.get("category", "")
    known = draft.keys("categories")
    category = category if category in known else next(iter(known), "")
    beats: list[dict[str, object]] = []
    problem, status = "", 200
    if found := micro.check(stored):
        problem = say("还有 {n} 处不对，改好了才能试办。", n=len(found))
        status = 422 if request.method == "POST" else 200
    elif request.method == "POST":
        try:
            played = micro.try_out(
                draft, stored.published, category=category, is_late=request.POST.get("late") == "yes"
            )
            beats = [_beat(one, micro.words(draft)) for one in played]
        except Stuck as stuck:
            problem, status = choose(stuck.zh, stuck.en), 422
    values = {
        "staff": staff,
        "stored": stored,
        "draft": draft,
        "categories": [(row["key"], scene_form.word(row)) for row in draft.table("categories")],
        "category": category,
        "is_late": request.POST.get("late") == "yes",
        "beats": beats,
        "problem": problem,
    }
    return render(request, "console/trial.html", values, status=status)


def _beat(beat: Beat, words: Mapping[str, Mapping[str, Mapping[str, str]]]) -> dict[str, object]:
    at = 0 if language() == "zh" else 1
    what = [desk.EVENT_WORDS.get(name, (name, name))[at] for name in dict.fromkeys(beat.what)]
    steps = [words["steps"].get(key, {}).get(language(), key) for key in beat.steps]
    unit = desk.unit_name(beat.unit)
    who = choose(unit.name, unit.name_en) if unit.kind else ""
    role = desk.ROLE_WORDS.get(beat.role, ("", ""))[at]
    is_bad = {"ClockBroken", "Escalated"} & set(beat.what)
    clocks = [
        (words["clocks"].get(key, {}).get(language()) or shown.clock_name(key), local(due), is_broken)
        for key, due, is_broken in beat.clocks
    ]
    return {
        "at": beat.at,
        "text": " · ".join([*what, *steps]),
        "who": " · ".join(filter(None, (role, who))) or say("系统"),
        "tone": "bad" if is_bad else "good" if "Closed" in beat.what else "",
        "stage": shown.stage(Stage(beat.stage)),
        "clocks": clocks,
    }


@require_GET
@staff_only
def export(request: HttpRequest, staff: desk.Staff, scene: str) -> HttpResponse:
    """The scene folder as a ZIP file, ready for ``scenes/``."""
    try:
        files = micro.export(staff.actor, scene)
    except desk.NotFound:
        raise Http404(scene) from None
    except micro.NotClean as bad:
        text = say("还有 {n} 处不对，改好了才能导出。", n=len(bad.found))
        return problem_page(request, say("不能导出"), text, back=f"/console/scenes/{scene}", status=409)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(f"{scene}/{name}", STILL), content)
    answer = HttpResponse(packed.getvalue(), content_type="application/zip")
    answer["Content-Disposition"] = f'attachment; filename="{scene}.zip"'
    return answer

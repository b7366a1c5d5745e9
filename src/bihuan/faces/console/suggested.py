"""What the desk is proposed beside a case: equal open ones with the reason, and where it comes from."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from bihuan.desk import api as desk
from bihuan.faces.console import lines
from bihuan.faces.console.gate import purpose_of, staff_only
from bihuan.faces.i18n import language, say
from bihuan.faces.pages import explain_refusal, problem_page
from bihuan.faces.typed import Mistyped, tidy
from bihuan.kernel.refused import Refused

SEALED = "L2"
CHANNELS = {
    "portal": "居民网页", "field": "骑手、网格员手机", "desk": "受理台登记", "open311": "Open311", "api": "接口",
    "sensor": "传感器", "warning": "预警",
}  # fmt: skip


def beside(actor: desk.Actor, view: desk.CaseView) -> list[dict[str, object]]:
    """Open cases that are perhaps the same as this one, each with its reason in words. None beside a sealed one."""
    equal = _equal(actor, view)
    rows = lines.shown(one.line for one in equal)
    return [row | {"reason": reason(one)} for row, one in zip(rows, equal, strict=True)]


def _equal(actor: desk.Actor, view: desk.CaseView) -> list[desk.equal.Equal]:
    state = view.state
    if state.seal >= SEALED or view.verdict.level is not desk.Level.FULL:
        return []
    said = {kind: " ".join(t.text for t in view.texts.values() if t.kind == kind) for kind in ("text", "address")}
    lon, lat = desk.points(actor, [view.id]).get(view.id, (None, None))
    others = (state.parent, state.merged_into, *state.children, *state.absorbed)
    but = (view.id, *(UUID(one) for one in others if one))
    matter = desk.equal.Matter(said["text"], said["address"], state.category, state.place, lon, lat, but)
    return desk.equal.find(actor, matter, most=5)


def reason(one: desk.equal.Equal) -> str:
    alike = one.alike
    parts = []
    if alike.metres is not None:
        parts.append(say("相距 {n} 米", n=round(alike.metres)))
    elif alike.same_address:
        parts.append(say("写的是同一地址"))
    elif alike.same_place:
        parts.append(say("同一社区"))
    if alike.same_category:
        parts.append(say("同一类"))
    parts.append(say("{n} 天前", n=one.days) if one.days else say("今天"))
    if one.words:
        parts.append(say("都提到：{words}", words=("、" if language() == "zh" else ", ").join(one.words)))
    return " · ".join(parts)


def sources(actor: desk.Actor, view: desk.CaseView) -> list[dict[str, object]]:
    """Shown from the second source on: until then the case itself says where it comes from."""
    absorbed = [UUID(one) for one in view.state.absorbed]
    found = desk.fusing.sources(actor, view.id, absorbed)
    return [_source(one) for one in found] if len(found) > 1 else []


def _source(one: desk.fusing.Source) -> dict[str, object]:
    if one.what == "signal":
        text = say("传感器 {sensor}（{kind}）", sensor=one.sensor, kind=one.kind)
        why = say("按规则自动并为来源：相距 {n} 米，同一类（{basis}）", n=round(one.metres), basis=one.basis)
    else:
        text = say(CHANNELS[one.channel]) if one.channel in CHANNELS else one.channel
        why = say("本件") if one.is_first else say("由人确认是同一件，并入本件")
    return {"id": one.id, "at": one.at, "text": text, "why": why, "number": one.number,
            "is_signal": one.what == "signal", "is_first": one.is_first}  # fmt: skip


def with_drafts(actor: desk.Actor, rows: list[dict[str, object]]) -> list[dict[str, object]]:
    """Lines of the inbox with what is drafted for them."""
    told = desk.suggestions.lines(actor, [row["id"] for row in rows if isinstance(row["id"], UUID)])
    return [row | {"draft": told.get(row["id"]) if isinstance(row["id"], UUID) else None} for row in rows]


def drafted(view: desk.CaseView) -> dict[str, object] | None:
    """What the clerk drafted for the case; for those who may read all of it, none of a sealed one."""
    state = view.state
    if state.seal >= SEALED or view.verdict.level is not desk.Level.FULL:
        return None
    text = " ".join(t.text for t in view.texts.values() if t.kind == "text")
    told = desk.suggestions.of(view.id, state.scene, state.category, state.place, text)
    may = {move.key for move in view.moves if move.waits is None}
    if told is None or may.isdisjoint({"recategorise", "accept", "dispatch"}):
        return None
    asks = [_question(state.scene, fact) for fact in told.asks] if "note" in may else []
    return {
        "category": told.category,
        "percent": round(told.chance * 100),
        "words": told.words,
        "is_followed": told.is_followed,
        "may_take": told.category is not None and "recategorise" in may and not told.is_followed,
        "unit": told.unit,
        "by_rule": told.by_rule,
        "unit_percent": round(told.unit_chance * 100),
        "asks": asks,
        "is_empty": not (told.category or asks or told.unit),
        "reason": say("采用系统建议"),
    }


def _question(scene: str, fact: str) -> dict[str, str]:
    return {"fact": fact, "name": say(FACTS[fact]) if fact in FACTS else fact, "text": desk.ask_for(scene, fact)[0]}


FACTS = {"place": "具体位置", "floor": "楼栋楼层", "time": "发生时间", "contact": "联系方式"}


@require_http_methods(["GET", "POST"])
@staff_only
def models(request: HttpRequest, staff: desk.Staff) -> HttpResponse:
    """The cards of the models that draft, how they did, and the switch."""
    problem = None
    if request.method == "POST":
        try:
            desk.suggestions.switch(staff.actor, on=request.POST.get("on") == "1")
            return redirect("models")
        except Refused as refused:
            problem = explain_refusal(refused)
    values = {
        "staff": staff,
        "problem": problem,
        "is_on": desk.suggestions.is_on(),
        "may_switch": desk.suggestions.may_switch(staff.actor),
        "cards": [_card(one) for one in desk.suggestions.cards()],
        "rules": desk.fusing.rules(),
        "command": "bihuan suggest retrain",
    }
    return render(request, "console/models.html", values, status=409 if problem else 200)


def _card(one: desk.suggestions.Card) -> dict[str, object]:
    names = {row.code: row for row in desk.category_choices(one.scene)}
    labels = [
        {"name": names.get(key) or desk.unit_name(key), "rows": row["rows"], "f1": f"{row['f1']:.2f}"}
        for key, row in one.card.get("by_label", {}).items()
    ]
    low, high = one.right.interval
    return {
        "title": say("类别") if one.what == "category" else say("主办单位"), "scene": one.scene, "made": one.made,
        "rows": one.card.get("rows"), "f1": one.card.get("macro_f1"), "sure_f1": one.card.get("macro_f1_abstaining"),
        "error": one.card.get("calibration_error"), "threshold": one.card.get("threshold"), "labels": labels,
        "is_judged": one.right.is_shown, "of": one.right.of,
        "right": say("{low}% 至 {high}%", low=round(low * 100), high=round(high * 100)),
    }  # fmt: skip


@require_POST
@staff_only
def detach(request: HttpRequest, staff: desk.Staff, case: UUID) -> HttpResponse:
    """A signal that joined the case is taken out again."""
    back = f"/console/case/{case}"
    try:
        desk.read_case(staff.actor, case, purpose=purpose_of(request, case))
        reason = tidy(request.POST.get("reason", ""), most=300)
        desk.fusing.detach(staff.actor, case, UUID(request.POST.get("source", "")), reason)
    except Mistyped as mistyped:
        return problem_page(request, say("没有撤出"), mistyped.text, back=back, status=422)
    except Refused as refused:
        return problem_page(request, say("没有撤出"), explain_refusal(refused).text, back=back, status=409)
    except desk.NotFound:
        raise Http404 from None
    except (ValueError, LookupError):
        return problem_page(request, say("没有撤出"), say("这个来源已经不在这件里。"), back=back, status=422)
    return HttpResponseRedirect(f"{back}?done=done")

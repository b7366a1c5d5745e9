"""What the desk is proposed beside a case: equal open ones with the reason, and where it comes from."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_POST

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

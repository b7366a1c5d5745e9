"""The pages for residents: report, find one's receipt again, follow it, answer it. No account, no name needed."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlencode
from uuid import uuid4

import segno
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from bihuan.desk import api as desk
from bihuan.faces import asked, emergency, shown, warned
from bihuan.faces.i18n import say
from bihuan.faces.pages import explain_refusal
from bihuan.faces.portal import photos, public, rate, spot, steps, story
from bihuan.faces.typed import Mistyped, tidy
from bihuan.kernel import commands as c
from bihuan.kernel.case import Stage
from bihuan.kernel.refused import Refused
from bihuan.kernel.rules import ClockRule

limiter = rate.Limiter(settings.REPORTS_PER_MINUTE)
STARS = ("5", "4", "3", "2", "1")
ENDED = frozenset({Stage.CLOSED, Stage.ARCHIVED})
WHYS = {
    "not-done": "没有解决",
    "half-done": "只解决了一部分",
    "again": "又出现了",
    "wrong": "答复与事实不符",
    "other": "其他",
}


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    others = [one for one in desk.scene_choices() if one.code != steps.FIRST_SCENE]
    return render(
        request, "portal/home.html", {"others": others, "own": desk.own_scene_choices(), "warnings": warned.public()}
    )


@require_http_methods(["GET", "POST"])
def find(request: HttpRequest) -> HttpResponse:
    """A typed code leads to its page. The code goes into the address, so that the page can be kept and sent."""
    if request.method == "GET":
        return render(request, "portal/find.html")
    typed = request.POST.get("code", "")
    try:
        view = desk.track(typed, viewer=_viewer(request))
    except desk.NotFound:
        error = say("没有这个查询码。请对照回执看看：数字 0 和字母 O、数字 1 和字母 I 不必分。")
        return render(request, "portal/find.html", {"code": typed[:40], "error": error}, status=404)
    return redirect("track", view.code)


@never_cache
@require_http_methods(["GET", "POST"])
def report(request: HttpRequest) -> HttpResponse:
    """Three steps; emergency words are answered before anything else."""
    draft = steps.read(request.POST, request.GET.get("scene", ""))
    if request.method == "GET":
        return _ask(request, 1, steps.like(draft, request.GET.get("like", "")))
    step = int(request.POST["step"]) if request.POST.get("step") in {"1", "2", "3"} else 1
    if request.POST.get("back") in {"2", "3"}:
        return _ask(request, int(request.POST["back"]) - 1, draft)
    draft = photos.into(request, draft)
    if step == 2 and (pointed := spot.pressed(request, draft)) is not None:
        return _ask(request, 2, replace(pointed, errors={}))
    word = emergency.find(f"{draft.text} {draft.address}")
    if word and not draft.calm:
        return render(request, "portal/emergency.html", {"word": word, "carried": draft.carried(0)})
    checked = steps.check(draft, step)
    wrong = steps.first_wrong(checked)
    if wrong is not None:
        return _ask(request, wrong, checked, status=422)
    return _ask(request, step + 1, checked) if step < 3 else _register(request, checked)


def _ask(request: HttpRequest, step: int, draft: steps.Draft, status: int = 200) -> HttpResponse:
    values = {
        "step": step,
        "values": draft,
        "errors": draft.errors,
        "carried": draft.carried(step),
        "common": desk.common_choices(draft.scene) or desk.category_choices(draft.scene),
        "groups": _groups(draft) if desk.common_choices(draft.scene) else [],
        "fields": steps.fields(draft, step),
        "scene": next((one for one in steps.scenes() if one.code == draft.scene), None),
        "own": desk.own_scene_choices() if step == 1 else [],
        "others": [one for one in desk.scene_choices() if one.code != draft.scene],
        "seal_note": asked.word(desk.declared_scene(draft.scene).seal_note),
        "places": steps.places(draft.scene),
        "summary": steps.summary(draft) if step == 3 else {},
        "near": public.near(draft.scene, draft.category, draft.place, steps.degrees(draft)) if step == 3 else [],
        "emergency_words": emergency.for_script(),
        "likely": desk.likely_choices(draft.text, draft.scene) if step == 1 and not draft.category else [],
        "spot": _spot(draft) if step == 2 else None,
        "most_photos": steps.MOST_PHOTOS,
    }
    return render(request, "portal/report.html", values, status=status)


def _spot(draft: steps.Draft) -> dict[str, object] | None:
    """The map to press on, and the area of the point that was pressed."""
    on = spot.frame()
    if on is None:
        return None
    degrees = steps.degrees(draft)
    place = desk.place_of(*degrees) if degrees else ""
    return {
        "width": spot.WIDTH,
        "height": spot.height(on),
        "query": urlencode({"lon": draft.lon, "lat": draft.lat}) if degrees else "",
        "area": desk.place_name(place) if place else None,
    }


def _groups(draft: steps.Draft) -> list[dict[str, object]]:
    """All categories by class; the class of the one that was chosen stands open, unless it has a big button."""
    chosen, common = draft.category, {row.code for row in desk.common_choices(draft.scene)}
    return [
        {
            "name": name,
            "rows": [row for row in rows if row.code not in common],
            "is_open": chosen not in common and any(row.code == chosen for row in rows),
        }
        for name, rows in desk.grouped_choices(draft.scene)
    ]


def _register(request: HttpRequest, draft: steps.Draft) -> HttpResponse:
    wait = limiter.wait(str(request.META.get("REMOTE_ADDR", "")))
    if wait:
        draft.errors["form"] = say("这个网络地址报得太快了，请 {n} 秒后再提交。内容还在。", n=wait)
        answer = _ask(request, 3, draft, status=429)
        answer["Retry-After"] = str(wait)
        return answer
    reporter = desk.reporter(steps.person(draft))
    try:
        outcome = desk.report(steps.intake(draft), by=reporter, purpose="report", key=draft.key)
        photos.add(draft.pictures, reporter, outcome.case, draft.key)
    except desk.KeyReused:
        draft.errors["form"] = say("这张表刚才已经提交过，之后又改了内容。要再反映一件，请重新打开“我要反映”。")
        return _ask(request, 3, draft, status=409)
    except Refused as refused:
        draft.errors["form"] = explain_refusal(refused).text
        return _ask(request, 3, draft, status=422)
    return HttpResponseRedirect(f"/t/{outcome.receipt}?new=1")


def _viewer(request: HttpRequest) -> desk.Actor | None:
    """Whoever has signed in looks as himself, also with a receipt in his hand."""
    if not request.user.is_authenticated or request.user.pk is None:
        return None
    staff = desk.staff_of(request.user.pk)
    return staff.actor if staff is not None else None


def _tracked(request: HttpRequest, code: str) -> desk.TrackView:
    try:
        return desk.track(code, viewer=_viewer(request))
    except desk.NotFound:
        raise Http404(code) from None


@never_cache
@require_GET
def track(request: HttpRequest, code: str) -> HttpResponse:
    view = _tracked(request, code)
    if view.code != code:
        return redirect("track", view.code)
    said = {
        "confirm": say("谢谢，已按您的确认结案。"),
        "reject": say("已退回重办。"),
        "dispute": say("异议已收到，这件事重新打开了。"),
        "note": say("补充的情况已经交给经办单位。"),
        "rate": say("谢谢您的评分。"),
        "redact": say("已经涂黑，原来的字再也打不开。"),
    }.get(request.GET.get("said", ""), "")
    return _show(request, view, said=said)


def _show(
    request: HttpRequest,
    view: desk.TrackView,
    *,
    said: str = "",
    error: str = "",
    error_for: str = "",
    status: int = 200,
) -> HttpResponse:
    clock = shown.show_clock(view.turn.clock, view.at) if view.turn.clock is not None else None
    values = {
        "view": view,
        "form_key": uuid4().hex,
        "shown_code": desk.show_code(view.code),
        # The address stays in a bookmark: what is under way is told first, and no longer that it came.
        "is_new": request.GET.get("new") == "1" and view.state.stage is Stage.REGISTERED,
        "said": said,
        "error": error,
        "error_for": error_for,
        "typed": request.POST.get("text", "")[:2000] if error else "",
        "seal_note": asked.word(desk.declared_scene(view.state.scene).seal_note) if view.state.seal >= "L2" else "",
        "headline": story.headline(view),
        "stage": shown.stage(view.state.stage),
        "is_late": clock is not None and clock.is_late,
        "clock": clock,
        "clocks": shown.show_clocks(view.state, view.at),
        "story": story.tell(view),
        "may_verify": "verify" in view.moves,
        "may_dispute": "dispute" in view.moves,
        "may_note": "note" in view.moves,
        "may_rate": "note" in view.moves and view.state.stage in ENDED and not _rated(view),
        "rated": _rated(view),
        "stars": STARS,
        "own": [text for text in view.own if text.kind != "rating"],
        "own_pictures": [ref.removeprefix("photo:") for ref in view.pictures],
        "most_photos": steps.MOST_PHOTOS,
        "whys": [(key, say(text)) for key, text in WHYS.items()],
    }
    return render(request, "portal/track.html", values, status=status)


@require_POST
def answer(request: HttpRequest, code: str) -> HttpResponse:
    """The reporter confirms, disputes or adds: by the code alone, for it is all that many reporters have."""
    view = _tracked(request, code)
    do = request.POST.get("do", "")
    try:
        _do(view, do, request)
    except Mistyped as mistyped:
        return _show(request, view, error=mistyped.text, error_for=do, status=422)
    except desk.NotFound:
        raise Http404(code) from None
    except Refused as refused:
        return _show(request, _tracked(request, code), error=explain_refusal(refused).text, error_for=do, status=409)
    except desk.KeyReused:
        error = say("这张表已经提交过了。")
        return _show(request, _tracked(request, code), error=error, error_for=do, status=409)
    except desk.Stale:
        error = say("您看这一页的时候，事情有了新进展。请看最新情况，再决定。")
        return _show(request, _tracked(request, code), error=error, error_for=do, status=409)
    return HttpResponseRedirect(f"/t/{view.code}?said={do}")


def _rated(view: desk.TrackView) -> str:
    """What the reporter himself said of the result; it is about the work, and no person is named (law 9)."""
    return next((text.text for text in reversed(view.own) if text.kind == "rating" and text.text), "")


def _add(view: desk.TrackView, do: str, request: HttpRequest, text: str) -> None:
    """What the reporter adds: words, photographs, stars."""
    by, key = desk.reporter(view.reporter), _key(request, do)
    stars = request.POST.get("stars", "")
    if do == "rate":
        if stars not in STARS or _rated(view):
            raise Mistyped(say("请选一到五颗星。"))
        desk.submit(None, by=by, case=view.id, purpose=do, key=key, texts={"rating": f"{stars}/5"})
        return
    refs = photos.keep(request)
    if len(text) < 2 and not refs:
        raise Mistyped(say("请写一两句话，或者选照片。"))
    if len(text) >= 2:
        desk.submit(None, by=by, case=view.id, purpose=do, key=key, texts={"text": text})
    photos.add(refs, by, view.id, key)


def _redact(request: HttpRequest, view: desk.TrackView) -> None:
    words = tidy(request.POST.get("words", ""), most=200)
    if not words:
        raise Mistyped(say("请照原样写出要涂黑的字。"))
    try:
        desk.black_out(view.code, words, viewer=_viewer(request))
    except desk.NotWritten:
        raise Mistyped(say("您写的内容里没有这几个字，请照原样写。")) from None


def _do(view: desk.TrackView, do: str, request: HttpRequest) -> None:
    text = tidy(request.POST.get("text", ""), most=2000, lines=True)
    why = WHYS.get(request.POST.get("why", ""), WHYS["other"])
    command: c.Command
    match do:
        case "confirm" if view.not_his_to_close is not None:
            raise view.not_his_to_close
        case "confirm":
            command = c.Verify(accept=True, how="reporter", outcome=view.outcomes[0] if view.outcomes else "")
        case "reject":
            command = c.Verify(accept=False, reason=why, how="reporter")
        case "dispute":
            command = c.Dispute(why)
        case "note" | "rate":
            _add(view, do, request, text)
            return
        case "redact":
            _redact(request, view)
            return
        case _:
            raise Mistyped(say("请写一两句话。"))
    version = request.POST.get("version", "")
    desk.submit(
        command,
        by=desk.reporter(view.reporter),
        case=view.id,
        purpose=do,
        key=_key(request, do),
        expects=int(version) if version.isdigit() and do != "dispute" else None,
        texts={"dispute": text} if text else None,
    )


def _key(request: HttpRequest, do: str) -> str | None:
    """That of the page the form stood on, so that pressing twice says it once; each form of the page has its own."""
    typed = request.POST.get("key", "")[:64]
    return f"say:{do}:{typed}" if typed else None


@require_GET
def qr(request: HttpRequest, code: str) -> HttpResponse:
    view = _tracked(request, code)
    address = request.build_absolute_uri(f"/t/{view.code}")
    picture = segno.make(address, error="m").svg_inline(scale=4, border=2, dark="#000", light="#fff", omitsize=True)
    document = picture.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" width="176" height="176" ', 1)
    return HttpResponse(document, content_type="image/svg+xml")


@never_cache
@require_GET
def photo(request: HttpRequest, code: str, name: str) -> HttpResponse:
    """A photograph that the holder of the code sent himself."""
    view = _tracked(request, code)
    if f"photo:{name}" not in view.pictures:
        raise Http404(name)
    try:
        data, kind = desk.read_photo(f"photo:{name}")
    except LookupError:
        raise Http404(name) from None
    return HttpResponse(data, content_type=kind)


@require_GET
def receipt(request: HttpRequest, code: str) -> HttpResponse:
    """The provable receipt. A report of this second may not be under a signed head yet: then try again shortly."""
    view = _tracked(request, code)
    document = desk.provable_receipt(view.first, view.world)
    if document is None:
        soon = {"title": say("账本还没有签到这一步，请过几秒再试。"), "status": 503}
        return JsonResponse(soon, status=503, headers={"Retry-After": "5"}, json_dumps_params={"ensure_ascii": False})
    answer = JsonResponse(document, json_dumps_params={"ensure_ascii": False, "indent": 1})
    answer["Content-Disposition"] = f'attachment; filename="receipt-{view.state.number}.json"'
    return answer


@never_cache
@require_GET
def seen(request: HttpRequest, code: str) -> HttpResponse:
    view = _tracked(request, code)
    looks = [
        {
            "at": look.at,
            "unit": desk.unit_name(look.unit),
            "purpose": look.purpose,
            "glass": look.outcome == "break_glass",
        }
        for look in desk.looks_by_receipt(code)
    ]
    return render(request, "portal/seen.html", {"looks": looks, "code": view.code})


@require_GET
def verify(request: HttpRequest) -> HttpResponse:
    return render(request, "portal/verify.html")


@require_GET
def rules(request: HttpRequest) -> HttpResponse:
    return render(request, "rules.html", {"books": books(), "base": "portal/base.html"})


def books() -> list[dict[str, object]]:
    """The rulebooks in force: every promise with its legal basis, for anybody to read."""
    return [
        {
            "title": shown.scene_name(book.scene),
            "version": book.version,
            "effective": book.effective.isoformat(),
            "basis": book.basis,
            "clocks": [_rule(rule) for rule in book.clocks],
            "categories": [(row, [_rule(rule) for rule in row.clocks]) for row in book.categories.values()],
        }
        for book in desk.books_in_force()
    ]


def _rule(rule: ClockRule) -> dict[str, str]:
    return {"name": shown.clock_name(rule.key), "span": shown.span(rule), "basis": rule.basis}

"""Mail for residents: ask for it, confirm it, stop it. The link in a letter asks before it does anything."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from bihuan.desk import api as desk
from bihuan.faces.i18n import choose, language, say
from bihuan.faces.pages import problem_page
from bihuan.faces.portal import rate
from bihuan.faces.typed import Mistyped, tidy

A_MINUTE = 4
limiter = rate.Limiter(A_MINUTE)


@require_POST
def ask(request: HttpRequest) -> HttpResponse:
    """``code``: of a receipt, for its case; else ``ground``: a street, a community, or empty for the district."""
    wait = limiter.wait(str(request.META.get("REMOTE_ADDR", "")))
    if wait:
        return _problem(request, say("这个网络地址订得太快了，请 {n} 秒后再试。", n=wait), status=429)
    ground, code = request.POST.get("ground", "")[:15], request.POST.get("code", "")[:24]
    known = {"", *(one.place for street, below in desk.place_choices() for one in (street, *below))}
    if ground not in known:
        raise Http404(ground)
    try:
        address = tidy(request.POST.get("address", ""), most=120)
        tracked = desk.track(code) if code else None
        desk.subscriptions.ask(address, language(), ground=ground, tracked=tracked)
    except desk.NotFound:
        raise Http404(code) from None
    except Mistyped as mistyped:
        return _problem(request, mistyped.text)
    except desk.subscriptions.BadAddress as error:
        chinese, _, english = str(error).partition("。 ")
        return _problem(request, choose(f"{chinese}。" if english else chinese, english))
    return render(request, "portal/mail.html", {"state": "asked"})


def _problem(request: HttpRequest, text: str, status: int = 422) -> HttpResponse:
    return problem_page(request, say("没有订上"), text, back="/cases", status=status)


@never_cache
@require_http_methods(["GET", "POST"])
def wish(request: HttpRequest, token: str) -> HttpResponse:
    found = desk.subscriptions.find(token)
    if found is None:
        raise Http404(token)
    if request.method == "POST":
        act = desk.subscriptions.stop if request.POST.get("do") == "stop" else desk.subscriptions.confirm
        act(token)
        return HttpResponseRedirect(f"/mail/{token}")
    state = "ended" if found.is_ended else "confirmed" if found.is_confirmed else "waiting"
    where = desk.place_name(found.ground)
    name = choose(where.name, where.name_en) if found.ground else say("全区")
    return render(request, "portal/mail.html", {"state": state, "found": found, "where": name})

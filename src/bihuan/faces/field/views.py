"""The field app: one page, its service worker, and the door through which a telephone sends and fetches."""

from __future__ import annotations

import base64
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from pydantic import ValidationError

from bihuan.desk import api as desk
from bihuan.faces import drilling, emergency
from bihuan.faces.console.gate import staff_only
from bihuan.faces.field import doing, faces, shell
from bihuan.faces.field.gate import acting_in, phone_of_staff, reply
from bihuan.faces.i18n import choose, language, say
from bihuan.faces.pages import explain_refusal
from bihuan.kernel.refused import Refused

MOST_ENTRY = 64 * 1024
MOST_PIECE = 512 * 1024


@require_GET
@staff_only
@ensure_csrf_cookie
def page(request: HttpRequest, staff: desk.Staff) -> HttpResponse:  # noqa: ARG001 - the page is the same for everybody
    """Words and forms only, nobody's name and no case: it stays on the telephone, also signed out."""
    values = {
        "common": desk.common_choices() or desk.category_choices(),
        "groups": desk.grouped_choices() if desk.common_choices() else [],
        "places": desk.place_choices(),
        "emergency_words": emergency.for_script(),
        "zone": settings.ZONE,
        "piece": MOST_PIECE // 8,
        "version": shell.version(),
    }
    return render(request, "field/field.html", values)


@require_GET
def worker(request: HttpRequest) -> HttpResponse:
    """Served below ``/field/``, which is as far as it may reach. ``?module``: for browsers that let it import."""
    answer = HttpResponse(
        shell.worker(is_module="module" in request.GET), content_type="text/javascript; charset=utf-8"
    )
    answer["Cache-Control"] = "no-cache"
    return answer


@require_GET
def manifest(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - Django's signature
    icons = [
        {"src": f"/static/faces/field/icon-{size}.png", "sizes": f"{size}x{size}", "type": "image/png", "purpose": use}
        for size in (192, 512)
        for use in ("any", "maskable")
    ]
    told = {
        "name": say("闭环外勤"),
        "short_name": say("闭环外勤"),
        "description": say("接单、到场、办完、上报，没有网络也能用。"),
        "lang": "en" if language() == "en" else "zh-Hans",
        "id": "/field/",
        "start_url": "/field/",
        "scope": "/field/",
        "display": "standalone",
        "background_color": "#f4f7f8",
        "theme_color": "#0b7285",
        "icons": icons,
    }
    return JsonResponse(told, content_type="application/manifest+json", json_dumps_params={"ensure_ascii": False})


@require_GET
@phone_of_staff
def tasks(request: HttpRequest, staff: desk.Staff) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """Whose telephone this is now, what locks his unsent work, and his tasks."""
    mine = {
        "who": staff.actor.person,
        "name": staff.name,
        "unit": staff.actor.unit,
        "unit_name": choose(staff.unit.name, staff.unit.name_en),
        "world": desk.here.world(),
        "drill": drilling.mark(),
        "lock": base64.b64encode(desk.phone_key(staff.actor.person)).decode(),
    }
    return reply("ok", **{**mine, **faces.tasks(staff)})


@require_http_methods(["GET", "POST"])
@phone_of_staff
def photo(request: HttpRequest, staff: desk.Staff, digest: str) -> HttpResponse:
    """How far a photograph has come (GET), or its next piece (POST, ``offset``): `docs/decisions/0013-phone.md`."""
    size, offset = _whole(request, "size"), _whole(request, "offset")
    if size == 0:
        return reply("broken", 400)
    try:
        if request.method == "GET":
            come = desk.uploads.received(UUID(staff.actor.person), digest, size)
        else:
            length = request.META.get("CONTENT_LENGTH") or ""
            if not length.isdigit() or int(length) > MOST_PIECE:
                return reply("broken", 413)
            piece = request.read(int(length))
            if len(piece) < int(length):  # cut off on its way
                return reply("broken", 400)
            come = desk.uploads.add(UUID(staff.actor.person), digest, size, offset, piece)
    except Refused as refused:
        return reply("refused", code=refused.code, text=explain_refusal(refused).text)
    return reply("ok", offset=come.offset, ref=come.ref)


def _whole(request: HttpRequest, name: str) -> int:
    given = request.GET.get(name, "0")
    return int(given) if given.isdigit() and len(given) < 9 else 0


@require_POST
@phone_of_staff
def act(request: HttpRequest, staff: desk.Staff) -> HttpResponse:
    """One entry of the queue, done once under its key."""
    length = request.META.get("CONTENT_LENGTH") or ""
    if not length.isdigit() or int(length) > MOST_ENTRY:
        return reply("broken", 413)
    try:
        entry = doing.Entry.model_validate_json(request.body)
    except ValidationError:
        return reply("refused", code="broken", text=say("这一条读不懂，没有记入。内容还在这部手机上。"))
    acting = acting_in(request, staff, entry.unit)
    if acting is None:
        text = say("您已不在当时的岗位上，这一条没有记入。请告诉现在的经办人。")
        return reply("refused", code="post-gone", text=text)
    if entry.world != drilling.REAL and drilling.found(acting, entry.world) is None:
        text = say("那次演练已经不在了，这一条没有记入。")
        return reply("refused", code="drill-over", text=text)
    with desk.here.inside(entry.world):
        told = doing.do(acting, entry)
    if told["state"] == "later":
        return reply("later", 503)
    return JsonResponse(told, json_dumps_params={"ensure_ascii": False})

"""The addresses of GeoReport v2, each in one function."""

from __future__ import annotations

import re
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from bihuan.desk import api as desk
from bihuan.desk.api import PublicFilters
from bihuan.faces.open311 import asking, formats, offered, posting, telling
from bihuan.faces.open311.errors import Wrong, language
from bihuan.faces.open311.words import CONTACT, KEY_SERVICE, say
from bihuan.faces.rest import auth
from bihuan.faces.rest.limits import need_room_for_address

NUMBER = re.compile(r"[0-9]{1,15}")
SPECIFICATION = "http://wiki.open311.org/GeoReport_v2"


def discovery(request: HttpRequest, kind: str) -> HttpResponse:
    spoken = language(request)
    books = desk.books_in_force()
    changed = f"{max((book.effective for book in books), default=desk.now().date()).isoformat()} 00:00"
    unit = desk.unit_name(books[0].desks[0] if books else settings.DISTRICT)
    phone = f" {unit.phone}" if unit.phone else ""
    endpoint = {
        "specification": SPECIFICATION,
        "url": telling.address(request, "/open311/v2"),
        "changeset": changed,
        "type": "production",
        "formats": ["text/xml", "application/json"],
    }
    found = {
        "changeset": changed,
        "contact": say(CONTACT, spoken, unit=telling.local(unit, spoken), phone=phone),
        "key_service": say(KEY_SERVICE, spoken),
        "endpoints": [endpoint],
    }
    return formats.reply("discovery", found, kind)


def services(request: HttpRequest, kind: str) -> HttpResponse:
    asking.need_jurisdiction(request.GET.get("jurisdiction_id", ""))
    spoken = language(request)
    return formats.reply("services", [offered.shown(one, spoken) for one in offered.services().values()], kind)


def definition(request: HttpRequest, wanted: str, kind: str) -> HttpResponse:
    asking.need_jurisdiction(request.GET.get("jurisdiction_id", ""))
    return formats.reply("service_definition", offered.definition(offered.find(wanted), language(request)), kind)


def requests(request: HttpRequest, kind: str) -> HttpResponse:
    if request.method == "POST":
        return posting.create(request, kind)
    asking.need_jurisdiction(request.GET.get("jurisdiction_id", ""))
    need_room_for_address(request, "open311")
    if wanted := asking.ids(request):
        return formats.reply("service_requests", _by_ids(request, wanted), kind)
    page, size = asking.pages(request)
    found = desk.public_cases(asking.filters(request), page=page, size=size)
    return formats.reply("service_requests", [telling.public(request, case) for case in found], kind)


def request(request: HttpRequest, wanted: str, kind: str) -> HttpResponse:
    asking.need_jurisdiction(request.GET.get("jurisdiction_id", ""))
    need_room_for_address(request, "open311")
    found = _by_ids(request, [wanted])
    if not found:
        raise Wrong(404, "request-unknown")
    return formats.reply("service_requests", found, kind)


def _by_ids(request: HttpRequest, wanted: list[str]) -> list[dict[str, Any]]:
    """In the order asked for: a number finds a public case, a receipt code the case that it was given for."""
    numbers = tuple(int(one) for one in wanted if NUMBER.fullmatch(one))
    known = {case.number: case for case in desk.public_cases(PublicFilters(numbers=numbers))} if numbers else {}
    found = []
    for one in wanted:
        if NUMBER.fullmatch(one):
            found += [telling.public(request, known[int(one)])] if int(one) in known else []
        else:
            found += _by_code(request, one)
    return found


def _by_code(request: HttpRequest, wanted: str) -> list[dict[str, Any]]:
    try:
        case, view = desk.tracked_case(wanted, viewer=_viewer(request))
    except desk.NotFound:
        return []
    return [telling.held(request, view.code, case, view)]


def _viewer(request: HttpRequest) -> desk.Actor | None:
    """No key is asked for. One that is sent says who looks: to an accused unit's member a receipt opens nothing."""
    key = request.GET.get("api_key", "") or auth.bearer(request)
    return posting.caller_of(key).actor if key else None


def token(request: HttpRequest, wanted: str, kind: str) -> HttpResponse:
    """From a receipt code to the id that may be shown to others: the number, where the case is public."""
    asking.need_jurisdiction(request.GET.get("jurisdiction_id", ""))
    need_room_for_address(request, "track")
    try:
        case, view = desk.tracked_case(wanted, viewer=_viewer(request))
    except desk.NotFound:
        raise Wrong(404, "token-unknown") from None
    public = desk.public_cases(PublicFilters(numbers=(case.number,)))
    found = {"service_request_id": str(case.number) if public else view.code, "token": wanted}
    return formats.reply("service_requests", [found], kind)


def media(request: HttpRequest, code: str, name: str) -> HttpResponse:
    """A picture that the reporter sent, for whoever holds the receipt."""
    need_room_for_address(request, "track")
    ref = f"photo:{name}"
    try:
        _, view = desk.tracked_case(code, viewer=_viewer(request))
        data, kind = desk.read_photo(ref if ref in view.pictures else "")
    except LookupError:
        raise Wrong(404, "media-unknown") from None
    return HttpResponse(data, content_type=kind)


def nothing_here(request: HttpRequest, path: str = "") -> HttpResponse:  # noqa: ARG001 - Django hands it over
    raise Wrong(404, "nothing-here")

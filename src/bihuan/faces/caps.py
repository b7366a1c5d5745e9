"""Our warnings for programs: an Atom feed, and each as CAP 1.2. What is only asked of the city is in neither."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.feedgenerator import Atom1Feed
from django.views.decorators.http import require_GET

from bihuan.desk import api as desk
from bihuan.faces import warned
from bihuan.faces.i18n import language, say
from bihuan.sense.warn import cap

CATEGORY = {"natural": "Geo", "accident": "Safety", "health": "Health", "security": "Security"}
TOLD = frozenset({"raised", "up", "down", "extended", "confirm", "over", "lift"})


@require_GET
def feed(request: HttpRequest) -> HttpResponse:
    """What is issued or relayed and not over."""
    atom = Atom1Feed(
        title=f"{say('闭环')} · {say('预警')}",
        link=request.build_absolute_uri("/"),
        description=say("没有解除的预警"),
        language="en" if language() == "en" else "zh-CN",
        feed_url=request.build_absolute_uri(request.path),
    )
    for one in desk.warnings.open_now():
        if one.state not in {"issued", "relayed"}:
            continue
        shown = warned.shown(one)
        atom.add_item(
            title=f"{shown['name']} · {shown['level_name']}",
            link=request.build_absolute_uri(f"/warnings/{one.id}.cap" if one.state == "issued" else "/"),
            description=f"{shown['places']} {shown['caution']} {shown['measures']}",
            pubdate=one.began,
            updateddate=desk.warnings.history(one.id)[-1].recorded,
            unique_id=f"urn:uuid:{one.id}",
            author_name=str(shown["issuer"]),
        )
    return HttpResponse(atom.writeString("utf-8"), content_type="application/atom+xml; charset=utf-8")


@require_GET
def one(request: HttpRequest, warning: UUID) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """Our own, as it stands; over: a Cancel. Others' are not told on as ours."""
    try:
        found = desk.warnings.get(warning)
    except LookupError:
        raise Http404(str(warning)) from None
    if found.issued is None or found.state not in {"issued", "over"}:
        raise Http404(str(warning))
    return HttpResponse(cap.write(alert(found)), content_type="application/cap+xml; charset=utf-8")


def alert(found: desk.warnings.Warned) -> cap.Alert:
    """Each change of it is an alert of its own that refers to the one before."""
    lines = [line for line in desk.warnings.history(found.id) if line.what in TOLD]
    number = len(lines)
    kind = "Cancel" if not found.is_open else "Update" if number > 1 else "Alert"
    sender = f"bihuan@{settings.DISTRICT}"
    before = ((sender, f"{found.id}.{number - 1}"),) if number > 1 else ()
    return cap.Alert(
        f"{found.id}.{number}", sender, lines[-1].at, "Actual", kind, "Public", before, tuple(_infos(found))
    )


def _infos(found: desk.warnings.Warned) -> Iterator[cap.Info]:
    body = found.body
    places = [str(place) for place in body.get("places", [])]
    rings = [
        tuple(rings[0]) if rings[0][0] == rings[0][-1] else (*rings[0], rings[0][0])
        for area in desk.areas()
        if area.place in places
        for rings in area.polygons
    ]
    names = [desk.place_name(place) for place in places]
    issuer = desk.unit_name(str(body.get("issuer", "")))
    for tongue, event, areas, sender in (
        ("zh-CN", str(body["name"]), [one.name for one in names], issuer.name),
        ("en", str(body.get("name_en", "")), [one.name_en for one in names], issuer.name_en),
    ):
        if event:
            yield cap.Info(
                tongue, CATEGORY.get(str(body.get("hazard")), "Other"), event, "Expected" if found.is_open else "Past",
                cap.SEVERITY[found.level], "Observed", event, str(body.get("caution", "")),
                str(body.get("measures", "")), str(body.get("audience", "")), sender, found.until, found.began,
                tuple(one for one in areas if one), tuple(rings),
            )  # fmt: skip

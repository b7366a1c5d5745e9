"""Warnings of others in CAP 1.2: checked, followed when they are updated or cancelled, told on as theirs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from ninja import Router, Schema

from bihuan.desk import api as desk
from bihuan.faces.rest import auth, body, send
from bihuan.faces.rest.problems import Problem
from bihuan.sense.warn import cap

router = Router(tags=["warnings"])
TYPES = ("application/cap+xml", "application/xml", "text/xml")
USUAL = timedelta(hours=24)


class CapOut(Schema):
    """`taken` false: nothing of it concerns us: an exercise, another district, or it came before."""

    taken: bool
    why: str


@router.post(
    "/cap", auth=auth.Bearer("signal"), response={200: CapOut}, operation_id="send_cap",
    openapi_extra={
        "requestBody": {"required": True, "content": {TYPES[0]: {"schema": {"type": "string", "format": "binary"}}}}
    },
)  # fmt: skip
def take(request: HttpRequest) -> HttpResponse:
    """An alert in CAP 1.2. It is relayed with its sender's name and never issued as our own."""
    body.need_type(request, *TYPES)
    body.need_length(request, cap.MOST_BYTES)
    try:
        alert = cap.read(request.read(cap.MOST_BYTES + 1))
    except cap.BadCapError as error:
        raise Problem(422, "cap-wrong", what=str(error)) from None
    why = _ignored(alert)
    if not why:
        why = "" if _relay(alert) else "known"
    return send.reply({"taken": not why, "why": why})


def _ignored(alert: cap.Alert) -> str:
    if alert.status != "Actual":
        return alert.status.lower()
    if alert.kind in {"Ack", "Error"}:
        return alert.kind.lower()
    if alert.scope != "Public":
        return alert.scope.lower()
    return ""


def _relay(alert: cap.Alert) -> bool:
    info = alert.info()
    ends = [_name(sender, identifier) for sender, identifier in alert.references]
    name = _name(alert.sender, alert.identifier)
    if alert.kind == "Cancel" or info is None:
        desk.warnings.relay(name, "", {}, alert.sent, alert.sent, ends=ends)
        return True
    places = _places(info)
    if places is None:
        desk.warnings.relay(name, "", {}, alert.sent, alert.sent, ends=ends)
        return bool(ends)
    told = {
        "name": info.headline or info.event, "name_en": "", "hazard": "", "caution": info.description[:500],
        "measures": info.instruction[:500], "audience": info.audience[:120], "places": places,
        "sender": info.sender or alert.sender, "areas": list(info.areas)[:20],
    }  # fmt: skip
    until = info.expires or alert.sent + USUAL
    if until <= desk.now():
        return False
    made = desk.warnings.relay(name, cap.LEVEL[info.severity], told, alert.sent, until, ends=ends)
    return made is not None


def _name(sender: str, identifier: str) -> str:
    return f"{sender},{identifier}"[:300]


def _places(info: cap.Info) -> list[str] | None:
    """Codes of what it touches, empty for the whole district; ``None`` where it is somewhere else."""
    areas = desk.areas()
    if not areas or not (info.polygons or info.circles):
        return []
    touched = [area.place for area in areas if _touches(area, info)]
    whole = min(areas, key=lambda area: len(area.place)).place
    finer = [place for place in touched if place != whole]
    return None if not touched else finer


def _touches(area: desk.Area, info: cap.Info) -> bool:
    west, south, east, north = area.box
    middle = (west + east) / 2, (south + north) / 2
    if any(_holds(ring, *middle) or any(area.holds(*point) for point in ring) for ring in info.polygons):
        return True
    return any(
        area.holds(lon, lat) or ((lon - middle[0]) ** 2 + (lat - middle[1]) ** 2) ** 0.5 * 100 <= radius
        for lon, lat, radius in info.circles
    )


def _holds(ring: Sequence[cap.Point], lon: float, lat: float) -> bool:
    inside = False
    for (x, y), (x2, y2) in zip(ring, (*ring[1:], ring[0]), strict=True):
        if (y > lat) != (y2 > lat) and lon < (x2 - x) * (lat - y) / (y2 - y) + x:
            inside = not inside
    return inside

"""A case as a service request: to anyone what is public, to the holder of its receipt what he may see of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from bihuan.desk import api as desk
from bihuan.desk.api import PublicCase, TrackView
from bihuan.faces.open311 import asking, offered
from bihuan.faces.open311.errors import language
from bihuan.faces.open311.words import STATUS, say
from bihuan.faces.rest.words import Language

PHOTO = "photo_before"
MOST_DESCRIPTION = 4000


def stamp(at: datetime | None) -> str | None:
    return timezone.localtime(at).isoformat(timespec="seconds") if at is not None else None


def local(unit: desk.UnitName, spoken: Language) -> str:
    return (spoken == "en" and unit.name_en) or unit.name


def public(request: HttpRequest, case: PublicCase) -> dict[str, Any]:
    """No description, no address in words and no picture: those are for whoever reported it and whoever works on it."""
    spoken = language(request)
    found: dict[str, Any] = {
        "service_request_id": str(case.number),
        "status": "open" if case.is_open else "closed",
        "status_notes": say(STATUS[case.stage], spoken),
        "service_name": local(case.category, spoken),
        "service_code": offered.code_of(case.scene, case.category.code),
        "description": None,
        "agency_responsible": local(case.lead, spoken),
        "service_notice": None,
        "requested_datetime": stamp(case.opened),
        "updated_datetime": stamp(case.changed),
        "expected_datetime": stamp(case.due),
        "address": local(case.place, spoken) if case.place_code else None,
        "address_id": case.place_code or None,
        "zipcode": None,
        "lat": case.lat,
        "long": case.lon,
        "media_url": None,
    }
    if asking.is_extended(request):
        found["extended_attributes"] = {
            "number": case.number,
            "stage": str(case.stage),
            "overdue": case.is_overdue,
            "scene": case.scene,
            "days_only": case.days_only,
        }
    return found


def held(request: HttpRequest, code: str, case: PublicCase, view: TrackView) -> dict[str, Any]:
    """For whoever holds the receipt: what he wrote, what he was answered, his pictures, at any seal."""
    own = {text.kind: text.text for text in view.own if text.text}
    answers = [text.text for text in view.answers if text.text]
    pictures = list(_pictures(request, code, view))
    found = public(request, case) | {
        "service_request_id": code,
        "description": own.get("text", "")[:MOST_DESCRIPTION] or None,
        "media_url": pictures[0] if pictures else None,
    }
    if answers:
        found["status_notes"] = answers[-1][:MOST_DESCRIPTION]
    if own.get("address"):
        found["address"] = own["address"]
    if "extended_attributes" in found and len(pictures) > 1:
        found["extended_attributes"]["media_urls"] = " ".join(pictures)
    return found


def _pictures(request: HttpRequest, code: str, view: TrackView) -> Iterator[str]:
    for ref in view.pictures:
        if ref.startswith("photo:"):
            yield address(request, f"/open311/v2/media/{code}/{ref.removeprefix('photo:')}")


def address(request: HttpRequest, path: str) -> str:
    """An absolute address. Behind HTTPS the server itself is spoken to in plain HTTP."""
    scheme = "https" if settings.SESSION_COOKIE_SECURE else request.scheme
    return f"{scheme}://{request.get_host()}{path}"

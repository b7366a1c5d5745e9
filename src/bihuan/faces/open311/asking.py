"""What a GET asks for: filters, spans of time, pages."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, time, timedelta

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from bihuan.desk import api as desk
from bihuan.desk.api import PublicFilters
from bihuan.faces.open311 import offered
from bihuan.faces.open311.errors import Wrong

SPAN = timedelta(days=90)
MOST_IDS = 100
MOST_PAGES = 1000
DATE = re.compile(r"\d{4}-\d\d-\d\d")


def need_jurisdiction(given: str) -> None:
    """One site serves one district: its code may be named or left out."""
    if given.strip() not in {"", settings.DISTRICT}:
        raise Wrong(404, "jurisdiction-unknown", given=given[:64], ours=settings.DISTRICT)


def filters(request: HttpRequest) -> PublicFilters:
    """The standard's own filters, and ``updated_after`` / ``updated_before`` as Chicago has them."""
    found = PublicFilters(
        services=tuple((one.scene, one.category.code) for one in _services(request)), is_open=_is_open(request)
    )
    start, end = moment(request, "start_date"), moment(request, "end_date", is_end=True)
    after, before = moment(request, "updated_after"), moment(request, "updated_before", is_end=True)
    if after is not None or before is not None:
        found = replace(found, changed_from=after, changed_to=before)
        if start is None and end is None:
            return found
    start, end = _span(start, end)
    return replace(found, opened_from=start, opened_to=end)


def _span(start: datetime | None, end: datetime | None) -> tuple[datetime, datetime]:
    """One end gives the other; without either the newest 90 days."""
    if start is not None and end is not None:
        if end - start > SPAN + timedelta(days=1):
            raise Wrong(400, "span-too-long", most=SPAN.days)
        return start, end
    if start is not None:
        return start, start + SPAN
    end = end or desk.now()
    return end - SPAN, end


def _services(request: HttpRequest) -> list[offered.Service]:
    """An unknown code is said: an empty list would look like a city without troubles."""
    known = offered.services()
    found = []
    for code in listed(request, "service_code"):
        if code not in known:
            raise Wrong(404, "service-unknown", given=code[:64])
        found.append(known[code])
    return found


def _is_open(request: HttpRequest) -> bool | None:
    wanted = set(listed(request, "status"))
    if not wanted <= {"open", "closed"}:
        raise Wrong(400, "status-wrong")
    return None if len(wanted) != 1 else wanted == {"open"}


def listed(request: HttpRequest, name: str) -> list[str]:
    """Given several times, or separated by commas, or both; empty is the same as not given."""
    return [one.strip() for text in request.GET.getlist(name) for one in text.split(",") if one.strip()]


def ids(request: HttpRequest) -> list[str]:
    found = listed(request, "service_request_id")
    if len(found) > MOST_IDS:
        raise Wrong(400, "too-many-ids", most=MOST_IDS)
    return found


def moment(request: HttpRequest, name: str, *, is_end: bool = False) -> datetime | None:
    """A W3C date and time. A ``+`` that nobody encoded comes in as a space; a day alone is the whole day here."""
    given = request.GET.get(name, "").strip()
    return read_moment(name, given, is_end=is_end) if given else None


def read_moment(name: str, given: str, *, is_end: bool = False) -> datetime:
    text = re.sub(r" (?=\d\d:\d\d$)", "+", given)
    try:
        found = datetime.fromisoformat(text)
        if DATE.fullmatch(text):
            found = timezone.make_aware(datetime.combine(found.date(), time.max if is_end else time.min))
        if found.tzinfo is None or not 2000 <= found.year < 2200:
            raise ValueError(text)  # noqa: TRY301 - the same answer
    except ValueError:
        raise Wrong(400, "date-wrong", field=name, given=given[:40]) from None
    return found


def pages(request: HttpRequest) -> tuple[int, int]:
    """``page`` and ``page_size``, the extension that most cities have; the standard's own limit is 1,000."""
    return whole(request, "page", 1, 1, MOST_PAGES), whole(request, "page_size", desk.MOST_PUBLIC, 1, desk.MOST_PUBLIC)


def whole(request: HttpRequest, name: str, usual: int, least: int, most: int) -> int:
    given = request.GET.get(name, "").strip()
    if not given:
        return usual
    if not re.fullmatch(r"[0-9]{1,9}", given) or not least <= int(given) <= most:
        raise Wrong(400, "number-wrong", field=name, given=given[:40], least=least, most=most)
    return int(given)


def is_extended(request: HttpRequest) -> bool:
    return request.GET.get("extensions", "").lower() in {"true", "1", "yes"}

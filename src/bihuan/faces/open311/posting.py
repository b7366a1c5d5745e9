"""POST requests: a form read strictly, the key, pictures without what cameras add, and the same report as elsewhere."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import parse_qs, urlsplit
from uuid import NAMESPACE_URL, uuid4, uuid5

import orjson
from django.http import HttpRequest, HttpResponse

from bihuan.desk import api as desk
from bihuan.desk.api import Caller, Intake, Outcome, PublicFilters
from bihuan.faces import emergency
from bihuan.faces.open311 import asking, formats, offered, telling
from bihuan.faces.open311.errors import Wrong, language
from bihuan.faces.open311.words import CONFIDENTIAL, NOTICE, NOTICE_CALL, NOTICE_CLOCK, say
from bihuan.faces.rest import auth, body
from bihuan.faces.rest.limits import need_room_for_address, need_room_for_token
from bihuan.kernel import commands as c
from bihuan.kernel.case import Proof

MOST_FORM = 256 * 1024
MOST_PHOTOS = 3
MOST_BYTES = MOST_PHOTOS * desk.MOST_PHOTO_BYTES + MOST_FORM
MOST_FIELDS = 200
LENGTHS = {
    "service_code": 64, "description": 4000, "address_string": 200, "address_id": 15, "email": 80, "first_name": 40,
    "last_name": 40, "phone": 30, "media_url": 500, "lat": 30, "long": 30,
}  # fmt: skip
ATTRIBUTE = re.compile(r"attribute\[([^\[\]]{1,40})\](?:\[\d{0,3}\])?")
Form = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Posted:
    """``attributes``: code to values. What a telephone says of itself (device_id, account_id) is not read at all."""

    fields: Mapping[str, str]
    attributes: Mapping[str, list[str]] = field(default_factory=dict)
    photos: tuple[bytes, ...] = ()

    def get(self, name: str) -> str:
        return self.fields.get(name, "")


def create(request: HttpRequest, kind: str) -> HttpResponse:
    """1. Measure. 2. Read the form. 3. The key. 4. Check all. 5. Keep the pictures. 6. Report."""
    is_large = _measure(request)
    if is_large:
        need_room_for_address(request, "open311-media")
    form = _read(request)
    key = (form.get("api_key") or [""])[0].strip() or request.GET.get("api_key", "") or auth.bearer(request) or ""
    caller_of(key, "report")
    asking.need_jurisdiction((form.get("jurisdiction_id") or [""])[0] or request.GET.get("jurisdiction_id", ""))
    posted = _posted(request, form)
    service = offered.find(_needed_code(posted))
    intake = _intake(posted, service)
    refs = [desk.keep_photo(photo) for photo in posted.photos]
    once = auth.key_of(request, most=60)
    reporter = _reporter(key, once)
    outcome = _report(reporter, intake, posted, refs, once)
    for index, ref in enumerate(refs):
        desk.submit(
            c.AddProof(Proof(telling.PHOTO, ref)), by=reporter, case=outcome.case, purpose="report",
            key=f"{once}:photo:{index}" if once else None,
        )  # fmt: skip
    return _answer(request, kind, outcome, posted)


def _measure(request: HttpRequest) -> bool:
    """Whether there may be pictures in it. Length and type are checked before a byte is read."""
    body.need_length(request, MOST_BYTES)
    body.need_type(request, "application/x-www-form-urlencoded", "multipart/form-data")
    if not _is_multipart(request):
        body.need_length(request, MOST_FORM)
    return _is_multipart(request)


def _read(request: HttpRequest) -> Form:
    """Strictly UTF-8: Django's own reading would store question marks where somebody sent GBK."""
    if _is_multipart(request):
        found = {name: [str(one) for one in values] for name, values in request.POST.lists()}
        if any("\ufffd" in one for values in found.values() for one in values):
            raise Wrong(400, "text-encoding", guess="")
        return found
    raw = request.body
    try:
        return parse_qs(
            raw.decode(), keep_blank_values=True, encoding="utf-8", errors="strict", max_num_fields=MOST_FIELDS
        )
    except UnicodeDecodeError as error:
        guess = "(像是 GBK / it reads as GBK)" if _reads_as_gbk(bytes(error.object)) else ""
        raise Wrong(400, "text-encoding", guess=guess) from None
    except ValueError as error:
        raise Wrong(400, "form-malformed", what=str(error)[:80]) from None


def _reads_as_gbk(raw: bytes) -> bool:
    try:
        return any("\u4e00" <= ch <= "\u9fff" for ch in raw.decode("gb18030"))
    except UnicodeDecodeError:
        return False


def caller_of(key: str, *scopes: str) -> Caller:
    """The standard asks for 403 where other doors say 401."""
    if not key:
        raise Wrong(403, "api-key-missing")
    caller = desk.find_caller(key)
    if caller is None:
        raise Wrong(403, "api-key-unknown")
    if scopes and caller.scopes.isdisjoint(scopes):
        raise Wrong(403, "api-key-scope")
    need_room_for_token(key[-8:] + caller.token)
    return caller


def _posted(request: HttpRequest, form: Form) -> Posted:
    fields = {name: (form.get(name) or [""])[0].strip() for name in LENGTHS}
    attributes: dict[str, list[str]] = {}
    for name, values in form.items():
        if found := ATTRIBUTE.fullmatch(name):
            attributes.setdefault(found[1], []).extend(one.strip() for one in values if one.strip())
    for name, text in fields.items():
        _check(name, text, LENGTHS[name])
    for code, values in attributes.items():
        for one in values:
            _check(code, one, 64)
    files = [file for name in request.FILES for file in request.FILES.getlist(name)] if _is_multipart(request) else []
    if len(files) > MOST_PHOTOS:
        raise Wrong(400, "too-many-photos", most=MOST_PHOTOS)
    return Posted(fields, attributes, tuple(file.read() for file in files))


def _is_multipart(request: HttpRequest) -> bool:
    return str(request.META.get("CONTENT_TYPE", "")).lower().startswith("multipart/")


def _check(name: str, text: str, most: int) -> None:
    if len(text) > most:
        raise Wrong(400, "text-too-long", field=name, most=most)
    if body.UNUSABLE.search(text):
        raise Wrong(400, "text-control", field=name)


def _needed_code(posted: Posted) -> str:
    if not posted.get("service_code"):
        raise Wrong(400, "service-missing")
    return posted.get("service_code")


def _intake(posted: Posted, service: offered.Service) -> Intake:
    lon, lat = _point(posted)
    place = posted.get("address_id")
    if place and not re.fullmatch(r"[0-9]{2,15}", place):
        raise Wrong(400, "address-id-wrong")
    if lon is None and not place and not posted.get("address_string"):
        raise Wrong(400, "location-missing")
    if lon is not None and lat is not None and not place:
        place = desk.place_of(lon, lat)
    barred, seal = _attributes(posted)
    contact = " · ".join(
        text for text in (f"{posted.get('last_name')} {posted.get('first_name')}".strip(), posted.get("phone"),
                          posted.get("email")) if text
    )  # fmt: skip
    texts = {"text": _text(posted), "address": posted.get("address_string"), "contact": contact}
    return Intake(
        category=service.category.code,
        place=place,
        channel="open311",
        texts={name: text for name, text in texts.items() if text},
        scene=service.scene,
        lon=lon,
        lat=lat,
        barred=barred,
        seal=seal,
    )


def _text(posted: Posted) -> str:
    """A picture elsewhere is named, never fetched: what an address leads to is nobody's promise, least of all ours."""
    url = posted.get("media_url")
    if url and (urlsplit(url).scheme not in {"http", "https"} or not urlsplit(url).netloc):
        raise Wrong(400, "media-url-wrong")
    return "\n".join(text for text in (posted.get("description"), url) if text)


def _point(posted: Posted) -> tuple[float | None, float | None]:
    if not posted.get("lat") and not posted.get("long"):
        return None, None
    if not posted.get("lat") or not posted.get("long"):
        raise Wrong(400, "location-half")
    return _degrees("long", posted.get("long"), 180), _degrees("lat", posted.get("lat"), 90)


def _degrees(name: str, given: str, most: int) -> float:
    if not re.fullmatch(r"[+-]?\d{1,3}(?:\.\d{1,20})?", given) or abs(float(given)) > most:
        raise Wrong(400, "number-wrong", field=name, given=given, least=-most, most=most)
    return float(given)


def _attributes(posted: Posted) -> tuple[tuple[str, ...], str | None]:
    """Accused units, and the seal that a wish for discretion gives."""
    known = {"occurred_at", "barred", "confidential", "conditions"}
    if unknown := sorted(set(posted.attributes) - known):
        raise Wrong(400, "attribute-unknown", given=unknown[0])
    units = {unit.code for unit in desk.unit_choices()}
    barred = tuple(posted.attributes.get("barred", ()))[:20]
    for code in barred:
        if code not in units:
            raise Wrong(400, "attribute-value", field="barred", given=code)
    wish = (posted.attributes.get("confidential") or ["no"])[0]
    if wish not in CONFIDENTIAL:
        raise Wrong(400, "attribute-value", field="confidential", given=wish)
    return barred, "L2" if wish == "yes" else None


def _reporter(key: str, once: str | None) -> desk.Actor:
    """Whoever sends it on is not who reports it: the reporter is a person of this one report, known by its receipt."""
    seed = f"open311:{hashlib.sha256(key.encode()).hexdigest()}:{once}"
    return desk.reporter(str(uuid5(NAMESPACE_URL, seed) if once else uuid4()))


def _report(reporter: desk.Actor, intake: Intake, posted: Posted, refs: list[str], once: str | None) -> Outcome:
    said = [dict(posted.fields), dict(posted.attributes), refs]
    digest = hashlib.sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).digest()
    happened = (posted.attributes.get("occurred_at") or [""])[0]
    at = asking.read_moment("occurred_at", happened) if happened else None
    caller = Caller(reporter, frozenset(), "")
    return desk.report_for(caller, intake, purpose="report", key=once, digest=digest, happened_at=at)


def _answer(request: HttpRequest, kind: str, outcome: Outcome, posted: Posted) -> HttpResponse:
    """A public case by its number, which may be shown to anybody; any other by its receipt, which may not."""
    spoken = language(request)
    found = desk.public_cases(PublicFilters(numbers=(outcome.number,)))
    due = found[0].due if found else _first_due(outcome)
    clock = say(NOTICE_CLOCK, spoken, due=telling.stamp(due)) if due is not None else ""
    word = emergency.find(f"{posted.get('description')} {posted.get('address_string')}")
    call = say(NOTICE_CALL, spoken, word=word) if word else ""
    told = {
        "service_request_id": str(outcome.number) if found else outcome.receipt,
        "service_notice": call + say(NOTICE, spoken, code=desk.show_code(outcome.receipt), clock=clock),
        "account_id": None,
    }
    headers = {"Idempotency-Replayed": "true"} if outcome.replayed else {}
    location = f"/open311/v2/requests/{told['service_request_id']}.{kind}"
    return formats.reply("service_requests", [told], kind, 201, {"Location": location, **headers})


def _first_due(outcome: Outcome) -> datetime | None:
    clocks = [clock.due for clock in outcome.state.clocks if clock.is_ticking] if outcome.state is not None else []
    return min(clocks, default=None)

"""The hot path: one report, in two round trips to the database; and many, as a stream."""

from __future__ import annotations

import hashlib
from typing import Any
from uuid import NAMESPACE_URL, uuid4, uuid5

from django.http import HttpRequest, HttpResponse

from bihuan.desk import api as desk
from bihuan.desk.api import Caller, Intake, Outcome
from bihuan.faces.rest import auth, body, send
from bihuan.faces.rest.incoming import ReportIn
from bihuan.faces.rest.limits import need_room_for_address
from bihuan.faces.rest.problems import Problem

TEXTS = ("text", "address", "contact")


def create(request: HttpRequest) -> HttpResponse:
    """1. Measure the body. 2. Token and kept answer in one query. 3. Only then read the body. 4. Register."""
    raw = body.read(request)
    key, caller = _who(request)
    digest = hashlib.sha256(raw).digest()
    if key is not None and (earlier := desk.replay_for(caller, key, digest)) is not None:
        return send.reply(registered(earlier), 201, _headers(earlier))
    report = body.validate(request, ReportIn, body.parse(raw))
    need_right(caller, report)
    outcome = desk.report_for(
        caller,
        intake_of(report),
        purpose=auth.purpose_of(request) or "report",
        key=key,
        digest=digest,
        happened_at=report.happened_at,
    )
    return send.reply(registered(outcome), 201, _headers(outcome))


def _who(request: HttpRequest) -> tuple[str | None, Caller]:
    """With a token its holder; without one a person of this one report, known by its receipt and its key alone."""
    if "HTTP_AUTHORIZATION" in request.META:
        key = auth.key_of(request)
        return key, auth.caller_of(request, "report", key=key)
    key = auth.key_of(request, least=auth.LEAST_OPEN_KEY)
    need_room_for_address(request, "report")
    person = uuid5(NAMESPACE_URL, f"report:{key}") if key else uuid4()
    return key, Caller(desk.reporter(str(person)), frozenset(), "")


def need_right(caller: Caller, report: ReportIn) -> None:
    """An order from above is accepted unseen, so only a triage desk may say that it is one."""
    if report.is_order and "triage" not in caller.scopes:
        raise Problem(403, "scope-missing", needs="triage")


def intake_of(report: ReportIn) -> Intake:
    return Intake(
        category=report.category,
        place=report.place,
        channel=report.channel,
        texts={name: text for name in TEXTS if (text := getattr(report, name))},
        scene=report.scene,
        lon=report.lon,
        lat=report.lat,
        barred=tuple(report.barred),
        seal=report.seal,
        is_order=report.is_order,
        due=report.due,
        fields=report.fields,
    )


def registered(outcome: Outcome) -> dict[str, Any]:
    """The same again under the same key: nothing in it that the kept answer cannot give."""
    return {
        "id": outcome.case,
        "number": outcome.number,
        "version": outcome.version,
        "receipt": desk.show_code(outcome.receipt),
        "track": f"/api/v1/track/{outcome.receipt}",
    }


def _headers(outcome: Outcome) -> dict[str, str]:
    return {"Location": f"/api/v1/cases/{outcome.case}", **send.headers_of(outcome)}

"""What every door of the API does the same way: answer in JSON, send a command, name the shared headers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from django.http import HttpRequest, HttpResponse

from bihuan.desk import api as desk
from bihuan.desk.api import Outcome
from bihuan.faces.rest import auth
from bihuan.kernel import commands as c


def _parameter(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/parameters/{name}"}


# For the document: the headers that an operation reads. The words of each are in ``document``.
READS: dict[str, Any] = {"parameters": [_parameter("Purpose")]}
KEYED: dict[str, Any] = {"parameters": [_parameter("IdempotencyKey")]}
CHANGES: dict[str, Any] = {"parameters": [_parameter("Purpose"), _parameter("IfMatch"), _parameter("IdempotencyKey")]}


def reply(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> HttpResponse:
    """JSON straight from plain values and dataclasses, without a second validation."""
    return HttpResponse(orjson.dumps(value), status=status, content_type="application/json", headers=headers)


def purpose_of_work(request: HttpRequest) -> str:
    """Whoever acts has a purpose already; whoever states one is taken at his word."""
    return auth.purpose_of(request) or "work"


def change(
    request: HttpRequest,
    case: UUID,
    command: c.Command | None,
    *,
    texts: Mapping[str, str] | None = None,
    audience: Mapping[str, tuple[str, ...]] | None = None,
    happened_at: datetime | None = None,
) -> HttpResponse:
    """Submit and say what the case is now. ``If-Match`` becomes ``expects``, ``Idempotency-Key`` the key."""
    outcome = desk.submit(
        command,
        by=auth.caller(request).actor,
        case=case,
        purpose=purpose_of_work(request),
        key=auth.key_of(request),
        happened_at=happened_at,
        expects=auth.expects_of(request),
        texts=texts or None,
        audience=audience,
    )
    return reply(changed(outcome), headers=headers_of(outcome))


def changed(outcome: Outcome) -> dict[str, Any]:
    return {"id": outcome.case, "number": outcome.number, "version": outcome.version}


def headers_of(outcome: Outcome) -> dict[str, str]:
    headers = {"ETag": f'"{outcome.version}"'}
    if outcome.replayed:
        headers["Idempotency-Replayed"] = "true"
    return headers

"""Webhooks: who is told of what. An administrator's token registers for the public or for its own unit, no other."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Field, Router, Schema

from bihuan.desk import api as desk
from bihuan.faces.rest import auth, send
from bihuan.faces.rest.incoming import Code, In
from bihuan.faces.rest.problems import Problem, invalid
from bihuan.faces.rest.words import language_of

router = Router(tags=["webhooks"])
ADMIN = auth.Bearer("admin")
ONE = "/webhooks/{uuid:webhook_id}"


class WebhookIn(In):
    """`unit`: empty for what anybody may know (L0), or the token's own unit. `kinds`: none named, all of them."""

    url: Annotated[str, Field(min_length=1, max_length=500, description="http or https, a public address")]
    unit: Code = ""
    kinds: Annotated[list[Annotated[str, Field(max_length=40)]], Field(max_length=40)] = []
    name: Annotated[str, Field(max_length=80)] = ""


class MadeOut(Schema):
    """`secret` is shown this once; under an idempotency key it is given again."""

    id: UUID
    secret: str


class EndpointOut(Schema):
    """`unsent`: messages that wait; `dead`: those that were given up; `ended`: nothing is sent until `retry`."""

    id: UUID
    unit: str
    name: str
    url: str
    kinds: list[str]
    created: datetime
    failing_since: datetime | None
    ended: datetime | None
    ended_why: str
    unsent: int
    dead: int


class EndpointsOut(Schema):
    webhooks: list[EndpointOut]


class TryOut(Schema):
    """One attempt. `status`: what the receiver answered, if it did; `took`: milliseconds."""

    at: datetime
    message: UUID
    kind: str
    attempt: int
    status: int | None
    took: int
    error: str


class LogOut(Schema):
    tries: list[TryOut]


class RetryOut(Schema):
    messages: int


@router.post(
    "/webhooks", auth=ADMIN, response={201: MadeOut}, operation_id="add_webhook", openapi_extra=send.KEYED,
)  # fmt: skip
def add(request: HttpRequest, body: WebhookIn) -> HttpResponse:
    """Register an endpoint. It is told what happens from now on, signed as Standard Webhooks says."""
    actor = auth.caller(request).actor
    if body.unit not in {"", actor.unit}:
        raise Problem(403, "unit-not-yours", unit=actor.unit)
    try:
        key, secret = desk.webhooks.add(
            body.url, unit=body.unit, kinds=body.kinds, name=body.name, by=actor, once=auth.key_of(request)
        )
    except desk.webhooks.BadEndpoint as error:
        language = language_of(request.META.get("HTTP_ACCEPT_LANGUAGE", ""))
        raise invalid([{"type": "webhook", "loc": (error.field,), "msg": str(error)}], language) from None
    return send.reply({"id": key, "secret": secret}, 201, {"Location": f"/api/v1/webhooks/{key}/log"})


@router.get("/webhooks", auth=ADMIN, response={200: EndpointsOut}, operation_id="list_webhooks")
def every(request: HttpRequest) -> HttpResponse:
    """The public endpoints and those of one's own unit, without their secrets."""
    own = {"", auth.caller(request).actor.unit}
    return send.reply({"webhooks": [_shown(one) for one in desk.webhooks.every() if one.unit in own]})


@router.delete(ONE, auth=ADMIN, response={200: EndpointOut}, operation_id="remove_webhook")
def remove(request: HttpRequest, webhook_id: UUID) -> HttpResponse:
    """Nothing is sent any more, and the secret is erased. The answer is what the endpoint was."""
    found = _own(request, webhook_id)
    desk.webhooks.remove(found.id, by=auth.caller(request).actor)
    return send.reply(_shown(found))


@router.get(f"{ONE}/log", auth=ADMIN, response={200: LogOut}, operation_id="webhook_log")
def log(request: HttpRequest, webhook_id: UUID, limit: Annotated[int, Field(ge=1, le=1000)] = 100) -> HttpResponse:
    """The newest tries first, kept for 90 days."""
    found = _own(request, webhook_id)
    return send.reply({"tries": [asdict(one) for one in desk.webhooks.log_of(found.id, limit)]})


@router.post(f"{ONE}/retry", auth=ADMIN, response={200: RetryOut}, operation_id="retry_webhook")
def retry(request: HttpRequest, webhook_id: UUID) -> HttpResponse:
    """Put what was given up back into the queue, under the ids it had; an endpoint that was ended lives again."""
    return send.reply({"messages": desk.webhooks.retry(_own(request, webhook_id).id)})


def _own(request: HttpRequest, key: UUID) -> desk.webhooks.Endpoint:
    found = desk.webhooks.find(key)
    if found is None or found.unit not in {"", auth.caller(request).actor.unit}:
        raise Problem(404, "not-found")
    return found


def _shown(one: desk.webhooks.Endpoint) -> dict[str, Any]:
    return {name: getattr(one, name) for name in EndpointOut.model_fields}

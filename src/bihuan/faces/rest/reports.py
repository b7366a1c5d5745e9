"""The collection of cases: report one, report many, list them."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from ninja import Field, Query, Router, Schema

from bihuan.desk import api as desk
from bihuan.desk.api import Filters
from bihuan.faces.rest import auth, bulk, document, intake, send, show
from bihuan.faces.rest.incoming import ReportIn
from bihuan.faces.rest.outgoing import BulkOut, PageOut, ReportOut
from bihuan.faces.rest.problems import Problem, invalid
from bihuan.faces.rest.words import language_of
from bihuan.kernel.case import Stage

router = Router(tags=["reports"])


@router.post(
    "/cases", auth=None, response={201: ReportOut}, operation_id="report", openapi_extra=document.OPEN_OR_BEARER
)
def report(request: HttpRequest, body: ReportIn) -> HttpResponse:  # noqa: ARG001 - ``intake.create`` reads it itself
    """Report something. With a token (scope `report`), or without one: then with a limit on the address.

    The answer carries the receipt code. Under an `Idempotency-Key` the same request gives the same answer.
    """
    return intake.create(request)


@router.post(
    "/cases:bulk", auth=auth.Bearer("report"), response={200: BulkOut}, operation_id="report_many",
    openapi_extra=document.BULK,
)  # fmt: skip
def report_many(request: HttpRequest) -> HttpResponseBase:
    """Many reports as JSON Lines (or one array). The answer is JSON Lines, sent while the rest is still being read."""
    return bulk.create_many(request)


class ListIn(Schema):
    """`category` and `place` are beginnings of codes. `unit` leads; `mine`: taken by the caller."""

    stage: Stage | None = None
    category: Annotated[str, Field(max_length=32)] = ""
    place: Annotated[str, Field(max_length=15)] = ""
    unit: Annotated[str, Field(max_length=32)] = ""
    is_overdue: bool | None = None
    is_open: bool | None = None
    mine: bool = False
    after: UUID | None = Field(None, description="`next` of the page before")
    limit: int = Field(50, ge=1, le=200)


PAGING = frozenset({"after", "limit"})


@router.get("/cases", auth=auth.READER, response={200: PageOut}, operation_id="list_cases", openapi_extra=send.READS)
def list_cases(request: HttpRequest, asked: Query[ListIn]) -> HttpResponse:
    """Newest first, in pages by key: the tenth page costs what the first one does. Only what the caller may know of."""
    actor = auth.caller(request).actor
    given = set(request.GET) - PAGING
    desk.check_question(actor, filters=given)
    if unknown := sorted(given - set(ListIn.model_fields)):
        raise unknown_parameters(request, unknown)
    filters = Filters(
        category=asked.category,
        place=asked.place,
        stage=str(asked.stage or ""),
        unit=asked.unit,
        is_overdue=asked.is_overdue,
        is_open=asked.is_open,
        mine=asked.mine,
    )
    after = str(asked.after) if asked.after is not None else ""
    return send.reply(show.page(desk.list_cases(actor, filters, after=after, limit=asked.limit)))


def unknown_parameters(request: HttpRequest, names: list[str]) -> Problem:
    language = language_of(request.META.get("HTTP_ACCEPT_LANGUAGE", ""))
    return invalid([{"type": "unknown_parameter", "loc": (name,), "msg": name} for name in names], language)

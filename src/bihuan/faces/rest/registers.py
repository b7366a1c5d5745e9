"""Registers of what exists, and what their entries come to by unit: for staff's programs; never about people."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from ninja import Field, Query, Router, Schema
from pydantic import AwareDatetime

from bihuan.desk import api as desk
from bihuan.faces.rest import auth, send
from bihuan.faces.rest.reports import unknown_parameters

router = Router(tags=["registers"])
Key = Annotated[str, Field(max_length=32, pattern=r"^[a-z][a-z0-9_]*$")]


class EntryOut(Schema):
    """`facts`: what the register says of it. `stale`: nobody has looked for thirty days."""

    key: str
    name: str
    name_en: str
    unit: str
    place: str
    lon: float | None
    lat: float | None
    facts: dict[str, Any]
    verified: datetime | None
    stale: bool
    version: int


class EntriesOut(Schema):
    entries: list[EntryOut]


class TotalOut(Schema):
    """Of one unit: entries looked at in the span, and the sums of the facts asked for."""

    unit: str
    count: int
    sums: dict[str, float]


class TotalsOut(Schema):
    totals: list[TotalOut]


class SpanIn(Schema):
    """`sum` may be given more than once: a fact whose whole or decimal numbers are added."""

    since: AwareDatetime
    until: AwareDatetime
    sum: Annotated[list[Annotated[str, Field(max_length=32, pattern=r"^[a-z][a-z0-9_]*$")]], Field(max_length=8)] = []


@router.get(
    "/registers/{scene}/{kind}", response={200: EntriesOut}, auth=auth.READER, operation_id="list_register",
    openapi_extra=send.READS,
)  # fmt: skip
def list_register(
    request: HttpRequest, scene: Key, kind: Key, place: Annotated[str, Field(pattern=r"^[0-9]{0,15}$")] = ""
) -> HttpResponse:
    """What exists, by place and name; at most a thousand entries, so narrow them by `place`."""
    auth.caller(request)
    if unknown := sorted(set(request.GET) - {"place"}):
        raise unknown_parameters(request, unknown)
    at = desk.now()
    return send.reply({"entries": [_entry(one, at) for one in desk.registers.entries(scene, kind, place=place)]})


@router.get(
    "/registers/{scene}/{kind}/totals", response={200: TotalsOut}, auth=auth.READER, operation_id="total_register",
    openapi_extra=send.READS,
)  # fmt: skip
def total_register(request: HttpRequest, scene: Key, kind: Key, asked: Query[SpanIn]) -> HttpResponse:
    """How many entries each unit keeps, and what they come to: the paper of communities is `forms/paper`."""
    auth.caller(request)
    if unknown := sorted(set(request.GET) - set(SpanIn.model_fields)):
        raise unknown_parameters(request, unknown)
    found = desk.registers.totals(scene, kind, asked.sum, asked.since, asked.until)
    return send.reply({"totals": [{"unit": one.unit, "count": one.count, "sums": dict(one.sums)} for one in found]})


def _entry(one: desk.registers.Entry, at: datetime) -> dict[str, object]:
    names = ("key", "name", "name_en", "unit", "place", "lon", "lat", "verified", "version")
    own = {name: getattr(one, name) for name in names}
    return own | {"facts": dict(one.facts or {}), "stale": one.is_stale(at)}

"""What is open to all, and what is asked of many cases at once: rules, ledger, counts, health."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from django.http import HttpRequest, HttpResponse
from ninja import Field, Query, Router, Schema

from bihuan.desk import api as desk
from bihuan.faces.rest import auth, send
from bihuan.faces.rest.outgoing import BookDetailOut, BooksOut, CountsOut
from bihuan.faces.rest.problems import Problem
from bihuan.faces.rest.reports import unknown_parameters
from bihuan.kernel.case import Stage

router = Router()


class HealthOut(Schema):
    """Seconds behind; null where a part has nothing to be behind with."""

    status: Literal["ok", "late"]
    feed_lag: float | None
    ticker_lag: float | None


class HeadOut(Schema):
    """A signed tree head, as a C2SP signed note."""

    size: int
    root: str
    note: str
    at: datetime
    public_key: str


class ConsistencyOut(Schema):
    format: str
    old_size: int
    new_size: int
    path: list[str]


@router.get("/rules", response={200: BooksOut}, auth=None, tags=["rules"], operation_id="list_rules")
def list_rules(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - ninja hands it over
    """Every version of every rulebook, with the day from which it holds."""
    return send.reply({"rulebooks": desk.list_rulebooks()})


@router.get("/rules/{version}", response={200: BookDetailOut}, auth=None, tags=["rules"], operation_id="read_rules")
def read_rules(request: HttpRequest, version: str, scene: str = "city") -> HttpResponse:  # noqa: ARG001 - as above
    """One version whole: categories, clocks, routes, steps, proofs, each with its legal basis."""
    book = desk.read_rulebook(scene, version)
    if book is None:
        raise Problem(404, "not-found")
    return send.reply(book)


@router.get("/ledger/head", response={200: HeadOut}, auth=None, tags=["ledger"], operation_id="ledger_head")
def ledger_head(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - as above
    """The newest signed head. 503 while nothing is signed yet."""
    head = desk.ledger_head()
    if head is None:
        raise Problem(503, "not-signed-yet", headers={"Retry-After": "5"})
    return send.reply(head)


@router.get(
    "/ledger/consistency", response={200: ConsistencyOut}, auth=None, tags=["ledger"], operation_id="ledger_consistency"
)
def ledger_consistency(
    request: HttpRequest,  # noqa: ARG001 - as above
    old: Annotated[int, Field(ge=1, le=2**53)],
    new: Annotated[int | None, Field(ge=1, le=2**53)] = None,
) -> HttpResponse:
    """That the head of size `new` (without it: the newest) only appended to the one of size `old`."""
    document = desk.ledger_consistency(old, new)
    if document is None:
        raise Problem(404, "not-found")
    return send.reply(document)


class CountsIn(Schema):
    """`group_by` may be given more than once. `kind` asks a question by its name."""

    group_by: Annotated[list[Annotated[str, Field(max_length=40)]], Field(max_length=3)] = []
    kind: Annotated[str, Field(max_length=60)] = ""
    scene: Annotated[str, Field(max_length=32)] = ""
    category: Annotated[str, Field(max_length=32)] = ""
    place: Annotated[str, Field(max_length=15)] = ""
    stage: Stage | None = None
    lead: Annotated[str, Field(max_length=32)] = ""
    desk: Annotated[str, Field(max_length=32)] = ""
    is_open: bool | None = None
    is_overdue: bool | None = None
    is_disputed: bool | None = None


@router.get(
    "/questions", response={200: CountsOut}, auth=auth.READER, tags=["questions"], operation_id="count_cases",
    openapi_extra=send.READS,
)  # fmt: skip
def count_cases(request: HttpRequest, asked: Query[CountsIn]) -> HttpResponse:
    """How many cases, by problem, place, unit or time. Never by person (law 9), never under five, never sealed ones."""
    actor = auth.caller(request).actor
    if asked.kind:
        desk.refuse_question(actor, asked.kind)
    given = set(request.GET) - {"group_by", "kind"}
    desk.check_question(actor, filters=given - {"sort"}, group_by=asked.group_by, sort=request.GET.getlist("sort"))
    if unknown := sorted(given - set(CountsIn.model_fields)):
        raise unknown_parameters(request, unknown)
    filters = asked.model_dump(exclude={"group_by", "kind"}, exclude_none=True, exclude_defaults=True, mode="json")
    return send.reply(desk.count_cases(actor, asked.group_by, filters))


@router.get("/health", response={200: HealthOut}, auth=None, tags=["health"], operation_id="health")
def health(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - as above
    """Whether the database answers, and how far feed and ticker are behind. 503 when the database does not answer."""
    return send.reply(desk.health())

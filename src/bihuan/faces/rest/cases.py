"""Cases: the list, one case, its history, why it went where it went; two cases made one, and one made several."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Field, Router

from bihuan.desk import api as desk
from bihuan.desk.api import CaseView, Outcome
from bihuan.faces.rest import auth, intake, send, show
from bihuan.faces.rest.incoming import FreeText, In, MergeIn, ReasonIn, SplitIn, Word
from bihuan.faces.rest.outgoing import BothOut, CaseOut, ChangeOut, EventsOut, ExplanationOut, PartsOut

router = Router(tags=["cases"])


def _read(request: HttpRequest, case_id: UUID) -> CaseView:
    return desk.read_case(auth.caller(request).actor, case_id, purpose=auth.purpose_of(request))


def _version(view: CaseView) -> dict[str, str]:
    return {"ETag": f'"{view.state.version}"'}


CASE = "/cases/{uuid:case_id}"


@router.get(CASE, auth=auth.READER, response={200: CaseOut}, operation_id="read_case", openapi_extra=send.READS)
def read_case(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """As much of the case as the caller may see. A sealed one (L2, L3) needs `X-Purpose`, and each look is logged."""
    view = _read(request, case_id)
    return send.reply(show.case(view), headers=_version(view))


@router.get(
    f"{CASE}/events", auth=auth.READER, response={200: EventsOut}, operation_id="read_events", openapi_extra=send.READS
)
def read_events(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """The history. Its data are for the case team; others read what happened and when."""
    view = _read(request, case_id)
    return send.reply(show.events(view), headers=_version(view))


@router.get(
    f"{CASE}/explain", auth=auth.READER, response={200: ExplanationOut}, operation_id="explain_case",
    openapi_extra=send.READS,
)  # fmt: skip
def explain_case(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """Why this unit and why this due date, from the history alone: rule, legal basis, version, each step of a clock."""
    view = _read(request, case_id)
    return send.reply(show.explanation(desk.explain(view.history)), headers=_version(view))


class NoteIn(In):
    """`audience`: roles that may read it (`school`, `partner`, `volunteer`, `reporter` …); empty: the case team."""

    text: FreeText
    kind: Word = "work"
    audience: Annotated[list[Word], Field(max_length=10)] = []


@router.post(
    f"{CASE}/notes", auth=auth.Bearer("work", "triage", "verify", "oversight"), response={200: ChangeOut},
    operation_id="add_note", openapi_extra=send.CHANGES,
)  # fmt: skip
def add_note(request: HttpRequest, case_id: UUID, body: NoteIn) -> HttpResponse:
    """A text for the case: into the vault, with a reference in the history."""
    return send.change(request, case_id, None, texts={body.kind: body.text}, audience={body.kind: tuple(body.audience)})


DESK = auth.Bearer("triage")
BOTH = {"parameters": [*send.READS["parameters"], *send.KEYED["parameters"]]}
MOST_KEY = 90  # of a key that stands for several answers


@router.post(f"{CASE}/merge", auth=DESK, response={200: BothOut}, operation_id="merge", openapi_extra=BOTH)
def merge(request: HttpRequest, case_id: UUID, body: MergeIn) -> HttpResponse:
    """Into another case: highest seal, earliest statutory dates, every receipt leads there. Sent twice, merged once."""
    actor = auth.caller(request).actor
    key = auth.key_of(request, most=MOST_KEY)
    return _both(desk.merge(case_id, body.into, by=actor, purpose=send.purpose_of_work(request), key=key))


@router.post(f"{CASE}/unmerge", auth=DESK, response={200: BothOut}, operation_id="unmerge", openapi_extra=BOTH)
def unmerge(request: HttpRequest, case_id: UUID, body: ReasonIn) -> HttpResponse:
    """The merged case stands on its own again, with its receipts and the dates it had."""
    actor = auth.caller(request).actor
    key = auth.key_of(request, most=MOST_KEY)
    return _both(desk.unmerge(case_id, body.reason, by=actor, purpose=send.purpose_of_work(request), key=key))


def _both(outcomes: tuple[Outcome, ...]) -> HttpResponse:
    headers = {"Idempotency-Replayed": "true"} if outcomes[0].replayed else {}
    return send.reply(dict(zip(("case", "other"), map(send.changed, outcomes), strict=True)), headers=headers)


@router.post(
    f"{CASE}/split", auth=DESK, response={201: PartsOut}, operation_id="split",
    openapi_extra=BOTH,
)  # fmt: skip
def split(request: HttpRequest, case_id: UUID, body: SplitIn) -> HttpResponse:
    """Child cases, all or none, each with its own receipt and clocks. The parent cannot be answered before they end."""
    caller = auth.caller(request)
    for part in body.parts:
        intake.need_right(caller, part)
    parts = [intake.intake_of(part) for part in body.parts]
    made = desk.split(
        case_id, parts, by=caller.actor, purpose=send.purpose_of_work(request), key=auth.key_of(request, most=MOST_KEY)
    )
    return send.reply({"parts": [intake.registered(one) for one in made]}, 201)

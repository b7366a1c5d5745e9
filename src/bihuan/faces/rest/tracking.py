"""By receipt: follow a report, prove it, confirm it, dispute it, add to it. The code is all that is asked for."""

from __future__ import annotations

from typing import Literal

from django.http import HttpRequest, HttpResponse
from ninja import Router

from bihuan.desk import api as desk
from bihuan.desk.api import TrackView
from bihuan.faces.rest import auth, send, show
from bihuan.faces.rest.incoming import WordIn
from bihuan.faces.rest.limits import need_room_for_address
from bihuan.faces.rest.outgoing import ChangeOut, ReceiptOut, TrackOut
from bihuan.faces.rest.problems import Problem
from bihuan.kernel import commands as c
from bihuan.kernel.case import Stage
from bihuan.kernel.refused import Refused

router = Router(tags=["receipts"])


def _view(request: HttpRequest, code: str) -> TrackView:
    """Codes have 80 bits and cannot be guessed; the limit is there so that nobody tries on our time.

    No token is asked for; one that is sent says who looks, and to an accused unit's member the code opens nothing.
    """
    need_room_for_address(request, "track")
    viewer = auth.caller_of(request).actor if auth.bearer(request) is not None else None
    return desk.track(code, viewer=viewer)


@router.get("/track/{code}", response={200: TrackOut}, auth=None, operation_id="track")
def track(request: HttpRequest, code: str) -> HttpResponse:
    """The case that the receipt leads to now, also after a merge."""
    view = _view(request, code)
    return send.reply(show.tracked(view), headers={"ETag": f'"{view.state.version}"'})


@router.get("/track/{code}/receipt", response={200: ReceiptOut}, auth=None, operation_id="provable_receipt")
def receipt(request: HttpRequest, code: str) -> HttpResponse:
    """The receipt that anybody can check without us. 503 for the seconds until a signed head covers the report."""
    view = _view(request, code)
    document = desk.provable_receipt(view.first, view.world)
    if document is None:
        raise Problem(503, "not-signed-yet", headers={"Retry-After": "5"})
    return send.reply(document)


@router.post(
    "/track/{code}/{do}", response={200: ChangeOut}, auth=None, operation_id="answer_by_receipt",
    openapi_extra=send.CHANGES,
)  # fmt: skip
def answer(request: HttpRequest, code: str, do: Literal["confirm", "dispute", "note"], body: WordIn) -> HttpResponse:
    """The reporter's word: `confirm` closes the case, `dispute` sends it back or reopens it, `note` adds to it."""
    view = _view(request, code)
    if do != "confirm" and not body.text.strip():
        raise Refused("reason-missing")
    if do == "confirm" and view.not_his_to_close is not None:
        raise view.not_his_to_close
    outcome = desk.submit(
        _command(view, do, body.text),
        by=desk.reporter(view.reporter),
        case=view.id,
        purpose=do,
        key=auth.key_of(request),
        expects=auth.expects_of(request),
        texts={"text" if do == "note" else do: body.text} if body.text.strip() else None,
    )
    return send.reply(send.changed(outcome), headers=send.headers_of(outcome))


def _command(view: TrackView, do: str, text: str) -> c.Command | None:
    if do == "note":
        return None
    if do == "confirm":
        return c.Verify(accept=True, how="reporter", outcome=view.outcomes[0] if view.outcomes else "")
    if view.state.stage in {Stage.ANSWERED, Stage.VERIFYING}:
        return c.Verify(accept=False, reason=_short(text), how="reporter")
    return c.Dispute(_short(text))


def _short(_: str) -> str:
    """The history says that the reporter is not satisfied; what he wrote stands in the vault."""
    return "reporter"

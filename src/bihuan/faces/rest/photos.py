"""Photographs: sent first, then named as a proof; shown to whoever may see the case that names them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router

from bihuan.desk import api as desk
from bihuan.faces.rest import auth, body, send
from bihuan.faces.rest.outgoing import PhotoOut

router = Router(tags=["photos"])
KINDS = ("image/jpeg", "image/png", "image/webp")
_PICTURE: dict[str, Any] = {kind: {"schema": {"type": "string", "format": "binary"}} for kind in KINDS}


@router.post(
    "/photos", auth=auth.Bearer("work", "report"), response={201: PhotoOut}, operation_id="keep_photo",
    openapi_extra={"requestBody": {"required": True, "content": _PICTURE}},
)  # fmt: skip
def keep(request: HttpRequest) -> HttpResponse:
    """A photograph as the body itself, up to 8 MiB. What the camera added (place, time, device) is dropped.

    The answer is a reference for `ref` of a proof. The same picture has the same reference, so no key is needed.
    """
    body.need_length(request, desk.MOST_PHOTO_BYTES)
    body.need_type(request, *KINDS)
    return send.reply({"ref": desk.keep_photo(request.read(desk.MOST_PHOTO_BYTES + 1))}, 201)


@router.get(
    "/cases/{uuid:case_id}/photos/{name}", auth=auth.READER, operation_id="read_photo",
    openapi_extra=send.READS | {"responses": {"200": {"description": "The photograph", "content": _PICTURE}}},
)  # fmt: skip
def read(request: HttpRequest, case_id: UUID, name: str) -> HttpResponse:
    """A photograph among the proofs of a case; `name` is the reference without `photo:`."""
    view = desk.read_case(auth.caller(request).actor, case_id, purpose=auth.purpose_of(request))
    ref = f"photo:{name}"
    if ref not in {proof.ref for proof in view.state.proofs}:
        raise desk.NotFound(ref)
    data, kind = desk.read_photo(ref)
    return HttpResponse(data, content_type=kind)

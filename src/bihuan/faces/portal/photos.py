"""Photographs of a reporter: with the report, later with what he adds, and shown to him alone who holds the code."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from django.http import HttpRequest

from bihuan.desk import api as desk
from bihuan.faces.i18n import say
from bihuan.faces.pages import explain_refusal
from bihuan.faces.portal import rate
from bihuan.faces.portal.steps import MOST_PHOTOS, Draft
from bihuan.faces.typed import Mistyped
from bihuan.kernel import commands as c
from bihuan.kernel.case import Proof
from bihuan.kernel.refused import Refused

KIND = "photo"
A_MINUTE = 12
limiter = rate.Limiter(A_MINUTE)


def keep(request: HttpRequest, field: str = "photo") -> list[str]:
    """Store what came with a form, without what cameras add. Raises ``Mistyped`` with the file's place in the row."""
    files = request.FILES.getlist(field)
    if len(files) > MOST_PHOTOS:
        raise Mistyped(say("最多 {n} 张照片。", n=MOST_PHOTOS))
    if files and (wait := limiter.wait(str(request.META.get("REMOTE_ADDR", "")))):
        raise Mistyped(say("这个网络地址传得太快了，请 {n} 秒后再传照片。", n=wait))
    refs = []
    for number, file in enumerate(files, 1):
        try:
            refs.append(desk.keep_photo(file.read(desk.MOST_PHOTO_BYTES + 1)))
        except Refused as refused:
            raise Mistyped(say("第 {n} 张照片：", n=number) + explain_refusal(refused).text) from None
    return refs


def into(request: HttpRequest, draft: Draft) -> Draft:
    """The draft with the photographs that came with this step; what cannot be kept is said beside the field."""
    try:
        refs = [*draft.pictures, *keep(request)]
    except Mistyped as mistyped:
        return replace(draft, errors={**draft.errors, "photo": mistyped.text})
    if len(set(refs)) > MOST_PHOTOS:
        return replace(draft, errors={**draft.errors, "photo": say("最多 {n} 张照片。", n=MOST_PHOTOS)})
    return replace(draft, photos=" ".join(dict.fromkeys(refs)))


def add(refs: list[str], by: desk.Actor, case: UUID, key: str | None) -> None:
    """Name them as proofs of the case, each under a key of its own: sent twice, added once."""
    for number, ref in enumerate(refs):
        once = f"{key}:photo:{number}" if key else None
        desk.submit(c.AddProof(Proof(KIND, ref)), by=by, case=case, purpose="report", key=once)

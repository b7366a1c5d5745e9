"""Letters of a case to take along, as PDF or DOCX, for those who may read all of it."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from bihuan.desk import api as desk
from bihuan.faces import letters
from bihuan.faces.console.gate import purpose_of, staff_only
from bihuan.faces.i18n import choose
from bihuan.kernel.refused import Refused


@require_GET
@staff_only
def letter(request: HttpRequest, staff: desk.Staff, case: UUID, name: str, kind: str) -> HttpResponse:
    """The look at the case is logged as any other. What he may not see, and what is not there, is the same 404."""
    try:
        view = desk.read_case(staff.actor, case, purpose=purpose_of(request, case))
        data = letters.write(letters.compose(view, name), kind)
    except (LookupError, Refused):
        raise Http404 from None
    answer = HttpResponse(data, content_type=letters.FORMATS[kind])
    answer["Content-Disposition"] = f'attachment; filename="{view.state.number}-{name}.{kind}"'
    answer["Cache-Control"] = "no-store"
    return answer


def shown(view: desk.CaseView) -> list[dict[str, str]]:
    """What the page of the case offers."""
    found = letters.available(view)
    return [{"title": choose(zh, en), "address": f"/console/case/{view.id}/letter/{key}"} for key, zh, en in found]

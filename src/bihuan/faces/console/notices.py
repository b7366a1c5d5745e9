"""What one is told: a page of one's own notices, and the ways to be told outside it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from bihuan.desk import api as desk
from bihuan.faces import notices as told
from bihuan.faces.console.gate import staff_only
from bihuan.faces.i18n import choose


@require_http_methods(["GET", "POST"])
@staff_only
def page(request: HttpRequest, staff: desk.Staff) -> HttpResponse:
    if request.method == "POST":
        chosen = [int(one) for one in request.POST.getlist("notice") if one.isdigit() and len(one) < 19]
        desk.notices.mark(staff.actor.person, None if request.POST.get("do") == "all" else chosen)
        return redirect("/console/notices")
    before = request.GET.get("before", "")
    is_all = request.GET.get("show") == "all"
    start = int(before) if before.isdigit() and len(before) < 19 else 0
    inbox = desk.notices.read(staff.actor.person, start, only_unseen=not is_all)
    lines = [
        {
            "notice": one,
            "text": told.kind(one.kind),
            "category": "" if one.is_sealed else choose(one.category.name, one.category.name_en),
            "why": told.why(one.passed),
            "is_elsewhere": one.unit.code != staff.unit.code,
        }
        for one in inbox.notices
    ]
    values = {"staff": staff, "lines": lines, "at": inbox.at, "next": inbox.next, "is_all": is_all}
    return render(request, "console/notices.html", values)

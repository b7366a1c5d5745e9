"""Calendars: a secret address of one's own, its revocation, and shifts from a file."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import override
from django.views.decorators.http import require_GET, require_http_methods

from bihuan.desk import api as desk
from bihuan.faces import ical
from bihuan.faces import notices as told
from bihuan.faces.console.gate import staff_only
from bihuan.faces.console.notices_ways import two
from bihuan.faces.i18n import say
from bihuan.faces.pages import explain_refusal, problem_page
from bihuan.kernel.refused import Refused

DONE = {"revoked": "已停用，那个地址不再有内容。", "read": "读进来了。"}


@require_GET
def feed(request: HttpRequest, token: str) -> HttpResponse:
    """Whoever holds the address reads it; a wrong one and a revoked one are the same nothing."""
    found = desk.calendar_tokens.read(token)
    if found is None:
        return problem_page(request, say("找不到"), say("没有这个日历，或者它已经停用。"), status=404)
    with override("en" if desk.notices.wish_of(found.person).language == "en" else "zh-hans"):
        answer = HttpResponse(ical.write(found), content_type="text/calendar; charset=utf-8")
    answer["Cache-Control"] = "private, no-store"
    answer["Content-Disposition"] = 'inline; filename="bihuan.ics"'
    return answer


@require_http_methods(["GET", "POST"])
@staff_only
def page(request: HttpRequest, staff: desk.Staff) -> HttpResponse:
    person, problem, address = UUID(staff.actor.person), "", ""
    if request.method == "POST":
        try:
            address = _do(request, staff, person)
        except (desk.roster.BadSpan, ical.BadFile, desk.calendar_tokens.TooMany) as error:
            problem = two(str(error))
        except LookupError:
            problem = say("没有这个地址，可能已经停用。")
        except Refused as refused:
            problem = explain_refusal(refused).text
        else:
            if not address.startswith("http"):
                return redirect(f"/console/calendar?done={address}")
    done = DONE.get(request.GET.get("done", ""), "")
    values = {
        "staff": staff,
        "problem": problem,
        "done": say(done) if done and not problem else "",
        "address": address,
        "tokens": desk.calendar_tokens.of(person),
        "may_edit": desk.roster.may_edit(staff.actor, staff.unit.code),
        "roles": [(key, told.roles([key])) for key in told.ROLES],
    }
    return render(request, "console/calendar.html", values, status=422 if problem else 200)


def _do(request: HttpRequest, staff: desk.Staff, person: UUID) -> str:
    """What was done; of a new address the address itself, which is shown once."""
    posted = request.POST
    if posted.get("do") == "issue":
        secret = desk.calendar_tokens.issue(person, staff.unit.code)
        return request.build_absolute_uri(f"/calendar/{secret}.ics")
    if posted.get("do") == "read":
        _read(request, staff)
        return "read"
    try:
        token = UUID(posted.get("token", ""))
    except ValueError:
        raise LookupError from None
    if not desk.calendar_tokens.revoke(person, token):
        raise LookupError
    return "revoked"


def _read(request: HttpRequest, staff: desk.Staff) -> None:
    given, role = request.FILES.get("file"), request.POST.get("role", "")
    if given is None or role not in told.ROLES:
        raise ical.BadFile(say("请选一个 .ics 文件和岗位。"))
    if given.size is None or given.size > ical.MOST_BYTES:
        raise ical.BadFile(say("文件超过 1 MB。"))
    people = [(one, name) for one, name, _ in desk.roster.members(staff.unit.code)]
    desk.roster.replace(ical.shifts_in(given.read(), staff.unit.code, role, people), by=staff.actor)

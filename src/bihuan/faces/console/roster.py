"""The duty roster: who is on duty now, the week of a unit; its head enters, swaps and takes out."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from bihuan.desk import api as desk
from bihuan.faces import notices as told
from bihuan.faces.console.gate import staff_only
from bihuan.faces.console.notices_ways import two
from bihuan.faces.i18n import say
from bihuan.faces.pages import explain_refusal
from bihuan.faces.templatetags.words import day as day_text
from bihuan.kernel.refused import Refused

WEEK = timedelta(days=7)
MOST_DAYS = 31


@require_http_methods(["GET", "POST"])
@staff_only
def page(request: HttpRequest, staff: desk.Staff) -> HttpResponse:
    problem = ""
    if request.method == "POST":
        try:
            _do(request, staff)
            return redirect(f"/console/roster?{request.GET.urlencode()}")
        except (desk.roster.BadSpan, ValueError) as error:
            problem = two(str(error))
        except LookupError:
            problem = say("这一班已经不在了，请刷新。")
        except Refused as refused:
            problem = explain_refusal(refused).text
    values = _values(request, staff) | {"problem": problem}
    return render(request, "console/roster.html", values, status=422 if problem else 200)


def _values(request: HttpRequest, staff: desk.Staff) -> dict[str, object]:
    now = desk.now().astimezone(_zone())
    unit = desk.unit_name(request.GET.get("unit", "")[:32] or staff.unit.code)
    monday = _monday(request.GET.get("week", ""), now.date())
    start = datetime.combine(monday, time(), _zone())
    spans = desk.roster.of_unit(unit.code, start, start + WEEK)
    now_on = desk.roster.on_duty(now)
    chosen = {span.unit.code: span.unit for span in now_on} | {one.code: one for one in (*staff.posts, unit)}
    members = desk.roster.members(unit.code)
    return {
        "staff": staff,
        "unit": unit,
        "units": sorted(chosen.values(), key=lambda one: one.code),
        "week": monday.isoformat(),
        "before": (monday - WEEK).isoformat(),
        "after": (monday + WEEK).isoformat(),
        "days": [_day(start + timedelta(days=n), spans, now) for n in range(7)],
        "now_on": [(span, told.roles([span.role]), _hour(span.ends, now.date())) for span in now_on],
        "may_edit": desk.roster.may_edit(staff.actor, unit.code),
        "members": [(person, name) for person, name, _ in members],
        "roles": [(role, told.roles([role])) for role in _roles(members)],
        "net": _net() if "oversight" in staff.actor.roles else None,
    }


def _roles(members: list[tuple[UUID, str, tuple[str, ...]]]) -> list[str]:
    return sorted({role for _, _, roles in members for role in roles if role in told.ROLES})


def _net() -> dict[str, object]:
    found = desk.notices.read_net()
    kinds = sorted(desk.notices.OF_THE_LADDER)
    return {"hours": found.hours, "kinds": [(key, told.kind(key), key in found.waits) for key in kinds]}


def _day(start: datetime, spans: list[desk.roster.Span], now: datetime) -> dict[str, object]:
    end = start + timedelta(days=1)
    lines = [
        {
            "span": span,
            "role": told.roles([span.role]),
            "hours": f"{_hour(span.starts, start.date())}–{_hour(span.ends, start.date())}",
            "is_now": span.starts <= now < span.ends,
        }
        for span in spans
        if span.starts < end and span.ends > start
    ]
    return {"name": day_text(start), "lines": lines, "is_today": start <= now < end}


def _hour(at: datetime, on: date) -> str:
    """The hour, and the day where it is another."""
    here = at.astimezone(_zone())
    return f"{here:%H:%M}" if here.date() == on else f"{here:%m-%d %H:%M}"


def _monday(text: str, today: date) -> date:
    try:
        found = date.fromisoformat(text[:10])
    except ValueError:
        found = today
    return found - timedelta(days=found.weekday())


def _zone() -> ZoneInfo:
    return ZoneInfo(settings.ZONE)


# -- what the head does -------------------------------------------------------------------------------------------


def _do(request: HttpRequest, staff: desk.Staff) -> None:
    posted, by = request.POST, staff.actor
    do = posted.get("do", "")
    if do == "net":
        hours = posted.get("hours", "")
        desk.notices.change_net(posted.getlist("waits"), int(hours) if hours.isdigit() else 0, by=by)
    elif do == "add":
        unit = request.GET.get("unit", "")[:32] or staff.unit.code
        desk.roster.put(_wanted(request, unit), by=by)
    elif do == "swap":
        desk.roster.swap(_uuid(posted.get("span", "")), _uuid(posted.get("person", "")), by=by)
    elif do == "remove":
        desk.roster.remove(_uuid(posted.get("span", "")), by=by)


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise LookupError from None


def _wanted(request: HttpRequest, unit: str) -> list[desk.roster.Wanted]:
    posted = request.POST
    try:
        first = date.fromisoformat(posted.get("day", ""))
        start, end = (time.fromisoformat(posted.get(name, "")) for name in ("from", "until"))
        days = int(posted.get("days", "1") or "1")
    except ValueError:
        raise desk.roster.BadSpan(say("请写明日期（2026-03-01）和时间（08:00）。")) from None
    if not 1 <= days <= MOST_DAYS or posted.get("role", "") not in told.ROLES:
        raise desk.roster.BadSpan(say("连排最多 31 天；岗位从表里选。"))
    person = _uuid(posted.get("person", ""))
    found = []
    for n in range(days):
        starts = datetime.combine(first + timedelta(days=n), start, _zone())
        ends = datetime.combine(first + timedelta(days=n + (end <= start)), end, _zone())
        found.append(desk.roster.Wanted(unit, posted.get("role", ""), person, starts, ends))
    return found

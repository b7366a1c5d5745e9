"""How I am told: ways, quiet hours, a test of each. Only ever one's own."""

from __future__ import annotations

import re
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from bihuan.desk import api as desk
from bihuan.faces.console.gate import staff_only
from bihuan.faces.i18n import choose, say

KINDS = {"mail": "邮件", "service": "企业微信、钉钉、飞书等", "push": "手机推送"}
MOST_ADDRESS = 1000
TIME = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
DONE = {
    "added": "已加上。请点“发一条测试”，看收不收得到。",
    "removed": "已删去，地址也抹掉了。",
    "tested": "测试已送出。",
    "wished": "已记下。",
}


@require_http_methods(["GET", "POST"])
@staff_only
def ways(request: HttpRequest, staff: desk.Staff) -> HttpResponse:
    person, problem = UUID(staff.actor.person), ""
    if request.method == "POST":
        try:
            return redirect(f"/console/notices/ways?done={_do(request, person)}")
        except desk.notices.BadWay as error:
            problem = two(str(error))
        except LookupError:
            problem = say("没有这个方式，可能已经删去了。")
    wish = desk.notices.wish_of(person)
    done = DONE.get(request.GET.get("done", ""), "")
    found = desk.notices.of(person)
    values = {
        "staff": staff,
        "problem": problem,
        "done": say(done) if done and not problem else "",
        "ways": [(one, say(KINDS[one.kind]), _shown(one)) for one in found],
        "kinds": [(key, say(name)) for key, name in KINDS.items() if key != "push"],
        "typed": request.POST.get("address", "")[:500] if problem else "",
        "quiet_from": _clock(wish.quiet_from),
        "quiet_until": _clock(wish.quiet_until),
        "wish": wish,
        "at": desk.now(),
        "push_key": desk.notices.push_key().public,
    }
    return render(request, "console/notices_ways.html", values, status=422 if problem else 200)


def two(text: str) -> str:
    """Of a text of the desk in both languages, the one for this reader."""
    chinese, _, english = text.partition("。 ")
    return choose(f"{chinese}。" if english else chinese, english)


def _shown(way: desk.notices.Way) -> str:
    """Enough to know it again; a service's address holds its key, a telephone's says nothing to people."""
    if way.kind == "mail":
        return way.address
    return way.address.partition("://")[0] if way.kind == "service" else ""


def _clock(minutes: int | None) -> str:
    return "" if minutes is None else f"{minutes // 60:02}:{minutes % 60:02}"


def _do(request: HttpRequest, person: UUID) -> str:
    posted = request.POST
    do = posted.get("do", "")
    if do == "add":
        kind = posted.get("kind", "")
        desk.notices.add(person, kind, posted.get("address", "")[:MOST_ADDRESS], is_spare="spare" in posted)
        return "added"
    if do == "wish":
        start, end = _minutes(posted.get("from", "")), _minutes(posted.get("until", ""))
        language = "en" if posted.get("language") == "en" else "zh"
        desk.notices.set_wish(person, desk.notices.Wish(start, end, "urgent" in posted, language))
        return "wished"
    try:
        way = UUID(posted.get("way", ""))
    except ValueError:
        raise LookupError from None
    if do == "test":
        if error := desk.notices.test(person, way):
            raise desk.notices.BadWay(error)
        return "tested"
    if not desk.notices.remove(person, way):
        raise LookupError
    return "removed"


def _minutes(text: str) -> int | None:
    if not text.strip():
        return None
    found = TIME.fullmatch(text.strip())
    if found is None:
        raise desk.notices.BadWay(say("时间写成 22:00 这样。"))
    return int(found[1]) * 60 + int(found[2])

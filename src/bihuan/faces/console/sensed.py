"""What the district senses: open warnings on a map, what to do about them, how good they were, how the sources do."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from bihuan.desk import api as desk
from bihuan.faces import warned
from bihuan.faces.console.gate import staff_only
from bihuan.faces.i18n import choose, say
from bihuan.faces.pages import explain_refusal
from bihuan.faces.portal.sketch import WIDTH, Frame, middle
from bihuan.faces.templatetags.words import local
from bihuan.faces.typed import Mistyped
from bihuan.kernel.refused import Refused
from bihuan.sense.warn import muted, rules

A_YEAR, A_WEEK = timedelta(days=365), timedelta(days=7)
LATELY = 20


@require_http_methods(["GET", "POST"])
@staff_only
def page(request: HttpRequest, staff: desk.Staff) -> HttpResponse:
    problem = ""
    if request.method == "POST":
        try:
            _do(request, staff)
            return redirect("/console/sensed")
        except Refused as refused:
            problem = explain_refusal(refused).text
        except Mistyped as mistyped:
            problem = mistyped.text
        except (LookupError, ValueError):
            problem = say("没有这个操作。")
    values = _values(staff) | {"problem": problem}
    return render(request, "console/sensed.html", values, status=422 if problem else 200)


# -- what a person does ---------------------------------------------------------------------------------------------


def _do(request: HttpRequest, staff: desk.Staff) -> None:
    DOING[request.POST.get("do", "")](request, staff.actor)


def _decide(request: HttpRequest, by: desk.Actor) -> None:
    key, move = UUID(request.POST.get("warning", "")), request.POST.get("do", "")
    desk.warnings.decide(key, move, by=by, reason=request.POST.get("reason", "")[:500])


def _judge(request: HttpRequest, by: desk.Actor) -> None:
    key, verdict = UUID(request.POST.get("warning", "")), request.POST.get("do", "")
    happened = _instant(request, "happened") if request.POST.get("happened") else None
    desk.warning_scores.judge(key, verdict, request.POST.get("reason", "")[:500], by=by, happened=happened)


def _missed(request: HttpRequest, by: desk.Actor) -> None:
    grouped, reason = request.POST.get("group", "")[:40], request.POST.get("reason", "")[:500]
    desk.warning_scores.missed(
        grouped, request.POST.get("place", "")[:15], _instant(request, "happened"), reason, by=by
    )


def _silence(request: HttpRequest, by: desk.Actor) -> None:
    hours = int(request.POST.get("from") or 0), int(request.POST.get("to") or 24)
    desk.warning_silences.add(
        request.POST.get("group", "")[:40], request.POST.get("place", "")[:15], desk.now(), _instant(request, "until"),
        request.POST.get("reason", ""), by=by, weekdays=request.POST.get("weekdays", "").strip()[:7], hours=hours,
    )  # fmt: skip


def _speak(request: HttpRequest, by: desk.Actor) -> None:
    desk.warning_silences.end(UUID(request.POST.get("silence", "")), by=by)


DOING: dict[str, Callable[[HttpRequest, desk.Actor], None]] = {
    "confirm": _decide,
    "dismiss": _decide,
    "lift": _decide,
    "true": _judge,
    "false": _judge,
    "missed": _missed,
    "silence": _silence,
    "speak": _speak,
}


def _instant(request: HttpRequest, name: str) -> datetime:
    text = request.POST.get(name, "")[:20]
    try:
        return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(settings.ZONE))
    except ValueError:
        raise Mistyped(say("这个时间看不懂：{text}", text=text)) from None


# -- what is shown --------------------------------------------------------------------------------------------------


def _values(staff: desk.Staff) -> dict[str, object]:
    now, open_ones = desk.now(), desk.warnings.open_now()
    in_force = rules.read(desk.warnings.rules_in_force().rows)
    groups = {row.group: choose(row.name, row.name_en) for row in reversed(in_force.rows)}
    return {
        "staff": staff,
        "at": now,
        "open": [_line(one, open_ones, in_force) for one in open_ones],
        "past": [_line(one, (), in_force) for one in desk.warnings.past(LATELY)],
        "may_decide": desk.warnings.may_decide(staff.actor),
        "picture": picture(open_ones),
        "scores": [_score(one, groups) for one in desk.warning_scores.scores(now - A_YEAR)],
        "silences": [
            (one, groups.get(one.grouped, one.grouped) or say("全部"), local(one.ends))
            for one in desk.warning_silences.current()
        ],
        "groups": sorted(groups.items()),
        "sources": [
            (one, sum(sum(codes.values()) for codes in one.faults.values()))
            for one in desk.signal_sources.health(now - A_WEEK)
        ],
    }


def _line(
    one: desk.warnings.Warned, open_ones: list[desk.warnings.Warned] | tuple[()], in_force: rules.Rules
) -> dict[str, object]:
    what, _, why = muted.by(one, open_ones, in_force).partition(":") if one.is_open else ("", "", "")
    lines = [
        {"at": line.at, "text": say(warned.STEPS[line.what]), "reason": line.reason}
        for line in desk.warnings.history(one.id)
    ]
    return {
        "one": warned.shown(one),
        "muted": say("上级预警“{name}”", name=why) if what == "parent" else why,
        "lines": lines,
        "may_confirm": one.state == "proposed",
        "may_lift": one.state in {"issued", "requested"},
        "may_judge": not one.is_open and one.issued is not None,
    }


def _score(one: desk.warning_scores.Score, groups: dict[str, str]) -> dict[str, object]:
    minutes = round(one.lead.total_seconds() / 60) if one.lead is not None else None
    return {
        "name": groups.get(one.grouped, one.grouped),
        "precision": _share(one.precision),
        "recall": _share(one.recall),
        "lead": say("{n} 分钟", n=minutes) if minutes is not None else "—",
        "unjudged": one.unjudged,
    }


def _share(share: desk.boards.measures.Share) -> str:
    if not share.of:
        return "—"
    low, high = share.interval
    return f"{share.rate:.0%} · {share.count}/{share.of} ({low:.0%}–{high:.0%})"


def picture(open_ones: list[desk.warnings.Warned]) -> dict[str, object] | None:
    """The areas, each in the colour of the worst warning that is told there; ``None`` where there are none."""
    areas = sorted(desk.areas(), key=lambda area: len(area.place))
    if not areas:
        return None
    frame, worst = Frame.around(areas), dict[str, str]()
    for one in reversed([one for one in open_ones if one.state in desk.warnings.TOLD]):
        for place in one.body.get("places") or [""]:
            worst[place] = one.level or "IV"
    pieces = []
    for area in areas:
        held = [level for place, level in worst.items() if area.place.startswith(place) or place.startswith(area.place)]
        x, y = frame.at(*middle(area))
        pieces.append(
            {"path": frame.path(area), "level": min(held, key=rules.LEVELS.index, default=""), "x": x, "y": y}
        )
    return {"width": WIDTH, "height": frame.height, "pieces": pieces[1:]}

"""The wall screen: one dark page, live. From district to street, community and cases in three clicks."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from bihuan.desk import api as desk
from bihuan.faces import warned
from bihuan.faces.console.gate import staff_only
from bihuan.faces.i18n import say
from bihuan.faces.screen import asked, papers, picture, shown
from bihuan.faces.shown import stage

boards = desk.boards
AGAIN = 2000  # milliseconds
A_STREET = 9
A_PAGE = 50
MOST_IN_A_SHEET = 2000


@require_GET
@staff_only
def screen(request: HttpRequest, staff: desk.Staff) -> HttpResponse:
    """``?part=1``: what moves, without the frame around it."""
    wanted = asked.read(request)
    place = wanted.where.place
    name = desk.place_name(place) if place.isdigit() else None
    if name is not None and not name.kind:
        raise Http404(place)
    values = _values(staff, wanted) | {"staff": staff, "ground": name, "place": place}
    return render(request, "screen/part.html" if request.GET.get("part") else "screen/screen.html", values)


def _values(staff: desk.Staff, wanted: asked.Asked) -> dict[str, object]:
    place = wanted.where.place
    group = "street" if len(place) < A_STREET else "community"
    now = boards.table(group, where=wanted.where)
    lately = boards.table(group, span=wanted.span, where=wanted.where)
    everywhere = boards.table("street") if place else now
    year = boards.Span(boards.months_back(boards.this_month(), 11), boards.this_month())
    months = boards.table("month", span=year, where=wanted.where)
    matters = boards.table("category", span=wanted.span, where=wanted.where)
    total = now.total
    return {
        "mark": f"{now.mark}.{desk.warnings.mark()}",
        "at": desk.now(),
        "first": wanted.first,
        "last": wanted.last,
        "tiles": [
            (say("在办"), shown.count(total, "open"), shown.cases("open", wanted.here), ""),
            (say("超时未结"), shown.count(total, "late"), shown.cases("late", wanted.here), "bad"),
            (say("在走的时限"), shown.count(total, "running"), shown.cases("running", wanted.here), ""),
            (say("已过的时限"), shown.count(total, "overdue"), shown.cases("overdue", wanted.here), "bad"),
        ],
        "rings": [shown.figure(lately.total, key, wanted.narrowed) for key in shown.NAMES],
        "rows": _rows(now, lately, wanted, group),
        "group": say("街道") if group == "street" else say("社区"),
        "bars": shown.bars(months.rows, wanted.here),
        "matters": [_matter(row, wanted) for row in matters.rows if row.is_shown][:8],
        "picture": picture.draw(everywhere.rows, staff.actor, place),
        "chosen": place[:A_STREET],
        "warnings": [warned.shown(one) for one in desk.warnings.open_now()],
        "falls": [one for one in boards.falls() if not place or one.name.place == place],
    }


def _rows(
    now: desk.boards.Board, lately: desk.boards.Board, wanted: asked.Asked, group: str
) -> list[dict[str, object]]:
    known = {row.code: row for row in lately.rows}
    most = max((row.counts["open"] for row in now.rows), default=0) or 1
    found: list[dict[str, object]] = []
    for row in now.rows:
        code = row.code or boards.NOWHERE
        here, seen = wanted.here | {"place": code}, row.is_shown
        months = wanted.narrowed | {"place": code}
        recent = known.get(row.code)
        found.append(
            {
                "name": shown.named(row.name) if row.code else say("没有写地点"),
                "address": f"/screen/?place={row.code}"
                if group == "street" and row.code
                else shown.cases("open", here),
                "open": shown.count(row, "open"),
                "open_address": shown.cases("open", here),
                "late": shown.count(row, "late"),
                "late_address": shown.cases("late", here),
                "width": round(100 * row.counts["open"] / most, 1) if seen else 0,
                "late_width": round(100 * row.counts["late"] / most, 1) if seen else 0,
                "on_time": shown.figure(recent, "on_time", months) if recent else None,
            }
        )
    return found


def _matter(row: desk.boards.Row, wanted: asked.Asked) -> dict[str, object]:
    told = shown.figure(row, "on_time", wanted.narrowed | {"matter": row.code})
    return {
        "name": shown.named(row.name),
        "figure": told,
        "line": shown.interval(told.rate, told.low, told.high) if told.is_shown else None,
        "heard": shown.count(row, "heard"),
    }


@require_GET
@staff_only
def live(request: HttpRequest, staff: desk.Staff) -> HttpResponse:  # noqa: ARG001 - only staff may ask
    """Server-sent events: tells when the boards or the warnings have moved, then lets go.

    Browsers come back by themselves after two seconds. A stream that stayed open would hold one of the few threads of
    a web process for every screen on a wall.
    """
    known = request.headers.get("Last-Event-ID") or request.GET.get("since", "")
    mark = f"{boards.mark()}.{desk.warnings.mark()}"
    told = f"id: {mark}\nevent: moved\ndata: {mark}\n" if mark != known else ": nothing new\n"
    return HttpResponse(f"retry: {AGAIN}\n{told}\n", content_type="text/event-stream; charset=utf-8")


@require_GET
@staff_only
def cases(request: HttpRequest, staff: desk.Staff) -> HttpResponse:
    """The cases behind a number."""
    wanted, show = asked.read(request, is_always=True), request.GET.get("show", "open")
    after, is_sheet = request.GET.get("after", ""), request.GET.get("as") == "xlsx"
    most = MOST_IN_A_SHEET if is_sheet else A_PAGE
    try:
        found = boards.cases_behind(
            staff.actor, show, span=wanted.span, where=wanted.where, after="" if is_sheet else after, limit=most
        )
    except ValueError:
        raise Http404(show) from None
    if is_sheet:
        return papers.answer(papers.list_of(say(shown.TITLES[show]), found, request), "xlsx", f"bihuan-{show}")
    lines = [
        {
            "line": line,
            "category": shown.named(line.category_name),
            "stage": stage(line.stage),
        }
        for line in found.lines
    ]
    about = [desk.place_name(wanted.where.place)] if wanted.where.place.isdigit() else []
    about += [desk.unit_name(wanted.where.unit)] if wanted.where.unit else []
    values = {
        "staff": staff,
        "title": say(shown.TITLES[show]),
        "about": about,
        "first": wanted.first,
        "last": wanted.last,
        "lines": lines,
        "at": found.at,
        "sheet": f"{shown.cases(show, wanted.narrowed)}&as=xlsx",
        "next": f"{shown.cases(show, wanted.narrowed)}&after={found.next}" if found.next else "",
    }
    return render(request, "screen/cases.html", values)

"""Boards of the console: what a unit owes, evaluation, oversight, the monthly notice."""

from __future__ import annotations

from datetime import date

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from bihuan.desk import api as desk
from bihuan.faces.console.gate import staff_only
from bihuan.faces.i18n import say
from bihuan.faces.screen import asked, monthly, papers, shown
from bihuan.faces.shown import stage

boards = desk.boards
PAGES = (
    ("/console/unit", "本单位待办"),
    ("/console/evaluation", "考核看板"),
    ("/console/oversight", "督办看板"),
    ("/console/notice", "月度通报"),
)
BY = {"unit": "按单位", "street": "按街道", "community": "按社区", "category": "按类别"}
NARROWS = {"unit": "unit", "street": "place", "community": "place", "category": "matter"}
WATCHED = ("late", "shuttled", "contested", "quiet")
FIRST_OF_EACH = 10


def _frame(staff: desk.Staff, here: str) -> dict[str, object]:
    return {"staff": staff, "pages": [(address, say(name), address == here) for address, name in PAGES]}


def _lines(page: desk.Page) -> list[dict[str, object]]:
    return [
        {
            "line": line,
            "category": say("封存件") if line.is_hidden else shown.named(line.category_name),
            "stage": stage(line.stage),
        }
        for line in page.lines
    ]


@require_GET
@staff_only
def unit(request: HttpRequest, staff: desk.Staff) -> HttpResponse:
    owed = boards.owed(staff.actor)
    values = {"lines": _lines(owed), "at": owed.at, "late": sum(line.is_overdue for line in owed.lines)}
    return render(request, "screen/unit.html", values | _frame(staff, "/console/unit"))


@require_GET
@staff_only
def evaluation(request: HttpRequest, staff: desk.Staff) -> HttpResponse:
    wanted = asked.read(request)
    by = request.GET.get("by", "unit")
    if by not in BY:
        raise Http404(by)
    board = boards.table(by, span=wanted.span, where=wanted.where)
    values = {
        "by": by,
        "kinds": [(key, say(name)) for key, name in BY.items()],
        "first": wanted.first,
        "last": wanted.last,
        "total": [shown.figure(board.total, key, wanted.narrowed) for key in shown.NAMES],
        "rows": [_row(row, by, wanted) for row in in_order(board)],
        "names": [say(name) for name in shown.NAMES.values()],
        "falls": boards.falls(),
        "least": boards.measures.RANKED_FROM,
    }
    return render(request, "screen/evaluation.html", values | _frame(staff, "/console/evaluation"))


def in_order(board: desk.boards.Board) -> list[desk.boards.Row]:
    """By the adjusted share, best first; those with too few behind them follow by name, unranked."""

    def place(row: desk.boards.Row) -> tuple[bool, float, str]:
        is_small = not (row.is_shown and row.share("on_time").is_ranked)
        return is_small, 0.0 if is_small else -row.adjusted["on_time"].rate, row.name.name

    return sorted(board.rows, key=place)


def _row(row: desk.boards.Row, by: str, wanted: asked.Asked) -> dict[str, object]:
    code = row.code or (boards.NOWHERE if NARROWS[by] == "place" else row.code)
    narrowed = wanted.narrowed | {NARROWS[by]: code}
    fair, own = row.adjusted["on_time"], shown.figure(row, "on_time", narrowed)
    return {
        "name": shown.named(row.name),
        "heard": shown.count(row, "heard"),
        "heard_address": shown.cases("heard", narrowed),
        "figures": [shown.figure(row, key, narrowed) for key in shown.NAMES],
        "adjusted": shown.percent(fair.rate) if own.is_shown else "—",
        "line": shown.interval(fair.rate, fair.low, fair.high) if own.is_shown else None,
        "verdict": say(shown.VERDICTS[fair.verdict]),
        "tone": shown.TONES[fair.verdict],
    }


@require_GET
@staff_only
def oversight(request: HttpRequest, staff: desk.Staff) -> HttpResponse:
    wanted = asked.read(request, is_always=True)
    parts = []
    for show in WATCHED:
        found = boards.cases_behind(staff.actor, show, where=wanted.where, limit=FIRST_OF_EACH)
        parts.append((show, say(shown.TITLES[show]), _lines(found), shown.cases(show, wanted.here), bool(found.next)))
    values = {"parts": parts, "at": desk.now()}
    return render(request, "screen/oversight.html", values | _frame(staff, "/console/oversight"))


def _usual_month() -> date:
    """The last whole month; of a site that did not work yet then, this one."""
    last = boards.months_back(boards.this_month(), 1)
    has_any = boards.table("unit", span=boards.Span(last, last)).total.counts["heard"]
    return last if has_any else boards.this_month()


@require_GET
@staff_only
def notice(request: HttpRequest, staff: desk.Staff) -> HttpResponse:
    """``?month=2026-10``; ``?as=pdf``, ``docx`` or ``xlsx`` for a file."""
    text, kind = request.GET.get("month", ""), request.GET.get("as", "")
    month = asked.month_of(text) if text else _usual_month()
    if month is None or kind not in {"", *papers.KINDS}:
        raise Http404(text)
    made = monthly.compose(month, request.build_absolute_uri("/").rstrip("/"))
    if kind:
        return papers.answer(papers.write(made, kind), kind, f"notice-{month:%Y-%m}")
    values = {"notice": made, "month": f"{month:%Y-%m}", "kinds": papers.KINDS}
    return render(request, "screen/notice.html", values | _frame(staff, "/console/notice"))

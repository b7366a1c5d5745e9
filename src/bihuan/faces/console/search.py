"""Search: cases by number, by what was written, by matter and place; and the lists that a word leads to."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from bihuan.desk import api as desk
from bihuan.faces.console import lines
from bihuan.faces.console.gate import staff_only
from bihuan.faces.i18n import choose, say
from bihuan.faces.typed import Mistyped, tidy

MOST = 100
MOST_LISTS = 6


@require_GET
@staff_only
def search(request: HttpRequest, staff: desk.Staff) -> HttpResponse:
    """A number leads to its case at once; words lead to a list."""
    try:
        asked = tidy(request.GET.get("q", ""), most=MOST)
    except Mistyped as mistyped:
        return _page(request, staff, {"problem": mistyped.text})
    if asked.isdigit() and len(asked) < 16:
        by_number = desk.list_cases(staff.actor, desk.Filters("all", number=int(asked)), limit=1)
        if by_number.lines:
            return redirect("case", by_number.lines[0].id)
    try:
        hits = desk.search.find(staff.actor, asked, after=request.GET.get("after", "")[:20])
    except ValueError:
        return _page(request, staff, {"asked": asked, "problem": say("翻页的位置不对，请回到第一页。")})
    problem = "" if hits.words or not asked else say("请至少写两个字；电话号码和证件号不能用来搜索。")
    shown = lines.shown(one.line for one in hits.found)
    values = {
        "asked": asked,
        "problem": problem,
        "at": desk.now(),
        "lines": [line | {"snippet": one.snippet} for line, one in zip(shown, hits.found, strict=True)],
        "lists": _lists(asked) if asked else [],
        "first_query": urlencode({"q": asked}) if request.GET.get("after") else "",
        "next_query": urlencode({"q": asked, "after": hits.next}) if hits.next else "",
    }
    return _page(request, staff, values)


def _page(request: HttpRequest, staff: desk.Staff, values: dict[str, object]) -> HttpResponse:
    return render(
        request, "console/search.html", {"staff": staff} | values, status=422 if values.get("problem") else 200
    )


def _lists(asked: str) -> list[dict[str, str]]:
    """Matters and places whose name holds the words: their lists."""
    low = asked.casefold()
    rows = [("category", row.code, row) for row in desk.category_choices()]
    rows += [("place", one.place, one) for street, below in desk.place_choices() for one in (street, *below)]
    named = ((key, code, choose(one.name, one.name_en), f"{one.name} {one.name_en}") for key, code, one in rows)
    found = [(key, code, name) for key, code, name, both in named if low in both.casefold()]
    return [
        {"address": "/console/?" + urlencode({"tab": "all", key: code}), "name": name}
        for key, code, name in found[:MOST_LISTS]
    ]

"""One table of a rulebook that is being changed: find a row, change it, add one, take one away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from bihuan.desk import api as desk
from bihuan.faces import shown
from bihuan.faces.console import rules
from bihuan.faces.console.gate import staff_only
from bihuan.faces.i18n import say
from bihuan.faces.typed import Mistyped, tidy

rulebooks = desk.rulebook_drafts
MOST_SHOWN = 60
LONGEST = 2000
LONG = 60


@dataclass(frozen=True)
class Cell:
    """``kind``: ``text area choice``. ``names``: units, by code."""

    name: str
    label: str
    value: str
    kind: str
    choices: tuple[str, ...] = ()
    error: str = ""
    names: bool = False


@require_http_methods(["GET", "POST"])
@staff_only
def table(request: HttpRequest, staff: desk.Staff, scene: str, table: str) -> HttpResponse:
    drafted = rules.read(staff, scene)
    rows = [list(row) for row in drafted.tables.get(table, ())]
    asked = request.GET.get("row", "")
    number = int(asked) if asked.isdigit() and len(asked) < 6 and int(asked) < len(rows) else 0
    is_new, problem, status = asked == "new", "", 200
    if request.method == "POST":
        try:
            changed = _changed(request, rows, number, is_new=is_new)
            rulebooks.save(staff.actor, scene, {**drafted.tables, table: changed}, turn=rules.turn_of(request))
            return redirect(f"/console/rules/{scene}/{table}?done=saved")
        except Mistyped as mistyped:
            problem, status = mistyped.text, 422
        except rulebooks.Changed as conflict:
            problem, status = rules.told(conflict).text, 409
    values = {
        "staff": staff,
        "scene": scene,
        "title": shown.scene_name(scene),
        "table": table,
        "name": say(rules.TABLES[table]),
        "row": number,
        "is_new": is_new,
        "turn": request.POST.get("turn", "") or drafted.turn,
        "done": say(rules.DONE["saved"]) if request.GET.get("done") == "saved" else "",
        "problem": problem,
        "is_book": table == "book",
        **_shown(request, drafted, table, rows, number if number or not is_new else -1),
    }
    return render(request, "console/rulebook_table.html", values, status=status)


def _shown(
    request: HttpRequest, drafted: desk.rulebook_drafts.Drafted, table: str, rows: list[list[str]], number: int
) -> dict[str, object]:
    """The rows that were looked for, and the form of one (``number``: 0 none, -1 a new one)."""
    header = rows[0] if rows else []
    q = request.GET.get("q", "").strip()[:64]
    wrong = [one for one in rulebooks.check(drafted)[1] if one.table == table and one.row]
    marked = {one.row - 1 for one in wrong}
    errors = {one.column.split()[-1]: one.what for one in wrong if one.column and one.row - 1 == number}
    row = rows[number] if number > 0 else [""] * len(header)
    if request.method == "POST":
        row = [request.POST.get(f"c{at}", "")[:LONGEST] for at in range(len(header))]
    hits = [(n, one) for n, one in enumerate(rows[1:], 1) if not q or any(q.lower() in cell.lower() for cell in one)]
    return {
        "q": q,
        "lines": [(n, [*zip(header, one, strict=False)], n in marked) for n, one in hits[:MOST_SHOWN]],
        "left": max(0, len(hits) - MOST_SHOWN),
        "count": len(hits),
        "units": [one for one in desk.organisation.every_unit() if one.kind != "grid"] if number else [],
        "cells": _cells(table, header, row, errors) if number else [],
    }


def _changed(request: HttpRequest, rows: list[list[str]], number: int, *, is_new: bool) -> list[list[str]]:
    """The table with the row that was sent. Raises ``Mistyped``."""
    do = request.POST.get("do", "")
    if do == "drop" and number:
        return [row for at, row in enumerate(rows) if at != number]
    if do != "keep" or not (number or is_new) or not rows:
        raise Mistyped(say("没有这个操作。"))
    row = [tidy(request.POST.get(f"c{at}", ""), most=LONGEST, lines=True) for at in range(len(rows[0]))]
    if is_new:
        return [*rows, row]
    return [row if at == number else one for at, one in enumerate(rows)]


def _cells(table: str, header: Sequence[str], row: Sequence[str], errors: Mapping[str, str]) -> list[Cell]:
    """``errors``: by the key of the column."""
    found = []
    meant = rulebooks.columns(table, header)
    if table == "book":
        meant = [None, rulebooks.column("book", row[0].split()[-1] if row and row[0] else ""), None]
    for at, (label, column) in enumerate(zip(header, meant, strict=False)):
        value = row[at] if at < len(row) else ""
        options = tuple(column.options) if column and column.kind in {"choice", "flag"} else ()
        kind = "choice" if options and value in {"", *options} else "area" if len(value) > LONG else "text"
        error = errors.get(label.split()[-1] if label else "", "")
        is_unit = column is not None and column.key in rulebooks.OF_UNITS
        found.append(Cell(f"c{at}", label, value, kind, ("", *options), rules.spoken(error), is_unit))
    return found

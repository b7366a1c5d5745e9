"""The pages of the scene: what was promised and how it stands; a meeting read, corrected line by line, registered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from bihuan.desk import api as desk
from bihuan.faces.console.gate import staff_only
from bihuan.faces.i18n import choose, say
from bihuan.faces.pages import Explained, explain_refusal
from bihuan.faces.typed import Mistyped, tidy
from bihuan.kernel.refused import Refused
from bihuan.kernel.rules import Rulebook
from bihuan.scenes.commitments import booking, reader
from bihuan.scenes.commitments.booking import SCENE, Line, NotYet

MOST_TEXT = 60_000
MOST_LINES = 200
STATES = {"due": "办理中", "late": "逾期", "closed": "已办结"}
TONES = {"due": "accent", "late": "bad", "closed": "good"}


@dataclass(frozen=True)
class Row:
    """One line of the table that a person corrects. ``read``: the words that the reader went by."""

    number: int
    is_taken: bool
    sentence: str
    unit: str
    due: str
    category: str
    evidence: str = ""
    speaker: str = ""
    read: str = ""
    is_usual: bool = False


@require_GET
@staff_only
def promised(request: HttpRequest, staff: desk.Staff) -> HttpResponse:
    """What was promised, by unit and date, as the reader may see it."""
    rows = [
        {"one": one, "unit": desk.unit_name(one.unit), "state": say(STATES[one.state]), "tone": TONES[one.state]}
        for one in booking.promised(staff.actor)
    ]
    counts = [(say(STATES[key]), TONES[key], sum(row["one"].state == key for row in rows)) for key in STATES]  # type: ignore[attr-defined]
    values = {
        "staff": staff,
        "rows": rows,
        "counts": counts,
        "may_read": _may_register(staff),
        "done": request.GET.get("done", "")[:4] if request.GET.get("done", "").isdigit() else "",
    }
    return render(request, "commitments/promised.html", values)


def _may_register(staff: desk.Staff) -> bool:
    return any(staff.actor.unit in book.desks for book in _books()) and "triage" in staff.actor.roles


def _books() -> list[Rulebook]:
    """The rulebook of the scene, if one is in force."""
    return [book for book in desk.books_in_force() if book.scene == SCENE]


@require_http_methods(["GET", "POST"])
@staff_only
def read(request: HttpRequest, staff: desk.Staff) -> HttpResponse:
    """Paste what was said; correct what was read; register what is confirmed, all lines or none."""
    values: dict[str, object] = {
        "staff": staff,
        "typed": request.POST,
        "today": desk.now().astimezone(ZoneInfo(settings.ZONE)).date().isoformat(),
    }
    status = 200
    if request.method == "POST":
        try:
            held, meeting = _day(request.POST.get("held", "")), tidy(request.POST.get("meeting", ""), most=100)
            if request.POST.get("do") == "register":
                return _register(request, staff, meeting, held)
            values["rows"] = _proposed(request, held)
        except (Mistyped, NotYet, Refused) as error:
            values["problem"], status = _told(error), 422
            values["rows"] = _typed_rows(request) if request.POST.get("do") == "register" else []
    values |= {"units": sorted(desk.unit_choices(), key=lambda unit: unit.name), "categories": _categories()}
    return render(request, "commitments/read.html", values, status=status)


def _categories() -> list[tuple[str, str]]:
    return [(one.code, choose(one.name, one.name_en)) for book in _books() for one in book.categories.values()]


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Mistyped(say("请写开会的日期。")) from None


def _proposed(request: HttpRequest, held: date) -> list[Row]:
    text = tidy(request.POST.get("text", ""), most=MOST_TEXT, lines=True)
    found = reader.propose(text, held, booking.units())
    if not found:
        raise Mistyped(say("没有读到打算。每位发言人的单位请单独写一行，下面是他说的话。"))
    return [
        Row(n, bool(one.unit), one.sentence, one.unit, one.due.isoformat(), one.category, "", one.speaker,
            " ".join(one.read), not one.dated)
        for n, one in enumerate(found[:MOST_LINES])
    ]  # fmt: skip


def _typed_rows(request: HttpRequest) -> list[Row]:
    """The table as it was sent: what a person corrected is never lost."""
    count = request.POST.get("count", "0")
    whole = int(count) if count.isdigit() and len(count) < 4 else 0
    return [_typed(request.POST, number) for number in range(min(whole, MOST_LINES))]


def _typed(said: Mapping[str, str], n: int) -> Row:
    def part(name: str, most: int) -> str:
        return tidy(said.get(f"{name}-{n}", ""), most=most)

    taken, usual = f"taken-{n}" in said, said.get(f"usual-{n}") == "1"
    return Row(n, taken, part("sentence", 2000), part("unit", 32), part("due", 10), part("category", 8),
               part("evidence", 200), part("speaker", 60), part("read", 200), usual)  # fmt: skip


def _register(request: HttpRequest, staff: desk.Staff, meeting: str, held: date) -> HttpResponse:
    rows = [row for row in _typed_rows(request) if row.is_taken]
    if not meeting:
        raise Mistyped(say("请写会议名称。"))
    if not rows:
        raise Mistyped(say("一行也没有确认。"))
    lines = [_line(row) for row in rows]
    made = booking.register(lines, meeting=meeting, held=held, by=staff.actor)
    return redirect(f"/console/meetings/?done={len(made)}")


def _line(row: Row) -> Line:
    try:
        due = date.fromisoformat(row.due)
    except ValueError:
        raise Mistyped(say("第 {n} 行要写日期。", n=row.number + 1)) from None
    return Line(row.sentence, row.unit, due, row.category or reader.OTHER, row.evidence)


def _told(error: Exception) -> Explained:
    if isinstance(error, Refused):
        return explain_refusal(error)
    if isinstance(error, NotYet):
        lines = [line.partition(" / ")[0] for line in str(error).splitlines()]
        english = [line.partition(" / ")[2] for line in str(error).splitlines()]
        return Explained(choose("；".join(lines), "; ".join(english)))
    return Explained(str(getattr(error, "text", error)))

"""One move on many cases: first what would happen to each, then, once confirmed, what did. None that is sealed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from uuid import UUID, uuid4

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from bihuan.desk import api as desk
from bihuan.faces.console import filled, forms, pairs
from bihuan.faces.console.gate import staff_only
from bihuan.faces.i18n import choose, say
from bihuan.faces.pages import explain_refusal
from bihuan.faces.typed import Mistyped
from bihuan.kernel.refused import Refused

MOST = 200
PURPOSE = "bulk"
MOVES = ("accept", "dispatch", "take", "recategorise", "merge", "remind", "oversee", "note", "archive")
# By the rule table alone: a unit chosen for many at once is chosen for none.
WITHOUT_FIELDS = frozenset({"accept", "dispatch"})


@dataclass(frozen=True)
class Row:
    """One case of the table. ``why`` is empty where the move is possible, or was done."""

    case: UUID
    number: int
    version: int
    title: str = ""
    place: str = ""
    to: str = ""
    why: str = ""


@require_POST
@staff_only
def bulk(request: HttpRequest, staff: desk.Staff) -> HttpResponse:
    move = request.POST.get("move", "")
    cases = list(_cases(request))
    if not cases or move not in MOVES:
        return _page(request, staff, move, [], say("请先勾选要办的件，再选一个操作。"), status=422)
    if len(cases) > MOST:
        return _page(request, staff, move, [], say("一次最多 {n} 件。", n=MOST), status=422)
    views = [_view(staff.actor, case) for case, _ in cases]
    fields = _fields(move, next((view for view in views if view is not None), None))
    rows = [_look(view, case, move) for view, (case, _) in zip(views, cases, strict=True)]
    if request.POST.get("step") != "do":
        return _page(request, staff, move, rows, fields=fields)
    said = filled.Said(request, forms.FORMS[move], fields)
    try:
        _need_filled(move, said)
    except Mistyped as mistyped:
        return _page(request, staff, move, rows, mistyped.text, fields=fields, status=422)
    confirmed = Confirmed(staff.actor, move, said, request.POST.get("key", "")[:40] or uuid4().hex)
    done = list(confirmed.do(rows, [version for _, version in cases]))
    return _page(request, staff, move, done, is_done=True)


def _cases(request: HttpRequest) -> Iterator[tuple[UUID, int]]:
    """Each chosen case with the version that the confirmed table showed (0: not shown yet)."""
    for chosen in dict.fromkeys(request.POST.getlist("case")):
        case, _, version = chosen.partition(":")
        try:
            yield UUID(case), int(version or 0)
        except ValueError:
            continue


def _view(actor: desk.Actor, case: UUID) -> desk.CaseView | None:
    try:
        return desk.read_case(actor, case)
    except (desk.NotFound, Refused):
        return None


def _fields(move: str, view: desk.CaseView | None) -> tuple[forms.Field, ...]:
    if view is None or move in WITHOUT_FIELDS:
        return ()
    fields = forms.FORMS[move].fields(forms.Setting(view.id, view.state, view.book), "")
    return tuple(replace(field, id=f"bulk-{field.name}") for field in fields)


def _look(view: desk.CaseView | None, case: UUID, move: str) -> Row:
    """What the move would do to one case, or why it cannot."""
    if view is None:
        return Row(case, desk.number_of(case) or 0, 0, why=say("封存件要逐件办，或者它不归您看。"))
    row = Row(
        case, view.state.number, view.state.version, choose(view.category.name, view.category.name_en) or say("未分类"),
        choose(view.place.name, view.place.name_en),
    )  # fmt: skip
    open_to = next((one for one in view.moves if one.key == move), None)
    if open_to is None:
        return replace(row, why=say("现在轮不到您这样办。"))
    if open_to.waits is not None:
        return replace(row, why=explain_refusal(open_to.waits).text)
    if move == "dispatch":
        route = view.book.route(view.state.category, view.state.place)
        if route is None:
            return replace(row, why=say("规则表里没有这一行，请逐件派遣。"))
        unit = desk.unit_name(route.lead)
        return replace(row, to=choose(unit.name, unit.name_en))
    return row


@dataclass(frozen=True)
class Confirmed:
    """What was confirmed: each case goes in a transaction of its own, under a key of its own: sent twice, done once."""

    actor: desk.Actor
    move: str
    said: filled.Said
    key: str

    def do(self, rows: list[Row], versions: list[int]) -> Iterator[Row]:
        for row, version in zip(rows, versions, strict=True):
            try:
                self._one(row, version)
                yield replace(row, why="")
            except desk.Stale:
                yield replace(row, why=say("您看的时候它有了新进展，没有动它。"))
            except desk.KeyReused:
                yield replace(row, why=say("这张表已经提交过了。"))
            except (Refused, Mistyped, desk.NotFound) as problem:
                yield replace(row, why=row.why or _words(problem))

    def _one(self, row: Row, version: int) -> None:
        view, key = desk.read_case(self.actor, row.case), f"{self.key}:{row.number}"
        if self.move in pairs.PAIRS:
            pairs.press(self.move, pairs.Pressed(self.actor, view, PURPOSE, key), self.said)
            return
        target = next((one.target for one in view.moves if one.key == self.move), "")
        command, texts = filled.command(self.move, target, self.said)
        desk.submit(
            command,
            by=self.actor,
            case=row.case,
            purpose=PURPOSE,
            key=key,
            expects=version or None,
            texts=texts or None,
        )


def _need_filled(move: str, said: filled.Said) -> None:
    """Raises ``Mistyped`` before the first case is touched."""
    if move in pairs.PAIRS:
        said.whole("number")
    else:
        filled.command(move, "", said)


def _words(problem: Exception) -> str:
    if isinstance(problem, Refused):
        return explain_refusal(problem).text
    return problem.text if isinstance(problem, Mistyped) else say("没有这件，或者它不归您看。")


def _page(
    request: HttpRequest,
    staff: desk.Staff,
    move: str,
    rows: list[Row],
    problem: str = "",
    *,
    fields: tuple[forms.Field, ...] = (),
    is_done: bool = False,
    status: int = 200,
) -> HttpResponse:
    good = [row for row in rows if not row.why]
    values = {
        "staff": staff, "move": move, "label": say(forms.FORMS[move].label) if move in MOVES else "", "rows": rows,
        "good": good, "bad": [row for row in rows if row.why], "fields": fields, "is_done": is_done,
        "problem": problem, "form_key": request.POST.get("key") or uuid4().hex,
    }  # fmt: skip
    return render(request, "console/bulk.html", values, status=status)


def choices() -> list[tuple[str, str]]:
    """What may be done to many at once, for the list."""
    return [(move, say(forms.FORMS[move].label)) for move in MOVES]

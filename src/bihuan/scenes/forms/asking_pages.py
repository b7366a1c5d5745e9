"""Asking communities for a form: compose it, see what the gate says and what it costs, send it."""

from __future__ import annotations

from collections.abc import Mapping

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from bihuan.desk import api as desk
from bihuan.faces.console.gate import staff_only
from bihuan.faces.i18n import say
from bihuan.faces.pages import Explained, explain_refusal
from bihuan.faces.typed import Mistyped, tidy
from bihuan.kernel.refused import Refused
from bihuan.scenes.forms import booking, sheets
from bihuan.scenes.forms.booking import CannotAsk, Looked
from bihuan.scenes.forms.gate import Request
from bihuan.scenes.forms.sheets import Cell, Item

LISTS = {"own": "基本履职", "assist": "配合履职", "taken_back": "上级收回", "none": "清单上没有"}
MONEY = {"none": "没有", "budget": "已列入预算", "given": "随事项拨付"}
EVERY = {"once": "只一次", "year": "每年", "quarter": "每季度", "month": "每月"}
WRONG = {
    "empty": "请写表名，并至少选一项要填的内容。",
    "nobody": "这个范围里没有社区。",
    "silent": "请写是哪个单位要什么。",
    "item": "没有这一项：{about}。请从列出的内容里选，或写成新的一项。",
    "person": "“{about}”是个人的资料，不能用表格向社区要。涉及具体的人，请登记成封存的件。",
}
MOST_NEW = 20


@require_http_methods(["GET", "POST"])
@staff_only
def ask(request: HttpRequest, staff: desk.Staff) -> HttpResponse:
    """Compose a form; see what the gate says and what it costs; then send it."""
    values: dict[str, object] = {
        "staff": staff, "typed": request.POST, "picked": request.POST.getlist("items"),
        # One page is one request, however often it is sent.
        "form_key": request.POST.get("form_key", "")[:64] or desk.now().isoformat(),
    }  # fmt: skip
    status = 200
    if request.method == "POST":
        try:
            wanted, drafts = _request(request)
            values["looked"] = shown(booking.look(wanted, drafts), wanted)
            if request.POST.get("do") == "send":
                made, _ = booking.ask(wanted, by=staff.actor, key=str(values["form_key"]), drafts=drafts)
                return redirect("forms-case", made.case)
        except (CannotAsk, Mistyped, Refused, desk.KeyReused) as error:
            values["problem"], status = told(error), 422
    return render(request, "forms/ask.html", values | _choices(staff), status=status)


def _choices(staff: desk.Staff) -> dict[str, object]:
    dictionary = sheets.items().values()
    known = sheets.known(sheets.communities(), dictionary)
    shares: dict[str, list[Cell]] = {}
    for (_, key), cell in known.items():
        shares.setdefault(key, []).append(cell)
    return {
        "duties": [(one.key, one.name, say(LISTS[one.listed])) for one in sheets.duties().values()],
        "items": [(item, share(shares.get(item.key, []))) for item in dictionary],
        "money": [(key, say(word)) for key, word in MONEY.items()],
        "every": [(key, say(word)) for key, word in EVERY.items()],
        "places": [street for street, _ in desk.place_choices()],
        "unit": staff.unit,
    }


def share(cells: list[Cell]) -> int:
    return round(100 * sum(cell.is_known for cell in cells) / len(cells)) if cells else 0


def _request(request: HttpRequest) -> tuple[Request, dict[str, Item]]:
    """What is asked for, and the items in it that nobody has asked before."""
    said = {name: tidy(request.POST.get(name, ""), most=120) for name in ("name", "duty", "law", "place")}
    why = tidy(request.POST.get("why", ""), most=1000, lines=True)
    money, every = request.POST.get("money", "none"), request.POST.get("every", "once")
    days = request.POST.get("days", "20")
    drafts = {item.key: item for item in _drafts(request)}
    picked = [key[:64] for key in request.POST.getlist("items")]
    wanted = Request(
        said["name"],
        tuple(dict.fromkeys([*picked, *drafts])),
        said["duty"],
        said["law"],
        money if money in MONEY else "none",
        every if every in EVERY else "once",
        said["place"],
        max(1, min(365, int(days))) if days.isdigit() and len(days) < 4 else 20,
        why,
    )
    return wanted, drafts


def _drafts(request: HttpRequest) -> list[Item]:
    """Items that nobody has asked before, a line each: name, measure."""
    lines = tidy(request.POST.get("more", ""), most=2000, lines=True).splitlines()
    parts = [[part.strip() for part in line.replace("，", ",").split(",")] for line in lines if line.strip()]
    return [booking.draft_item(one[0][:60], one[1][:8] if len(one) > 1 else "") for one in parts[:MOST_NEW]]


def shown(looked: Looked, wanted: Request) -> dict[str, object]:
    """What the gate says, in words, and what it costs."""
    found, cost = looked.verdict.found, looked.cost
    duty = sheets.duty(wanted.duty)
    return {
        "passes": looked.verdict.passes,
        "why": explain_refusal(looked.verdict.refused) if looked.verdict.refused else None,
        "checks": [
            (say("职责清单"), found["listed"] in {"own", "assist"},
             f"{duty.name if duty else ''} {say(LISTS[found['listed']])}".strip()),
            (say("法律依据"), found["lawful"] == "yes", looked.verdict.law),
            (say("经费"), found["funded"] == "yes" or found["listed"] == "own", _money(found, wanted)),
            (say("还没有报过的内容"), found["fresh"] == "yes", say("已知道 {n}%", n=round(cost.known * 100))),
        ],
        "cost": cost,
        "known": round(cost.known * 100),
        "bare_hours": hours(cost.bare_a_year),
        "hours": hours(cost.minutes_a_year),
        "bare": count(cost.bare),
        "filled": count(cost.filled),
        "width": round(1000 * cost.filled / cost.bare) if cost.bare else 0,
    }  # fmt: skip


def count(minutes: float) -> int:
    return max(1, round(minutes))


def _money(found: Mapping[str, str], wanted: Request) -> str:
    if found["listed"] == "own" and wanted.money == "none":
        return say("社区自己的职责，不要求另拨")
    return say(MONEY[wanted.money])


def hours(minutes: float) -> str:
    return f"{minutes / 60:.1f}"


def told(error: Exception) -> Explained:
    if isinstance(error, CannotAsk):
        return Explained(say(WRONG[error.code], about=error.about) if error.about else say(WRONG[error.code]))
    if isinstance(error, Refused):
        return explain_refusal(error)
    if isinstance(error, desk.KeyReused):
        return Explained(say("这一页已经提交过，内容又改了。请从头再开一页。"))
    return Explained(str(getattr(error, "text", error)))

"""The rulebook editor: tables down and up, the difference, its effect, a date, a reason. Rows: ``rule_rows``."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable
from datetime import date

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from bihuan.desk import api as desk
from bihuan.faces import shown
from bihuan.faces.console.gate import staff_only
from bihuan.faces.i18n import choose, say
from bihuan.faces.pages import Explained, explain_refusal
from bihuan.faces.templatetags.words import local
from bihuan.faces.typed import Mistyped, tidy
from bihuan.kernel.refused import Refused

rulebooks = desk.rulebook_drafts
TABLES = {
    "book": "规则", "categories": "类别", "clocks": "时限", "routes": "派遣", "steps": "步骤", "ladder": "升级",
}  # fmt: skip
KINDS = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "zip": "application/zip",
}
DONE = {
    "saved": "已保存。还没有发布，什么都没有变。",
    "published": "已发布。新登记的事从生效那天起按它办，已经登记的不变。",
    "discarded": "草稿已丢掉，重新从最新的版本开始。",
}
WORDS = {"add": "新增", "gone": "删去", "cell": "改动"}
MOST_FILES = 6
MOST_CHANGES = 400
STILL = (1980, 1, 1, 0, 0, 0)  # the same tables give the same bytes


def editable(staff: desk.Staff) -> list[tuple[str, str]]:
    """The scenes whose rules this post may change: key and name."""
    books = desk.books_in_force()
    return [(one.scene, shown.scene_name(one.scene)) for one in books if rulebooks.may_edit(staff.actor, one.scene)]


def read(staff: desk.Staff, scene: str) -> desk.rulebook_drafts.Drafted:
    try:
        return rulebooks.read(staff.actor, scene)
    except desk.NotFound:
        raise Http404(scene) from None


def turn_of(request: HttpRequest) -> int:
    text = request.POST.get("turn", "")
    return int(text) if text.isdigit() and len(text) < 9 else -1


def told(changed: desk.rulebook_drafts.Changed) -> Explained:
    """Who was faster."""
    who, when = desk.staff_names([changed.by]).get(changed.by) or changed.by, local(changed.at)
    if changed.version:
        text = "版本 {version} 在您改的时候已经导入（{who}，{when}）。您的草稿没有发布；请从最新的版本重新开始。"
        return Explained(say(text, version=changed.version, who=who, when=when))
    text = "{who} 在 {when} 先保存了，您的这一次没有保存，也没有盖掉别人的。下面是现在的草稿。"
    return Explained(say(text, who=who, when=when))


def spoken(what: str) -> str:
    """What the desk says in two languages, in that of the page; what is in one language stands as it is."""
    zh, _, en = what.rpartition(" / ")
    return choose(zh or en, en)


@require_http_methods(["GET", "POST"])
@staff_only
def rulebook(request: HttpRequest, staff: desk.Staff, scene: str) -> HttpResponse:
    """What a draft changes and would mean; take in a file; publish; discard."""
    drafted = read(staff, scene)
    if request.method == "GET":
        return _page(request, staff, drafted)
    try:
        done = _do(request, staff, scene)
    except Mistyped as mistyped:
        return _page(request, staff, drafted, problem=Explained(mistyped.text), status=422)
    except rulebooks.Changed as changed:
        return _page(request, staff, read(staff, scene), problem=told(changed), status=409)
    except Refused as refused:
        return _page(request, staff, drafted, problem=explain_refusal(refused), status=422)
    except rulebooks.BadRulebook as bad:
        text = say("这个文件没有收下，草稿没有变。")
        return _page(request, staff, drafted, problem=Explained(text), bad=_problems(bad.problems), status=422)
    return redirect(f"/console/rules/{scene}?done={done}")


def _do(request: HttpRequest, staff: desk.Staff, scene: str) -> str:
    turn, do = turn_of(request), request.POST.get("do", "")
    if do == "upload":
        files = request.FILES.getlist("files")[:MOST_FILES]
        if not files:
            raise Mistyped(say("请先选一个文件。"))
        if sum(one.size or 0 for one in files) > rulebooks.LARGEST_FILE:
            raise Mistyped(say("文件太大，最多 5 MB。"))
        rulebooks.upload(staff.actor, scene, {one.name or "": one.read() for one in files}, turn=turn)
        return "saved"
    if do == "discard":
        rulebooks.discard(staff.actor, scene, turn=turn)
        return "discarded"
    if do != "publish":
        raise Mistyped(say("没有这个操作。"))
    try:
        day = date.fromisoformat(request.POST.get("effective", ""))
    except ValueError:
        raise Mistyped(say("请填生效日期。")) from None
    reason = tidy(request.POST.get("reason", ""), most=500)
    rulebooks.publish(staff.actor, scene, turn=turn, effective=day, reason=reason)
    return "published"


def _page(
    request: HttpRequest,
    staff: desk.Staff,
    drafted: desk.rulebook_drafts.Drafted,
    *,
    problem: Explained | None = None,
    bad: list[tuple[str, str, str]] | None = None,
    status: int = 200,
) -> HttpResponse:
    scene = drafted.scene
    held, listed = rulebooks.in_force(scene), rulebooks.versions(scene)
    book, found = rulebooks.check(drafted)
    changes = rulebooks.diff(held, book) if book is not None else []
    moved = rulebooks.effects(held, book) if book is not None and changes else []
    people = desk.staff_names([drafted.changed_by, *(one.by for one in listed if one.by)])
    done = DONE.get(request.GET.get("done", ""), "")
    values = {
        "staff": staff,
        "scene": scene,
        "title": shown.scene_name(scene),
        "held": held,
        "drafted": drafted,
        "changed_by": people.get(drafted.changed_by, ""),
        "changed_at": local(drafted.changed) if drafted.changed else "",
        "tables": [(key, say(name), max(0, len(drafted.tables.get(key, ())) - 1)) for key, name in TABLES.items()],
        "found": _problems(found),
        "bad": bad or [],
        "changes": [_change(one) for one in changes[:MOST_CHANGES]],
        "count": len(changes),
        "more": max(0, len(changes) - MOST_CHANGES),
        "effects": [(_unit(one.before), _unit(one.after), one.cases) for one in moved],
        "today": rulebooks.today().isoformat(),
        "versions": [(one, people.get(one.by, "") or one.version.imported_by[:16]) for one in listed],
        "done": say(done) if done else "",
        "problem": problem,
    }
    return render(request, "console/rulebook.html", values, status=status)


def _unit(code: str) -> str:
    unit = desk.unit_name(code)
    return choose(unit.name, unit.name_en) if code else say("手工派遣")


def named(column: desk.rulebook_drafts.Column | None, cell: str) -> str:
    """A cell as people read it: units by name, with their codes."""
    if column is None or column.key not in rulebooks.OF_UNITS or not cell:
        return cell
    units = [desk.unit_name(code) for code in cell.split(";")]
    return "; ".join(f"{choose(one.name, one.name_en)} {one.code}" if one.kind else one.code for one in units)


def _problems(found: Iterable[desk.rulebook_drafts.Problem]) -> list[tuple[str, str, str]]:
    """The row to open, where it is, what to do."""
    rows = []
    for one in found:
        name = say(TABLES[one.table]) if one.table in TABLES else one.table
        row = say("{title}，第 {n} 行", title=name, n=one.row) if one.row else name
        column = rulebooks.column(one.table, one.column.split()[-1]) if one.column else None
        where = " · ".join(filter(None, (row, column.header if column else one.column)))
        link = f"{one.table}?row={one.row - 1}#edit" if one.row > 1 else one.table
        rows.append((link if one.table in TABLES else "", where, spoken(one.what)))
    return rows


def _change(one: desk.rulebook_drafts.Difference) -> dict[str, str]:
    is_row = one.column == rulebooks.WHOLE_ROW
    found = rulebooks.column(one.table, one.key if one.table == "book" else one.column)
    kind = ("gone" if one.old else "add") if is_row else "cell"
    label = "" if is_row else found.header if found else one.column
    return {
        "kind": kind, "word": say(WORDS[kind]), "table": say(TABLES[one.table]), "key": one.key, "column": label,
        "before": named(found, one.old), "after": named(found, one.new),
    }  # fmt: skip


@require_GET
@staff_only
def tables(request: HttpRequest, staff: desk.Staff, scene: str, pack: str) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """The tables of the draft, or of the newest version: one workbook, or a ZIP of CSV files."""
    drafted = read(staff, scene)
    if pack == "xlsx":
        content = rulebooks.as_workbook(drafted)
    else:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, text in rulebooks.as_csv(drafted).items():
                archive.writestr(zipfile.ZipInfo(f"{scene}/{name}", STILL), text)
        content = packed.getvalue()
    answer = HttpResponse(content, content_type=KINDS[pack])
    answer["Content-Disposition"] = f'attachment; filename="rules-{scene}.{pack}"'
    return answer

"""The page in which a micro-scene is written: its tables as rows of labelled cells, and what was typed into them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.http import QueryDict

from bihuan.desk import api as desk
from bihuan.faces.i18n import choose, language, say
from bihuan.faces.typed import tidy

micro = desk.micro
LABELS: Mapping[str, str] = {
    "name": "名称", "name_en": "英文名称（可以不填）", "close_if": "办到什么样算办好（可以不填）", "by": "由谁做",
    "stage": "在哪一段", "after": "在哪一步之后", "kind": "怎么填", "options": "选项（用分号隔开）",
    "ask": "什么时候问",
    "required": "必须填吗", "personal": "是个人信息吗", "which": "哪一段", "category": "哪一类", "amount": "多少",
    "unit": "时间单位", "ground": "凭什么", "basis": "文号或者自定规则的名称", "place": "哪个社区", "lead": "主办单位",
    "assist": "协办单位（可以没有）", "summary": "一句话说清管什么",
    "summary_en": "英文的一句话（可以不填）", "seal": "谁看得到",
    "seal_note": "告诉反映人：谁看得到（封存的要写）", "desk": "谁受理", "verifier": "谁核查",
    "straight": "先受理，还是直接派", "public": "谁可以反映",
}  # fmt: skip
TITLES: Mapping[str, tuple[str, str, str]] = {
    "categories": ("管哪几类事", "居民反映时看到的大按钮。", "加一类"),
    "fields": ("问什么", "只问办事用得着的。个人信息另外加密，可以要求删除。", "加一栏"),
    "steps": ("自己的步骤", "办理中要做、要记下来的事。没有就不加。", "加一步"),
    "proofs": ("办好要有什么凭证", "没有凭证不能结案（第 4 条）。", "加一种凭证"),
    "clocks": ("每一段多少时间", "“全部类别”的受理、派遣、办理、核查四行一定要有。", "加一个时限"),
    "routes": ("哪类事、哪个地方，归谁办", "先看最具体的一行。只能交给本街道和它的社区。", "加一行"),
}
CHOICES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "kind": (
        ("text", "文字"), ("choice", "选一项"), ("number", "数字"), ("date", "日期"), ("yes_no", "是或者否"),
        ("place", "社区"),
    ),
    "by": (("handler", "经办人"), ("triage", "受理员"), ("verifier", "核查员"), ("head", "单位负责人")),
    "stage": (("work", "派遣以后，办理中"), ("triage", "登记以后，派遣以前")),
    "required": (("", "可以不填"), ("yes", "必须填")),
    "personal": (("", "不是"), ("yes", "是，只给经办人看")),
    "unit": (("自然日", "自然日"), ("工作日", "工作日"), ("工作时", "工作时"), ("小时", "小时")),
    "ground": (("house", "自己定的规则"), ("law", "法规或者文件")),
    "seal": (("L1", "L1 内部"), ("L0", "L0 公开"), ("L2", "L2 经办组")),
    "straight": (("", "先受理再派"), ("yes", "登记了就派给主办单位")),
    "public": (("yes", "谁都可以"), ("", "只有工作人员登记")),
}  # fmt: skip
PHASES = (("accept", "受理"), ("dispatch", "派遣"), ("handle", "办理"), ("verify", "核查"))


@dataclass(frozen=True)
class Cell:
    """``kind``: ``text area choice number hidden``."""

    id: str
    label: str
    kind: str
    value: str
    most: int
    choices: tuple[tuple[str, str], ...] = ()
    error: str = ""


@dataclass(frozen=True)
class Line:
    number: int
    cells: tuple[Cell, ...]
    error: str = ""


@dataclass(frozen=True)
class Part:
    key: str
    title: str
    hint: str
    add: str
    lines: tuple[Line, ...]
    error: str = ""
    is_full: bool = False
    is_open: bool = False


def spoken(what: str) -> str:
    """What the desk says in two languages, in that of the page."""
    zh, _, en = what.partition(" / ")
    return choose(zh, en)


# -- what was typed -----------------------------------------------------------------------------------------------


def read(draft: desk.micro.Draft, post: QueryDict) -> desk.micro.Draft:
    """Raises ``Mistyped`` for what no encoding can be; everything else is kept as it was typed, and judged later."""
    head = {name: _typed(post, name) for name in micro.HEAD}
    rows = {
        table: [
            {column: _typed(post, f"{table}-{number}-{column}") for column in columns}
            for number in range(1, micro.MOST[table] + 2)
        ]
        for table, columns in micro.TABLES.items()
    }
    return micro.fill(draft, head, rows)


def _typed(post: QueryDict, name: str) -> str:
    return tidy(post.get(name, "")[:2000], most=2000)


def without(draft: desk.micro.Draft, table: str, number: int) -> desk.micro.Draft:
    rows = [row for at, row in enumerate(draft.table(table), 1) if at != number]
    head = {name: getattr(draft, name) for name in micro.HEAD}
    return micro.fill(draft, head, {**draft.rows, table: rows})


# -- what is shown ------------------------------------------------------------------------------------------------


class Shown:
    """A draft as a form. ``adding``: the table that has an empty row at its end."""

    def __init__(self, stored: desk.micro.Stored, draft: desk.micro.Draft, found: Iterable[desk.micro.Wrong]) -> None:
        self._draft, self._choices = draft, micro.choices(draft, stored.published)
        self._errors: dict[tuple[str, int, str], str] = {}
        for one in found:
            self._errors.setdefault((one.table, one.row, one.column), spoken(one.what))

    def head(self) -> tuple[Cell, ...]:
        return tuple(self._cell("", 0, name, getattr(self._draft, name)) for name in micro.HEAD)

    def parts(self, adding: str = "") -> list[Part]:
        return [self._part(table, *words, is_adding=table == adding) for table, words in TITLES.items()]

    def _part(self, table: str, title: str, hint: str, add: str, *, is_adding: bool) -> Part:
        rows = list(self._draft.table(table))
        if is_adding and len(rows) < micro.MOST[table]:
            rows.append(dict.fromkeys(micro.TABLES[table], ""))
        lines = tuple(
            Line(
                number,
                tuple(self._cell(table, number, column, row[column]) for column in micro.TABLES[table]),
                self._errors.get((table, number, "")) or self._errors.get((table, number, "key"), ""),
            )
            for number, row in enumerate(rows, 1)
        )
        errors = [text for (one, number, _), text in self._errors.items() if one == table and number == 0]
        full = len(self._draft.table(table)) >= micro.MOST[table]
        is_open = is_adding or not rows or any(one == table for one, _, _ in self._errors)
        return Part(table, say(title), say(hint), say(add), lines, " ".join(errors), full, is_open)

    def _cell(self, table: str, number: int, column: str, value: str) -> Cell:
        name = f"{table}-{number}-{column}" if table else column
        error = self._errors.get((table, number, column), "") if number or not table else ""
        if column == "key":
            return Cell(name, "", "hidden", value, 40)
        most = micro.LONGEST_LONG if column in micro.LONG else micro.LONGEST
        choices = self._options(table, column)
        kind = "choice" if choices else "number" if column == "amount" else "text"
        if column in {"summary", "summary_en", "basis", "seal_note"} and not table:
            kind = "area"
        label = say("凭什么这样办（居民公约、议事会决定、文号）") if name == "basis" else say(LABELS[column])
        return Cell(name, label, kind, value, most, choices, error)

    def _options(self, table: str, column: str) -> tuple[tuple[str, str], ...]:
        if column == "category":
            return (("", say("全部类别")), *self._rows("categories"))
        if column in {"after", "ask", "which"}:
            steps = tuple((key, say("步骤：{name}", name=name)) for key, name in self._rows("steps"))
            first = {"after": (("", say("不分先后")),), "ask": (("report", say("反映的时候")),)}
            phases = tuple((key, say(name)) for key, name in PHASES)
            return (*first.get(column, phases), *steps)
        if column in {"lead", "assist", "desk", "verifier", "place"}:
            return self._named(column)
        if table == "" and column == "unit":
            return ()
        return tuple((key, say(word)) for key, word in CHOICES.get(column, ()))

    def _named(self, column: str) -> tuple[tuple[str, str], ...]:
        if column == "place":
            places = tuple((code, name_of(desk.place_name(code))) for code in self._choices.places)
            return (("", say("全部地点")), *places)
        known = {"desk": self._choices.desks, "verifier": self._choices.verifiers}.get(column, self._choices.leads)
        units = tuple((code, name_of(desk.unit_name(code))) for code in known)
        return (("", say("没有") if column == "assist" else say("请选择")), *units)

    def _rows(self, table: str) -> list[tuple[str, str]]:
        return [(row["key"], word(row)) for row in self._draft.table(table) if row["key"]]


def name_of(unit: desk.UnitName) -> str:
    return choose(unit.name, unit.name_en)


def word(row: Mapping[str, str]) -> str:
    return (language() == "en" and row["name_en"]) or row["name"]


def problems(found: Iterable[desk.micro.Wrong]) -> list[tuple[str, str, str]]:
    """Where each is (the field to go to), its place in words, and what to do."""
    rows = []
    for one in found:
        target = f"{one.table}-{one.row}-{one.column}" if one.row else one.table or one.column
        if one.row and one.column in {"", "key"}:
            target = one.table
        rows.append((target, _place(one), spoken(one.what)))
    return rows


def _place(one: desk.micro.Wrong) -> str:
    column = say(LABELS[one.column]) if one.column in LABELS else ""
    if not one.table:
        return column or one.column
    title = say(TITLES[one.table][0])
    where = say("{title}，第 {n} 行", title=title, n=one.row) if one.row else title
    return f"{where} · {column}" if column else where

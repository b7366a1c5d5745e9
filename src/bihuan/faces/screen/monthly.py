"""The monthly notice (通报): units and places, never people; each number with its denominator and its cases."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from bihuan.desk import api as desk
from bihuan.faces.i18n import say
from bihuan.faces.screen import shown

boards = desk.boards


@dataclass(frozen=True)
class Cell:
    """``link`` is absolute: a file is read elsewhere."""

    text: str
    link: str = ""


@dataclass(frozen=True)
class Sheet:
    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True)
class Notice:
    title: str
    lines: tuple[Cell, ...]
    sheets: tuple[Sheet, ...]
    notes: tuple[str, ...]


def compose(month: date, site: str) -> Notice:
    """``site``: the address that links begin with."""
    span, text = boards.Span(month, month), f"{month:%Y-%m}"
    months = {"from": text, "to": text}
    units, streets = boards.table("unit", span=span), boards.table("street", span=span)
    matters = boards.table("category", span=span)
    total = units.total
    heard = say(
        "本月登记 {heard} 件，受理范围内 {problems} 件。", **{k: shown.count(total, k) for k in ("heard", "problems")}
    )
    lines = [
        Cell(heard, site + shown.cases("heard", months)),
        *(_line(shown.figure(total, key, months), site) for key in shown.NAMES),
    ]
    for one in boards.falls(month):
        said = say("注意：{name}事项数下降，不作为成绩（登记 {a} → {b}，受理范围内 {c} → {d}）。",
                   name=shown.named(one.name), a=one.before.heard, b=one.now.heard, c=one.before.problems,
                   d=one.now.problems)  # fmt: skip
        lines.append(Cell(said, site + shown.cases("heard", months | {"place": place_of(one)})))
    notes = (
        say("校正：按类别构成作间接标准化（全区率 × 实际 ÷ 期望）；区间为 95%（Wilson）。"),
        say("分母不到三十的不排序，一组不到五件的不显示；封存件、演练和导入的历史不计入；不涉及个人。"),
    )
    sheets = (
        _sheet(say("按单位"), units, "unit", months, site),
        _sheet(say("按街道"), streets, "place", months, site),
        _sheet(say("按类别"), matters, "matter", months, site),
    )
    return Notice(say("{month} 办理情况通报", month=text), tuple(lines), sheets, notes)


def place_of(one: desk.boards.Fall) -> str:
    """Of the whole district no place is asked for: its cases may name none."""
    return one.name.place if one.name.kind != "district" else ""


def _line(one: shown.Figure, site: str) -> Cell:
    return Cell(f"{one.name} {one.text}（{one.parts}）", site + one.address)


def _sheet(title: str, board: desk.boards.Board, narrows: str, months: dict[str, str], site: str) -> Sheet:
    head = (title, say("登记"), *(say(name) for name in shown.NAMES.values()), say("按时办结率（校正）"))
    rows = []
    for row in sorted(board.rows, key=lambda row: row.name.name):
        narrowed = months | {narrows: row.code or (boards.NOWHERE if narrows == "place" else "")}
        told = [shown.figure(row, key, narrowed) for key in shown.NAMES]
        fair = row.adjusted["on_time"]
        rows.append(
            (
                Cell(shown.named(row.name)),
                Cell(shown.count(row, "heard"), site + shown.cases("heard", narrowed)),
                *(Cell(f"{one.text} ({one.parts})", site + one.address) for one in told),
                Cell(shown.percent(fair.rate) if told[0].is_shown and fair.verdict != "small" else "—"),
            )
        )
    return Sheet(title, head, tuple(rows))

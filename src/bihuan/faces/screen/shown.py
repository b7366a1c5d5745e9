"""Numbers as pages show them: shares with their denominators, links to the cases behind, charts as plain SVG values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from bihuan.desk import api as desk
from bihuan.faces.i18n import choose, say

boards = desk.boards
FEW = "<5"
NAMES = {
    "on_time": "按时办结率",
    "right_first": "一次办结率",
    "returned": "退回率",
    "reopened": "重开率",
    "disputed": "异议率",
}
# What stands behind a share, and what behind its other side.
BEHIND = {
    "on_time": "missed",
    "right_first": "wrong",
    "returned": "returned",
    "reopened": "reopened",
    "disputed": "disputed",
}
TITLES = {
    "heard": "登记的事项",
    "problems": "受理范围内的事项",
    "dispatched": "派遣过的事项",
    "open": "在办事项",
    "late": "超时未结的事项",
    "running": "有时限在走的事项",
    "overdue": "有时限已过的事项",
    "judged": "已结或已超时的事项",
    "on_time": "按时办结的事项",
    "answered": "答复过的事项",
    "right_first": "一次办结的事项",
    "returned": "退回过的事项",
    "twice": "退回两次以上的事项",
    "finished": "结过案的事项",
    "reopened": "重开过的事项",
    "disputed": "有过异议的事项",
    "missed": "没有按时办结的事项",
    "wrong": "没有一次办结的事项",
    "away": "不予受理或并案的事项",
    "contested": "有异议、在办的事项",
    "shuttled": "退回两次以上、在办的事项",
    "quiet": "三十天没有动静的在办事项",
}
VERDICTS = {"above": "高于全区", "below": "低于全区", "same": "与全区无明显差别", "small": "件数少，不比较"}
TONES = {"above": "good", "below": "bad", "same": "", "small": "soft"}


def percent(rate: float) -> str:
    return f"{100 * rate:.1f}%"


@dataclass(frozen=True)
class Figure:
    """``text`` is the rate; ``parts`` the count and its denominator; ``address`` leads to the cases."""

    key: str
    name: str
    text: str
    parts: str
    address: str
    rate: float
    low: float
    high: float
    is_shown: bool


def figure(row: desk.boards.Row, key: str, narrowed: dict[str, str]) -> Figure:
    share = row.share(key)
    low, high = share.interval
    name, is_shown = say(NAMES[key]), share.is_shown and row.is_shown
    text = percent(share.rate) if is_shown else "—"
    parts = f"{share.count} / {share.of}" if is_shown else (f"{FEW}" if share.of else "0")
    return Figure(key, name, text, parts, cases(BEHIND[key], narrowed), share.rate, low, high, is_shown)


def count(row: desk.boards.Row, key: str) -> str:
    """A count; of fewer than five cases nothing is told."""
    if row.is_shown:
        return str(row.counts[key])
    return FEW if row.counts["heard"] else "0"


def cases(show: str, narrowed: dict[str, str]) -> str:
    kept = {key: value for key, value in narrowed.items() if value}
    return "/screen/cases?" + urlencode({"show": show, **kept})


def named(name: desk.UnitName) -> str:
    return choose(name.name, name.name_en) or say("未分类")


# -- charts -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Bar:
    """A month: two bars side by side, in a sheet of 480 x 150."""

    x: float
    y: float
    height: float
    y2: float
    height2: float
    label: str
    heard: str
    problems: str
    address: str


TALL = 110.0


def bars(rows: Sequence[desk.boards.Row], narrowed: dict[str, str]) -> list[Bar]:
    """The last twelve months, the oldest first."""
    rows = sorted(rows, key=lambda row: row.code)[-12:]
    most = max((row.counts["heard"] for row in rows), default=0) or 1
    found = []
    for number, row in enumerate(rows):
        one, two = (TALL * (row.counts[key] if row.is_shown else 0) / most for key in ("heard", "problems"))
        found.append(
            Bar(
                x=(number + 12 - len(rows)) * 40 + 6,
                y=round(TALL - one + 8, 1),
                height=round(one, 1),
                y2=round(TALL - two + 8, 1),
                height2=round(two, 1),
                label=row.code[2:].replace("-", "."),
                heard=count(row, "heard"),
                problems=count(row, "problems"),
                address=cases("heard", narrowed | {"from": row.code, "to": row.code}),
            )
        )
    return found


@dataclass(frozen=True)
class Interval:
    """A point with what may be chance around it, on a line of 0 to 100 units."""

    low: float
    width: float
    at: float


def interval(rate: float, low: float, high: float) -> Interval:
    return Interval(round(100 * low, 1), round(max(0.8, 100 * (high - low)), 1), round(100 * rate, 1))

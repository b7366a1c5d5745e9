"""The six tables of a rulebook as officers see them: which columns, what may stand in a cell, and how it is written.

A header cell is ``中文 key``; on reading either half is enough. Lists are separated by ``;``. A column that is missing
takes its default everywhere, unless it is needed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields, is_dataclass
from datetime import date
from types import MappingProxyType
from typing import Any, Literal

from bihuan.kernel.calendar import Unit
from bihuan.kernel.case import Seal, Stage
from bihuan.kernel.rules import Category, ClockRule, LadderStep, Route, Rulebook, Step

LONGEST_TEXT = 2000
LARGEST_WHOLE = 1_000_000
UNITS = MappingProxyType({
    "自然日": Unit.CALENDAR_DAY, "工作日": Unit.WORKING_DAY, "工作时": Unit.OFFICE_HOUR, "小时": Unit.HOUR,
    "分钟": Unit.MINUTE,
})  # fmt: skip
YES_NO = MappingProxyType({"是": True, "否": False})
ALSO = MappingProxyType({"yes": True, "no": False, "true": True, "false": False, "1": True, "0": False})
SEPARATORS = re.compile(r"[;；、\n]+")
# Excel shows a long code as 5.00103E+11 and saves it so: the digits are gone.
BROKEN_CODE = re.compile(r"\d(\.\d+)?[eE]\+\d+")
KEY = re.compile(r"[^\s;；、,，'\"]{1,64}")
Kind = Literal["text", "key", "keys", "whole", "wholes", "date", "flag", "choice", "choices"]


class CellError(ValueError):
    """What is wrong with a cell, and what is allowed there."""


@dataclass(frozen=True)
class Column:
    """One column. ``key``: the field of the kernel's row; ``options``: what officers write, to what the field holds."""

    key: str
    name: str
    kind: Kind = "text"
    is_needed: bool = False
    default: Any = None
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def header(self) -> str:
        return f"{self.name} {self.key}"

    def read(self, cell: str) -> Any:  # noqa: ANN401 - as many types as kinds
        """The value of a cell; raises ``CellError``."""
        if cell == "":
            if self.is_needed:
                raise CellError("不能为空 / must not be empty")
            return self.default
        return READERS[self.kind](self, cell)

    def write(self, value: Any) -> str:  # noqa: ANN401 - as in read
        if value is None or value in ("", ()):
            return ""
        if self.kind in {"keys", "wholes"}:
            return ";".join(map(str, value))
        if self.options:
            shown = {held: text for text, held in self.options.items()}
            return ";".join(shown[one] for one in value) if self.kind == "choices" else shown[value]
        return str(value)

    @property
    def allowed(self) -> str:
        return ", ".join(self.options)


def read_text(_: Column, cell: str) -> str:
    text = cell.replace("\r\n", "\n").replace("\r", "\n").strip()
    if len(text) > LONGEST_TEXT:
        raise CellError(f"{len(text)} 字,最多 {LONGEST_TEXT} 字 / longer than {LONGEST_TEXT} characters")
    bad = next((ch for ch in text if ch != "\n" and unicodedata.category(ch) in {"Cc", "Cs"}), None)
    if bad is not None:
        raise CellError(f"含控制字符 U+{ord(bad):04X},请删除 / holds the control character U+{ord(bad):04X}: delete it")
    return text


def read_key(_: Column, cell: str) -> str:
    if BROKEN_CODE.fullmatch(cell):
        raise CellError(
            f"'{cell}': 代码被表格软件改成了科学计数,请把该列设为文本后重填"
            " / the spreadsheet has turned the code into a number: set the column to text and type it again"
        )
    if not KEY.fullmatch(cell):
        raise CellError(
            f"'{cell}': 代码不含空格、引号、分号、逗号,最多 64 字"
            " / a code has no spaces, quotes or separators, and at most 64 characters"
        )
    return cell


def read_keys(column: Column, cell: str) -> tuple[str, ...]:
    return tuple(read_key(column, part.strip()) for part in SEPARATORS.split(cell) if part.strip())


def read_whole(_: Column, cell: str) -> int:
    text = cell.removesuffix(".0")
    if not (text.isascii() and text.isdigit()) or int(text) > LARGEST_WHOLE:
        most = LARGEST_WHOLE
        raise CellError(f"'{cell}': 只能填 0 至 {most} 的整数 / write a whole number from 0 to {most}")
    return int(text)


def read_wholes(column: Column, cell: str) -> tuple[int, ...]:
    return tuple(read_whole(column, part.strip()) for part in SEPARATORS.split(cell) if part.strip())


def read_date(_: Column, cell: str) -> date:
    found = re.fullmatch(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?( 00:00:00)?", cell)
    try:
        if found:
            return date(*map(int, found.groups()[:3]))
    except ValueError:
        pass
    raise CellError(f"'{cell}': 日期写成 2026-01-31 / write a date like 2026-01-31")


def read_flag(column: Column, cell: str) -> bool:
    known = {**column.options, **ALSO}
    if cell.lower() not in known:
        raise CellError(f"'{cell}': 填 是 或 否 / write 是 (yes) or 否 (no)")
    return bool(known[cell.lower()])


def read_choice(column: Column, cell: str) -> Any:  # noqa: ANN401 - whatever the options hold
    if cell in column.options:
        return column.options[cell]
    held = {str(value): value for value in column.options.values()}
    if cell in held:
        return held[cell]
    raise CellError(f"'{cell}': 只能填 / allowed are {column.allowed} ({', '.join(held)})")


def read_choices(column: Column, cell: str) -> tuple[Any, ...]:
    return tuple(read_choice(column, part.strip()) for part in SEPARATORS.split(cell) if part.strip())


READERS: Mapping[str, Callable[[Column, str], Any]] = {
    "text": read_text,
    "key": read_key,
    "keys": read_keys,
    "whole": read_whole,
    "wholes": read_wholes,
    "date": read_date,
    "flag": read_flag,
    "choice": read_choice,
    "choices": read_choices,
}

# What a cell may hold follows from the kernel's own types.
SEALS = {"公开": Seal.L0, "内部": Seal.L1, "专案": Seal.L2, "封存": Seal.L3}
STAGES = {
    "登记": Stage.REGISTERED,
    "立案": Stage.ACCEPTED,
    "派遣": Stage.DISPATCHED,
    "处置": Stage.WORKING,
    "反馈": Stage.ANSWERED,
    "核查": Stage.VERIFYING,
    "结案": Stage.CLOSED,
}
VERIFY_BY = {"另一单位": "unit", "另一人": "person"}
PER = {"案卷": "case", "协办": "assist"}
ACTIONS = {"预警": "warn", "催办": "remind", "督办": "oversee"}
ENDS = {"不予受理": "declined"}


def _flag(key: str, name: str) -> Column:
    return Column(key, name, "flag", default=False, options=YES_NO)


def _keys(key: str, name: str, *, is_needed: bool = False) -> Column:
    return Column(key, name, "keys", is_needed=is_needed, default=())


def _text(key: str, name: str, *, is_needed: bool = False) -> Column:
    return Column(key, name, "text", is_needed=is_needed, default="")


def _key(key: str, name: str, *, is_needed: bool = False, default: str = "") -> Column:
    return Column(key, name, "key", is_needed=is_needed, default=default)


BOOK = (
    _key("scene", "场景", is_needed=True),
    _key("version", "版本", is_needed=True),
    Column("effective", "生效日期", "date", is_needed=True),
    _text("basis", "依据", is_needed=True),
    _keys("desks", "受理台", is_needed=True),
    _key("verifier", "核查单位"),
    Column("seal", "封存级别", "choice", default=Seal.L1, options=SEALS),
    Column("verify_by", "由谁核查", "choice", default="unit", options=VERIFY_BY),
    _flag("sample", "允许抽查结案"),
    _flag("accept_on_register", "登记即立案"),
    _flag("dispatch_on_accept", "立案即派遣"),
    Column("returns_before_arbitration", "退回几次后裁定", "whole", default=2),
    _key("arbiter", "裁定单位"),
    Column("followups", "回访天数", "wholes", default=()),
    _keys("outcomes", "办理结果"),
    _keys("proofs", "结案凭证"),
)
CATEGORIES = (
    _key("code", "类别代码", is_needed=True),
    _text("name", "名称", is_needed=True),
    _text("name_en", "英文名称"),
    _text("accept_if", "立案条件"),
    _text("close_if", "结案条件"),
    _keys("proofs", "结案凭证"),
    Column("seal", "封存级别", "choice", options=SEALS),
    _text("basis", "依据"),
    _key("verifier", "核查单位"),
)
CLOCKS = (
    _key("category", "类别代码"),
    _key("key", "时限", is_needed=True),
    Column("amount", "数量", "whole", is_needed=True),
    Column("unit", "单位", "choice", is_needed=True, options=UNITS),
    _text("basis", "依据", is_needed=True),
    _key("starts", "起算"),
    _keys("stops", "止算"),
    Column("per", "每", "choice", default="case", options=PER),
    _flag("statutory", "法定"),
    Column("extend", "最多延长", "whole", default=0),
    _key("extend_by", "延长由谁批准", default="head"),
    _flag("anew", "每次重新计"),
    _key("reminds", "到期提醒"),
)
ROUTES = (
    _key("key", "编号", is_needed=True),
    _key("category", "类别前缀"),
    _key("place", "地点前缀"),
    _key("lead", "主办", is_needed=True),
    _keys("assists", "协办"),
    _text("basis", "依据"),
    _key("verifier", "核查单位"),
)
STEPS = (
    _key("key", "步骤", is_needed=True),
    _text("name", "名称", is_needed=True),
    Column("stages", "阶段", "choices", is_needed=True, options=STAGES),
    _key("by", "由谁", is_needed=True),
    _keys("needs", "须先完成"),
    _keys("requires", "须填"),
    _keys("blocked_by", "不可在之后"),
    Column("ends", "结束案卷", "choice", default="", options=ENDS),
    _flag("repeat", "可重复"),
    _text("basis", "依据"),
)
LADDER = (
    Column("percent", "时限百分比", "whole", is_needed=True),
    Column("action", "动作", "choice", is_needed=True, options=ACTIONS),
    _key("to", "对象", is_needed=True),
)


@dataclass(frozen=True)
class Table:
    """One table: the file ``key.csv``, or the sheet ``key``; ``row`` is the kernel's type of a row."""

    key: str
    name: str
    columns: tuple[Column, ...]
    row: type
    identity: tuple[str, ...]

    @property
    def sheet(self) -> str:
        return f"{self.name} {self.key}"

    def column(self, header: str) -> Column | None:
        """The column that a header cell means: by its key, its Chinese name, or both."""
        words = header.strip().lower().split()
        for column in self.columns:
            if words in ([column.key], [column.name], [column.name, column.key]):
                return column
        return None


TABLES: Mapping[str, Table] = MappingProxyType(
    {
        "book": Table("book", "规则", BOOK, Rulebook, ("key",)),
        "categories": Table("categories", "类别", CATEGORIES, Category, ("code",)),
        "clocks": Table("clocks", "时限", CLOCKS, ClockRule, ("category", "key")),
        "routes": Table("routes", "派遣", ROUTES, Route, ("key",)),
        "steps": Table("steps", "步骤", STEPS, Step, ("key",)),
        "ladder": Table("ladder", "升级", LADDER, LadderStep, ("percent", "action", "to")),
    }
)
OPTIONAL = frozenset({"steps", "ladder", "routes"})
ELSEWHERE = {"book": {"clocks", "categories", "routes", "steps", "ladder"}, "categories": {"clocks"}}


def uncovered() -> Iterator[str]:
    """Fields of the kernel's rows without a column, and defaults that differ: none, or the round trip is inexact."""
    for table in TABLES.values():
        columns = {column.key: column for column in table.columns}
        assert is_dataclass(table.row)  # noqa: S101 - says so to the type checker
        for one in fields(table.row):
            column = columns.get(one.name)
            if one.name in ELSEWHERE.get(table.key, ()):
                continue
            if column is None:
                yield f"{table.key}.{one.name} has no column"
            elif one.default is not MISSING and not column.is_needed and column.default != one.default:
                yield f"{table.key}.{one.name}: default {column.default!r} here, {one.default!r} in the kernel"


def headers(table: Table) -> Sequence[str]:
    return [column.header for column in table.columns]

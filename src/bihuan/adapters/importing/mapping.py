"""Which column means what: from a file (TOML), or guessed from the names of the columns and shown before it is used."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping as Map
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from bihuan.adapters.importing.sources import BadFile, Row
from bihuan.desk import api

FIELDS = ("source_id", "opened", "closed", "due", "category", "place", "unit", "outcome", "lon", "lat", "text",
          "address", "contact")  # fmt: skip
# How the columns of other systems are called, in the order of likelihood; lower case, without spaces and underscores.
NAMES: Map[str, tuple[str, ...]] = {
    "source_id": (
        "servicerequestnumber", "servicerequestnum", "servicerequestid", "uniquekey", "requestid", "casenumber", "id",
        "编号", "留言编号", "工单编号", "案卷编号",
    ),
    "opened": (
        "creationdate", "createddate", "requesteddatetime", "opened", "留言时间", "受理时间", "登记时间", "上报时间",
    ),
    "closed": ("completiondate", "closeddate", "closedate", "closed", "办结时间", "结案时间", "答复时间"),
    "due": ("duedate", "expecteddatetime", "办理时限", "截止时间"),
    "category": ("srtype", "complainttype", "category", "servicename", "servicecode", "类别", "一级标签", "一级分类"),
    "place": ("placecode", "地点代码", "社区代码"),
    "unit": ("单位代码",),
    "outcome": ("结果代码",),
    "lon": ("longitude", "lon", "lng", "经度"),
    "lat": ("latitude", "lat", "纬度"),
    "text": ("留言详情", "内容", "description", "statusnotes", "留言主题"),
    "address": ("streetaddress", "address", "地址"),
    "contact": ("联系电话",),
}  # fmt: skip
LONGEST = 4000


class BadValue(ValueError):
    """A cell that cannot be taken: its column and why."""


@dataclass(frozen=True)
class Mapping:
    """``columns``: our field to the file's column. ``values``: field to (their word to ours); ``other``: for the rest.

    ``keywords``: category to words; the first category of which a word occurs in the text. ``time_format``: as of
    ``strptime``; without it ISO 8601. ``zone``: of times without one.
    """

    source: str
    columns: Map[str, str]
    way: Literal["history", "report"] = "history"
    values: Map[str, Map[str, str]] = field(default_factory=dict)
    other: Map[str, str] = field(default_factory=dict)
    keywords: Map[str, Sequence[str]] = field(default_factory=dict)
    time_format: str = ""
    zone: str = "Asia/Shanghai"


def read_mapping(path: Path) -> Mapping:
    """Raises ``BadFile`` with what is wrong in it."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadFile(f"{path}: 读不了映射文件 / the mapping cannot be read ({error})") from error
    known = set(Mapping.__dataclass_fields__)
    unknown = [name for name in raw if name not in known]
    columns = raw.get("columns", {})
    unknown += [f"columns.{name}" for name in columns if name not in FIELDS]
    if unknown or "source" not in raw or "source_id" not in columns:
        raise BadFile(
            f"{path}: 需要 source 和 columns.source_id;不认识 {unknown}。\n"
            f"It needs source and columns.source_id; unknown: {unknown}; columns are {', '.join(FIELDS)}."
        )
    return Mapping(**raw)


def guess(header: Sequence[str], source: str) -> Mapping:
    """From the names of the columns. Raises ``BadFile`` where no column can be the number of a row."""
    plain = {name.lower().replace(" ", "").replace("_", ""): name for name in header}
    columns = {
        ours: plain[name] for ours, names in NAMES.items() if (name := next((n for n in names if n in plain), None))
    }
    if "source_id" not in columns:
        raise BadFile(
            f"看不出哪一列是编号,请写映射文件。 No column looks like a number: write a mapping. {list(header)}"
        )
    return Mapping(source, columns, way="history" if "closed" in columns else "report")


def check(mapping: Mapping, header: Sequence[str]) -> None:
    """Raises ``BadFile`` where the mapping names columns that are not there."""
    if missing := [name for name in mapping.columns.values() if name not in header]:
        raise BadFile(f"文件里没有这些列 / the file has no columns {missing}; it has {list(header)}")


def past(mapping: Mapping, row: Row) -> api.imports.Past:
    """Raises ``BadValue``."""
    opened, is_day = _time(mapping, row, "opened")
    if opened is None:
        raise BadValue("opened: 没有登记时间 / no time of registration")
    closed, _ = _time(mapping, row, "closed")
    due, _ = _time(mapping, row, "due")
    return api.imports.Past(
        source_id=_id(mapping, row),
        category=_category(mapping, row),
        place=_value(mapping, row, "place"),
        opened=opened,
        unit=_value(mapping, row, "unit"),
        due=due,
        closed=closed,
        outcome=_value(mapping, row, "outcome"),
        texts=tuple(_texts(mapping, row).items()),
        lon=_degrees(mapping, row, "lon", 180),
        lat=_degrees(mapping, row, "lat", 90),
        days_only=is_day,
    )


def live(mapping: Mapping, row: Row, scene: str) -> api.imports.Live:
    """A report to be dealt with now; when it happened is only told, so that no clock is late before it began."""
    texts = _texts(mapping, row)
    if not texts:
        raise BadValue("text: 没有内容 / no text")
    category, place = _category(mapping, row), _value(mapping, row, "place")
    lon, lat = _degrees(mapping, row, "lon", 180), _degrees(mapping, row, "lat", 90)
    intake = api.Intake(category, place, f"import:{mapping.source}"[:32], texts, scene=scene, lon=lon, lat=lat)
    return api.imports.Live(_id(mapping, row), intake)


def _cell(mapping: Mapping, row: Row, name: str) -> str:
    column = mapping.columns.get(name)
    return row.get(column, "").strip() if column else ""


def _id(mapping: Mapping, row: Row) -> str:
    found = _cell(mapping, row, "source_id")
    if not found or len(found) > 120:
        raise BadValue("source_id: 编号为空或太长 / the number is missing or too long")
    return found


def _value(mapping: Mapping, row: Row, name: str) -> str:
    cell = _cell(mapping, row, name)
    return mapping.values.get(name, {}).get(cell, mapping.other.get(name, cell if name not in mapping.values else ""))


def _category(mapping: Mapping, row: Row) -> str:
    """By the table of values; by keywords in the text; else what stands for the rest, which may be the triage desk."""
    if mapping.keywords:
        text = _cell(mapping, row, "text")
        for category, words in mapping.keywords.items():
            if any(word in text for word in words):
                return category
        return mapping.other.get("category", "")
    return _value(mapping, row, "category")


def _texts(mapping: Mapping, row: Row) -> dict[str, str]:
    found = {name: _cell(mapping, row, name)[:LONGEST] for name in ("text", "address", "contact")}
    return {name: text for name, text in found.items() if text}


def _degrees(mapping: Mapping, row: Row, name: str, most: int) -> float | None:
    """Degrees; nothing, and the zero that some systems write for it, is nothing."""
    cell = _cell(mapping, row, name)
    try:
        value = float(cell) if cell else 0.0
    except ValueError:
        raise BadValue(f"{name}: '{cell}' 不是度数 / are no degrees") from None
    if not -most <= value <= most:
        raise BadValue(f"{name}: {cell} 超出范围 / out of range")
    return value or None


def _time(mapping: Mapping, row: Row, name: str) -> tuple[datetime | None, bool]:
    """The instant in UTC, and whether it was a day without an hour."""
    cell = _cell(mapping, row, name)
    if not cell:
        return None, False
    try:
        found = datetime.strptime(cell, mapping.time_format) if mapping.time_format else _iso(cell)  # noqa: DTZ007
    except ValueError:
        raise BadValue(f"{name}: '{cell[:40]}' 不是时间 / is no time; give time_format in the mapping") from None
    if found.tzinfo is None:
        found = found.replace(tzinfo=ZoneInfo(mapping.zone))
    if not 1990 <= found.year <= 2100:
        raise BadValue(f"{name}: {cell} 年份不对 / an unlikely year")
    is_day = len(cell) <= 10 or (
        bool(mapping.time_format) and "%H" not in mapping.time_format and "%I" not in mapping.time_format
    )
    return found.astimezone(UTC), is_day


def _iso(cell: str) -> datetime:
    return datetime.fromisoformat(cell.replace(" UTC", "+00:00").replace("/", "-"))

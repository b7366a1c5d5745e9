"""Which column means what: from a file (TOML or JSON), or guessed from the names of the columns and shown."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping as Map
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import ConfigDict, TypeAdapter, ValidationError

from bihuan.adapters.importing.rows import BadFile, Row

Field = Literal[
    "source_id", "opened", "closed", "due", "category", "place", "unit", "outcome", "lon", "lat", "title", "text",
    "address", "contact", "answer",
]  # fmt: skip
# How the columns of other systems are called, in the order of likelihood; lower case, without spaces and underscores.
NAMES: Map[Field, tuple[str, ...]] = {
    "source_id": (
        "servicerequestnumber", "servicerequestnum", "servicerequestid", "uniquekey", "requestid", "casenumber", "id",
        "编号", "留言编号", "工单编号", "案卷编号", "受理编号",
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
    "title": ("留言主题", "标题", "title", "subject"),
    "text": ("留言详情", "内容", "描述", "description", "statusnotes"),
    "address": ("streetaddress", "incidentaddress", "address", "地址"),
    "contact": ("联系电话", "联系方式"),
    "answer": ("答复意见", "答复", "resolutiondescription"),
}  # fmt: skip
ISO = re.compile(
    r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[ T]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?)?"
    r" ?(Z|UTC|[+-]\d{2}:?\d{2})?"
)
# Of two that fit all samples neither is guessed: 03/04 is two days.
FORMATS = (
    "%m/%d/%Y %I:%M:%S %p", "%d/%m/%Y %I:%M:%S %p", "%m/%d/%Y %H:%M:%S", "%d/%m/%Y %H:%M:%S", "%m/%d/%Y %H:%M",
    "%d/%m/%Y %H:%M", "%m/%d/%Y", "%d/%m/%Y", "%d.%m.%Y %H:%M", "%d.%m.%Y", "%Y%m%d",
)  # fmt: skip
HOURS = ("%H", "%I", "%c", "%X", "%s")


@dataclass(frozen=True)
class Mapping:
    """``columns``: our field to the file's column. ``values``: field to (their word to ours); ``other``: for the rest.

    ``keywords``: category to words; the first category of which a word occurs in the text. ``time_format``: as of
    ``strptime``; without it ISO 8601 and its Chinese kin. ``zone``: of times without one. ``days_only``: the hours in
    the file mean nothing. ``crs``: of the coordinates. ``unit``: who dealt with all of it, or who brings it in.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    source: str
    columns: Map[Field, str]
    way: Literal["history", "report"] = "history"
    values: Map[Field, Map[str, str]] = field(default_factory=dict)
    other: Map[Field, str] = field(default_factory=dict)
    keywords: Map[str, Sequence[str]] = field(default_factory=dict)
    time_format: str = ""
    zone: str = "Asia/Shanghai"
    days_only: bool = False
    crs: Literal["wgs84", "cgcs2000", "gcj02", "bd09"] = "wgs84"
    encoding: str = ""
    unit: str = ""

    def text(self) -> str:
        """The same for the same meaning: another mapping of the same file is another import."""
        return json.dumps(asdict(self), sort_keys=True, ensure_ascii=False)


_READ: TypeAdapter[Mapping] = TypeAdapter(Mapping)


def read_mapping(path: Path) -> Mapping:
    """Raises ``BadFile`` with what is wrong in it."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        raw = json.loads(text) if path.suffix.lower() == ".json" else tomllib.loads(text)
        found = _READ.validate_python(raw)
        ZoneInfo(found.zone)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, json.JSONDecodeError) as error:
        raise BadFile(f"{path}: 读不了映射文件 / the mapping cannot be read ({error})") from error
    except ValidationError as error:
        wrong = "\n".join(f"  {'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        raise BadFile(f"{path}: 映射文件有错 / mistakes in the mapping:\n{wrong}") from error
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise BadFile(f"{path}: zone: 没有这个时区 / no such zone ({error})") from error
    if not 0 < len(found.source) <= 64 or "source_id" not in found.columns:
        raise BadFile(
            f"{path}: 需要 source(最多 64 个字符)和 columns.source_id。\n"
            "It needs source (at most 64 characters) and columns.source_id."
        )
    return found


def guess(columns: Sequence[str], sample: Sequence[Row], source: str, categories: Map[str, str]) -> Mapping:
    """From the names of the columns, the look of the times, and ``categories``: words to our codes.

    A category that none of them names is left to the triage desk. Raises ``BadFile`` where nothing looks like a number.
    """
    plain = {name.lower().replace(" ", "").replace("_", ""): name for name in columns}
    found = {
        ours: plain[name] for ours, names in NAMES.items() if (name := next((n for n in names if n in plain), None))
    }
    if "source_id" not in found:
        raise BadFile(
            f"看不出哪一列是编号,请写映射文件。 No column looks like a number: write a mapping. {list(columns)}"
        )
    times = [cell for ours in ("opened", "closed", "due") if ours in found
             for row in sample if (cell := row.get(found[ours], "").strip())]  # fmt: skip
    return Mapping(
        source,
        found,
        way="history" if "closed" in found and "opened" in found else "report",
        values={"category": dict(categories)} if "category" in found else {},
        other={"category": ""} if "category" in found else {},
        time_format=_format(times),
    )


def _format(times: Sequence[str]) -> str:
    """Raises ``BadFile`` where two fit."""
    if not times or all(ISO.fullmatch(time) for time in times):
        return ""
    fitting = [one for one in FORMATS if all(_fits(time, one) for time in times)]
    if len(fitting) > 1:
        raise BadFile(
            f"时间“{times[0]}”有两种读法,请在映射文件里写 time_format:{' 或 '.join(fitting)}。\n"
            f"Times like {times[0]} can be read in two ways: say which in a mapping, time_format."
        )
    return fitting[0] if fitting else ""


def _fits(time: str, time_format: str) -> bool:
    try:
        datetime.strptime(time, time_format)  # noqa: DTZ007 - only whether it fits
    except ValueError:
        return False
    return True


def check(mapping: Mapping, columns: Sequence[str], *, is_sparse: bool = False) -> None:
    """Raises ``BadFile`` where it names columns that are not there. ``is_sparse``: rows leave out what is empty."""
    needed = ["source_id"] if is_sparse else list(mapping.columns)
    missing = [column for ours, column in mapping.columns.items() if ours in needed and column not in columns]
    if missing:
        raise BadFile(f"文件里没有这些列 / the file has no columns {missing}; it has {list(columns)}")
    if mapping.way == "history" and "opened" not in mapping.columns:
        raise BadFile("导入历史需要 columns.opened(登记时间)。 History needs columns.opened.")
    if mapping.way == "report" and not {"text", "title"} & set(mapping.columns):
        raise BadFile("导入要办的事需要 columns.text(内容)。 Reports need columns.text.")

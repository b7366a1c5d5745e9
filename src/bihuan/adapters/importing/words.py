"""Why a row was not taken: each reason with its words. Reasons of the loop itself have theirs in the desk."""

from __future__ import annotations

from collections.abc import Mapping

from bihuan.desk import api
from bihuan.kernel.refused import Refused

REASONS: Mapping[str, tuple[str, str]] = {
    # the row cannot be read
    "ragged": ("有 {cells} 格,应有 {columns} 格。", "Has {cells} cells instead of {columns}."),
    "too-wide": ("有 {columns} 项,最多 {most} 项。", "Has {columns} values; at most {most}."),
    "quotes": ("引号不成对,或这一条太长。", "Quotes that do not match, or a record far too long."),
    "cell-too-large": ("一格超过 {most} 个字符。", "A cell of more than {most} characters."),
    "line-too-long": ("一行超过 {most} 个字符。", "A line of more than {most} characters."),
    "nul": ("含有空字符。", "Holds a NUL."),
    "not-json": ("不是 JSON。", "Is not JSON."),
    "not-an-object": ("不是一个 JSON 对象。", "Is not a JSON object."),
    "json-ends": ("JSON 到这里读不下去,后面的都没有读。", "The JSON breaks off here; nothing after it was read."),
    # a value cannot be taken
    "missing": ("必填,却是空的。", "Is needed, and empty."),
    "too-long": ("超过 {most} 个字符。", "Is longer than {most} characters."),
    "no-time": ("不是时间;请在映射文件里写 time_format。", "Is no time; give time_format in the mapping."),
    "unlikely-year": ("年份不在 1990 至 2100 之间。", "The year is not between 1990 and 2100."),
    "no-degrees": ("不是度数,或超出范围。", "Are no degrees, or out of range."),
    # the desk does not take it
    "repeated": ("这个编号在这个来源里已经有了。", "This number of this source came in before."),
    "unknown-unit": (
        "这里没有这个单位;请在映射文件的 values.unit 里对应。",
        "There is no such unit here; map it in values.unit.",
    ),
    "no-place-code": ("地点代码只能是数字,最多 15 位。", "A place code has digits only, at most 15."),
    "no-code": (
        "结果只能是代码(小写字母、数字、连字符);文字请对应为 answer。",
        "An outcome is a code (small letters, digits, hyphens); map words to answer.",
    ),
}


def why(code: str, facts: Mapping[str, object]) -> str:
    """Both languages, as they stand in the file of rows that were not taken."""
    if code in REASONS:
        return " ".join(REASONS[code]).format(**facts)
    return " ".join(api.words_of(_refused(code, facts)))


def _refused(code: str, facts: Mapping[str, object]) -> Refused:
    found = Refused(code)
    found.facts = dict(facts)
    return found

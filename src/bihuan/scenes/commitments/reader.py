"""Reads intentions (打算) out of the text of a meeting: sentence, unit, date, and which words it went by.

Plain rules, always the same answer; a person confirms or corrects each line (law 9). Pure: nothing is looked up.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

AHEAD = ("下一步", "打算", "计划", "力争", "争取", "将")
BACK = ("近年来", "一直以来", "长期以来", "过去", "去年", "当前", "取得", "2024年,")
SPEAKER = re.compile(
    r"[^\s，。；：、,;:“”\"0-9]{2,20}(?:部|委|局|街道|党工委|团区委|中心|办|办公室|公司|社区|支队|协会|总工会)"
)
ENDS = re.compile(r"(?<=[。！？!?；;])")
CUT_OFF = 40  # a line this long without a full stop was broken by the printer, and goes on in the next
DIGITS = {word: n for n, word in enumerate("一二三四五六七八九十", 1)} | {"十一": 11, "十二": 12, "两": 2}
NUMBER = r"(\d{1,2}|十[一二]?|[一二两三四五六七八九])"
SOON = timedelta(days=60)
WORDS = {
    "K01": ("机制", "制度", "体系", "规范", "清单"),
    "K02": ("服务", "驿站", "志愿", "设施", "食堂"),
    "K03": ("队伍", "培训", "人才", "能力", "演练"),
    "K04": ("化解", "整治", "信访", "隐患", "治理"),
}
OTHER = "K09"


@dataclass(frozen=True)
class Proposal:
    """One intention. ``unit`` is empty where the speaker is unknown to the district; ``dated``: the words of the date.

    Without such words ``due`` is a usual date that somebody has to confirm. ``read``: the words that it went by.
    """

    sentence: str
    speaker: str
    unit: str
    due: date
    dated: str
    read: tuple[str, ...]
    category: str


def propose(text: str, held: date, units: Mapping[str, str]) -> list[Proposal]:
    """``held``: the day of the meeting; ``units``: name to code, as the district calls them."""
    found, speaker = [], ""
    for line in _lines(text):
        if line in units or SPEAKER.fullmatch(line):
            speaker = line
        elif line.startswith("记者"):
            speaker = ""
        elif speaker:
            found += [_proposal(sentence, speaker, read, held, units) for sentence, read in _ahead(line)]
    return found


def speakers(text: str, units: Mapping[str, str]) -> list[str]:
    """Who speaks, in the order of the text."""
    return list(dict.fromkeys(line for line in _lines(text) if line in units or SPEAKER.fullmatch(line)))


def usual_due(held: date) -> date:
    """Where no date was said: the end of the year, or of the next half-year when that is near."""
    end = date(held.year, 12, 31)
    return end if end - held > SOON else date(held.year + 1, 6, 30)


def _lines(text: str) -> Iterator[str]:
    kept = ""
    for raw in text.splitlines():
        line = kept + raw.strip()
        kept = line if line and len(line) > CUT_OFF and line[-1] not in "。！？!?；;：:”" else ""
        if line and not kept:
            yield line
    if kept:
        yield kept


def _ahead(line: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Sentences that look ahead. What follows “下一步” in a paragraph is meant too."""
    goes_on = False
    for part in ENDS.split(line):
        sentence = part.strip()
        if not sentence:
            continue
        read = tuple(word for word in AHEAD if word in sentence)
        if "下一步" in read or (read and not any(word in sentence for word in BACK)):
            goes_on = goes_on or "下一步" in read
            yield sentence, read
        elif goes_on:
            yield sentence, ("下一步…",)


def _proposal(sentence: str, speaker: str, read: tuple[str, ...], held: date, units: Mapping[str, str]) -> Proposal:
    owner = _owner(sentence, units) or speaker
    due, dated = find_date(sentence, held)
    category = next((code for code, words in WORDS.items() if any(word in sentence for word in words)), OTHER)
    return Proposal(sentence, speaker, _code(owner, units), due or usual_due(held), dated, read, category)


def _owner(sentence: str, units: Mapping[str, str]) -> str:
    """A unit that the sentence itself names as the one that leads: “由某某局牵头”."""
    for name in sorted(units, key=len, reverse=True):
        if f"由{name}牵头" in sentence or f"由{name}负责" in sentence:
            return name
    return ""


def _code(name: str, units: Mapping[str, str]) -> str:
    return units.get(name) or units.get(name.removeprefix("区委").removeprefix("区")) or ""


# -- dates --------------------------------------------------------------------------------------------------------


def find_date(sentence: str, held: date) -> tuple[date | None, str]:
    """The first date ahead that the sentence names, and its words."""
    for pattern, reckon in DATES:
        for hit in re.finditer(pattern, sentence):
            due = reckon(hit, held)
            if due is not None and due > held:
                return due, hit[0]
    return None, ""


def _whole(word: str) -> int:
    return int(word) if word.isdigit() else DIGITS[word]


def _year(word: str | None, held: date) -> int | None:
    if not word:
        return None
    if word.isdigit():
        return int(word)
    return held.year + (1 if word == "明" else 0)


def _end(year: int, month: int) -> date:
    return date(year, month, monthrange(year, month)[1])


def _coming(held: date, year: int | None, month: int, day: int = 0) -> date | None:
    """That day, or the end of that month: of the year that was named, else the next that comes."""
    if not 1 <= month <= 12:
        return None
    try:
        made = [
            date(y, month, day) if day else _end(y, month) for y in ([year] if year else [held.year, held.year + 1])
        ]
    except ValueError:
        return None
    return next((one for one in made if one > held), None)


def _in_months(held: date, months: int) -> date:
    at = held.month - 1 + months
    year, month = held.year + at // 12, at % 12 + 1
    return date(year, month, min(held.day, monthrange(year, month)[1]))


def _month_before(held: date, year: int | None, month: int) -> date | None:
    """“6 月前” ends with May."""
    first = _coming(held, year, month, 1)
    return first - timedelta(days=1) if first else None


YEAR = r"(?:(\d{4}|今|明)年)?"
DATES = (  # the most exact first
    (YEAR + NUMBER + r"月(\d{1,2})日(?:前|之前|以前)",
     lambda m, h: _coming(h, _year(m[1], h), _whole(m[2]), int(m[3]))),
    (YEAR + NUMBER + r"月(?:底|末)(?:前|之前)?", lambda m, h: _coming(h, _year(m[1], h), _whole(m[2]))),
    (YEAR + NUMBER + r"月(?:前|之前)", lambda m, h: _month_before(h, _year(m[1], h), _whole(m[2]))),
    (YEAR + r"第?([一二三四])季度(?:末|底|内|前)?", lambda m, h: _coming(h, _year(m[1], h), 3 * DIGITS[m[2]])),
    (YEAR + r"上半年", lambda m, h: _coming(h, _year(m[1], h), 6)),
    (r"(明|今|\d{4})?年(?:底|末)前?|(明|今)年(?:内|以内)|(?<![0-9半一二两三四五六七八九十])年内|下半年",
     lambda m, h: _coming(h, _year(m[1] or m[2], h), 12)),
    (NUMBER + r"个月(?:内|之内|以内)", lambda m, h: _in_months(h, _whole(m[1]))),
    (NUMBER + r"年(?:内|之内|以内)", lambda m, h: _in_months(h, 12 * _whole(m[1]))),
    (r"半年(?:内|之内)", lambda _, h: _in_months(h, 6)),
    (r"(\d{1,3})天(?:内|之内)", lambda m, h: h + timedelta(days=int(m[1]))),
    (r"(?<![0-9一二三四五六七八九十])月底前?", lambda _, h: _coming(h, None, h.month)),
)  # fmt: skip

"""Opening hours as people write them.

``每天 08:00-22:00``, ``一至五 09:00-18:00；六日 10:00-16:00``, ``Mo-Fr 09:00-18:00``; what ends past midnight goes on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

DAYS = {
    **{name: n for n, name in enumerate("一二三四五六日")},
    **{name: n for n, name in enumerate(("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"))},
    "天": 6,
}
EVERY = frozenset({"每天", "全天", "daily", "Daily"})
_SPAN = re.compile(r"(\d{1,2}):(\d{2})\s*[-–~至]\s*(\d{1,2}):(\d{2})")
_DAY = "(?:Mo|Tu|We|Th|Fr|Sa|Su|[一二三四五六日天])"
_RANGE = re.compile(rf"(?:周|星期)?({_DAY})\s*(?:[-–至到]\s*(?:周|星期)?({_DAY}))?")
MINUTES = 24 * 60


class BadHours(ValueError):
    """Hours that cannot be read, and where."""


@dataclass(frozen=True)
class Hours:
    """``spans``: weekday (Monday is 0), from and to in minutes of the day; one that ends past midnight goes on."""

    spans: tuple[tuple[int, int, int], ...]

    def is_open(self, local: datetime) -> bool:
        day, minute = local.weekday(), local.hour * 60 + local.minute
        for weekday, start, end in self.spans:
            passed = minute + MINUTES * ((day - weekday) % 7)
            if start <= passed < end or start <= passed - 7 * MINUTES < end:
                return True
        return False


def read_hours(text: str) -> Hours:
    """Raises ``BadHours`` with the part that cannot be read."""
    found: list[tuple[int, int, int]] = []
    for part in re.split(r"[;；\n]", text):
        if part.strip():
            found += _part(part.strip())
    if not found:
        raise BadHours("没有写开放时间,例如 每天 08:00-22:00 / no hours; write e.g. Mo-Su 08:00-22:00")
    return Hours(tuple(found))


def _part(part: str) -> Iterator[tuple[int, int, int]]:
    spans = [tuple(map(int, one)) for one in _SPAN.findall(part)]
    days = set(_days(_SPAN.sub("", part).replace("、", " ").replace(",", " "), part))
    if not spans or not days:
        raise BadHours(f"'{part}': 写成 一至五 09:00-18:00 / write Mo-Fr 09:00-18:00")
    for hour, minute, until, until_minute in spans:
        start, end = hour * 60 + minute, until * 60 + until_minute
        if hour > 23 or until > 24 or minute > 59 or until_minute > 59 or end > MINUTES or start == end:
            raise BadHours(f"'{part}': 没有这个时间 / there is no such time")
        yield from ((day, start, end if end > start else end + MINUTES) for day in sorted(days))


def _days(text: str, part: str) -> Iterator[int]:
    left = text.strip()
    if not left or left in EVERY:
        yield from range(7)
        return
    if _RANGE.sub("", left).strip():
        raise BadHours(f"'{part}': 不认识“{_RANGE.sub('', left).strip()}” / cannot be read")
    for first, last in _RANGE.findall(left):
        start = DAYS[first]
        yield from ((start + n) % 7 for n in range((DAYS[last or first] - start) % 7 + 1))


def in_english(text: str) -> str:
    """The same hours with English names of days."""
    english = dict(zip("一二三四五六日天", ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun", "Sun"), strict=True))
    text = text.replace("每天", "daily").replace("全天", "daily").replace("周", "").replace("星期", "")
    text = re.sub(r"(?<=[一二三四五六日天])(?=[一二三四五六日天])", ", ", text)
    return "".join(english.get(ch, {"至": "–", "到": "–", "；": "; ", "、": ", "}.get(ch, ch)) for ch in text)

"""The lines of a letter as Chinese offices set them (GB/T 9704): what DOCX and PDF both follow."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from bihuan.faces.letters.compose import Letter

TITLE, HEADING, BODY, DRAFT = "title", "heading", "body", "draft"
NUMERALS = "一二三四五六七八九十"
UNSIGNED = "（草稿，尚未签发）"


@dataclass(frozen=True)
class Line:
    """``size`` and ``before`` in points; ``indent``: two characters at its beginning."""

    text: str
    kind: str = BODY
    side: Literal["left", "centre", "right"] = "left"
    size: int = 15
    before: int = 0
    indent: bool = False


def lines(letter: Letter) -> Iterator[Line]:
    if letter.mark:
        yield Line(letter.mark, DRAFT, "centre", 16)
    if letter.is_draft:
        yield Line(UNSIGNED, DRAFT, "centre", 12)
    yield Line(letter.title, TITLE, "centre", 22)
    if letter.number:
        yield Line(letter.number, side="centre", size=14, before=6)
    yield Line(f"{letter.to}：", before=16)
    yield Line("　".join(letter.about), indent=True, size=14)
    for numeral, (heading, text) in zip(NUMERALS, letter.parts, strict=False):
        yield Line(f"{numeral}、{heading}", HEADING, before=6, indent=True)
        yield from (Line(one, indent=True) for one in text.splitlines() if one.strip())
    yield Line(f"制发依据：{letter.basis}", size=14, before=8, indent=True)
    if letter.closing:
        yield Line(letter.closing, before=4, indent=True)
    yield Line(f"{letter.unit}（盖章）", side="right", before=28)
    yield Line(f"{letter.day.year}年{letter.day.month}月{letter.day.day}日", side="right")

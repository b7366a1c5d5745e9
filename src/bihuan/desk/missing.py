"""Which facts a report lacks that its matter needs: a floor, a time of day, the very place. And how to ask for them.

The scene says which matters need what, and words the question (``words.asks`` of its manifest: the fact, then the
category codes, as prefixes, that need it; no code: all of them).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from bihuan.desk import scene_words

_NUMBER = "[0-9一二三四五六七八九十两]"
THERE: Mapping[str, re.Pattern[str]] = {
    "place": re.compile(
        r"路(?![灯面上边])|[街巷桥]|大道|小区|广场|学校|公园|车站|医院|门口|[0-9]\s*号|\b(?:road|street|lane|gate)\b",
        re.IGNORECASE,
    ),
    "floor": re.compile(
        rf"{_NUMBER}+\s*(?:楼|层|单元|室)|(?:顶|底|地下)[楼层室]|\b(?:floor|flat|room)\b", re.IGNORECASE
    ),
    "time": re.compile(
        rf"{_NUMBER}+\s*(?:点|时|[::]\s*[0-9])|[早晚][上晨间]|[上中下]午|半夜|凌晨|深夜|夜里|周末|天天|每天"
        r"|\b(?:am|pm|night|morning|evening)\b",
        re.IGNORECASE,
    ),
}


def of(scene: str, category: str, text: str, *, has_place: bool, has_contact: bool) -> list[str]:
    """The facts to ask for, in the order of the scene."""
    told = {fact for fact, pattern in THERE.items() if pattern.search(text)}
    told |= ({"place"} if has_place else set()) | ({"contact"} if has_contact else set())
    found = []
    for key in scene_words.scene_group(scene, "asks"):
        fact, *codes = key.split()
        if fact not in told and (not codes or (category and category.startswith(tuple(codes)))):
            found.append(fact)
    return found


def question(scene: str, fact: str) -> tuple[str, str]:
    """Chinese and English; empty where the scene words none any more."""
    for key, word in scene_words.scene_group(scene, "asks").items():
        if key.split()[0] == fact:
            return word["zh"], word.get("en", "")
    return "", ""

"""Words that mean: telephone first. Found on the server, so that it works on any telephone and without JavaScript."""

from __future__ import annotations

import re

# 误报无妨，漏报要命: a false alarm costs one press; so the list is generous.
CHINESE = (
    "着火", "起火", "失火", "火灾", "火警", "冒烟", "浓烟", "燃气", "煤气", "天然气", "漏气", "爆炸", "爆燃",
    "救命", "救人", "求救", "触电", "漏电", "落水", "溺水", "跳楼", "跳桥", "坠楼", "轻生", "自杀", "昏迷",
    "晕倒", "没有呼吸", "心脏骤停", "大出血", "流血", "中毒", "被困", "困在", "塌方", "垮塌", "倒塌", "坍塌",
    "滑坡", "山洪", "持刀", "行凶", "杀人", "砍人", "抢劫", "绑架", "打人", "家暴", "车祸", "撞人",
)  # fmt: skip
ENGLISH = (
    "fire", "burning", "smoke", "gas leak", "smell of gas", "explosion", "exploded", "help me", "drowning",
    "electrocuted", "unconscious", "not breathing", "heart attack", "bleeding", "poisoned", "trapped", "collapsed",
    "landslide", "stabbed", "knife", "gun", "robbery", "kidnap", "suicide", "car crash", "car accident",
)  # fmt: skip
_ENGLISH = re.compile(r"\b(" + "|".join(map(re.escape, ENGLISH)) + r")\b", re.IGNORECASE)


def find(text: str) -> str:
    """The first emergency word in ``text``, empty when there is none."""
    close = "".join(text.split())
    for word in CHINESE:
        if word in close:
            return word
    found = _ENGLISH.search(text)
    return found[0] if found else ""


def for_script() -> str:
    """The same words for the script that warns while one is still typing."""
    return ",".join([*CHINESE, *ENGLISH])

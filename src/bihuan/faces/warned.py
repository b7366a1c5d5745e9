"""A warning in words, the same for the console, the wall and the public."""

from __future__ import annotations

from bihuan.desk import api as desk
from bihuan.faces.i18n import choose, say
from bihuan.faces.templatetags.words import local

LEVELS = {"I": "I级（红色）", "II": "II级（橙色）", "III": "III级（黄色）", "IV": "IV级（蓝色）", "": "不分级"}
STATES = {
    "proposed": "待人确认",
    "issued": "已发布",
    "requested": "报请市级发布",
    "relayed": "转发",
    "over": "已解除",
    "dismissed": "未采纳",
}
HAZARDS = {"natural": "自然灾害", "accident": "事故灾难", "health": "公共卫生", "security": "社会安全"}
STEPS = {
    "raised": "发现",
    "up": "调高级别",
    "down": "调低级别",
    "over": "解除",
    "extended": "延长",
    "announced": "已交办",
    "confirm": "人工确认",
    "dismiss": "不采纳",
    "lift": "人工解除",
    "true": "事后判定：真",
    "false": "事后判定：假",
    "relayed": "转发",
}


def shown(one: desk.warnings.Warned) -> dict[str, object]:
    """What every reader may know. ``places``: names of what is affected, empty for the whole district."""
    names = [desk.place_name(code) for code in one.body.get("places", [])]
    issuer = desk.unit_name(str(one.body.get("issuer", "")))
    return {
        "id": one.id,
        "name": choose(str(one.body.get("name", "")), str(one.body.get("name_en", ""))),
        "level": one.level,
        "level_name": say(LEVELS[one.level]),
        "state": one.state,
        "state_name": say(STATES[one.state]),
        "hazard": say(HAZARDS[hazard]) if (hazard := str(one.body.get("hazard", ""))) in HAZARDS else "",
        "caution": one.body.get("caution", ""),
        "measures": one.body.get("measures", ""),
        "audience": one.body.get("audience", ""),
        "issuer": one.body.get("sender") or choose(issuer.name, issuer.name_en),
        "places": "、".join(choose(name.name, name.name_en) for name in names if name.name) or say("全区"),
        "began": local(one.began),
        "until": local(one.until),
        "ended": one.ended,
        "case": one.case,
        "plan": one.plan,
        "verdict": one.verdict,
    }


def public() -> list[dict[str, object]]:
    """What is issued or relayed and not over: for everybody. What is only asked of the city is not ours to tell."""
    return [shown(one) for one in desk.warnings.open_now() if one.state in {"issued", "relayed"}]

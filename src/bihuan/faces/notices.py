"""Notices in words: what happened, which post was passed over. For the page, for letters and for telephones."""

from __future__ import annotations

from collections.abc import Sequence

from bihuan.desk import api as desk
from bihuan.faces.i18n import choose, say

KINDS = {
    "new-case": "新件，请受理",
    "order": "新任务，请接单",
    "to-verify": "已办完，请核查",
    "objection": "承办单位有异议，请您决定",
    "request": "有申请，请您决定",
    "returned": "任务退回，请重新派遣",
    "rework": "没有通过核查，请再办",
    "disputed": "反映人不认可，已重新打开",
    "warning": "快到期了",
    "remind": "请抓紧办理",
    "oversee": "督办",
    "overdue": "已经超时",
    "champion": "请您包案",
    "statutory-report": "法定报告，请马上看",
}
ROLES = {
    "triage": "受理员",
    "dispatcher": "派遣员",
    "handler": "处置员",
    "verifier": "核查员",
    "head": "负责人",
    "arbiter": "仲裁员",
    "oversight": "督查员",
}


def kind(key: str) -> str:
    return say(KINDS[key])


def roles(keys: Sequence[str]) -> str:
    """At most two by name: the last steps of the net ask for anybody of the unit."""
    return say("或").join(say(ROLES[key]) for key in keys[:2] if key in ROLES)


def why(passed: Sequence[desk.notices.Passed]) -> str:
    """Whom the safety net went past, in words; empty where nobody was."""
    parts = []
    for one in passed:
        text = say("{unit}的{roles}岗位空缺") if one.how == "empty" else say("{unit}的{roles}不当值")
        parts.append(text.format(unit=choose(one.unit.name, one.unit.name_en), roles=roles(one.roles)))
    return "; ".join(parts)

"""Notices in words: what happened, which post was passed over. For the page, for letters and for telephones."""

from __future__ import annotations

from collections.abc import Sequence

from bihuan.desk import api as desk
from bihuan.desk.ports import Letter, LetterLine
from bihuan.faces.i18n import choose, say
from bihuan.faces.templatetags.words import local

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


PASSED = {
    "empty": "{unit}的{roles}岗位空缺",
    "away": "{unit}的{roles}不当值",
    "held": "{unit}的{roles}当时不当值，等到上班才告诉",
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
        text = say(PASSED.get(one.how, PASSED["away"]))
        parts.append(text.format(unit=choose(one.unit.name, one.unit.name_en), roles=roles(one.roles)))
    return "; ".join(parts)


# -- letters ------------------------------------------------------------------------------------------------------


def title(letter: Letter) -> str:
    if letter.is_test:
        return say("闭环：测试")
    if letter.count == 1:
        return say("闭环：{what}", what=_turn(letter.lines[0]))
    return say("闭环：{n} 条提醒", n=letter.count)


def text(letter: Letter, site: str = "") -> str:
    """Numbers, dates, whose turn; the category of what is not sealed. Never a text that somebody wrote."""
    if letter.is_test:
        return say("这是您自己要的测试。收到它，就说明这个方式能用。")
    lines = [_line(one) for one in letter.lines]
    if letter.count > len(lines):
        lines.append(say("另有 {n} 条，都在收件页里。", n=letter.count - len(lines)))
    return "\n".join([*lines, "", f"{site}/console/notices" if site else say("请登录控制台，看“提醒”。")])


def turns(letter: Letter) -> str:
    """For a locked screen: numbers and whose turn, nothing else, of a few."""
    if letter.is_test:
        return say("这是您自己要的测试。收到它，就说明这个方式能用。")
    return "\n".join(_turn(one) for one in letter.lines[:3]) if letter.count > 1 else ""


def _turn(line: LetterLine) -> str:
    return f"{kind(line.kind)} {line.number}"


def _line(line: LetterLine) -> str:
    parts = [_turn(line)]
    if line.category is not None and any(line.category):
        parts.append(choose(*line.category))
    if line.due is not None:
        parts.append(say("期限 {until}", until=local(line.due)))
    return ("! " if line.is_urgent else "- ") + " · ".join(parts)

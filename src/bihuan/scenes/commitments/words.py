"""English of the scene's own pages."""

# ruff: noqa: E501 - an original and its translation stand side by side

from __future__ import annotations

ENGLISH: dict[str, str] = {
    "会议承诺": "Commitments",
    "会上说的打算，一句一件，有主办、有日期，凭成果办结。按单位和日期排。": "What was said at meetings, one case a sentence, with owner and date, closed on evidence. By unit and date.",
    "已登记 {n} 件。": "{n} registered.",
    "还没有登记过承诺。": "No commitment is registered yet.",
    "说过的事": "What was promised",
    "读一次会议": "Read a meeting",
    "把发言稿贴进来。每位发言人的单位单独一行，下面是他说的话。系统只提建议，一行一行由您核对；确认之前什么也不登记。": "Paste what was said. The unit of each speaker on a line of its own, his words below. This only proposes; you check line by line, and nothing is registered before you confirm.",
    "会议名称": "Name of the meeting",
    "哪天开的": "Held on",
    "发言": "What was said",
    "读一读": "Read it",
    "读到 {n} 个打算": "{n} intentions were read",
    "改正单位和日期，只留下要登记的。红色的没有主办单位。": "Correct unit and date, keep what is to be registered. Red ones have no owner.",
    "登记这一行": "Register this line",
    "打算": "Intention",
    "承诺的日期": "Promised by",
    "没有说日期，按惯例写的": "No date was said: a usual one",
    "读到的词：{words}": "Words that it went by: {words}",
    "发言人：{who}": "Speaker: {who}",
    "没有主办单位": "No owner",
    "拿什么证明": "What will show it",
    "登记确认的，派给主办单位": "Register what is confirmed and send it to its units",
    "已办结": "Closed",
    "逾期": "Late",
    "请写开会的日期。": "Say on which day the meeting was.",
    "没有读到打算。每位发言人的单位请单独写一行，下面是他说的话。": "No intention was found. Put the unit of each speaker on a line of its own, his words below.",
    "请写会议名称。": "Name the meeting.",
    "一行也没有确认。": "No line is confirmed.",
    "第 {n} 行要写日期。": "Line {n} needs a date.",
}

"""English of the mail to residents."""

# ruff: noqa: E501 - an original and its translation stand side by side

from __future__ import annotations

ENGLISH: dict[str, str] = {
    "请确认：要不要收闭环的邮件": "Please confirm: do you want mail from Bihuan?",
    "您的事项 {n} 有进展": "News of your case {n}",
    "{place}：新公开的事项 {n} 件": "{place}: {n} new public cases",
    "有人（应当是您）请我们往这个邮箱发信。点开下面的网址确认；不是您，不用理会，不会再来信。": (
        "Somebody, you we hope, asked us to write to this address. Open the link below to confirm; if it was not you, do "
        "nothing, and no more letters will come."
    ),
    "……共 {n} 件，都在 {address}": "... {n} in all, at {address}",
    "确认：{address}": "Confirm: {address}",
    "不想再收：{address}": "Stop these letters: {address}",
    "编号 {n}：{stage}。凭查询码看详情：{address}": "Number {n}: {stage}. More with your code: {address}",
    "这个网络地址订得太快了，请 {n} 秒后再试。": "Too many wishes from this address; try again in {n} seconds.",
    "没有订上": "Not subscribed",
    "已经往这个邮箱发了一封确认信。点了信里的网址，才会开始来信。": "A letter is on its way to that address. Letters begin when its link is opened.",
    "邮箱单独加密保存，停订就抹掉。": "The address is kept encrypted by itself, and erased when you stop.",
    "您的事项 {n} 有进展就来信。": "A letter whenever your case {n} moves on.",
    "{place}有新公开的事项就来信，一天最多一封。": "A letter when there are new public cases in {place}, one a day at most.",
    "已经停订，邮箱也抹掉了。": "Stopped, and the address is erased.",
    "已经确认。": "Confirmed.",
    "确认，请来信": "Confirm, please write",
    "不要来信": "Do not write",
    "有新的就发邮件给我": "Mail me what is new",
    "有进展就发邮件给我": "Mail me when it moves on",
    "邮箱": "Mail address",
    "先发一封确认信；一天最多一封，信里随时能停。": "A letter to confirm comes first; one a day at most, and each can stop them.",
    "先发一封确认信。信里只有编号和办到哪一步，没有您写的内容。": "A letter to confirm comes first. Letters tell number and stage, nothing that you wrote.",
    "订阅": "Subscribe",
}

"""English of the reading modes and of the page of components."""

# ruff: noqa: E501 - an original and its translation stand side by side

from __future__ import annotations

ENGLISH: dict[str, str] = {
    "平常字号": "Usual print",
    "大字版": "Large print",
    "带图片": "With pictures",
    "省流量版": "Few bytes",
    "部件": "Components",
    "页面由这些部件搭成，颜色、字号、间距都取自样式表开头的变量。改样式先看这一页：浅色、深色、大字、320 像素宽都要看。": (
        "Pages are made of these pieces; colours, sizes and spaces come from the variables at the head of the sheet. "
        "Look here when the sheet changes: light, dark, in large print and 320 points wide."
    ),
    "正文": "Body",
    "链接": "link",
    "强调": "strong",
    "次要": "secondary",
    "小字": "small",
    "引用：别人写的原话": "Quotation: what somebody wrote",
    "按钮": "Buttons",
    "主要": "Main",
    "一般": "Usual",
    "危险": "Danger",
    "文字按钮": "Plain",
    "提示": "Notes",
    "办成了": "It worked",
    "要留意": "Take care",
    "出了错": "It failed",
    "填写": "Fields",
    "一行": "One line",
    "几行": "Several lines",
    "选一个": "Choose one",
    "勾选": "Tick",
    "选中的": "Chosen",
    "没选的": "Not chosen",
    "事实与经过": "Facts and history",
    "受理台": "The desk",
    "时限条：用掉的、暂停的、超出的": "A clock as a bar: used, paused, over",
    "清单与表": "Lists and tables",
    "展开": "Open",
}

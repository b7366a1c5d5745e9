"""English of what is suggested to the desk: equal cases, sources, categories, topics, models."""

# ruff: noqa: E501 - an original and its translation stand side by side

from __future__ import annotations

ENGLISH: dict[str, str] = {
    # equal open cases
    "居民网页": "Portal for residents",
    "骑手、网格员手机": "Telephone of a rider or a grid worker",
    "受理台登记": "Entered at the desk",
    "接口": "API",
    "传感器": "Sensor",
    "预警": "Warning",
    "相距 {n} 米": "{n} m apart",
    "写的是同一地址": "The same address is given",
    "同一社区": "The same community",
    "同一类": "The same category",
    "{n} 天前": "{n} days ago",
    "今天": "Today",
    "都提到：{words}": "Both say: {words}",
    "可能是同一件": "Perhaps the same",
    "点开并排看；是同一件就并案，并错了可以撤销。": (
        "Open them side by side. If they are the same, merge them; a wrong merge can be undone."
    ),
    "刚才并案的件：{number}。并错了可以撤销。": "Merged just now: {number}. A wrong merge can be undone.",
    "去撤销": "Go and undo it",
    "离您约 {n} 米": "About {n} m from your place",
    # drafts of the clerk
    "建议类别": "Suggested:",
    "可能与已有的件相同": "Perhaps reported already",
    "系统建议": "Suggestions",
    "把握 {n}%": "{n}% sure",
    "与现在的类别一致": "As it is now",
    "起作用的词": "Words that decided",
    "采用这个类别": "Take this category",
    "采用系统建议": "As suggested",
    "按规则表": "By the table of rules",
    "还缺：{fact}。问反映人": "Missing: {fact}. Ask the reporter",
    "楼栋楼层": "Building and floor",
    "发生时间": "Time of day",
    "发给反映人的话": "What the reporter will read",
    "发出": "Send",
    "系统只起草，由您决定；不对就按您的来，系统从中学。": "It drafts, you decide. Where it is wrong, do it your way; it learns from that.",
    "模型说明": "About the model",
    # models
    "建议与模型": "Suggestions and models",
    "系统为新来的件起草类别和主办单位，指出可能相同的件和还缺的事实。它只起草，由人决定；不看封存的件，训练不出本机。": (
        "For new cases the system drafts category and lead unit, and points to cases that are perhaps the same and to"
        " facts that are missing. It drafts, people decide. It reads no sealed case, and training never leaves this machine."
    ),
    "建议：开着": "Suggestions are on",
    "建议：已关闭": "Suggestions are off",
    "关闭建议，立即生效": "Switch off, at once",
    "打开建议": "Switch on",
    "由受理台的负责人开关。": "The head of a desk switches it.",
    "训练时间": "Trained",
    "学了多少件": "Learnt from",
    "宏平均 F1（没见过的件）": "Macro-F1 (cases not seen)",
    "把握最小的一成不答时：{n}": "with the least sure tenth left out: {n}",
    "校准误差": "Calibration error",
    "把握低于 {n} 时不作建议": "Below {n} it suggests nothing",
    "用起来以后：{n} 件里人采用的占 {share}（95% 区间）。": "In use: of {n} cases people took {share} (95% interval).",
    "用起来以后：不足五件，还不能说。": "In use: fewer than five cases, too early to say.",
    "{low}% 至 {high}%": "{low}% to {high}%",
    "各类的把握": "By category",
    "件数": "Cases",
    "不得用于：没有人把关的决定，评判人或给人排序，封存的件，与学过的不是一类的文字。": (
        "Not for: deciding without a person, judging or ranking people, sealed cases, texts of another kind."
    ),
    "还没有模型。管理员可以用本台已受理的件训练：": "There is no model yet. An administrator can train one on the desk's own cases:",
    "哪些信号可以自动并为来源": "Signals that may join a case by themselves",
    "信号": "Signal",
    "米": "Metres",
    "小时内": "Within hours",
    "没有。信号各自成件，由人并案。": "None. A signal makes a case of its own, and people merge.",
    # sources
    "来源": "Sources",
    "传感器 {sensor}（{kind}）": "Sensor {sensor} ({kind})",
    "按规则自动并为来源：相距 {n} 米，同一类（{basis}）": "Joined by rule: {n} m apart, the same category ({basis})",
    "本件": "This case",
    "由人确认是同一件，并入本件": "A person confirmed that it is the same, and merged it",
    "不是同一件，撤出": "Not the same: take it out",
    "没有撤出": "Not taken out",
    "这个来源已经不在这件里。": "This source is no longer part of the case.",
}

"""English of what is suggested to the desk: equal cases, sources, categories, topics, models."""

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

"""Refusals about scenes that are written in pages, and about rules that are changed there: in Chinese and English."""

from __future__ import annotations

from collections.abc import Mapping

REFUSALS: Mapping[str, tuple[str, str]] = {
    "rules-in-the-past": (
        "生效日期 {day} 已经过了；今天是 {today}，从今天或者以后的一天起。",
        "{day} is past; today is {today}. Rules hold from today or a later day.",
    ),
    "rules-unchanged": ("与版本 {version} 一样，没有要发布的。", "It is the same as version {version}."),
    "scene-retired": (
        "“{scene}”已经停用，不再收新的反映；已经收下的照常办。",
        "{scene} takes no new reports any more; what was taken in goes on.",
    ),
    "micro-too-many": (
        "一个单位最多 {most} 个自己的场景。先停用一个。",
        "A unit has at most {most} scenes of its own.",
    ),
    "micro-unchanged": (
        "与已发布的第 {n} 版一样，没有要发布的。",
        "It is the same as version {n}, which is published.",
    ),
    "change-reason-missing": ("写一句为什么这样改。", "Say why it is changed."),
}

"""Refusals about what stands beside a case: photographs, spoken notes, plans; a part of ``words.py``."""

from __future__ import annotations

from collections.abc import Mapping

REFUSALS: Mapping[str, tuple[str, str]] = {
    "photo-too-big": ("照片太大，最多 {most} 字节。", "The photo is too big; at most {most} bytes."),
    "photo-kind": ("只收这些照片：{allowed}。", "Photos may be: {allowed}."),
    "photo-gone": ("这张照片没有保存着，请重新上传。", "This photo is not kept any more; send it again."),
    "photo-broken": ("照片读不出来，请重拍或另存。", "The photo cannot be read; take or save it again."),
    "voice-too-big": ("录音太长，最多 {most} 字节。", "The recording is too long; at most {most} bytes."),
    "voice-broken": (
        "录音读不出来，或者带有画面，请重录。",
        "The recording cannot be read, or has a picture; record it again.",
    ),
    "photo-damaged": (
        "照片在路上坏了，会从头再传。",
        "The photo was damaged on its way; it is sent again from the start.",
    ),
    "too-many-uploads": (
        "没有传完的照片太多，最多 {most} 张。请等传完再拍。",
        "Too many photos are half sent, {most} at most. Wait until they have arrived.",
    ),
    "plan-cycle": ("任务互相等待：{cycle}。去掉其中一环。", "Tasks wait for one another: {cycle}. Take one link out."),
    "plan-unknown-need": (
        "任务“{task}”要等的“{needs}”不在预案里。",
        "Task {task} needs {needs}, which the plan lacks.",
    ),
    "plan-bad-duration": ("任务“{task}”的时长要大于 0。", "The duration of task {task} must be above 0."),
    "plan-repeats": ("任务“{task}”出现两次。", "Task {task} stands in the plan twice."),
    "warning-is-not-so": (
        "这条预警现在是“{state}”，不能这样做（要：{allowed}）。",
        "The warning is {state} now; this needs {allowed}.",
    ),
    "silence-needs-end": (
        "静默要有起止时间，最长 {most}，钟点从小到大。",
        "A silence needs a beginning and an end, {most} apart at most, and hours in order.",
    ),
}

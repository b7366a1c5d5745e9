"""Plain values for templates: stages and clocks in words, a clock as a bar."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bihuan.desk import api as desk
from bihuan.faces.i18n import choose, language, say
from bihuan.kernel.calendar import Unit
from bihuan.kernel.case import Case, Clock, Stage, TaskStatus
from bihuan.kernel.rules import ClockRule

STAGES = {
    Stage.REGISTERED: "已登记",
    Stage.ACCEPTED: "已受理，待派遣",
    Stage.DISPATCHED: "已派遣，待接单",
    Stage.WORKING: "办理中",
    Stage.ANSWERED: "已办完，待核查",
    Stage.VERIFYING: "核查中",
    Stage.CLOSED: "已结案",
    Stage.ARCHIVED: "已归档",
    Stage.MERGED: "已并案",
    Stage.DECLINED: "不属于受理范围",
}
TASKS = {
    TaskStatus.OPEN: "待接单",
    TaskStatus.TAKEN: "已接单",
    TaskStatus.ARRIVED: "已到场",
    TaskStatus.FINISHED: "已完成",
    TaskStatus.RETURNED: "已退回",
    TaskStatus.CANCELLED: "已取消",
}
CLOCKS = {
    "accept": "受理时限",
    "dispatch": "派遣时限",
    "handle": "处置时限",
    "verify": "核查时限",
    "objection": "提出异议的时限",
    "assist": "协办时限",
    "stop": "责令停工时限",
    "punish": "处罚时限",
    "demolish": "拆除时限",
}
TURNS = {
    "accept": "等待受理",
    "dispatch": "等待派遣",
    "take": "等待接单",
    "handle": "正在办理",
    "send-to-verify": "等待安排核查",
    "verify": "等待核查",
}
SPANS = {
    Unit.CALENDAR_DAY: "{n} 个自然日",
    Unit.WORKING_DAY: "{n} 个工作日",
    Unit.OFFICE_HOUR: "{n} 个工作时",
    Unit.HOUR: "{n} 小时",
    Unit.MINUTE: "{n} 分钟",
}
SCENES = {"city": "城市管理"}


def scene_name(key: str) -> str:
    if key in SCENES:
        return say(SCENES[key])
    return choose(*desk.declared_scene(key).names) or key


def stage(value: Stage) -> str:
    return say(STAGES[value])


def clock_name(key: str) -> str:
    """What a clock is called. A scene's own clock without words of its own keeps its key."""
    if key.startswith("followup:"):
        return say("结案后第 {n} 天回访", n=key.partition(":")[2])
    return say(CLOCKS[key]) if key in CLOCKS else desk.scene_word("clocks", key, language())


def span(rule: Clock | ClockRule) -> str:
    return say(SPANS[Unit(rule.unit)], n=rule.amount)


@dataclass(frozen=True)
class Segment:
    """A piece of a bar, in thousandths of its width. ``kind``: ``used rest paused over``."""

    x: int
    width: int
    kind: str


@dataclass(frozen=True)
class ShownClock:
    id: str
    key: str
    name: str
    span: str
    basis: str
    started: datetime
    due: datetime
    inner: datetime | None
    provisional: bool
    statutory: bool
    paused: datetime | None
    pause_reason: str
    stopped: datetime | None
    is_late: bool
    is_ticking: bool
    status: str
    tone: str
    task: int | None
    segments: tuple[Segment, ...]
    now: int | None


def show_clock(clock: Clock, at: datetime) -> ShownClock:
    is_late = clock.broken is not None or (clock.is_ticking and clock.paused is None and clock.due < at)
    status, tone = _status(clock, is_late=is_late)
    latest = clock.stopped or (at if is_late else clock.due)
    start, end = clock.started, max(clock.due, latest)
    return ShownClock(
        id=clock.id,
        key=clock.key,
        name=clock_name(clock.key),
        span=span(clock),
        basis=clock.basis,
        started=clock.started,
        due=clock.due,
        inner=clock.inner,
        provisional=clock.provisional,
        statutory=clock.statutory,
        paused=clock.paused.until if clock.paused else None,
        pause_reason=clock.paused.reason if clock.paused else "",
        stopped=clock.stopped,
        is_late=is_late,
        is_ticking=clock.is_ticking,
        status=status,
        tone=tone,
        task=clock.task,
        segments=tuple(_segments(clock, at, start, end)),
        now=_part(at - start, end - start) if clock.is_ticking and start <= at <= end else None,
    )


def show_clocks(case: Case, at: datetime) -> list[ShownClock]:
    """Running ones first, the next due on top; then what is over."""
    shown = [show_clock(clock, at) for clock in case.clocks]
    return sorted(shown, key=lambda clock: (not clock.is_ticking, clock.due))


def _status(clock: Clock, *, is_late: bool) -> tuple[str, str]:
    if clock.stopped is not None:
        return (say("已停止，超时"), "bad") if is_late else (say("已停止，按时"), "good")
    if clock.paused is not None:
        return say("暂停中"), "warn"
    return (say("已超时"), "bad") if is_late else (say("计时中"), "accent")


def _part(piece: timedelta, whole: timedelta) -> int:
    return max(0, min(1000, round(1000 * (piece / whole)))) if whole > timedelta() else 0


def _segments(clock: Clock, at: datetime, start: datetime, end: datetime) -> Iterable[Segment]:
    """The time used, what was left out of the count, what ran over, and what is still to come."""
    until = clock.stopped or min(at, end)
    due = _part(clock.due - start, end - start)
    reached = _part(until - start, end - start)
    yield Segment(0, min(reached, due), "used")
    if reached > due:
        yield Segment(due, reached - due, "over")
    for since, to in _pauses(clock):
        x = _part(since - start, end - start)
        yield Segment(x, max(2, _part(to - start, end - start) - x), "paused")
    if clock.is_ticking and reached < due:
        yield Segment(reached, due - reached, "rest")


def _pauses(clock: Clock) -> Iterable[tuple[datetime, datetime]]:
    for move in clock.moves:
        if move.kind == "shift":
            yield move.since, move.until
    if clock.paused is not None:
        yield clock.paused.since, clock.paused.until

"""Drills as plain values for their pages: the list, the board of one that runs, the report of one that is over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from time import monotonic
from typing import Any

from bihuan.desk import api as desk
from bihuan.faces.i18n import choose, say
from bihuan.faces.portal import sketch
from bihuan.faces.templatetags.words import span
from bihuan.ops.drills import after, reach, reading, running
from bihuan.ops.drills.script import Script

A_YEAR, SOON = timedelta(days=365), timedelta(days=60)
STATES = {
    "planned": "待开始",
    "running": "进行中",
    "paused": "暂停中",
    "ended": "已结束",
    "cancelled": "已取消",
}
MODES = {"drill": "演练", "tabletop": "桌面推演", "replay": "重放"}
REACHED = {
    "on-duty": "有人值班",
    "by-way": "没有排班，可由通知方式找到",
    "page-only": "没有排班，只能在页面上看到",
    "asleep": "夜间无人值班，不叫醒",
    "nobody": "这个单位没有人",
}
WAYS = {"mail": "邮件", "service": "消息服务", "push": "手机推送"}
KINDS = {
    "inject": "注入",
    "fused": "并为一件",
    "reading": "读数",
    "raised": "越过阈值",
    "lowered": "回落",
    "warning": "预警",
    "eased": "预警降级",
    "lifted": "预警解除",
    "activated": "启动预案",
    "left-out": "没有注入",
    "stuck": "做不下去",
    "expected": "期望",
    "ended": "结束",
}
WHY = {
    "unanswered": "一直没有人接单",
    "answered-late": "{n} 分钟后才有人接单",
    "load": "同时压着 {n} 条指令",
    "returned": "被退回 {n} 次",
    "reworked": "返工 {n} 次",
    "never": "到结束也没有做到",
}
STEPS = {
    "accepted": "受理",
    "dispatched": "派遣",
    "taken": "接单",
    "arrived": "到场",
    "finished": "处置",
    "closed": "核查结案",
}
TIMES = {
    "raised-warning": "越阈 → 预警",
    "raised-activated": "越阈 → 启动预案",
    "registered-accepted": "登记 → 受理",
    "accepted-dispatched": "受理 → 派遣",
    "dispatched-taken": "派遣 → 接单",
    "taken-arrived": "接单 → 到场",
    "registered-closed": "登记 → 结案",
}
COUNTS = {
    "injects": "注入", "cases": "案卷", "closed": "已结案", "orders": "指令", "warnings": "预警", "messages": "消息",
}  # fmt: skip
MOST_LINES = 30
SLOW = 0.3  # seconds
_kept: dict[int, tuple[float, Mapping[str, Any]]] = {}
REPLAYED = "cloudburst"  # comes as a replay; as a plan it is due once somebody has drilled it


RUNS = frozenset({"head", "dispatcher", "oversight", "arbiter"})


def may_run(staff: desk.Staff) -> bool:
    """Who plans and steers drills: heads, who dispatches, oversight."""
    return bool(staff.actor.roles & RUNS)


def overdue(staff: desk.Staff) -> int:
    """How many plans should have been drilled: for the inbox of those who can see to it; none inside of a drill."""
    if desk.here.world() != 1 or not may_run(staff):
        return 0
    return sum(bool(one["is_late"]) for one in _due(desk.drills.every(states=("ended",))))


def known() -> list[tuple[str, str]]:
    """Drills that come with the product: name and title."""
    return [(name, choose(script.title, script.title_en)) for name, script in _scripts().items()]


def listed() -> dict[str, object]:
    """What is due, planned, running and over."""
    every = desk.drills.every()
    shown = [_line(one) for one in every]
    return {
        "due": list(_due(every)),
        "open": [one for one in shown if one["drill"].is_open],
        "planned": [one for one in shown if one["drill"].state == "planned"],
        "past": [one for one in shown if one["drill"].state == "ended"],
    }


def _line(drill: desk.drills.Drill) -> dict[str, Any]:
    report = drill.report or {}
    return {
        "drill": drill,
        "state": say(STATES[drill.state]),
        "mode": say(MODES[drill.mode]),
        "now": desk.now(world=drill.played_in) if drill.is_open and drill.played_in else None,
        "met": report.get("met"),
        "of": len(report.get("scores", ())),
    }


def _due(every: Sequence[desk.drills.Drill]) -> Iterator[dict[str, object]]:
    """Each plan at least once a year (重庆市突发事件应对条例): late, soon, or when."""
    now = desk.now(world=1)
    plans = {
        script.plan: choose(script.title, script.title_en) for script in _scripts().values() if script.plan != REPLAYED
    }
    plans |= {one.plan: plans.get(one.plan, one.title) for one in every if one.mode == "drill"}
    for plan, title in sorted(plans.items()):
        ended = [one.ended for one in every if one.plan == plan and one.mode == "drill" and one.ended]
        last = max(ended, default=None)
        by = last + A_YEAR if last else None
        yield {
            "plan": plan,
            "title": title,
            "last": last,
            "by": by,
            "is_late": by is None or by < now,
            "is_soon": by is not None and now <= by < now + SOON,
        }


@cache
def _scripts() -> dict[str, Script]:
    """The drills of the product, read once: they change with the product only."""
    return {name: reading.read(reading.find(name), desk.virtual.zone()) for name in reading.known()}


def one(drill: desk.drills.Drill) -> dict[str, object]:
    values: dict[str, object] = {**_line(drill), "id": drill.id}
    script = running.script_of(drill)
    values["starts"], values["ends"] = script.starts, script.ends
    if drill.state == "planned":
        values["reach"] = [_reached(row) for row in reach.check(script, drill.parts)]
        values["coming"] = [_coming(script, one) for one in script.injects if one.kind != "reading"][:MOST_LINES]
    if drill.is_open and drill.played_in is not None:
        values |= _board(script, drill.played_in)
    if drill.report is not None:
        values |= of_report(drill.report)
        values["years"] = _years(drill)
    return values


def _reached(row: reach.Reach) -> dict[str, object]:
    ways = " · ".join(f"{say(WAYS[kind])} {count}" for kind, count in row.ways)
    return {"unit": desk.unit_name(row.unit), "row": row, "words": say(REACHED[row.state]), "ways": ways}


def _coming(script: Script, inject: Any) -> dict[str, object]:  # noqa: ANN401 - an inject
    at = script.starts + inject.at if inject.at is not None else None
    return {"at": at, "key": inject.key, "text": inject.says.get("text", ""), "kind": inject.kind}


def _board(script: Script, world: int) -> dict[str, object]:
    """The board of a drill that runs: its clock, what was expected so far, orders, the last lines."""
    report = _so_far(script, world)
    lines = [one for one in desk.drills.lines(world) if one.kind in KINDS][-MOST_LINES:]
    shown = of_report(report)
    done = (desk.now(world=world) - script.starts) / script.lasts
    return {**shown, "lines": [_told(one) for one in reversed(lines)], "part": max(0, min(100, round(done * 100)))}


def _so_far(script: Script, world: int) -> Mapping[str, Any]:
    """The report up to now. One that takes long to make is shown again for a while: many look at one board."""
    kept = _kept.get(world)
    if kept is not None and monotonic() < kept[0]:
        return kept[1]
    begun = monotonic()
    report = after.write(script, world)
    spent = monotonic() - begun
    _kept.clear()
    if spent > SLOW:
        _kept[world] = (monotonic() + 10 * spent, report)
    return report


def _told(line: desk.drills.DrillLine) -> dict[str, object]:
    return {
        "at": line.at,
        "kind": say(KINDS[line.kind]),
        "is_bad": line.kind in {"warning", "stuck"},
        "text": _text(line.data),
    }


def _text(data: Mapping[str, Any]) -> str:
    parts = [str(data[name]) for name in ("name", "text", "sensor", "value", "level") if data.get(name)]
    if not parts and data.get("key"):
        parts = [str(data["key"])]
    if data.get("case"):
        parts.append(say("编号 {n}", n=data["case"]))
    return " · ".join(parts)


def of_report(report: Mapping[str, Any]) -> dict[str, object]:
    """A report in the reader's language."""
    return {
        "report": report,
        "counts": [(say(word), report["counts"].get(key, 0)) for key, word in COUNTS.items()],
        "times": [(say(word), _span(report["times"].get(key))) for key, word in TIMES.items()],
        "scores": [_score(one) for one in report["scores"]],
        "timeline": [_row(one) for one in report["timeline"]],
        "orders": [_order(one) for one in report["orders"]],
        "sketch": _map(report.get("places", {})),
        "lessons": [_lesson(one) for one in report["lessons"]],
        "met_words": say("{met} / {of} 项期望达到", met=report["met"], of=len(report["scores"])),
    }


def _map(places: Mapping[str, Sequence[int]]) -> sketch.Sketch | None:
    """The district with the number of cases in each street; a street stands out while something there is open."""
    areas = sorted(desk.areas(), key=lambda area: len(area.place))
    if not areas:
        return None
    frame, whole = sketch.Frame.around(areas), len(areas[0].place)
    pieces = []
    for area in areas:
        within = [row for place, row in places.items() if place.startswith(area.place)]
        is_part = len(area.place) > whole
        count, is_open = sum(row[0] for row in within), any(row[1] for row in within)
        x, y = frame.at(*sketch.middle(area))
        pieces.append(sketch.Piece(frame.path(area), area.name, is_part and is_open, count if is_part else 0, x, y))
    return sketch.Sketch(sketch.WIDTH, frame.height, tuple(pieces), ())


def _score(one: Mapping[str, Any]) -> dict[str, object]:
    return {
        **one,
        "title": choose(one["name"], one["name_en"]),
        "limit": _limit(one),
        "middle_words": _span(one["middle"]),
        "worst_words": _span(one["worst"]),
        "late_words": [
            {
                "case": late["case"], "unit": desk.unit_name(late["unit"]) if late["unit"] else None,
                "over": _span(late["over"]), "why": " · ".join(why(each) for each in late["why"]),
            }
            for late in one["late"]
        ],
    }  # fmt: skip


def _limit(one: Mapping[str, Any]) -> str:
    most = _span(one["seconds"])
    return say("开始后 {span} 内", span=most) if one["is_by"] else say("{span} 内", span=most)


def why(code: str) -> str:
    """A reason in words: ``answered-late:31``."""
    name, _, rest = code.partition(":")
    if name == "step":
        step, _, minutes = rest.partition(":")
        return say("最慢的一步是{step}，{n} 分钟", step=say(STEPS[step]), n=minutes)
    return say(WHY[name], n=rest) if name in WHY else code


def _row(one: Mapping[str, Any]) -> dict[str, object]:
    at, planned = _at(one["at"]), _at(one["planned"])
    text = choose(one.get("text", ""), one.get("text_en", "")) or _text(one)
    if one["kind"] == "inject" and one.get("case") and one.get("text"):
        text = f"{text} · {say('编号 {n}', n=one['case'])}"
    late = at - planned if at and planned and one["kind"] == "expected" else None
    return {
        "at": at, "planned": planned, "kind": say(KINDS.get(one["kind"], "注入")), "text": text,
        "is_late": late is not None and late > timedelta(), "by": span(abs(late)) if late is not None else "",
    }  # fmt: skip


def _order(one: Mapping[str, Any]) -> dict[str, object]:
    what = choose(one.get("name", ""), one.get("name_en", ""))
    marks = {name: _at(one.get(name)) for name in ("dispatched", "taken", "arrived", "finished", "returned")}
    return {"unit": desk.unit_name(one["unit"]), "case": one["case"], "what": what, **marks}


def _lesson(one: Mapping[str, Any]) -> dict[str, object]:
    owner = desk.unit_name(one["owner"]) if one["owner"] else None
    return {
        **one,
        "title": choose(one["name"], one["name_en"]),
        "owner": owner,
        "why": " · ".join(say(PLAIN[each]) for each in one["why"] if each in PLAIN),
    }


PLAIN = {
    "unanswered": "没有人接单",
    "answered-late": "接单晚",
    "load": "同时指令太多",
    "returned": "被退回",
    "reworked": "返工",
    "never": "没有做到",
    "step": "有一步太慢",
}


def _years(drill: desk.drills.Drill) -> list[dict[str, object]]:
    ended = [one.report for one in desk.drills.every(states=("ended",), plan=drill.plan) if one.report]
    rows = after.compare(ended)
    return [{**row, "at": _at(row["starts"]), "closed": _span(row["times"].get("registered-closed"))} for row in rows]


def _at(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _span(seconds: float | None) -> str:
    return span(timedelta(seconds=seconds)) if seconds is not None else "–"

"""What happened, for the one who reported it: plain words, units instead of people, nothing that staff say inside."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from bihuan.desk.api import TrackView, declared_scene, scene_word, staff_names, unit_name
from bihuan.faces import shown
from bihuan.faces.i18n import language, say
from bihuan.faces.templatetags.words import local, named
from bihuan.kernel import events as e
from bihuan.kernel.case import Role
from bihuan.kernel.events import Recorded


@dataclass(frozen=True)
class Line:
    """``tone``: empty, ``good``, ``bad`` or ``quiet``; ``quote``: a reason in somebody's own words."""

    at: datetime
    text: str
    tone: str = ""
    quote: str = ""


def tell(view: TrackView) -> list[Line]:
    """Newest first."""
    return [line for recorded in reversed(view.history) for line in _line(view, recorded)]


def _unit(code: str) -> str:
    return named(unit_name(code))


def _line(view: TrackView, recorded: Recorded) -> Iterator[Line]:
    event, at = recorded.event, recorded.at
    match event:
        case e.Registered() | e.ImportedCase():
            yield Line(at, say("已登记，编号 {n}，由{unit}受理。", n=event.number, unit=_unit(event.desk)))
        case e.Accepted():
            yield Line(at, say("已受理。"))
        case e.Recategorised():
            yield Line(at, say("调整了分类或地点。"), "quiet", event.reason)
        case e.Declined():
            words = {"route": event.rightful_route, "rule": event.rule}
            yield Line(at, say("不属于这里受理的范围。应当找：{route}。依据：{rule}。", **words), "bad", event.reason)
        case e.Dispatched():
            yield Line(at, say("交给{unit}主办。", unit=_unit(event.lead)))
        case e.Closed():
            yield Line(at, _closed(event), "good")
        case e.Disputed():
            yield Line(at, _disputed(view, recorded), "bad", event.reason)
        case e.Reopened():
            yield Line(at, say("重新打开，由{unit}继续办理；已经用掉的时间不清零。", unit=_unit(event.unit)))
        case _:
            yield from _work(view, recorded)


def _work(view: TrackView, recorded: Recorded) -> Iterator[Line]:  # noqa: C901, PLR0912 - a table
    event, at = recorded.event, recorded.at
    match event:
        case e.TaskAdded() if event.task.role is Role.ASSIST:
            yield Line(at, say("请{unit}协办。", unit=_unit(event.task.unit)), "quiet")
        case e.TaskTaken() if (task := view.state.task(event.task)) is not None:
            yield Line(at, say("{unit}已接单，开始办理。", unit=_unit(task.unit)))
        case e.TaskArrived():
            yield Line(at, say("办理人员到了现场。"))
        case e.TaskFinished() if (task := view.state.task(event.task)) is not None and task.role is Role.ASSIST:
            yield Line(at, say("{unit}办完了协办的部分。", unit=_unit(event.unit)), "quiet")
        case e.TaskReturned() if (task := view.state.task(event.task)) is not None:
            text = say("{unit}认为不归它管，说明依据后退回，重新派遣。", unit=_unit(task.unit))
            yield Line(at, text, "quiet", event.rule)
        case e.Answered():
            yield Line(at, say("办理单位说办完了，等待核查。"))
        case e.SentToVerify():
            yield Line(at, say("由{unit}核查；它没有参与办理。", unit=_unit(event.unit)))
        case e.Reworked():
            yield Line(at, say("核查没有通过，退回重办。"), "bad", event.reason)
        case e.FollowedUp():
            text = say("回访：问题没有再出现。") if event.is_settled else say("回访：问题还在，重新办理。")
            yield Line(at, text, "good" if event.is_settled else "bad")
        case e.Merged():
            yield Line(at, say("与另一件同样的事合并办理，答复同样给您。"))
        case e.Absorbed():
            yield Line(at, say("另有人反映同一件事，合并到这里一起办。"), "quiet")
        case e.Unmerged():
            yield Line(at, say("不再合并，单独办理；期限照原来的算。"))
        case e.StepTaken() if event.step in declared_scene(view.state.scene).told:
            yield Line(at, scene_word("steps", event.step, language()))
        case e.ChampionNamed() if name := staff_names([event.person]).get(event.person):
            yield Line(at, say("由单位负责人{name}包案。", name=name))
        case _:
            yield from _time(view, recorded)


def _time(view: TrackView, recorded: Recorded) -> Iterator[Line]:
    event, at = recorded.event, recorded.at
    match event:
        case e.ClockPaused() if event.clock.paused is not None:
            name, until = shown.clock_name(event.clock.key), local(event.clock.paused.until)
            text = say("{clock}暂停计时，到 {until} 为止。", clock=name, until=until)
            yield Line(at, text, "quiet", event.clock.paused.reason)
        case e.ClockExtended():
            name, due = shown.clock_name(event.clock.key), local(event.clock.due)
            yield Line(at, say("{clock}经批准延长到 {due}，只能延长一次。", clock=name, due=due))
        case e.ClockBroken() if (clock := view.state.clock(event.clock)) is not None and clock.task is None:
            yield Line(at, say("超过了{clock}。", clock=shown.clock_name(clock.key)), "bad")
        case e.Overseen():
            yield Line(at, say("上级催办。") if event.action == "remind" else say("上级督办。"), "quiet")
        case _:
            return


def _disputed(view: TrackView, recorded: Recorded) -> str:
    if recorded.unit:
        return say("{unit}代为提出了异议。", unit=_unit(recorded.unit))
    return say("您提出了异议。") if recorded.by == view.reporter else say("另一位反映人提出了异议。")


def _closed(event: e.Closed) -> str:
    words = {
        "reporter": say("您确认解决了，结案。"),
        "sample": say("按规定免于现场核查，结案；仍可能抽查。"),
    }
    return words.get(event.how, say("核查通过，结案。"))


def headline(view: TrackView) -> str:
    """One sentence: where it stands."""
    unit = named(view.turn.unit)
    words = {
        "accept": say("{unit}正在看您反映的事", unit=unit),
        "dispatch": say("{unit}正在安排谁来办", unit=unit),
        "take": say("已交给{unit}，等它接单", unit=unit),
        "handle": say("{unit}正在办", unit=unit),
        "send-to-verify": say("办理单位说办完了，正在安排核查", unit=unit),
        "verify": say("办理单位说办完了，{unit}正在核查", unit=unit),
    }
    if view.turn.what in words:
        return words[view.turn.what]
    return {"declined": say("不属于这里受理的范围"), "merged": say("已并入同一件事")}.get(
        str(view.state.stage), say("已经办结")
    )

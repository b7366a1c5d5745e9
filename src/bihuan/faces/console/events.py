"""Every event of the loop as one sentence for staff. The reason, where there is one, stands below it as a quotation."""

from __future__ import annotations

from bihuan.desk import api as desk
from bihuan.faces import shown
from bihuan.faces.i18n import choose, say
from bihuan.faces.templatetags.words import day, local
from bihuan.kernel import events as e
from bihuan.kernel.case import Case, Clock, Role

ASKED = {
    "pause": "申请暂停{clock}，到 {until}。",
    "extend": "申请延长{clock}，加 {n}。",
    "return": "申请退回任务。",
    "seal": "申请降低封存级别到 {seal}。",
}
ACTIONS = {"remind": "催办{unit}。", "oversee": "督办{unit}。"}


def _unit(code: str) -> str:
    unit = desk.unit_name(code)
    return choose(unit.name, unit.name_en)


def _clock(case: Case, clock_id: str) -> str:
    clock = case.clock(clock_id)
    return shown.clock_name(clock.key if clock is not None else clock_id)


def _task_unit(case: Case, task_id: int) -> str:
    task = case.task(task_id)
    return _unit(task.unit) if task is not None else str(task_id)


def tell(event: e.Event, case: Case) -> str:  # noqa: C901, PLR0911, PLR0912 - a table
    """``case`` is the present state: it knows the clocks and tasks that events name by id."""
    match event:
        case e.Registered():
            return say("登记，编号 {n}，交{unit}。", n=event.number, unit=_unit(event.desk))
        case e.ImportedCase():
            return _imported(event)
        case e.Accepted():
            return say("受理。")
        case e.Recategorised():
            return say("改类别为{category}。", category=_category(case, event.category))
        case e.Declined():
            return say("不予受理。应当找：{route}。依据：{rule}。", route=event.rightful_route, rule=event.rule)
        case e.Dispatched():
            return say("派遣给{unit}主办（{rule}）。", unit=_unit(event.lead), rule=event.basis or event.rule)
        case e.Closed():
            return say("结案（{how}）。", how=say(HOW[event.how]) if event.how in HOW else event.how)
        case e.Disputed():
            return say("提出异议。")
        case e.Reopened():
            return say("重新打开，由{unit}继续办理。", unit=_unit(event.unit))
        case e.Answered():
            return say("报告办完，等待核查。")
        case e.SentToVerify():
            return say("送{unit}核查。", unit=_unit(event.unit))
        case e.Reworked():
            return say("核查不通过，返工。")
        case e.FollowedUp():
            return say("回访：已解决。") if event.is_settled else say("回访：未解决。")
        case e.Archived():
            return say("归档。")
        case _:
            return _task(event, case)


def _imported(event: e.ImportedCase) -> str:
    """Where the source gave days only, no hour is shown: nobody knows one."""
    told = day if event.days_only else local
    words = {"source": event.source, "id": event.source_id, "opened": told(event.opened)}
    text = say("从{source}导入的历史，原编号 {id}，{opened} 登记。", **words)
    if event.closed is not None:
        text += say("{closed} 办结。", closed=told(event.closed))
    return text + (say("来源只有日期，钟点不明。") if event.days_only else "")


def _category(case: Case, code: str) -> str:
    found = desk.category_of(case, code)
    return choose(found.name, found.name_en)


def _task(event: e.Event, case: Case) -> str:  # noqa: PLR0911 - a table
    match event:
        case e.TaskAdded():
            role = say("主办") if event.task.role is Role.LEAD else say("协办")
            return say("给{unit}一项任务：{role}。", unit=_unit(event.task.unit), role=role)
        case e.TaskTaken():
            return say("{unit}接单。", unit=_task_unit(case, event.task))
        case e.TaskReleased():
            return say("{unit}的经办人放手。", unit=_task_unit(case, event.task))
        case e.TaskArrived():
            return say("{unit}到场。", unit=_task_unit(case, event.task))
        case e.TaskFinished():
            return say("{unit}办完任务，凭证 {n} 件。", unit=_unit(event.unit), n=len(event.proofs))
        case e.TaskReturned():
            return say("{unit}退回任务。依据：{rule}。", unit=_task_unit(case, event.task), rule=event.rule)
        case e.TaskReopened():
            return say("{unit}的任务重新打开。", unit=_task_unit(case, event.task))
        case e.TaskCancelled():
            return say("取消{unit}的任务。", unit=_task_unit(case, event.task))
        case _:
            return _time(event, case)


def _time(event: e.Event, case: Case) -> str:  # noqa: C901, PLR0911, PLR0912 - a table
    match event:
        case e.ClockStarted():
            return say("{clock}开始计时，到 {due}。", **_dated(event.clock))
        case e.ClockStopped():
            return say("{clock}停止计时。", clock=_clock(case, event.clock))
        case e.ClockPaused():
            until = event.clock.paused.until if event.clock.paused else event.clock.due
            return say("{clock}暂停，到 {until}。", clock=shown.clock_name(event.clock.key), until=local(until))
        case e.ClockResumed():
            return say("{clock}继续计时，到 {due}；已用时间保留。", **_dated(event.clock))
        case e.ClockExtended():
            return say("{clock}延长，到 {due}。", **_dated(event.clock))
        case e.ClockTightened() if not event.from_case:
            return say("{clock}按承诺的日期，到 {due}。", **_dated(event.clock))
        case e.ClockTightened():
            return say("{clock}因并案提前，到 {due}。", **_dated(event.clock))
        case e.ClockRecomputed():
            return say("{clock}按公布的日历重算，到 {due}。", **_dated(event.clock))
        case e.ClockWarned():
            return say("{clock}快到了，已提醒。", clock=_clock(case, event.clock))
        case e.ClockBroken():
            return say("超过{clock}。", clock=_clock(case, event.clock))
        case e.Escalated():
            return _action(event.action, _clock(case, event.clock))
        case e.Overseen():
            return _action(event.action, _unit(event.to))
        case _:
            return _rest(event, case)


def _action(action: str, about: str) -> str:
    return say(ACTIONS[action], unit=about) if action in ACTIONS else action


def _dated(clock: Clock) -> dict[str, object]:
    return {"clock": shown.clock_name(clock.key), "due": local(clock.due)}


def _rest(event: e.Event, case: Case) -> str:  # noqa: C901, PLR0911, PLR0912 - a table
    match event:
        case e.Asked():
            asked = event.request
            until = local(asked.until) if asked.until else ""
            words = {"clock": _clock(case, asked.clock), "until": until, "n": asked.amount, "seal": asked.seal or ""}
            return say(ASKED[asked.kind], **words) if asked.kind in ASKED else asked.kind
        case e.Granted():
            return say("同意第 {n} 号申请。", n=event.request)
        case e.Denied():
            return say("不同意第 {n} 号申请。", n=event.request)
        case e.Merged():
            return say("并入另一件。")
        case e.Absorbed():
            return say("另一件并进来，回执 {n} 张。", n=len(event.receipts))
        case e.Unmerged():
            return say("撤销并案，单独办理。")
        case e.Parted():
            return say("并进来的一件分了出去。")
        case e.ChildAdded():
            return say("加了一个子件。")
        case e.HoldLaid():
            return say("被另一件暂缓（{basis}）。", basis=event.hold.basis)
        case e.HoldLifted():
            return say("暂缓解除。")
        case e.StepTaken():
            return say("完成步骤：{step}。", step=desk.step_name(case, event.step))
        case e.Resealed():
            return say("封存级别改为 {seal}。依据：{basis}。", seal=event.seal, basis=event.basis)
        case e.Noted():
            return say("写了一条记录。")
        case e.ProofAdded():
            return say("加了一件凭证。")
        case e.ReportedByLaw():
            return say("法定报告：{units}。依据：{basis}。", units="、".join(map(_unit, event.to)), basis=event.basis)
        case e.ChampionNamed():
            return say("指定包案领导。")
        case _:
            raise AssertionError(f"no words for {type(event).__name__}")


HOW = {"verifier": "核查通过", "reporter": "反映人确认", "sample": "免于现场核查"}

"""What the people of the district do next with a case: one rule a stage, from the state alone and a seeded die."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bihuan.kernel import commands as c
from bihuan.kernel.case import Case, Clock, Proof, Request, Role, Stage, Task
from bihuan.kernel.rules import Rulebook
from bihuan.testing.district.plan import Habits
from bihuan.testing.district.reports import Drawn
from bihuan.testing.district.staff import TRAVEL_MINUTES, TRIAGE_MINUTES, VERIFY_MINUTES

SPREAD = 0.6  # of the log-normal times that work and waiting take
ENDS = frozenset({"answered", "closed", "reworked"})  # a clock that one of these stops needs no step of its own
MOST_REWORKS = 2


@dataclass
class Memory:
    """What was settled about one case before it began, and who took which task."""

    die: random.Random = field(default_factory=lambda: random.Random(0))  # noqa: S311 - a district, not a secret
    done: set[str] = field(default_factory=set)
    members: dict[str, int] = field(default_factory=dict)
    refusals: int = 0

    def once(self, what: str, share: float) -> bool:
        """Whether this happens to the case; asked once, it does not happen again."""
        if what in self.done:
            return False
        self.done.add(what)
        return self.die.random() < share

    def about(self, median: float) -> float:
        return median * self.die.lognormvariate(0.0, SPREAD)


def granted(asked: Request, at: datetime) -> c.Command:
    """Yes, unless the head comes to it only when the pause would be over."""
    if asked.until is not None and asked.until <= at:
        return c.Deny(asked.id, "批到时已过暂停期，不再暂停")
    return c.Grant(asked.id)


@dataclass(frozen=True)
class Move:
    """What is done next: by which unit in which roles, after ``wait`` hours, with ``minutes`` of work.

    ``make`` gets the instant. ``unit`` is empty for the reporter. ``into``: merge into that report's case instead.
    ``not_before``: nothing to be done until then.
    """

    make: Callable[[datetime], c.Command]
    unit: str
    roles: tuple[str, ...]
    minutes: float = 0.0
    wait: float = 0.0
    texts: Mapping[str, str] | None = None
    into: int | None = None
    not_before: datetime | None = None


def _hurry(state: Case) -> float:
    """Hours that people let pass when a date is near: a third of the span that the handling clock gives."""
    spans = [clock.due - clock.started for clock in state.clocks if clock.key == "handle"]
    return spans[-1] / timedelta(hours=3) if spans else 24.0


class Habit:
    """The rules for one case. ``drawn`` is what it is really about; ``state`` what the desk knows."""

    def __init__(self, book: Rulebook, habits: Habits, units: Sequence[str]) -> None:
        self.book = book
        self.habits = habits
        self.units = units

    def next(self, state: Case, drawn: Drawn, memory: Memory) -> Move | None:
        """The next move, or ``None`` when nobody has anything to do."""
        asked = [request for request in state.requests if request.is_open]
        if asked:
            return self._settle(state, asked[0], memory)
        rules = {
            Stage.REGISTERED: self._triage,
            Stage.ACCEPTED: self._dispatch,
            Stage.DISPATCHED: self._take,
            Stage.WORKING: self._work,
            Stage.ANSWERED: self._send,
            Stage.VERIFYING: self._verify,
            Stage.CLOSED: self._after,
        }
        rule = rules.get(state.stage)
        return rule(state, drawn, memory) if rule is not None else None

    # -- at the desk ------------------------------------------------------------------------------------------------

    def _settle(self, state: Case, asked: Request, memory: Memory) -> Move:
        if asked.kind != "return":
            return Move(lambda at: granted(asked, at), asked.unit, ("head",), 10, 2)
        desk = state.desk if state.desk != asked.unit else self.book.arbiter
        roles = ("triage", "dispatcher") if desk == state.desk else ("arbiter",)
        if memory.die.random() < self.habits.objection_holds:
            return Move(lambda _: c.Grant(asked.id), desk, roles, TRIAGE_MINUTES)
        return Move(lambda _: c.Deny(asked.id, "职责清单写明由你单位办理"), desk, roles, TRIAGE_MINUTES)

    def _triage(self, state: Case, drawn: Drawn, memory: Memory) -> Move:
        desk, roles = state.desk, ("triage", "dispatcher")
        if drawn.is_abusive:
            why = c.Decline("只有辱骂，没有可办的事", self.book.basis, "无；如有具体事项可以再次反映")
            return Move(lambda _: why, desk, roles, TRIAGE_MINUTES)
        if not state.category:
            sorted_out = c.Recategorise(drawn.category, "看过内容，归到这一类")
            return Move(lambda _: sorted_out, desk, roles, TRIAGE_MINUTES)
        if drawn.like is not None and memory.once("merge", 1.0):
            return Move(lambda _: c.Accept(), desk, roles, TRIAGE_MINUTES, into=drawn.like)
        if drawn.place != drawn.true_place and memory.once("place", 1.0):
            moved = c.Recategorise(state.category or drawn.category, "地点写错，电话核实", drawn.true_place)
            return Move(lambda _: moved, desk, roles, TRIAGE_MINUTES)
        return Move(lambda _: c.Accept(), desk, roles, TRIAGE_MINUTES)

    def _dispatch(self, state: Case, _drawn: Drawn, memory: Memory) -> Move:
        sent = [task for task in state.tasks if task.role is Role.LEAD]
        if len(sent) >= self.book.returns_before_arbitration and self.book.arbiter:
            order = c.Dispatch(self._other(state, memory), reason="裁定")
            return Move(lambda _: order, self.book.arbiter, ("arbiter",), 30, 4)
        if sent or self.book.route(state.category, state.place) is None:
            order = c.Dispatch(self._other(state, memory), reason="按职责清单改派")
            return Move(lambda _: order, state.desk, ("triage", "dispatcher"), TRIAGE_MINUTES)
        return Move(lambda _: c.Dispatch(), state.desk, ("triage", "dispatcher"), TRIAGE_MINUTES)

    def _other(self, state: Case, memory: Memory) -> str:
        before = {task.unit for task in state.tasks} | set(state.barred)
        free = [unit for unit in self.units if unit not in before]
        return memory.die.choice(free or list(self.units))

    def _send(self, state: Case, _drawn: Drawn, _memory: Memory) -> Move:
        free = [u for u in (self.book.verifier, *self.book.desks) if u and u not in state.worker_units]
        return Move(lambda _: c.SendToVerify(free[0]), state.desk, ("triage", "dispatcher"), TRIAGE_MINUTES)

    # -- on the spot ------------------------------------------------------------------------------------------------

    def _take(self, state: Case, drawn: Drawn, memory: Memory) -> Move:
        lead = state.lead_task or state.tasks[-1]
        if memory.once("second unit", self.habits.second_unit) and (other := self._other(state, memory)) != lead.unit:
            return Move(lambda _: c.AddTask(other), state.desk, ("triage", "dispatcher"), TRIAGE_MINUTES)
        if not state.is_bound and memory.once(f"return {lead.unit}", self.habits.objects):
            why = c.ReturnTask(lead.id, "不在我单位职责范围", "权责清单")
            return Move(lambda _: why, lead.unit, ("handler",), 10, memory.about(1))
        del drawn
        return Move(lambda _: c.TakeTask(lead.id), lead.unit, ("handler",), TRAVEL_MINUTES)

    def _work(self, state: Case, drawn: Drawn, memory: Memory) -> Move | None:
        lead = state.lead_task
        if lead is None:
            return None
        helping = [task for task in state.tasks if task.role is Role.ASSIST and task.is_open]
        if helping:
            return self._help(state, helping[0], drawn, memory)
        handle = next((k for k in state.clocks if k.key == "handle" and k.is_running), None)
        if handle is not None and memory.once("pause", self.habits.pause):
            return Move(
                lambda at: c.AskPause(handle.id, at + timedelta(days=3), "等配件到货"), lead.unit, ("handler",), 10, 2
            )
        if handle is not None and handle.extend and not handle.extended and memory.once("extend", self.habits.extend):
            return Move(lambda _: c.AskExtend(handle.id, 1, "需要二次施工"), lead.unit, ("handler",), 10, 2)
        owed = [
            k for k in state.clocks if k.is_ticking and k.task is None and not k.reminds and ENDS.isdisjoint(k.stops)
        ]
        if owed:
            return self._step(state, owed[0], lead, memory)
        return self._finish(state, lead, drawn, memory)

    def _help(self, state: Case, task: Task, drawn: Drawn, memory: Memory) -> Move:
        minutes, wait = memory.about(drawn.family.work / 2), memory.about(min(drawn.family.wait, _hurry(state)) / 2)
        return Move(lambda _: c.FinishTask(task.id), task.unit, ("handler",), minutes, wait, {"work": "协办已到场配合"})

    def _step(self, state: Case, clock: Clock, lead: Task, memory: Memory) -> Move | None:
        """A promise of its own that only a step keeps, and the steps that come before it."""
        named = (self.book.steps.get(moment.removeprefix("step:")) for moment in clock.stops)
        step = next((one for one in named if one is not None), None)
        if step is None:
            return None
        first = next((self.book.steps[key] for key in step.needs if key not in state.steps), step)
        taken = c.TakeStep(first.key, tuple((key, "虚构〔0000〕1号") for key in first.requires))
        return Move(lambda _: taken, lead.unit, (first.by,), 60, memory.about(8))

    def _finish(self, state: Case, lead: Task, drawn: Drawn, memory: Memory) -> Move:
        kinds = self.book.proofs_for(state.category)
        done = c.FinishTask(lead.id, tuple(Proof(kind, f"虚构-{kind}-{state.reworks}") for kind in kinds))
        minutes, wait = memory.about(drawn.family.work), memory.about(min(drawn.family.wait, _hurry(state)))
        return Move(lambda _: done, lead.unit, ("handler",), minutes, wait, {"answer": "已到现场处理完毕"})

    # -- the way out ------------------------------------------------------------------------------------------------

    def _verify(self, state: Case, _drawn: Drawn, memory: Memory) -> Move:
        unit = state.verifier_unit or state.desk
        is_bad = state.reworks < MOST_REWORKS and memory.die.random() < self.habits.rework
        outcome = self.book.outcomes[0] if self.book.outcomes else ""
        said = (
            c.Verify(accept=False, reason="现场还没有达到结案条件")
            if is_bad
            else c.Verify(accept=True, outcome=outcome)
        )
        return Move(lambda _: said, unit, ("verifier",), VERIFY_MINUTES, memory.about(1))

    def _after(self, state: Case, _drawn: Drawn, memory: Memory) -> Move | None:
        if state.reporter and memory.once("dispute", self.habits.dispute):
            return Move(lambda _: c.Dispute("又出现了，没有解决"), "", ("reporter",), wait=memory.about(20))
        owed = next((k for k in state.clocks if k.is_ticking and k.reminds), None)
        if owed is not None:
            asked = c.FollowUp(owed.id, is_settled=True)
            return Move(lambda _: asked, state.desk, ("triage", "verifier"), TRIAGE_MINUTES, not_before=owed.due)
        return None

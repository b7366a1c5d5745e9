"""A draft of the answer: events are added one by one and folded at once, so that each rule sees what the last one did."""

from __future__ import annotations

from bihuan.kernel import clocks
from bihuan.kernel import events as e
from bihuan.kernel.calendar import Unit
from bihuan.kernel.case import Case, Clock, Stage, Task
from bihuan.kernel.commands import Ctx
from bihuan.kernel.evolve import evolve
from bihuan.kernel.refused import Refused
from bihuan.kernel.rules import ClockRule, Rules

# A verification promises to look at one particular answer; the next answer gets a promise of its own.
RENEWED = frozenset({"verify"})


class Draft:
    def __init__(self, rules: Rules, state: Case | None, ctx: Ctx) -> None:
        self.rules = rules
        self.book = rules.book
        self.ctx = ctx
        self.events: list[e.Event] = []
        self._state = state

    @property
    def case(self) -> Case:
        if self._state is None:
            raise Refused("no-such-case", law=1)
        return self._state

    @property
    def is_new(self) -> bool:
        return self._state is None

    def add(self, event: e.Event) -> None:
        number = self._state.version + 1 if self._state else 1
        ctx = self.ctx
        recorded = e.Recorded(number, event, ctx.person, ctx.unit, ctx.at, ctx.at, self.book.version)
        self._state = evolve(self._state, recorded)
        self.events.append(event)

    # -- who may ------------------------------------------------------------------------------------------------

    def need(self, ok: object, code: str, *, law: int | None = None, rule: str = "", **facts: object) -> None:
        if not ok:
            raise Refused(code, law=law, rule=rule, **facts)

    def need_role(self, *roles: str) -> None:
        self.need(self.ctx.roles & set(roles), "wrong-role", law=2, needs=" | ".join(roles))

    def need_stage(self, *stages: Stage) -> None:
        self.need(self.case.stage in stages, "wrong-stage", stage=self.case.stage, allowed=" ".join(stages))

    def need_open(self) -> None:
        self.need(self.case.is_open, "case-not-open", stage=self.case.stage)

    def need_desk(self) -> None:
        """The triage desk that owns the case until dispatch, in a role that may decide there."""
        if "system" in self.ctx.roles:
            return
        self.need(self.ctx.unit == self.case.desk, "not-your-case", law=2, owner=self.case.desk)
        self.need_role("triage", "dispatcher")
        self.need_no_conflict()

    def need_no_conflict(self) -> None:
        self.need(not self.ctx.facts.get("conflict"), "conflict-of-interest", rule="回避")

    def need_reason(self, reason: str) -> None:
        self.need(reason.strip(), "reason-missing")

    def task(self, task_id: int) -> Task:
        task = self.case.task(task_id)
        if task is None:
            raise Refused("no-such-task", task=task_id)
        return task

    def clock(self, clock_id: str) -> Clock:
        clock = self.case.clock(clock_id)
        if clock is None or clock.stopped is not None:
            raise Refused("no-such-clock", clock=clock_id)
        return clock

    # -- time ---------------------------------------------------------------------------------------------------

    def moment(self, name: str) -> None:
        """Stop the case's clocks that end here, start those that begin here."""
        for clock in self.case.clocks:
            if clock.stopped is None and name in clock.stops:
                self.add(e.ClockStopped(clock.id, self.ctx.at))
        for rule in self.book.clocks_for(self.case.category, name):
            if rule.per == "case":
                self.begin(rule)

    def begin(self, rule: ClockRule, *, task: int | None = None) -> None:
        """Start a clock, or let it run on with the time used kept."""
        clock_id = rule.key if task is None else f"{rule.key}:{task}"
        earlier = self.case.clock(clock_id)
        if earlier is not None and rule.key in RENEWED:
            rounds = sum(1 for clock in self.case.clocks if clock.key == rule.key)
            clock_id, earlier = f"{rule.key}#{rounds + 1}", None
        if earlier is None:
            self.add(e.ClockStarted(clocks.start(self.rules, rule, clock_id, self.ctx.at, task)))
        elif earlier.stopped is not None:
            self.add(e.ClockResumed(clocks.resume(self.rules, earlier, self.ctx.at), "again"))

    def resume_clocks(self, why: str, *keys: str) -> None:
        for clock in self.case.clocks:
            if clock.key in keys and clock.stopped is not None:
                self.add(e.ClockResumed(clocks.resume(self.rules, clock, self.ctx.at), why))

    def stop_clocks(self, task: int | None = None) -> None:
        """Stop every clock, or those of one task."""
        for clock in self.case.clocks:
            if clock.stopped is None and (task is None or clock.task == task):
                self.add(e.ClockStopped(clock.id, self.ctx.at))

    def start_followups(self) -> None:
        rounds = sum(1 for clock in self.case.clocks if clock.key.startswith("followup"))
        for days in self.book.followups:
            rule = ClockRule(f"followup:{days}", days, Unit.CALENDAR_DAY, self.book.basis, stops=("reopened",))
            clock_id = rule.key if not rounds else f"{rule.key}#{rounds // len(self.book.followups) + 1}"
            clock = clocks.reminder(self.rules, rule, clock_id, self.ctx.at, self.case.desk)
            self.add(e.ClockStarted(clock))

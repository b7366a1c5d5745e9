"""A draft of the answer: each event is folded at once, so that each rule sees what the last one did."""

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
        if self.ctx.roles.isdisjoint(roles):
            raise Refused("wrong-role", law=2, needs=" ".join(roles))

    def need_stage(self, *stages: Stage) -> None:
        if self.case.stage not in stages:
            raise Refused("wrong-stage", stage=self.case.stage, allowed=" ".join(stages))

    @property
    def is_reporter(self) -> bool:
        """One of those who reported; for an anonymous report, whoever the desk says holds its receipt."""
        ctx = self.ctx
        return self.case.is_party(ctx.person) or ("reporter" in ctx.roles and ctx.person == self.case.reporter == "")

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

    def need_not_barred(self, *units: str) -> None:
        """An accusation never reaches the accused's unit. The refusal names nobody."""
        self.need(self.case.barred == () or not set(units) & set(self.case.barred), "route-barred", law=7)

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
                self.stop(clock)
        for rule in self.book.clocks_for(self.case.category, name):
            if rule.per == "case":
                self.begin(rule)

    def begin(self, rule: ClockRule, *, task: int | None = None) -> None:
        """Start a clock, or let it run on with the time used kept; not one that runs, or whose step is done."""
        clock_id = rule.key if task is None else f"{rule.key}:{task}"
        earlier = [c for c in self.case.clocks if c.key == rule.key and c.task == task]
        if any(clock.stopped is None for clock in earlier):
            return
        if earlier and not (rule.anew or rule.key in RENEWED):
            if any(f"step:{step}" in rule.stops for step in self.case.steps):
                return
            self.add(e.ClockResumed(clocks.resume(self.rules, earlier[-1], self.ctx.at), "again"))
            return
        if earlier:
            clock_id = f"{clock_id}#{len(earlier) + 1}"
        self.add(e.ClockStarted(clocks.start(self.rules, rule, clock_id, self.ctx.at, task)))
        self._cap(clock_id)

    def _cap(self, clock_id: str) -> None:
        """What was promised for this very case holds where it is earlier than the rule."""
        promised = self.case.promised
        if clock_id == "handle" and promised is not None and promised < self.clock(clock_id).due:
            tightened = clocks.tighten(self.rules, self.clock(clock_id), promised, self.ctx.at)
            self.add(e.ClockTightened(tightened, ""))

    def resume_clocks(self, why: str, *ids: str) -> None:
        for clock in self.case.clocks:
            if clock.id in ids and clock.stopped is not None:
                self.add(e.ClockResumed(clocks.resume(self.rules, clock, self.ctx.at), why))

    def stop(self, clock: Clock) -> None:
        """A paused clock runs on first: what it waited never counts, also when it starts again.

        What is told late cannot have happened before the clock last ran on.
        """
        at = self.ctx.at
        if clock.paused is not None:
            clock = clocks.resume(self.rules, clock, at)
            self.add(e.ClockResumed(clock, "stopped"))
        shifts = [move.until for move in clock.moves if move.kind == "shift"]
        self.add(e.ClockStopped(clock.id, max([at, *shifts])))

    def stop_clocks(self, task: int | None = None, *, and_reminders: bool = True) -> None:
        """Stop every clock, or those of one task."""
        for clock in self.case.clocks:
            is_meant = (task is None or clock.task == task) and (and_reminders or not clock.reminds)
            if clock.stopped is None and is_meant:
                self.stop(clock)

    def start_followups(self) -> None:
        basis, desk = self.book.basis, self.case.desk
        for days in self.book.followups:
            key = f"followup:{days}"
            rule = ClockRule(key, days, Unit.CALENDAR_DAY, basis, stops=("reopened",), anew=True, reminds=desk)
            self.begin(rule)

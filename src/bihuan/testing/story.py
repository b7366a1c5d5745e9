"""Given, when, then for a case. Every step is also held against the laws, the fold and the ticker's promise.

>>> case = given(city()).reported("manhole").accepted().dispatched()
>>> case.when(Verify(accept=True), by=WEI).then_refused("wrong-stage")
"""
# ruff: noqa: S101 - saying no by assert is what it is for

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Self
from zoneinfo import ZoneInfo

from bihuan.kernel import commands as c
from bihuan.kernel import decide, due, evolve, fold, laws
from bihuan.kernel.calendar import Calendar
from bihuan.kernel.case import Case, Clock, Proof
from bihuan.kernel.events import Event, Recorded
from bihuan.kernel.refused import Refused
from bihuan.kernel.rules import Rulebook, Rules
from bihuan.testing import cast
from bihuan.testing.cast import Person
from bihuan.testing.china import CHINA

MONDAY = "2025-03-03 09:00"


class Story:
    """One case and its history. ``now`` is the instant of the next step."""

    folds = True  # whether the whole history is folded again after each step; long walks do it once, at their end

    def __init__(self, book: Rulebook, start: str = MONDAY, calendar: Calendar = CHINA) -> None:
        self.rules = Rules(book, calendar)
        self.now = self.instant(start)
        self.history: list[Recorded] = []
        self.answer: tuple[Event, ...] | Refused = ()
        self._state: Case | None = None

    @property
    def state(self) -> Case:
        assert self._state is not None, "nothing is registered yet"
        return self._state

    # -- time ---------------------------------------------------------------------------------------------------

    def instant(self, local: str) -> datetime:
        """``2025-03-03 09:00`` on the calendar's wall, in UTC."""
        return datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(self.rules.calendar.zone)).astimezone(UTC)

    def at(self, local: str) -> Self:
        """Go on at this local time, without the ticker."""
        self.now = self.instant(local)
        return self

    def after(self, **span: float) -> Self:
        self.now += timedelta(**span)
        return self

    def until(self, local: str) -> Self:
        """Let time pass to this local time: the ticker speaks at every instant that is due on the way."""
        end = self.instant(local)
        while (at := due(self.state)) is not None and at <= end:
            self.now = max(self.now, at)
            self.when(c.Tick(), by=cast.SYSTEM)
        self.now = end
        return self

    def clock(self, clock_id: str) -> Clock:
        found = self.state.clock(clock_id)
        assert found is not None, f"no clock {clock_id}; there are {[k.id for k in self.state.clocks]}"
        return found

    def due_on(self, clock_id: str) -> date:
        """The local date on which a clock falls due."""
        return self.clock(clock_id).due.astimezone(ZoneInfo(self.rules.calendar.zone)).date()

    # -- when and then ------------------------------------------------------------------------------------------

    def when(self, command: c.Command, *, by: Person, recorded: str = "", **facts: object) -> Self:
        """Decide and fold. ``recorded``: a local time, for what is told later than it happened."""
        ctx = c.Ctx(self.now, by.name, by.unit, by.roles, facts)
        before = self._state
        self.answer = decide(self.rules, before, command, ctx)
        again = decide(self.rules, before, command, ctx)
        if isinstance(self.answer, Refused):
            assert isinstance(again, Refused)
            assert str(again) == str(self.answer), "decide is not deterministic"
            return self
        assert again == self.answer, "decide is not deterministic"
        told = self.instant(recorded) if recorded else self.now
        steps, state = [], before
        for event in self.answer:
            number = state.version + 1 if state else 1
            steps.append(Recorded(number, event, by.name, by.unit, self.now, told, self.rules.book.version))
            state = evolve(state, steps[-1])
        if state is not None and steps:
            broken = laws.violations(before, steps, state)
            assert not broken, f"{command} broke {broken}"
            self.history += steps
            self._state = state
            assert not self.folds or fold(self.history) == state, "the state is not the fold of its history"
        self._after_tick(command)
        return self

    def _after_tick(self, command: c.Command) -> None:
        if isinstance(command, c.Tick):
            at = due(self.state)
            assert at is None or at > self.now, f"due at {at}, and the tick of {self.now} left it"

    def must(self, command: c.Command, *, by: Person, recorded: str = "", **facts: object) -> Self:
        """A step that only leads up to the matter: it has to work."""
        self.when(command, by=by, recorded=recorded, **facts)
        assert not isinstance(self.answer, Refused), f"{command} was refused: {self.answer}"
        return self

    def then(self, *kinds: str) -> Self:
        """The step led to these kinds of events, in this order; others may stand between."""
        assert not isinstance(self.answer, Refused), f"refused: {self.answer}"
        got = [type(event).__name__ for event in self.answer]
        rest = iter(got)
        assert all(kind in rest for kind in kinds), f"wanted {list(kinds)} in {got}"
        return self

    def then_nothing(self) -> Self:
        assert self.answer == (), f"wanted nothing, got {self.answer}"
        return self

    def then_refused(self, code: str, *, law: int | None = None) -> Self:
        assert isinstance(self.answer, Refused), f"wanted {code}, got {self.answer}"
        assert self.answer.code == code, f"wanted {code}, got {self.answer}"
        assert law is None or self.answer.law == law, f"wanted law {law}, got {self.answer}"
        return self

    def count(self, kind: str) -> int:
        """How often a kind of event stands in the history."""
        return sum(1 for one in self.history if type(one.event).__name__ == kind)

    # -- the usual way through ----------------------------------------------------------------------------------

    def reported(self, category: str, place: str = "0103-012", by: Person = cast.LIN, **more: object) -> Self:
        report = c.Register(number=1, receipt="r1", category=category, place=place, channel="web", reporter=by.name)
        return self.must(replace(report, **more), by=by)  # type: ignore[arg-type]  # fields of Register

    def accepted(self, by: Person = cast.ZHOU) -> Self:
        return self.must(c.Accept(), by=by)

    def dispatched(self, lead: str = "", *assists: str, by: Person = cast.ZHOU) -> Self:
        return self.must(c.Dispatch(lead, assists, reason="分工" if lead else ""), by=by)

    def finished(self, task: int = 1, by: Person = cast.WEI, *proofs: str) -> Self:
        """Without ``proofs`` with one of each kind that the category asks for."""
        kinds = proofs or self.rules.book.proofs_for(self.state.category)
        return self.must(c.FinishTask(task, tuple(Proof(kind, f"p-{kind}-{task}") for kind in kinds)), by=by)

    def closed(self, by: Person = cast.SU) -> Self:
        outcomes = self.rules.book.outcomes
        return self.must(c.Verify(accept=True, outcome=outcomes[0] if outcomes else ""), by=by)

    # -- two cases ----------------------------------------------------------------------------------------------

    def merged_into(self, lead: Story, by: Person = cast.ZHOU) -> Self:
        """As the desk does it: both commands or neither. Here this case is ``other`` and that one ``lead``."""
        absorb = c.hand_over("other", self.state)
        self.must(c.MergeInto("lead", lead.state.seal), by=by)
        lead.must(absorb, by=by)
        return self

    def unmerged_from(self, lead: Story, by: Person = cast.ZHOU) -> Self:
        brought = c.hand_over("other", self.state)
        self.must(c.Unmerge("并案有误"), by=by)
        lead.must(c.Part("other", brought.receipts, brought.reporters), by=by)
        return self


def given(book: Rulebook, start: str = MONDAY, calendar: Calendar = CHINA) -> Story:
    return Story(book, start, calendar)

"""Play a plan: every ten virtual minutes, what happened in them goes through the real write path at once."""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from uuid import UUID
from zoneinfo import ZoneInfo

from bihuan.desk import api
from bihuan.kernel.calendar import Unit
from bihuan.kernel.case import OPEN_STAGES, Case
from bihuan.kernel.refused import Refused
from bihuan.kernel.rules import Rulebook
from bihuan.testing.district import habits, letters, reports, staff
from bihuan.testing.district.plan import STRETCH, Plan
from bihuan.testing.district.summary import Summary

Progress = Callable[[int, int], None]
AGAIN = timedelta(hours=2)
MOST_REFUSALS = 5


class EmptyDistrict(RuntimeError):
    """There are no places to play with, or no rulebook for the scene."""


@dataclass
class Tale:
    """One report on its way; ``state`` is what its case looked like last."""

    drawn: reports.Drawn
    memory: habits.Memory
    case: UUID | None = None
    state: Case | None = None


@dataclass(order=True)
class Due:
    """The next move of a case, and when it is made; ``by``: who makes it."""

    at: datetime
    order: int
    tale: Tale = field(compare=False)
    move: habits.Move = field(compare=False)
    by: api.Actor = field(compare=False)

    def step(self) -> api.virtual.Step:
        return api.virtual.Step(self.at, self.by, self.move.make(self.at), self.move.texts)


def start_of(plan: Plan) -> datetime:
    """Midnight of the first day, where the district lies; the world's clock must stand there."""
    return datetime.combine(plan.start, datetime.min.time(), ZoneInfo(api.virtual.zone())).astimezone(UTC)


def run(
    plan: Plan, world: int, *, post: letters.Post | None = None, progress: Progress = lambda _done, _all: None
) -> Summary:
    """Play ``plan`` in ``world``, a simulation that stands at its start.

    Raises ``EmptyDistrict`` and ``UnknownCategory``.
    """
    return _Run(plan, world, post).play(progress)


def _drawn(plan: Plan, book: Rulebook, post: letters.Post | None) -> list[reports.Drawn]:
    places = [(below.place, below.name) for _, each in api.place_choices() for below in each]
    if not places:
        raise EmptyDistrict(
            "没有社区,无法推演;先载入单位。 There are no communities to play with; load the units first."
        )
    if post is not None:
        return letters.spread(plan, book, post, places, api.virtual.zone())
    return reports.draw(plan, book, places, api.virtual.zone())


def _staff(plan: Plan, book: Rulebook, drawn: Sequence[reports.Drawn]) -> staff.Staff:
    desk, verifier = book.desks[0], book.verifier or book.desks[0]
    places = {(one.category, one.true_place) for one in drawn}
    leads = {key: route.lead for key in places if (route := book.route(*key)) is not None}
    return staff.Staff(plan, staff.load_of(drawn, leads, desk, verifier), {desk, verifier}, api.virtual.zone())


def _is_urgent(book: Rulebook, category: str) -> bool:
    """Whose handling is counted in hours of the clock, nights and holidays too."""
    handle = [rule for rule in book.clocks_for(category, "dispatched") if rule.key == "handle"]
    return any(rule.unit is Unit.HOUR for rule in handle)


class _Run:
    def __init__(self, plan: Plan, world: int, post: letters.Post | None) -> None:
        try:
            book = api.virtual.book_at(plan.scene, start_of(plan))
        except Refused as refusal:
            raise EmptyDistrict(f"场景 {plan.scene} 没有规则。 Scene {plan.scene} has no rulebook.") from refusal
        drawn = _drawn(plan, book, post)
        self.plan, self.world = plan, world
        self.staff = _staff(plan if post is None else letters.arriving(plan), book, drawn)
        self.urgent = {code for code in book.categories if _is_urgent(book, code)}
        self.habit = habits.Habit(book, plan.habits, sorted({route.lead for route in book.routes}))
        # A die for each case: one thing more or less to do does not change the luck of all that follow.
        self.tales = [Tale(one, habits.Memory(random.Random(f"{plan.seed}:{one.number}"))) for one in drawn]  # noqa: S311
        self.by_case: dict[UUID, Tale] = {}
        self.due: list[Due] = []
        self.order = count()
        self.now = start_of(plan)
        self.summary = Summary()

    def play(self, progress: Progress) -> Summary:
        stretches = round(timedelta(days=self.plan.days) / STRETCH)
        fresh = self._by_stretch()
        for number in range(stretches):
            progress(number, stretches)
            self.now += STRETCH
            self._stretch(fresh.get(number, []))
        progress(stretches, stretches)
        self.summary.add(tale.state for tale in self.tales if tale.state is not None)
        return self.summary

    def _by_stretch(self) -> Mapping[int, list[Tale]]:
        found: dict[int, list[Tale]] = {}
        for tale in self.tales:
            found.setdefault(int((tale.drawn.at - self.now) / STRETCH), []).append(tale)
        return found

    def _stretch(self, fresh: Sequence[Tale]) -> None:
        acting = list(self._acting())
        steps = {one.tale.case: [one.step()] for one in acting if one.tale.case is not None and one.move.into is None}
        played = api.virtual.play(self.world, self.now, [tale.drawn.report() for tale in fresh], steps)
        for tale, outcome in zip(fresh, played.reports, strict=True):
            tale.case = outcome.case
            self.by_case[outcome.case] = tale
        self._remember([*played.reports, *played.cases.values()])
        refused = {case: why for case, _, why in played.refused}
        for one in acting:
            self._follow(one, refused.get(one.tale.case) if one.tale.case is not None else None)
        for tale in fresh:
            self._plan(tale, tale.drawn.at)

    def _acting(self) -> Iterator[Due]:
        """One move a case: everybody's next comes at the earliest in the next stretch."""
        while self.due and self.due[0].at <= self.now:
            yield heapq.heappop(self.due)

    def _remember(self, outcomes: Sequence[api.Outcome]) -> None:
        for outcome in outcomes:
            self.by_case[outcome.case].state = outcome.state

    def _follow(self, one: Due, refused: Refused | None) -> None:
        """After a move: the next one. What was refused is tried again later, a few times."""
        if one.move.into is not None:
            self._merge(one)
        self.summary.commands += 1
        if refused is None:
            self._plan(one.tale, one.at)
            return
        self.summary.refusals[refused.code] += 1
        one.tale.memory.refusals += 1
        one.tale.memory.members.clear()
        if one.tale.memory.refusals < MOST_REFUSALS:
            self._plan(one.tale, one.at + AGAIN)
        else:
            self.summary.stuck += 1

    def _merge(self, one: Due) -> None:
        """With the case of the report that it repeats, while that is open; else it goes its own way."""
        lead = self.tales[one.move.into or 0]
        if lead.case is None or one.tale.case is None or lead.state is None or lead.state.stage not in OPEN_STAGES:
            return
        try:
            both = api.merge(one.tale.case, lead.case, by=one.by, purpose=api.virtual.PURPOSE, world=self.world)
        except Refused as why:
            self.summary.refusals[why.code] += 1
            return
        self._remember(both)

    def _plan(self, tale: Tale, ready: datetime) -> None:
        move = self.habit.next(tale.state, tale.drawn, tale.memory) if tale.state is not None else None
        if move is None:
            return
        ready = max(ready, move.not_before or ready) + timedelta(hours=move.wait)
        at, by = self._done_by(tale, move, ready)
        heapq.heappush(self.due, Due(max(at, self.now + timedelta(seconds=1)), next(self.order), tale, move, by))

    def _done_by(self, tale: Tale, move: habits.Move, ready: datetime) -> tuple[datetime, api.Actor]:
        if not move.unit:
            return ready, api.reporter(tale.drawn.person)
        crew = self.staff.crew(move.unit)
        # Who has taken a task also finishes it.
        known = tale.memory.members.get(move.unit) if move.roles == ("handler",) else None
        end, member = crew.take(ready, move.minutes, known, is_urgent=tale.drawn.category in self.urgent)
        if move.roles == ("handler",):
            tale.memory.members[move.unit] = member
        return end, crew.actor(member, *move.roles)

"""A demo district that lives: fictional people report and work in it while you look, at the pace of a working day.

For a demo only. It touches nobody's cases but its own, so a visitor's report waits for the visitor.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from itertools import count
from pathlib import Path
from uuid import UUID

from bihuan.desk import api
from bihuan.kernel.case import Case
from bihuan.kernel.evolve import fold
from bihuan.kernel.refused import Refused
from bihuan.testing.district import habits, reports
from bihuan.testing.district.plan import Plan

Who = Callable[[str, tuple[str, ...]], api.Actor | None]
MOST_OPEN = 60  # cases of its own at a time
REPORT_EVERY = timedelta(seconds=75)
STEP_AFTER = 100.0  # seconds between two steps of one case, on the average
PURPOSE = "示范 demo"


@dataclass
class Tale:
    """One of its cases, and when it moves next."""

    number: int
    case: UUID
    ready: datetime
    memory: habits.Memory = field(default_factory=habits.Memory)


class Live:
    """``who`` gives the member of staff for a unit and roles, or nobody. ``kept``: the file that names its cases."""

    def __init__(self, who: Who, kept: Path, *, seed: int = 7) -> None:
        book = api.book_in_force("city")
        places = [(below.place, below.name) for _, each in api.place_choices() for below in each]
        self._drawn = reports.draw(Plan(date(2026, 1, 1), 2, 400, seed), book, places, api.virtual.zone())
        self._habit = habits.Habit(book, Plan(date(2026, 1, 1)).habits, sorted({r.lead for r in book.routes}))
        self._who, self._kept, self._seed = who, kept, seed
        self._die = random.Random()  # noqa: S311 - a demo: the one place where no seed is wanted
        self._next_report = datetime.min.replace(tzinfo=api.now().tzinfo)
        self._tales = list(self._read())
        self._numbers = count(max((tale.number for tale in self._tales), default=0) + 1)

    def step(self, now: datetime | None = None) -> int:
        """Do what is due at ``now``; returns how much was done."""
        now = now or api.now()
        done = 0
        if now >= self._next_report and len(self._tales) < MOST_OPEN:
            self._report(now)
            done += 1
        for tale in [one for one in self._tales if one.ready <= now]:
            done += self._move(tale, now)
        if done:
            self._keep()
        return done

    def _of(self, number: int) -> reports.Drawn:
        """A report of the plan, again and again; never a repetition of another, which may be long closed."""
        drawn = self._drawn[number % len(self._drawn)]
        return replace(drawn, number=number, person=str(reports.person_of(self._seed, number)), like=None)

    def _report(self, now: datetime) -> None:
        number = next(self._numbers)
        one = self._of(number).report()
        told = api.report(one.intake, by=one.by, purpose=PURPOSE, key=f"live-{self._seed}-{number}")
        self._tales.append(Tale(number, told.case, self._later(now), self._memory(number)))
        self._next_report = now + REPORT_EVERY * self._die.uniform(0.4, 1.6)

    def _memory(self, number: int) -> habits.Memory:
        return habits.Memory(random.Random(f"{self._seed}:{number}"))  # noqa: S311 - as above

    def _later(self, now: datetime) -> datetime:
        return now + timedelta(seconds=20 + self._die.expovariate(1 / STEP_AFTER))

    def _move(self, tale: Tale, now: datetime) -> int:
        """The next step of a case; one that nobody can take, or that is refused, ends our part in it."""
        state = _state(tale.case)
        move = self._habit.next(state, self._of(tale.number), tale.memory)
        by = self._actor(move, tale) if move is not None else None
        if move is None or by is None or move.not_before is not None:
            self._tales.remove(tale)
            return 0
        tale.ready = self._later(now)
        try:
            api.submit(move.make(now), by=by, case=tale.case, purpose=PURPOSE, texts=move.texts)
        except (Refused, api.Stale, api.NotFound):
            self._tales.remove(tale)
            return 0
        return 1

    def _actor(self, move: habits.Move, tale: Tale) -> api.Actor | None:
        if not move.unit:
            return api.reporter(self._of(tale.number).person)
        return self._who(move.unit, move.roles)

    def _read(self) -> Iterator[Tale]:
        """The cases of an earlier run go on where they were; a file that cannot be read is as good as none."""
        try:
            rows = json.loads(self._kept.read_text(encoding="utf-8"))
            for number, case in rows:
                yield Tale(int(number), UUID(case), self._later(api.now()), self._memory(int(number)))
        except (OSError, ValueError, TypeError):
            return

    def _keep(self) -> None:
        rows = [[tale.number, str(tale.case)] for tale in self._tales]
        fresh = self._kept.with_suffix(".new")
        fresh.write_text(json.dumps(rows), encoding="utf-8")
        fresh.replace(self._kept)


def _state(case: UUID) -> Case:
    return fold(api.events_of(case, 1))

"""What those do whom nobody plays: one rule a stage and a task, from the state alone and a die of that very step.

Nothing is remembered between two steps. A drill that was cut off goes on where its clock stood; what was under way then
begins anew from there.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID, uuid5

from bihuan.desk import api as desk
from bihuan.kernel import commands as c
from bihuan.kernel.case import Case, Proof, Role, Stage, Task, TaskStatus
from bihuan.kernel.rules import Rulebook
from bihuan.ops.drills.script import Staffing

PEOPLE = UUID("5b0b7f0e-3c7d-5f43-9c1a-7a0f3d2b9e44")  # ids of those who play are derived from this
TRIAGE = ("triage", "dispatcher")


@dataclass(frozen=True)
class Move:
    """``what`` names the step within its case: it is done once. ``minutes`` after it became possible.

    ``into``: the case that this one is merged into, by its number, instead of the command.
    """

    what: str
    minutes: float
    unit: str
    roles: tuple[str, ...]
    command: c.Command
    texts: Mapping[str, str] | None = None
    into: int = 0

    def by(self) -> desk.Actor:
        return player(self.unit, self.roles)


def player(unit: str, roles: tuple[str, ...]) -> desk.Actor:
    """Somebody of the unit, without a name: nobody is scored, only what was done."""
    return desk.Actor(str(uuid5(PEOPLE, f"{unit}:{roles[0]}")), unit, frozenset(roles))


def state_of(outcome: desk.Outcome) -> Case:
    """What a case looks like after a command; only an answer that is given again under its key has no state."""
    if outcome.state is None:
        raise LookupError(f"case {outcome.case}: answered before, and not read again")
    return outcome.state


def resident(seed: int, key: str) -> desk.Actor:
    """A fictional resident who reports."""
    return desk.reporter(str(uuid5(PEOPLE, f"{seed}:{key}")))


class Players:
    """The rules for one case, from ``seed``. ``people``: units whose steps are left to real people.

    ``routes``: category to lead unit, instead of what the rulebook says: another rule of dispatch, tried out.
    """

    def __init__(
        self,
        staffing: Staffing,
        seed: int,
        people: frozenset[str] = frozenset(),
        routes: Mapping[str, str] | None = None,
    ) -> None:
        self.staffing, self.seed, self.people, self.routes = staffing, seed, people, routes or {}

    def moves(self, state: Case, book: Rulebook) -> list[Move]:
        """All that somebody would do next: one step of the case, or one of each of its open tasks."""
        found = [*self._answers(state)] or [*self._steps(state, book)]
        return [move for move in found if move.unit not in self.people]

    def _answers(self, state: Case) -> Iterator[Move]:
        for asked in state.requests:
            if asked.is_open and asked.kind != "return":
                yield Move(f"ask:{asked.id}", 8, asked.unit, ("head",), c.Grant(asked.id))
            elif asked.is_open:
                yield Move(f"ask:{asked.id}", 6, state.desk, TRIAGE, c.Grant(asked.id))

    def _steps(self, state: Case, book: Rulebook) -> Iterator[Move]:
        one = self.staffing
        if state.stage is Stage.REGISTERED and state.category:
            yield self._move(state, "accept", one.accept, state.desk, TRIAGE, c.Accept())
        elif state.stage is Stage.ACCEPTED:
            yield self._move(
                state, f"dispatch:{state.returns}", one.dispatch, state.desk, TRIAGE, self._dispatch(state, book)
            )
        elif state.stage in {Stage.DISPATCHED, Stage.WORKING}:
            yield from self._tasks(state, book)
        elif state.stage is Stage.ANSWERED:
            free = [u for u in (book.verifier, *book.desks) if u and u not in state.worker_units]
            if free:
                yield self._move(state, f"send:{state.reworks}", one.send, state.desk, TRIAGE, c.SendToVerify(free[0]))
        elif state.stage is Stage.VERIFYING:
            yield self._verify(state, book)

    def _dispatch(self, state: Case, book: Rulebook) -> c.Dispatch:
        """By the route table; where it has none, or the unit gave it back, to the street or department next in it."""
        before = {task.unit for task in state.tasks} | set(state.barred)
        wanted = self.routes.get(state.category, "")
        if wanted and wanted not in before:
            return c.Dispatch(wanted, reason="演练：按另一派遣规则")
        route = book.route(state.category, state.place)
        if route is not None and route.lead not in before:
            return c.Dispatch()
        units = sorted({route.lead for route in book.routes} - before)
        return c.Dispatch(self._die(state, f"other:{state.returns}").choice(units or [state.desk]), reason="改派")

    def _tasks(self, state: Case, book: Rulebook) -> Iterator[Move]:
        done = {task.id for task in state.tasks if task.status in {TaskStatus.FINISHED, TaskStatus.CANCELLED}}
        helping = any(task.is_open and task.role is Role.ASSIST for task in state.tasks)
        for task in state.tasks:
            if task.is_open and done.issuperset(task.needs):
                yield from self._task(state, task, book, helping=helping)

    def _task(self, state: Case, task: Task, book: Rulebook, *, helping: bool) -> Iterator[Move]:
        one, round_ = self.staffing, f"{task.id}:{state.reworks}"
        slow = one.slow.get(task.unit, 1.0)
        if task.status is TaskStatus.OPEN:
            is_silent = self._die(state, f"silent:{round_}").random() < one.silent
            yield self._move(
                state, f"take:{round_}", one.take * slow, task.unit, ("handler",), c.TakeTask(task.id),
                more=one.silent_for if is_silent else 0.0,
            )  # fmt: skip
        elif task.status is TaskStatus.TAKEN:
            yield self._move(
                state, f"arrive:{round_}", one.arrive * slow, task.unit, ("handler",), c.ArriveAtTask(task.id)
            )
        elif task.role is Role.ASSIST or not helping:
            yield self._finish(state, task, book, round_)

    def _finish(self, state: Case, task: Task, book: Rulebook, round_: str) -> Move:
        one = self.staffing
        is_lead = task.role is Role.LEAD
        kinds = book.proofs_for(state.category) if is_lead else ()
        proofs = tuple(Proof(kind, f"演练-{kind}-{state.reworks}") for kind in kinds)
        said = {"answer": "演练：已到现场处置完毕"} if is_lead else {"work": "演练：协办已到场配合"}
        minutes = (task.duration or one.finish) * one.slow.get(task.unit, 1.0)
        return self._move(
            state, f"finish:{round_}", minutes, task.unit, ("handler",), c.FinishTask(task.id, proofs), texts=said
        )

    def _verify(self, state: Case, book: Rulebook) -> Move:
        unit, what = state.verifier_unit or state.desk, f"verify:{state.reworks}"
        is_bad = state.reworks < 1 and self._die(state, f"bad:{what}").random() < self.staffing.rework
        outcome = book.outcomes[0] if book.outcomes else ""
        said = (
            c.Verify(accept=False, reason="演练：现场未达到结案条件")
            if is_bad
            else c.Verify(accept=True, outcome=outcome)
        )
        return self._move(state, what, self.staffing.verify, unit, ("verifier",), said)

    def _move(  # noqa: PLR0917 - one line for each step
        self,
        state: Case,
        what: str,
        median: float,
        unit: str,
        roles: tuple[str, ...],
        command: c.Command,
        *,
        more: float = 0.0,
        texts: Mapping[str, str] | None = None,
    ) -> Move:
        minutes = more + median * self._die(state, what).lognormvariate(0.0, self.staffing.spread)
        return Move(what, minutes, unit, roles, command, texts)

    def _die(self, state: Case, what: str) -> random.Random:
        return random.Random(f"{self.seed}:{state.number}:{what}")  # noqa: S311 - a drill, not a secret

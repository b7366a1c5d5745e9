"""Walk a case of any scene from its report to the archive, taking no step that the rules do not ask for.

A refusal by a scene's own rule that names a ``step`` in its facts says what has to come first; the walk takes it. One
that says ``after`` waits for something else: ``champion``, or ``extend:`` and a clock.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol
from uuid import UUID, uuid4, uuid5

from bihuan.desk import api
from bihuan.kernel import commands as c
from bihuan.kernel import decide, evolve, fold, laws
from bihuan.kernel.case import Case, Proof, Role, Stage, TaskStatus
from bihuan.kernel.events import Recorded
from bihuan.kernel.refused import Refused
from bihuan.kernel.rules import Rulebook, Rules, Step
from bihuan.testing.china import CHINA

SPACE = UUID("5a3d9c52-6f0b-5c55-9d7b-1f6f5b1d7c10")
MOST_TURNS = 60
AT_WORK = (Stage.DISPATCHED, Stage.WORKING)
SAMPLES = {
    "text": "样例文字",
    "number": "1",
    "date": "2026-01-05",
    "due": "2199-12-31",
    "yes_no": "yes",
    "place": "500103014001",
}
PURPOSE = "合规检查 conformance"


class Stuck(AssertionError):
    """The walk cannot go on: what was tried, and why it was refused."""


def person(unit: str, role: str) -> str:
    """Somebody in this post of this unit: always the same."""
    return str(uuid5(SPACE, f"{unit}/{role}"))


def post(unit: str, role: str) -> api.Actor:
    return api.Actor(person(unit, role), unit, frozenset({role}))


class Door(Protocol):
    """Where a command goes: to the kernel alone, or through the desk."""

    @property
    def state(self) -> Case: ...

    def send(self, command: c.Command, unit: str, role: str) -> Refused | None: ...


class KernelDoor:
    """The kernel and the scene's own rules, held against the laws at each step. No database."""

    def __init__(self, book: Rulebook, register: c.Register, facts: Mapping[str, object] | None = None) -> None:
        self._rules = Rules(book, CHINA)
        self._at = api.now()
        self._state: Case | None = None
        self._facts = dict(facts or {})
        self.history: list[Recorded] = []
        refused = self.send(register, "", "reporter")
        if refused is not None:
            raise Stuck(f"{register.category}: {refused}")

    @property
    def state(self) -> Case:
        if self._state is None:
            raise Stuck("nothing is registered")
        return self._state

    def send(self, command: c.Command, unit: str, role: str) -> Refused | None:
        by = self._state.reporter if role == "reporter" and self._state else person(unit, role)
        ctx = c.Ctx(self._at, by, unit, frozenset({role}), self._facts)
        refused = api.refused_by_scene(self._rules.book.scene, self._state, command, ctx)
        decided = refused or decide(self._rules, self._state, command, ctx)
        if isinstance(decided, Refused):
            return decided
        before, made, state = self._state, list[Recorded](), self._state
        for event in decided:
            number = state.version + 1 if state else 1
            made.append(Recorded(number, event, by, unit, self._at, self._at, self._rules.book.version))
            state = evolve(state, made[-1])
        if state is not None and (broken := laws.violations(before, made, state)):
            raise Stuck(f"{command} broke {broken}")
        self._state = state
        self.history += made
        return None


class DeskDoor:
    """The desk's own door, with all that it adds: access, vault, fences."""

    def __init__(self, intake: api.Intake) -> None:
        desk = api.book_in_force(intake.scene).desks[0]
        is_public = api.declared_scene(intake.scene).is_public
        self.reporter = api.reporter(str(uuid4())) if is_public else post(desk, "triage")
        made = api.report(intake, by=self.reporter, purpose=PURPOSE)
        self.case, self.receipt = made.case, made.receipt

    @property
    def state(self) -> Case:
        return fold(api.events_of(self.case, 1))

    @property
    def history(self) -> list[Recorded]:
        return list(api.events_of(self.case, 1))

    def send(self, command: c.Command, unit: str, role: str) -> Refused | None:
        by = self.reporter if role == "reporter" else post(unit, role)
        try:
            api.submit(command, by=by, case=self.case, purpose=PURPOSE)
        except Refused as refused:
            return refused
        except api.NotFound:
            return Refused("no-such-case", law=7)
        return None


class Walk:
    """One case on its way. ``picked``: values for fields of steps, by their keys."""

    def __init__(self, door: Door, book: Rulebook, picked: Mapping[str, str] | None = None) -> None:
        self.door, self.book, self.picked = door, book, dict(picked or {})
        self._on_the_way: set[str] = set()

    @property
    def state(self) -> Case:
        return self.door.state

    def must(self, command: c.Command, unit: str, role: str) -> None:
        """Send it; where a step has to come first, take that first. Raises ``Stuck``."""
        tried: set[str] = set()
        while (refused := self.door.send(command, unit, role)) is not None:
            if not self._lift(refused, tried):
                state = self.state
                raise Stuck(f"{state.category}, {state.stage}: {unit} ({role}) {command} → {refused}")

    def _lift(self, refused: Refused, tried: set[str]) -> bool:
        """Do what the refusal asks for first; whether that could be done."""
        for key in self._wanted(refused):
            if key not in tried and self.take(key):
                tried.add(key)
                return True
        first = str(refused.facts.get("after", ""))
        if not first or first in tried:
            return False
        tried.add(first)
        return self._bring_about(first)

    def _bring_about(self, what: str) -> bool:
        """``champion``: a leader is named; ``extend:KEY``: the clock is extended, by another than who asks."""
        state = self.state
        if what == "champion":
            return self.door.send(c.NameChampion(person(state.desk, "head")), state.desk, "triage") is None
        clock = next((one for one in state.clocks if f"extend:{one.key}" == what and one.is_ticking), None)
        if clock is None:
            return False
        self.must(c.AskExtend(clock.id, 1, "情况复杂"), state.lead, "handler")
        self.must(c.Grant(self.state.requests[-1].id), state.lead, clock.extend_by)
        return True

    def _wanted(self, refused: Refused) -> list[str]:
        """Steps that would lift this refusal."""
        if refused.code == "step-open":
            keys = str(refused.facts.get("clocks", "")).split()
            stops = (stop for k in self.state.clocks if k.key in keys and k.is_ticking for stop in k.stops)
            return [s[5:] for s in stops if s.startswith("step:") and not self.book.steps[s[5:]].ends]
        named = str(refused.facts.get("step", ""))
        return [named] if named in self.book.steps else []

    # -- steps ------------------------------------------------------------------------------------------------------

    def take(self, key: str) -> bool:
        """Take a step and all that it needs, by whoever may; whether it could be taken."""
        step, done = self.book.steps[key], set(self.state.steps)
        if key in self._on_the_way:
            return False
        self._on_the_way.add(key)
        try:
            return all(need in done or self.take(need) for need in step.needs) and self._take(step)
        finally:
            self._on_the_way.discard(key)

    def _take(self, step: Step) -> bool:
        tried: set[str] = set()
        while True:
            refused = self._send_step(step)
            if refused is None:
                return True
            if not self._lift(refused, tried):
                return False

    def _send_step(self, step: Step) -> Refused | None:
        refused: Refused | None = Refused("nobody-may")
        for unit in self._units(step.by):
            for data in self._data(step):
                refused = self.door.send(c.TakeStep(step.key, data), unit, step.by)
                if refused is None:
                    return None
                if refused.code in {"wrong-stage", "step-done", "step-blocked", "step-too-early"}:
                    return refused
        return refused

    def _units(self, role: str) -> list[str]:
        state = self.state
        verifier = state.verifier_unit or self.book.verifier or state.desk
        desk, lead = (verifier, state.lead, state.desk), (state.lead, state.desk, verifier)
        return [*dict.fromkeys({"verifier": desk, "triage": desk[::-1], "dispatcher": desk[::-1]}.get(role, lead))]

    def _data(self, step: Step) -> list[tuple[tuple[str, str], ...]]:
        """What to fill in; one after the other for the options of its first choice."""
        known = {one.key: one for one in api.asked_fields(self.book.scene, step.key)}
        asked = [*step.requires, *(key for key, one in known.items() if one.required and key not in step.requires)]
        base = {key: self.picked.get(key) or sample(self.book.scene, known.get(key)) for key in asked}
        choice = next((key for key in asked if key in known and known[key].choices and key not in self.picked), None)
        if choice is None:
            return [tuple(base.items())]
        return [tuple((base | {choice: option}).items()) for option in known[choice].choices]

    # -- stage by stage ---------------------------------------------------------------------------------------------

    def to(self, *stages: Stage) -> Walk:
        """Go on until the case stands in one of these stages."""
        for _ in range(MOST_TURNS):
            if self.state.stage in stages:
                return self
            self._go_on()
        raise Stuck(f"{self.state.category} stays {self.state.stage}; it should come to {', '.join(stages)}")

    def to_the_end(self) -> Walk:
        return self.to(Stage.ARCHIVED, Stage.DECLINED)

    def _go_on(self) -> None:
        state = self.state
        if state.stage in {Stage.ARCHIVED, Stage.DECLINED, Stage.MERGED}:
            raise Stuck(f"{state.category} is over ({state.stage})")
        turns: Mapping[Stage, Callable[[Case], None]] = {
            Stage.REGISTERED: self._accept, Stage.ACCEPTED: self._dispatch, Stage.DISPATCHED: self._work,
            Stage.WORKING: self._work, Stage.ANSWERED: self._verify, Stage.VERIFYING: self._verify,
            Stage.CLOSED: self._after,
        }  # fmt: skip
        turns[state.stage](state)

    def _accept(self, state: Case) -> None:
        self.must(c.Accept("新的事实" if state.prior_final else ""), state.desk, "triage")

    def _dispatch(self, state: Case) -> None:
        route = self.book.route(state.category, state.place)
        by_hand = next((one.lead for one in self.book.routes if one.lead not in state.barred), state.desk)
        self.must(c.Dispatch() if route else c.Dispatch(by_hand, reason="手工派遣"), state.desk, "dispatcher")

    def _work(self, state: Case) -> None:
        helping = [task for task in state.tasks if task.is_open and task.role is Role.ASSIST]
        for task in helping:
            self.must(c.FinishTask(task.id), task.unit, "handler")
        lead = self.state.lead_task
        if lead is None:
            raise Stuck("nobody leads")
        if lead.status is TaskStatus.OPEN:
            self.must(c.TakeTask(lead.id), lead.unit, "handler")
        proofs = tuple(Proof(kind, "ref") for kind in self.book.proofs_for(state.category))
        self.must(c.FinishTask(lead.id, proofs), lead.unit, "handler")

    def _verify(self, state: Case) -> None:
        unit = state.verifier_unit
        if not unit:
            unit = next(one for one in self._others() if one not in {*state.worker_units, *state.barred})
            self.must(c.SendToVerify(unit), state.desk, "triage")
        self.must(
            c.Verify(accept=True, outcome=self.picked.get("outcome", (*self.book.outcomes, "")[0])), unit, "verifier"
        )

    def _others(self) -> list[str]:
        named = [self.book.verifier, *self.book.desks, *(route.lead for route in self.book.routes)]
        return [unit for unit in named if unit] + [one.code for one in api.organisation.every_unit()]

    def _after(self, state: Case) -> None:
        """Closed: what is still owed is done, then the archive."""
        for clock in state.clocks:
            if not clock.is_ticking:
                continue
            steps = [stop[5:] for stop in clock.stops if stop.startswith("step:")]
            if not any(self.take(step) for step in steps if not self.book.steps[step].ends):
                self.must(c.FollowUp(clock.id, is_settled=True), state.desk, "triage")
        if self.state.stage is Stage.CLOSED:
            self.must(c.Archive(), state.desk, "triage")


def sample(scene: str, field: api.SceneField | None) -> str:
    """Something that the field takes."""
    if field is None:
        return SAMPLES["text"]
    if field.choices:
        return next(iter(field.choices))
    if field.kind == "register":
        entries = api.registers.entries(scene, field.register)
        return entries[0].key if entries else ""
    if field.kind == "number" and field.least is not None:
        return str(field.least)
    return SAMPLES.get(field.kind, SAMPLES["text"])[: field.most]

"""Time goes on in a drill, and what is due happens: injects, what players do, ticks. All through the one write path.

A stretch of a minute is played at once (``desk.virtual``); what other code does in the drill's world, an activation
above all, happens between two stretches, at its own instant. The same script and seed give the same history.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from bihuan.desk import api as desk
from bihuan.kernel import commands as c
from bihuan.kernel.case import Case, Stage, TaskStatus
from bihuan.kernel.refused import Refused
from bihuan.kernel.rules import Rulebook
from bihuan.ops.drills.acting import acting, fusing, lead_of
from bihuan.ops.drills.picture import striped
from bihuan.ops.drills.players import TRIAGE, Move, Players, player, resident, state_of
from bihuan.ops.drills.script import Inject, Script
from bihuan.ops.drills.sensors import Sensors

STRETCH = timedelta(minutes=1)
AGAIN, MOST_REFUSALS = timedelta(minutes=3), 3
REACHED: Mapping[Stage, tuple[str, ...]] = {
    Stage.REGISTERED: ("registered",),
    Stage.ACCEPTED: ("registered", "accepted"),
    Stage.DISPATCHED: ("registered", "accepted", "dispatched"),
    Stage.WORKING: ("registered", "accepted", "dispatched", "taken"),
    Stage.ANSWERED: ("registered", "accepted", "dispatched", "taken", "finished", "answered"),
    Stage.VERIFYING: ("registered", "accepted", "dispatched", "taken", "finished", "answered"),
    Stage.CLOSED: ("registered", "accepted", "dispatched", "taken", "finished", "answered", "closed"),
}
# Starts the plan of a script in a world; returns the number of the case that carries it.
Activate = Callable[[Script, int, Mapping[str, object]], int]
Progress = Callable[[int, int], None]


@dataclass
class Tale:
    """A case on its way. ``waiting``: what somebody would do next, by the name of the step."""

    case: UUID
    state: Case
    key: str = ""
    waiting: dict[str, Move] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    refused: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, order=True)
class Due:
    """The next step of a case, and when it is made."""

    at: datetime
    number: int
    what: str


@dataclass(frozen=True, order=True)
class Timed:
    at: datetime
    order: int
    inject: Inject = field(compare=False)


class Engine:
    """Plays ``script`` in ``world``, whose clock may stand anywhere in it: what was injected is not injected again."""

    def __init__(self, script: Script, world: int, activate: Activate, *, people: frozenset[str] = frozenset()) -> None:
        self.script, self.world, self._activate = script, world, activate
        self.players = Players(script.staffing, script.seed, people | set(script.people), script.routes)
        self.sensors = Sensors(script)
        self.now = desk.now(world=world)
        self._books: dict[str, Rulebook] = {}
        self._tales: dict[UUID, Tale] = {}
        self._by_number: dict[int, Tale] = {}
        self._keys: dict[str, UUID] = {}
        self._due: list[Due] = []
        self._fusing: list[Due] = []
        self._timed: list[Timed] = []
        self._waiting: dict[str, list[Inject]] = {}
        self._marks: dict[str, datetime] = {}
        self._lines: list[tuple[datetime, str, Mapping[str, object]]] = []
        self._take_up()

    def run(self, progress: Progress = lambda _done, _all: None) -> None:
        """To the end of the script."""
        total = int(self.script.lasts / STRETCH)
        while self.now < self.script.ends:
            self.run_to(min(self.now + 10 * STRETCH, self.script.ends))
            progress(int((self.now - self.script.starts) / STRETCH), total)

    def run_to(self, until: datetime) -> None:
        """Let time go on to ``until``, at most to the end of the script."""
        until = min(until, self.script.ends)
        while self.now < until:
            hard = [one.at for one in self._timed if one.inject.kind != "report" and one.at > self.now][:1]
            with desk.drills.together():
                self._stretch(min(self.now + STRETCH, until, *hard))
                self._flush()

    def look_again(self) -> None:
        """Cases that others changed or made: people at the pages, an activation."""
        for case, state in desk.drills.open_cases(self.world):
            tale = self._tales.get(case)
            if tale is None or tale.state.version != state.version:
                self._changed(case, state, self.now)

    # -- taking up ----------------------------------------------------------------------------------------------------

    def _take_up(self) -> None:
        fired: set[str] = set()
        heard = {one.key: one.says for one in self.script.injects if one.kind == "reading"}
        for line in desk.drills.lines(self.world):
            if line.kind == "reading":  # what the detectors knew they know again; nothing is told twice
                list(self.sensors.judge(heard[str(line.data["key"])], line.at))
            fired.add(str(line.data.get("key", "")))
            self._mark(line.kind, line.data, line.at)
            if line.kind in {"inject", "activated"} and line.data.get("case"):
                self._name(str(line.data["key"]), int(line.data["case"]))
        for order, inject in enumerate(self.script.injects):
            if inject.key in fired:
                continue
            if inject.when is not None:
                self._waiting.setdefault(inject.when.mark, []).append(inject)
            elif inject.at is not None:
                heapq.heappush(self._timed, Timed(self.script.starts + inject.at, order, inject))
        for mark, at in list(self._marks.items()):
            self._set_off(mark, at)
        self.look_again()
        with desk.drills.together():
            self._stretch(self.now)
            self._flush()

    def _book(self, scene: str) -> Rulebook:
        if scene not in self._books:
            self._books[scene] = desk.virtual.book_at(scene, self.script.starts)
        return self._books[scene]

    # -- a stretch ----------------------------------------------------------------------------------------------------

    def _stretch(self, end: datetime) -> None:
        heard = list(self._reports(end))
        steps = self._steps(end)
        told = [desk.virtual.Report(one.at, self._who(one.inject), self._intake(one.inject)) for one in heard]
        doing = {case: [step for _, step in each] for case, each in steps.items()}
        played = desk.virtual.play(self.world, end, told, doing)
        self.now = end
        for one, outcome in zip(heard, played.reports, strict=True):
            self._note(one.at, "inject", {"key": one.inject.key, "kind": "report", "case": state_of(outcome).number})
            self._keys[one.inject.key] = outcome.case
            self._changed(outcome.case, state_of(outcome), one.at, key=one.inject.key)
        refused = {id(step) for _, step, _ in played.refused}
        for case, each in steps.items():
            for what, step in each:
                self._done(case, what, step, is_refused=id(step) in refused)
        for case, outcome in played.cases.items():
            at = max((step.at for _, step in steps.get(case, ())), default=end)
            self._changed(case, state_of(outcome), at)
        self._fuse()
        for kind, about in self.sensors.passing(self.now):
            self._note(self.now, kind, about)
        self._hard()

    def _reports(self, end: datetime) -> Iterator[Timed]:
        kept = []
        while self._timed and self._timed[0].at <= end:
            one = heapq.heappop(self._timed)
            if one.inject.kind != "report":
                kept.append(one)
            elif self._is_wanted(one.inject):
                yield one if one.at >= self.now else Timed(self.now, one.order, one.inject)
        for one in kept:
            heapq.heappush(self._timed, one)

    def _steps(self, end: datetime) -> dict[UUID, list[tuple[str, desk.virtual.Step]]]:
        found: dict[UUID, list[tuple[str, desk.virtual.Step]]] = {}
        while self._due and self._due[0].at <= end:
            one = heapq.heappop(self._due)
            tale = self._by_number[one.number]
            move = tale.waiting.get(one.what)
            if move is not None and move.into:
                heapq.heappush(self._fusing, one)
            elif move is not None:
                step = desk.virtual.Step(max(one.at, self.now), move.by(), move.command, move.texts)
                found.setdefault(tale.case, []).append((one.what, step))
        return found

    def _done(self, case: UUID, what: str, step: desk.virtual.Step, *, is_refused: bool) -> None:
        tale = self._tales[case]
        if not is_refused:
            return
        tale.refused[what] += 1
        if tale.refused[what] < MOST_REFUSALS:
            heapq.heappush(self._due, Due(step.at + AGAIN, tale.state.number, what))
        else:
            self._note(step.at, "stuck", {"case": tale.state.number, "step": what})

    def _changed(self, case: UUID, state: Case, at: datetime, key: str = "") -> None:
        tale = self._tales.get(case)
        if tale is None:
            tale = self._tales[case] = Tale(case, state, key or self._key_of(case))
            self._by_number[state.number] = tale
        tale.state = state
        moves = self.players.moves(state, self._book(state.scene)) if state.is_open else []
        if (lead := lead_of(self.script.fuse, state, (one.state for one in self._tales.values()))) is not None:
            moves = [fusing(self.script.staffing, state, lead)]
        tale.waiting = {move.what: move for move in moves}
        for what, move in tale.waiting.items():
            if what not in tale.seen:
                tale.seen.add(what)
                # Whole seconds, as people write them down.
                seconds = max(1, round(move.minutes * 60))
                heapq.heappush(self._due, Due(at + timedelta(seconds=seconds), state.number, what))
        if tale.key:
            for mark in (*REACHED.get(state.stage, ()), *_of_tasks(state)):
                self._reach(f"case:{tale.key}:{mark}", at)

    def _fuse(self) -> None:
        """Several reports of one event become one case; who reports later joins it. Undone like any merge."""
        while self._fusing:
            one = heapq.heappop(self._fusing)
            tale, lead = (
                self._by_number[one.number],
                self._by_number[self._by_number[one.number].waiting[one.what].into],
            )
            by = tale.waiting[one.what].by()
            try:
                both = desk.merge(tale.case, lead.case, by=by, purpose=desk.virtual.PURPOSE, world=self.world)
            except Refused as why:
                self._note(self.now, "stuck", {"case": one.number, "step": why.code})
                continue
            self._note(self.now, "fused", {"case": one.number, "into": lead.state.number, "key": f"{tale.key}-fused"})
            for outcome in both:
                self._changed(outcome.case, state_of(outcome), self.now)

    def _name(self, key: str, number: int) -> None:
        case = desk.case_by_number(number, world=self.world)
        if case is not None:
            self._keys[key] = case

    def _key_of(self, case: UUID) -> str:
        return next((key for key, found in self._keys.items() if found == case), "")

    # -- injects ------------------------------------------------------------------------------------------------------

    def _hard(self) -> None:
        """What needs the clock of the world to stand at its very instant."""
        while True:
            ready = sorted(one for one in self._timed if one.inject.kind != "report" and one.at <= self.now)
            if not ready:
                return
            self._timed = [one for one in self._timed if one not in ready]
            heapq.heapify(self._timed)
            for one in ready:
                if self._is_wanted(one.inject):
                    self._inject(one.inject)

    def _is_wanted(self, inject: Inject) -> bool:
        """An inject that is to come only where something did not happen in time."""
        if inject.unless is None or inject.unless.mark not in self._marks:
            return True
        self._note(self.now, "left-out", {"key": inject.key, "since": inject.unless.mark})
        return False

    def _inject(self, inject: Inject) -> None:
        about: dict[str, object] = {"key": inject.key, "kind": inject.kind}
        if inject.kind == "reading":
            self._read(inject)
            return
        if inject.kind == "activate":
            number = self._activate(self.script, self.world, inject.says)
            level = str(inject.says.get("level", "") or self.script.level)
            self._name(inject.key, number)
            self._note(self.now, "activated", {**about, "case": number, "plan": self.script.plan, "level": level})
            self.look_again()
            return
        if inject.kind == "order":
            about["case"] = self._order(inject)
        elif inject.kind == "act":
            about["refused"] = self._act(inject)
        else:
            about["text"] = str(inject.says["text"])
        self._note(self.now, "inject", about)

    def _read(self, inject: Inject) -> None:
        told = {name: inject.says.get(name, "") for name in ("sensor", "of", "unit", "value")}
        self._note(self.now, "reading", {"key": inject.key, **told})
        for kind, found in self.sensors.judge(inject.says, self.now):
            self._note(self.now, kind, found)
            if kind == "warning" and found.get("opens"):
                self._open(inject.key, found)

    def _open(self, key: str, found: Mapping[str, object]) -> None:
        """A warning that opens a case: the gauge is its first source."""
        text = f"【演练】{found['sensor']} {found['of']} {found['value']}：{found['name']}"
        intake = desk.Intake(
            str(found["opens"]), str(found["place"]), "signal", {"text": text}, scene=self.script.scene
        )  # fmt: skip
        by = player(self._book(self.script.scene).desks[0], TRIAGE)
        made = desk.report(intake, by=by, purpose=desk.virtual.PURPOSE, world=self.world)
        self._note(self.now, "inject", {"key": f"{key}-case", "kind": "warning", "case": state_of(made).number})
        self._keys[f"{key}-case"] = made.case
        self._changed(made.case, state_of(made), self.now, key=f"{key}-case")

    def _who(self, inject: Inject) -> desk.Actor:
        unit = str(inject.says.get("unit", ""))
        if unit:
            return player(unit, (str(inject.says.get("role", "handler")),))
        return resident(self.script.seed, inject.key)

    def _intake(self, inject: Inject) -> desk.Intake:
        says = inject.says
        texts = {"text": f"【演练】{says['text']}"}
        photos = (desk.keep_photo(striped(f"{self.script.key} {inject.key}")),) if says.get("photo") else ()
        return desk.Intake(
            str(says["category"]), str(says["place"]), str(says.get("channel", "hotline")), texts,
            scene=self.script.scene, photos=photos,
        )  # fmt: skip

    def _order(self, inject: Inject) -> int:
        """An order by hand: a case of the command's own, sent to the unit at once."""
        unit, role = self.script.commander
        by = player(self._book(self.script.scene).desks[0], (*TRIAGE, role))
        intake = desk.Intake(
            str(inject.says["category"]), str(inject.says["place"]), "order",
            {"text": f"【演练】{inject.says['text']}"}, scene=self.script.scene, is_order=True,
        )  # fmt: skip
        made = desk.report(intake, by=by, purpose=desk.virtual.PURPOSE, world=self.world)
        for command in (c.Accept(), c.Dispatch(str(inject.says["unit"]), reason=f"演练：{unit or '指挥部'}指令")):
            if isinstance(command, c.Dispatch) or state_of(made).stage is Stage.REGISTERED:
                made = desk.submit(command, by=by, case=made.case, purpose=desk.virtual.PURPOSE, world=self.world)
        self._keys[inject.key] = made.case
        self._changed(made.case, state_of(made), self.now, key=inject.key)
        return state_of(made).number

    def _act(self, inject: Inject) -> str:
        """What a role-player does with a case of this drill; what refused it, if anything did."""
        tale = self._tales.get(self._keys.get(str(inject.says["case"]), UUID(int=0)))
        if tale is None:
            return "no-such-case"
        doing = acting(inject, tale.state, self._book(tale.state.scene))
        if doing is None:
            return "nothing-to-do"
        by, command, texts = doing
        try:
            made = desk.submit(
                command, by=by, case=tale.case, purpose=desk.virtual.PURPOSE, world=self.world, texts=texts
            )
        except (Refused, desk.NotFound) as why:
            return getattr(why, "code", "no-such-case")
        self._changed(tale.case, state_of(made), self.now)
        return ""

    # -- marks and lines ----------------------------------------------------------------------------------------------

    def _note(self, at: datetime, kind: str, data: Mapping[str, object]) -> None:
        self._lines.append((at, kind, data))
        self._mark(kind, data, at)

    def _mark(self, kind: str, data: Mapping[str, object], at: datetime) -> None:
        self._reach(f"line:{kind}", at)
        if level := data.get("level"):
            self._reach(f"line:{kind}:{level}", at)

    def _reach(self, mark: str, at: datetime) -> None:
        if mark not in self._marks:
            self._marks[mark] = at
            self._set_off(mark, at)

    def _set_off(self, mark: str, at: datetime) -> None:
        for order, inject in enumerate(self._waiting.pop(mark, ())):
            wait = inject.when.after if inject.when is not None else timedelta()
            heapq.heappush(self._timed, Timed(max(at + wait, self.now), len(self.script.injects) + order, inject))

    def _flush(self) -> None:
        desk.drills.note(self.world, self._lines)
        self._lines = []


def _of_tasks(state: Case) -> Iterator[str]:
    statuses = {task.status for task in state.tasks}
    if statuses & {TaskStatus.TAKEN, TaskStatus.ARRIVED, TaskStatus.FINISHED}:
        yield "taken"
    if statuses & {TaskStatus.ARRIVED, TaskStatus.FINISHED}:
        yield "arrived"
    if TaskStatus.FINISHED in statuses:
        yield "finished"

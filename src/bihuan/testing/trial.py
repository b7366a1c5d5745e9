"""Plays one virtual case of a scene from the report to the close, each move at half of its limit, or one too late."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from bihuan.desk import api
from bihuan.desk.ports import Beat, Stuck
from bihuan.kernel import commands as c
from bihuan.kernel import fold
from bihuan.kernel.case import Case, Clock, Role, Stage, TaskStatus
from bihuan.kernel.events import Recorded, StepTaken
from bihuan.kernel.refused import Refused
from bihuan.kernel.rules import Rulebook
from bihuan.testing import walk

SOON = timedelta(minutes=20)
LONG = timedelta(days=2)
OPENS = time(9, 0)
CLOSES = 17
QUIET = frozenset({"ClockStarted", "ClockStopped", "ProofAdded", "Noted"})


def play(book: Rulebook, world: int, ground: str, category: str, *, is_late: bool) -> Sequence[Beat]:
    """The beats of the case. Raises ``Stuck`` where the scene's own rules do not let it come to its close."""
    door = VirtualDoor(book, world, ground, category, is_late=is_late)
    walked = walk.Walk(door, book)
    try:
        walked.to(Stage.DISPATCHED)
        _take(door)
        for key in book.steps:
            if key not in door.state.steps and not walked.take(key):
                raise Stuck(f"步骤走不到：{book.steps[key].name}", f"a step cannot be taken: {key}")
        walked.to(Stage.CLOSED)
    except walk.Stuck as stuck:
        raise Stuck(*_why(stuck)) from stuck
    return door.beats()


def _take(door: VirtualDoor) -> None:
    lead = door.state.lead_task
    if lead is not None and lead.status is TaskStatus.OPEN:
        door.send(c.TakeTask(lead.id), lead.unit, "handler")


def _why(stuck: walk.Stuck) -> tuple[str, str]:
    refused = stuck.args[1] if len(stuck.args) > 1 else None
    if isinstance(refused, Refused):
        return api.words_of(refused)
    return f"走不下去：{stuck.args[0]}", str(stuck.args[0])


class VirtualDoor:
    """The desk's own door in a simulation, where each command is given at an instant of its own."""

    def __init__(self, book: Rulebook, world: int, ground: str, category: str, *, is_late: bool) -> None:
        self.book, self.world, self._is_late = book, world, is_late
        self._at = _morning(max(api.now(world), api.now()))
        self._roles: dict[tuple[str, str], str] = {}
        self._reporter = api.reporter(str(uuid4()))
        texts = {"text": "试办的一件事"}
        asked = [one for one in api.asked_fields(book.scene) if one.required]
        fields = {one.key: walk.sample(book.scene, one) for one in asked}
        place = next((p.place for _, ps in api.place_choices() for p in ps if p.place.startswith(ground)), ground)
        intake = api.Intake(category, place, "portal", texts, scene=book.scene, fields=fields)
        by = self._reporter if api.declared_scene(book.scene).is_public else walk.post(book.desks[0], "triage")
        played = api.virtual.play(world, self._at, [api.virtual.Report(self._at, by, intake)], {})
        self._case: UUID = played.reports[0].case

    @property
    def state(self) -> Case:
        return fold(api.events_of(self._case, self.world))

    def send(self, command: c.Command, unit: str, role: str) -> Refused | None:
        by = self._reporter if role == "reporter" else walk.post(unit, role)
        self._roles[(by.person, by.unit)] = role
        at = self._next(command)
        step = api.virtual.Step(at, by, command)
        played = api.virtual.play(self.world, at, [], {self._case: [step]})
        self._at = at
        return played.refused[0][2] if played.refused else None

    def _next(self, command: c.Command) -> datetime:
        """Half way to the nearest limit; where it is to be late, the work itself is finished after its limit."""
        state = self.state
        running = [clock for clock in state.clocks if clock.is_ticking and clock.paused is None]
        handle = next((clock for clock in running if clock.key == "handle"), None)
        task = state.task(command.task) if isinstance(command, c.FinishTask) else None
        if self._is_late and handle is not None and task is not None and task.role is Role.LEAD:
            return max(self._at, handle.due) + (handle.due - handle.started) * 0.3 + SOON
        ahead = [clock.due for clock in running if clock.due > self._at]
        if not ahead:
            return self._at + SOON
        left = min(ahead) - self._at
        half = self._at + min(left / 2, LONG)
        awake = _awake(half)
        return awake if awake - self._at < left * 0.65 else half

    def beats(self) -> list[Beat]:
        """One for each action and each tick that said something."""
        history = list(api.events_of(self._case, self.world))
        found: list[Beat] = []
        start = 0
        for index, one in enumerate(history):
            after = history[index + 1] if index + 1 < len(history) else None
            if after is None or (after.at, after.by) != (one.at, one.by):
                found += self._beat(history[start : index + 1], fold(history[: index + 1]))
                start = index + 1
        return found

    def _beat(self, group: Sequence[Recorded], state: Case) -> list[Beat]:
        head = group[0]
        spoken = tuple(name for one in group if (name := type(one.event).__name__) not in QUIET)
        if not spoken:
            return []
        steps = tuple(one.event.step for one in group if isinstance(one.event, StepTaken))
        clocks = tuple(_clock(one) for one in state.clocks if one.is_ticking)
        role = "reporter" if not head.unit else self._roles.get((head.by, head.unit), "")
        return [Beat(head.at, spoken, head.unit, role, state.stage.value, steps, clocks)]


def _clock(clock: Clock) -> tuple[str, datetime, bool]:
    return clock.key, clock.due, clock.broken is not None


def _awake(at: datetime) -> datetime:
    """The next moment at which somebody is in the office."""
    local = at.astimezone(ZoneInfo(api.virtual.zone()))
    if local.hour >= CLOSES:
        local = datetime.combine(local.date() + timedelta(days=1), OPENS, local.tzinfo)
    elif local.time() < OPENS:
        local = datetime.combine(local.date(), OPENS, local.tzinfo)
    return (local + timedelta(days=max(0, 7 - local.weekday()) if local.weekday() > 4 else 0)).astimezone(UTC)


def _morning(now: datetime) -> datetime:
    """Nine o'clock of the next Monday: offices are open, so that the plain case is shown."""
    local = now.astimezone(ZoneInfo(api.virtual.zone()))
    day = local.date() + timedelta(days=7 - local.weekday())
    return datetime.combine(day, OPENS, local.tzinfo).astimezone(UTC)

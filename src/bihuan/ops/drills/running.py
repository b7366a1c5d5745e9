"""From a file to a drill that is over: planned, begun, moved on, ended with its report."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import timedelta
from threading import Lock
from uuid import UUID

from bihuan.desk import api as desk
from bihuan.ops.drills import activating, after
from bihuan.ops.drills.engine import Engine, Progress
from bihuan.ops.drills.reading import read
from bihuan.ops.drills.script import Script

log = logging.getLogger("bihuan.drills")
_engines: dict[UUID, Engine] = {}
_lock = Lock()


def script_of(drill: desk.drills.Drill) -> Script:
    return read(drill.file, desk.virtual.zone(), seed=drill.seed)


def parts_of(script: Script) -> set[str]:
    """The units that take part: who commands, the desks, whoever gets an order."""
    book = desk.virtual.book_at(script.scene, script.starts)
    units = {script.commander[0], *book.desks, book.verifier, *(task.unit for task in script.tasks)}
    units |= {str(one.says["unit"]) for one in script.injects if one.kind == "order"}
    return {unit for unit in units if unit}


def plan(
    text: str, *, by: desk.Actor, seed: int | None = None, people: tuple[str, ...] | None = None, mode: str = "drill"
) -> UUID:
    """Put a drill on the list. Raises ``BadScript``."""
    script = read(text, desk.virtual.zone(), seed=seed)
    wanted = script.people if people is None else people
    parts = tuple(sorted(parts_of(script) | set(wanted)))
    new = desk.drills.NewDrill(script.plan, script.title, text, script.seed, script.starts, mode, wanted, parts)
    return desk.drills.put(new, by=by)


def begin(
    drill: UUID, *, speed: int = 1, people: tuple[str, ...] | None = None, is_paused: bool = False
) -> desk.drills.Drill:
    """Make its world and let it run; ``people``: units whose orders real people answer."""
    starts = script_of(desk.drills.get(drill)).starts
    return desk.drills.start(drill, starts=starts, speed=speed, people=people, is_paused=is_paused)


def engine_of(drill: desk.drills.Drill) -> Engine:
    """Its engine at the present instant of its world. Raises ``LookupError`` for one that has no world yet."""
    if drill.played_in is None:
        raise LookupError(f"{drill.title}: 还没有开始 / has not begun")
    return Engine(script_of(drill), drill.played_in, activating.activate, people=frozenset(drill.people))


def play(drill: UUID, progress: Progress = lambda _done, _all: None) -> desk.drills.Drill:
    """As fast as it goes, to the end, with its report."""
    engine_of(desk.drills.get(drill)).run(progress)
    return end(drill)


def end(drill: UUID) -> desk.drills.Drill:
    """Over, now, wherever it stands: the report is made and kept."""
    with desk.drills.together():
        desk.drills.hold(drill)
        found = desk.drills.get(drill)
        world = found.played_in
        if world is None:
            raise LookupError(f"{found.title}: 还没有开始 / has not begun")
        desk.drills.note(world, [(desk.now(world=world), "ended", {})])
        report = after.write(script_of(found), world)
        desk.drills.finish(drill, report, desk.drills.digest(world))
    with _lock:
        _engines.pop(drill, None)
    return desk.drills.get(drill)


def step() -> int:
    """Move every running drill on by the time that has passed; never in a hurry. For the worker."""
    moved = 0
    for drill in desk.drills.every(states=("running",)):
        with desk.drills.claimed(drill.id) as passed:
            if passed > timedelta():
                moved += _move(drill, passed)
    log.debug("%d drills moved on", moved)
    return 0  # the next step is for the next second: this is a clock, not a queue


def advance(drill: UUID, by: timedelta) -> None:
    """One step by hand, also of a drill that is paused."""
    with desk.drills.together():
        desk.drills.hold(drill)
        _move(desk.drills.get(drill), by)


def _move(drill: desk.drills.Drill, passed: timedelta) -> int:
    with _lock:
        engine = _engines.get(drill.id)
        if engine is None or engine.now != desk.now(world=drill.played_in or 0):
            engine = _engines[drill.id] = engine_of(drill)
        engine.look_again()
        engine.run_to(engine.now + passed)
        is_over = engine.now >= engine.script.ends
    if is_over:
        end(drill.id)
    return 1


def summary(drill: desk.drills.Drill) -> dict[str, object]:
    """What the command line says at the end."""
    report: Mapping[str, object] = drill.report or {}
    return {
        "drill": str(drill.id),
        "plan": drill.plan,
        "seed": drill.seed,
        "world": drill.played_in,
        "starts": report.get("starts"),
        "ends": report.get("ends"),
        "counts": report.get("counts"),
        "times": report.get("times"),
        "met": report.get("met"),
        "expectations": len(report.get("scores", ())),  # type: ignore[arg-type]
        "history_sha256": drill.history,
    }

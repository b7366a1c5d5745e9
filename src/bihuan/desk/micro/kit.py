"""The checker and the player of scenes, which stand above the desk: reached through a port that wiring fills."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from django.db import connection, transaction

from bihuan.desk import instant, names, ports, rulebooks, worlds
from bihuan.desk.micro import build, told
from bihuan.desk.micro.draft import Draft
from bihuan.desk.micro.wrong import Wrong
from bihuan.desk.ports import Beat
from bihuan.kernel.refused import Refused

TRIALS = "micro-scene-trials"


def check(draft: Draft, files: Mapping[str, bytes]) -> list[Wrong]:
    """What ``bihuan scene check`` says of the folder, notices left out."""
    with tempfile.TemporaryDirectory(prefix="bihuan-micro-") as place:
        folder = Path(place) / draft.key
        for name, content in files.items():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        found = ports.scene_kit().check(folder, frozenset(names.units()))
    return [Wrong("", 0, where, what) for where, what in found]


def try_out(draft: Draft, earlier: Sequence[Draft], *, category: str, is_late: bool) -> tuple[Beat, ...]:
    """A virtual case of ``draft`` from the report to the close, in a simulation of its own. Nothing of it is kept.

    The world is always the same one and stays empty: each trial is undone whole (law 8), so that trials neither fill
    the list of worlds nor meet one another.
    """
    world = _world()
    with transaction.atomic():
        with connection.cursor() as cursor:  # one trial after the other
            cursor.execute("SELECT id FROM world WHERE id = %s FOR UPDATE", [world])
        book = build.book(draft, "trial", rulebooks.local_day(instant.now(world)))
        with told.on_trial(draft, book, earlier):
            beats = ports.scene_kit().play(book, world, draft.place, category, is_late)
        transaction.set_rollback(True)
    return tuple(beats)


def _world() -> int:
    found = next((one.id for one in worlds.every() if one.key == TRIALS), None)
    if found is not None:
        return found
    try:
        return worlds.create(TRIALS, "simulation")
    except Refused:  # another process was faster
        return next(one.id for one in worlds.every() if one.key == TRIALS)

"""What is left of a case for a level: notes by audience, the state trimmed, counts without small cells."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from bihuan.desk.seals import OUTSIDERS, SEALED_FROM, Level, Verdict, Viewer
from bihuan.kernel.case import OPEN_TASKS, Case, Note, Seal
from bihuan.kernel.refused import Refused

FEWEST = 5
PURPOSE_LENGTH = 200


def count_shown(count: int) -> int | None:
    """A count of sealed things: none under five is told, nor whether there are any. ``None`` is shown as ``<5``."""
    return count if count >= FEWEST else None


def require_purpose(seal: int, purpose: str) -> str:
    """The purpose, tidied. Nobody reads L2 or L3 without one (law 7)."""
    tidy = " ".join(purpose.split())
    if seal >= SEALED_FROM and len(tidy) < 2:
        raise Refused("purpose-needed", law=7, seal=f"L{seal}")
    return tidy[:PURPOSE_LENGTH]


def visible_notes(viewer: Viewer, verdict: Verdict, notes: Iterable[Note]) -> tuple[Note, ...]:
    """Without an audience a note is the case team's. Outsiders as audience widen that, inner roles narrow it."""

    def may_read(note: Note) -> bool:
        wanted = set(note.audience)
        if viewer.is_system or wanted & viewer.actor.roles or (verdict.why == "reporter" and "reporter" in wanted):
            return verdict.level >= Level.COORDINATION
        return verdict.level is Level.FULL and wanted <= OUTSIDERS | {"reporter"}

    return tuple(note for note in notes if may_read(note))


def trimmed(viewer: Viewer, verdict: Verdict, state: Case) -> Case:
    """The state as the viewer may see it. Who reported it and who is barred is for the case team alone."""
    notes = visible_notes(viewer, verdict, state.notes)
    if verdict.level is Level.FULL:
        return replace(state, notes=notes)
    bare = replace(
        state, notes=notes, reporter="", joined=(), receipts=(), barred=(), workers=(), champion="", prior_final="",
        tasks=tuple(replace(task, takers=()) for task in state.tasks),
        requests=(),
    )  # fmt: skip
    if verdict.level is Level.COORDINATION:
        return bare
    is_hidden = state.seal >= Seal.L2
    return replace(
        bare, notes=(), proofs=(), steps=(), holds=(), children=(), absorbed=(), parent="",
        tasks=tuple(replace(task, proofs=(), place="") for task in bare.tasks if task.status in OPEN_TASKS),
        category="" if is_hidden else state.category,
        place="" if is_hidden else state.place,
        route="" if is_hidden else state.route,
    )  # fmt: skip

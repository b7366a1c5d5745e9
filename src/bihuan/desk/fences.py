"""What the kernel cannot know by itself and a door must ask before it decides: who is really behind a receipt, which
units lie below an accused one by now, and whether a step told late is told in time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from bihuan.desk import history, seals
from bihuan.desk.actor import SYSTEM, Actor
from bihuan.kernel import commands as c
from bihuan.kernel import events as e
from bihuan.kernel.case import Case
from bihuan.kernel.events import Recorded
from bihuan.kernel.refused import Refused

# Who worked without a network tells it within a day. What is told later has not undone a breach.
TOLD_WITHIN = timedelta(days=1)


def closes_his_own(
    state: Case, past: Sequence[Recorded], reporter: str, viewer: Actor | None, *, is_merged: bool
) -> Refused | None:
    """Why the holder of a receipt may not close the case with it, if so (law 4).

    A code says that somebody reported, not that he is another than those who did the work. Whoever came in by a merge
    may dispute; to close alone is for the one who reported the case itself.
    """
    if is_merged or reporter != state.reporter:
        return Refused("not-the-reporter", law=4)
    typed_in = next((one.unit for one in past if isinstance(one.event, e.Registered)), "")
    if typed_in and typed_in in state.worker_units:
        return Refused("own-unit", law=4)
    if viewer is None:
        return None
    if viewer.person in state.workers:
        return Refused("own-work", law=4)
    return Refused("own-unit", law=4) if viewer.all_units & set(state.worker_units) else None


def need_free(state: Case, command: c.Command | None) -> None:
    """Nothing goes to a unit that lies below an accused one, also where it was founded later (law 7)."""
    if state.barred and any(seals.reach([unit]) & set(state.barred) for unit in _units_of(state, command)):
        raise Refused("route-barred", law=7)


def _units_of(state: Case, command: c.Command | None) -> Iterable[str]:
    match command:
        case c.Dispatch():
            return [unit for unit in (command.lead, *command.assists) if unit]
        case c.AddTask() | c.SendToVerify():
            return [command.unit]
        case c.ReportByLaw():
            return command.to
        case c.Oversee():
            return [command.to or state.lead]
        case _:
            return []


def need_told_in_time(case: UUID, state: Case, at: datetime, now: datetime, *, by: Actor, world: int) -> None:
    """A step told late: not before what others did last, and not to undo a breach that is older than a day."""
    if "system" in by.roles or at >= now:
        return
    past = history.events_of(case, world)
    last = next((one for one in reversed(past) if one.by != SYSTEM.person), None)
    if last is not None and at < last.at:
        raise Refused("time-before-last-step", law=5, happened_at=at.isoformat(), last=last.at.isoformat())
    undone = [k for k in state.clocks if k.is_ticking and k.broken is not None and at <= k.broken]
    if any(now - k.broken > TOLD_WITHIN for k in undone if k.broken is not None):
        raise Refused("told-too-late", law=5, happened_at=at.isoformat())

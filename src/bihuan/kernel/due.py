"""``due(state) -> instant``: when the loop must look at a case again, though nobody does anything."""

from __future__ import annotations

from datetime import datetime

from bihuan.kernel.case import Case, Clock


def due(state: Case) -> datetime | None:
    """The earliest instant at which a ``Tick`` would have something to say; ``None`` when nothing is owed."""
    instants = [at for clock in state.clocks if (at := _next(clock)) is not None]
    return min(instants) if instants else None


def _next(clock: Clock) -> datetime | None:
    if clock.stopped is not None:
        return None
    if clock.paused is not None:
        return clock.paused.until
    return clock.alarms[0].at if clock.alarms else None

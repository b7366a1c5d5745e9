"""Counted cases judged day by day: EARS C2 over each matter and community; findings like those of sensors.

Fewer than five of a day are never found: they say too little, and could say too much of somebody.
"""

from __future__ import annotations

import time
from datetime import date

import numpy as np

from bihuan.desk import api as desk
from bihuan.sense.detect.ears import ears
from bihuan.sense.detect.stream import RAISED

LEAST, LOOK_EVERY = 5, 60.0
DETECTOR = "ears_c2"


class Counting:
    """``step`` judges the last day that is counted, once."""

    def __init__(self) -> None:
        self._judged: date | None = None
        self._next_look = 0.0

    def step(self) -> int:
        """How many findings were new."""
        if time.monotonic() < self._next_look:
            return 0
        self._next_look = time.monotonic() + LOOK_EVERY
        counts = desk.indicators.counts()
        if not counts.days or counts.days[-1] == self._judged:
            return 0
        self._judged = counts.days[-1]
        if not counts.series:
            return 0
        names = list(counts.series)
        given = np.array([counts.series[name] for name in names]).T
        alarms = ears(given, "C2").alarm[-1] & (given[-1] >= LEAST)
        at = desk.indicators.begins(self._judged)
        return desk.signals.find([
            desk.signals.Finding(
                desk.indicators.CASES_SOURCE, *names[one], DETECTOR, RAISED, at, float(given[-1, one])
            )
            for one in np.flatnonzero(alarms)
        ])  # fmt: skip

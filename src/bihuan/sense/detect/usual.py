"""Robust z: a reading against the same hour of the same weekday in the sensor's own last weeks, by median and MAD.

One value of each week is kept for each of the 168 hours. ``alpha`` is the chance of a false alarm for normal readings
that do not depend on one another: the limit is worked out for the few values there are, not for endlessly many.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq
from scipy.stats import norm

from bihuan.sense.detect.stream import Floats, Ints, Marks

HOURS, HOUR = 168, 3600
# Monday, the first hour: the epoch was a Thursday.
MONDAY = 3 * 24
DRAWS = 100_000


@dataclass(frozen=True)
class Habit:
    """``kept``: weeks; ``least``: a MAD below it is not believed; ``offset``: seconds of local time before UTC."""

    kept: int = 8
    alpha: float = 0.001
    least: float = 0.0
    offset: float = 8 * 3600.0


@lru_cache(maxsize=16)
def limit(kept: int, alpha: float) -> float:
    """So many MADs from the median a normal reading is with the chance ``alpha``, when both are of ``kept`` others."""
    drawn = np.random.default_rng(kept).standard_normal((DRAWS, kept))
    middle = np.median(drawn, axis=1)
    mad = np.median(np.abs(drawn - middle[:, None]), axis=1)

    def beyond(times: float) -> float:
        return float((norm.sf(middle + times * mad) + norm.cdf(middle - times * mad)).mean()) - alpha

    return float(brentq(beyond, 0.01, 1e6))


class Usual:
    """Column: is raised. Beside it, of each sensor and hour of the week, the kept values and when the last came.

    ``where``: which sensors it judges (without it all); only for them is there memory.
    """

    fresh: tuple[float, ...] = (0.0,)

    def __init__(
        self, sensors: int, rule: Habit = Habit(), where: npt.ArrayLike | None = None, *, name: str = "usual"
    ) -> None:
        self.name, self.rule = name, rule
        if rule.kept < 3:
            raise ValueError(f"{rule}: at least three weeks")
        self._limit = limit(rule.kept, rule.alpha)
        # Half the memory of doubles: 168 hours of eight values are 5 kB a sensor.
        judged = np.ones(sensors, dtype=bool) if where is None else np.asarray(where, dtype=bool)
        self._row = np.where(judged, np.cumsum(judged) - 1, -1)
        sensors = int(judged.sum())
        self._values = np.full((sensors, HOURS, rule.kept), np.nan, dtype=np.float32)
        self._hours = np.full((sensors, HOURS), -1, dtype=np.int32)

    @property
    def extra(self) -> dict[str, npt.NDArray[np.generic]]:
        return {"values": self._values, "hours": self._hours}

    def judge(self, columns: Floats, ids: Ints, values: Floats, times: Floats) -> Marks:
        (raised,) = columns
        marks: Marks = np.zeros(len(ids), dtype=np.int8)
        at = np.flatnonzero(self._row[ids] >= 0)
        if len(at):
            is_far = self._judged(self._row[ids[at]], values[at], times[at])
            marks[at] = is_far.astype(np.int8) - raised[at].astype(np.int8)
            raised[at] = is_far
        return marks

    def _judged(self, rows: Ints, values: Floats, times: Floats) -> npt.NDArray[np.bool_]:
        hour = ((times + self.rule.offset) // HOUR).astype(np.int64)
        cell = (hour + MONDAY) % HOURS
        kept = self._values[rows, cell].astype(np.float64)
        middle = np.median(kept, axis=1)
        mad = np.median(np.abs(kept - middle[:, None]), axis=1)
        # Until all weeks are there a value is missing, the median is none, and nothing is far from none.
        is_far: npt.NDArray[np.bool_] = np.abs(values - middle) > self._limit * np.maximum(mad, self.rule.least)
        is_new = np.flatnonzero(self._hours[rows, cell] != hour)
        if len(is_new):
            which, where = rows[is_new], cell[is_new]
            self._values[which, where, :-1] = self._values[which, where, 1:]
            self._values[which, where, -1] = values[is_new]
            self._hours[which, where] = hour[is_new]
        return is_far

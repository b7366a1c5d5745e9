"""EARS C1, C2, C3: a count against the days just before it, for series without a history.

As in the R package surveillance (``earsC``), after Hutwagner et al. 2003 and Fricker et al. 2008. C1 looks at the seven
counts before; C2 leaves out the two newest, so that an outbreak that grows slowly does not hide itself; C3 adds up what
C2 found on the days before.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.stats import norm

Floats = npt.NDArray[np.float64]
Method = Literal["C1", "C2", "C3"]
LAG = {"C1": 0, "C2": 2, "C3": 2}
USUAL = {"C1": 0.001, "C2": 0.001, "C3": 0.025}


@dataclass(frozen=True)
class Judged:
    """``upper``: the count from which on it is an alarm; NaN before there is a baseline. Of the shape of the counts."""

    upper: Floats
    alarm: npt.NDArray[np.bool_]


def ears(counts: npt.ArrayLike, method: Method = "C1", *, baseline: int = 7, alpha: float | None = None) -> Judged:
    """Judge each count of one series, or of many side by side (weeks × series).

    ``alpha``: the chance of an alarm by chance if counts were normal; 0.001 for C1 and C2, 0.025 for C3.
    Raises ``ValueError`` for counts that are negative or not finite, and a baseline under three.
    """
    given = np.asarray(counts, dtype=np.float64)
    _check(given, baseline)
    z = float(norm.isf(USUAL[method] if alpha is None else alpha))
    mean, deviation = _before(given, baseline, LAG[method])
    with np.errstate(divide="ignore", invalid="ignore"):
        upper = mean + z * deviation if method != "C3" else _summed(given, mean, deviation, z)
    return Judged(upper, given > upper)


def _check(given: Floats, baseline: int) -> None:
    if baseline < 3:
        raise ValueError(f"baseline {baseline}: at least 3")
    if given.ndim not in {1, 2} or not np.isfinite(given).all() or (given < 0).any():
        raise ValueError("counts must be finite and not negative, weeks first, at most one row of series")


def _before(given: Floats, baseline: int, lag: int) -> tuple[Floats, Floats]:
    """Mean and standard deviation of the ``baseline`` counts that end ``lag`` before each."""
    mean, deviation = np.full_like(given, np.nan), np.full_like(given, np.nan)
    first = baseline + lag
    if len(given) > first:
        windows = np.lib.stride_tricks.sliding_window_view(given, baseline, axis=0)[: len(given) - first]
        mean[first:], deviation[first:] = windows.mean(axis=-1), windows.std(axis=-1, ddof=1)
    return mean, deviation


def _summed(given: Floats, mean: Floats, deviation: Floats, z: float) -> Floats:
    """C3: an alarm when what C2 was over one deviation on the two days before adds up to more than ``z``.

    Told as a bound beside the count of today, as the R package does; never below nothing.
    """
    over = np.maximum(0.0, (given - mean) / deviation - 1.0)
    upper = np.full_like(given, np.nan)
    upper[2:] = given[2:] + deviation[2:] * (z - over[1:-1] - over[:-2])
    return np.maximum(upper, 0.0, where=~np.isnan(upper), out=upper)

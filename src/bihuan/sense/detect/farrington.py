"""Farrington's method: a week's count against the same weeks of earlier years, for outbreaks in noisy weekly counts.

As in the R package surveillance (``farrington``), after Farrington, Andrews, Beale and Catchpole, J. R. Statist. Soc. A
159 (1996): a quasi-Poisson regression with a trend, past outbreaks weighted down, a bound on the 2/3 power scale. Every
week of every series is one small regression; all of them are solved side by side.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import norm
from scipy.stats import t as student

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
WEEKS, DAYS = 52, 7
# As R's glm: when the deviance no longer changes, or not at all.
CLOSE, MOST_ROUNDS = 1e-8, 25
LEAST_MU = 1e-300


@dataclass(frozen=True)
class Rule:
    """``years`` back, each with ``width`` weeks around; ``alpha`` two-sided; under ``few`` in ``last``: no alarm."""

    years: int = 3
    width: int = 3
    alpha: float = 0.01
    few: int = 5
    last: int = 4


@dataclass(frozen=True)
class Judged:
    """``upper``: the count above which it is an alarm; 0 where too few were counted lately, NaN without a history."""

    upper: Floats
    expected: Floats
    alarm: Bools


@dataclass(frozen=True)
class _Fit:
    """Of each regression: coefficients, the means of its base weeks, the inverse of X'WX, the leverage of each week."""

    beta: Floats
    mu: Floats
    dispersion: Floats
    inverse: Floats
    hat: Floats
    is_converged: Bools

    @property
    def phi(self) -> Floats:
        """Counts vary at least as much as Poisson."""
        return np.maximum(self.dispersion, 1.0)


USUAL = Rule()


def farrington(counts: npt.ArrayLike, rule: Rule = USUAL, dates: npt.ArrayLike | None = None) -> Judged:
    """Judge each week of one series, or of many side by side (weeks × series).

    ``dates``: a day of each week, the same weekday throughout; the base weeks are then those nearest to the same day of
    earlier years. Without them a year is 52 weeks. Raises ``ValueError`` for counts that are negative or not finite.
    """
    given = np.asarray(counts, dtype=np.float64)
    if given.ndim not in {1, 2} or not np.isfinite(given).all() or (given < 0).any():
        raise ValueError("counts must be finite and not negative, weeks first, at most one row of series")
    flat = given.reshape(len(given), -1)
    years = years_back(len(flat), rule.years, dates)
    weeks = np.flatnonzero(np.arange(len(flat)) - years.max(axis=1, initial=0) - rule.width >= 0)
    upper, expected = np.full_like(flat, np.nan), np.full_like(flat, np.nan)
    if len(weeks):
        first = int(weeks[0])
        upper[first:], expected[first:] = _bounds(flat, years[first:], first, rule)
        enough = np.lib.stride_tricks.sliding_window_view(flat, rule.last, axis=0).sum(axis=-1) >= rule.few
        upper[first:] = np.where(enough[first - rule.last + 1 :], upper[first:], 0.0)
    enough_now = np.where(np.isnan(upper), False, upper > 0)
    return Judged(
        upper.reshape(given.shape), expected.reshape(given.shape), ((flat > upper) & enough_now).reshape(given.shape)
    )


def years_back(length: int, years_before: int, dates: npt.ArrayLike | None) -> npt.NDArray[np.int64]:
    """Of each week, how many weeks before it the same week of each earlier year lies (weeks × years)."""
    years = np.arange(1, years_before + 1)
    if dates is None:
        return np.broadcast_to(years * WEEKS, (length, years_before))
    day = np.asarray(dates, dtype="datetime64[D]")
    if day.shape != (length,) or (np.diff(day).astype(int) != DAYS).any():
        raise ValueError("dates must be one a week, seven days apart")
    month, rest = day.astype("datetime64[M]"), day - day.astype("datetime64[M]")
    # The 29th of February a year before is the first of March.
    earlier = (month[:, None] - 12 * years) + rest[:, None]
    found: npt.NDArray[np.int64] = np.rint((day[:, None] - earlier).astype(int) / DAYS).astype(np.int64)
    return found


def _bounds(flat: Floats, years: npt.NDArray[np.int64], first: int, rule: Rule) -> tuple[Floats, Floats]:
    """Upper bound and expected count of each week from ``first`` on."""
    weeks = np.arange(first, len(flat))
    around = np.arange(-rule.width, rule.width + 1)
    back = (around - years[:, ::-1, None]).reshape(len(weeks), -1)
    y = flat[weeks[:, None] + back].transpose(0, 2, 1).reshape(-1, back.shape[1])
    # The week itself is at 0, a year back at about -1: no large numbers, and the level is the forecast.
    x = np.repeat(back / WEEKS, flat.shape[1], axis=0)
    with np.errstate(all="ignore"):
        mu0, variance, phi = _predicted(y, x, rule)
        tau = phi + variance / mu0
        spread = np.sqrt(4.0 / 9.0 * np.cbrt(mu0) * tau)
        upper = (mu0 ** (2.0 / 3.0) + norm.isf(rule.alpha / 2) * spread) ** 1.5
    shape = (len(weeks), flat.shape[1])
    return upper.reshape(shape), mu0.reshape(shape)


def _predicted(y: Floats, x: Floats, rule: Rule) -> tuple[Floats, Floats, Floats]:
    """Expected count of the week at 0, its variance, the dispersion; with a trend only where one is to be believed."""
    level = _reweighted(y, x, has_trend=False)
    trend = _reweighted(y, x, has_trend=True)
    error = np.sqrt(trend.dispersion * trend.inverse[:, 1, 1])
    chance = 2.0 * student.sf(np.abs(trend.beta[:, 1] / error), y.shape[1] - 2)
    mu_trend = np.exp(trend.beta[:, 0])
    is_trend = trend.is_converged & (chance < 0.05) & (mu_trend <= y.max(axis=1)) & (rule.years >= 3)
    mu0 = np.where(is_trend, mu_trend, np.exp(level.beta[:, 0]))
    phi = np.where(is_trend, trend.phi, level.phi)
    spread = np.where(is_trend, trend.inverse[:, 0, 0], level.inverse[:, 0, 0])
    return mu0, phi * spread * mu0**2, phi


def _reweighted(y: Floats, x: Floats, *, has_trend: bool) -> _Fit:
    """Fit, weigh down weeks far above their mean, fit again: past outbreaks must not hide new ones."""
    first = _fit(y, x, np.ones_like(y), has_trend=has_trend)
    surprise = 1.5 * (np.cbrt(y) ** 2 * first.mu ** (-1.0 / 6.0) - np.sqrt(first.mu))
    surprise /= np.sqrt(first.phi[:, None] * (1.0 - first.hat))
    raw = np.where(surprise > 1.0, surprise**-2.0, 1.0)
    return _fit(y, x, raw * y.shape[1] / raw.sum(axis=1, keepdims=True), has_trend=has_trend)


def _fit(y: Floats, x: Floats, weights: Floats, *, has_trend: bool) -> _Fit:
    """Poisson regression on the log scale by iterated least squares, row by row; stops where R's ``glm`` stops."""
    x = x if has_trend else np.zeros_like(x)
    parameters = 1 + has_trend
    eta = np.log(y + 0.1)
    beta = np.zeros((len(y), 2))
    deviance = _deviance(y, np.exp(eta), weights)
    is_open = np.ones(len(y), dtype=bool)
    # As R's glm reports them: the weights, and what follows from them, of the round before the last means.
    work_of, inverse = np.zeros_like(y), np.zeros((len(y), 2, 2))
    for _ in range(MOST_ROUNDS):
        rows = np.flatnonzero(is_open)
        if not len(rows):
            break
        mu = np.exp(eta[rows])
        work = weights[rows] * mu
        work_of[rows], inverse[rows] = work, _inverse(work, x[rows], has_trend=has_trend)
        beta[rows] = _solved(inverse[rows], work * (eta[rows] + (y[rows] - mu) / mu), x[rows])
        eta[rows] = beta[rows, :1] + beta[rows, 1:] * x[rows]
        now = _deviance(y[rows], np.exp(eta[rows]), weights[rows])
        is_open[rows] = np.abs(now - deviance[rows]) / (np.abs(now) + 0.1) >= CLOSE
        deviance[rows] = now
    mu = np.maximum(np.exp(eta), LEAST_MU)
    dispersion = (work_of * ((y - mu) / mu) ** 2).sum(axis=1) / (y.shape[1] - parameters)
    one, two, both = (inverse[:, i, j, None] for i, j in ((0, 0), (1, 1), (0, 1)))
    hat = work_of * (one + x * (2.0 * both + x * two))
    return _Fit(beta, mu, dispersion, inverse, hat, ~is_open)


def _solved(inverse: Floats, wanted: Floats, x: Floats) -> Floats:
    found: Floats = np.einsum("nij,nj->ni", inverse, np.stack([wanted.sum(axis=1), (wanted * x).sum(axis=1)], axis=1))
    return found


def _inverse(work: Floats, x: Floats, *, has_trend: bool) -> Floats:
    """The inverse of X'WX of each row: two by two, or one number."""
    a, found = work.sum(axis=1), np.zeros((len(work), 2, 2))
    if not has_trend:
        found[:, 0, 0] = 1.0 / a
        return found
    b, d = (work * x).sum(axis=1), (work * x * x).sum(axis=1)
    size = a * d - b * b
    found[:, 0, 0], found[:, 1, 1] = d / size, a / size
    found[:, 0, 1] = found[:, 1, 0] = -b / size
    return found


def _deviance(y: Floats, mu: Floats, weights: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        per = np.where(y > 0, y * np.log(y / mu), 0.0) - (y - mu)
    found: Floats = 2.0 * (weights * per).sum(axis=1)
    return found

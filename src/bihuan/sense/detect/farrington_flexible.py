"""The improved Farrington method: the whole year is the history of a week, not only the weeks around the same date.

As in the R package surveillance (``farringtonFlexible``), after Noufaily et al., Statist. Med. 32 (2013): weeks far
from the season of today are kept in blocks of their own, only clear outbreaks are weighted down, the trend stays, the
last half year is left out, and the bound is one-sided. All series of a week share a design: solved side by side.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import norm
from scipy.stats import t as student

from bihuan.sense.detect.farrington import CLOSE, MOST_ROUNDS, WEEKS, years_back

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
# As R's log link.
LEAST_MU = float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class Rule:
    """``years`` back, ``width`` weeks around each, ``periods`` a year; ``alpha`` one-sided.

    ``left_out``: so many of the last weeks are no history. ``surprise``: the residual from which a week is weighted
    down. ``believed``: a trend is kept when its p-value is below. Under ``few`` in the ``last`` weeks: no alarm.
    """

    years: int = 3
    width: int = 3
    periods: int = 10
    left_out: int = 26
    surprise: float = 2.58
    believed: float = 1.0
    alpha: float = 0.01
    few: int = 5
    last: int = 4


@dataclass(frozen=True)
class Judged:
    """``upper``: above it, it is an alarm; NaN where too few were counted lately, without a history, or without a fit.

    ``chance``: of so many or more, if nothing is going on; given also where too few were counted.
    """

    upper: Floats
    expected: Floats
    chance: Floats
    alarm: Bools


@dataclass(frozen=True)
class _Design:
    """The history of a week: how many weeks back each lies, the block it is in (the season of today is the last)."""

    back: Ints
    block: Ints

    @property
    def x(self) -> Floats:
        return self.back / WEEKS

    @property
    def blocks(self) -> Floats:
        found: Floats = np.eye(int(self.block.max()) + 1)[self.block]
        return found


@dataclass(frozen=True)
class _Fit:
    """Of each series: the log of its mean today and the variance of it, the trend and its variance, the dispersion.

    ``variance`` and ``trend_variance`` go with ``beside``, not with the dispersion: the reference weighs the working
    residuals with the weights of past outbreaks alone for them, and is followed in it. (With the dispersion the bound
    would be a few per cent higher.)
    """

    level: Floats
    variance: Floats
    trend: Floats
    trend_variance: Floats
    dispersion: Floats
    beside: Floats
    mu: Floats
    hat: Floats
    has_trend: Bools
    is_converged: Bools

    @property
    def phi(self) -> Floats:
        return np.maximum(self.dispersion, 1.0)


USUAL = Rule()


def farrington_flexible(counts: npt.ArrayLike, rule: Rule = USUAL, dates: npt.ArrayLike | None = None) -> Judged:
    """Judge each week of one series, or of many side by side (weeks × series).

    ``dates``: a day of each week, the same weekday throughout; the base weeks are then those nearest to the same day of
    earlier years. Without them a year is 52 weeks. Raises ``ValueError`` for counts that are negative or not finite.
    """
    given = np.asarray(counts, dtype=np.float64)
    if given.ndim not in {1, 2} or not np.isfinite(given).all() or (given < 0).any():
        raise ValueError("counts must be finite and not negative, weeks first, at most one row of series")
    flat = given.reshape(len(given), -1)
    found = np.full((3, *flat.shape), np.nan)
    with np.errstate(all="ignore"):
        for weeks, design in _designs(len(flat), rule, dates):
            # weeks × history × series, then one row a regression
            history = flat[weeks[:, None] + design.back].transpose(0, 2, 1).reshape(-1, len(design.back))
            bound = _bounds(history, flat[weeks].reshape(-1), design, rule)
            found[:, weeks] = bound.reshape(3, len(weeks), flat.shape[1])
    found[0] = np.where(_enough(flat, rule), found[0], np.nan)
    upper, expected, chance = (one.reshape(given.shape) for one in found)
    return Judged(upper, expected, chance, given > upper)


def _enough(flat: Floats, rule: Rule) -> Bools:
    total = np.cumsum(np.vstack([np.zeros((rule.last, flat.shape[1])), flat]), axis=0)
    found: Bools = total[rule.last :] - total[: -rule.last] >= rule.few
    return found


def _designs(length: int, rule: Rule, dates: npt.ArrayLike | None) -> list[tuple[Ints, _Design]]:
    """The weeks that can be judged, by their design: alone the calendar makes them differ."""
    years = years_back(length, rule.years, dates)
    far = years[:, -1] if rule.years else np.zeros(length, dtype=np.int64)
    weeks = np.arange(length)
    # A window that begins before the series does is cut off there.
    cut = np.maximum(far + rule.width - weeks, 0)
    judged = weeks[weeks - far >= 0]
    if not len(judged):
        return []
    kinds, which = np.unique(np.column_stack([years, cut])[judged], axis=0, return_inverse=True)
    return [(judged[which == at], _design(kind[:-1], int(kind[-1]), rule)) for at, kind in enumerate(kinds)]


def _design(years: Ints, cut: int, rule: Rule) -> _Design:
    """Each year from one window to the next is cut into blocks of equal length, the first ones a week longer."""
    block = np.full(years[-1] + rule.width + 1, rule.periods - 1)
    between = np.diff(years, prepend=0) - 2 * rule.width - 1
    if (between < rule.periods - 1).any():
        raise ValueError(f"{rule.periods} periods a year: {between.min()} weeks between the windows are too few")
    for year, weeks in zip(years, between, strict=True):
        if rule.periods > 1:
            longer = np.arange(rule.periods - 1) < weeks % (rule.periods - 1)
            lengths = weeks // (rule.periods - 1) + longer
            first = year - rule.width
            block[first - weeks : first] = np.repeat(np.arange(rule.periods - 1), lengths)[::-1]
    back = np.arange(len(block) - 1 - cut, rule.left_out, -1)
    kept = block[back]
    if rule.periods == 1:
        window = np.abs(back[:, None] - years).min(axis=1) <= rule.width
        back, kept = back[window], kept[window]
    return _Design(-back, kept)


def _bounds(y: Floats, now: Floats, design: _Design, rule: Rule) -> Floats:
    """Upper bound, expected count, and the chance of so many as there are ``now``; side by side."""
    fit = _reweighted(y, design, rule, np.ones(len(y), dtype=bool))
    chance = 2.0 * student.sf(np.abs(fit.trend / np.sqrt(fit.beside * fit.trend_variance)), _freedom(design) - 1)
    is_trend = (chance < rule.believed) & (np.exp(fit.level) <= y.max(axis=1)) & (rule.years >= 3)
    mu0, variance, phi = np.exp(fit.level), fit.beside * fit.variance, fit.phi
    again = np.flatnonzero(fit.has_trend & ~is_trend)
    if len(again):
        level = _reweighted(y[again], design, rule, np.zeros(len(again), dtype=bool))
        mu0[again], variance[again], phi[again] = np.exp(level.level), level.beside * level.variance, level.phi
    spread = np.sqrt(4.0 / 9.0 * np.cbrt(mu0) * (phi + variance * mu0))
    upper = (mu0 ** (2.0 / 3.0) + norm.isf(rule.alpha) * spread) ** 1.5
    return np.stack([upper, mu0, norm.sf((now ** (2.0 / 3.0) - mu0 ** (2.0 / 3.0)) / spread)])


def _freedom(design: _Design) -> int:
    return len(design.back) - int(design.block.max()) - 1


def _reweighted(y: Floats, design: _Design, rule: Rule, trend: Bools) -> _Fit:
    """Fit, weigh down weeks far above their mean, fit again: past outbreaks must not hide new ones.

    A series whose trend finds no end is fitted without one; a series that finds none at all has no mean.
    """
    first = _fit(y, np.ones_like(y), design, trend)
    lost = trend & ~first.is_converged
    if lost.any():
        trend = trend & ~lost
        first = _fit(y, np.ones_like(y), design, trend)
    surprise = 1.5 * (np.cbrt(y) ** 2 * first.mu ** (-1.0 / 6.0) - np.sqrt(first.mu))
    surprise /= np.sqrt(first.phi[:, None] * (1.0 - first.hat))
    raw = np.where(surprise > rule.surprise, surprise**-2.0, 1.0)
    fit = _fit(y, raw * y.shape[1] / raw.sum(axis=1, keepdims=True), design, trend)
    fit.level[~first.is_converged] = np.nan
    return fit


def _fit(y: Floats, weights: Floats, design: _Design, trend: Bools) -> _Fit:
    """Poisson regression on the log scale by iterated least squares, row by row; stops where R's ``glm`` stops.

    Blocks and one trend: what is left of the trend within the blocks is one number a row, and no matrix is inverted.
    """
    blocks, x = design.blocks, design.x[:, None]
    sums, means = np.hstack([blocks, blocks * x, blocks * x * x]), np.hstack([blocks, x]).T
    weighted = weights * y
    fixed = 2.0 * (weighted * (np.log(np.maximum(y, 1.0)) - 1.0)).sum(axis=1)
    mu, eta = y + 0.1, np.log(y + 0.1)
    deviance = _deviance(mu, eta, weights, weighted, fixed)
    is_open, work_of = np.ones(len(y), dtype=bool), np.zeros_like(y)
    size_of, middle_of = np.zeros((2, len(y), blocks.shape[1]))
    beta_of, spread_of = np.zeros((len(y), len(means))), np.zeros(len(y))
    for _ in range(MOST_ROUNDS):
        rows = np.flatnonzero(is_open)
        if not len(rows):
            break
        # All rows at once for as long as nothing has settled: a slice is no copy.
        at = slice(None) if len(rows) == len(y) else rows
        # As R's glm reports them: the weights, and what follows from them, of the round before the last means.
        work = weights[at] * mu[at]
        size, first, second = np.split(work @ sums, 3, axis=1)
        middle = first / size
        spread = np.where(trend[at], 1.0 / (second - first * middle).sum(axis=1), 0.0)
        wanted, tilted = np.split((work * (eta[at] - 1.0) + weighted[at]) @ sums[:, : 2 * blocks.shape[1]], 2, axis=1)
        slope = spread * (tilted - middle * wanted).sum(axis=1)
        beta = np.column_stack([wanted / size - slope[:, None] * middle, slope])
        work_of[at], size_of[at], middle_of[at], spread_of[at], beta_of[at] = work, size, middle, spread, beta
        eta[at] = beta @ means
        mu[at] = np.maximum(np.exp(eta[at]), LEAST_MU)
        now = _deviance(mu[at], eta[at], weights[at], weighted[at], fixed[at])
        is_open[at] = ~(np.abs(now - deviance[at]) / (np.abs(now) + 0.1) < CLOSE)
        deviance[at] = now
    squares, freedom = ((y - mu) / mu) ** 2, _freedom(design) - trend
    dispersion, beside = ((one * squares).sum(axis=1) / freedom for one in (work_of, weights))
    inner = design.x - middle_of[:, design.block]
    hat = work_of * ((1.0 / size_of)[:, design.block] + inner**2 * spread_of[:, None])
    variance = 1.0 / size_of[:, -1] + middle_of[:, -1] ** 2 * spread_of
    return _Fit(beta_of[:, -2], variance, beta_of[:, -1], spread_of, dispersion, beside, mu, hat, trend, ~is_open)


def _deviance(mu: Floats, eta: Floats, weights: Floats, weighted: Floats, fixed: Floats) -> Floats:
    found: Floats = fixed + 2.0 * (np.einsum("ij,ij->i", weights, mu) - np.einsum("ij,ij->i", weighted, eta))
    return found

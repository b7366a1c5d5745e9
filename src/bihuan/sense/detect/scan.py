"""Space-time scan statistic: where, and since when, there are more cases than chance allows, and how sure that is.

After Kulldorff 1997 and 2001: circles around each area, as cylinders that reach from some period until now; the gain
of the best one is held against the best ones of maps in which nothing is going on. It is given counts by area and
period, of one topic: it never learns who a case is about.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Counts = npt.NDArray[np.integer]
_Given = tuple[Ints, Floats, Floats]
Kind = Literal["population", "permutation", "expected"]
SHORT = np.iinfo(np.int16).max
EULER, GOLDEN = 0.5772156649015329, 0.6180339887498949


@dataclass(frozen=True)
class Rule:
    """``kind``: what is chance.

    ``population``: the cases there are, spread as the population is (Kulldorff's Poisson). ``permutation``: areas and
    periods keep their sums, and no population is needed. ``expected``: each count on its own around a stated mean.

    A circle holds at most ``share`` of the population and ``most_areas``; a cylinder reaches back at most ``longest``
    periods and has at least ``least`` cases.
    """

    kind: Kind = "population"
    share: float = 0.5
    most_areas: int | None = None
    longest: int = 1
    least: int = 2
    simulations: int = 999


@dataclass(frozen=True)
class Cluster:
    """``gain``: log likelihood ratio. ``chance``: its rank among the simulated; ``smooth``: by a Gumbel distribution.

    ``periods``: so many of the newest. ``risk``: beside that outside.
    """

    areas: tuple[int, ...]
    periods: int
    cases: int
    expected: float
    risk: float
    gain: float
    chance: float
    smooth: float


@dataclass(frozen=True)
class Scanned:
    """Clusters that share no area, the most surprising first; the greatest gain of each simulation."""

    clusters: tuple[Cluster, ...]
    simulated: Floats
    cylinders: int


@dataclass(frozen=True)
class _Cylinders:
    """Of one centre: its areas by distance, and of each (periods × areas) what to add to ``table[count]``."""

    order: Ints
    mean: Floats
    slope: Floats
    level: Floats


@dataclass(frozen=True)
class _Gain:
    """The gain is ``table[count] + slope · count + level``: logarithms are of the count alone, and lie in a table."""

    table: Floats
    total: int | None

    @classmethod
    def of(cls, rule: Rule, total: int, most: int) -> _Gain:
        count = np.arange(most + 1, dtype=np.float64)
        table = count * np.log(np.maximum(count, 1.0))
        if rule.kind == "expected":
            return cls(table - count, None)
        rest = np.maximum(total - count, 0.0)
        return cls(table + rest * np.log(np.maximum(rest, 1.0)), total)

    def cylinders(self, order: Ints, mean: Floats) -> _Cylinders:
        """Where nothing is expected, or everything is, there is nothing to gain."""
        with np.errstate(divide="ignore", invalid="ignore"):
            if self.total is None:
                slope, level = -np.log(mean), mean
            else:
                rest = np.log(self.total - mean)
                slope, level = rest - np.log(mean), -self.total * rest
        real = np.isfinite(slope) & np.isfinite(level)
        if self.total is not None:
            real &= mean < self.total * (1.0 - 1e-12)
        return _Cylinders(order, mean, np.where(real, slope, 0.0), np.where(real, level, -np.inf))

    def __call__(self, cylinders: _Cylinders, counts: Counts) -> Floats:
        found = self.table[counts] + cylinders.slope * counts + cylinders.level
        return np.where(counts > cylinders.mean, found, 0.0)

    def least(self, cylinders: _Cylinders, bar: float, most: int) -> Ints:
        """The smallest count of each cylinder with a gain above the bar: beyond its mean the gain only grows."""
        low = np.minimum(np.floor(cylinders.mean).astype(np.int64), most)
        high = np.full_like(low, most + 1)
        while (low + 1 < high).any():
            middle = (low + high) // 2
            inside = np.minimum(middle, most)
            is_above = self.table[inside] + cylinders.slope * inside + cylinders.level > bar
            high, low = np.where(is_above, middle, high), np.where(is_above, low, middle)
        return high


def scan(
    counts: npt.ArrayLike, places: npt.ArrayLike, base: npt.ArrayLike | None = None, rule: Rule = Rule(), *, seed: int
) -> Scanned:
    """Scan ``counts`` (periods × areas, the newest last; or areas alone) at ``places`` (areas × two, on a plane).

    Where a degree is not the same east and north, and that matters: ``places`` of ``on_earth``.

    ``base``, of the same shape: the population, or for ``expected`` the mean count; none for ``permutation``.
    The same ``seed`` gives the same answer. Raises ``ValueError`` for what does not fit together.
    """
    given, at, weight = _checked(counts, places, base, rule)
    total, random = int(given.sum()), np.random.default_rng(seed)
    if not total and rule.kind != "expected":
        return Scanned((), np.zeros(rule.simulations), 0)
    mean = _means(given, weight, rule)
    since = np.cumsum(mean[::-1], axis=0)[: rule.longest]
    orders = _orders(at, weight.sum(axis=0) if rule.kind != "permutation" else given.sum(axis=0), rule)
    fakes = _simulated(given, mean, rule, random)
    seen = np.cumsum(given[::-1], axis=0)[: rule.longest]
    most = total if rule.kind != "expected" else int(max(total, fakes[-1].sum(axis=0, dtype=np.int64).max()))
    gain = _Gain.of(rule, total, most)
    all_of = [gain.cylinders(order, np.cumsum(since[:, order], axis=1)) for order in orders]
    best = _best(gain, all_of, fakes, most)
    number = sum(one.mean.size for one in all_of)
    return Scanned(_clusters(gain, all_of, seen, best, rule=rule, total=total), best, number)


def on_earth(lon: npt.ArrayLike, lat: npt.ArrayLike) -> Floats:
    """Places in space of degrees on a globe: what is nearer through the earth is nearer along a great circle too."""
    east, north = np.radians(np.asarray(lon, dtype=np.float64)), np.radians(np.asarray(lat, dtype=np.float64))
    return np.stack([np.cos(north) * np.cos(east), np.cos(north) * np.sin(east), np.sin(north)], axis=-1)


def _checked(counts: npt.ArrayLike, places: npt.ArrayLike, base: npt.ArrayLike | None, rule: Rule) -> _Given:
    given, at = np.atleast_2d(np.asarray(counts)), np.asarray(places, dtype=np.float64)
    if given.ndim != 2 or not np.issubdtype(given.dtype, np.integer) or (given < 0).any():
        raise ValueError("counts must be whole numbers, not negative, by period and area")
    if at.shape not in {(given.shape[1], 2), (given.shape[1], 3)} or not np.isfinite(at).all():
        raise ValueError(f"places must be {given.shape[1]} pairs of finite numbers, one for each area")
    if (base is None) != (rule.kind == "permutation"):
        raise ValueError(f"{rule.kind}: a base is {'not ' if base is not None else ''}needed")
    weight = np.atleast_2d(np.asarray(np.ones(given.shape) if base is None else base, dtype=np.float64))
    if weight.shape != given.shape or not np.isfinite(weight).all() or (weight < 0).any() or not weight.sum() > 0:
        raise ValueError(
            "the base must be finite, of the shape of the counts, nowhere negative and somewhere more than none"
        )
    if not 1 <= rule.longest <= len(given):
        raise ValueError(f"longest {rule.longest}: there are {len(given)} periods")
    return given.astype(np.int64), at, weight


def _means(given: Ints, weight: Floats, rule: Rule) -> Floats:
    if rule.kind == "expected":
        return weight
    if rule.kind == "population":
        return weight * float(given.sum() / weight.sum())
    return np.outer(given.sum(axis=1), given.sum(axis=0)).astype(np.float64) / max(int(given.sum()), 1)


def _orders(at: Floats, size: Floats, rule: Rule) -> list[Ints]:
    """Of each centre the areas by distance, as many as the largest circle holds."""
    found, limit = [], rule.share * size.sum() * (1.0 + 1e-12)
    for centre in at:
        order = np.argsort(((at - centre) ** 2).sum(axis=1), kind="stable")[: rule.most_areas]
        found.append(order[: max(1, int(np.searchsorted(np.cumsum(size[order]), limit, side="right")))])
    return found


def _simulated(given: Ints, mean: Floats, rule: Rule, random: np.random.Generator) -> Counts:
    """Maps in which nothing is going on: counts since each of the last periods (periods × areas × simulations)."""
    areas, times = given.shape[1], rule.simulations
    cells = rule.longest * areas
    newest = mean[::-1][: rule.longest].reshape(-1)
    if rule.kind == "expected":
        drawn = random.poisson(newest[:, None], (cells, times))
    elif rule.kind == "population":
        chances = np.append(newest, max(mean.sum() - newest.sum(), 0.0)) / mean.sum()
        drawn = _spread(int(given.sum()), chances, times, random)[:-1]
    else:
        drawn = _shuffled(given, rule.longest, times, random)
    drawn = drawn.reshape(rule.longest, areas, times)
    short = np.int16 if drawn.sum(axis=(0, 1)).max(initial=0) < SHORT else np.int32
    return np.ascontiguousarray(np.cumsum(drawn, axis=0, dtype=short))


def _spread(total: int, chances: Floats, times: int, random: np.random.Generator) -> Ints:
    """``total`` cases in each of ``times`` maps, each case in a cell by its chance (cells × maps)."""
    if total > 20 * len(chances):
        return random.multinomial(total, chances / chances.sum(), times).T
    bounds = np.cumsum(chances)
    cell = np.searchsorted(bounds, random.random((times, total)) * bounds[-1], side="right")
    cell = np.minimum(cell, len(chances) - 1)
    flat = cell * times + np.arange(times)[:, None]
    return np.bincount(flat.reshape(-1), minlength=len(chances) * times).reshape(len(chances), times)


def _shuffled(given: Ints, longest: int, times: int, random: np.random.Generator) -> Ints:
    """Each case keeps its area and draws the period of another."""
    ago = np.repeat(np.arange(len(given))[::-1], given.sum(axis=1))
    area = np.repeat(np.tile(np.arange(given.shape[1]), len(given)), given.reshape(-1))
    drawn = random.permuted(np.broadcast_to(ago, (times, len(ago))), axis=1)
    at, which = np.nonzero(drawn < longest)
    flat = (drawn[at, which] * given.shape[1] + area[which]) * times + at
    cells = longest * given.shape[1]
    return np.bincount(flat, minlength=cells * times).reshape(cells, times)


def _best(gain: _Gain, all_of: list[_Cylinders], fakes: Counts, most: int) -> Floats:
    """The greatest gain of each simulation.

    The least of them so far is a bar for all: a cylinder needs a certain count to come over it, and few do. Only their
    gains are worked out; the rest costs an addition and a comparison.
    """
    best = np.zeros(fakes.shape[2])
    # Far apart one after the other: the bar is high sooner.
    for turn in sorted(range(len(all_of)), key=lambda one: one * GOLDEN % 1.0):
        one = all_of[turn]
        needed = gain.least(one, float(best.min(initial=np.inf)), most).astype(fakes.dtype)
        for ago, level in enumerate(fakes):
            inside = np.cumsum(level[one.order], axis=0, dtype=fakes.dtype)
            hits = np.flatnonzero(inside >= needed[ago][:, None])
            if len(hits):
                circle, which = np.divmod(hits, inside.shape[1])
                count = inside.reshape(-1)[hits]
                found = gain.table[count] + one.slope[ago][circle] * count + one.level[ago][circle]
                np.maximum.at(best, which, found)
    return best


def _clusters(
    gain: _Gain, all_of: list[_Cylinders], seen: Ints, best: Floats, *, rule: Rule, total: int
) -> tuple[Cluster, ...]:
    found: list[tuple[float, int, int, int]] = []
    for centre, one in enumerate(all_of):
        counts = np.cumsum(seen[:, one.order], axis=1)
        gains = np.where(counts >= rule.least, gain(one, counts), 0.0)
        ago, circle = divmod(int(gains.argmax()), gains.shape[1])
        if gains[ago, circle] > 0:
            found.append((float(gains[ago, circle]), centre, ago, circle))
    taken: set[int] = set()
    clusters = []
    for value, centre, ago, circle in sorted(found, key=lambda one: (-one[0], one[1])):
        areas = tuple(int(area) for area in all_of[centre].order[: circle + 1])
        if taken.isdisjoint(areas):
            taken.update(areas)
            cases, mean = int(seen[ago, list(areas)].sum()), float(all_of[centre].mean[ago, circle])
            rest = (total - cases) / (total - mean) if rule.kind != "expected" else 1.0
            risk = cases / mean / rest if rest > 0 else float("inf")
            clusters.append(Cluster(areas, ago + 1, cases, mean, risk, value, *_chances(value, best)))
    return tuple(clusters)


def _chances(value: float, best: Floats) -> tuple[float, float]:
    """By rank, and by the Gumbel distribution with the mean and the deviation of what was simulated."""
    rank = (1 + int((best >= value - 1e-9).sum())) / (1 + len(best))
    scale = float(best.std(ddof=1)) * np.sqrt(6.0) / np.pi if len(best) > 1 else 0.0
    if scale <= 0:
        return rank, rank
    return rank, float(-np.expm1(-np.exp(-(value - float(best.mean()) + EULER * scale) / scale)))

"""Readings a second through threshold and EWMA over 100,000 sensors, beside bare NumPy doing the same arithmetic.

Batches of scattered ids, some of them more than once. The bare one has neither checks nor order nor counts, and takes
each id of a batch for another. Then the same with 1,000 and 1,000,000 sensors: what a reading costs must not grow with
them. One core. Last line: one JSON object.

    python benchmarks/signals.py [--sensors 100000] [--batch 100000] [--json]
"""

from __future__ import annotations

import argparse
import json
import sys
import time

import numpy as np
from scipy.stats import t as student

LIMITS = {"readings_per_s": 1_000_000, "beside_bare": 0.5, "cost_ratio_1k_to_1m": 2.0}
WEIGHT, LEARNED, ALPHA = 0.2, 10, 1e-6
ENTER, LEAVE, LASTING = 3.0, 2.0, 60.0


class Bare:
    """The arithmetic of both detectors on arrays, as one writes it down."""

    def __init__(self, sensors):
        self.on, self.since = np.zeros(sensors, dtype=bool), np.full(sensors, np.nan)
        self.far, self.count, self.mean, self.squares, self.drift = np.zeros((5, sensors))
        self.open = np.ones(sensors)
        self.limit = student.isf(ALPHA / 2, LEARNED - 1) ** 2 / (LEARNED - 1)

    def take(self, ids, x, t, *, now):  # noqa: ARG002
        on, since = self.on[ids], np.fmin(self.since[ids], t)
        way = np.where(on, x <= LEAVE, x >= ENTER)
        flips = way & (t - since >= np.where(on, LASTING, LASTING))
        self.since[ids] = np.where(way & ~flips, since, np.nan)
        self.on[ids] = on ^ flips
        first = flips * np.where(on, -1, 1)
        count, mean, squares = self.count[ids], self.mean[ids], self.squares[ids]
        learns, away = count < LEARNED, x - mean
        step = np.where(learns, away / (count + 1.0), 0.0)
        self.squares[ids] = squares + np.where(learns, away * (away - step), 0.0)
        self.mean[ids] = mean + step
        self.count[ids] = count + learns
        moved = (1.0 - WEIGHT) * self.drift[ids] + WEIGHT * away
        still = self.open[ids] * (1.0 - WEIGHT) ** 2
        spread = WEIGHT / (2.0 - WEIGHT) * (1.0 - still) + 1.0 / LEARNED
        far = (moved * moved > self.limit * squares * spread) & ~learns
        self.drift[ids], self.open[ids] = np.where(learns, 0.0, moved), np.where(learns, 1.0, still)
        second = far - self.far[ids]
        self.far[ids] = far
        return first, second


def ours(sensors):
    from bihuan.sense.detect.ewma import Drift, Ewma
    from bihuan.sense.detect.limits import Limit, Threshold
    from bihuan.sense.detect.stream import Plausible, Stream

    detectors = [
        Threshold([Limit(ENTER, LEAVE, LASTING, LASTING)]),
        Ewma([Drift(weight=WEIGHT, learned=LEARNED, alpha=ALPHA)]),
    ]
    return Stream(sensors, detectors, [Plausible(low=-50.0, high=50.0, late=3600.0)])


def batches(sensors, batch, number, seed, *, scattered):
    """``scattered``: drawn one by one, so that some come twice; otherwise each at most once a batch."""
    random = np.random.default_rng(seed)
    for at in range(number):
        if scattered or batch > sensors:
            ids = random.integers(0, sensors, batch)
        else:
            ids = random.permutation(sensors)[:batch]
        times = 1.7e9 + at * 60.0 + np.sort(random.random(batch)) * 59.0
        yield ids, random.standard_normal(batch), times, 1.7e9 + at * 60.0 + 60.0


def seconds(one, given):
    """Of each batch after the first few."""
    found = []
    for ids, values, times, now in given:
        begun = time.perf_counter()
        one.take(ids, values, times, now=now)
        found.append(time.perf_counter() - begun)
    return found[3:]


def fastest(make, sensors, args, *, scattered=True):
    """Seconds a reading: the middle batch of the best of a few rounds."""
    best = np.inf
    for seed in range(3):
        given = batches(sensors, args.batch, args.batches, seed, scattered=scattered)
        best = min(best, float(np.median(seconds(make(sensors), given))))
    return best / args.batch


def same_marks(args):
    one, bare, same = ours(args.sensors), Bare(args.sensors), True
    for ids, values, times, now in batches(args.sensors, args.sensors // 2, 30, 9, scattered=False):
        values[ids % 1000 == 0] += 6.0
        found, beside = one.take(ids, values, times, now=now), bare.take(ids, values, times, now=now)
        same &= (found.marks["threshold"] == beside[0]).all() and (found.marks["ewma"] == beside[1]).all()
    return bool(same)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sensors", type=int, default=100_000)
    parser.add_argument("--batch", type=int, default=100_000)
    parser.add_argument("--batches", type=int, default=23)
    parser.add_argument("--json", action="store_true", help="accepted for all benchmarks alike")
    args = parser.parse_args()
    cost = fastest(ours, args.sensors, args)
    bare = fastest(Bare, args.sensors, args)
    few, many = fastest(ours, 1000, args), fastest(ours, 1_000_000, args)
    result = {
        "name": "signals",
        "baseline": "bare NumPy, the same arithmetic without checks, order or counts",
        "sensors": args.sensors,
        "batch": args.batch,
        "readings_per_s": round(1 / cost),
        "bare_readings_per_s": round(1 / bare),
        "beside_bare": round(bare / cost, 3),
        "each_once_beside_bare": round(
            fastest(Bare, args.sensors, args, scattered=False) / fastest(ours, args.sensors, args, scattered=False), 3
        ),
        "ns_at_1k": round(few * 1e9, 1),
        "ns_at_1m": round(many * 1e9, 1),
        "cost_ratio_1k_to_1m": round(many / few, 3),
        "bare_cost_ratio_1k_to_1m": round(fastest(Bare, 1_000_000, args) / fastest(Bare, 1000, args), 3),
        "same_marks": same_marks(args),
        "limits": LIMITS,
    }
    result["met"] = (
        result["readings_per_s"] >= LIMITS["readings_per_s"]
        and result["beside_bare"] >= LIMITS["beside_bare"]
        and result["cost_ratio_1k_to_1m"] <= LIMITS["cost_ratio_1k_to_1m"]
        and result["same_marks"]
    )
    print(json.dumps(result))
    if not result["met"]:
        sys.exit(1)


if __name__ == "__main__":
    main()

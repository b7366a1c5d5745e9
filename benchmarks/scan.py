"""Space-time scan of 500 areas with 999 simulations, beside plain NumPy that works out every gain.

Circles of up to half the population around each area, cylinders of up to `--longest` days back. Both get the same
simulated maps and must find the same greatest gains. Last line: one JSON object.

    python benchmarks/scan.py [--areas 500] [--simulations 999] [--longest 7] [--json]
"""

from __future__ import annotations

import argparse
import json
import sys
import time

import numpy as np

LIMIT_SECONDS = 2.0


def plain(counts, places, base, fakes, share):
    """Greatest gain of each simulation: the formula, array by array, one centre after the other."""
    total, best = int(counts.sum()), np.zeros(fakes.shape[2])
    mean = base * (total / base.sum())
    since = np.cumsum(mean[::-1], axis=0)[: len(fakes)]
    for centre in places:
        order = np.argsort(((places - centre) ** 2).sum(axis=1), kind="stable")
        order = order[np.cumsum(base.sum(axis=0)[order]) <= share * base.sum()]
        for level, expected in zip(fakes, since, strict=True):
            c = np.cumsum(level[order], axis=0, dtype=np.float64)
            e = np.cumsum(expected[order])[:, None]
            with np.errstate(divide="ignore", invalid="ignore"):
                gain = c * np.log(c / e) + (total - c) * np.log((total - c) / (total - e))
            best = np.maximum(best, np.where(c > e, gain, 0.0).max(axis=0))
    return best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--areas", type=int, default=500)
    parser.add_argument("--simulations", type=int, default=999)
    parser.add_argument("--longest", type=int, default=7)
    parser.add_argument("--periods", type=int, default=28)
    parser.add_argument("--json", action="store_true", help="accepted for all benchmarks alike")
    args = parser.parse_args()
    from bihuan.sense.detect import scan as module

    random = np.random.default_rng(1)
    places = random.random((args.areas, 2))
    base = np.tile(random.gamma(2.0, 1.0, args.areas), (args.periods, 1))
    counts = random.poisson(base * (4.0 / args.periods))
    rule = module.Rule(longest=args.longest, simulations=args.simulations)
    seconds, found = [], None
    for _ in range(5):
        begun = time.perf_counter()
        found = module.scan(counts, places, base, rule, seed=1)
        seconds.append(time.perf_counter() - begun)
    fakes = module._simulated(counts, base * (counts.sum() / base.sum()), rule, np.random.default_rng(1))
    begun = time.perf_counter()
    beside = plain(counts, places, base, fakes, rule.share)
    alone = time.perf_counter() - begun
    same = bool(np.allclose(found.simulated, beside))
    result = {
        "name": "scan",
        "baseline": "plain NumPy: every gain worked out, its simulation not counted",
        "areas": args.areas,
        "cylinders": found.cylinders,
        "longest": args.longest,
        "simulations": args.simulations,
        "cases": int(counts.sum()),
        "seconds": round(min(seconds), 3),
        "seconds_plain": round(alone, 3),
        "times_faster": round(alone / min(seconds), 1),
        "same_gains": same,
        "limit_seconds": LIMIT_SECONDS,
        "met": min(seconds) <= LIMIT_SECONDS and same,
    }
    print(json.dumps(result))
    if not result["met"]:
        sys.exit(1)


if __name__ == "__main__":
    main()

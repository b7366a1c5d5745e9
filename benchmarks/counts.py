"""Farrington's methods for 500 weekly series: all side by side, beside one series after the other.

The newest week of each series is judged, as once a week in service; `--weeks` judges more. Baseline: the same function
called for one series at a time, in the same run. Last line: one JSON object.

    python benchmarks/counts.py [--series 500] [--weeks 1] [--json]
"""

from __future__ import annotations

import argparse
import json
import sys
import time

import numpy as np

LIMIT_SECONDS = 0.3


def best(work, rounds: int = 5) -> float:
    found = []
    for _ in range(rounds):
        begun = time.perf_counter()
        work()
        found.append(time.perf_counter() - begun)
    return min(found)


def measured(judge, counts) -> dict[str, object]:
    series = range(counts.shape[1])
    together = best(lambda: judge(counts))
    alone = best(lambda: [judge(counts[:, one]) for one in series], rounds=1)
    same = judge(counts).alarm == np.column_stack([judge(counts[:, one]).alarm for one in series])
    return {
        "seconds": round(together, 4),
        "seconds_one_by_one": round(alone, 3),
        "times_faster": round(alone / together, 1),
        "same_alarms": bool(same.all()),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--series", type=int, default=500)
    parser.add_argument("--weeks", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="accepted for all benchmarks alike")
    args = parser.parse_args()
    from bihuan.sense.detect.farrington import USUAL, farrington
    from bihuan.sense.detect.farrington_flexible import farrington_flexible

    first = USUAL.years * 52 + USUAL.width
    level = np.random.default_rng(7).gamma(2.0, 4.0, args.series)
    counts = np.random.default_rng(8).poisson(level, (first + args.weeks, args.series))
    original, improved = measured(farrington, counts), measured(farrington_flexible, counts[-args.weeks - 156 :])
    result = {
        "name": "counts",
        "baseline": "the same function, one series after the other",
        "series": args.series,
        "weeks": args.weeks,
        **original,
        **{f"improved_{name}": value for name, value in improved.items()},
        "limit_seconds": LIMIT_SECONDS,
        "met": all(one["seconds"] <= LIMIT_SECONDS and one["same_alarms"] for one in (original, improved)),
    }
    print(json.dumps(result))
    if not result["met"]:
        sys.exit(1)


if __name__ == "__main__":
    main()

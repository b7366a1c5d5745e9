"""False alarms of each detector where nothing is going on, beside the rate it states; and how soon it finds outbreaks.

A rate is stated from theory where theory is right. Where the usual name of a method says something else than happens,
both stand here: EARS with seven days is off by Student's distribution and the variance of the mean; for C3 and for both
of Farrington's methods, which have no closed form, the stated rate was measured once with ten times the trials and
another seed. Each measured rate must lie in the 95 % interval of the stated one. Last line: one JSON object.

    python benchmarks/null.py [--trials 20000] [--seed 11] [--json]
"""

from __future__ import annotations

import argparse
import json
import sys

import numpy as np
from scipy.stats import binom, norm
from scipy.stats import t as student

WEEKS = 52
# Of Poisson counts with a mean of 10 and a season of 30 %, five years: measured with 200,000 trials, seed 1. The first
# says 0.005 (a two-sided 0.01), the second 0.01.
FARRINGTON = {"farrington": 0.0086, "farrington_flexible": 0.01187}
# Of normal counts: measured with 4,000,000 trials, seed 1. Its name says 0.025.
C3 = 0.03874


def ears_rate(alpha: float, baseline: int = 7) -> float:
    """What a limit of so many deviations is passed by, when mean and deviation are those of seven days."""
    return float(student.sf(norm.isf(alpha) / np.sqrt(1.0 + 1.0 / baseline), baseline - 1))


def ears(method, trials, random):
    from bihuan.sense.detect.ears import ears as judge

    return int(judge(random.normal(1000.0, 10.0, (14, trials)), method).alarm[-1].sum())


def seasonal(weeks):
    return 10.0 * np.exp(0.3 * np.sin(2.0 * np.pi * np.arange(weeks) / WEEKS))[:, None]


def farrington(name, trials, random):
    from bihuan.sense.detect.farrington import farrington as original
    from bihuan.sense.detect.farrington_flexible import farrington_flexible

    judge, found = {"farrington": original, "farrington_flexible": farrington_flexible}[name], 0
    # The newest week alone is judged: no more weeks before it than its base needs.
    weeks = {"farrington": 3 * WEEKS + 4, "farrington_flexible": 3 * WEEKS + 1}[name]
    for begin in range(0, trials, 2000):
        some = min(2000, trials - begin)
        season = random.integers(0, WEEKS, some) + np.arange(weeks)[:, None]
        found += int(judge(random.poisson(seasonal(WEEKS)[season % WEEKS, 0])).alarm[-1].sum())
    return found


def scan(trials, random):
    from bihuan.sense.detect.scan import Rule
    from bihuan.sense.detect.scan import scan as judge

    places, people = random.random((40, 2)), random.gamma(3.0, 100.0, 40)
    base, found = np.tile(people, (8, 1)), 0
    for at in range(trials):
        counts = random.multinomial(300, (base / base.sum()).reshape(-1)).reshape(base.shape)
        clusters = judge(counts, places, base, Rule(longest=4, simulations=99, least=1), seed=int(at)).clusters
        found += bool(clusters) and clusters[0].chance <= 0.05
    return found


def ewma(trials, random, *, alpha=0.01):
    from bihuan.sense.detect.ewma import Drift, Ewma
    from bihuan.sense.detect.stream import Stream

    stream, ids, raised = Stream(trials, [Ewma([Drift(alpha=alpha, learned=20)])]), np.arange(trials), 0
    for at in range(45):
        found = stream.take(ids, random.normal(20.0, 3.0, trials), np.full(trials, float(at)), now=float(at))
        raised = raised + found.marks["ewma"].astype(int)
    return int(np.sum(raised))


def usual(trials, random, *, alpha=0.01):
    from bihuan.sense.detect.stream import Stream
    from bihuan.sense.detect.usual import HOURS, Habit, Usual

    sensors = -(-trials // HOURS)
    stream, ids = Stream(sensors, [Usual(sensors, Habit(kept=8, alpha=alpha))]), np.arange(sensors)
    hourly, found, raised = random.normal(20.0, 5.0, HOURS), [], np.zeros(sensors, dtype=int)
    for hour in range(9 * HOURS):
        values = hourly[hour % HOURS] + random.standard_normal(sensors)
        marks = stream.take(ids, values, np.full(sensors, hour * 3600.0), now=hour * 3600.0).marks["usual"]
        raised = raised + marks
        if hour >= 8 * HOURS:
            found.append(raised)
    return int(np.concatenate(found)[:trials].sum())


def rates(trials, seed):
    """Name, what its name says, what it states, trials, false alarms."""
    made = iter(np.random.default_rng(seed).spawn(8))
    few = max(trials // 20, 50)
    yield "EARS C1", 0.001, ears_rate(0.001), trials, ears("C1", trials, next(made))
    yield "EARS C2", 0.001, ears_rate(0.001), trials, ears("C2", trials, next(made))
    yield "EARS C3", 0.025, C3, trials, ears("C3", trials, next(made))
    for name, says in (("farrington", 0.005), ("farrington_flexible", 0.01)):
        yield name, says, FARRINGTON[name], trials, farrington(name, trials, next(made))
    yield "scan", 0.05, 0.05, few, scan(few, next(made))
    yield "EWMA", 0.01, 0.01, trials, ewma(trials, next(made))
    yield "robust z", 0.01, 0.01, trials, usual(trials, next(made))


def judged(trials, seed):
    found = {}
    for name, says, stated, number, alarms in rates(trials, seed):
        low, high = binom.ppf([0.025, 0.975], number, stated) / number
        found[name] = {
            "says": says,
            "states": round(stated, 5),
            "measured": round(alarms / number, 5),
            "interval": [round(low, 5), round(high, 5)],
            "trials": number,
            "inside": bool(low <= alarms / number <= high),
        }
    return found


def outbreaks(series, seed):
    """Eight weeks of outbreak at the end, of so many deviations a week: share found, median weeks until then."""
    from bihuan.sense.detect.ears import ears as by_ears
    from bihuan.sense.detect.farrington import farrington as original
    from bihuan.sense.detect.farrington_flexible import farrington_flexible

    judges = {
        "EARS C1": lambda counts: by_ears(counts, "C1"),
        "EARS C2": lambda counts: by_ears(counts, "C2"),
        "EARS C3": lambda counts: by_ears(counts, "C3"),
        "farrington": original,
        "farrington_flexible": farrington_flexible,
    }
    weeks, lasting, found = 4 * WEEKS, 8, {}
    for size in (1.0, 2.0, 3.0):
        random = np.random.default_rng(seed)
        mean = seasonal(weeks)
        counts = random.poisson(mean, (weeks, series))
        shape = np.minimum(np.arange(1, lasting + 1) / 3.0, 1.0)[:, None]
        counts[-lasting:] += random.poisson(shape * size * np.sqrt(mean[-lasting:]), (lasting, series))
        for name, judge in judges.items():
            part = judge(counts[-(3 * WEEKS + 4 + lasting) :] if name.startswith("farr") else counts[-40:])
            alarm = part.alarm[-lasting:]
            hit = alarm.any(axis=0)
            found[f"{name}, {size:g} deviations"] = {
                "found": round(float(hit.mean()), 3),
                "median_weeks": float(np.median(alarm.argmax(axis=0)[hit])) if hit.any() else None,
            }
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--json", action="store_true", help="accepted for all benchmarks alike")
    args = parser.parse_args()
    found = judged(args.trials, args.seed)
    result = {
        "name": "null",
        "baseline": "the rate that each detector states",
        "false_alarms": found,
        "outbreaks": outbreaks(1000, args.seed),
        "met": all(one["inside"] for one in found.values()),
    }
    print(json.dumps(result))
    if not result["met"]:
        sys.exit(1)


if __name__ == "__main__":
    main()

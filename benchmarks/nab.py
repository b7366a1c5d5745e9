"""The streaming detectors on the Numenta Anomaly Benchmark, by its own scoring, beside its published table.

58 series, 116 labelled windows. A detector earns up to one for the first alarm in a window, the more the earlier; what
is outside costs, the less the shorter after a window; a missed window costs. 0 is a detector that never raises, 100 one
that finds each window at its first reading. As in Lavin and Ahmad, ICMLA 2015; each detector's threshold is the best
for the whole corpus, as for the published ones. Skips without the data. Last line: one JSON object.

    python benchmarks/nab.py [--data ../shared/data/nab] [--json]
"""

from __future__ import annotations

import argparse
import csv
import datetime as dt
import gzip
import json
import os
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.special import erfc

BESIDE = Path(__file__).parents[2] / "shared" / "data"
PROBATION, LONGEST = 0.15, 5000
# Weight, alpha, forget, calm: the best of some sixty, as the thresholds of the published ones are the best of all.
TRIED = ((0.2, 1e-8, 0.0005, 100), (0.2, 1e-8, 0.0005, 0), (1.0, 1e-8, 0.0005, 100))


@dataclass(frozen=True)
class Series:
    """``windows``: first and last reading of each, both inside."""

    name: str
    times: np.ndarray
    values: np.ndarray
    windows: tuple[tuple[int, int], ...]

    @property
    def probation(self) -> int:
        return int(min(np.floor(PROBATION * len(self.values)), PROBATION * LONGEST))


@dataclass(frozen=True)
class Costs:
    hit: float
    miss: float
    false: float


def corpus(folder: Path) -> list[Series]:
    labels = json.loads((folder / "labels" / "combined_windows.json").read_text(encoding="utf-8"))
    return [series(folder, name, windows) for name, windows in sorted(labels.items())]


def series(folder: Path, name: str, windows) -> Series:
    with gzip.open(folder / "data" / f"{name}.gz", "rt", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    moments = [dt.datetime.fromisoformat(row["timestamp"]).replace(tzinfo=dt.UTC).timestamp() for row in rows]
    times = np.array(moments)
    inside = []
    for begin, end in windows:
        ends = [dt.datetime.fromisoformat(one).replace(tzinfo=dt.UTC).timestamp() for one in (begin, end)]
        within = np.flatnonzero((times >= ends[0]) & (times <= ends[1]))
        inside.append((int(within[0]), int(within[-1])))
    return Series(name, times, np.array([float(row["value"]) for row in rows]), tuple(inside))


def profiles(folder: Path) -> dict[str, Costs]:
    given = json.loads((folder / "config" / "profiles.json").read_text(encoding="utf-8"))
    found = {}
    for name, profile in given.items():
        cost = profile["CostMatrix"]
        found[name] = Costs(cost["tpWeight"], cost["fnWeight"], cost["fpWeight"])
    return found


def sigmoid(place):
    """1 far before the end of a window, 0 at its end, -1 far after; past three widths wholly wrong."""
    place = np.asarray(place, dtype=float)
    return np.where(place > 3.0, -1.0, 2.0 / (1.0 + np.exp(5.0 * np.minimum(place, 3.0))) - 1.0)


def worth(one: Series, costs: Costs):
    """Of each reading what an alarm there is worth, and the number of its window, -1 outside."""
    at = np.arange(len(one.values))
    value, window = np.full(len(at), -costs.false), np.full(len(at), -1)
    for first, last in one.windows:
        width = last - first + 1
        after = at > last
        value[after] = sigmoid((at[after] - last) / max(width - 1, 1)) * costs.false
    for number, (first, last) in enumerate(one.windows):
        inside = at[first : last + 1]
        value[inside] = sigmoid(-(last - inside + 1) / (last - first + 1)) * costs.hit / sigmoid(-1.0)
        window[inside] = number
    return value, window


def best(all_series, scores, costs: Costs) -> tuple[float, float]:
    """The highest raw score that one threshold for all series gives, and that threshold."""
    values, windows, marks, begun = [], [], [], 0
    for one, score in zip(all_series, scores, strict=True):
        value, window = worth(one, costs)
        judged = slice(one.probation, None)
        values.append(value[judged])
        windows.append(np.where(window < 0, -1, window + begun)[judged])
        marks.append(np.asarray(score, dtype=float)[judged])
        begun += len(one.windows)
    value, window, mark = (np.concatenate(one) for one in (values, windows, marks))
    order = np.argsort(-mark, kind="stable")
    found = np.full(begun, -costs.miss)
    total, top = -costs.miss * begun, (-costs.miss * begun, np.inf)
    for place, at in enumerate(order):
        where = window[at]
        if where < 0:
            total += value[at]
        elif value[at] > found[where]:
            total += value[at] - found[where]
            found[where] = value[at]
        is_last = place + 1 == len(order) or mark[order[place + 1]] != mark[at]
        if is_last and total > top[0] and mark[at] > 0:
            top = (total, float(mark[at]))
    return top


def normalised(raw: float, windows: int, costs: Costs) -> float:
    """Nothing raised is 0, everything at once and nothing else 100."""
    none = -costs.miss * windows
    return 100.0 * (raw - none) / (costs.hit * windows - none)


def scored(all_series, scores, costs_of) -> dict[str, float]:
    windows = sum(len(one.windows) for one in all_series)
    return {
        name: round(normalised(best(all_series, scores, costs)[0], windows, costs), 2)
        for name, costs in costs_of.items()
    }


def windowed_gaussian(values, window=6400, step=100):
    """The benchmark's own simple detector, as published: the tail of a normal distribution of the last readings."""
    at = np.arange(1, len(values))
    begin = np.maximum(at - window, 0) // step * step
    size = np.minimum(at, window)
    # Sums of many digits: its published threshold is twelve nines.
    centred = np.asarray(values, dtype=np.longdouble) - np.mean(values, dtype=np.longdouble)
    sums = [np.concatenate([[0], np.cumsum(one)]) for one in (centred, centred**2)]
    mean, square = ((one[begin + size] - one[begin]) / size for one in sums)
    deviation = np.sqrt(np.maximum(square - mean**2, 0)).astype(float)
    away = np.abs(centred[1:] - mean).astype(float)
    tail = 0.5 * erfc(away / np.where(deviation < 1e-12, 1e-6, deviation) / np.sqrt(2.0))
    return np.concatenate([[0.0], 1.0 - tail])


def at_threshold(all_series, scores, costs: Costs, threshold: float) -> float:
    return best(all_series, [np.where(one >= threshold, 1.0, -np.inf) for one in scores], costs)[0]


def raised(all_series, rules) -> list[np.ndarray]:
    """1 where our detectors are raised: all series side by side, as sensors of one stream."""
    from bihuan.sense.detect.stream import RAISED, Stream

    number = len(all_series)
    stream = Stream(number, rules(all_series))
    found = [np.zeros(len(one.values)) for one in all_series]
    for at in range(max(len(one.values) for one in all_series)):
        here = [sensor for sensor in range(number) if at < len(all_series[sensor].values)]
        values = [all_series[sensor].values[at] for sensor in here]
        judged = stream.take(here, values, np.full(len(here), float(at)), now=float(at))
        for marks in judged.marks.values():
            for place in np.flatnonzero(marks == RAISED):
                found[here[place]][at] = 1.0
    return found


def drift(weight, alpha, forget, calm):
    from bihuan.sense.detect.ewma import Drift, Ewma

    def rules(all_series):
        each = [
            Drift(weight=weight, alpha=alpha, learned=one.probation, calm=calm, forget=forget) for one in all_series
        ]
        return [Ewma(each, np.arange(len(all_series)))]

    return rules


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("SHARED_DATA", BESIDE)) / "nab")
    parser.add_argument("--json", action="store_true", help="accepted for all benchmarks alike")
    args = parser.parse_args()
    if not args.data.is_dir():
        print(json.dumps({"name": "nab", "skipped": f"no data in {args.data}"}))
        return
    begun = time.perf_counter()
    all_series, costs_of = corpus(args.data), profiles(args.data)
    published = json.loads((args.data / "results" / "final_results.json").read_text(encoding="utf-8"))
    rebuilt = scored(all_series, [windowed_gaussian(one.values) for one in all_series], costs_of)
    ours = {
        f"EWMA, weight {weight}, alpha {alpha}, forget {forget}, calm {calm}": scored(
            all_series, raised(all_series, drift(weight, alpha, forget, calm)), costs_of
        )
        for weight, alpha, forget, calm in TRIED
    }
    result = {
        "name": "nab",
        "baseline": "the published table; windowedGaussian worked out again here",
        "windows": sum(len(one.windows) for one in all_series),
        "readings": sum(len(one.values) for one in all_series),
        "ours": ours,
        "windowedGaussian_again": rebuilt,
        "published": {
            name: {profile: round(score, 2) for profile, score in scores.items()} for name, scores in published.items()
        },
        "seconds": round(time.perf_counter() - begun, 1),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()

"""The scoring of benchmarks/nab.py is that of the Numenta Anomaly Benchmark: by hand, and by what it published."""

import importlib.util
import json
import sys
from pathlib import Path

import numpy as np
import pytest

import shared_data

PATH = Path(__file__).parents[2] / "benchmarks" / "nab.py"


@pytest.fixture(scope="module")
def nab():
    spec = importlib.util.spec_from_file_location("nab", PATH)
    found = sys.modules["nab"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


def test_one_series_by_hand(nab):
    """A hundred readings, a window of eleven: early is worth most, just after little is lost, elsewhere all."""
    one = nab.Series("one", np.arange(100.0), np.zeros(100), ((50, 60),))
    costs = nab.Costs(hit=1.0, miss=1.0, false=0.11)
    value, window = nab.worth(one, costs)
    # 2 / (1 + e^(-5)) - 1 at the first reading, of which the worth there is one.
    assert value[50] == pytest.approx(1.0)
    assert value[60] == pytest.approx((2 / (1 + np.exp(-5 / 11)) - 1) / 0.9866142981514303)
    assert value[61] == pytest.approx((2 / (1 + np.exp(5 * 0.1)) - 1) * 0.11)
    assert value[70] == pytest.approx(-0.9866142981514303 * 0.11)
    assert value[[20, 91, 99]] == pytest.approx([-0.11] * 3)
    assert np.flatnonzero(window == 0).tolist() == list(range(50, 61))
    assert one.probation == 15
    scores = np.zeros(100)
    assert nab.best([one], [scores], costs)[0] == -1.0
    scores[[5, 55, 57]] = 1.0
    raw, threshold = nab.best([one], [scores], costs)
    assert (raw, threshold) == (pytest.approx(value[55]), 1.0)
    scores[20] = 1.0
    raw, _ = nab.best([one], [scores], costs)
    assert raw == pytest.approx(value[55] - 0.11)
    assert nab.normalised(raw, 1, costs) == pytest.approx(100 * (raw + 1) / 2)
    scores[20] = 2.0
    assert nab.best([one], [scores], costs)[0] == pytest.approx(raw)


def test_the_published_scores_come_out(nab):
    """Those of the detector that can be worked out again from its description, and of the one that never raises."""
    folder = shared_data.folder("nab")
    all_series, costs_of = nab.corpus(folder), nab.profiles(folder)
    published = json.loads((folder / "results" / "final_results.json").read_text(encoding="utf-8"))
    scores = [nab.windowed_gaussian(one.values) for one in all_series]
    nothing = [np.zeros(len(one.values)) for one in all_series]
    assert sum(len(one.windows) for one in all_series) == 116
    for profile, costs in costs_of.items():
        # The one threshold that gives all three of the published numbers.
        raw = nab.at_threshold(all_series, scores, costs, 0.999999999999509)
        assert nab.normalised(raw, 116, costs) == pytest.approx(published["windowedGaussian"][profile], abs=1e-6)
        assert nab.normalised(nab.best(all_series, nothing, costs)[0], 116, costs) == published["null"][profile] == 0

"""EARS and Farrington equal the R package on real series; no later week and no neighbour changes a verdict."""

import csv
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import shared_data
from bihuan.sense.detect.ears import ears
from bihuan.sense.detect.farrington import Rule, farrington

BY_NUMBER = ("k1", "m1", "m4", "q2", "s1", "s3", "shadar")
# Series whose base weeks are found by date, with the Monday on which they begin.
BY_DATE = {"momo": "1994-01-03", "salmNewport": "2003-12-29", "stsNewport": "2001-01-01"}
SERIES = (*BY_NUMBER, *BY_DATE)
counts = st.lists(st.integers(0, 60), min_size=170, max_size=190)


def table(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def number(text):
    return float("nan") if text == "NA" else float(text)


def reference(run, series):
    folder = shared_data.folder("surveillance_series")
    found = table(folder / "reference" / f"{run}_{series}.csv")
    rows = table(folder / "series" / f"{series}.csv")
    observed = [float(row.get("observed") or sum(float(v) for k, v in row.items() if k != "t")) for row in rows]
    at = np.array([int(row["t"]) for row in found]) - 1
    upper = np.array([number(row["upperbound"]) for row in found])
    alarm = np.array([row["alarm"] in {"1", "TRUE"} for row in found])
    stated = json.loads((folder / "reference" / "runs.json").read_text(encoding="utf-8"))["runs"]
    return np.array(observed), at, upper, alarm, stated[f"{run}_{series}"]


@pytest.mark.parametrize("series", SERIES)
@pytest.mark.parametrize("method", ["C1", "C2", "C3"])
def test_ears_is_that_of_the_reference(method, series):
    observed, at, upper, alarm, stated = reference(f"ears{method}", series)
    found = ears(observed, method, baseline=stated["baseline"], alpha=stated["alpha"])
    np.testing.assert_allclose(found.upper[at], upper, atol=1e-6, rtol=0)
    assert (found.alarm[at] == alarm).all()
    assert stated["alarms"] == found.alarm[at].sum()


@pytest.mark.parametrize("series", SERIES)
def test_farrington_is_that_of_the_reference(series):
    observed, at, upper, alarm, stated = reference("farrington", series)
    begin = BY_DATE.get(series)
    dates = np.datetime64(begin) + 7 * np.arange(len(observed)) if begin else None
    found = farrington(observed, Rule(years=stated["b"], width=stated["w"], alpha=stated["alpha"]), dates)
    # By date the first week reaches back before the series; the reference goes on with what is there, we do not.
    judged = at[1:] if begin and np.isnan(found.upper[at[0]]) else at
    np.testing.assert_allclose(found.upper[judged], upper[-len(judged) :], atol=1e-6, rtol=0)
    assert (found.alarm[at] == alarm).all()
    assert stated["alarms"] == found.alarm[at].sum()


def test_days_that_are_no_weeks_are_refused():
    for dates in (["2026-01-05"], np.datetime64("2026-01-05") + np.arange(200)):
        with pytest.raises(ValueError, match="seven days apart"):
            farrington([1] * 200, dates=dates)


@given(counts)
def test_what_comes_later_changes_no_verdict(values):
    for judge in (ears, farrington):
        whole, part = judge(values), judge(values[:-5])
        np.testing.assert_allclose(whole.upper[:-5], part.upper, rtol=1e-9)
        np.testing.assert_array_equal(whole.alarm[:-5], part.alarm)


@given(counts)
def test_series_side_by_side_are_judged_as_alone(values):
    other = values[::-1]
    for judge in (ears, farrington):
        both = judge(np.column_stack([values, other]))
        np.testing.assert_allclose(both.upper[:, 0], judge(values).upper, rtol=1e-9)
        np.testing.assert_allclose(both.upper[:, 1], judge(other).upper, rtol=1e-9)


def test_an_outbreak_is_found_and_a_series_without_history_is_not_judged():
    quiet = np.random.default_rng(3).poisson(4.0, 200)
    assert farrington(quiet).alarm[159:].mean() < 0.1
    quiet[-1] = 40
    for judge in (ears, farrington):
        assert judge(quiet).alarm[-1]
    assert np.isnan(farrington(quiet[:159]).upper).all()
    assert not farrington(quiet[:159]).alarm.any()
    assert np.isnan(ears([1, 2, 3]).upper).all()


def test_nothing_lately_is_no_alarm_by_farrington():
    found = farrington([0] * 199 + [4])
    assert (found.upper[-1], found.alarm[-1]) == (0.0, False)


@pytest.mark.parametrize("wrong", [[1, -1, 2], [1.0, float("nan")], [[[1]]]])
def test_what_is_no_count_is_refused(wrong):
    for judge in (ears, farrington):
        with pytest.raises(ValueError, match="finite and not negative"):
            judge(wrong)
    with pytest.raises(ValueError, match="baseline 2"):
        ears([1, 2, 3], baseline=2)

"""EARS and both Farrington methods equal the R package on real series; nothing later and no neighbour matters."""

import csv
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import shared_data
from bihuan.sense.detect.ears import ears
from bihuan.sense.detect.farrington import Rule, farrington
from bihuan.sense.detect.farrington_flexible import Rule as Flexible
from bihuan.sense.detect.farrington_flexible import farrington_flexible

BY_NUMBER = ("k1", "m1", "m4", "q2", "s1", "s3", "shadar")
# Series whose base weeks are found by date, with the Monday on which they begin.
BY_DATE = {"momo": "1994-01-03", "salmNewport": "2004-01-05", "stsNewport": "2001-01-01"}
SERIES = (*BY_NUMBER, *BY_DATE)
JUDGES = (ears, farrington, farrington_flexible)
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


def dates_of(series, observed):
    begin = BY_DATE.get(series)
    return np.datetime64(begin) + 7 * np.arange(len(observed)) if begin else None


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
    dates = dates_of(series, observed)
    found = farrington(observed, Rule(years=stated["b"], width=stated["w"], alpha=stated["alpha"]), dates)
    # By date the first week reaches back before the series; the reference goes on with what is there, we do not.
    judged = at[1:] if dates is not None and np.isnan(found.upper[at[0]]) else at
    np.testing.assert_allclose(found.upper[judged], upper[-len(judged) :], atol=1e-6, rtol=0)
    assert (found.alarm[at] == alarm).all()
    assert stated["alarms"] == found.alarm[at].sum()


@pytest.mark.parametrize("series", SERIES)
def test_the_improved_farrington_is_that_of_the_reference(series):
    observed, at, upper, alarm, stated = reference("farringtonFlexible", series)
    rows = table(shared_data.folder("surveillance_series") / "reference" / f"farringtonFlexible_{series}.csv")
    rule = Flexible(
        years=stated["b"],
        width=stated["w"],
        periods=stated["noPeriods"],
        left_out=stated["pastWeeksNotIncluded"],
        surprise=stated["weightsThreshold"],
        believed=stated["pThresholdTrend"],
        alpha=stated["alpha"],
    )
    found = farrington_flexible(observed, rule, dates_of(series, observed))
    np.testing.assert_allclose(found.upper[at], upper, atol=1e-6, rtol=0)
    np.testing.assert_allclose(found.chance[at], [number(row["pvalue"]) for row in rows], atol=1e-6, rtol=0)
    given = ~np.isnan(upper)
    expected = np.array([number(row["expected"]) for row in rows])
    np.testing.assert_allclose(found.expected[at][given], expected[given], atol=1e-6, rtol=0)
    assert (found.alarm[at] == alarm).all()
    assert stated["alarms"] == found.alarm[at].sum()


def test_days_that_are_no_weeks_are_refused():
    for dates in (["2026-01-05"], np.datetime64("2026-01-05") + np.arange(200)):
        with pytest.raises(ValueError, match="seven days apart"):
            farrington([1] * 200, dates=dates)


@settings(max_examples=30)
@given(counts)
def test_what_comes_later_changes_no_verdict(values):
    for judge in JUDGES:
        whole, part = judge(values), judge(values[:-5])
        np.testing.assert_allclose(whole.upper[:-5], part.upper, rtol=1e-9)
        np.testing.assert_array_equal(whole.alarm[:-5], part.alarm)


@settings(max_examples=30)
@given(counts)
def test_series_side_by_side_are_judged_as_alone(values):
    other = values[::-1]
    for judge in JUDGES:
        both = judge(np.column_stack([values, other]))
        np.testing.assert_allclose(both.upper[:, 0], judge(values).upper, rtol=1e-9)
        np.testing.assert_allclose(both.upper[:, 1], judge(other).upper, rtol=1e-9)


def test_an_outbreak_is_found_and_a_series_without_history_is_not_judged():
    quiet = np.random.default_rng(3).poisson(4.0, 200)
    assert farrington(quiet).alarm[159:].mean() < 0.1
    quiet[-1] = 40
    for judge in JUDGES:
        assert judge(quiet).alarm[-1]
    assert np.isnan(farrington_flexible(quiet[:156]).upper).all()
    assert np.isnan(farrington(quiet[:159]).upper).all()
    assert not farrington(quiet[:159]).alarm.any()
    assert np.isnan(ears([1, 2, 3]).upper).all()


def test_nothing_lately_is_no_alarm_by_farrington():
    found = farrington([0] * 199 + [4])
    assert (found.upper[-1], found.alarm[-1]) == (0.0, False)


def test_too_few_lately_is_no_alarm_by_the_improved_method_either_but_its_chance_is_told():
    found = farrington_flexible([1, 0, 2] * 66 + [0, 0, 0, 4])
    assert np.isnan(found.upper[-1])
    assert (found.alarm[-1], found.chance[-1] < 0.05) == (False, True)


def test_an_outbreak_that_began_half_a_year_ago_does_not_hide_itself():
    growing = np.random.default_rng(4).poisson(5.0, 240)
    growing[-20:] += np.arange(20)
    improved, original = farrington_flexible(growing), farrington(growing)
    assert improved.alarm[-10:].all()
    assert improved.alarm.sum() >= original.alarm.sum()


def test_one_period_is_the_windows_alone():
    history = np.random.default_rng(5).poisson(6.0, 200).astype(float)
    one = farrington_flexible(history, Flexible(periods=1, left_out=0))
    beside = history.copy()
    # Outside every window of the newest week: 25 weeks from the nearest.
    beside[-1 - 26] += 50
    assert farrington_flexible(beside, Flexible(periods=1, left_out=0)).upper[-1] == pytest.approx(one.upper[-1])
    with pytest.raises(ValueError, match="too few"):
        farrington_flexible(history, Flexible(periods=60))


@pytest.mark.parametrize("wrong", [[1, -1, 2], [1.0, float("nan")], [[[1]]]])
def test_what_is_no_count_is_refused(wrong):
    for judge in JUDGES:
        with pytest.raises(ValueError, match="finite and not negative"):
            judge(wrong)
    with pytest.raises(ValueError, match="baseline 2"):
        ears([1, 2, 3], baseline=2)

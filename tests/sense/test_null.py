"""Where nothing is going on a detector errs as often as it states; an outbreak is found, and the larger the sooner."""

import importlib.util
import sys
from pathlib import Path

import pytest

PATH = Path(__file__).parents[2] / "benchmarks" / "null.py"


@pytest.fixture(scope="module")
def null():
    spec = importlib.util.spec_from_file_location("null", PATH)
    found = sys.modules["null"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


@pytest.fixture(scope="module")
def rates(null):
    return null.judged(4000, 5)


def test_false_alarms_are_as_frequent_as_stated(rates):
    assert list(rates) == [
        "EARS C1",
        "EARS C2",
        "EARS C3",
        "farrington",
        "farrington_flexible",
        "scan",
        "EWMA",
        "robust z",
    ]
    assert {name: one for name, one in rates.items() if not one["inside"]} == {}


def test_the_name_of_ears_says_less_than_happens_and_we_say_so(rates):
    """Three deviations of seven days are passed fourteen times as often as three deviations of the truth."""
    one = rates["EARS C1"]
    assert one["states"] == pytest.approx(0.0138, abs=1e-4)
    assert one["measured"] > 5 * one["says"]


def test_outbreaks_are_found_and_the_larger_the_more_of_them(null):
    found = null.outbreaks(100, 5)
    for name in ("EARS C1", "EARS C2", "EARS C3", "farrington", "farrington_flexible"):
        shares = [found[f"{name}, {size} deviations"]["found"] for size in (1, 2, 3)]
        assert shares == sorted(shares)
    assert found["farrington_flexible, 3 deviations"]["found"] > 0.8
    assert found["farrington_flexible, 3 deviations"]["median_weeks"] <= 3

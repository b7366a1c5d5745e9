"""Rows of data become detectors; a row that does not fit is told with its number and what there could be."""

from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from bihuan.sense.detect.ewma import Drift, Ewma
from bihuan.sense.detect.limits import Limit, Threshold
from bihuan.sense.detect.rules import KINDS as KINDS_OF_RULES
from bihuan.sense.detect.rules import BadRuleError, read, stream
from bihuan.sense.detect.stream import CODES, Plausible, Stream
from bihuan.sense.detect.usual import Habit, Usual

ROWS = [
    {"detector": "plausible", "kind": "water_level", "low": -1, "high": 12, "units": [[100, 0]], "late": 3600},
    {"detector": "threshold", "kind": "water_level", "enter": 5.0, "leave": 4.5, "lasting": 120},
    {"detector": "threshold", "kind": "battery", "enter": 10, "leave": 20, "is_below": True},
    {"detector": "ewma", "kind": "noise", "weight": 0.1, "learned": 5, "alpha": 0.01},
    {"detector": "rate", "kind": "water_level", "most": 0.01, "within": 600},
    {"detector": "flat", "kind": "noise", "lasting": 600},
    {"detector": "silence", "kind": "water_level", "seconds": 900},
    {"detector": "usual", "kind": "noise", "kept": 3, "alpha": 0.1},
]
KINDS = ["water_level", "noise", "battery", "unheard_of", "water_level"]


def test_rows_become_the_detectors_that_one_would_build_by_hand():
    of_data = stream(read(ROWS), KINDS, since=0.0)
    by_hand = Stream(
        5,
        [
            Threshold([Limit(np.inf, np.inf), Limit(5, 4.5, 120), Limit(10, 20, is_below=True)], [1, 0, 2, 0, 1]),
            Ewma([Drift(learned=1 << 53), Drift(0.1, 0.01, learned=5)], [0, 1, 0, 0, 0]),
            Usual(5, Habit(kept=3, alpha=0.1), [False, True, False, False, False]),
        ],
        [Plausible(), Plausible(-1, 12, units=((100.0, 0.0),), late=3600)],
        [1, 0, 0, 0, 1],
    )
    random = np.random.default_rng(4)
    for at in range(400):
        now = at * 3600.0 * 24 * 7 / 4
        ids = random.permutation(5)
        values = random.choice([-5.0, 3.0, 4.7, 6.0, 15.0, 600.0], 5)
        one, two = (which.take(ids, values, np.full(5, now), now=now) for which in (of_data, by_hand))
        np.testing.assert_array_equal(one.codes, two.codes)
        for name in ("threshold", "ewma", "usual"):
            np.testing.assert_array_equal(one.marks[name], two.marks[name])
    assert {name for name, marks in one.marks.items() if marks is not None} == {
        "threshold", "rate", "flat", "silence", "ewma", "usual",
    }  # fmt: skip
    assert of_data.counts["unit_wrong"] > 0


def test_a_sensor_without_a_rule_is_never_raised():
    found = stream(read(ROWS), ["unheard_of"], since=0.0)
    for at in range(50):
        marks = found.take([0], [1e9 * (at % 2)], [at * 1e6], now=at * 1e6).marks
        assert all(mark[0] == 0 for mark in marks.values())


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"detector": "magic", "kind": "noise"}, "no detector 'magic'; there are plausible, threshold"),
        ({"detector": "rate", "most": 1}, "name the kind"),
        ({"detector": "rate", "kind": "noise", "fast": 1, "most": 1}, "no parameter fast; there are most, within"),
        ({"detector": "threshold", "kind": "noise", "enter": 1}, "leave is missing"),
        ({"detector": "rate", "kind": "noise", "most": "fast"}, "most is a number, not 'fast'"),
        ({"detector": "rate", "kind": "noise", "most": True}, "most is a number"),
        ({"detector": "usual", "kind": "noise", "kept": 8.5}, "kept is a whole number"),
        ({"detector": "threshold", "kind": "noise", "enter": 1, "leave": 2}, "near side"),
        ({"detector": "threshold", "kind": "noise", "enter": 1, "leave": 0, "is_below": 1}, "true or false"),
        ({"detector": "ewma", "kind": "noise", "alpha": 2}, "alpha in"),
        ({"detector": "usual", "kind": "noise", "kept": 1}, "three weeks"),
        ({"detector": "plausible", "kind": "noise", "units": [1.8]}, "pairs of numbers"),
        (ROWS[0], "stands in an earlier row"),
    ],
)
def test_a_row_that_does_not_fit_is_told_with_its_number(row, said):
    with pytest.raises(BadRuleError, match=said) as refused:
        read([ROWS[0], row])
    assert str(refused.value).startswith("row 2: ")


def test_the_reference_names_every_detector_and_parameter():
    page = (Path(__file__).parents[2] / "docs" / "reference" / "detectors.md").read_text(encoding="utf-8")
    for detector, made_of in KINDS_OF_RULES.items():
        section = page.partition(f"| `{detector}` |")[2].partition("\n")[0]
        assert {one.name for one in fields(made_of) if f"`{one.name}`" not in section} == set(), detector
    assert {name for name in CODES if f"| `{name}` |" not in page} == set()

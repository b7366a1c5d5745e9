"""Batches of scattered readings are judged as one would judge them one by one; nothing is dropped in silence."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import t as student

from bihuan.sense.detect.ewma import Drift, Ewma
from bihuan.sense.detect.limits import Change, Flat, Limit, Rate, Stuck, Threshold
from bihuan.sense.detect.silence import Heartbeat, Silence
from bihuan.sense.detect.stream import CODES, GOOD, TOO_MANY, Plausible, Stream
from bihuan.sense.detect.together import Group, Together, near
from bihuan.sense.detect.usual import Habit, Usual, limit
from plain_stream import PlainEwma, PlainFlat, PlainRate, PlainSensor, PlainThreshold, PlainUsual

SENSORS = 4
# Celsius; Fahrenheit is the unit it is mistaken in.
PLAUSIBLE = (Plausible(-40, 60, units=((1.8, 32.0),), late=500, ahead=100), Plausible(0, 1000))
LIMITS = (Limit(20, 15, lasting=30, calm=60), Limit(5, 8, is_below=True))
CHANGES, STUCKS = (Change(0.5, within=200), Change(2)), (Stuck(120, 0.5), Stuck(60))
DRIFTS = (Drift(0.3, 0.05, learned=5), Drift(0.2, 0.02, learned=4, calm=2, least=0.5, forget=0.1))
HABIT = Habit(kept=3, alpha=0.1, least=0.25, offset=0.0)
OF = np.array([0, 1, 0, 1])

value = st.one_of(
    st.integers(-10, 40).map(float),
    st.floats(-45, 130, allow_nan=False),
    st.sampled_from([float("nan"), float("inf"), -1e9, 5000.0, 100.0]),
)
reading = st.tuples(st.integers(0, SENSORS - 1), value, st.integers(-60, 240))


def streams():
    return Stream(
        SENSORS,
        [
            Threshold(LIMITS, OF),
            Rate(CHANGES, OF),
            Flat(STUCKS, OF),
            Ewma(DRIFTS, OF),
            Usual(SENSORS, HABIT),
        ],
        PLAUSIBLE,
        OF,
    )


def plain_sensor(at):
    drift = DRIFTS[OF[at]]
    quantile = student.isf(drift.alpha / 2, drift.learned - 1)
    detectors = [
        PlainThreshold(LIMITS[OF[at]]),
        PlainRate(CHANGES[OF[at]]),
        PlainFlat(STUCKS[OF[at]]),
        PlainEwma(drift, quantile),
        PlainUsual(HABIT),
    ]
    return PlainSensor(PLAUSIBLE[OF[at]], detectors)


def as_arrays(readings, clock):
    """Readings come a minute apart, give or take what hypothesis shifts them."""
    times = [clock + 20.0 * at + shift for at, (_, _, shift) in enumerate(readings)]
    return [one[0] for one in readings], [one[1] for one in readings], times


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(reading, max_size=25), max_size=8), st.integers(0, 7))
def test_batches_are_judged_as_one_by_one_also_after_a_restart(tmp_path_factory, batches, restart):
    stream, plain, clock = streams(), [plain_sensor(at) for at in range(SENSORS)], 1e6
    for at, readings in enumerate(batches):
        if at == restart:
            path = tmp_path_factory.mktemp("kept") / "state.npz"
            stream.save(path)
            stream = streams()
            stream.restore(path)
        ids, values, times = as_arrays(readings, clock)
        clock += 300.0
        found = stream.take(ids, values, times, now=clock)
        for number, (sensor, one, moment) in enumerate(zip(ids, values, times, strict=True)):
            code, marks = plain[sensor].take(one, moment, clock)
            assert CODES[found.codes[number]] == code
            assert [int(mark[number]) for mark in found.marks.values()] == marks
    assert sum(stream.counts.values()) == sum(len(one) for one in batches)


def test_the_baseline_is_that_of_the_same_hour_of_the_week():
    """Weeks of readings: what is usual at noon is far off at midnight, and Sunday is no Monday."""
    stream, plain = streams(), [plain_sensor(at) for at in range(SENSORS)]
    random, begin = np.random.default_rng(1), 1_699_833_600.0
    hours = np.arange(6 * 168)
    values = 20 + 10 * np.sin(hours / 24 * 2 * np.pi) + random.normal(0, 0.5, len(hours))
    values[-1] += 9
    for hour, one in zip(hours, values, strict=True):
        moment = begin + hour * 3600.0
        found = stream.take([0], [one], [moment], now=moment)
        assert int(found.marks["usual"][0]) == plain[0].take(one, moment, moment)[1][4]
    assert int(found.marks["usual"][0]) == 1


def test_a_threshold_is_raised_once_and_does_not_flap():
    stream = Stream(1, [Threshold([Limit(20, 15, lasting=60)])])
    water = [10, 21, 19, 21, 22, 23, 19, 21, 19, 16, 14, 21]
    marks = [
        int(stream.take([0], [level], [60.0 * at], now=60.0 * at).marks["threshold"][0])
        for at, level in enumerate(water)
    ]
    assert marks == [0, 0, 0, 0, 1, 0, 0, 0, 0, 0, -1, 0]


def test_what_is_not_judged_is_counted_by_its_reason_and_by_its_sensor():
    stream = Stream(2, [], PLAUSIBLE, OF[:2])
    nan, inf = float("nan"), float("inf")
    readings = [
        (0, 20.0, 1000.0, "good"),
        (0, 20.0, 1000.0, "duplicate"),
        (0, 20.0, 990.0, "out_of_order"),
        (0, 86.0, 1001.0, "unit_wrong"),
        (0, 999.0, 1001.0, "impossible"),
        (0, nan, 1001.0, "no_number"),
        (0, -inf, 1001.0, "no_number"),
        (0, 20.0, nan, "no_number"),
        (0, 20.0, 5000.0, "ahead"),
        (7, 20.0, 1001.0, "unknown"),
        (-1, 20.0, 1001.0, "unknown"),
        (1, 20.0, 100.0, "good"),
        (0, 21.0, 1002.0, "good"),
    ]
    ids, values, times, expected = zip(*readings, strict=True)
    found = stream.take(ids, values, times, now=1010.0)
    assert [CODES[code] for code in found.codes] == list(expected)
    assert stream.counts == {name: expected.count(name) for name in CODES}
    assert stream.bad.tolist() == [8, 0]
    late = stream.take([0], [20.0], [1100.0], now=1700.0)
    assert CODES[late.codes[0]] == "late"
    assert stream.counts["late"] == 1


def test_a_sensor_gone_wild_does_not_hold_up_the_others():
    stream = Stream(1000, [Threshold([Limit(20, 15)])], most=64)
    ids = np.where(np.arange(50_000) % 50 == 0, np.arange(50_000) // 50, 7)
    begun = time.process_time()
    found = stream.take(ids, np.full(50_000, 10.0), np.arange(50_000.0), now=50_000.0)
    assert time.process_time() - begun < 2.0
    assert (found.codes[ids != 7] == GOOD).all()
    assert (found.codes[ids == 7] == GOOD).sum() == 64
    assert stream.counts["too_many"] == (found.codes == TOO_MANY).sum() == (ids == 7).sum() - 64


def test_the_state_of_other_detectors_is_refused_and_a_crash_leaves_what_was(tmp_path):
    path = tmp_path / "state.npz"
    stream = streams()
    stream.take([0, 1], [20.0, 30.0], [10.0, 10.0], now=10.0)
    stream.save(path)
    with pytest.raises(ValueError, match="start without it"):
        Stream(SENSORS, [Threshold(LIMITS, OF)], PLAUSIBLE, OF).restore(path)
    before = path.read_bytes()
    stream.bad = object()  # what cannot be written
    with pytest.raises(ValueError, match="Object arrays"):
        stream.save(path)
    assert path.read_bytes() == before


def test_ids_of_any_size_are_put_in_order():
    """More than fits in sixteen bits, many times each: the order of one sensor's readings stays."""
    random, sensors = np.random.default_rng(3), 70_000
    stream = Stream(sensors, [Rate([Change(0.5)])])
    ids = random.choice([3, 65_539, 131_075 % sensors, 69_999], 400)
    values = np.zeros(400)
    for one in np.unique(ids):
        values[ids == one] = np.arange((ids == one).sum()) % 2
    found = stream.take(ids, values, np.arange(400.0), now=400.0)
    assert (found.codes == GOOD).all()
    raised = np.zeros(400, dtype=int)
    for one in np.unique(ids):
        at = np.flatnonzero(ids == one)
        raised[at] = np.cumsum(found.marks["rate"][at])
    last = {}
    for number, (one, moment) in enumerate(zip(ids, np.arange(400.0), strict=True)):
        expected = one in last and 0.5 * (moment - last[one]) < 1.0
        assert raised[number] == expected
        last[one] = moment


def test_who_is_silent_is_told_once_and_heard_again():
    silence = Silence([Heartbeat(60), Heartbeat(600)], [0, 0, 1], since=0.0)
    stream = Stream(3, [silence])
    stream.take([0], [1.0], [50.0], now=50.0)
    columns = stream.columns_of("silence")
    assert silence.ask(columns, 60.0).tolist() == []
    assert silence.ask(columns, 61.0).tolist() == [1]
    assert silence.ask(columns, 111.0).tolist() == [0]
    assert silence.ask(columns, 112.0).tolist() == []
    assert stream.take([1, 1], [1.0, 1.0], [113.0, 114.0], now=114.0).marks["silence"].tolist() == [-1, 0]
    assert silence.ask(columns, 601.0).tolist() == [1, 2]


marks_of = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 1)), max_size=40)
GROUPS = (Group((0, 1, 2), 1), Group((0, 1, 2)), Group((2, 3, 4, 5), 2), Group((5,)))


@given(st.lists(marks_of, max_size=4))
def test_groups_turn_as_one_would_see_it_one_by_one(batches):
    together, raised = Together(6, GROUPS), [False] * 6
    for batch in batches:
        marks, expected, was = [], [], [sum(raised[m] for m in g.members) for g in GROUPS]
        for number, (sensor, now) in enumerate(batch):
            marks.append(now - int(raised[sensor]))
            raised[sensor] = bool(now)
            for at, group in enumerate(GROUPS):
                needed, total = group.needed or len(group.members), sum(raised[m] for m in group.members)
                if (total >= needed) != (was[at] >= needed):
                    expected.append((at, 1 if total >= needed else -1, number))
                was[at] = total
        ids = np.array([sensor for sensor, _ in batch], dtype=np.int64)
        found = together.take(ids, np.array(marks, dtype=np.int8))
        turned = zip(found.groups.tolist(), found.marks.tolist(), found.readings.tolist(), strict=True)
        assert list(turned) == expected


def test_groups_are_made_of_what_is_near():
    places = [(0, 0), (0, 1), (1, 0), (9, 9)]
    groups = near(places, 1.5, 2)
    assert groups == (Group((0, 1, 2), 2),)
    together = Together(4, groups)
    assert together.take(np.array([3, 0]), np.array([1, 1], dtype=np.int8)).groups.tolist() == []
    assert together.take(np.array([2]), np.array([1], dtype=np.int8)).marks.tolist() == [1]
    with pytest.raises(ValueError, match="from 0 to 1"):
        Together(2, groups)
    with pytest.raises(ValueError, match="at least one"):
        Together(4, [Group((0, 1), 3)])


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Threshold([Limit(10, 12)]), "near side"),
        (lambda: Threshold([Limit(10, 8, is_below=True)]), "near side"),
        (lambda: Threshold([Limit(10, 8), Limit(11, 8)]), "number of each"),
        (lambda: Threshold([Limit(10, 8)], [1]), "counted from 0"),
        (lambda: Ewma([Drift(weight=0)]), "weight in"),
        (lambda: Usual(1, Habit(kept=2)), "three weeks"),
        (lambda: streams().take([1], [1.0, 2.0], [1.0], now=1.0), "one of each"),
    ],
)
def test_rules_that_make_no_sense_are_refused(make, said):
    with pytest.raises(ValueError, match=said):
        make()


def test_the_limit_of_few_weeks_is_wider_than_its_name():
    assert limit(8, 0.001) > limit(26, 0.001) > 3.3 / 0.6745
    assert limit(8, 0.01) < limit(8, 0.001)

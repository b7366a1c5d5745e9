"""Readings as they come, judged over arrays: one row of state a sensor, a batch of scattered readings at a time.

A batch may hold many readings of one sensor: they are judged in the order in which they stand. Nothing is dropped in
silence: what is not judged has a code, and codes are counted. The state is arrays, so that it can be kept and taken up
again. Parameters are data: a detector is made of frozen rules, and each sensor has the number of one.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import IO, Any, Protocol

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.integer[Any]]
Longs = npt.NDArray[np.int64]
Marks = npt.NDArray[np.int8]
Codes = npt.NDArray[np.uint8]

GOOD, LATE, OUT_OF_ORDER, DUPLICATE, NO_NUMBER, IMPOSSIBLE, UNIT_WRONG, AHEAD, UNKNOWN, TOO_MANY = range(10)
CODES = (
    "good",
    "late",
    "out_of_order",
    "duplicate",
    "no_number",
    "impossible",
    "unit_wrong",
    "ahead",
    "unknown",
    "too_many",
)
RAISED, LOWERED = 1, -1
# What is worked on at once stays in the second level of the cache.
CHUNK = 8192
SHORT = 1 << 16


@dataclass(frozen=True)
class Plausible:
    """What a reading may be. ``units``: (scale, offset) of units it is mistaken in: wrong = scale · right + offset.

    A value that is impossible as it stands and possible in one of the units is of the wrong unit: counted, not judged,
    and never silently converted. ``late``: seconds between event and arrival beyond which it counts as late (it is
    still judged when it comes in order); ``ahead``: so far the sensor's clock may be before ours. ``unit``: that of the
    kind, for whoever has the units of readings; here are numbers only.
    """

    low: float = -np.inf
    high: float = np.inf
    units: tuple[tuple[float, float], ...] = ()
    late: float = np.inf
    ahead: float = 300.0
    unit: str = ""


class Numbered:
    """The parameters of rules as columns, looked up by sensor. One rule for all costs no look-up."""

    def __init__(self, rules: Sequence[Any], of: npt.ArrayLike | None = None) -> None:
        self.rules = tuple(rules)
        self.of = None if of is None else np.ascontiguousarray(of, dtype=np.uint16)
        if not self.rules or (self.of is None and len(self.rules) > 1):
            raise ValueError("give one rule, or several with the number of each sensor's")
        if self.of is not None and len(self.of) and int(self.of.max()) >= len(self.rules):
            raise ValueError(f"rule {self.of.max()}: there are {len(self.rules)}, counted from 0")
        self.columns: dict[str, Floats] = {}

    def add(self, name: str, values: Sequence[float]) -> None:
        self.columns[name] = np.asarray(values, dtype=np.float64)

    def at(self, ids: Ints) -> dict[str, Any]:
        if self.of is None:
            return {name: column[0] for name, column in self.columns.items()}
        which = self.of[ids]
        return {name: column[which] for name, column in self.columns.items()}


class Detector(Protocol):
    """``fresh``: its columns of a sensor never heard; ``extra``: what else it has to keep."""

    name: str
    fresh: tuple[float, ...]

    @property
    def extra(self) -> Mapping[str, npt.NDArray[Any]]: ...

    def judge(self, columns: Floats, ids: Ints, values: Floats, times: Floats) -> Marks:
        """Judge one reading of each of ``ids``, all different; change ``columns`` (own columns × readings) in place."""
        ...


@dataclass(frozen=True)
class Judged:
    """Of each reading in the order of the batch: its code, and of each detector whether it was raised or lowered."""

    codes: Codes
    marks: dict[str, Marks]


@dataclass(frozen=True)
class _Batch:
    ids: Longs
    values: Floats
    times: Floats
    now: Floats
    codes: Codes
    marks: Marks


class Stream:
    """``take`` a batch, and be told; ``counted`` and ``bad`` (by sensor) grow; ``save`` and ``restore``.

    ``most``: so many readings of one sensor are judged of a batch, so that one gone wild does not hold up the others.
    """

    def __init__(
        self,
        sensors: int,
        detectors: Sequence[Detector],
        plausible: Sequence[Plausible] = (Plausible(),),
        of: npt.ArrayLike | None = None,
        *,
        most: int = 1024,
    ) -> None:
        self.sensors, self.detectors, self.most = sensors, tuple(detectors), min(most, SHORT - 1)
        self._plausible = Numbered(plausible, of)
        for one in fields(Plausible):
            if one.name not in {"units", "unit"}:
                self._plausible.add(one.name, [getattr(rule, one.name) for rule in plausible])
        fresh = [-np.inf]
        self._columns: list[slice] = []
        for detector in self.detectors:
            self._columns.append(slice(len(fresh), len(fresh) + len(detector.fresh)))
            fresh.extend(detector.fresh)
        self.state = np.tile(np.array(fresh), (sensors, 1))
        self.bad = np.zeros(sensors, dtype=np.int64)
        self.counted = np.zeros(len(CODES), dtype=np.int64)
        self._first = np.zeros(sensors, dtype=np.int64)

    @property
    def counts(self) -> dict[str, int]:
        return {name: int(count) for name, count in zip(CODES, self.counted, strict=True)}

    def take(self, ids: npt.ArrayLike, values: npt.ArrayLike, times: npt.ArrayLike, *, now: npt.ArrayLike) -> Judged:
        """``times``: seconds of the event; ``now``: when each arrived, or all of them, in the same seconds."""
        which = np.ascontiguousarray(ids, dtype=np.int64)
        value, time = (np.ascontiguousarray(one, dtype=np.float64) for one in (values, times))
        if not which.shape == value.shape == time.shape or which.ndim != 1:
            raise ValueError(f"{which.shape} ids, {value.shape} values, {time.shape} times: one of each a reading")
        codes = np.zeros(len(which), dtype=np.uint8)
        marks = np.zeros((len(self.detectors), len(which)), dtype=np.int8)
        arrived = np.broadcast_to(np.asarray(now, dtype=np.float64), time.shape)
        batch = _Batch(which, value, time, arrived, codes, marks)
        whole = [self._looked_at(batch, slice(at, at + CHUNK)) for at in range(0, len(which), CHUNK)]
        left = None if all(whole) else np.flatnonzero(codes <= LATE)
        for turn in self._turns(batch, left):
            for begin in range(0, len(turn), CHUNK):
                self._judged(batch, turn[begin : begin + CHUNK])
        self.counted += np.bincount(codes, minlength=len(CODES))
        wrong = np.flatnonzero((codes > LATE) & (codes != UNKNOWN))
        np.add.at(self.bad, which[wrong], 1)
        return Judged(codes, {one.name: marks[at] for at, one in enumerate(self.detectors)})

    def _looked_at(self, batch: _Batch, at: slice) -> bool:
        """Code what can be told of a reading alone; whether all of them may be judged."""
        ids, values, times, codes = batch.ids[at], batch.values[at], batch.times[at], batch.codes[at]
        now = batch.now[at]
        known = ids.view(np.uint64) < self.sensors
        is_known = bool(known.all())
        rule = self._plausible.at(ids if is_known else np.where(known, ids, 0))
        fits = (values >= rule["low"]) & (values <= rule["high"])
        in_time = times <= now + rule["ahead"]
        late = times < now - rule["late"]
        if late.any():
            codes[late] = LATE
        if is_known and (fits & in_time).all() and np.isfinite(values).all() and np.isfinite(times).all():
            return True
        codes[~in_time] = AHEAD
        outside = np.flatnonzero(~fits & known)
        codes[outside] = [self._unfit(int(ids[one]), float(values[one])) for one in outside]
        codes[~np.isfinite(values) | ~np.isfinite(times)] = NO_NUMBER
        codes[~known] = UNKNOWN
        return False

    def _unfit(self, sensor: int, value: float) -> int:
        numbers = self._plausible
        rule: Plausible = numbers.rules[0 if numbers.of is None else int(numbers.of[sensor])]
        meant = [(value - offset) / scale for scale, offset in rule.units]
        return UNIT_WRONG if any(rule.low <= one <= rule.high for one in meant) else IMPOSSIBLE

    def _turns(self, batch: _Batch, left: Longs | None) -> Iterator[Longs]:
        """Readings of which no two are of one sensor; the first of each, then the second of each, and so on."""
        ids = batch.ids if left is None else batch.ids[left]
        order = np.arange(len(ids), dtype=np.int64)
        # Of several numbers written to one place the last remains.
        self._first[ids[::-1]] = order[::-1]
        is_first = self._first[ids] == order
        every = order if left is None else left
        if is_first.all():
            yield every
            return
        yield every[is_first]
        again = np.flatnonzero(~is_first)
        by_sensor = _stable(ids[again])
        sensor, number = ids[again][by_sensor], np.arange(len(again))
        begins = np.concatenate([[True], sensor[1:] != sensor[:-1]])
        turn = np.empty(len(again), dtype=np.int64)
        turn[by_sensor] = np.minimum(number - np.maximum.accumulate(np.where(begins, number, 0)), self.most - 1)
        again = every[again]
        ends = np.cumsum(np.bincount(turn))
        for at, one in enumerate(np.split(again[_stable(turn)], ends[:-1])):
            if at == self.most - 1:
                batch.codes[one] = TOO_MANY
            else:
                yield one

    def _judged(self, batch: _Batch, at: Longs) -> None:
        which, value, time = batch.ids[at], batch.values[at], batch.times[at]
        rows = np.take(self.state, which, axis=0)
        newer = time > rows[:, 0]
        if not newer.all():
            old = ~newer
            batch.codes[at[old]] = np.where(time[old] == rows[old, 0], DUPLICATE, OUT_OF_ORDER)
            at, which, value, time, rows = at[newer], which[newer], value[newer], time[newer], rows[newer]
        # Columns are worked on one after the other: contiguous, they cost half.
        columns = np.ascontiguousarray(rows.T)
        columns[0] = time
        for number, (own, detector) in enumerate(zip(self._columns, self.detectors, strict=True)):
            batch.marks[number, at] = detector.judge(columns[own], which, value, time)
        self.state[which] = columns.T

    def columns_of(self, name: str) -> Floats:
        """What a detector keeps of each sensor (sensors × its columns); a view."""
        at = [one.name for one in self.detectors].index(name)
        return self.state[:, self._columns[at]]

    def save(self, path: Path, note: str = "") -> None:
        """Whole or not at all: a crash leaves what was there before. ``note``: what else belongs to it."""
        beside = path.with_name(path.name + ".new")
        with beside.open("wb") as file:
            self.write(file, note)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)

    def write(self, file: IO[bytes], note: str = "") -> None:
        arrays: dict[str, Any] = {"state": self.state, "bad": self.bad, "counted": self.counted}
        arrays["layout"], arrays["note"] = np.array(self._layout()), np.array(note)
        for one in self.detectors:
            arrays.update({f"{one.name}.{key}": kept for key, kept in one.extra.items()})
        np.savez(file, allow_pickle=False, **arrays)

    def restore(self, given: Path | IO[bytes]) -> None:
        """Raises ``ValueError`` when it was written by other detectors, or for another number of sensors."""
        with np.load(given, allow_pickle=False) as kept:
            if str(kept["layout"]) != self._layout():
                name = given if isinstance(given, Path) else "state"
                raise ValueError(f"{name}: kept for {kept['layout']}, wanted {self._layout()}; start without it")
            self.state[:], self.bad[:], self.counted[:] = kept["state"], kept["bad"], kept["counted"]
            for one in self.detectors:
                for key, array in one.extra.items():
                    array[:] = kept[f"{one.name}.{key}"]

    def go_on_from(self, other: Stream) -> None:
        """Take over the state of a stream of the same detectors with fewer sensors, the first of ours."""
        few = other.sensors
        self.state[:few], self.bad[:few], self.counted[:] = other.state, other.bad, other.counted
        for own, before in zip(self.detectors, other.detectors, strict=True):
            for key, array in before.extra.items():
                own.extra[key][: len(array)] = array

    def _layout(self) -> str:
        return json.dumps({"sensors": self.sensors, "columns": {one.name: len(one.fresh) for one in self.detectors}})


def _stable(keys: Longs) -> Longs:
    """``argsort``, stable, of numbers from 0; of short ones NumPy counts instead of comparing, which is much faster."""
    top = int(keys.max(initial=0))
    order = np.argsort(keys.astype(np.uint16), kind="stable")
    if top < SHORT:
        return order
    rest = keys[order] >> 16
    if top < SHORT * SHORT:
        return order[np.argsort(rest.astype(np.uint16), kind="stable")]
    return order[np.argsort(rest, kind="stable")]


def note_of(given: Path | IO[bytes]) -> str:
    with np.load(given, allow_pickle=False) as kept:
        return str(kept["note"])

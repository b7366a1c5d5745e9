"""Signals that were stored are judged as they come, and what is found is kept; across restarts, none twice.

The state is kept whole, with the place up to which signals were judged, in a file or in the database. Findings are
kept before it is: after a crash some are found again, the same ones, since the judgement depends on the signals alone,
and each is kept once. What is counted is kept with the state, at once or not at all.
"""

from __future__ import annotations

import json
import logging
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from bihuan.desk import api as desk
from bihuan.sense.detect.rules import Rules, read, stream
from bihuan.sense.detect.silence import Silence
from bihuan.sense.detect.stream import CODES, LATE, LOWERED, RAISED, UNIT_WRONG, Judged, Stream, note_of

MOST = 10_000
# The state is saved when so much time has passed as saving took, times this, and when nothing comes.
RARELY = 20.0
LEAST_PAUSE = 1.0
Name = tuple[str, str, str]
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Step:
    """``read`` signals, ``found`` that were not known yet."""

    read: int
    found: int


class State(Protocol):
    """Where a state is kept. ``is_cheap``: written after each step."""

    is_cheap: bool

    def read(self) -> bytes | None: ...

    def keep(self, stream: Stream, note: str, faults: desk.signal_sources.Faults) -> None: ...


class File:
    """For whoever judges by a file of rules; faults are not kept there."""

    is_cheap = True

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> bytes | None:
        return self._path.read_bytes() if self._path.exists() else None

    def keep(self, stream: Stream, note: str, faults: desk.signal_sources.Faults) -> None:  # noqa: ARG002
        stream.save(self._path, note)


class Part:
    """In the database, under the name of a part; call ``desk.signal_rules.hold`` before."""

    is_cheap = False

    def __init__(self, part: str) -> None:
        self._part = part
        self._version = 0

    def read(self) -> bytes | None:
        self._version, body = desk.signal_rules.state_of(self._part)
        return body

    def keep(self, stream: Stream, note: str, faults: desk.signal_sources.Faults) -> None:
        body = BytesIO()
        stream.write(body, note)
        self._version = desk.signal_rules.keep_state(self._part, self._version, body.getvalue(), faults)


class Watch:
    """``step`` judges what came since; ``ask`` tells who fell silent; ``save`` before the end. One for each state."""

    def __init__(self, rows: Iterable[Mapping[str, Any]], state: Path | State, *, since: datetime) -> None:
        self._rules: Rules = read(rows)
        self._units = {kind: rule.unit for kind, rule in self._rules.get("plausible", {}).items() if rule.unit}
        self._state: State = File(state) if isinstance(state, Path) else state
        self._since = since.timestamp()
        self._place, self._names, self._number = desk.signals.Place(), list[Name](), dict[Name, int]()
        self._faults: Counter[tuple[str, str, str]] = Counter()
        self._is_saved, self._next_save = True, 0.0
        self.stream = self._fresh()
        if kept := self._state.read():
            self._restore(kept)

    def _restore(self, kept: bytes) -> None:
        note = json.loads(note_of(BytesIO(kept)))
        self._since = note["since"]
        self._place = desk.signals.Place(**note["place"])
        self._names = [(source, sensor, kind) for source, sensor, kind in note["names"]]
        self._number = {name: at for at, name in enumerate(self._names)}
        self.stream = self._fresh()
        try:
            self.stream.restore(BytesIO(kept))
        except ValueError:
            # Other detectors than before: they begin anew, where the old ones stopped.
            log.warning("the state is of other detectors; they learn anew from here on")

    def _fresh(self) -> Stream:
        return stream(self._rules, [kind for _, _, kind in self._names], since=self._since, most=MOST)

    def step(self, most: int = MOST) -> Step:
        signals, place = desk.signals.after(self._place, min(most, MOST))
        if not signals:
            self.rest()
            return Step(0, 0)
        return self.take(signals, place)

    @property
    def place(self) -> desk.signals.Place:
        return self._place

    def take(self, signals: list[desk.signals.Read], place: desk.signals.Place) -> Step:
        """Judge these, which go up to that place, and keep what is found; the state is saved now and then."""
        step = self._judge(signals)
        self._place = place
        self._save_now_and_then()
        return step

    def _judge(self, signals: list[desk.signals.Read]) -> Step:
        numbers = np.array(self._numbers((one.source, one.sensor, one.kind) for one in signals))
        values = np.array([np.nan if one.value is None else one.value for one in signals])
        times, arrived = np.array([(one.happened, one.arrived) for one in signals]).T
        wrong = self._in_wrong_unit(signals)
        if wrong:
            for at in wrong:
                self._count(signals[at], UNIT_WRONG)
            kept = np.delete(np.arange(len(signals)), wrong)
            signals = [signals[at] for at in kept]
            numbers, values, times, arrived = numbers[kept], values[kept], times[kept], arrived[kept]
        judged = self.stream.take(numbers, values, times, now=arrived)
        for bad in np.flatnonzero(judged.codes > LATE):
            self._count(signals[bad], int(judged.codes[bad]))
        self._is_saved = False
        return Step(len(signals) + len(wrong), desk.signals.find(list(_findings(signals, judged))))

    def _in_wrong_unit(self, signals: list[desk.signals.Read]) -> list[int]:
        """Those that name a unit that is not the one of their kind: not converted, and not judged."""
        if not (units := self._units):
            return []
        return [at for at, one in enumerate(signals) if one.unit and units.get(one.kind, one.unit) != one.unit]

    def _count(self, one: desk.signals.Read, code: int) -> None:
        self._faults[one.source, one.kind, CODES[code]] += 1

    def ask(self, now: datetime) -> int:
        """Who fell silent since it was last asked: found at the time from which on it was too long."""
        found: list[desk.signals.Finding] = []
        for detector in self.stream.detectors:
            if isinstance(detector, Silence):
                columns = self.stream.columns_of(detector.name)
                for number in detector.ask(columns, now.timestamp()):
                    source, sensor, kind = self._names[number]
                    began = datetime.fromtimestamp(columns[number, 1] + detector.allowed(int(number)), UTC)
                    found.append(desk.signals.Finding(source, sensor, kind, detector.name, RAISED, began))
        told = desk.signals.find(found)
        if found or self._state.is_cheap:
            self.save()
        return told

    def _numbers(self, names: Iterable[Name]) -> list[int]:
        numbers = []
        for name in names:
            number = self._number.get(name)
            if number is None:
                number = self._number[name] = len(self._names)
                self._names.append(name)
            numbers.append(number)
        if len(self._names) > self.stream.sensors:
            before, self.stream = self.stream, self._fresh()
            self.stream.go_on_from(before)
        return numbers

    def _save_now_and_then(self) -> None:
        if self._state.is_cheap or time.monotonic() >= self._next_save:
            self.save()

    def rest(self) -> None:
        """Nothing came: time to save."""
        if not self._is_saved:
            self.save()

    def save(self) -> None:
        begun = time.monotonic()
        note = {"since": self._since, "place": asdict(self._place), "names": self._names}
        self._state.keep(self.stream, json.dumps(note, ensure_ascii=False), self._faults)
        self._faults.clear()
        ended = time.monotonic()
        self._is_saved, self._next_save = True, ended + max(LEAST_PAUSE, RARELY * (ended - begun))


def _findings(signals: list[desk.signals.Read], judged: Judged) -> Iterable[desk.signals.Finding]:
    for detector, marks in judged.marks.items():
        for at in np.flatnonzero(marks):
            one, mark = signals[at], RAISED if marks[at] > 0 else LOWERED
            happened = datetime.fromtimestamp(one.happened, UTC)
            yield desk.signals.Finding(one.source, one.sensor, one.kind, detector, mark, happened, one.value)

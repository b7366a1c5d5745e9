"""Signals that were stored are judged as they come, and what is found is kept; across restarts, none twice.

The state lies in one file with the place up to which signals were judged. Findings are kept before it is written: after
a crash some are found again, the same ones, since the judgement depends on the signals alone, and each is kept once.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from bihuan.desk import api as desk
from bihuan.sense.detect.rules import Rules, read, stream
from bihuan.sense.detect.silence import Silence
from bihuan.sense.detect.stream import LOWERED, RAISED, Judged, Stream, note_of

MOST = 10_000
Name = tuple[str, str, str]
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Step:
    """``read`` signals, ``found`` that were not known yet."""

    read: int
    found: int


class Watch:
    """``step`` judges what came since; ``ask`` tells who fell silent. One at a time for each state file."""

    def __init__(self, rows: Iterable[Mapping[str, Any]], state: Path, *, since: datetime) -> None:
        self._rules: Rules = read(rows)
        self._state, self._since = state, since.timestamp()
        self._place, self._names, self._number = desk.signals.Place(), list[Name](), dict[Name, int]()
        self.stream = self._fresh()
        if state.exists():
            self._restore()

    def _restore(self) -> None:
        note = json.loads(note_of(self._state))
        self._since = note["since"]
        self._place = desk.signals.Place(**note["place"])
        self._names = [(source, sensor, kind) for source, sensor, kind in note["names"]]
        self._number = {name: at for at, name in enumerate(self._names)}
        self.stream = self._fresh()
        try:
            self.stream.restore(self._state)
        except ValueError:
            # Other detectors than before: they begin anew, where the old ones stopped.
            log.warning("%s is of other detectors; they learn anew from here on", self._state)

    def _fresh(self) -> Stream:
        return stream(self._rules, [kind for _, _, kind in self._names], since=self._since, most=MOST)

    def step(self, most: int = MOST) -> Step:
        signals, place = desk.signals.after(self._place, min(most, MOST))
        if not signals:
            return Step(0, 0)
        numbers = self._numbers((one.source, one.sensor, one.kind) for one in signals)
        values = np.array([np.nan if one.value is None else one.value for one in signals])
        times, arrived = np.array([(one.happened, one.arrived) for one in signals]).T
        judged = self.stream.take(numbers, values, times, now=arrived)
        found = desk.signals.find(list(_findings(signals, judged)))
        self._place = place
        self._save()
        return Step(len(signals), found)

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
        self._save()
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

    def _save(self) -> None:
        note = {"since": self._since, "place": asdict(self._place), "names": self._names}
        self.stream.save(self._state, json.dumps(note, ensure_ascii=False))


def _findings(signals: list[desk.signals.Read], judged: Judged) -> Iterable[desk.signals.Finding]:
    for detector, marks in judged.marks.items():
        for at in np.flatnonzero(marks):
            one, mark = signals[at], RAISED if marks[at] > 0 else LOWERED
            happened = datetime.fromtimestamp(one.happened, UTC)
            yield desk.signals.Finding(one.source, one.sensor, one.kind, detector, mark, happened, one.value)

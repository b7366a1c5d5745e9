"""Readings of a drill are judged by the detectors of sensing itself; what they find becomes the drill's own warning."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bihuan.ops.drills.script import Script
from bihuan.sense.warn import course

if TYPE_CHECKING:
    from bihuan.sense.detect.stream import Stream

Line = tuple[str, Mapping[str, object]]
TOLD = {"raised": "warning", "up": "warning", "down": "eased", "over": "lifted"}
HOLD = 30  # minutes for which a level stays after its last finding was lowered


class Sensors:
    """``rules``: rows of detectors as for the real district. ``warns``: kind of sensor to level, group and hold."""

    def __init__(self, script: Script) -> None:
        self._warns = script.warns
        self._courses: dict[str, course.Course] = {}
        self._last: dict[str, Mapping[str, object]] = {}
        made_of = [one for one in script.injects if one.kind == "reading"]
        names = {(str(one.says["sensor"]), str(one.says["of"])) for one in made_of}
        self._number = {name: at for at, name in enumerate(sorted(names))}
        kinds = [kind for _, kind in sorted(names)]
        is_watched = bool(names) and bool(script.rules)
        self._stream = _stream(script, kinds) if is_watched else None

    def judge(self, says: Mapping[str, object], at: datetime) -> Iterator[Line]:
        """One reading: what was raised or lowered by it, and the warning that is to follow."""
        if self._stream is None:
            return
        sensor, kind = str(says["sensor"]), str(says["of"])
        value = float(str(says["value"]))
        judged = self._stream.take([self._number[sensor, kind]], [value], [at.timestamp()], now=[at.timestamp()])
        yield from self.passing(at)
        for detector, marks in judged.marks.items():
            if marks[0] == 0:
                continue
            about = {"sensor": sensor, "of": kind, "value": value, "detector": detector, "place": says.get("place", "")}
            yield ("raised" if marks[0] > 0 else "lowered"), about
            if told := self._warns.get(kind):
                yield from self._warned(told, about, int(marks[0]), at)

    def _warned(self, told: Mapping[str, str], about: Mapping[str, object], mark: int, at: datetime) -> Iterator[Line]:
        """The course of a warning as sensing itself has it: told once, up at once, down after a while, over."""
        group = str(told.get("group", about["of"]))
        key = ("drill", str(about["sensor"]), str(about["of"]), str(about["detector"]))
        hold = timedelta(minutes=float(told.get("hold", HOLD)))
        found = course.Found(key, mark, at, str(told.get("level", "")), hold)
        self._courses[group], changes = course.take(self._courses.get(group, course.Course()), found)
        if mark > 0:
            self._last[group] = {**about, "name": str(told.get("name", "")), **_opens(told)}
        yield from self._changes(group, changes)

    def passing(self, at: datetime) -> Iterator[Line]:
        """What time alone changes: a level that has been held long enough."""
        for group in sorted(self._courses):
            self._courses[group], changes = course.to(self._courses[group], at)
            yield from self._changes(group, changes)

    def _changes(self, group: str, changes: list[course.Change]) -> Iterator[Line]:
        for one in changes:
            about = {**self._last.get(group, {}), "level": one.level}
            if one.what != "raised":
                about.pop("opens", None)
            yield TOLD[one.what], about


def _opens(told: Mapping[str, str]) -> Mapping[str, object]:
    return {"opens": str(told["opens"])} if told.get("opens") else {}


def _stream(script: Script, kinds: list[str]) -> Stream:
    from bihuan.sense.detect.rules import read, stream  # noqa: PLC0415 - numpy: a page about drills needs none of it

    return stream(read(script.rules), kinds, since=script.starts.timestamp())

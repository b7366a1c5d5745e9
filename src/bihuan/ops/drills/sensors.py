"""Readings of a drill are judged by the detectors of sensing itself; what they find becomes the drill's own warning."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from bihuan.ops.drills.script import Script

if TYPE_CHECKING:
    from bihuan.sense.detect.stream import Stream

Line = tuple[str, Mapping[str, object]]


class Sensors:
    """``rules``: rows of detectors as for the real district. ``warns``: kind of sensor to level, once it is raised."""

    def __init__(self, script: Script) -> None:
        self._warns = script.warns
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
        for detector, marks in judged.marks.items():
            if marks[0] == 0:
                continue
            about = {"sensor": sensor, "of": kind, "value": value, "detector": detector, "place": says.get("place", "")}
            yield ("raised" if marks[0] > 0 else "lowered"), about
            told = self._warns.get(kind, {})
            if marks[0] > 0 and told:
                yield (
                    "warning",
                    {**about, "level": str(told.get("level", "")), "name": str(told.get("name", "")), **_opens(told)},
                )


def _opens(told: Mapping[str, str]) -> Mapping[str, object]:
    return {"opens": str(told["opens"])} if told.get("opens") else {}


def _stream(script: Script, kinds: list[str]) -> Stream:
    from bihuan.sense.detect.rules import read, stream  # noqa: PLC0415 - numpy: a page about drills needs none of it

    return stream(read(script.rules), kinds, since=script.starts.timestamp())

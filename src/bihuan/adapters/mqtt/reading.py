"""From messages to signals: topics are looked at, payloads read many at once, and what is wrong is counted by code."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from time import monotonic

import orjson
from pydantic import TypeAdapter, ValidationError

from bihuan.desk import api as desk
from bihuan.faces.rest.incoming import SignalIn

MOST_BYTES = 256 * 1024
MOST_READINGS = 5_000
_TOPIC = re.compile(
    r"signals/([0-9A-Za-z][0-9A-Za-z._-]{0,39}/[0-9a-z][0-9a-z_-]{0,39})(/[0-9A-Za-z][0-9A-Za-z._:-]{0,79}){0,2}"
)
MANY = TypeAdapter(list[SignalIn])
ONE = TypeAdapter(SignalIn)


@dataclass(frozen=True, slots=True)
class Message:
    topic: bytes
    payload: bytes
    mid: int = 0
    qos: int = 0
    connection: int = 0


@dataclass
class Read:
    """By source: what it sent, and how many readings or messages of it could not be taken; and why, by code."""

    signals: dict[str, list[desk.signals.Signal]] = field(default_factory=dict)
    refused: Counter[str] = field(default_factory=Counter)
    faults: Counter[tuple[str, str, str]] = field(default_factory=Counter)

    def refuse(self, source: str, code: str, number: int = 1, kind: str = "") -> None:
        self.faults[source, kind, code] += number
        if source:
            self.refused[source] += number


class Limits:
    """So many readings a minute of a source, and of one of its sensors; on a clock that does not jump."""

    def __init__(self) -> None:
        self._ends = 0.0
        self._of_source: Counter[str] = Counter()
        self._of_sensor: Counter[tuple[str, str]] = Counter()

    def taken(
        self, source: desk.signal_sources.Source, signals: list[desk.signals.Signal]
    ) -> list[desk.signals.Signal]:
        """Those that may come in yet."""
        if monotonic() >= self._ends:
            self._ends = monotonic() + 60.0
            self._of_source.clear()
            self._of_sensor.clear()
        name = source.source
        left = source.per_minute - self._of_source[name]
        if left < len(signals):
            signals = signals[: max(left, 0)]
        of_sensor = self._of_sensor
        kept = []
        for one in signals:
            key = name, one.sensor
            number = of_sensor[key]
            if number < source.sensor_per_minute:
                of_sensor[key] = number + 1
                kept.append(one)
        # What is over the limit of a sensor does not use up that of its source: the others keep their share.
        self._of_source[name] += len(kept)
        return kept


class Reader:
    """``read`` messages; sources are those that may send now."""

    def __init__(self) -> None:
        self.sources: Mapping[str, desk.signal_sources.Source] = {}
        self._limits = Limits()
        self._source_of: dict[bytes, str] = {}

    def read(self, messages: Sequence[Message]) -> Read:
        found = Read()
        by_source: dict[str, list[bytes]] = {}
        for one in messages:
            source = self._source(one.topic, found)
            if source is None:
                continue
            if len(one.payload) > MOST_BYTES:
                found.refuse(source, "too_large")
            else:
                by_source.setdefault(source, []).append(one.payload)
        for source, payloads in by_source.items():
            signals = _signals(source, payloads, found)
            kept = self._limits.taken(self.sources[source], signals)
            if len(kept) < len(signals):
                found.refuse(source, "over_limit", len(signals) - len(kept))
            found.signals[source] = kept
        return found

    def _source(self, topic: bytes, found: Read) -> str | None:
        source = self._source_of.get(topic)
        if source is None:
            try:
                match = _TOPIC.fullmatch(topic.decode("utf-8"))
            except UnicodeDecodeError:
                match = None
            if match is None:
                found.refuse("", "bad_topic")
                return None
            source = match[1]
            if len(self._source_of) > 100_000:
                self._source_of.clear()
            self._source_of[topic] = source
        if source not in self.sources:
            found.refuse("", "unknown_source")
            return None
        return source


def _signals(source: str, payloads: Sequence[bytes], found: Read) -> list[desk.signals.Signal]:
    """Read at once, which costs far less than one by one; one by one when one of them is not as it should be."""
    try:
        return [_signal(one) for one in MANY.validate_json(b"[" + b",".join(map(_bare, payloads)) + b"]")]
    except (ValidationError, ValueError):
        signals: list[desk.signals.Signal] = []
        for payload in payloads:
            signals += _of_one(source, payload, found)
        return signals


def _bare(payload: bytes) -> bytes:
    """An array without its brackets, a reading as it is. Raises ``ValueError`` for anything else."""
    text = payload.strip()
    if text[:1] == b"{" and text[-1:] == b"}":
        return text
    if text[:1] == b"[" and text[-1:] == b"]" and (inner := text[1:-1].strip())[:1] == b"{" and inner[-1:] == b"}":
        return inner
    raise ValueError


def _of_one(source: str, payload: bytes, found: Read) -> list[desk.signals.Signal]:
    try:
        whole = orjson.loads(payload)
    except ValueError:
        found.refuse(source, "no_json")
        return []
    parts = whole if isinstance(whole, list) else [whole]
    if len(parts) > MOST_READINGS:
        found.refuse(source, "too_many_readings", len(parts))
        return []
    signals = []
    for part in parts:
        try:
            signals.append(_signal(ONE.validate_python(part)))
        except ValidationError:
            found.refuse(source, "no_reading")
    return signals


def _signal(given: SignalIn) -> desk.signals.Signal:
    return desk.signals.Signal(
        given.sensor, given.kind, given.at, given.value, given.unit, given.place, given.lon, given.lat
    )

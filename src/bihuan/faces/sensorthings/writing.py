"""What comes in: entities with what they bring along, changes, observations one by one and by arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from bihuan.desk import api as desk
from bihuan.faces.sensorthings.shape import KINDS

MOST_TEXT, MOST_ARRAY, MOST_LINKED = 64 * 1024, 100_000, 1000
# What an entity may name, by id or whole: (name, kind, column).
_ONE = (
    ("Thing", "Things", "thing"),
    ("Sensor", "Sensors", "sensor"),
    ("ObservedProperty", "ObservedProperties", "property"),
)
EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
Json = Mapping[str, Any]


class BadEntityError(ValueError):
    """What is wrong with what was sent."""


@dataclass(frozen=True)
class Writer:
    """For one unit; ``source``: under which its observations are kept."""

    unit: str
    source: str

    def create(self, kind: str, given: Json, **links: Any) -> int | str:  # noqa: ANN401 - columns of ``things.add``
        """The key of the new one. ``links``: where it was posted to."""
        if kind == "Observations":
            series = links.get("series") or self._linked(given, "Datastream", "Datastreams")
            return self.observe(int(series), given)
        body = words(kind, given)
        brought: list[tuple[str, str, Json]] = []
        if kind == "Things":
            links["locations"] = [self._reference(one, "Locations") for one in _many(given, "Locations")]
            brought = [("Datastreams", "thing", one) for one in _many(given, "Datastreams")]
        elif kind == "Datastreams":
            for name, other, column in _ONE:
                links.setdefault(column, None)
                links[column] = links[column] or self._linked(given, name, other)
        on = links.pop("on", None)
        number = desk.things.add(self.unit, kind, body, source=self.source, **links)
        if on is not None:
            self._place(int(on), number)
        for other, column, one in brought:
            self.create(other, one, **{column: number})
        for one in _many(given, "Observations") if kind == "Datastreams" else ():
            self.observe(number, one)
        return number

    def _place(self, thing: int, location: int) -> None:
        """A Location that is posted to a Thing is where it is from now on."""
        owner = self._need("Things", thing)
        desk.things.change(self.unit, "Things", thing, owner.body, locations=[location])

    def _linked(self, given: Json, name: str, kind: str) -> int:
        if not isinstance(given.get(name), dict):
            raise BadEntityError(f'{name} is missing: {{"{name}": {{"@iot.id": 1}}}}')
        return self._reference(given[name], kind)

    def _reference(self, given: Any, kind: str) -> int:  # noqa: ANN401 - whatever somebody sent
        """One that is named by its id; one that is brought along whole is made."""
        if not isinstance(given, dict):
            raise BadEntityError(f"{kind}: an object belongs here")
        if "@iot.id" not in given:
            return int(self.create(kind, given))
        number = given["@iot.id"]
        if not isinstance(number, int) or isinstance(number, bool) or not 0 < number < 1 << 62:
            raise BadEntityError(f"{kind}: @iot.id is a whole number, not {number!r}")
        return self._need(kind, number).id

    def _need(self, kind: str, number: int) -> desk.things.Entry:
        found = desk.things.entry(self.unit, kind, number)
        if found is None:
            raise LookupError(f"there is no {kind}({number})")
        return found

    # -- changes --------------------------------------------------------------------------------------------------

    def change(self, kind: str, number: int, given: Json, *, whole: bool) -> None:
        """Words and links that are named; ``whole``: the others are gone."""
        before = self._need(kind, number)
        body = words(kind, given if whole else {**before.body, **given})
        links: dict[str, Any] = {}
        if kind == "Things" and given.get("Locations"):
            links["locations"] = [self._reference(one, "Locations") for one in _many(given, "Locations")]
        if kind == "Datastreams":
            links = {
                column: self._reference(given[name], other) for name, other, column in _ONE if given.get(name)
            }  # fmt: skip
        desk.things.change(self.unit, kind, number, body, **links)

    def patch(self, kind: str, number: int, steps: Sequence[Any]) -> None:
        """JSON Patch (RFC 6902) of the words: add, replace, remove, test."""
        body: dict[str, Any] = dict(self._need(kind, number).body)
        for step in steps[:MOST_LINKED]:
            _apply(body, step)
        desk.things.change(self.unit, kind, number, words(kind, body))

    # -- observations ---------------------------------------------------------------------------------------------

    def observe(self, series: int, given: Json) -> str:
        happened, value = reading(given)
        feature = given.get("FeatureOfInterest")
        at = None
        if isinstance(feature, dict):
            at = desk.things.as_point(feature.get("feature") or self._feature(feature))
        desk.things.observe(self._need("Datastreams", series), [(happened, value)], at)
        return f"{series}-{round(happened.timestamp() * 1_000_000)}"

    def _feature(self, given: Json) -> Any:  # noqa: ANN401 - a geometry, if it is one
        return self._need("FeaturesOfInterest", self._reference(given, "FeaturesOfInterest")).body["feature"]

    def observe_arrays(self, given: Any) -> list[str]:  # noqa: ANN401 - whatever somebody sent
        """The data array extension; of each observation its key, or ``error``."""
        told: list[str] = []
        for array in given if isinstance(given, list) else [given]:
            if not isinstance(array, dict):
                raise BadEntityError("an array of objects with Datastream, components and dataArray belongs here")
            series = self._need("Datastreams", self._linked(array, "Datastream", "Datastreams"))
            names, rows = array.get("components"), array.get("dataArray")
            if not isinstance(names, list) or not isinstance(rows, list) or len(rows) + len(told) > MOST_ARRAY:
                raise BadEntityError(f"components and dataArray are lists, of {MOST_ARRAY} observations at most")
            told += self._observed(series, names, rows)
        return told

    def _observed(self, series: desk.things.Entry, names: list[Any], rows: list[Any]) -> list[str]:
        readings, told, refused = [], [], 0
        for row in rows:
            try:
                # Of another length it is wrong, too.
                happened, value = reading(dict(zip(map(str, names), row, strict=True)))
            except (ValueError, TypeError):
                told.append("error")
                refused += 1
            else:
                readings.append((happened, value))
                told.append(f"{series.id}-{round(happened.timestamp() * 1_000_000)}")
        desk.things.observe(series, readings, None)
        if refused:
            desk.signal_sources.keep(
                {}, {series.source: refused}, {(series.source, series.signal_kind, "no_reading"): refused}
            )
        return told


def words(kind: str, given: Json) -> dict[str, Any]:
    """Its own words of what was sent. Raises ``BadEntityError`` for one that is missing or no text."""
    known = KINDS[kind]
    if missing := [name for name in known.needs if name not in given]:
        raise BadEntityError(f"{known.one}: {', '.join(missing)} is missing")
    body = {name: given[name] for name in (*known.needs, *known.may) if name in given}
    for name, value in body.items():
        is_object = name in {"location", "feature", "properties", "unitOfMeasurement", "observedArea"}
        if name != "metadata" and not isinstance(value, dict if is_object else str):
            raise BadEntityError(f"{known.one}: {name} is {'an object' if is_object else 'a text'}")
    if "\x00" in repr(body) or "\\x00" in repr(body) or len(repr(body)) > MOST_TEXT:
        raise BadEntityError(f"{known.one}: no null letters, and 64 kB at most")
    return body


def reading(given: Json) -> tuple[datetime, float | None]:
    """When, of a span its beginning; and what. A result is a number; ``null``: it had none."""
    value = given.get("result", ...)
    if value is ... or isinstance(value, bool) or not isinstance(value, int | float | None):
        raise BadEntityError("result is a number or null")
    number = None if value is None else float(value)
    if number is not None and number - number != 0.0:
        raise BadEntityError("result is a finite number")
    said = given.get("phenomenonTime") or given.get("resultTime")
    if said is None:
        return _cut(desk.now()), number
    try:
        happened = datetime.fromisoformat(str(said).partition("/")[0])
    except ValueError:
        raise BadEntityError(f"phenomenonTime: {str(said)[:40]!r} is no time of ISO 8601") from None
    if happened.tzinfo is None or not EARLIEST <= happened <= LATEST:
        raise BadEntityError("phenomenonTime: a zone is missing, or it is before 2000 or after 2200")
    return _cut(happened), number


def _cut(at: datetime) -> datetime:
    """To milliseconds, in UTC: so that a number of it, as floats have it, finds it again."""
    at = at.astimezone(UTC)
    return at.replace(microsecond=0) + timedelta(milliseconds=at.microsecond // 1000)


def _many(given: Json, name: str) -> list[Any]:
    found = given.get(name) or []
    found = found if isinstance(found, list) else [found]
    if len(found) > MOST_LINKED or not all(isinstance(one, dict) for one in found):
        raise BadEntityError(f"{name}: a list of objects, {MOST_LINKED} at most")
    return found


def _apply(body: dict[str, Any], step: Any) -> None:  # noqa: ANN401 - whatever somebody sent
    if not isinstance(step, dict) or not str(step.get("path", "")).startswith("/"):
        raise BadEntityError("JSON Patch: an object with op and path belongs here")
    *way, last = (part.replace("~1", "/").replace("~0", "~") for part in str(step["path"])[1:].split("/"))
    at: Any = body
    for part in way:
        # What was read is not ours to change.
        at[part] = dict(at[part]) if isinstance(at.get(part), dict) else {}
        at = at[part]
    match step.get("op"):
        case "add" | "replace":
            at[last] = step.get("value")
        case "remove":
            at.pop(last, None)
        case "test" if at.get(last) == step.get("value"):
            pass
        case "test":
            raise BadEntityError(f"JSON Patch: {step['path']} is not what it was thought to be")
        case other:
            raise BadEntityError(f"JSON Patch: {other!r}: there are add, replace, remove, test")

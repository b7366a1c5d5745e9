"""What entities have, how they are linked, and how they are shown."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from bihuan.desk import api as desk
from bihuan.faces.sensorthings.query import BadQueryError, Query

Asked = desk.things.Asked


@dataclass(frozen=True)
class Kind:
    """``needs`` and ``may``: its own words; ``links`` by name: the kind they lead to and the condition on it."""

    one: str
    needs: tuple[str, ...] = ()
    may: tuple[str, ...] = ("properties",)
    links: dict[str, tuple[str, str]] = field(default_factory=dict)


# Behind the colon: what of the entry that is left goes into the condition.
KINDS: dict[str, Kind] = {
    "Things": Kind(
        "Thing",
        ("name", "description"),
        links={
            "Locations": ("Locations", "id = ANY(%s):locations"),
            "Datastreams": ("Datastreams", "thing = %s:id"),
            "HistoricalLocations": ("Locations", "%s < 0:id"),
        },
    ),
    "Locations": Kind(
        "Location",
        ("name", "description", "encodingType", "location"),
        links={
            "Things": ("Things", "%s = ANY(locations):id"),
            "HistoricalLocations": ("Locations", "%s < 0:id"),
        },
    ),
    "Sensors": Kind(
        "Sensor",
        ("name", "description", "encodingType", "metadata"),
        links={"Datastreams": ("Datastreams", "sensor = %s:id")},
    ),
    "ObservedProperties": Kind(
        "ObservedProperty",
        ("name", "definition", "description"),
        links={"Datastreams": ("Datastreams", "property = %s:id")},
    ),
    "Datastreams": Kind(
        "Datastream",
        ("name", "description", "observationType", "unitOfMeasurement"),
        ("properties", "observedArea"),
        {
            "Thing": ("Things", "id = %s:thing"),
            "Sensor": ("Sensors", "id = %s:sensor"),
            "ObservedProperty": ("ObservedProperties", "id = %s:property"),
            "Observations": ("Observations", "d.id = %s:id"),
        },
    ),
    "FeaturesOfInterest": Kind(
        "FeatureOfInterest",
        ("name", "description", "encodingType", "feature"),
        links={"Observations": ("Observations", "d.thing = %s:thing")},
    ),
    "Observations": Kind(
        "Observation",
        links={"Datastream": ("Datastreams", "id = %s:series"), "FeatureOfInterest": ("FeaturesOfInterest", "")},
    ),
}
Found = desk.things.Entry | desk.things.Observation


def instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds" if at.microsecond else "seconds").replace("+00:00", "Z")


def key_of(one: Found) -> int | str:
    """Of an Observation: its series and the microsecond; a series observes once at a time."""
    if isinstance(one, desk.things.Observation):
        return f"{one.series}-{round(one.happened.timestamp() * 1_000_000)}"
    return one.id


def kind_of(one: Found) -> str:
    return "Observations" if isinstance(one, desk.things.Observation) else one.kind


class Shower:
    """``root``: the address that links begin with."""

    def __init__(self, root: str, unit: str) -> None:
        self._root, self._unit = root, unit

    def link(self, one: Found) -> str:
        key = key_of(one)
        return f"{self._root}/{kind_of(one)}({repr(key) if isinstance(key, str) else key})"

    def shown(self, one: Found, query: Query) -> dict[str, Any]:
        kind, link = KINDS[kind_of(one)], self.link(one)
        if isinstance(one, desk.things.Observation):
            at = instant(one.happened)
            words: dict[str, Any] = {"phenomenonTime": at, "resultTime": at, "result": one.value}
        else:
            words = {name: one.body[name] for name in (*kind.needs, *kind.may) if name in one.body}
        if query.select:
            words = {name: value for name, value in words.items() if name in query.select}
        told: dict[str, Any] = {"@iot.id": key_of(one), "@iot.selfLink": link, **words}
        for name in kind.links:
            if name in query.expand:
                self._expand(told, one, name, query.expand[name])
            elif not query.select or name in query.select:
                told[f"{name}@iot.navigationLink"] = f"{link}/{name}"
        if unknown := query.expand.keys() - kind.links.keys():
            raise BadQueryError(f"$expand: {', '.join(sorted(unknown))}: there are {', '.join(kind.links)}")
        return told

    def _expand(self, told: dict[str, Any], one: Found, name: str, query: Query) -> None:
        found = self.linked(one, name, query)
        if name in KINDS:
            told[name] = [self.shown(each, query) for each in found]
            if query.count:
                told[f"{name}@iot.count"] = self.count(one, name, query)
        else:
            told[name] = self.shown(found[0], query) if found else None

    def linked(self, one: Found, name: str, query: Query) -> list[Found]:
        kind, asked = self._asked(one, name, query)
        return self.listed(kind, asked)

    def count(self, one: Found, name: str, query: Query) -> int:
        kind, asked = self._asked(one, name, query)
        return self.counted(kind, asked)

    def _asked(self, one: Found, name: str, query: Query) -> tuple[str, Asked]:
        links = KINDS[kind_of(one)].links
        if name not in links:
            raise LookupError(name)
        kind, condition = links[name]
        if isinstance(one, desk.things.Observation) and name == "FeatureOfInterest":
            series = desk.things.entry(self._unit, "Datastreams", one.series)
            feature = desk.things.feature_of(self._unit, series.thing) if series and series.thing else 0
            return kind, Asked("id = %s", [feature])
        where, _, column = condition.rpartition(":")
        asked = query.asked(kind)
        value = getattr(one, column)
        value = list(value) if isinstance(value, list | tuple) else value
        return kind, Asked(f"{where} AND ({asked.where})", [value, *asked.given], asked.order, asked.most, asked.skip)

    def listed(self, kind: str, asked: Asked) -> list[Found]:
        if kind == "Observations":
            return list(desk.things.observations(self._unit, asked))
        return list(desk.things.entries(self._unit, kind, asked))

    def counted(self, kind: str, asked: Asked) -> int:
        if kind == "Observations":
            return desk.things.count_observations(self._unit, asked)
        return desk.things.count(self._unit, kind, asked)

"""What senses: things and where they are, sensors, what is observed, series (OGC SensorThings); of one unit each.

A register: entries end and are not deleted. What a series observed are signals, kept like all others; here is only
under which source, sensor and kind.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
from django.conf import settings
from django.db import IntegrityError, connection, transaction

from bihuan.desk import instant, signals

Body = Mapping[str, Any]
ONE_OF = {"Thing": "thing", "Sensor": "sensor", "ObservedProperty": "property"}
_KIND, _SENSOR = re.compile(r"[a-z][a-z0-9_]{0,31}"), re.compile(r"[0-9A-Za-z][0-9A-Za-z._:/-]{0,79}")


@dataclass(frozen=True)
class Entry:
    id: int
    kind: str
    body: Body
    thing: int | None = None
    sensor: int | None = None
    property: int | None = None
    locations: Sequence[int] = ()
    source: str = ""
    signal_sensor: str = ""
    signal_kind: str = ""


@dataclass(frozen=True)
class Observation:
    """``value`` as it was kept; ``series``: the Datastream."""

    series: int
    happened: datetime
    arrived: datetime
    value: float | None


@dataclass(frozen=True)
class Asked:
    """Which ones: a condition with its parameters, made by the face out of its own words; an order, a slice."""

    where: str = "true"
    given: Sequence[Any] = ()
    order: str = "id"
    most: int = 100
    skip: int = 0


_COLUMNS = "id, kind, body::text, thing, sensor, property, locations, source, signal_sensor, signal_kind"
_OURS = "kind = %s AND unit = %s AND ended IS NULL"


def entries(unit: str, kind: str, asked: Asked) -> list[Entry]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {_COLUMNS} FROM sensing WHERE {_OURS} AND ({asked.where}) ORDER BY {asked.order}"  # noqa: S608
            " LIMIT %s OFFSET %s",
            [kind, unit, *asked.given, asked.most, asked.skip],
        )
        return [Entry(row[0], row[1], orjson.loads(row[2]), *row[3:]) for row in cursor.fetchall()]


def count(unit: str, kind: str, asked: Asked) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count(*) FROM sensing WHERE {_OURS} AND ({asked.where})",  # noqa: S608
            [kind, unit, *asked.given],
        )
        return int(cursor.fetchone()[0])


def entry(unit: str, kind: str, number: int) -> Entry | None:
    found = entries(unit, kind, Asked("id = %s", [number]))
    return found[0] if found else None


def add(unit: str, kind: str, body: Body, *, source: str = "", **links: Any) -> int:  # noqa: ANN401
    """A new entry; ``links``: thing, sensor, property, locations. Raises ``LookupError`` where one leads nowhere."""
    with transaction.atomic(), connection.cursor() as cursor:
        _need(unit, links)
        now = instant.now()
        cursor.execute(
            "INSERT INTO sensing (world_id, district, unit, kind, body, thing, sensor, property, locations, created,"
            " changed) VALUES (1, %s, %s, %s, %s::jsonb, %s, %s, %s, %s::bigint[], %s, %s) RETURNING id",
            [
                settings.DISTRICT, unit, kind, orjson.dumps(body).decode(), links.get("thing"), links.get("sensor"),
                links.get("property"), list(links.get("locations", ())), now, now,
            ],
        )  # fmt: skip
        number = int(cursor.fetchone()[0])
        if kind == "Datastreams":
            _name_series(cursor, unit, number, body, source, links["property"])
        return number


def _name_series(  # noqa: PLR0917 - what an entry is made of
    cursor: Any, unit: str, number: int, body: Body, source: str, observed: int  # noqa: ANN401
) -> None:  # fmt: skip
    """By what the owner says in ``properties``, if it can be one; else by numbers of ours."""
    said = body.get("properties") or {}
    about = entry(unit, "ObservedProperties", observed)
    kinds = [said.get("kind"), (about.body.get("properties") or {}).get("kind"), about.body["name"]] if about else []
    kind = next((one for one in kinds if isinstance(one, str) and _KIND.fullmatch(one)), f"sta_{observed}")
    own = said.get("sensor")
    sensor = own if isinstance(own, str) and _SENSOR.fullmatch(own) else f"sta.{number}"
    try:
        with transaction.atomic():
            cursor.execute(
                "UPDATE sensing SET source = %s, signal_sensor = %s, signal_kind = %s WHERE id = %s",
                [source, sensor, kind, number],
            )
    except IntegrityError as error:
        raise ValueError(f"{sensor} {kind}: there is a Datastream of that sensor and kind") from error


def change(unit: str, kind: str, number: int, body: Body, **links: Any) -> None:  # noqa: ANN401 - columns
    """Replace the words of an entry, and the links that are named."""
    with transaction.atomic(), connection.cursor() as cursor:
        _need(unit, links)
        sets = "".join(f", {name} = %s" for name in links)
        cursor.execute(
            f"UPDATE sensing SET body = %s::jsonb, changed = %s{sets} WHERE id = %s AND {_OURS}",  # noqa: S608 - ours
            [orjson.dumps(body).decode(), instant.now(), *links.values(), number, kind, unit],
        )


def end(unit: str, kind: str, number: int) -> None:
    """It is listed no longer; with a Thing end its series."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE sensing SET ended = %s WHERE unit = %s AND ended IS NULL AND"
            " ((id = %s AND kind = %s) OR (kind = 'Datastreams' AND %s IN (thing, sensor, property)))",
            [instant.now(), unit, number, kind, number],
        )


def _need(unit: str, links: Mapping[str, Any]) -> None:
    kinds = {"thing": "Things", "sensor": "Sensors", "property": "ObservedProperties", "locations": "Locations"}
    for name, value in links.items():
        for number in value if isinstance(value, list | tuple) else [value]:
            if number is not None and entry(unit, kinds[name], number) is None:
                raise LookupError(f"there is no {kinds[name]}({number})")


# -- observations are signals ---------------------------------------------------------------------------------------


def observe(series: Entry, readings: Sequence[tuple[datetime, float | None]], at: tuple[float, float] | None) -> None:
    """What a series observed, in the unit that it names; where its Thing is, unless it says where."""
    lon, lat = at or point_of(series.thing) or (None, None)
    unit = str((series.body.get("unitOfMeasurement") or {}).get("symbol") or "")[:16]
    place = place_of(series.thing)
    sent = [
        signals.Signal(series.signal_sensor, series.signal_kind, happened, value, unit, place, lon, lat)
        for happened, value in readings
    ]
    signals.keep(sent, source=series.source)


_SERIES = (
    " FROM signal s JOIN sensing d ON d.kind = 'Datastreams' AND d.unit = %s AND s.source = d.source"
    " AND s.sensor = d.signal_sensor AND s.kind = d.signal_kind WHERE "
)


def observations(unit: str, asked: Asked) -> list[Observation]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT d.id, s.happened, s.arrived, s.value{_SERIES}({asked.where}) ORDER BY {asked.order}"
            " LIMIT %s OFFSET %s",
            [unit, *asked.given, asked.most, asked.skip],
        )
        return [Observation(a, b.astimezone(UTC), c.astimezone(UTC), d) for a, b, c, d in cursor.fetchall()]


def count_observations(unit: str, asked: Asked) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*){_SERIES}({asked.where})", [unit, *asked.given])
        return int(cursor.fetchone()[0])


_WHERE = (
    "SELECT l.body->'location' FROM sensing t JOIN sensing l ON l.id = ANY(t.locations) AND l.ended IS NULL"
    " WHERE t.id = %s ORDER BY l.id"
)


def point_of(thing: int | None) -> tuple[float, float] | None:
    """Where a Thing is, if it says so by a point (longitude, latitude)."""
    with connection.cursor() as cursor:
        cursor.execute(_WHERE, [thing])
        for (found,) in cursor.fetchall():
            if point := as_point(orjson.loads(found) if isinstance(found, str) else found):
                return point
    return None


def as_point(geometry: Any) -> tuple[float, float] | None:  # noqa: ANN401 - whatever somebody sent
    """Of a GeoJSON point or a feature of one."""
    if isinstance(geometry, dict) and geometry.get("type") == "Feature":
        geometry = geometry.get("geometry")
    if not isinstance(geometry, dict) or geometry.get("type") != "Point":
        return None
    at = geometry.get("coordinates")
    if not isinstance(at, list) or len(at) < 2 or not all(isinstance(one, int | float) for one in at):
        return None
    return (float(at[0]), float(at[1])) if abs(at[0]) <= 180 and abs(at[1]) <= 90 else None


def place_of(thing: int | None) -> str:
    """The code of its place, if its owner says it: ``properties.place``."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT body->'properties'->>'place' FROM sensing WHERE id = %s", [thing])
        row = cursor.fetchone()
    said = row[0] if row and row[0] else ""
    return said if re.fullmatch(r"[0-9]{1,15}", said) else ""


def feature_of(unit: str, thing: int) -> int:
    """The feature of interest of what a Thing observes: where it is; made when it is first asked for."""
    found = entries(unit, "FeaturesOfInterest", Asked("thing = %s", [thing]))
    if found:
        return found[0].id
    owner = entry(unit, "Things", thing)
    at = point_of(thing)
    where = {"type": "Point", "coordinates": list(at)} if at else {}
    name = str(owner.body["name"]) if owner else ""
    body = {"name": name, "description": name, "encodingType": "application/geo+json", "feature": where}
    return add(unit, "FeaturesOfInterest", body, thing=thing)


@dataclass(frozen=True)
class Registered:
    """A thing for a list or a map."""

    id: int
    unit: str
    name: str
    place: str
    point: tuple[float, float] | None


def registered(most: int = 1000) -> list[Registered]:
    """Things of all units, with their places."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, unit, body->>'name' FROM sensing WHERE kind = 'Things' AND ended IS NULL ORDER BY id LIMIT %s",
            [most],
        )
        rows = cursor.fetchall()
    return [Registered(a, b, c, place_of(a), point_of(a)) for a, b, c in rows]

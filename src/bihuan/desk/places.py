"""From coordinates to a place code, and between the coordinate systems that people in China hand in.

Stored are WGS84 degrees (CGCS2000 is the same to within a metre). GCJ-02 (Chinese web maps) and BD-09 (Baidu) are
converted at the edge. Areas are GeoJSON polygons that a district imports; they are read anew every ten seconds.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import orjson
from django.conf import settings
from django.db import connection

STALE_AFTER = 10.0
LARGEST = 20 * 1024 * 1024
Point = tuple[float, float]
Ring = tuple[Point, ...]

# The public form of the GCJ-02 shift: the Krasovsky 1940 ellipsoid and a sum of sines around (105, 35).
AXIS, ECCENTRICITY = 6378245.0, 0.00669342162296594323
BAIDU = math.pi * 3000.0 / 180.0


class BadAreas(ValueError):
    """What is wrong with an areas file, and where."""


def _gcj02(lon: float, lat: float) -> Point:
    x, y = lon - 105.0, lat - 35.0

    def sine(value: float) -> float:
        return math.sin(value * math.pi)

    shared = (20.0 * sine(6.0 * x) + 20.0 * sine(2.0 * x)) * 2.0 / 3.0
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * math.sqrt(abs(x)) + shared
    north += (20.0 * sine(y) + 40.0 * sine(y / 3.0)) * 2.0 / 3.0
    north += (160.0 * sine(y / 12.0) + 320.0 * sine(y / 30.0)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * math.sqrt(abs(x)) + shared
    east += (20.0 * sine(x) + 40.0 * sine(x / 3.0)) * 2.0 / 3.0
    east += (150.0 * sine(x / 12.0) + 300.0 * sine(x / 30.0)) * 2.0 / 3.0
    flat = 1.0 - ECCENTRICITY * math.sin(math.radians(lat)) ** 2
    meridian = AXIS * (1.0 - ECCENTRICITY) / (flat * math.sqrt(flat))
    parallel = AXIS / math.sqrt(flat) * math.cos(math.radians(lat))
    return lon + math.degrees(east / parallel), lat + math.degrees(north / meridian)


def _bd09_of_gcj02(lon: float, lat: float) -> Point:
    radius = math.hypot(lon, lat) + 0.00002 * math.sin(lat * BAIDU)
    angle = math.atan2(lat, lon) + 0.000003 * math.cos(lon * BAIDU)
    return radius * math.cos(angle) + 0.0065, radius * math.sin(angle) + 0.006


def _bd09(lon: float, lat: float) -> Point:
    return _bd09_of_gcj02(*_gcj02(lon, lat))


# How WGS84 becomes the others; the way back is found by going there and correcting.
FROM_WGS84: Mapping[str, Callable[[float, float], Point]] = MappingProxyType(
    {"wgs84": lambda lon, lat: (lon, lat), "cgcs2000": lambda lon, lat: (lon, lat), "gcj02": _gcj02, "bd09": _bd09}
)


def from_wgs84(lon: float, lat: float, crs: str) -> Point:
    """Longitude and latitude in ``crs`` (wgs84, cgcs2000, gcj02, bd09; written as one likes: GCJ-02)."""
    return _conversion(lon, lat, crs)(lon, lat)


def to_wgs84(lon: float, lat: float, crs: str) -> Point:
    """Degrees of ``crs`` as WGS84, within a millimetre of the inverse. Raises ``ValueError`` for what is no place."""
    there = _conversion(lon, lat, crs)
    found = (lon, lat)
    for _ in range(8):
        seen = there(*found)
        found = (found[0] - (seen[0] - lon), found[1] - (seen[1] - lat))
    return found


def _conversion(lon: float, lat: float, crs: str) -> Callable[[float, float], Point]:
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        raise ValueError(f"({lon}, {lat}): 经度在前,-180 至 180;纬度在后,-90 至 90 / longitude first, then latitude")
    key = crs.lower().replace("-", "").replace("_", "")
    key = "wgs84" if key in {"epsg:4326", "4326"} else key
    if key not in FROM_WGS84:
        raise ValueError(f"坐标系 '{crs}' 未知,可用 / unknown coordinate system; known are {', '.join(FROM_WGS84)}")
    return FROM_WGS84[key]


# -- areas -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Area:
    """A piece of ground with its place code. ``polygons``: each an outer ring and its holes, in WGS84."""

    place: str
    name: str
    polygons: tuple[tuple[Ring, ...], ...]
    box: tuple[float, float, float, float]

    def holds(self, lon: float, lat: float) -> bool:
        west, south, east, north = self.box
        if not (west <= lon <= east and south <= lat <= north):
            return False
        # Even-odd over all rings of a polygon: a hole takes its ground out again.
        return any(sum(_is_inside(lon, lat, ring) for ring in rings) % 2 for rings in self.polygons)


def _is_inside(lon: float, lat: float, ring: Ring) -> bool:
    inside, (before_x, before_y) = False, ring[-1]
    for x, y in ring:
        if (y > lat) != (before_y > lat) and lon < (before_x - x) * (lat - y) / (before_y - y) + x:
            inside = not inside
        before_x, before_y = x, y
    return inside


_held: tuple[float, str, str, tuple[Area, ...]] | None = None


def place_of(lon: float, lat: float, crs: str = "wgs84") -> str:
    """The code of the smallest area that holds the point; empty outside of all. Raises as ``to_wgs84`` does."""
    point = to_wgs84(lon, lat, crs)
    return next((area.place for area in areas() if area.holds(*point)), "")


def areas() -> tuple[Area, ...]:
    """All areas of the district, the smallest (the longest codes) first, as they were at most ten seconds ago."""
    global _held  # noqa: PLW0603 - one snapshot for all threads of the process, replaced whole
    held, database, instant = _held, str(connection.settings_dict["NAME"]), time.monotonic()
    if held is not None and held[1] == database and instant - held[0] < STALE_AFTER:
        return held[3]
    with connection.cursor() as cursor:
        cursor.execute("SELECT value FROM setting WHERE key = %s", [_key()])
        row = cursor.fetchone()
    text = row[0] if row else ""
    found = held[3] if held is not None and held[2] == text else (read_areas(text) if text else ())
    _held = (instant, database, text, found)
    return found


def forget() -> None:
    """Read the areas anew at the next question: after an import in this process, and between tests."""
    global _held  # noqa: PLW0603 - as in areas()
    _held = None


def _key() -> str:
    return f"areas:{settings.DISTRICT}"


def import_areas(text: str) -> int:
    """Replace the areas of the district by a GeoJSON FeatureCollection; returns how many there are now.

    Each feature is a Polygon or MultiPolygon with ``properties.place`` (its code) and ``name``; ``properties.crs`` or
    the collection's own ``crs`` names a system other than WGS84. Raises ``BadAreas``; nothing is changed then.
    """
    found = read_areas(text)
    kept = {"type": "FeatureCollection", "features": [_feature(area) for area in found]}
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO setting (key, value) VALUES (%s, %s) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            [_key(), orjson.dumps(kept).decode()],
        )
    forget()
    return len(found)


def read_areas(text: str) -> tuple[Area, ...]:
    if len(text) > LARGEST:
        raise BadAreas(f"超过 {LARGEST >> 20} MB / larger than {LARGEST >> 20} MB")
    try:
        raw = orjson.loads(text)
        features = list(raw["features"])
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise BadAreas(f"不是 GeoJSON FeatureCollection / no GeoJSON FeatureCollection ({error})") from error
    found = [_area(number, feature, str(raw.get("crs", "wgs84"))) for number, feature in enumerate(features)]
    return tuple(sorted(found, key=lambda area: (-len(area.place), area.place)))


def _area(number: int, feature: Mapping[str, Any], crs: str) -> Area:
    try:
        properties, geometry = feature["properties"], feature["geometry"]
        nested = [geometry["coordinates"]] if geometry["type"] == "Polygon" else geometry["coordinates"]
        crs = str(properties.get("crs", crs))
        polygons = tuple(tuple(_ring(ring, crs) for ring in rings) for rings in nested)
        outer = [point for rings in polygons for point in rings[0]]
        box = (min(p[0] for p in outer), min(p[1] for p in outer), max(p[0] for p in outer), max(p[1] for p in outer))
        return Area(str(properties["place"]), str(properties.get("name", "")), polygons, box)
    except (KeyError, TypeError, IndexError, ValueError) as error:
        raise BadAreas(f"features[{number}]: {type(error).__name__}: {error}") from error


def _ring(points: Sequence[Sequence[float]], crs: str) -> Ring:
    if len(points) < 3:
        raise ValueError(f"环至少要 3 个点 / a ring needs at least 3 points, not {len(points)}")
    return tuple(to_wgs84(float(point[0]), float(point[1]), crs) for point in points)


def _feature(area: Area) -> dict[str, Any]:
    coordinates = [[[[round(x, 7), round(y, 7)] for x, y in ring] for ring in rings] for rings in area.polygons]
    return {
        "type": "Feature",
        "properties": {"place": area.place, "name": area.name},
        "geometry": {"type": "MultiPolygon", "coordinates": coordinates},
    }

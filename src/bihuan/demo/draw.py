"""A sketch map: each street is what lies nearest to its points, cut from the outline of the district (示意图)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

Point = tuple[float, float]
SHRINK = math.cos(math.radians(29.56))  # a degree of longitude is that much shorter here


def cells(outline: Sequence[Point], sites: Mapping[str, Sequence[Point]]) -> dict[str, list[list[Point]]]:
    """Place to the polygons that are nearer to one of its sites than to any other place's (Voronoi)."""
    every = [(place, site) for place, points in sites.items() for site in points]
    found: dict[str, list[list[Point]]] = {place: [] for place in sites}
    for place, site in every:
        polygon = list(outline)
        for _, other in every:
            if other != site:
                polygon = _nearer(polygon, site, other)
        if polygon:
            found[place].append(polygon)
    return found


def _nearer(polygon: Sequence[Point], site: Point, other: Point) -> list[Point]:
    """The part of a polygon that is nearer to ``site`` than to ``other`` (Sutherland–Hodgman)."""
    kept: list[Point] = []
    for here, there in zip(polygon, [*polygon[1:], polygon[0]], strict=True):
        a, b = _lead(here, site, other), _lead(there, site, other)
        if a >= 0:
            kept.append(here)
        if a * b < 0:
            part = a / (a - b)
            kept.append((here[0] + part * (there[0] - here[0]), here[1] + part * (there[1] - here[1])))
    return kept


def _lead(point: Point, site: Point, other: Point) -> float:
    """How much nearer ``site`` is than ``other``, in squared degrees of latitude."""
    return _squared(point, other) - _squared(point, site)


def _squared(one: Point, other: Point) -> float:
    return ((one[0] - other[0]) * SHRINK) ** 2 + (one[1] - other[1]) ** 2


def geojson(district: Mapping[str, Any]) -> dict[str, Any]:
    """The areas of the demo district: its outline and its streets, in the coordinates that they are drawn in."""
    outline = [tuple(point) for point in district["outline"]]
    code = district["code"]
    sites = {f"{code}{street['code']}": [tuple(site) for site in street["sites"]] for street in district["streets"]}
    names = {f"{code}{street['code']}": street["name"] for street in district["streets"]}
    drawn = {code: [outline], **cells(outline, sites)}
    return {
        "type": "FeatureCollection",
        "crs": district["crs"],
        "features": [
            {
                "type": "Feature",
                "properties": {"place": place, "name": names.get(place, district["name"])},
                "geometry": {"type": "MultiPolygon", "coordinates": [[polygon] for polygon in polygons]},
            }
            for place, polygons in drawn.items()
        ],
    }

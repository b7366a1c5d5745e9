"""The district as a sketch (示意图): its areas and a mark for each case, as plain SVG drawn on the server."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise

from bihuan.desk import api as desk

WIDTH = 640
ROOM = 16


@dataclass(frozen=True)
class Piece:
    """``count``: of cases in this area that gave no exact point; it stands at ``x``, ``y``."""

    path: str
    name: str
    is_chosen: bool
    count: int
    x: float
    y: float

    @property
    def label(self) -> str:
        """The name as maps write it."""
        return self.name.removesuffix("街道").removesuffix("社区")


@dataclass(frozen=True)
class Mark:
    x: float
    y: float
    number: int
    title: desk.UnitName
    is_late: bool


@dataclass(frozen=True)
class Sketch:
    """Pixels; ``pieces`` from the largest area to the smallest."""

    width: int
    height: int
    pieces: tuple[Piece, ...]
    marks: tuple[Mark, ...]


@dataclass(frozen=True)
class Frame:
    """Where a point stands on the sheet."""

    west: float
    south: float
    east: float
    north: float

    @classmethod
    def around(cls, areas: Collection[desk.Area]) -> Frame:
        boxes = [area.box for area in areas]
        west, south, east, north = zip(*boxes, strict=True)
        return cls(min(west), min(south), max(east), max(north))

    @property
    def _shrink(self) -> float:
        return math.cos(math.radians((self.south + self.north) / 2))  # a degree of longitude is that much shorter here

    @property
    def _scale(self) -> float:
        return (WIDTH - 2 * ROOM) / ((self.east - self.west) * self._shrink)

    @property
    def height(self) -> int:
        return round(2 * ROOM + (self.north - self.south) * self._scale)

    def holds(self, lon: float, lat: float) -> bool:
        return self.west <= lon <= self.east and self.south <= lat <= self.north

    def at(self, lon: float, lat: float) -> tuple[float, float]:
        x, y = (lon - self.west) * self._shrink * self._scale, (self.north - lat) * self._scale
        return round(ROOM + x, 1), round(ROOM + y, 1)

    def point(self, x: float, y: float) -> tuple[float, float]:
        """Longitude and latitude of a point on the sheet: the way back from ``at``."""
        lon = self.west + (x - ROOM) / (self._shrink * self._scale)
        return lon, self.north - (y - ROOM) / self._scale

    def path(self, area: desk.Area) -> str:
        rings = [[self.at(*point) for point in ring] for rings in area.polygons for ring in rings]
        return "".join("M" + "L".join(f"{x} {y}" for x, y in ring) + "Z" for ring in rings)


def draw(rows: Sequence[desk.PublicCase], chosen: Collection[str]) -> Sketch | None:
    """``None`` where the district has no areas. ``chosen``: codes of communities, whose streets stand out."""
    areas = sorted(desk.areas(), key=lambda area: len(area.place))
    if not areas:
        return None
    frame = Frame.around(areas)
    marks = [
        Mark(*frame.at(row.lon, row.lat), row.number, row.category, row.is_overdue)
        for row in rows
        if row.lon is not None and row.lat is not None and frame.holds(row.lon, row.lat)
    ]
    largest = len(areas[0].place)
    vague = [row.place_code for row in rows if row.lon is None]
    pieces = []
    for area in areas:
        is_part = len(area.place) > largest
        x, y = frame.at(*middle(area))
        count = sum(code.startswith(area.place) for code in vague) if is_part else 0
        is_chosen = is_part and any(code.startswith(area.place) for code in chosen)
        pieces.append(Piece(frame.path(area), area.name, is_chosen, count, x, y))
    return Sketch(WIDTH, frame.height, tuple(pieces), tuple(marks))


def middle(area: desk.Area) -> tuple[float, float]:
    """The centroid of its largest polygon: of a street in two pieces the middle of both may lie in a third."""
    return max((_centroid(rings[0]) for rings in area.polygons), key=lambda one: one[0])[1]


def _centroid(ring: Sequence[tuple[float, float]]) -> tuple[float, tuple[float, float]]:
    """Twice the area, in squared degrees, and the centroid (shoelace formula, from the first corner)."""
    x0, y0 = ring[0]
    twice = east = north = 0.0
    for (ax, ay), (bx, by) in pairwise([*ring, ring[0]]):
        cross = (ax - x0) * (by - y0) - (bx - x0) * (ay - y0)
        twice += cross
        east += (ax + bx - 2 * x0) * cross
        north += (ay + by - 2 * y0) * cross
    if not twice:
        return 0.0, ring[0]
    return abs(twice), (x0 + east / (3 * twice), y0 + north / (3 * twice))

"""The district as a sketch (示意图): its areas and a mark for each case, as plain SVG drawn on the server."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

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


def draw(rows: Sequence[desk.PublicCase], chosen: Collection[str]) -> Sketch | None:
    """``None`` where the district has no areas. ``chosen``: codes of communities, whose streets stand out."""
    areas = sorted(desk.areas(), key=lambda area: len(area.place))
    if not areas:
        return None
    west, south = min(area.box[0] for area in areas), min(area.box[1] for area in areas)
    east, north = max(area.box[2] for area in areas), max(area.box[3] for area in areas)
    shrink = math.cos(math.radians((south + north) / 2))  # a degree of longitude is that much shorter here
    scale = (WIDTH - 2 * ROOM) / ((east - west) * shrink)

    def at(lon: float, lat: float) -> tuple[float, float]:
        return round(ROOM + (lon - west) * shrink * scale, 1), round(ROOM + (north - lat) * scale, 1)

    def path(area: desk.Area) -> str:
        rings = [ring for rings in area.polygons for ring in rings]
        return "".join("M" + "L".join(f"{x} {y}" for x, y in (at(*point) for point in ring)) + "Z" for ring in rings)

    marks = [
        Mark(*at(row.lon, row.lat), row.number, row.category, row.is_overdue)
        for row in rows
        if row.lon is not None and row.lat is not None and west <= row.lon <= east and south <= row.lat <= north
    ]
    largest = len(areas[0].place)
    vague = [row.place_code for row in rows if row.lon is None]
    pieces = []
    for area in areas:
        is_part = len(area.place) > largest
        x, y = at((area.box[0] + area.box[2]) / 2, (area.box[1] + area.box[3]) / 2)
        count = sum(code.startswith(area.place) for code in vague) if is_part else 0
        is_chosen = is_part and any(code.startswith(area.place) for code in chosen)
        pieces.append(Piece(path(area), area.name, is_chosen, count, x, y))
    return Sketch(WIDTH, round(2 * ROOM + (north - south) * scale), tuple(pieces), tuple(marks))

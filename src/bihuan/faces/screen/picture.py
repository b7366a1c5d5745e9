"""The district as a picture for the wall: streets coloured by what is open and late, a mark for each open case."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bihuan.desk import api as desk
from bihuan.faces.portal.sketch import WIDTH, Frame, middle
from bihuan.faces.screen import shown

SHADES = 5
MOST_MARKS = 100


@dataclass(frozen=True)
class Piece:
    path: str
    name: str
    open: str
    late: str
    shade: int
    address: str
    x: float
    y: float


@dataclass(frozen=True)
class Mark:
    x: float
    y: float
    is_late: bool
    is_new: bool


@dataclass(frozen=True)
class Picture:
    width: int
    height: int
    ground: str
    pieces: tuple[Piece, ...]
    marks: tuple[Mark, ...]


def draw(rows: Sequence[desk.boards.Row], viewer: desk.Actor, place: str) -> Picture | None:
    """Shades by the number of open cases; ``None`` where the district has no areas."""
    areas = sorted(desk.areas(), key=lambda area: len(area.place))
    if not areas:
        return None
    frame = Frame.around(areas)
    by_street = {row.code: row for row in rows}
    most = max((row.counts["open"] for row in rows), default=0) or 1
    whole = len(areas[0].place)
    parts = [area for area in areas if len(area.place) > whole]
    names = short([shown.named(desk.place_name(area.place)) for area in parts])
    pieces = []
    for area, name in zip(parts, names, strict=True):
        row = by_street.get(area.place)
        is_open = row.counts["open"] if row and row.is_shown else 0
        x, y = frame.at(*middle(area))
        pieces.append(
            Piece(
                path=frame.path(area),
                name=name,
                open=shown.count(row, "open") if row else "0",
                late=shown.count(row, "late") if row else "0",
                shade=round((SHADES - 1) * is_open / most),
                address=f"/screen/?place={area.place}",
                x=x,
                y=y,
            )
        )
    ground = "".join(frame.path(area) for area in areas if len(area.place) == whole)
    return Picture(WIDTH, frame.height, ground, tuple(pieces), _marks(frame, viewer, place))


def short(names: Sequence[str]) -> list[str]:
    """Without the words at the end that all of them have ("Street Office"): a map has little room."""
    words = [name.split(" ") for name in names]
    while len(words) > 1 and all(len(one) > 1 for one in words) and len({one[-1] for one in words}) == 1:
        words = [one[:-1] for one in words]
    return [" ".join(one) for one in words]


def _marks(frame: Frame, viewer: desk.Actor, place: str) -> tuple[Mark, ...]:
    """The newest open cases that gave a point and that the viewer may read; none sealed."""
    lines = desk.list_cases(viewer, desk.Filters(place=place, is_open=True), limit=MOST_MARKS).lines
    late = {line.id: line.is_overdue for line in lines}
    newest = lines[0].id if lines else None
    return tuple(
        Mark(*frame.at(*point), late[case], case == newest)
        for case, point in desk.points(viewer, list(late)).items()
        if frame.holds(*point)
    )

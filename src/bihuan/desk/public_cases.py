"""Cases as the public may list them, for doors that ask for no name: what the table of seals gives to anyone, no more.

Free text, photographs and people are never here; a sealed case is not, not even by its number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.backends.utils import CursorWrapper

from bihuan.desk import instant, lists, names, reads, seals
from bihuan.desk.actor import ANONYMOUS, Actor
from bihuan.desk.names import UnitName
from bihuan.desk.reads import TrackView
from bihuan.kernel.case import Stage

MOST = 1000
# About ten metres: enough to find a lamp post, and no more of the spot where somebody stood.
DECIMALS = 4


@dataclass(frozen=True)
class PublicFilters:
    """``services``: scene and category. ``places``: whole codes.

    ``None`` and empty do not narrow; both ends of a span are in it.
    """

    numbers: tuple[int, ...] | None = None
    services: tuple[tuple[str, str], ...] = ()
    places: tuple[str, ...] = ()
    opened_from: datetime | None = None
    opened_to: datetime | None = None
    changed_from: datetime | None = None
    changed_to: datetime | None = None
    is_open: bool | None = None


@dataclass(frozen=True)
class PublicCase:
    """``changed``: for a case that is over, when it was closed. ``due``: the next promise owed.

    ``days_only``: it came from elsewhere with days and without hours; its instants are where the day begins.
    """

    number: int
    scene: str
    category: UnitName
    stage: Stage
    is_open: bool
    is_overdue: bool
    lead: UnitName
    place: UnitName
    place_code: str
    lon: float | None
    lat: float | None
    opened: datetime
    changed: datetime
    due: datetime | None
    days_only: bool = False


_SELECT = (
    "SELECT c.id, c.number, c.scene, c.category, c.stage, c.is_open, c.is_overdue, c.lead, c.desk, c.place, c.lon,"
    " c.lat, c.opened, CASE WHEN c.is_open THEN c.changed"
    " ELSE coalesce((c.state::json->>'closed')::timestamptz, c.changed) END, c.due FROM case_row c WHERE "
)


def public_cases(filters: PublicFilters, *, page: int = 1, size: int = MOST, world: int = 1) -> list[PublicCase]:
    """The newest first, at most 1,000 a page: exactly the cases of which anybody may know."""
    at = instant.now(world)
    eyes = seals.viewer_of(ANONYMOUS, at, world=world)
    where, values = seals.case_filter(eyes, world=world)
    for text, value in _narrowing(filters):
        where += f" AND {text}"
        values.append(value)
    size = max(1, min(size, MOST))
    sql = f"{_SELECT}{where} ORDER BY c.opened DESC, c.id DESC LIMIT {size} OFFSET {(max(1, page) - 1) * size}"
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        rows = cursor.fetchall()
        hourless = _hourless(cursor, [row[0] for row in rows])
    return [replace(_rounded(_case(row, at)), days_only=row[0] in hourless) for row in rows]


def _hourless(cursor: CursorWrapper, cases: Sequence[UUID]) -> set[UUID]:
    """Those that were imported without hours: their first event says so, and nothing else does."""
    cursor.execute(
        "SELECT case_id FROM event WHERE case_id = ANY(%s) AND number = 1 AND kind = 'ImportedCase'"
        """ AND body LIKE '%%"days_only":true%%'""",
        [list(cases)],
    )
    return {case for (case,) in cursor.fetchall()}


def _narrowing(filters: PublicFilters) -> Sequence[tuple[str, object]]:
    found: list[tuple[str, object]] = [
        ("c.number = ANY(%s)", list(filters.numbers) if filters.numbers is not None else None),
        ("c.scene || ' ' || c.category = ANY(%s)", [" ".join(one) for one in filters.services] or None),
        ("c.place = ANY(%s)", list(filters.places) or None),
        ("c.opened >= %s", filters.opened_from),
        ("c.opened <= %s", filters.opened_to),
        ("c.changed >= %s", filters.changed_from),
        ("c.changed <= %s", filters.changed_to),
        ("c.is_open = %s", filters.is_open),
    ]
    return [(text, value) for text, value in found if value is not None]


def tracked_case(code: str, *, viewer: Actor | None = None, world: int = 1) -> tuple[PublicCase, TrackView]:
    """The case that a receipt leads to, whatever its seal: for its holder alone. Raises ``NotFound``.

    After a merge the exact point is that of somebody else's report, and not told.
    """
    view = reads.track(code, viewer=viewer, world=world)
    with connection.cursor() as cursor:
        cursor.execute(f"{_SELECT}c.id = %s AND c.world_id = %s", [view.id, world])
        case = _case(cursor.fetchone(), view.at)
    return _rounded(case) if view.is_merged else case, view


def _case(row: tuple[Any, ...], at: datetime) -> PublicCase:
    _, number, scene, category, stage, is_open, is_overdue, lead, desk, place, lon, lat, opened, changed, due = row
    return PublicCase(
        number=number,
        scene=scene,
        category=lists.category_name(scene, category, at),
        stage=Stage(stage),
        is_open=is_open,
        is_overdue=is_overdue or (due is not None and due < at),
        lead=names.unit(lead or desk),
        place=names.place(place),
        place_code=place,
        lon=lon,
        lat=lat,
        opened=opened,
        changed=changed,
        due=due if is_open else None,
    )


def _rounded(case: PublicCase) -> PublicCase:
    if case.lon is None or case.lat is None:
        return case
    return replace(case, lon=round(case.lon, DECIMALS), lat=round(case.lat, DECIMALS))

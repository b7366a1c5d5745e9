"""Names to show beside codes: units, places, people of the staff. Units are read anew every ten seconds."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db import connection

STALE_AFTER = 10.0


@dataclass(frozen=True)
class UnitName:
    """A unit as pages show it. ``place`` is the code of its ground; ``phone`` may be empty."""

    code: str
    name: str
    name_en: str = ""
    kind: str = ""
    parent: str = ""
    place: str = ""
    phone: str = ""


_held: tuple[float, str, Mapping[str, UnitName]] | None = None


def units() -> Mapping[str, UnitName]:
    """All units by code, as they were at most ten seconds ago."""
    global _held  # noqa: PLW0603 - one snapshot for all threads of the process, replaced whole
    held, database, instant = _held, str(connection.settings_dict["NAME"]), time.monotonic()
    if held is not None and held[1] == database and instant - held[0] < STALE_AFTER:
        return held[2]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT code, name, name_en, kind, coalesce(parent_id, ''), place, phone FROM unit ORDER BY path"
        )
        fresh = {row[0]: UnitName(*row) for row in cursor.fetchall()}
    _held = (instant, database, fresh)
    return fresh


def forget() -> None:
    """Read the names anew at the next question: between tests."""
    global _held  # noqa: PLW0603 - as in units()
    _held = None


def unit(code: str) -> UnitName:
    """The unit of this code; where it is unknown, its code stands for its name."""
    return units().get(code) or UnitName(code, code or "—")


def place(code: str) -> UnitName:
    """The smallest unit of ground that the code lies in."""
    areas = {u.place: u for u in units().values() if u.place and u.kind in {"district", "street", "community", "grid"}}
    for length in range(len(code), 0, -1):
        if code[:length] in areas:
            return areas[code[:length]]
    return UnitName(code, code or "—")


def staff(people: Iterable[str]) -> dict[str, str]:
    """Working names of those among ``people`` (opaque ids) that have one; a resident has none here."""
    wanted = [one for one in (_uuid(person) for person in set(people)) if one is not None]
    if not wanted:
        return {}
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, name FROM person WHERE id = ANY(%s) AND name <> ''", [wanted])
        return {str(row[0]): row[1] for row in cursor.fetchall()}


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None

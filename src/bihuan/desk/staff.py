"""Who is signed in, in which post; and break-glass, asked for and granted by actors instead of viewers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection

from bihuan.desk import access, breakglass, change, instant, names
from bihuan.desk.actor import Actor
from bihuan.desk.breakglass import Glass
from bihuan.desk.names import UnitName
from bihuan.desk.seals import case_filter, local_day, reach


@dataclass(frozen=True)
class Staff:
    """A signed-in person in the post that acts now. ``posts``: every unit with a current post, to change over."""

    actor: Actor
    name: str
    unit: UnitName
    posts: tuple[UnitName, ...]


def staff_of(user: int, unit: str = "", *, world: int = 1) -> Staff | None:
    """Whom an account stands for, acting in ``unit`` or the first post held today; ``None`` without one."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, name FROM person WHERE user_id = %s", [user])
        row = cursor.fetchone()
    if row is None:
        return None
    at = instant.now(world)
    held = list(dict.fromkeys(code for code, _ in access.current_posts(row[0], at)))
    if not held:
        return None
    actor = access.actor_for(row[0], unit if unit in held else held[0], at)
    return Staff(actor, row[1], names.unit(actor.unit), tuple(names.unit(code) for code in held))


def case_by_number(number: int, *, world: int = 1) -> UUID | None:
    """The id of a case by its number. Says nothing about who may see it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM case_row WHERE number = %s AND world_id = %s", [number, world])
        row = cursor.fetchone()
    return row[0] if row else None


def number_of(case: UUID, *, world: int = 1) -> int:
    """The number of a case that its viewer is known to know of."""
    loaded = change.load(case, world)
    return loaded.state.number if loaded is not None else 0


def numbers_of(by: Actor, cases: Iterable[UUID], *, world: int = 1) -> dict[UUID, int]:
    """The numbers of those among ``cases`` that ``by`` may know of: no link leads to what is hidden from him."""
    wanted = list(cases)
    if not wanted:
        return {}
    seen, values = case_filter(access.viewer_of(by, instant.now(world), world=world), world=world)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT c.id, c.number FROM case_row c WHERE c.id = ANY(%s) AND {seen}", [wanted, *values])  # noqa: S608 - our own words
        return dict(cursor.fetchall())


def ask_glass(by: Actor, case: UUID | None, reason: str, *, world: int = 1) -> UUID:
    """``case``: None where the number that somebody gave leads nowhere; he is not told (``breakglass.ask``)."""
    at = instant.now(world)
    return breakglass.ask(access.viewer_of(by, at, world=world), case, reason=reason, at=at, world=world)


def grant_glass(by: Actor, glass: UUID, *, hours: float = 8, world: int = 1) -> datetime:
    at = instant.now(world)
    return breakglass.grant(access.viewer_of(by, at, world=world), glass, at=at, hours=hours, world=world)


def review_glass(by: Actor, glass: UUID, note: str, *, world: int = 1) -> None:
    at = instant.now(world)
    breakglass.review(access.viewer_of(by, at, world=world), glass, note=note, at=at, world=world)


def end_glass(by: Actor, glass: UUID, *, world: int = 1) -> None:
    at = instant.now(world)
    breakglass.end(access.viewer_of(by, at, world=world), glass, at=at, world=world)


def waiting_glass(by: Actor, *, world: int = 1) -> tuple[tuple[Glass, ...], tuple[Glass, ...]]:
    """For whoever may be the second person: what waits for a grant, and what nobody has reviewed yet."""
    if not by.roles & breakglass.SECONDS:
        return (), ()
    eyes = access.viewer_of(by, instant.now(world), world=world)
    return breakglass.waiting(eyes, world=world), breakglass.open_reviews(eyes, world=world)


@dataclass(frozen=True)
class Leader:
    """Somebody who may carry a case in person (包案)."""

    person: str
    name: str
    unit: UnitName


def leaders(case: UUID, *, world: int = 1) -> list[Leader]:
    """Who may carry the case: the heads of units, in their order; nobody with a post in a unit it accuses (law 7)."""
    facts = access.find_facts(case, world=world)
    shut = facts.barred if facts is not None else frozenset()
    day = local_day(instant.now(world))
    with connection.cursor() as cursor:
        cursor.execute(_LEADERS, [day, day, day, day])
        rows = cursor.fetchall()
    return [
        Leader(str(person), name, names.unit(unit))
        for person, name, unit, held in rows
        if shut.isdisjoint(reach(held) if shut else ())
    ]


_LEADERS = (
    "SELECT p.id, p.name, u.code, array(SELECT q.unit_id FROM post q WHERE q.person_id = p.id AND q.starts <= %s::date"
    " AND (q.ends IS NULL OR q.ends >= %s::date))"
    " FROM post h JOIN person p ON p.id = h.person_id JOIN unit u ON u.code = h.unit_id"
    " WHERE h.role = 'head' AND h.starts <= %s::date AND (h.ends IS NULL OR h.ends >= %s::date) ORDER BY u.path, p.name"
)

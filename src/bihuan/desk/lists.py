"""Lists of cases: the tabs of an inbox, filters, keyset pages. No query here counts or walks all rows."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from bihuan.desk import instant, names, planned, rulebooks, seals
from bihuan.desk.actor import Actor
from bihuan.desk.names import UnitName
from bihuan.desk.seals import Level
from bihuan.desk.store import ROW
from bihuan.kernel.case import OPEN_STAGES, Case, Stage
from bihuan.kernel.refused import Refused

MOST = 200
# An open request stands in the state of its case; nothing else there has this key. Indexed by the same expression.
ASKED = "position('\"is_open\":true' in c.state) > 0"
# Each tab has one arm, or several that exclude one another: each is asked by itself, in the order of its own index.
TABS: Mapping[str, tuple[str, ...]] = {
    "triage": ("c.stage = 'registered' AND c.desk = %(unit)s",),
    "dispatch": ("c.stage = 'accepted' AND c.desk = %(unit)s",),
    "tasks": (
        # As an array, which is read first: a unit with little to do must not walk all cases to find that out.
        (
            "c.is_open AND c.id = ANY(ARRAY(SELECT t.case_id FROM task_row t WHERE t.world_id = %(world)s"
            " AND t.unit = %(unit)s AND t.is_open))"
        ),
    ),
    # What was sent here, and what the desk has yet to send anywhere.
    "verify": (
        "c.verifier <> '' AND c.verifier = %(unit)s AND c.is_open AND c.stage IN ('answered', 'verifying')",
        "c.desk = %(unit)s AND c.stage = 'answered' AND c.verifier = ''",
    ),
    "asked": (f"{ASKED} AND c.is_open",),
    "overdue": ("c.is_open AND c.is_overdue AND (%(wide)s OR c.lead = %(unit)s OR c.desk = %(unit)s)",),
    "all": ("TRUE",),
}
WIDE = frozenset({"oversight", "arbiter", "head", "system"})


@dataclass(frozen=True)
class Filters:
    """What a list is narrowed to. ``tab`` is a key of ``TABS``; empty fields do not narrow.

    ``category`` and ``place`` are prefixes; ``unit`` leads; ``mine``: reported or taken by the viewer himself.
    """

    tab: str = "all"
    category: str = ""
    place: str = ""
    stage: str = ""
    number: int | None = None
    is_open: bool | None = None
    is_overdue: bool | None = None
    unit: str = ""
    mine: bool = False


@dataclass(frozen=True)
class Line:
    """One case in a list. ``turn`` is the unit whose turn it is; ``due`` the next promise that is owed."""

    id: UUID
    number: int
    category: str
    category_name: UnitName
    place: UnitName
    stage: Stage
    seal: str
    turn: UnitName
    opened: datetime
    due: datetime | None
    is_overdue: bool
    is_disputed: bool
    version: int
    is_hidden: bool


@dataclass(frozen=True)
class Page:
    """``next`` is the cursor of the following page, empty at the end; ``at`` the instant of the answer."""

    lines: tuple[Line, ...]
    next: str
    at: datetime


COLUMNS = (
    "c.id, c.number, c.scene, c.category, c.place, c.stage, c.seal, c.desk, c.lead, c.verifier, c.opened, c.due,"
    " c.is_overdue, c.is_disputed, c.version"
)


def list_cases(viewer: Actor, filters: Filters, *, after: str = "", limit: int = 50, world: int = 1) -> Page:
    """Newest first, ``limit`` a page (at most 200). Only what ``viewer`` may know of.

    Of a sealed case (L2, L3) no more is listed than that it is there, its stage and its dates.
    Raises ``ValueError`` for an unknown tab or a broken cursor.
    """
    if filters.tab not in TABS:
        raise ValueError(f"tab {filters.tab!r} is unknown; tabs: {', '.join(TABS)}")
    at = instant.now(world)
    limit = max(1, min(limit, MOST))
    eyes = seals.viewer_of(viewer, at, world=world)
    with planned.anew() as cursor:
        exact = _exact(cursor, filters, world)
        where, values = _where(eyes, filters, after, world, exact)
        arms, given = [], []
        for arm in TABS[filters.tab]:
            tab, tab_values = _tab(arm, eyes.actor, world)
            ordered = f"SELECT {COLUMNS} FROM case_row c WHERE {where} AND {tab}"  # noqa: S608 - own words
            sql, own = _merged(ordered, exact, limit + 1) if exact else (ordered, [])
            arms.append(f"({sql} ORDER BY c.id DESC LIMIT {limit + 1})")
            given += [*own, *values, *tab_values]
        every = " UNION ALL ".join(arms)
        cursor.execute(f"SELECT c.* FROM ({every}) AS c ORDER BY c.id DESC LIMIT {limit + 1}", given)  # noqa: S608
        rows = cursor.fetchall()
    lines = tuple(line_of(row, at) for row in rows[:limit])
    return Page(lines, str(lines[-1].id) if len(rows) > limit else "", at)


# Prefixes that stand for few codes are looked up code by code, each in the order of an index: the time of such a list
# follows its length, not the number of matches. With many codes a match is never far, and the newest are walked.
MOST_CODES = {"category": 4, "place": 16}
_DISTINCT = """
SELECT coalesce(array_agg(code), '{{}}') FROM (
  WITH RECURSIVE k AS (
    (SELECT {0} AS code FROM case_row WHERE world_id = %s AND {0} >= %s AND {0} < %s ORDER BY {0} LIMIT 1)
    UNION ALL
    SELECT (SELECT {0} FROM case_row WHERE world_id = %s AND {0} > k.code AND {0} < %s ORDER BY {0} LIMIT 1)
    FROM k WHERE k.code IS NOT NULL)
  SELECT code FROM k WHERE code IS NOT NULL LIMIT %s) AS known
"""


def points(viewer: Actor, cases: Collection[UUID], *, world: int = 1) -> dict[UUID, tuple[float, float]]:
    """Longitude and latitude (WGS84) of those cases that have them and that ``viewer`` may read all of; none sealed."""
    eyes = seals.viewer_of(viewer, instant.now(world), world=world)
    seen, values = seals.case_filter(eyes, world=world, at_least=Level.FULL, with_sealed=False)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT c.id, c.lon, c.lat FROM case_row c WHERE c.id = ANY(%s) AND c.lon IS NOT NULL AND {seen}",  # noqa: S608 - own words
            [list(cases), *values],
        )
        return {case: (lon, lat) for case, lon, lat in cursor.fetchall()}


def _exact(cursor: Any, filters: Filters, world: int) -> dict[str, list[Any]]:  # noqa: ANN401 - Django's cursor
    """Columns of which the list wants a few values only, with these values: codes in use that the prefixes stand for.

    They are found by hopping from code to code in an index, so a code that no table names is found too. The indexes
    by what a case is about have open or not before the id, the one by unit has the stage: each value has its own arm.
    """
    asked = {name: prefix for name, prefix in (("category", filters.category), ("place", filters.place)) if prefix}
    found: dict[str, list[Any]] = {}
    for name, prefix in asked.items():
        end = prefix + "\U0010ffff"
        most = MOST_CODES[name]
        cursor.execute(_DISTINCT.format(name), [world, prefix, end, world, end, most + 1])
        codes = list(cursor.fetchone()[0])
        if len(codes) <= most:
            found[name] = codes
    wanted = [stage for stage in Stage if filters.is_open in {None, stage in OPEN_STAGES}]
    if filters.stage:
        wanted = [stage for stage in wanted if stage == filters.stage]
    if found:
        found["is_open"] = sorted({stage in OPEN_STAGES for stage in wanted})
    elif filters.unit:
        found["stage"] = [str(stage) for stage in wanted]
    return found


def _merged(ordered: str, exact: Mapping[str, list[Any]], limit: int) -> tuple[str, list[Any]]:
    """The first of each combination of values, to be merged."""
    keys = " CROSS JOIN ".join(f"unnest(%s::{ROW[name]}[]) AS k_{name}" for name in exact)
    same = " AND ".join(f"c.{name} = k_{name}" for name in exact)
    each = f"({ordered} AND {same} ORDER BY c.id DESC LIMIT {limit})"
    return f"SELECT c.* FROM {keys} CROSS JOIN LATERAL {each} AS c", list(exact.values())  # noqa: S608 - own words


def _where(
    eyes: seals.Viewer, filters: Filters, after: str, world: int, exact: Collection[str]
) -> tuple[str, list[Any]]:
    """A list asks for no purpose, so a sealed case is there by number only, not found by what it is about.

    ``exact``: columns that are compared elsewhere; of the others a prefix is a range.
    """
    is_about = bool(filters.category or filters.place)
    seen, seen_values = seals.case_filter(eyes, world=world, at_least=Level.EXISTENCE, with_sealed=not is_about)
    parts, values = [seen], list(seen_values)
    narrowing: list[tuple[str, object]] = [
        ("c.lead = %s", filters.unit),
        ("c.stage = %s", filters.stage),
        ("c.number = %s", filters.number),
        ("c.id < %s::uuid", UUID(after) if after else None),
    ]
    for text, value in narrowing:
        if value not in ("", None):
            parts.append(text)
            values.append(value)
    for column, prefix in (("category", filters.category), ("place", filters.place)):
        if prefix and column not in exact:
            parts.append(f"c.{column} >= %s AND c.{column} < %s")
            values += [prefix, prefix + "\U0010ffff"]
    for column, wanted in (("is_open", filters.is_open), ("is_overdue", filters.is_overdue)):
        if wanted is not None:
            parts.append(f"c.{column}" if wanted else f"NOT c.{column}")
    if filters.mine:
        parts.append(
            "(c.reporter = %s::uuid" + (" OR c.named <> '[]' AND c.named ?| %s::text[])" if eyes.names else ")")
        )
        values += [eyes.person, eyes.names] if eyes.names else [eyes.person]
    return " AND ".join(parts), values


def _tab(text: str, viewer: Actor, world: int) -> tuple[str, list[Any]]:
    """An arm of a tab with positional parameters, in the order in which they occur."""
    known: dict[str, Any] = {"unit": viewer.unit, "wide": bool(viewer.roles & WIDE), "world": world}
    values = []
    while "%(" in text:
        name = text.partition("%(")[2].partition(")s")[0]
        text = text.replace(f"%({name})s", "%s", 1)
        values.append(known[name])
    return text, values


def line_of(row: tuple[Any, ...], at: datetime) -> Line:
    (
        case, number, scene, category, place, stage, seal, desk, lead, verifier, opened, due, is_overdue, is_disputed,
        version,
    ) = row  # fmt: skip
    is_hidden = seal >= seals.SEALED_FROM
    if is_hidden:
        category, place = "", ""
    turn = {"registered": desk, "accepted": desk, "answered": verifier or desk, "verifying": verifier or desk}
    return Line(
        id=case,
        number=number,
        category=category,
        category_name=category_name(scene, category, at),
        place=names.place(place),
        stage=Stage(stage),
        seal=f"L{seal}",
        turn=names.unit(turn.get(stage, lead)),
        opened=opened,
        due=due,
        is_overdue=is_overdue or (due is not None and due < at),
        is_disputed=is_disputed,
        version=version,
        is_hidden=is_hidden,
    )


def category_of(state: Case, code: str = "") -> UnitName:
    """What the case's category, or another of the same rulebook, is called in the rulebook of the case."""
    wanted = code or state.category
    found = rulebooks.rules_of(state).book.categories.get(wanted)
    return UnitName(wanted, found.name, found.name_en) if found is not None else UnitName(wanted, wanted)


def step_name(state: Case, key: str) -> str:
    step = rulebooks.rules_of(state).book.steps.get(key)
    return step.name if step is not None else key


def category_name(scene: str, code: str, at: datetime) -> UnitName:
    """What a category is called in the rulebook of the day; a code that is gone stands for itself."""
    try:
        found = rulebooks.rules_for(scene, at).book.categories.get(code)
    except Refused:
        found = None
    return UnitName(code, found.name, found.name_en) if found is not None else UnitName(code, code)

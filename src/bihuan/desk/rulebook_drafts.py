"""Changing a rulebook in a page: the tables of the newest version as a draft, what is wrong with it, what it changes,
and its publication as a new version. Reached as ``desk.api.rulebook_drafts``.

One draft a scene, shared by its editors: the heads of the scene's desks. Whoever saves second is told.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

import orjson
from django.conf import settings
from django.db import connection, transaction

from bihuan.desk import instant, rulebook_diff, rulebook_tables, rulebooks
from bihuan.desk.access import NotFound
from bihuan.desk.actor import Actor
from bihuan.desk.models import RulebookDraft, RulebookReason
from bihuan.desk.rulebook_columns import SEPARATORS, TABLES, Column
from bihuan.desk.rulebook_diff import Difference
from bihuan.desk.rulebook_files import LARGEST_FILE, Grid, csv_bytes, read_grids, workbook_bytes
from bihuan.desk.rulebooks import BadRulebook, Problem, Version
from bihuan.kernel.case import Seal
from bihuan.kernel.refused import Refused
from bihuan.kernel.rules import Rulebook

__all__ = [
    "LARGEST_FILE", "OF_UNITS", "WHOLE_ROW", "BadRulebook", "Changed", "Column", "Difference", "Drafted", "Effect",
    "Problem", "Published",
    "as_csv", "as_workbook", "check", "column", "columns", "diff", "discard", "effects", "in_force", "may_edit",
    "publish", "read", "save", "today", "upload", "versions",
]  # fmt: skip
WHOLE_ROW = rulebook_diff.WHOLE_ROW
LONGEST_REASON = 500
# Columns that name units.
OF_UNITS = frozenset({"lead", "assists", "verifier", "desks", "arbiter"})
Tables = Mapping[str, Sequence[Sequence[str]]]


class Changed(Exception):
    """Somebody saved the draft, or another version came in, meanwhile. Nothing was overwritten."""

    def __init__(self, by: str, at: datetime, version: str = "") -> None:
        super().__init__(f"changed by {by} at {at}")
        self.by, self.at, self.version = by, at, version


@dataclass(frozen=True)
class Drafted:
    """``tables``: each with its header first. ``turn``: what must still hold when it is saved."""

    scene: str
    tables: Tables
    base: Version
    turn: int
    is_draft: bool
    changed: datetime | None = None
    changed_by: str = ""


@dataclass(frozen=True)
class Effect:
    """Open cases that the new routes would send from one unit to another; sealed ones are not counted."""

    before: str
    after: str
    cases: int


@dataclass(frozen=True)
class Published:
    """A version with what was said when it was published in a page; without, it came in by a file."""

    version: Version
    reason: str
    unit: str
    by: str


# -- who may, and what is there -----------------------------------------------------------------------------------


def may_edit(by: Actor, scene: str) -> bool:
    """The heads of the desks that the scene's rulebook names today. Micro-scenes are changed by their community."""
    if scene not in settings.SCENES or "head" not in by.roles:
        return False
    try:
        return by.unit in in_force(scene).desks
    except Refused:
        return False


def in_force(scene: str) -> Rulebook:
    return rulebooks.rules_for(scene, instant.now()).book


def today() -> date:
    """In the zone of the district."""
    return rulebooks.local_day(instant.now())


def read(by: Actor, scene: str) -> Drafted:
    """The draft, or the tables of the newest version. Raises ``NotFound``."""
    if not may_edit(by, scene):
        raise NotFound(scene)
    row = RulebookDraft.objects.filter(district=settings.DISTRICT, scene=scene).first()
    newest = _newest(scene)
    if row is None or not row.body:
        grids = rulebook_tables.to_grids(rulebooks.by_version(scene, newest.version))
        tables = {key: rows for key, (_, rows) in grids.items()}
        return Drafted(scene, tables, newest, row.turn if row else 0, is_draft=False)
    base = next((one for one in rulebooks.list_books(scene) if one.id == row.base), newest)
    return Drafted(
        scene, orjson.loads(row.body), base, row.turn, is_draft=True, changed=row.changed, changed_by=row.changed_by
    )


def _newest(scene: str) -> Version:
    """The version that came in last, in force already or not."""
    return max(rulebooks.list_books(scene), key=lambda one: one.id)


def versions(scene: str) -> list[Published]:
    found = rulebooks.list_books(scene)
    said = {row.rulebook: row for row in RulebookReason.objects.filter(rulebook__in=[one.id for one in found])}
    return [
        Published(one, row.reason, row.unit, row.by) if (row := said.get(one.id)) else Published(one, "", "", "")
        for one in found
    ]


def columns(table: str, header: Sequence[str]) -> list[Column | None]:
    """What each cell of a header means; ``None``: no column of this table."""
    return [TABLES[table].column(cell) for cell in header]


def column(table: str, key: str) -> Column | None:
    return next((one for one in TABLES[table].columns if one.key == key), None)


# -- writing ------------------------------------------------------------------------------------------------------


def save(by: Actor, scene: str, tables: Tables, *, turn: int) -> int:
    """Keep the tables as they are, right or wrong; returns the new turn. Raises ``Changed`` and ``NotFound``."""
    drafted = read(by, scene)
    return _keep(by, scene, orjson.dumps(tables).decode(), turn, drafted.base.id)


def discard(by: Actor, scene: str, *, turn: int) -> None:
    """Begin again from the newest version."""
    read(by, scene)
    _keep(by, scene, "", turn, _newest(scene).id)


def _keep(by: Actor, scene: str, body: str, turn: int, base: int) -> int:
    with transaction.atomic():
        row, is_new = RulebookDraft.objects.select_for_update().get_or_create(
            district=settings.DISTRICT,
            scene=scene,
            defaults={"base": base, "turn": 0, "changed": instant.now(), "changed_by": by.person},
        )
        if row.turn != turn and not (is_new and turn == 0):
            raise Changed(row.changed_by, row.changed)
        row.body, row.base, row.turn = body, base, row.turn + 1
        row.changed, row.changed_by = instant.now(), by.person
        row.save()
        return row.turn


def upload(by: Actor, scene: str, files: Mapping[str, bytes], *, turn: int) -> int:
    """Take in a workbook or CSV files; tables that are not among them stay. Raises ``BadRulebook``, ``Changed``."""
    drafted = read(by, scene)
    with tempfile.TemporaryDirectory(prefix="bihuan-rules-") as place:
        folder = Path(place)
        for name, content in files.items():
            (folder / Path(name).name).write_bytes(content)
        books = sorted(folder.glob("*.xlsx"))
        grids = read_grids(books[0] if books else folder, rulebook_tables.NAMES)
    if not grids:
        known = ", ".join(f"{key}.csv" for key in TABLES)
        what = f"没有认得的表：给一个 .xlsx，或者 {known} / no table in it: give an .xlsx file, or {known}"
        raise BadRulebook([Problem("", 0, "", what)])
    given = {key: [list(map(str, row)) for row in grid.rows] for key, grid in grids.items()}
    return save(by, scene, {**drafted.tables, **given}, turn=turn)


# -- looking ------------------------------------------------------------------------------------------------------


def check(drafted: Drafted) -> tuple[Rulebook | None, list[Problem]]:
    """The rulebook that the tables mean, or everything that is wrong with them."""
    grids = {key: Grid(key, rows) for key, rows in drafted.tables.items()}
    try:
        book = rulebook_tables.from_grids(grids)
    except BadRulebook as bad:
        return None, list(bad.problems)
    if book.scene != drafted.scene:
        what = f"'{book.scene}'：这是另一个场景的表 / these are the tables of another scene: choose '{drafted.scene}'"
        return None, [Problem("book", 0, "scene", what)]
    found = list(_unknown_units(drafted.tables, frozenset(rulebooks.missing_units(book))))
    return (None, found) if found else (book, [])


def _unknown_units(tables: Tables, unknown: frozenset[str]) -> Iterator[Problem]:
    """Each cell that names a unit which the district does not have."""
    for table, rows in tables.items() if unknown else ():
        meant = columns(table, rows[0]) if rows else []
        for number, row in enumerate(rows[1:], 2):
            own = [None, column(table, row[0].split()[-1] if row[0] else "")] if table == "book" else meant
            for cell, one in zip(row, own, strict=False):
                if one is not None and one.key in OF_UNITS and (gone := unknown & set(SEPARATORS.split(cell))):
                    names = ", ".join(sorted(gone))
                    yield Problem(table, number, one.header, f"没有单位 {names} / there is no unit {names}")


def diff(old: Rulebook, new: Rulebook) -> list[Difference]:
    """What differs but for the name of the version and its date, which are set when it is published."""
    return [
        one
        for one in rulebook_diff.diff(old, new)
        if (one.table, one.key) not in {("book", "version"), ("book", "effective")}
    ]


def effects(old: Rulebook, new: Rulebook) -> list[Effect]:
    """A report, never an event (law 6): open cases keep the rules of their day. The most first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT category, place, count(*) FROM case_row WHERE world_id = %s AND district = %s AND scene = %s"
            " AND is_open AND seal < %s GROUP BY category, place",
            [instant.REAL_WORLD, settings.DISTRICT, new.scene, int(Seal.L2.value[1:])],
        )
        rows = cursor.fetchall()
    found: Counter[tuple[str, str]] = Counter()
    for category, place, count in rows:
        before, after = (route.lead if (route := book.route(category, place)) else "" for book in (old, new))
        if before != after:
            found[before, after] += count
    return [Effect(*pair, cases) for pair, cases in found.most_common()]


# -- publishing ---------------------------------------------------------------------------------------------------


def publish(by: Actor, scene: str, *, turn: int, effective: date, reason: str) -> Version:
    """A new version that holds from ``effective`` on. Cases that are there keep the rules of their day.

    Raises ``Changed``, ``BadRulebook``, ``Refused`` (``rules-in-the-past``, ``rules-unchanged``).
    """
    if len(reason.strip()) < 2:
        raise Refused("change-reason-missing")
    if effective < today():
        raise Refused("rules-in-the-past", law=6, day=effective.isoformat(), today=today().isoformat())
    drafted = read(by, scene)
    book, found = check(drafted)
    if book is None:
        raise BadRulebook(found)
    with transaction.atomic():
        _keep(by, scene, "", turn, drafted.base.id)
        newest = _newest(scene)
        if newest.id != drafted.base.id:
            raise Changed(newest.imported_by, newest.imported, newest.version)
        if not diff(rulebooks.by_version(scene, newest.version), book):
            raise Refused("rules-unchanged", version=newest.version)
        named = replace(book, version=_free(scene, effective), effective=effective)
        made = rulebooks.import_book(named, by=by.person, at=instant.now())
        RulebookReason.objects.create(
            rulebook=made.id, reason=reason.strip()[:LONGEST_REASON], unit=by.unit, by=by.person, at=instant.now()
        )
    rulebooks.forget()
    return made


def _free(scene: str, effective: date) -> str:
    taken = {one.version for one in rulebooks.list_books(scene)}
    return next(name for n in range(1, 10_000) if (name := f"{effective.year}.{n}") not in taken)


# -- files --------------------------------------------------------------------------------------------------------


def as_workbook(drafted: Drafted) -> bytes:
    return workbook_bytes({key: (TABLES[key].sheet, rows) for key, rows in drafted.tables.items()})


def as_csv(drafted: Drafted) -> dict[str, bytes]:
    return {f"{key}.csv": csv_bytes(rows) for key, rows in drafted.tables.items()}

"""Rulebooks in the database: text and back, which one is in force on which day, import of a new version.

A stored version never changes, so it is kept in the process for ever. The list of versions is read anew at most every
two seconds: a version that another process imports *for today or earlier* counts here up to two seconds later. Every
event names the version that it was decided under, so nothing is ever unclear afterwards.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from django.conf import settings
from django.db import IntegrityError, connection, transaction

from bihuan.desk import calendars
from bihuan.desk.models import RulebookRow
from bihuan.desk.rulebook_problems import problems
from bihuan.kernel.calendar import Unit
from bihuan.kernel.case import Case, Seal, Stage
from bihuan.kernel.refused import Refused
from bihuan.kernel.rules import Category, ClockRule, LadderStep, Route, Rulebook, Rules, Step

STALE_AFTER = 2.0
VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,31}")


@dataclass(frozen=True)
class Problem:
    """What is wrong in which cell, and what is allowed there. ``row`` counts from 1, the header; 0: the whole table."""

    table: str
    row: int
    column: str
    what: str

    def __str__(self) -> str:
        where = [self.table, f"第 {self.row} 行 row {self.row}" if self.row else "", self.column]
        return f"{', '.join(part for part in where if part)}: {self.what}"


class BadRulebook(ValueError):
    """A rulebook that may not be used, with everything that is wrong with it."""

    def __init__(self, found: Iterable[Problem]) -> None:
        self.problems = tuple(found)
        super().__init__("\n".join(map(str, self.problems)))


# -- text and back -----------------------------------------------------------------------------------------------


def encode(book: Rulebook) -> str:
    """One JSON text; ``decode`` gives back an equal rulebook with the rows in the same order."""
    raw = {field.name: getattr(book, field.name) for field in fields(book)}
    raw["categories"] = list(book.categories.values())
    raw["steps"] = list(book.steps.values())
    return orjson.dumps(raw).decode()


def decode(text: str) -> Rulebook:
    raw = orjson.loads(text)
    categories = [_category(row) for row in raw["categories"]]
    steps = [_step(row) for row in raw["steps"]]
    return Rulebook(
        **{
            **raw,
            "effective": date.fromisoformat(raw["effective"]),
            "desks": tuple(raw["desks"]),
            "clocks": tuple(map(_clock, raw["clocks"])),
            "categories": {category.code: category for category in categories},
            "routes": tuple(Route(**{**row, "assists": tuple(row["assists"])}) for row in raw["routes"]),
            "steps": {step.key: step for step in steps},
            "ladder": tuple(LadderStep(**row) for row in raw["ladder"]),
            "proofs": tuple(raw["proofs"]),
            "followups": tuple(raw["followups"]),
            "seal": Seal(raw["seal"]),
            "outcomes": tuple(raw["outcomes"]),
        }
    )


def _clock(row: Mapping[str, Any]) -> ClockRule:
    return ClockRule(**{**row, "unit": Unit(row["unit"]), "stops": tuple(row["stops"])})


def _category(row: Mapping[str, Any]) -> Category:
    seal = Seal(row["seal"]) if row["seal"] is not None else None
    clocks = tuple(map(_clock, row["clocks"]))
    return Category(**{**row, "proofs": tuple(row["proofs"]), "clocks": clocks, "seal": seal})


def _step(row: Mapping[str, Any]) -> Step:
    stages = tuple(Stage(stage) for stage in row["stages"])
    lists = {name: tuple(row[name]) for name in ("needs", "requires", "blocked_by")}
    return Step(**{**row, **lists, "stages": stages})


# -- which one is in force ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Version:
    """One stored version; of two for the same day the later imported (the higher ``id``) holds."""

    id: int
    scene: str
    version: str
    effective: date
    basis: str
    imported_by: str
    imported: datetime


@dataclass(frozen=True)
class _Index:
    """All versions of the district as they were at ``read``, the latest in force first."""

    read: float
    database: str
    versions: tuple[Version, ...]

    def in_force(self, scene: str, day: date) -> Version | None:
        return next((v for v in self.versions if v.scene == scene and v.effective <= day), None)

    def named(self, scene: str, version: str) -> Version | None:
        return next((v for v in self.versions if v.scene == scene and v.version == version), None)


_index: _Index | None = None
_books: dict[tuple[str, int], Rulebook] = {}
_on_trial: ContextVar[Rulebook | None] = ContextVar("rulebook_on_trial", default=None)


@contextmanager
def on_trial(book: Rulebook) -> Iterator[None]:
    """Inside, and in this context alone, ``book`` is the only version of its scene. Nothing is stored."""
    token = _on_trial.set(book)
    try:
        yield
    finally:
        _on_trial.reset(token)


def in_force(scene: str, day: date) -> Rulebook:
    """The rulebook of ``scene`` on a local day. Raises ``Refused`` (``no-rulebook``) where none is in force yet."""
    trial = _on_trial.get()
    if trial is not None and trial.scene == scene:
        return trial
    found = _versions().in_force(scene, day) or _versions(anew=True).in_force(scene, day)
    if found is None:
        raise Refused("no-rulebook", law=6, scene=scene, day=day.isoformat())
    return _book(found)


def by_version(scene: str, version: str) -> Rulebook:
    """One version. Raises ``Refused`` (``no-rulebook``) where there is none of this name."""
    trial = _on_trial.get()
    if trial is not None and trial.scene == scene:
        return trial
    found = _versions().named(scene, version) or _versions(anew=True).named(scene, version)
    if found is None:
        raise Refused("no-rulebook", law=6, scene=scene, version=version)
    return _book(found)


def rules_for(scene: str, at: datetime) -> Rules:
    """What holds for a case that is registered at ``at``."""
    return Rules(in_force(scene, local_day(at)), calendars.current())


def rules_of(state: Case) -> Rules:
    """What holds for a case for ever: the version that it was registered under (law 6)."""
    return Rules(by_version(state.scene, state.book), calendars.current())


def local_day(at: datetime) -> date:
    return at.astimezone(ZoneInfo(settings.ZONE)).date()


def list_books(scene: str | None = None) -> tuple[Version, ...]:
    """All stored versions, the one that comes into force last first."""
    return tuple(v for v in _versions(anew=True).versions if scene in {None, v.scene})


def forget() -> None:
    """Read everything anew at the next question: after an import in this process, and between tests."""
    global _index  # noqa: PLW0603 - one snapshot for all threads of the process, replaced whole
    _index = None
    _books.clear()


def _versions(*, anew: bool = False) -> _Index:
    global _index  # noqa: PLW0603 - as in forget()
    held, database, instant = _index, str(connection.settings_dict["NAME"]), time.monotonic()
    if not anew and held is not None and held.database == database and instant - held.read < STALE_AFTER:
        return held
    rows = RulebookRow.objects.filter(district=settings.DISTRICT).order_by("-effective", "-id")
    columns = (field.name for field in fields(Version))
    fresh = _Index(instant, database, tuple(Version(*row) for row in rows.values_list(*columns)))
    _index = fresh
    return fresh


def _book(version: Version) -> Rulebook:
    key = (str(connection.settings_dict["NAME"]), version.id)
    if key not in _books:
        _books[key] = decode(RulebookRow.objects.values_list("body", flat=True).get(id=version.id))
    return _books[key]


# -- a new version -----------------------------------------------------------------------------------------------


def check(book: Rulebook) -> None:
    """Raise ``BadRulebook`` with everything that forbids the use of ``book``."""
    found = [Problem("book", 0, "", what) for what in problems(book)]
    if not VERSION.fullmatch(book.version):
        what = f"'{book.version}': 用字母、数字、点和短横,不超过 32 个 / letters, digits, . _ -, at most 32"
        found.append(Problem("book", 0, "version", what))
    found += [
        Problem(table, 0, "", f"'{key}' 存放在 '{held}' 下 / is kept under another key, '{held}'")
        for table, keys in (
            ("categories", ((held, row.code) for held, row in book.categories.items())),
            ("steps", ((held, row.key) for held, row in book.steps.items())),
        )
        for held, key in keys
        if held != key
    ]
    if found:
        raise BadRulebook(found)


def import_book(book: Rulebook, *, by: str, at: datetime) -> Version:
    """Store a new version, in force from its effective date. The same version with the same rules changes nothing.

    Raises ``BadRulebook``: rules that may not be used, or a version name that other rules already have.
    """
    check(book)
    body = encode(book)
    try:
        with transaction.atomic():
            RulebookRow.objects.create(
                district=settings.DISTRICT,
                scene=book.scene,
                version=book.version,
                effective=book.effective,
                basis=book.basis,
                body=body,
                imported_by=by,
                imported=at,
            )
    except IntegrityError:
        _need_same(book)
    found = _versions(anew=True).named(book.scene, book.version)
    if found is None:
        raise LookupError(f"rulebook {book.scene} {book.version} vanished after its import")
    return found


def _need_same(book: Rulebook) -> None:
    """A version that exists is fixed; compared by meaning, since a later program may write the same rules otherwise."""
    if by_version(book.scene, book.version) != book:
        what = (
            f"版本 {book.version} 已存在且内容不同,版本一经导入不能更改;请改用新的版本号"
            f" / version {book.version} exists with other rules, and an imported version never changes: choose another"
        )
        raise BadRulebook([Problem("book", 0, "version", what)])


def missing_units(book: Rulebook) -> tuple[str, ...]:
    """Codes of units that the rules send cases to and that the district does not have (yet)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT code FROM unit")
        known = {code for (code,) in cursor.fetchall()}
    named = {*book.desks, book.verifier, book.arbiter, *(one.verifier for one in book.categories.values())}
    named |= {unit for route in book.routes for unit in (route.lead, *route.assists, route.verifier)}
    return tuple(sorted(named - known - {""}))

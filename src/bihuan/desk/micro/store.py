"""Micro-scenes in the database: written by a community, published as versions that never change, retired.

Whoever holds a working post in the community, or in its street, may write, try and publish its scenes; to everybody
else they do not exist.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.conf import settings
from django.db import IntegrityError, connection, transaction

from bihuan.desk import catalogue, instant, names, rulebooks
from bihuan.desk.access import NotFound
from bihuan.desk.actor import Actor
from bihuan.desk.micro import build, kit, told
from bihuan.desk.micro.draft import Draft, decode, encode, started, with_keys
from bihuan.desk.micro.wrong import Choices, Wrong, wrong
from bihuan.desk.models import MicroScene, MicroVersion
from bihuan.desk.names import UnitName
from bihuan.desk.seals import local_day
from bihuan.kernel.refused import Refused

POSTS = frozenset({"handler", "head", "triage", "dispatcher"})
KINDS = frozenset({"community", "street"})
MOST_OF_A_UNIT = 20
LONGEST_REASON = 500


class Changed(Exception):
    """Somebody else saved or published it meanwhile; nothing was overwritten."""

    def __init__(self, by: str, at: datetime) -> None:
        super().__init__(f"changed by {by} at {at}")
        self.by, self.at = by, at


class NotClean(ValueError):
    """It cannot be published: everything that is wrong with it."""

    def __init__(self, found: Sequence[Wrong]) -> None:
        super().__init__("; ".join(f"{one.table} {one.row} {one.column}: {one.what}" for one in found))
        self.found = tuple(found)


@dataclass(frozen=True)
class Version:
    number: int
    reason: str
    unit: str
    by: str
    at: datetime


@dataclass(frozen=True)
class Stored:
    """A micro-scene as its writers see it. ``turn``: what must still hold when it is saved."""

    draft: Draft
    turn: int
    changed: datetime
    changed_by: str
    versions: tuple[Version, ...]
    published: tuple[Draft, ...]
    retired: datetime | None
    retired_why: str

    @property
    def is_changed(self) -> bool:
        """Whether anything was changed since it was published."""
        return not self.published or self.published[-1] != self.draft


# -- who may, and for which unit ----------------------------------------------------------------------------------


def units_of(by: Actor) -> list[UnitName]:
    """The units whose scenes ``by`` may write: his own, and the communities of his street."""
    if not by.roles & POSTS:
        return []
    known = names.units().values()
    own = [one for one in known if one.code == by.unit or (one.parent == by.unit and one.kind == "community")]
    return [one for one in own if one.kind in KINDS and one.place]


def _need_unit(by: Actor, unit: str) -> UnitName:
    """Raises ``NotFound``: what somebody may not write is not there for him."""
    found = next((one for one in units_of(by) if one.code == unit), None)
    if found is None:
        raise NotFound(unit)
    return found


def choices(draft: Draft, published: Sequence[Draft] = ()) -> Choices:
    """What its tables may name. Work stays within the street: nobody puts work on another's desk."""
    known, street = names.units(), names.unit(draft.unit)
    if street.kind == "community" and street.parent in known:
        street = known[street.parent]
    here = {one.code for one in known.values() if street.code in {one.code, one.parent}}
    posts = _posts()
    first = catalogue.books_in_force()[:1]
    verifiers = {book.verifier for book in first}
    desks = [u for u, one in known.items() if "triage" in posts.get(u, ()) and (one.kind == "desk" or u in here)]
    checks = [
        unit
        for unit, one in known.items()
        if "verifier" in posts.get(unit, ()) and (one.kind == "desk" or unit in here or unit in verifiers)
    ]
    ground = [one for one in known.values() if one.kind == "community" and one.place.startswith(draft.place)]
    places = [one.place for one in ground] if len(ground) > 1 else []
    leads = [unit for unit in known if unit in here]
    return Choices(leads, desks, checks, places, tuple(published))


def _posts() -> Mapping[str, set[str]]:
    day = local_day(instant.now())
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT unit_id, role FROM post WHERE role IN ('triage', 'verifier') AND starts <= %s::date"
            " AND (ends IS NULL OR ends >= %s::date)",
            [day, day],
        )
        found: dict[str, set[str]] = {}
        for unit, role in cursor.fetchall():
            found.setdefault(unit, set()).add(role)
    return found


# -- writing ------------------------------------------------------------------------------------------------------


def listed(by: Actor) -> list[Stored]:
    """The scenes that ``by`` may write, the newest first."""
    own = [one.code for one in units_of(by)]
    rows = MicroScene.objects.filter(district=settings.DISTRICT, unit__in=own).order_by("-changed")
    return [_stored(row) for row in rows]


def create(by: Actor, unit: str, name: str) -> str:
    """A new micro-scene of ``unit``, ready to be filled in; returns its key. Raises ``NotFound`` and ``Refused``."""
    ground = _need_unit(by, unit)
    rows = MicroScene.objects.filter(district=settings.DISTRICT, unit=unit)
    if rows.filter(retired=None).count() >= MOST_OF_A_UNIT:
        raise Refused("micro-too-many", most=MOST_OF_A_UNIT)
    book = next(iter(catalogue.books_in_force()), None)
    taken = {
        row.key for row in MicroScene.objects.filter(district=settings.DISTRICT, key__startswith=f"m{ground.place}_")
    }
    for number in range(1, 1000):
        key = f"m{ground.place}_{number}"
        if key in taken or key in settings.SCENES:
            continue
        blank = Draft(key, unit, ground.place)
        known = choices(blank)
        desk = next((one for one in (book.desks if book else ()) if one in known.desks), "")
        verifier = book.verifier if book and book.verifier in known.verifiers else ""
        draft = started(key, unit, ground.place, name, desk=desk, verifier=verifier)
        try:
            with transaction.atomic():
                MicroScene.objects.create(
                    district=settings.DISTRICT, key=key, unit=unit, body=encode(draft), changed=instant.now(),
                    changed_by=by.person,
                )  # fmt: skip
        except IntegrityError:
            continue
        return key
    raise Refused("micro-too-many", most=999)


def read(by: Actor, key: str) -> Stored:
    """Raises ``NotFound``."""
    return _stored(_row(by, key))


def _row(by: Actor, key: str, *, lock: bool = False) -> MicroScene:
    rows = MicroScene.objects.select_for_update() if lock else MicroScene.objects
    row = rows.filter(district=settings.DISTRICT, key=key).first()
    if row is None:
        raise NotFound(key)
    _need_unit(by, row.unit)
    return row


def _stored(row: MicroScene) -> Stored:
    found = list(MicroVersion.objects.filter(district=row.district, key=row.key).order_by("number"))
    return Stored(
        decode(row.body), row.turn, row.changed, row.changed_by,
        tuple(Version(one.number, one.reason, one.unit, one.by, one.at) for one in found),
        tuple(decode(one.body) for one in found), row.retired, row.retired_why,
    )  # fmt: skip


def save(by: Actor, draft: Draft, *, turn: int) -> Stored:
    """Keep what was written, right or wrong. Raises ``Changed`` where somebody saved it after ``turn``."""
    with transaction.atomic():
        row = _turn(by, draft.key, turn)
        stored = _stored(row)
        row.body, row.turn = encode(with_keys(draft, stored.published)), row.turn + 1
        row.changed, row.changed_by = instant.now(), by.person
        row.save()
        return _stored(row)


def _turn(by: Actor, key: str, turn: int) -> MicroScene:
    row = _row(by, key, lock=True)
    if row.turn != turn:
        raise Changed(row.changed_by, row.changed)
    if row.retired is not None:
        raise Refused("scene-retired", scene=decode(row.body).name)
    return row


def check(stored: Stored) -> list[Wrong]:
    """Everything that is wrong: first of the tables themselves, then what ``bihuan scene check`` says."""
    draft = stored.draft
    found = wrong(draft, choices(draft, stored.published))
    return found or kit.check(draft, _files(stored))


def _files(stored: Stored) -> dict[str, bytes]:
    return build.folder(stored.draft, str(len(stored.published) + 1), _today())


def _today() -> date:
    return rulebooks.local_day(instant.now())


def publish(by: Actor, key: str, *, turn: int, reason: str) -> int:
    """A new version, in force at once for what is reported from now on; returns its number.

    Raises ``Changed``, ``NotClean``, ``Refused``.
    """
    if len(reason.strip()) < 2:
        raise Refused("change-reason-missing")
    with transaction.atomic():
        row = _turn(by, key, turn)
        stored = _stored(row)
        if not stored.is_changed:
            raise Refused("micro-unchanged", n=row.published)
        if found := check(stored):
            raise NotClean(found)
        number = row.published + 1
        MicroVersion.objects.create(
            district=row.district, key=key, number=number, body=row.body, reason=reason.strip()[:LONGEST_REASON],
            unit=by.unit, by=by.person, at=instant.now(),
        )  # fmt: skip
        rulebooks.import_book(build.book(stored.draft, str(number), _today()), by=by.person, at=instant.now())
        row.published, row.turn = number, row.turn + 1
        row.save()
    told.forget()
    return number


def retire(by: Actor, key: str, *, turn: int, reason: str) -> None:
    """No new reports from now on; what is open goes on under its own rules. Raises ``Changed`` and ``Refused``."""
    if len(reason.strip()) < 2:
        raise Refused("change-reason-missing")
    with transaction.atomic():
        row = _turn(by, key, turn)
        row.retired, row.retired_by, row.retired_why = instant.now(), by.person, reason.strip()[:LONGEST_REASON]
        row.turn += 1
        row.save()
    told.forget()


def export(by: Actor, key: str) -> dict[str, bytes]:
    """A folder that ``bihuan scene check`` passes: of the newest version, or of the draft. Raises ``NotClean``."""
    stored = read(by, key)
    if stored.published and not stored.is_changed:
        number = len(stored.published)
        day = rulebooks.local_day(stored.versions[-1].at)
        return build.folder(stored.published[-1], str(number), day)
    if found := check(stored):
        raise NotClean(found)
    return _files(stored)


def lead_units(draft: Draft) -> list[UnitName]:
    return [names.unit(code) for code in choices(draft).leads]


__all__ = [
    "Changed", "NotClean", "Stored", "Version", "check", "choices", "create", "export", "lead_units", "listed",
    "publish", "read", "retire", "save", "units_of",
]  # fmt: skip

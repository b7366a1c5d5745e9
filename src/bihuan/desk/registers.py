"""Registers (台账): what exists, so that nobody has to ask for it again. Entries never change a case by themselves.

An entry that nobody has looked at for thirty days is stale: it is still shown, and shown as such.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import orjson
from django.conf import settings
from django.db import connection, transaction

from bihuan.desk import instant
from bihuan.desk.actor import Actor
from bihuan.desk.hours import BadHours, in_english, read_hours
from bihuan.kernel.refused import Refused

STALE_AFTER = timedelta(days=30)
MOST = 1000
# A register is about things and places. What these words name belongs to a person, and into the vault of a case.
OF_PEOPLE = frozenset({"person", "name_of_person", "phone_of_person", "id_card", "plate", "face", "rider", "driver"})
WHOLE = r"^[0-9]{1,12}(\.[0-9]{1,3})?$"
KEEPERS = frozenset({"triage", "dispatcher", "handler", "head", "oversight"})


@dataclass(frozen=True)
class Entry:
    """One entry. ``facts``: what its kind says of it, in short texts and numbers. ``unit`` keeps it.

    ``lon``/``lat``: WGS84 degrees. ``verified``: when somebody last looked; ``version`` 0: not stored yet.
    """

    scene: str
    kind: str
    key: str
    name: str
    unit: str
    name_en: str = ""
    place: str = ""
    lon: float | None = None
    lat: float | None = None
    facts: Mapping[str, Any] | None = None
    verified: datetime | None = None
    ended: datetime | None = None
    version: int = 0
    id: UUID | None = None

    def is_stale(self, at: datetime) -> bool:
        return self.verified is None or at - self.verified > STALE_AFTER

    def is_open(self, at: datetime) -> bool | None:
        """By its hours, on the district's clock; ``None`` where it has none."""
        hours = (self.facts or {}).get("hours")
        return read_hours(str(hours)).is_open(at.astimezone(ZoneInfo(settings.ZONE))) if hours else None


@dataclass(frozen=True)
class Total:
    """Of one unit: how many entries, and the sums of their facts."""

    unit: str
    count: int
    sums: Mapping[str, float]


def hours_of(entry: Entry) -> tuple[str, str]:
    """The hours as they were entered, and with English names of days; empty where there are none."""
    text = str((entry.facts or {}).get("hours", ""))
    return text, in_english(text)


def put(entry: Entry, *, by: Actor) -> Entry:
    """Enter something, or change what is entered under its key; the same again changes nothing.

    Raises ``Refused``: ``register-not-yours``, ``register-facts`` (about a person, or not readable).
    """
    _need_keeper(by, entry.unit)
    _check(entry)
    at = instant.wall()
    with transaction.atomic():
        known = _locked(entry)
        if known is not None and _same(known, entry):
            return known
        if known is not None:
            _need_keeper(by, known.unit)
        made = replace(
            entry,
            id=known.id if known else uuid4(),
            version=(known.version if known else 0) + 1,
            verified=entry.verified or at,
        )
        _store(made)
        _log(made, "changed" if known else "entered", by, at)
    return made


def verify(scene: str, kind: str, key: str, *, by: Actor) -> Entry:
    """Somebody has looked: it is as it is shown. Raises ``LookupError`` and ``Refused``."""
    return _touch(scene, kind, key, "verified", by)


def end(scene: str, kind: str, key: str, *, by: Actor) -> Entry:
    """It is no more: out of every list, but not out of the record. Raises ``LookupError`` and ``Refused``."""
    return _touch(scene, kind, key, "ended", by)


def entries(scene: str, kind: str, *, place: str = "", with_ended: bool = False) -> list[Entry]:
    """The entries of a kind, by place and name; at most a thousand."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {_COLUMNS} FROM register_row WHERE district = %s AND scene = %s AND kind = %s"  # noqa: S608 - ours
            " AND place >= %s AND place < %s AND (%s OR ended IS NULL) ORDER BY place, name LIMIT %s",
            [settings.DISTRICT, scene, kind, place, place + "\U0010ffff", with_ended, MOST],
        )
        return [_entry(row) for row in cursor.fetchall()]


def find(scene: str, kind: str, key: str) -> Entry | None:
    with connection.cursor() as cursor:
        cursor.execute(_FIND, [settings.DISTRICT, scene, kind, key])
        row = cursor.fetchone()
    return _entry(row) if row else None


def find_many(scene: str, kind: str, keys: Iterable[str]) -> dict[str, Entry]:
    """Those of these keys that are entered and have not ended, in one query."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {_COLUMNS} FROM register_row WHERE district = %s AND scene = %s AND kind = %s"  # noqa: S608 - ours
            " AND key = ANY(%s) AND ended IS NULL",
            [settings.DISTRICT, scene, kind, list(keys)],
        )
        return {entry.key: entry for entry in map(_entry, cursor.fetchall())}


def totals(scene: str, kind: str, sums: Sequence[str], since: datetime, until: datetime) -> list[Total]:
    """How many entries each unit keeps that were looked at in a span, and what these facts of theirs come to."""
    adding = "".join(f", coalesce(sum((facts->>%s)::numeric) FILTER (WHERE facts->>%s ~ '{WHOLE}'), 0)" for _ in sums)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT unit, count(*){adding} FROM register_row WHERE district = %s AND scene = %s AND kind = %s"  # noqa: S608 - ours; names are parameters
            " AND ended IS NULL AND verified >= %s AND verified < %s GROUP BY unit ORDER BY unit",
            [*(name for name in sums for _ in "12"), settings.DISTRICT, scene, kind, since, until],
        )
        return [
            Total(unit, count, dict(zip(sums, map(float, rest), strict=True)))
            for unit, count, *rest in cursor.fetchall()
        ]


def changes(entry: UUID) -> list[tuple[int, datetime, str, str]]:
    """Version, when, by which unit, what: ``entered changed verified ended``."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT version, at, unit, what FROM register_change WHERE register_id = %s ORDER BY version", [entry]
        )
        return list(cursor.fetchall())


# -- storing ------------------------------------------------------------------------------------------------------

_NAMES = ("scene", "kind", "key", "name", "unit", "name_en", "place", "lon", "lat", "facts", "verified", "ended",
          "version", "id")  # fmt: skip
_COLUMNS = ", ".join(_NAMES).replace("facts", "facts::text")
_FIND = f"SELECT {_COLUMNS} FROM register_row WHERE district = %s AND scene = %s AND kind = %s AND key = %s"  # noqa: S608


def _entry(row: Sequence[Any]) -> Entry:
    return Entry(**{name: orjson.loads(v) if name == "facts" else v for name, v in zip(_NAMES, row, strict=True)})


def _locked(entry: Entry) -> Entry | None:
    with connection.cursor() as cursor:
        # Two who enter the same thing at once wait for one another here; there is no row to lock yet.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"{entry.scene}/{entry.kind}/{entry.key}"])
        cursor.execute(_FIND + " FOR UPDATE", [settings.DISTRICT, entry.scene, entry.kind, entry.key])
        row = cursor.fetchone()
    return _entry(row) if row else None


def _store(entry: Entry) -> None:
    values = {name: getattr(entry, name) for name in _NAMES}
    values["facts"] = orjson.dumps(entry.facts or {}).decode()
    names = [*_NAMES, "world_id", "district"]
    sets = ", ".join(f"{name} = excluded.{name}" for name in _NAMES if name not in {"id", "scene", "kind", "key"})
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO register_row ({', '.join(names)}) VALUES ({', '.join(['%s'] * len(names))})"  # noqa: S608
            f" ON CONFLICT (id) DO UPDATE SET {sets}",
            [*values.values(), 1, settings.DISTRICT],
        )


def _log(entry: Entry, what: str, by: Actor, at: datetime) -> None:
    body = orjson.dumps({name: getattr(entry, name) for name in _NAMES}, default=str).decode()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO register_change (world_id, register_id, version, at, unit, what, body)"
            " VALUES (1, %s, %s, %s, %s, %s, %s)",
            [entry.id, entry.version, at, by.unit, what, body],
        )


def _touch(scene: str, kind: str, key: str, what: str, by: Actor) -> Entry:
    at = instant.wall()
    with transaction.atomic():
        known = _locked(Entry(scene, kind, key, "", ""))
        if known is None or known.ended is not None:
            raise LookupError(f"台账里没有 {scene}/{kind}/{key}。 The register has no such entry.")
        _need_keeper(by, known.unit)
        made = replace(known, version=known.version + 1)
        made = replace(made, ended=at) if what == "ended" else replace(made, verified=at)
        _store(made)
        _log(made, what, by, at)
    return made


# -- what may be entered ------------------------------------------------------------------------------------------


def _need_keeper(by: Actor, unit: str) -> None:
    if "system" in by.roles:
        return
    if unit not in by.all_units and "oversight" not in by.roles:
        raise Refused("register-not-yours", law=2, unit=unit)
    if not by.roles & KEEPERS:
        raise Refused("wrong-role", law=2, needs=" ".join(sorted(KEEPERS)))


def _same(known: Entry, entry: Entry) -> bool:
    fields = ("name", "unit", "name_en", "place", "lon", "lat", "ended")
    return all(getattr(known, f) == getattr(entry, f) for f in fields) and dict(known.facts or {}) == dict(
        entry.facts or {}
    )


def _check(entry: Entry) -> None:
    if not entry.key.strip() or not entry.name.strip():
        raise Refused("register-facts", what="key name")
    if wrong := _people_in(entry.facts or {}):
        raise Refused("register-facts", law=9, what=" ".join(sorted(wrong)))
    if hours := (entry.facts or {}).get("hours"):
        try:
            read_hours(str(hours))
        except BadHours as error:
            raise Refused("register-facts", what=str(error)) from error


def _people_in(facts: Mapping[str, Any]) -> set[str]:
    return {key for key in facts if key.lower() in OF_PEOPLE}


def load(rows: Iterable[Entry], *, by: Actor) -> int:
    """Many at once; returns how many were new or changed."""
    return sum(find(row.scene, row.kind, row.key) != put(row, by=by) for row in rows)

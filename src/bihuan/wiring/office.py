"""What the administrator's commands do. The words for people are in ``bihuan.cli.office``."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from bihuan.kernel.refused import Refused
from bihuan.wiring.commands import CannotGoOn

Row = dict[str, object]


def new_token(account: str, scopes: Sequence[str], *, unit: str, role: str, name: str, until: date | None) -> str:
    """Raises ``CannotGoOn`` where the account has no such post, several, or a scope is unknown."""
    from bihuan.desk import api

    posts = api.upkeep.posts_of(account)
    fitting = [post for post in posts if unit in {"", post.unit} and role in {"", post.role}]
    if len(fitting) != 1:
        shown = ", ".join(f"{post.unit} {post.role}" for post in posts) or "-"
        raise CannotGoOn(
            f"账号 {account} 的岗位:{shown}。请用 --unit、--role 选一个。\n"
            f"Account {account} holds: {shown}. Choose one post with --unit and --role."
        )
    try:
        return api.upkeep.new_token(fitting[0], name or account, scopes, until)
    except ValueError as error:
        raise CannotGoOn(str(error)) from error


def list_tokens() -> list[Row]:
    from bihuan.desk import api

    return [asdict(one) for one in api.upkeep.issued_tokens()]


def revoke_token(number: str) -> bool:
    from bihuan.desk import api

    return api.upkeep.revoke_token(number)


def list_worlds(*, dropped: bool) -> list[Row]:
    from bihuan.desk import api

    names = ("id", "key", "kind", "virtual_now", "created", "dropped")
    return [{name: getattr(one, name) for name in names} for one in api.virtual.every(dropped=dropped)]


def new_world(key: str, kind: str, at: datetime | None) -> int:
    from bihuan.desk import api

    try:
        return api.virtual.create(key, kind, starts=at)
    except Refused as refusal:
        raise CannotGoOn("\n".join(api.words_of(refusal))) from refusal


def drop_world(number: int, reason: str) -> Mapping[str, Any]:
    from bihuan.desk import api

    try:
        return api.virtual.drop(number, by="bihuan world drop", reason=reason)
    except Refused as refusal:
        raise CannotGoOn("\n".join(api.words_of(refusal))) from refusal
    except LookupError as error:
        raise CannotGoOn(f"没有世界 {number}。 {error}.") from error


def dead_letters(world: int) -> list[Row]:
    from bihuan.desk import api

    return [asdict(one) for one in api.upkeep.dead_letters(world)]


def retry(world: int) -> int:
    from bihuan.desk import api

    return api.upkeep.send_again(world)


def looks_to_ask_about(account: str, *, days: int, world: int) -> list[Row]:
    """Looks refused, without a case or withheld, and overdue reviews, as an account of oversight may see them."""
    from bihuan.desk import api

    units = [post.unit for post in api.upkeep.posts_of(account) if post.role == "oversight"]
    try:
        found, late = api.upkeep.looks_to_ask_about(account, units[0] if units else "", days=days, world=world)
    except Refused as refusal:
        raise CannotGoOn("\n".join(api.words_of(refusal))) from refusal
    except LookupError as error:
        raise CannotGoOn(str(error)) from error
    rows: list[Row] = [
        {
            "kind": kind, "at": look.at, "person": look.person, "unit": look.unit, "case": look.case,
            "what": look.what, "purpose": look.purpose, "law": look.withheld,
        }
        for kind, looks in found.items()
        for look in looks
    ]  # fmt: skip
    rows += [
        {
            "kind": "review-overdue", "at": glass.granted, "person": glass.person, "unit": glass.unit,
            "case": glass.case, "what": "break-glass", "purpose": glass.reason, "law": "",
        }
        for glass in late
    ]  # fmt: skip
    return rows


# -- units and staff ----------------------------------------------------------------------------------------------

UNIT_COLUMNS = ("code", "name", "kind", "parent", "place", "name_en", "phone")
STAFF_COLUMNS = ("account", "name", "unit", "role", "since")
PEOPLE = UUID("7c0f6f0e-3c57-5a43-9d0e-1f7a2b9c5e61")  # a person's id follows from his account: imports may be repeated


def read_rows(
    file: Path, columns: Sequence[str], needed: Sequence[str], *, others: bool = False
) -> list[dict[str, str]]:
    """The rows of a CSV with a header. Raises ``CannotGoOn`` with the line and what is wrong in it.

    ``others``: columns beyond the known ones are taken too.
    """
    raw = file.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = raw.decode("gb18030")
        except UnicodeDecodeError as error:
            raise CannotGoOn(f"{file}: 既不是 UTF-8 也不是 GBK。 Neither UTF-8 nor GBK (byte {error.start}).") from None
    reader = csv.DictReader(io.StringIO(text))
    unknown = [name for name in reader.fieldnames or () if name not in columns and not others]
    missing = [name for name in needed if name not in (reader.fieldnames or ())]
    if unknown or missing:
        raise CannotGoOn(
            f"{file}: 列名应为 {','.join(columns)};缺 {missing},多 {unknown}。\n"
            f"The columns are {','.join(columns)}; missing {missing}, unknown {unknown}."
        )
    rows = []
    for row in reader:
        empty = [name for name in needed if not (row[name] or "").strip()]
        if empty or None in row:
            what = f"空 empty: {', '.join(empty)}" if empty else "列数不对 too many columns"
            raise CannotGoOn(f"{file} 第 {reader.line_num} 行 line {reader.line_num}: {what}")
        names = dict.fromkeys([*columns, *(reader.fieldnames or ())])
        rows.append({name: (row.get(name) or "").strip() for name in names})
    return rows


def import_units(file: Path) -> int:
    from bihuan.desk import api

    rows = read_rows(file, UNIT_COLUMNS, ("code", "name", "kind"))
    try:
        return api.organisation.found_units([api.organisation.UnitSpec(**row) for row in rows])
    except api.organisation.BadOrganisation as error:
        raise CannotGoOn(f"{file}:\n{error}") from error


def list_units() -> list[Row]:
    from bihuan.desk import api

    return [asdict(one) for one in api.organisation.every_unit()]


def import_staff(file: Path) -> int:
    """One row a post; several rows with one account are one person."""
    from bihuan.desk import api

    found: dict[str, tuple[str, list[tuple[str, str]]]] = {}
    since: set[date] = set()
    for row in read_rows(file, STAFF_COLUMNS, STAFF_COLUMNS):
        found.setdefault(row["account"], (row["name"], []))[1].append((row["unit"], row["role"]))
        try:
            since.add(date.fromisoformat(row["since"]))
        except ValueError:
            raise CannotGoOn(f"{file}: {row['since']}: 日期写成 2026-01-01 / write a date like 2026-01-01") from None
    specs = [
        api.organisation.PersonSpec(uuid5(PEOPLE, account), name, tuple(posts), account)
        for account, (name, posts) in found.items()
    ]
    try:
        return api.organisation.found_staff(specs, since=min(since)) if specs else 0
    except api.organisation.BadOrganisation as error:
        raise CannotGoOn(f"{file}:\n{error}") from error


def set_password(account: str, word: str) -> None:
    """Raises ``CannotGoOn`` for an unknown account and a password that is too easy."""
    from bihuan.desk import api

    if told := api.organisation.set_password(account, word):
        raise CannotGoOn(told)


# -- registers ----------------------------------------------------------------------------------------------------

REGISTER_COLUMNS = ("key", "name", "unit", "place", "lon", "lat", "name_en")


def import_register(scene: str, kind: str, file: Path) -> int:
    """Every column beyond the known ones is a fact of the entry. Returns how many entries are new or changed."""
    from bihuan.desk import api

    found = []
    for number, row in enumerate(read_rows(file, REGISTER_COLUMNS, ("key", "name", "unit"), others=True), 2):
        try:
            lon, lat = (float(row[name]) if row[name] else None for name in ("lon", "lat"))
        except ValueError:
            raise CannotGoOn(f"{file} 第 {number} 行 line {number}: lon, lat: 写成度 / write degrees") from None
        facts = {name: value for name, value in row.items() if name not in REGISTER_COLUMNS and value}
        entry = api.registers.Entry(scene, kind, row["key"], row["name"], row["unit"], row["name_en"], row["place"])
        found.append(replace(entry, lon=lon, lat=lat, facts=facts))
    try:
        return api.registers.load(found, by=api.SYSTEM)
    except Refused as refusal:
        raise CannotGoOn(f"{file}: " + "\n".join(api.words_of(refusal))) from refusal


def list_register(scene: str, kind: str) -> list[Row]:
    from bihuan.desk import api

    at = api.now()
    return [
        {
            "key": one.key,
            "name": one.name,
            "unit": one.unit,
            "place": one.place,
            "facts": dict(one.facts or {}),
            "verified": one.verified,
            "stale": one.is_stale(at),
        }
        for one in api.registers.entries(scene, kind)
    ]

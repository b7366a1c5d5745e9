"""Who is there: units, people in posts, their accounts and tokens, loaded many at a time.

A load may be repeated: it creates what is missing and renames what was renamed. Nothing is ever deleted.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import connection, transaction

from bihuan.desk import names, units

KINDS = frozenset({"district", "street", "community", "grid", "department", "partner", "desk"})
ROLES = frozenset(
    {"triage", "dispatcher", "handler", "verifier", "head", "arbiter", "oversight", "volunteer", "partner", "school"}
)
DEMO = "demo"


class BadOrganisation(ValueError):
    """Units or posts that cannot be: everything that is wrong, line by line."""


@dataclass(frozen=True)
class UnitSpec:
    """A unit. ``parent``: the code of the unit above, which stands before it in the list or is there already."""

    code: str
    name: str
    kind: str
    parent: str = ""
    place: str = ""
    name_en: str = ""
    phone: str = ""


@dataclass(frozen=True)
class PersonSpec:
    """A member of the staff. ``posts``: unit and role. ``password`` is Django's hash; empty: nobody can sign in so."""

    id: UUID
    name: str
    posts: tuple[tuple[str, str], ...]
    username: str = ""
    password: str = ""


def found_units(specs: Sequence[UnitSpec]) -> int:
    """Create or rename units; returns how many are in ``specs``. Raises ``BadOrganisation``; nothing is kept then."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT code, path FROM unit")
        paths: dict[str, str] = dict(cursor.fetchall())
        if problems := list(_unit_problems(specs, set(paths))):
            raise BadOrganisation("\n".join(problems))
        rows = []
        for one in specs:
            paths[one.code] = f"{paths.get(one.parent, '/')}{one.code}/"
            rows.append([
                one.code, settings.DISTRICT, one.name, one.name_en, one.kind, one.parent or None, paths[one.code],
                one.place, one.phone,
            ])  # fmt: skip
        cursor.executemany(
            "INSERT INTO unit (code, district, name, name_en, kind, parent_id, path, place, phone)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (code) DO UPDATE SET name = excluded.name,"
            " name_en = excluded.name_en, kind = excluded.kind, parent_id = excluded.parent_id, path = excluded.path,"
            " place = excluded.place, phone = excluded.phone",
            rows,
        )
    units.forget()
    names.forget()
    return len(specs)


def _unit_problems(specs: Sequence[UnitSpec], known: set[str]) -> Iterable[str]:
    for number, one in enumerate(specs, 1):
        where = f"{number}. {one.code}"
        if one.kind not in KINDS:
            yield f"{where}: kind '{one.kind}'; allowed are {', '.join(sorted(KINDS))}"
        if one.parent and one.parent not in known:
            yield f"{where}: no unit '{one.parent}' stands before it"
        if not one.code or "/" in one.code or len(one.code) > 32:
            yield f"{where}: a code has 1 to 32 characters and no slash"
        known.add(one.code)


def found_staff(specs: Sequence[PersonSpec], *, since: date) -> int:
    """Create people, their accounts and their posts from ``since`` on; returns how many people there are in ``specs``.

    An account that exists keeps its password. Raises ``BadOrganisation``; nothing is kept then.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT code FROM unit")
        known = {code for (code,) in cursor.fetchall()}
        posts = [(one, unit, role) for one in specs for unit, role in one.posts]
        problems = [f"{one.name}: no unit '{unit}'" for one, unit, _ in posts if unit not in known]
        problems += [
            f"{one.name}: role '{role}'; allowed are {', '.join(sorted(ROLES))}"
            for one, _, role in posts
            if role not in ROLES
        ]
        if problems:
            raise BadOrganisation("\n".join(problems))
        accounts = _accounts(specs)
        cursor.executemany(
            "INSERT INTO person (id, name, user_id) VALUES (%s, %s, %s) ON CONFLICT (id) DO UPDATE"
            " SET name = excluded.name",
            [[one.id, one.name, accounts.get(one.username)] for one in specs],
        )
        cursor.executemany(
            "INSERT INTO post (person_id, unit_id, role, starts) VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING",
            [[one.id, unit, role, since] for one, unit, role in posts],
        )
    return len(specs)


def _accounts(specs: Sequence[PersonSpec]) -> dict[str, int]:
    user = get_user_model()
    wanted = [one for one in specs if one.username]
    user.objects.bulk_create(
        [user(username=one.username, password=one.password or "!", is_active=True) for one in wanted],
        ignore_conflicts=True,
    )
    rows = user.objects.filter(username__in=[one.username for one in wanted]).values_list("username", "id")
    return dict(rows)


def keep_token(
    token: str, *, person: UUID, unit: str, role: str, name: str, scopes: Iterable[str], at: datetime
) -> None:
    """A token whose text is chosen, not drawn: for a demo, where it is printed in the manual."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO token (digest, post_id, name, scopes, created)"
            " SELECT %s, id, %s, %s, %s FROM post WHERE person_id = %s AND unit_id = %s AND role = %s"
            " ORDER BY id LIMIT 1 ON CONFLICT DO NOTHING",
            [hashlib.sha256(token.encode()).digest(), name, " ".join(sorted(scopes)), at, person, unit, role],
        )


def every_unit() -> list[UnitSpec]:
    """All units in the order of the tree."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT code, name, kind, coalesce(parent_id, ''), place, name_en, phone FROM unit ORDER BY path"
        )
        return [UnitSpec(*row) for row in cursor.fetchall()]


def set_password(account: str, word: str) -> str:
    """Set an account's password. Returns what is wrong, in words; empty when it is set."""
    user = get_user_model().objects.filter(username=account).first()
    if user is None:
        return f"没有账号 {account}。 There is no account {account}."
    try:
        validate_password(word, user)
    except ValidationError as error:
        return " ".join(error.messages)
    user.set_password(word)
    user.save(update_fields=["password"])
    return ""


# -- whether this is a demo --------------------------------------------------------------------------------------


def is_founded() -> bool:
    """Whether the district has any unit yet."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM unit)")
        return bool(cursor.fetchone()[0])


def is_demo() -> bool:
    """Whether this database holds the demo district: fictional people, known passwords. Pages say so."""
    return bool(demo_stage())


def demo_stage() -> str:
    """How far the demo is loaded: ``founded``, ``filled`` (with example cases), or empty where this is no demo."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT value FROM setting WHERE key = %s", [DEMO])
        row = cursor.fetchone()
    return str(row[0]) if row else ""


def mark_demo(*, is_filled: bool = False) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO setting (key, value) VALUES (%s, %s) ON CONFLICT (key) DO UPDATE"
            " SET value = CASE WHEN setting.value = 'filled' THEN 'filled' ELSE excluded.value END",
            [DEMO, "filled" if is_filled else "founded"],
        )

"""What the ``bihuan`` command asks of the desk, reached as ``desk.api.upkeep``. It imports as late as it can."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection

from bihuan.desk import (
    calendars,
    identity,
    instant,
    keyring,
    outbox,
    privacy,
    rulebook_problems,
    rulebooks,
    seals,
    tokens,
)
from bihuan.desk.actor import SYSTEM, Actor
from bihuan.desk.breakglass import Glass
from bihuan.desk.change import load
from bihuan.desk.looks import Look
from bihuan.desk.models import REAL_WORLD
from bihuan.desk.vault import Erasure
from bihuan.kernel.refused import Refused
from bihuan.kernel.rules import Rulebook

if TYPE_CHECKING:
    from bihuan.desk.rulebook_diff import Difference

Step = Callable[[int, int], None]


def apply_erasures() -> int:
    """Erase again whoever the register names: a restored backup may have brought keys back. Returns how many.

    Raises ``KeyringError`` where the keyring belongs to another database: nothing in the vault would open.
    """
    return keyring.open_at_start(instant.wall()).again


def actor_of(account: str, role: str) -> Actor | None:
    """Who acts behind an account, in a post of this role held today."""
    units = [post.unit for post in tokens.posts_of(account) if post.role == role]
    return seals.actor_for(tokens.person_of(account), units[0], instant.wall()) if units else None


def book_problems(book: Rulebook) -> list[str]:
    """What is wrong with a rulebook, in words that say where; empty when it may be used."""
    return rulebook_problems.problems(book)


def work(more: Sequence[tuple[str, Callable[[], int], float]] = ()) -> None:
    """Be a worker until asked to end. ``more``: duties from outside of the desk: name, step, seconds between."""
    from bihuan.desk import worker  # noqa: PLC0415 - only a worker needs it

    worker.run(more=[worker.Duty(*duty) for duty in more])


def find_case(wanted: str, *, world: int = 1) -> UUID | None:
    """A case by its id, its number or a receipt code, for whoever sits at the machine itself."""
    text = wanted.strip()
    if text.isdigit() and len(text) < identity.CODE_LENGTH:
        return _one("SELECT id FROM case_row WHERE number = %s AND world_id = %s", [int(text), world])
    try:
        return _one("SELECT id FROM case_row WHERE id = %s AND world_id = %s", [UUID(text), world])
    except ValueError:
        digest = identity.code_digest(identity.tidy_code(text))
        return _one("SELECT case_id FROM receipt WHERE digest = %s AND world_id = %s", [digest, world])


def _one(sql: str, values: list[str | int | bytes | UUID]) -> UUID | None:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        row = cursor.fetchone()
    return row[0] if row else None


# -- rulebooks ----------------------------------------------------------------------------------------------------


def books(scene: str | None = None) -> Sequence[rulebooks.Version]:
    return rulebooks.list_books(scene)


def book(scene: str, version: str = "") -> Rulebook:
    """A version, or the one in force today. Raises ``LookupError`` in words."""
    try:
        if version:
            return rulebooks.by_version(scene, version)
        return rulebooks.in_force(scene, rulebooks.local_day(instant.wall()))
    except Refused as refusal:
        known = ", ".join(f"{v.scene} {v.version}" for v in rulebooks.list_books())
        raise LookupError(
            f"没有规则 {scene} {version}。 There is no such rulebook; there are: {known or '-'}"
        ) from refusal


def import_book(source: Path, by: str) -> rulebooks.Version:
    """Tables into a new version. Raises ``ValueError`` with every problem, each with its file, row and column."""
    from bihuan.desk import rulebook_tables  # noqa: PLC0415 - reads spreadsheets

    return rulebooks.import_book(rulebook_tables.read_tables(source), by=by, at=instant.wall())


def read_book(source: Path) -> Rulebook:
    """Tables as a rulebook, stored nowhere. Raises as ``import_book`` does; ``problems`` of it tell cell by cell."""
    from bihuan.desk import rulebook_tables  # noqa: PLC0415

    return rulebook_tables.read_tables(source)


def write_book(found: Rulebook, target: Path) -> None:
    """A rulebook as tables. Raises ``ValueError`` where they would not read back as this very rulebook."""
    from bihuan.desk import rulebook_tables  # noqa: PLC0415

    rulebook_tables.write_tables(found, target)


def export_book(scene: str, version: str, target: Path) -> None:
    from bihuan.desk import rulebook_tables  # noqa: PLC0415

    rulebook_tables.write_tables(book(scene, version), target)


def diff_books(scene: str, old: str, new: str, target: Path | None = None) -> list[Difference]:
    from bihuan.desk import rulebook_diff  # noqa: PLC0415

    rows = rulebook_diff.diff(book(scene, old), book(scene, new))
    if target is not None:
        rulebook_diff.write_diff(rows, target)
    return rows


# -- calendar -----------------------------------------------------------------------------------------------------


def set_day(day: date, *, is_working: bool, basis: str, by: str, progress: Step | None = None) -> int:
    """Let a day count or not, and work open due dates out anew. Returns how many cases changed."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO calendar_day (country, day, is_working, note, basis, set_by) VALUES (%s, %s, %s, '', %s, %s)"
            " ON CONFLICT (country, day) DO UPDATE SET is_working = excluded.is_working, basis = excluded.basis,"
            " set_by = excluded.set_by",
            [settings.COUNTRY, day, is_working, basis, by],
        )
    return recompute(progress=progress)


def publish_year(year: int, *, basis: str, progress: Step | None = None) -> int:
    """Say that the country has published the calendar of a year: provisional due dates become certain."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO calendar_year (country, year, basis, published) VALUES (%s, %s, %s, %s)"
            " ON CONFLICT (country, year) DO UPDATE SET basis = excluded.basis",
            [settings.COUNTRY, year, basis, instant.wall().date()],
        )
    return recompute(progress=progress)


def recompute(*, world: int = 1, progress: Step | None = None) -> int:
    from bihuan.desk import recompute as slices  # noqa: PLC0415 - may load NumPy

    calendars.forget()
    return slices.recompute(world, progress=progress)


# -- the ledger's key ---------------------------------------------------------------------------------------------


def renew_ledger_key() -> str:
    """Sign with the key in the data folder from now on, made if there is none; returns the public key in base64."""
    from bihuan.desk.ledger import keys  # noqa: PLC0415 - only this and workers sign

    return keys.public_key_text(keys.renew_key())


# -- backup -------------------------------------------------------------------------------------------------------


def backup(target: Path, *, with_keyring: bool, progress: Step | None = None) -> Mapping[str, Any]:
    from bihuan.desk import backup as dumps  # noqa: PLC0415

    return dumps.backup(target, with_keyring=with_keyring, progress=progress)


def restore(source: Path, url: str, *, progress: Step | None = None) -> Mapping[str, Any]:
    from bihuan.desk import backup as dumps  # noqa: PLC0415

    return dumps.restore(source, url, progress=progress)


# -- tokens and messages ------------------------------------------------------------------------------------------

posts_of, issued_tokens, revoke_token = tokens.posts_of, tokens.issued_tokens, tokens.revoke_number
dead_letters = outbox.dead_letters


def new_token(post: tokens.Post, name: str, scopes: Sequence[str], last_day: date | None) -> str:
    """A token for a post, good until the end of ``last_day`` here. Raises ``ValueError`` for an unknown scope."""
    end = datetime.combine(last_day, time.max, ZoneInfo(settings.ZONE)) if last_day else None
    return tokens.issue_token(post.id, name, scopes, expires=end)


def send_again(world: int) -> int:
    """Put every dead letter back into the queue; returns how many."""
    return outbox.try_again(world, [letter.key for letter in outbox.dead_letters(world)])


# -- oversight ----------------------------------------------------------------------------------------------------


def looks_to_ask_about(
    account: str, unit: str, *, days: int = 30, world: int = 1
) -> tuple[Mapping[str, Sequence[Look]], Sequence[Glass]]:
    """What oversight watches, through the eyes of an account: looks by kind, and openings whose review is overdue.

    Raises ``Refused`` where the account holds no post in oversight there; that leaves a trace.
    """
    now = instant.now(world)
    by = seals.actor_for(tokens.person_of(account), unit, instant.wall())
    since = now - timedelta(days=days)
    found = {
        "refused": privacy.refusals(by, since=since, world=world),
        "no-case": privacy.alerts(by, since=since, world=world),
        "withheld": privacy.withheld(by, since=since, world=world),
    }
    return found, privacy.overdue_reviews(by, world=world)


# -- people -------------------------------------------------------------------------------------------------------


def erase_reporter(wanted: str, reason: str) -> Erasure:
    """Erase whoever reported a case (by receipt code, number or id) in every case. It cannot be undone.

    Staff who type in what they were told, without a contact, name no reporter: his words stand among the case's own
    notes. Then these go, with all that staff wrote in this case (``Erasure.person`` is none).
    Raises ``LookupError`` when there is no such case or nothing to erase, ``Refused`` without a reason.
    """
    case = find_case(wanted)
    found = load(case, REAL_WORLD) if case is not None else None
    if case is None or found is None:
        raise LookupError(f"没有这件:{wanted}。 There is no case '{wanted}'.")
    if found.state.reporter:
        return privacy.erase_person(SYSTEM, UUID(found.state.reporter), reason)
    done = privacy.erase_case_person(SYSTEM, case, None, reason)
    if not done.keys:
        raise LookupError(f"没有可抹去的文字:{wanted}。 There is nothing left to erase behind '{wanted}'.")
    return done

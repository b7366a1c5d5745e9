"""Facts that the kernel cannot know by itself: looked up by the desk, handed over in the context of a command."""

from __future__ import annotations

import hmac
from uuid import UUID

from django.db import connection

from bihuan.desk import instant, keyring, seals, units
from bihuan.kernel import commands as c
from bihuan.kernel.case import OPEN_STAGES, Case, Seal
from bihuan.kernel.refused import Refused

SAMPLE_PERCENT = 20


def of(case: UUID, state: Case, command: c.Command) -> dict[str, object]:
    if isinstance(command, c.FinishTask) and state.children:
        return {"open_children": _open_children(state)}
    if isinstance(command, c.Verify) and command.how == "sample":
        return {"sampled": drawn(case)}
    if isinstance(command, c.NameChampion) and state.barred:
        _need_not_accused(command.person, state)
    return {}


def _need_not_accused(person: str, state: Case) -> None:
    """Who sits in a unit that the case accuses, carries it not: no door may put it into his hands (law 7)."""
    known = seals.as_uuid(person)
    held = [code for code, _ in seals.current_posts(known, instant.now())] if known is not None else []
    if not seals.reach(held).isdisjoint(state.barred):
        raise Refused("route-barred", law=7)


def _open_children(state: Case) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM case_row WHERE id = ANY(%s) AND stage = ANY(%s))",
            [[UUID(child) for child in state.children], [str(stage) for stage in OPEN_STAGES]],
        )
        return bool(cursor.fetchone()[0])


def drawn(case: UUID) -> bool:
    """Whether this case was drawn for a visit. Fixed by its id, so nobody can draw again until it suits.

    Under the site's own key, so nobody who knows the id can work out beforehand that no one will come.
    """
    return hmac.digest(keyring.code_key(), b"visit\n" + case.bytes, "sha256")[0] * 100 < SAMPLE_PERCENT * 256


def seal(wanted: str | None) -> Seal | None:
    if wanted is None:
        return None
    try:
        return Seal(wanted)
    except ValueError:
        raise Refused("unknown-seal", seal=wanted, allowed="L0 L1 L2 L3") from None


def barred(accused: tuple[str, ...]) -> tuple[str, ...]:
    """The accused units and all below them: none of them may ever see the case (law 7)."""
    return tuple(sorted(units.expand(accused))) if accused else ()

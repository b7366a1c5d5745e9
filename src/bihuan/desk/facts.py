"""Facts that the kernel cannot know by itself: looked up by the desk, handed over in the context of a command."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from uuid import UUID

from django.db import connection

from bihuan.desk import codec, history, instant, keyring, scene_fields, seals, units
from bihuan.desk.actor import Actor
from bihuan.kernel import commands as c
from bihuan.kernel import events as e
from bihuan.kernel.case import OPEN_STAGES, Case, Seal
from bihuan.kernel.refused import Refused

SAMPLE_PERCENT = 20
MOST_HOPS = 8


def of(case: UUID, state: Case, command: c.Command, by: Actor, world: int = 1) -> dict[str, object]:
    return {**standing(case, state, by, world), **about(case, state, command)}


def standing(case: UUID, state: Case, by: Actor, world: int = 1) -> dict[str, object]:
    """What holds for whatever this actor asks.

    ``conflict``: he is himself a party, or has stepped back from the matter (回避). Of a case that looks again at an
    earlier one: ``reviewed``, the units that decided there, and ``review_until``, until when that could be asked for.
    """
    found: dict[str, object] = {}
    if by.unit and by.person and (state.is_party(by.person) or _has_stepped_back(case, state, by.person, world)):
        found["conflict"] = True
    return found | _of_earlier(state, world)


def _has_stepped_back(case: UUID, state: Case, person: str, world: int) -> bool:
    ways = set(scene_fields.declared(state.scene).recusal) & set(state.steps)
    if not ways:
        return False
    past = history.events_of(case, world)
    return any(one.by == person for one in past if isinstance(one.event, e.StepTaken) and one.event.step in ways)


def _of_earlier(state: Case, world: int) -> dict[str, object]:
    reviews = scene_fields.declared(state.scene).reviews
    if not state.parent or state.category not in reviews.get("categories", ()):
        return {}
    before = list(_earlier(state, world))
    rights = [clock.due for one in before[:1] for clock in one.clocks if clock.key in reviews.get("until", ())]
    found: dict[str, object] = {"reviewed": tuple(sorted({one.lead for one in before}))}
    return found | ({"review_until": max(rights)} if rights else {})


def _earlier(state: Case, world: int) -> Iterator[Case]:
    """The case that this one looks at again, then the one that that one looked at."""
    for _ in range(MOST_HOPS):
        with connection.cursor() as cursor:
            cursor.execute("SELECT state FROM case_row WHERE id = %s AND world_id = %s", [state.parent, world])
            row = cursor.fetchone()
        if row is None:
            return
        state = codec.decode_state(row[0])
        yield state
        if not state.parent:
            return


def about(case: UUID, state: Case, command: c.Command) -> dict[str, object]:
    if isinstance(command, c.FinishTask) and state.children:
        return {"open_children": _open_children(state)}
    if isinstance(command, c.Verify) and command.how == "sample":
        return {"sampled": drawn(case)}
    if isinstance(command, c.NameChampion):
        return {"champion_unit": _champion_unit(command.person, state)}
    return {}


def _champion_unit(person: str, state: Case) -> str:
    """The unit that he heads, or else works in. Who sits in a unit that the case accuses, carries it not (law 7)."""
    known = seals.as_uuid(person)
    posts = seals.current_posts(known, instant.now()) if known is not None else ()
    if not seals.reach([code for code, _ in posts]).isdisjoint(state.barred):
        raise Refused("route-barred", law=7)
    return min(((role != "head", code) for code, role in posts), default=(False, ""))[1]


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

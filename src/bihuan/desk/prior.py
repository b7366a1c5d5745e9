"""An earlier case that a new one comes back to: found by its receipt, or by its number where the asker may know of it.

Nobody is looked up by name: who reports says himself that he has been here before, or a clerk who reads it does.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from bihuan.desk import access, change, identity, scene_fields
from bihuan.desk.actor import Actor
from bihuan.kernel.case import Case, Stage
from bihuan.kernel.refused import Refused

MOST_HOPS = 8
OVER = (Stage.CLOSED, Stage.ARCHIVED)


@dataclass(frozen=True)
class Prior:
    """The earlier case, and the case that was the last word on it (empty: there is none yet)."""

    id: UUID
    state: Case
    final: str


def find(scene: str, wanted: str, *, by: Actor, world: int) -> Prior:
    """Raises ``Refused`` (``prior-unknown``): the same for what is not there and for what is not his to know."""
    loaded = change.load(found, world) if (found := _id(wanted, by, world)) is not None else None
    for _ in range(MOST_HOPS):
        following = loaded.state.merged_into if loaded is not None else ""
        if not following:
            break
        loaded = change.load(UUID(following), world)
    if loaded is None or loaded.state.scene != scene:
        raise Refused("prior-unknown", wanted=wanted[:40])
    if by.unit and not access.may_act(by, loaded.state, loaded.id, world=world):
        raise Refused("prior-unknown", wanted=wanted[:40])
    return Prior(loaded.id, loaded.state, _final(loaded.id, loaded.state, world))


def _id(wanted: str, by: Actor, world: int) -> UUID | None:
    with connection.cursor() as cursor:
        if wanted.isdigit() and len(wanted) < identity.CODE_LENGTH:
            if not by.unit:
                return None
            cursor.execute("SELECT id FROM case_row WHERE world_id = %s AND number = %s", [world, int(wanted)])
        else:
            digest = identity.code_digest(identity.tidy_code(wanted))
            cursor.execute("SELECT case_id FROM receipt WHERE digest = %s AND world_id = %s", [digest, world])
        row = cursor.fetchone()
    return row[0] if row else None


def _final(case: UUID, state: Case, world: int) -> str:
    """The closed case of a final category that looked at this one again, straight or through another review."""
    reviews = scene_fields.declared(state.scene).reviews
    last = reviews.get("final", ())
    if not last:
        return ""
    if state.category in last and state.stage in OVER:
        return str(case)
    waiting, seen = [case], set[UUID]()
    while waiting and len(seen) < MOST_HOPS:
        one = waiting.pop()
        seen.add(one)
        for other, again in _reviews_of(one, state.scene, (*reviews.get("categories", ()), *last), world):
            if again.category in last and again.stage in OVER:
                return str(other)
            if other not in seen:
                waiting.append(other)
    return ""


def _reviews_of(case: UUID, scene: str, categories: tuple[str, ...], world: int) -> list[tuple[UUID, Case]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM case_row WHERE world_id = %s AND category = ANY(%s) AND scene = %s"
            " AND position(%s in state) > 0",
            [world, list(set(categories)), scene, f'"parent":"{case}"'],
        )
        found = [row[0] for row in cursor.fetchall()]
    return [(one, loaded.state) for one, loaded in change.load_many(found, world).items()]

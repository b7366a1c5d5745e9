"""From a command to a change that can be stored: load, ``decide``, ``evolve``, hold against the laws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from django.db import connection

from bihuan.desk import codec, effects, facts, fences, instant, reasons, rulebooks, scene_fields, scene_rules, vault
from bihuan.desk.actor import Actor
from bihuan.desk.store import Change
from bihuan.kernel import commands as c
from bihuan.kernel import decide, evolve, laws
from bihuan.kernel.case import Case
from bihuan.kernel.events import Recorded
from bihuan.kernel.refused import Refused
from bihuan.kernel.rules import Rules

NOTHING_SEALED = vault.Sealed((), (), {})


@dataclass(frozen=True)
class Loaded:
    """A case as it stands in its row."""

    id: UUID
    district: str
    state: Case


@dataclass(frozen=True)
class Asked:
    """Who asks, for what purpose, in which world, under which key, and when it happened (``None``: now)."""

    by: Actor
    purpose: str
    world: int = 1
    key: str | None = None
    happened_at: datetime | None = None


class Folding:
    """Commands applied one after the other to one case; ``events`` and ``after`` are what they led to."""

    def __init__(self, rules: Rules, state: Case | None, recorded_at: datetime) -> None:
        self.rules = rules
        self.before = state
        self.after = state
        self.recorded_at = recorded_at
        self.events: list[Recorded] = []

    def apply(self, command: c.Command, ctx: c.Ctx) -> None:
        """Raises ``Refused``. An event that breaks a law is a bug of the kernel, and loud."""
        if refused := scene_rules.refusal(self.rules.book.scene, self.after, command, ctx):
            raise refused
        decided = decide(self.rules, self.after, command, ctx)
        if isinstance(decided, Refused):
            raise decided
        made: list[Recorded] = []
        state = self.after
        number = state.version if state is not None else 0
        for event in decided:
            number += 1
            book = self.rules.book.version
            recorded = Recorded(number, event, ctx.person, ctx.unit, ctx.at, self.recorded_at, book)
            state = evolve(state, recorded)
            made.append(recorded)
        if state is not None and made and (broken := laws.violations(self.after, made, state)):
            raise AssertionError(f"the kernel broke its own law: {broken}; command {command}")
        self.after = state
        self.events += made

    def state(self) -> Case:
        if self.after is None:
            raise Refused("no-such-case", law=1)
        return self.after

    def change(self, case: UUID, world: int, district: str, sealed: vault.Sealed) -> Change:
        after = self.state()
        sent = (m for recorded in self.events for m in effects.messages(case, recorded, after))
        return Change(
            case=case,
            world=world,
            district=district,
            before=self.before,
            after=after,
            events=tuple(self.events),
            recorded=self.recorded_at,
            messages=tuple(sent),
            keys=sealed.keys,
            items=sealed.items,
        )


_SELECT = "SELECT id, district, state FROM case_row WHERE id = ANY(%s) AND world_id = %s ORDER BY id"


def load_many(cases: Sequence[UUID], world: int, *, lock: bool = False) -> dict[UUID, Loaded]:
    """Cases by id; ``lock`` takes their rows in order of ids until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(_SELECT + (" FOR UPDATE" if lock else ""), [list(cases), world])
        return {row[0]: Loaded(row[0], row[1], codec.decode_state(row[2])) for row in cursor.fetchall()}


def load(case: UUID, world: int) -> Loaded | None:
    return load_many([case], world).get(case)


def change_of(
    command: c.Command | None,
    loaded: Loaded,
    asked: Asked,
    texts: Mapping[str, str] | None = None,
    audience: Mapping[str, tuple[str, ...]] | None = None,
) -> Change | None:
    """What the command (without one: the texts alone) would change, or ``None`` when nothing. Raises ``Refused``."""
    recorded_at = instant.now(asked.world)
    at = happened(asked.happened_at, loaded.state.opened, recorded_at)
    if asked.happened_at is not None:
        fences.need_told_in_time(loaded.id, loaded.state, at, recorded_at, by=asked.by, world=asked.world)
    fences.need_free(loaded.state, command)
    command = scene_fields.tidied(loaded.state.scene, command)
    # What staff write is the case's own: erasing a colleague must take nothing of it along.
    person = as_uuid(asked.by.person) if not asked.by.unit else None
    said = reasons.texts_of(command, scene_fields.plain_keys(loaded.state.scene)) | dict(texts or {})
    sealed = vault.seal(loaded.id, person, said, vault.find_key(loaded.id, person)) if said else NOTHING_SEALED
    folding = Folding(rulebooks.rules_of(loaded.state), loaded.state, recorded_at)
    asked_for: tuple[c.Command, ...] = () if command is None else (reasons.referring(command, sealed.refs),)
    notes = (note for note in sealed.notes(audience) if note.kind in (texts or {}))
    for one in (*asked_for, *(c.AddNote(note) for note in notes)):
        looked_up = facts.of(loaded.id, folding.state(), one, asked.by, asked.world)
        folding.apply(one, c.Ctx(at, asked.by.person, asked.by.unit, asked.by.roles, looked_up))
    if not folding.events:
        return None
    return folding.change(loaded.id, asked.world, loaded.district, sealed)


def happened(happened_at: datetime | None, opened: datetime | None, now: datetime) -> datetime:
    """When it happened: never after now, never before the case was opened, always in UTC."""
    if happened_at is None:
        return now
    if happened_at.tzinfo is None:
        raise Refused("time-without-zone", happened_at=happened_at.isoformat())
    at = happened_at.astimezone(UTC)
    if at > now:
        raise Refused("time-in-the-future", happened_at=at.isoformat())
    if opened is not None and at < opened:
        raise Refused("time-before-case", law=5, happened_at=at.isoformat(), opened=opened.isoformat())
    return at


def as_uuid(person: str) -> UUID | None:
    try:
        return UUID(person)
    except ValueError:
        return None

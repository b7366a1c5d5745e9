"""The one way in. Load the row, ``decide``, ``evolve``, store where the version is still the one that was read.

Somebody else was faster: decide again on the new state. "Changed meanwhile" is said only when that refuses or when
``expects`` no longer holds.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
from django.conf import settings
from django.db import IntegrityError, connection, transaction

from bihuan.desk import codec, effects, facts, identity, instant, rulebooks, store, vault
from bihuan.desk.actor import Actor
from bihuan.desk.store import Change, Kept
from bihuan.kernel import commands as c
from bihuan.kernel import decide, evolve, laws
from bihuan.kernel.case import Case
from bihuan.kernel.events import Recorded
from bihuan.kernel.refused import Refused
from bihuan.kernel.rules import Rules

ATTEMPTS = 20
NOTHING = vault.Sealed((), (), {})


class Stale(Exception):  # noqa: N818 - an answer, not an error
    """The case changed meanwhile: what was expected no longer holds. ``version`` is the present one."""

    def __init__(self, case: UUID, version: int) -> None:
        super().__init__(f"case {case} has changed meanwhile; it is now at version {version}")
        self.case = case
        self.version = version


class NotFound(LookupError):
    """There is no such case for this actor; whether there is one for others is not said."""


class KeyReused(Exception):  # noqa: N818 - an answer, not an error
    """The idempotency key was used before for something else."""


@dataclass(frozen=True)
class Outcome:
    """What a command led to. ``receipt`` is the code of a new case; ``replayed``: the key was seen before."""

    case: UUID
    version: int
    number: int
    state: Case | None
    events: tuple[Recorded, ...] = ()
    receipt: str = ""
    replayed: bool = False


@dataclass(frozen=True)
class Loaded:
    """A case as it stands in its row."""

    id: UUID
    district: str
    state: Case


@dataclass(frozen=True)
class Asked:
    """Who asks, for what purpose, in which world, when it happened, and under which key."""

    by: Actor
    purpose: str
    world: int = 1
    key: str | None = None
    happened_at: datetime | None = None


def load(case: UUID, world: int) -> Loaded | None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, district, state FROM case_row WHERE id = %s AND world_id = %s", [case, world])
        row = cursor.fetchone()
    return None if row is None else Loaded(row[0], row[1], codec.decode_state(row[2]))


def submit(
    command: c.Command,
    *,
    by: Actor,
    case: UUID,
    purpose: str,
    key: str | None = None,
    world: int = 1,
    happened_at: datetime | None = None,
    expects: int | None = None,
    texts: Mapping[str, str] | None = None,
) -> Outcome:
    """Change one case. ``texts`` (note kind to free text) go to the vault and into the case as notes.

    Raises ``Refused`` (names the law or rule), ``Stale``, ``NotFound``, ``KeyReused``.
    """
    asked = Asked(by, purpose, world, key, happened_at)
    digest = _digest(case, command, texts)
    if key is not None and (earlier := replay(world, by.person, key, digest)) is not None:
        return earlier
    raced = False
    for _ in range(ATTEMPTS):
        loaded = load(case, world)
        if loaded is None or not may_act(by, loaded):
            raise NotFound(str(case))
        if expects is not None and loaded.state.version != expects:
            raise Stale(case, loaded.state.version)
        try:
            change = change_of(command, loaded, asked, texts)
        except Refused:
            if raced and expects is not None:
                raise Stale(case, loaded.state.version) from None
            raise
        if change is None:
            return Outcome(case, loaded.state.version, loaded.state.number, loaded.state)
        try:
            if store.write(_keep(change, by.person, key, digest, "")):
                return Outcome(case, change.after.version, change.after.number, change.after, change.events)
        except IntegrityError:
            return _lost_race(world, by.person, key, digest)
        raced = True
    raise Stale(case, -1)


def may_act(by: Actor, loaded: Loaded) -> bool:
    """Law 7 before any rule: to a barred unit, and to whoever may not know of it, a case does not exist."""
    from bihuan.desk import access  # noqa: PLC0415 - access reads cases through this module

    return access.may_act(by, loaded.state, loaded.id)


def change_of(
    command: c.Command, loaded: Loaded, asked: Asked, texts: Mapping[str, str] | None = None
) -> Change | None:
    """What the command would change, or ``None`` when nothing. Raises ``Refused``. Stores nothing."""
    state = loaded.state
    recorded_at = instant.now(asked.world)
    at = _happened(asked.happened_at, state.opened, recorded_at)
    sealed = _sealed(loaded.id, _uuid(asked.by.person), texts)
    commands = [command, *(c.AddNote(note) for note in sealed.notes())]
    rules = rulebooks.rules_of(state)
    events: list[Recorded] = []
    after = state
    for one in commands:
        ctx = c.Ctx(at, asked.by.person, asked.by.unit, asked.by.roles, facts.of(loaded.id, after, one))
        after = _apply(rules, after, one, ctx, recorded_at, events)
    if not events:
        return None
    return _change(loaded.id, asked.world, loaded.district, state, after, events, recorded_at, sealed)


def _sealed(case: UUID, person: UUID | None, texts: Mapping[str, str] | None) -> vault.Sealed:
    return vault.seal(case, person, texts, vault.find_key(case, person)) if texts else NOTHING


def _apply(
    rules: Rules,
    state: Case | None,
    command: c.Command,
    ctx: c.Ctx,
    recorded_at: datetime,
    events: list[Recorded],
) -> Case:
    decided = decide(rules, state, command, ctx)
    if isinstance(decided, Refused):
        raise decided
    number = state.version if state is not None else 0
    after, made = state, []
    for event in decided:
        number += 1
        recorded = Recorded(number, event, ctx.person, ctx.unit, ctx.at, recorded_at, rules.book.version)
        after = evolve(after, recorded)
        made.append(recorded)
    if after is None:
        raise Refused("nothing-happened")
    if made and (broken := laws.violations(state, made, after)):
        raise AssertionError(f"the kernel broke its own law: {broken}; command {command}")
    events += made
    return after


def _change(
    case: UUID,
    world: int,
    district: str,
    before: Case | None,
    after: Case,
    events: Sequence[Recorded],
    recorded: datetime,
    sealed: vault.Sealed,
) -> Change:
    messages = tuple(m for r in events for m in effects.messages(case, before, r, after))
    return Change(
        case=case,
        world=world,
        district=district,
        before=before,
        after=after,
        events=tuple(events),
        recorded=recorded,
        messages=messages,
        keys=sealed.keys,
        items=sealed.items,
    )


def _happened(happened_at: datetime | None, opened: datetime | None, now: datetime) -> datetime:
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


def _uuid(person: str) -> UUID | None:
    try:
        return UUID(person)
    except ValueError:
        return None


# -- idempotency -------------------------------------------------------------------------------------------------


def _digest(*parts: object) -> bytes:
    return hashlib.sha256(orjson.dumps(parts, default=str)).digest()


def replay(world: int, who: str, key: str, digest: bytes) -> Outcome | None:
    """The answer given before under this key, if any. Raises ``KeyReused`` when something else was asked then."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT digest, body FROM answer WHERE world_id = %s AND who = %s AND key = %s", [world, who, key]
        )
        row = cursor.fetchone()
    if row is None:
        return None
    if bytes(row[0]) != digest:
        raise KeyReused(key)
    kept: dict[str, Any] = orjson.loads(row[1])
    receipt = identity.new_code(world, who, key) if kept["receipt"] else ""
    return Outcome(UUID(kept["case"]), kept["version"], kept["number"], None, receipt=receipt, replayed=True)


def _lost_race(world: int, who: str, key: str | None, digest: bytes) -> Outcome:
    """Two requests under one key met in the database: the other one's answer is the answer."""
    if key is not None and (earlier := replay(world, who, key, digest)) is not None:
        return earlier
    raise


def _keep(change: Change, who: str, key: str | None, digest: bytes, receipt: str) -> Change:
    if key is None:
        return change
    body = orjson.dumps(
        {"case": change.case, "version": change.after.version, "number": change.after.number, "receipt": bool(receipt)}
    ).decode()
    return replace(change, answer=Kept(who, key, digest, 201 if receipt else 200, body))


# -- registration ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Intake:
    """A report as it comes in. ``texts``: note kind to free text or personal data (``text``, ``contact``).

    ``lon``/``lat`` are WGS84 degrees (converted at the edge). ``barred``: units that the matter accuses.
    """

    category: str
    place: str
    channel: str
    texts: Mapping[str, str]
    scene: str = "city"
    lon: float | None = None
    lat: float | None = None
    barred: tuple[str, ...] = ()
    seal: str | None = None
    is_order: bool = False
    parent: UUID | None = None


def report(
    intake: Intake,
    *,
    by: Actor,
    purpose: str,
    key: str | None = None,
    world: int = 1,
    happened_at: datetime | None = None,
) -> Outcome:
    """Register a case: number, receipt code and first clock at once, in one round trip to the database."""
    asked = Asked(by, purpose, world, key, happened_at)
    digest = _digest(intake)
    if key is not None and (earlier := replay(world, by.person, key, digest)) is not None:
        return earlier
    change, code = registration(intake, asked, number=identity.next_number(world))
    try:
        store.write(_keep(change, by.person, key, digest, code))
    except IntegrityError:
        return _lost_race(world, by.person, key, digest)
    return Outcome(change.case, change.after.version, change.after.number, change.after, change.events, code)


def registration(intake: Intake, asked: Asked, *, number: int) -> tuple[Change, str]:
    """The change that registers ``intake``, and its receipt code. Stores nothing."""
    case = identity.new_id()
    by = asked.by
    recorded_at = instant.now(asked.world)
    at = _happened(asked.happened_at, None, recorded_at)
    code = identity.new_code(asked.world, by.person, asked.key)
    person = _uuid(by.person) or (identity.new_id() if intake.texts.get("contact") else None)
    sealed = vault.seal(case, person, intake.texts) if intake.texts else NOTHING
    receipt = identity.code_digest(code)
    command = c.Register(
        number=number,
        receipt=receipt.hex(),
        category=intake.category,
        place=intake.place,
        channel=intake.channel,
        reporter=str(person) if person else "",
        notes=sealed.notes(),
        seal=facts.seal(intake.seal),
        barred=facts.barred(intake.barred),
        parent=str(intake.parent) if intake.parent else "",
        is_order=intake.is_order,
    )
    rules = rulebooks.rules_for(intake.scene, at)
    ctx = c.Ctx(at, by.person or str(person or ""), by.unit, by.roles, {})
    events: list[Recorded] = []
    after = _apply(rules, None, command, ctx, recorded_at, events)
    change = _change(case, asked.world, settings.DISTRICT, None, after, events, recorded_at, sealed)
    return replace(change, receipt=receipt, lon=intake.lon, lat=intake.lat), code


def report_many(
    intakes: Iterable[Intake], *, by: Actor, purpose: str, world: int = 1, slice_size: int = 1000
) -> Iterator[Outcome]:
    """Register many cases with all laws on, by COPY, a slice a transaction; memory does not grow with their number.

    A slice is stored whole or not at all: when one report of it is refused, its index and the refusal are raised.
    """
    asked = Asked(by, purpose, world)
    for batch in _sliced(intakes, slice_size):
        numbers = identity.next_numbers(world, len(batch))
        made = [registration(intake, asked, number=n) for intake, n in zip(batch, numbers, strict=True)]
        store.write_many([change for change, _ in made])
        for change, code in made:
            yield Outcome(change.case, change.after.version, change.after.number, change.after, change.events, code)


def _sliced(intakes: Iterable[Intake], size: int) -> Iterator[list[Intake]]:
    batch: list[Intake] = []
    for intake in intakes:
        batch.append(intake)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


# -- many at once, two at once -----------------------------------------------------------------------------------


def submit_many(command: c.Command, cases: Sequence[UUID], *, by: Actor, purpose: str, world: int = 1) -> int:
    """The same command to many cases in one transaction; returns how many changed. Cases that refuse are left alone.

    Cases that somebody else changed meanwhile are left for the next call: for ticks and recomputations, which come again.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, district, state FROM case_row WHERE id = ANY(%s) AND world_id = %s", [list(cases), world]
        )
        rows = [Loaded(row[0], row[1], codec.decode_state(row[2])) for row in cursor.fetchall()]
    asked = Asked(by, purpose, world)
    changes = []
    for loaded in rows:
        try:
            change = change_of(command, loaded, asked)
        except Refused:
            continue
        if change is not None:
            changes.append(change)
    return len(store.write_many(changes))


def submit_both(
    first: tuple[UUID, c.Command], second: tuple[UUID, c.Command], *, by: Actor, purpose: str, world: int = 1
) -> tuple[Outcome, Outcome]:
    """Two commands on two cases, both or neither; the rows are locked in order of their ids."""
    asked = Asked(by, purpose, world)
    with transaction.atomic():
        locked = lock(sorted({first[0], second[0]}), world)
        outcomes = []
        for case, command in (first, second):
            loaded = locked.get(case)
            if loaded is None or not may_act(by, loaded):
                raise NotFound(str(case))
            change = change_of(command, loaded, asked)
            if change is None or not store.write(change):
                raise Stale(case, loaded.state.version)
            outcomes.append(
                Outcome(case, change.after.version, change.after.number, change.after, change.events)
            )
    return outcomes[0], outcomes[1]


def lock(cases: Sequence[UUID], world: int) -> dict[UUID, Loaded]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, district, state FROM case_row WHERE id = ANY(%s) AND world_id = %s ORDER BY id FOR UPDATE",
            [list(cases), world],
        )
        return {row[0]: Loaded(row[0], row[1], codec.decode_state(row[2])) for row in cursor.fetchall()}


def merge(case: UUID, into: UUID, *, by: Actor, purpose: str, world: int = 1) -> tuple[Outcome, Outcome]:
    """Merge ``case`` into ``into``: highest seal, earliest statutory dates, all receipts."""
    if case == into:
        raise Refused("merge-with-itself", law=1)
    other = load(case, world)
    if other is None or not may_act(by, other):
        raise NotFound(str(case))
    state = other.state
    promises = tuple(c.Promise(k.key, k.due) for k in state.clocks if k.is_ticking and k.statutory)
    reporters = tuple(person for person in (state.reporter, *state.joined) if person)
    absorb = c.Absorb(str(case), state.receipts, reporters, state.seal, promises, state.barred)
    return submit_both((case, c.MergeInto(str(into), state.seal)), (into, absorb), by=by, purpose=purpose, world=world)


def unmerge(case: UUID, reason: str, *, by: Actor, purpose: str, world: int = 1) -> tuple[Outcome, Outcome]:
    other = load(case, world)
    if other is None or not may_act(by, other) or not other.state.merged_into:
        raise NotFound(str(case))
    lead = UUID(other.state.merged_into)
    part = c.Part(str(case), other.state.receipts)
    return submit_both((case, c.Unmerge(reason)), (lead, part), by=by, purpose=purpose, world=world)


def split(case: UUID, parts: Sequence[Intake], *, by: Actor, purpose: str, world: int = 1) -> list[Outcome]:
    """Child cases of one case, all or none; each with its own receipt and clocks."""
    children = []
    with transaction.atomic():
        locked = lock([case], world)
        if case not in locked or not may_act(by, locked[case]):
            raise NotFound(str(case))
        for intake in parts:
            child = report(replace(intake, parent=case), by=by, purpose=purpose, world=world)
            submit(c.AddChild(str(child.case)), by=by, case=case, purpose=purpose, world=world)
            children.append(child)
    return children

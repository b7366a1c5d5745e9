"""The one way in. Load the row, ``decide``, ``evolve``, store where the version is still the one that was read.

Somebody else was faster: decide again on the new state. "Changed meanwhile" is said only when that refuses or when
``expects`` no longer holds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from bihuan.desk import access, answers, facts, photos, reasons, store, vault
from bihuan.desk.access import NotFound
from bihuan.desk.actor import Actor
from bihuan.desk.answers import KeyReused, Outcome
from bihuan.desk.change import Asked, Loaded, change_of, load, load_many
from bihuan.desk.intake import Intake, register
from bihuan.kernel import commands as c
from bihuan.kernel.case import Seal
from bihuan.kernel.refused import Refused

__all__ = ["KeyReused", "NotFound", "Outcome", "Stale", "merge", "split", "submit", "submit_many", "unmerge"]

ATTEMPTS = 30


class Stale(Exception):
    """The case changed meanwhile: what was expected no longer holds. ``version`` is the present one."""

    def __init__(self, case: UUID, version: int) -> None:
        super().__init__(f"case {case} has changed meanwhile; it is now at version {version}")
        self.case = case
        self.version = version


def submit(
    command: c.Command | None,
    *,
    by: Actor,
    case: UUID,
    purpose: str,
    key: str | None = None,
    world: int = 1,
    happened_at: datetime | None = None,
    expects: int | None = None,
    texts: Mapping[str, str] | None = None,
    audience: Mapping[str, tuple[str, ...]] | None = None,
) -> Outcome:
    """Change one case. ``texts`` (note kind to free text) go to the vault and into the case as notes.

    Without a command the texts are all that is new. ``audience``: note kind to the roles that may read it.
    Raises ``Refused`` (names the law or rule), ``Stale``, ``NotFound``, ``KeyReused``.
    """
    asked = Asked(by, purpose, world, key, happened_at)
    digest = answers.digest_of(case, command, texts, audience)
    if earlier := answers.replay(world, by.person, key, digest):
        return earlier
    for attempt in range(ATTEMPTS):
        loaded = _known(load(case, world), by, case, world)
        if expects is not None and loaded.state.version != expects:
            raise Stale(case, loaded.state.version)
        change = change_of(command, loaded, asked, texts, audience)
        if change is None:
            return Outcome(case, loaded.state.version, loaded.state.number, loaded.state)
        photos.claim(one.event for one in change.events)
        try:
            if store.write(answers.keep(change, by.person, key, digest)):
                return answers.outcome(change)
        except IntegrityError:
            if earlier := answers.replay(world, by.person, key, digest):
                return earlier
            if attempt == ATTEMPTS - 1:
                raise
    raise Stale(case, expects or 0)


def _known(loaded: Loaded | None, by: Actor, case: UUID, world: int) -> Loaded:
    """Law 7 before any rule: to a barred unit, and to whoever may not know of it, a case does not exist."""
    if loaded is None or not access.may_act(by, loaded.state, loaded.id, world=world):
        raise NotFound(str(case))
    return loaded


def submit_many(command: c.Command, cases: Sequence[UUID], *, by: Actor, purpose: str, world: int = 1) -> int:
    """The same command to many cases in one transaction; returns how many changed. Cases that refuse are left alone.

    Cases that somebody else changed meanwhile are left for the next call: for ticks and recomputations, which return.
    """
    asked = Asked(by, purpose, world)
    changes = []
    for loaded in load_many(cases, world).values():
        try:
            change = change_of(command, loaded, asked)
        except Refused:
            continue
        if change is not None:
            changes.append(change)
    return len(store.write_many(changes))


def _submit_both(
    first: tuple[UUID, c.Command],
    second: tuple[UUID, c.Command],
    asked: Asked,
    locked: Mapping[UUID, Loaded],
    key: _Key,
) -> tuple[Outcome, ...]:
    """Two commands on two locked cases: both or neither, and so are the answers kept under the key."""
    outcomes = []
    for (case, command), own in zip((first, second), key.names, strict=True):
        loaded = _known(locked.get(case), asked.by, case, asked.world)
        change = change_of(command, loaded, asked)
        if change is None or not store.write(answers.keep(change, asked.by.person, own, key.digest)):
            raise Stale(case, loaded.state.version)
        outcomes.append(answers.outcome(change))
    return tuple(outcomes)


class _Key:
    """The idempotency key of what changes several cases: an answer for each. The digest covers all that was asked."""

    def __init__(self, key: str | None, ends: Sequence[str], *what: object) -> None:
        self.names = tuple(None if key is None else f"{key}{end}" for end in ends)
        self.digest = answers.digest_of(*what)

    def replay(self, world: int, by: Actor) -> tuple[Outcome, ...] | None:
        kept = [answers.replay(world, by.person, name, self.digest) for name in self.names]
        found = tuple(outcome for outcome in kept if outcome is not None)
        return found if found and len(found) == len(kept) else None


def _pair(key: str | None, *what: object) -> _Key:
    return _Key(key, ("", ":other"), *what)


def _once(work: Callable[[], tuple[Outcome, ...]], key: _Key, world: int, by: Actor) -> tuple[Outcome, ...]:
    """The answers given before under the key, or the work; of two at once, one works and the other gets its answers."""
    if earlier := key.replay(world, by):
        return earlier
    try:
        with transaction.atomic():
            return work()
    except (IntegrityError, Refused, Stale):
        if earlier := key.replay(world, by):
            return earlier
        raise


def _spoken(case: UUID, brought: c.Absorb) -> c.Absorb:
    """With the words of the holds that come along: their references lead into the vault of the case they leave."""
    refs = list(reasons.refs_in(brought.holds))
    return reasons.told(brought, reasons.spoken(vault.open_items(case, refs))) if refs else brought


def merge(
    case: UUID, into: UUID, *, by: Actor, purpose: str, key: str | None = None, world: int = 1
) -> tuple[Outcome, ...]:
    """Merge ``case`` into ``into``: highest seal, earliest statutory dates, all receipts."""
    if case == into:
        raise Refused("merge-with-itself", law=1)
    once = _pair(key, "merge", case, into)

    def work() -> tuple[Outcome, ...]:
        locked = load_many([case, into], world, lock=True)
        state = _known(locked.get(case), by, case, world).state
        lead = _known(locked.get(into), by, into, world).state
        command = c.MergeInto(str(into), lead.seal)
        absorb = _spoken(case, c.hand_over(str(case), state))
        return _submit_both((case, command), (into, absorb), Asked(by, purpose, world), locked, once)

    return _once(work, once, world, by)


def unmerge(
    case: UUID, reason: str, *, by: Actor, purpose: str, key: str | None = None, world: int = 1
) -> tuple[Outcome, ...]:
    """The merged case stands on its own again, with its receipts and the dates it had."""
    once = _pair(key, "unmerge", case, reason)

    def work() -> tuple[Outcome, ...]:
        merged = _known(load(case, world), by, case, world)
        if not merged.state.merged_into:
            raise Refused("not-merged", law=1)
        lead = UUID(merged.state.merged_into)
        locked = load_many([case, lead], world, lock=True)
        state = merged.state
        reporters = tuple(person for person in (state.reporter, *state.joined) if person)
        part = c.Part(str(case), state.receipts, reporters)
        return _submit_both((case, c.Unmerge(reason)), (lead, part), Asked(by, purpose, world), locked, once)

    return _once(work, once, world, by)


def split(
    case: UUID, parts: Sequence[Intake], *, by: Actor, purpose: str, key: str | None = None, world: int = 1
) -> list[Outcome]:
    """Child cases of one case, all or none; each with its own receipt and clocks. The same key gives the same ones.

    A part is no way round a seal: it is sealed no lower than the whole, and barred to the same units.
    """
    once = _Key(key, [f":{number}" for number in range(len(parts))], "split", case, parts)

    def work() -> tuple[Outcome, ...]:
        locked = load_many([case], world, lock=True)
        whole = _known(locked.get(case), by, case, world).state
        children = []
        for part, name in zip(parts, once.names, strict=True):
            seal = max(facts.seal(part.seal) or Seal.L0, whole.seal)
            below = replace(part, parent=case, seal=seal, barred=(*part.barred, *whole.barred))
            child = register(below, Asked(by, purpose, world, name), once.digest)
            submit(c.AddChild(str(child.case)), by=by, case=case, purpose=purpose, world=world)
            children.append(child)
        return tuple(children)

    return list(_once(work, once, world, by))

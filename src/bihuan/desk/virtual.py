"""Many commands on many cases of a world with a clock of its own, a stretch of time in one transaction.

What comes out is what would have come out had each been submitted at its own instant with a ticker that is never late;
only the recorded time differs (it is the end of the stretch). So a month of a district passes in minutes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction

from bihuan.desk import access, answers, effects, facts, identity, instant, reasons, rulebooks, store, vault, worlds
from bihuan.desk.access import NotFound
from bihuan.desk.actor import SYSTEM, Actor
from bihuan.desk.answers import Outcome
from bihuan.desk.change import Asked, Folding, Loaded, as_uuid, load_many
from bihuan.desk.history import digest
from bihuan.desk.intake import Intake, registration
from bihuan.desk.store import Change
from bihuan.desk.worlds import create, drop, every, get
from bihuan.kernel import commands as c
from bihuan.kernel import due
from bihuan.kernel.refused import Refused
from bihuan.kernel.rules import Rulebook

__all__ = ["PURPOSE", "Played", "Report", "Step", "book_at", "create", "digest", "drop", "every", "get", "play", "zone"]

PURPOSE = "推演 simulation"


def zone() -> str:
    """The time zone of the district, as the calendar names it."""
    return str(settings.ZONE)


def book_at(scene: str, at: datetime) -> Rulebook:
    """The rulebook of a scene at an instant. Raises ``Refused`` (``no-rulebook``)."""
    return rulebooks.rules_for(scene, at).book


@dataclass(frozen=True)
class Report:
    """A report at its own instant; ``by`` is who reports."""

    at: datetime
    by: Actor
    intake: Intake


@dataclass(frozen=True)
class Step:
    """A command at its own instant, with free texts beside it (note kind to text)."""

    at: datetime
    by: Actor
    command: c.Command
    texts: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Played:
    """``reports``: the outcomes, in the order given; ``cases``: what the others led to; ``refused``: what was not."""

    reports: tuple[Outcome, ...]
    cases: Mapping[UUID, Outcome]
    refused: tuple[tuple[UUID, Step, Refused], ...]


def play(world: int, until: datetime, reports: Sequence[Report], steps: Mapping[UUID, Sequence[Step]]) -> Played:
    """Let time run to ``until``: take the reports, apply the steps and every tick that falls due, each at its instant.

    Everything lies after the world's present and not after ``until``. A step that is refused is left out and returned.
    Raises ``Refused`` (``real-time-is-not-set``, ``time-runs-forward``) and ``NoSuchWorld``; then nothing was stored.
    """
    _check(world, until, reports, steps)
    with transaction.atomic():
        worlds.set_virtual_now(world, until)
        new = _register(world, until, reports)
        found = load_many([*steps, *_due(world, until)], world, lock=True)
        if missing := steps.keys() - found.keys():
            raise NotFound(str(min(missing)))
        keys = _keys([case for case, each in steps.items() if any(_said(step) for step in each)])
        folded = [
            _Played(one, until, world, keys.get(one.id, {})).fold(steps.get(one.id, ())) for one in found.values()
        ]
        moved = [change for one in folded if (change := one.change()) is not None]
        _write(world, [*(change for change, _ in new), *moved])
    return Played(
        tuple(answers.outcome(change, code) for change, code in new),
        {change.case: answers.outcome(change) for change in moved},
        tuple((one.case, step, why) for one in folded for step, why in one.refused),
    )


def _write(world: int, changes: Sequence[Change]) -> None:
    """A simulation's messages never leave, so they are not stored; a drill's do."""
    is_drill = worlds.get(world).kind == "drill"
    store.write_many(changes if is_drill else [replace(change, messages=()) for change in changes])


def _check(world: int, until: datetime, reports: Sequence[Report], steps: Mapping[UUID, Sequence[Step]]) -> None:
    if world == instant.REAL_WORLD:
        raise Refused("real-time-is-not-set", law=8)
    now = instant.now(world)
    instants = [*(one.at for one in reports), *(step.at for each in steps.values() for step in each)]
    if wrong := [at for at in instants if not now <= at <= until]:
        raise Refused("time-runs-forward", law=8, now=now.isoformat(), at=wrong[0].isoformat())


def _register(world: int, until: datetime, reports: Sequence[Report]) -> list[tuple[Change, str]]:
    numbers = identity.next_numbers(world, len(reports)) if reports else range(0)
    return [
        _ticked(registration(one.intake, _asked(world, one), number=number, recorded_at=until), until)
        for number, one in zip(numbers, reports, strict=True)
    ]


def _asked(world: int, one: Report) -> Asked:
    return Asked(one.by, PURPOSE, world, None, one.at)


def _ticked(made: tuple[Change, str], until: datetime) -> tuple[Change, str]:
    """A new case whose first clock already speaks before the stretch ends."""
    change, code = made
    first = due(change.after)
    if first is None or first > until:
        return made
    folding = Folding(rulebooks.rules_of(change.after), change.after, until)
    _tick(folding, until)
    sent = (m for recorded in folding.events for m in effects.messages(change.case, recorded, folding.state()))
    events, messages = (*change.events, *folding.events), (*change.messages, *sent)
    return replace(change, after=folding.state(), events=events, messages=messages), code


def _due(world: int, until: datetime) -> list[UUID]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM case_row WHERE world_id = %s AND next_due <= %s", [world, until])
        return [row[0] for row in cursor.fetchall()]


def _tick(folding: Folding, until: datetime) -> None:
    """Every instant that falls due up to ``until``, one after the other."""
    while (at := due(folding.state())) is not None and at <= until:
        before = len(folding.events)
        folding.apply(c.Tick(), c.Ctx(at, SYSTEM.person, SYSTEM.unit, SYSTEM.roles))
        if len(folding.events) == before:
            return


def _said(step: Step) -> dict[str, str]:
    """Its free texts: the reasons in its command, and the notes beside it."""
    return reasons.texts_of(step.command) | dict(step.texts or {})


def _keys(cases: Sequence[UUID]) -> dict[UUID, dict[UUID | None, vault.KeyRow]]:
    """The living keys of cases by person, as ``vault.find_key`` finds them one by one."""
    found: dict[UUID, dict[UUID | None, vault.KeyRow]] = {}
    if cases:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT case_id, id, person, wrapped FROM vault_key WHERE case_id = ANY(%s) AND wrapped IS NOT NULL"
                " ORDER BY id",
                [list(cases)],
            )
            for case, key, person, wrapped in cursor.fetchall():
                found.setdefault(case, {}).setdefault(person, vault.KeyRow(key, person, bytes(wrapped)))
    return found


class _Played:
    """One case on its way through the stretch."""

    def __init__(self, loaded: Loaded, until: datetime, world: int, keys: Mapping[UUID | None, vault.KeyRow]) -> None:
        self.keys = keys
        self.case = loaded.id
        self.world = world
        self.district = loaded.district
        self.until = until
        self.folding = Folding(rulebooks.rules_of(loaded.state), loaded.state, until)
        self.sealed = vault.Sealed((), (), {})
        self.refused: list[tuple[Step, Refused]] = []

    def fold(self, steps: Sequence[Step]) -> _Played:
        for step in sorted(steps, key=lambda one: one.at):
            _tick(self.folding, step.at)
            try:
                self._apply(step)
            except Refused as why:
                self.refused.append((step, why))
        _tick(self.folding, self.until)
        return self

    def _apply(self, step: Step) -> None:
        if not access.may_act(step.by, self.folding.state(), self.case, world=self.world):
            raise Refused("no-such-case", law=7)
        sealed = self._seal(step)
        asked = reasons.referring(step.command, sealed.refs)
        notes = (note for note in sealed.notes() if note.kind in (step.texts or {}))
        before = len(self.folding.events)
        try:
            for one in (asked, *(c.AddNote(note) for note in notes)):
                looked_up = facts.of(self.case, self.folding.state(), one, step.by, self.world)
                self.folding.apply(one, c.Ctx(step.at, step.by.person, step.by.unit, step.by.roles, looked_up))
        finally:
            if len(self.folding.events) > before:
                self.sealed = vault.Sealed(self.sealed.keys + sealed.keys, self.sealed.items + sealed.items, {})

    def _seal(self, step: Step) -> vault.Sealed:
        said = _said(step)
        if not said:
            return vault.Sealed((), (), {})
        person = as_uuid(step.by.person) if not step.by.unit else None
        return vault.seal(self.case, person, said, self._key(person))

    def _key(self, person: UUID | None) -> vault.KeyRow | None:
        """The key that this stretch has made for the person already, or the one that is stored."""
        own = (key for key in self.sealed.keys if key[1] == person)
        return next((vault.KeyRow(*key) for key in own), None) or self.keys.get(person)

    def change(self) -> Change | None:
        return self.folding.change(self.case, self.world, self.district, self.sealed) if self.folding.events else None

"""The rights of people over what is kept about them, and the care of the keys: for doors, which have no clock."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from bihuan.desk import access, breakglass, instant, keyring, looks, vault
from bihuan.desk.actor import Actor
from bihuan.desk.breakglass import Glass
from bihuan.desk.keyring import Report
from bihuan.desk.looks import Look
from bihuan.desk.seals import Viewer
from bihuan.desk.vault import Erasure
from bihuan.kernel.refused import Refused

ERASERS = frozenset({"head", "oversight", "system"})
LOOK_BACK = timedelta(days=30)


def erase_person(by: Actor, person: UUID, reason: str) -> Erasure:
    """Erase a person in every case, after the hand of a head or of oversight, with a reason. It cannot be undone."""
    return vault.erase_person(person, by=by, reason=_may_erase(by, person, None, reason), at=instant.wall())


def erase_case_person(by: Actor, case: UUID, person: UUID | None, reason: str) -> Erasure:
    """Erase a person in one case; without a person, the case's own notes (a retention that has run out)."""
    tidy = _may_erase(by, person, case, reason)
    return vault.erase_case_person(case, person, by=by, reason=tidy, at=instant.wall())


def who_looked(by: Actor, *, world: int = 1) -> tuple[Look, ...]:
    """谁看过我: for a signed-in person, every look at what is kept about him."""
    eyes, at = _eyes(by, world)
    if eyes.person is None:
        raise Refused("person-missing", law=7)
    return looks.who_looked(eyes, eyes.person, at=at, world=world)


def alerts(by: Actor, *, since: datetime | None = None, world: int = 1) -> tuple[Look, ...]:
    """For oversight: looks at a person that name no case or no purpose, of the last thirty days unless told."""
    eyes, at = _eyes(by, world)
    return looks.looks_without_case(eyes, since=since or at - LOOK_BACK, at=at, world=world)


def refusals(by: Actor, *, since: datetime | None = None, world: int = 1) -> tuple[Look, ...]:
    """For oversight: what was asked and refused, of the last thirty days unless told."""
    eyes, at = _eyes(by, world)
    return looks.refusals(eyes, since=since or at - LOOK_BACK, at=at, world=world)


def withheld(by: Actor, *, since: datetime | None = None, world: int = 1) -> tuple[Look, ...]:
    """For oversight: looks that a law forbids telling the person, of the last thirty days unless told."""
    eyes, at = _eyes(by, world)
    return looks.all_withheld(eyes, since=since or at - LOOK_BACK, at=at, world=world)


def overdue_reviews(by: Actor, *, world: int = 1) -> tuple[Glass, ...]:
    """For oversight and heads: openings of sealed cases that nobody looked at again within a day."""
    eyes, at = _eyes(by, world)
    return breakglass.overdue_reviews(eyes, at=at, world=world)


def verify_keys() -> Report:
    return keyring.verify()


def rotate_keys() -> int:
    """A new master for all keys; returns how many were put under it."""
    return keyring.rotate()


def export_keys(to: Path) -> None:
    """A copy of keys and register for the safe, to be kept apart from copies of the database."""
    keyring.export(to)


def _eyes(by: Actor, world: int) -> tuple[Viewer, datetime]:
    at = instant.now(world)
    return access.viewer_of(by, at, world=world), at


def _may_erase(by: Actor, person: UUID | None, case: UUID | None, reason: str) -> str:
    tidy = " ".join(reason.split())
    if not by.roles & ERASERS:
        looks.log_read(by, case, person, "erase", "", outcome=looks.REFUSED, at=instant.wall())
        raise Refused("wrong-role", law=7, needs="head | oversight")
    if len(tidy) < 2:
        raise Refused("reason-missing", law=7)
    return tidy

"""Real texts instead of drawn ones: letters from a file, handed in over the days of a plan and worked like all else."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bihuan.kernel.rules import Rulebook
from bihuan.testing.district.plan import Plan
from bihuan.testing.district.reports import CHANNELS, HOURS, Drawn, Family, families_of, person_of

# They arrive in the first part of the time, so that the last ones too can be dealt with.
ARRIVING = 0.5


class UnknownCategory(ValueError):
    """A category that the rulebook does not have."""


@dataclass(frozen=True)
class Letter:
    """``category`` is empty where nobody could say."""

    text: str
    category: str


@dataclass(frozen=True)
class Post:
    """Letters to be worked instead of drawn reports; ``rest``: what triage makes of those without a category."""

    letters: Sequence[Letter]
    rest: str


def arriving(plan: Plan) -> Plan:
    """The part of the time in which they come: staff is planned for it."""
    return replace(plan, days=max(1, int(plan.days * ARRIVING)))


def spread(plan: Plan, book: Rulebook, post: Post, places: Sequence[tuple[str, str]], zone: str) -> list[Drawn]:
    """The letters in their order, from fictional people in drawn places. Raises ``UnknownCategory``."""
    letters, rest, known = post.letters, post.rest, set(book.categories)
    if wrong := sorted({rest, *(one.category for one in letters if one.category)} - known):
        raise UnknownCategory(", ".join(wrong))
    rng = random.Random(f"{plan.seed}:letters")  # noqa: S311 - a district, not a secret
    kinds = {code: family for family in families_of(book) for code in family.codes}
    midnight = datetime.combine(plan.start, datetime.min.time(), ZoneInfo(zone))
    days = arriving(plan).days
    instants = sorted(_instant(rng, midnight, number * days // len(letters)) for number in range(len(letters)))
    return [
        _drawn(rng, plan.seed, number, at, letter, kinds, rest, rng.choice(places)[0])
        for number, (at, letter) in enumerate(zip(instants, letters, strict=True))
    ]


def _instant(rng: random.Random, midnight: datetime, day: int) -> datetime:
    hour = rng.choices(range(24), HOURS["day"])[0]
    return midnight + timedelta(days=day, hours=hour, seconds=rng.randrange(3600))


def _drawn(  # noqa: PLR0917 - each letter's own
    rng: random.Random, seed: int, number: int, at: datetime, letter: Letter, kinds: dict[str, Family], rest: str,
    place: str,
) -> Drawn:  # fmt: skip
    category = letter.category or rest
    channel = rng.choices([name for name, _ in CHANNELS], [share for _, share in CHANNELS])[0]
    return Drawn(
        number=number,
        at=at,
        family=kinds.get(category) or Family("letter", (category,), 1, "day", 60, 24, ()),
        category=category,
        place=place,
        true_place=place,
        text=letter.text,
        channel=channel,
        person=str(person_of(seed, number)),
        said=letter.category,
    )

"""Who reports what, when and where: drawn from a seed, day by day, by the families of ``families.toml``."""

from __future__ import annotations

import random
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from bihuan.desk import api
from bihuan.kernel.rules import Rulebook
from bihuan.testing.district.plan import Plan

PEOPLE = UUID("3b7b2c64-5a0e-5a5f-9a5e-0d9c0f6f3c11")  # ids of the fictional residents are derived from this
CHANNELS = (("web", 30), ("hotline", 35), ("patrol", 30), ("wechat", 5))
# How often something is reported in each hour of the day, by the habit of a family.
HOURS = {
    "office": [0] * 8 + [4, 9, 9, 7, 3, 4, 8, 8, 6, 3, 1, 0, 0, 0, 0, 0],
    "day": [0, 0, 0, 0, 0, 1, 3, 6, 9, 9, 8, 7, 5, 6, 7, 7, 7, 6, 5, 4, 3, 2, 1, 0],
    "evening": [1, 0, 0, 0, 0, 0, 1, 2, 3, 3, 3, 3, 4, 3, 3, 3, 4, 6, 8, 10, 10, 8, 5, 2],
    "night": [9, 6, 3, 2, 1, 1, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 3, 5, 8, 11, 11],
    "around": [1, 1, 1, 1, 1, 2, 4, 6, 7, 6, 6, 5, 5, 5, 5, 5, 6, 7, 7, 6, 5, 4, 3, 2],
    "weekend": [0, 0, 0, 0, 0, 0, 0, 0, 1, 3, 5, 6, 6, 7, 8, 8, 8, 9, 11, 12, 10, 6, 3, 1],
}
SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜"
WEEKEND_SHARE, RAINY, RAIN_STAYS = 0.7, 0.25, 0.55
SATURDAY = 5


@dataclass(frozen=True)
class Family:
    """A kind of matter: which categories, how often (per thousand), when, and how much work it is."""

    key: str
    codes: tuple[str, ...]
    share: float
    when: str
    work: float
    wait: float
    texts: tuple[str, ...]
    rain: float = 1.0
    weekend: float = 1.0


@dataclass(frozen=True)
class Drawn:
    """One report before anybody has heard of it. ``true_place``: where it is, when ``place`` says something else.

    ``said``: the category that the report itself names, where that is not ``category``; empty for none.
    """

    number: int
    at: datetime
    family: Family
    category: str
    place: str
    true_place: str
    text: str
    channel: str
    person: str
    like: int | None = None
    is_abusive: bool = False
    said: str | None = None

    def report(self) -> api.virtual.Report:
        contact = f"{SURNAMES[self.number % len(SURNAMES)]}某 000-{self.number % 10_000:04}-0000"
        texts = {"text": self.text, "contact": contact}
        # Staff who type in what they were told are not the reporters; here each reports for himself.
        by = api.reporter(self.person)
        said = self.category if self.said is None else self.said
        return api.virtual.Report(self.at, by, api.Intake(said, self.place, self.channel, texts))


def person_of(seed: int, number: int) -> UUID:
    """The fictional resident who makes a report."""
    return uuid5(PEOPLE, f"{seed}:{number}")


@cache
def families() -> tuple[Family, ...]:
    raw = tomllib.loads((Path(__file__).parent / "families.toml").read_text(encoding="utf-8"))
    return tuple(Family(**{**row, "codes": tuple(row["codes"]), "texts": tuple(row["texts"])}) for row in raw["family"])


def families_of(book: Rulebook) -> list[Family]:
    """The families that a rulebook has a category for; where it has none, one family of all its categories."""
    known = [(one, tuple(code for code in one.codes if code in book.categories)) for one in families()]
    found = [Family(**{**vars(one), "codes": codes}) for one, codes in known if codes]
    anything = Family("anything", tuple(book.categories), 1000, "day", 60, 8, ("{street}：需要处理",))
    return found or [anything]


def draw(plan: Plan, book: Rulebook, places: Sequence[tuple[str, str]], zone: str) -> list[Drawn]:
    """All reports of a plan in the order of time. ``places``: code and name of communities."""
    return _Draw(plan, families_of(book), places, zone).all()


class _Draw:
    def __init__(self, plan: Plan, kinds: Sequence[Family], places: Sequence[tuple[str, str]], zone: str) -> None:
        self.plan = plan
        self.kinds = kinds
        self.places = places
        self.zone = ZoneInfo(zone)
        self.rng = random.Random(f"{plan.seed}:reports")  # noqa: S311 - a district, not a secret
        self.weights = [self.rng.gammavariate(3.0, 1.0) for _ in places]

    def all(self) -> list[Drawn]:
        found: list[Drawn] = []
        is_raining = False
        for number in range(self.plan.days):
            is_raining = self.rng.random() < (RAIN_STAYS if is_raining else RAINY)
            today = sorted(self._day(self.plan.start + timedelta(days=number), is_raining), key=lambda one: one.at)
            recent = found[-self.plan.per_day :]
            for one in today:
                made = self._maybe_again(self._numbered(one, len(found)), recent)
                found.append(made)
                recent.append(made)
        return found

    def _day(self, day: date, is_raining: bool) -> Iterator[Drawn]:
        is_weekend = day.weekday() >= SATURDAY
        often = [(one.rain if is_raining else 1.0) * (one.weekend if is_weekend else 1.0) for one in self.kinds]
        shares = [one.share * times for one, times in zip(self.kinds, often, strict=True)]
        mean = self.plan.per_day * sum(shares) / sum(one.share for one in self.kinds)
        mean *= WEEKEND_SHARE if is_weekend else 1.0
        count = max(0, round(self.rng.gauss(mean, mean**0.5)))
        midnight = datetime(day.year, day.month, day.day, tzinfo=self.zone).astimezone(UTC)
        for family in self.rng.choices(self.kinds, shares, k=count):
            hour = self.rng.choices(range(24), HOURS[family.when])[0]
            yield self._one(family, midnight + timedelta(seconds=hour * 3600 + self.rng.randrange(3600)))

    def _one(self, family: Family, at: datetime) -> Drawn:
        rng, habits = self.rng, self.plan.habits
        place, name = rng.choices(self.places, self.weights)[0]
        street = name.removesuffix("社区") + "路"
        text = rng.choice(family.texts).format(
            place=name, street=street, floor=rng.randint(2, 31), n=rng.randint(1, 40)
        )
        return Drawn(
            number=0,
            at=at,
            family=family,
            category=rng.choice(family.codes),
            place=rng.choice(self.places)[0] if rng.random() < habits.wrong_place else place,
            true_place=place,
            text=text,
            channel=rng.choices([name for name, _ in CHANNELS], [share for _, share in CHANNELS])[0],
            person="",
            is_abusive=rng.random() < habits.abusive,
        )

    def _numbered(self, one: Drawn, number: int) -> Drawn:
        return replace(one, number=number, person=str(person_of(self.plan.seed, number)))

    def _maybe_again(self, one: Drawn, recent: Sequence[Drawn]) -> Drawn:
        """Some say again what another said within the last half day."""
        if not recent or self.rng.random() >= self.plan.habits.duplicate:
            return one
        other = self.rng.choice(recent[-max(20, self.plan.per_day // 2) :])
        return replace(
            one,
            family=other.family,
            category=other.category,
            place=other.true_place,
            true_place=other.true_place,
            text=other.text + "，怎么还没人管",
            like=other.number if other.like is None else other.like,
        )

"""What is asked of the virtual district: how long, how many reports, from which seed, with which staff."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

STRETCH = timedelta(minutes=10)


@dataclass(frozen=True)
class Habits:
    """Shares of all reports, 0 to 1: what goes not quite as it should in any district. Estimates, to be replaced."""

    duplicate: float = 0.12
    wrong_place: float = 0.05
    abusive: float = 0.03
    second_unit: float = 0.08
    objects: float = 0.04
    objection_holds: float = 0.7
    rework: float = 0.07
    pause: float = 0.02
    extend: float = 0.03
    dispute: float = 0.06


@dataclass(frozen=True)
class Plan:
    """``per_day``: reports on an ordinary weekday. ``staff``: unit → how many more (or fewer) people than it needs.

    Without ``staff`` every unit has as many people as keep it half busy on the average. ``habits`` apply
    to all units alike.
    """

    start: date
    days: int = 30
    per_day: int = 1000
    seed: int = 7
    scene: str = "city"
    staff: Mapping[str, int] = field(default_factory=dict)
    habits: Habits = Habits()

    def __post_init__(self) -> None:
        wrong = {
            "days must be 1 to 366": not 1 <= self.days <= 366,
            "per_day must be 1 to 20000": not 1 <= self.per_day <= 20_000,
        }
        if found := [what for what, is_wrong in wrong.items() if is_wrong]:
            raise ValueError("; ".join(found))

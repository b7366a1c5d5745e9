"""Who works when: a crew for each unit, with shifts. Members have no names and nothing is kept about any of them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from bihuan.desk import api
from bihuan.testing.district.plan import Plan
from bihuan.testing.district.reports import Drawn

STAFF = UUID("0d0f2b9e-6f61-5c0b-8d9a-52e1d5a4b7c2")  # ids of the fictional staff are derived from this
BUSY = 0.5  # on the average; at peaks it is enough
TRIAGE_MINUTES, VERIFY_MINUTES, TRAVEL_MINUTES = 4.0, 15.0, 20.0
# Local hours of the shifts of a crew that is there round the clock, and of one that works in the day.
ROUND_THE_CLOCK = ((0, 24),)
DAYTIME = ((8, 20),)


@dataclass
class Crew:
    """People of one unit who share its work. ``free``: from when each can take on the next piece."""

    unit: str
    people: int
    hours: tuple[tuple[int, int], ...]
    zone: ZoneInfo

    def __post_init__(self) -> None:
        self.free = [datetime.min.replace(tzinfo=UTC)] * self.people

    def take(
        self, ready: datetime, minutes: float, known: int | None = None, *, is_urgent: bool = False
    ) -> tuple[datetime, int]:
        """When a piece of work that is ready at ``ready`` is done, and by which member (``known``: by that one).

        What is urgent is done at once, at any hour, by whoever is on call; other work waits meanwhile.
        """
        member = known if known is not None else min(range(self.people), key=lambda n: (self.free[n], n))
        if is_urgent:
            self.free[member] = max(ready, self.free[member]) + timedelta(minutes=minutes)
            return ready + timedelta(minutes=minutes), member
        start = self._on_shift(max(ready, self.free[member]))
        self.free[member] = start + timedelta(minutes=minutes)
        return self.free[member], member

    def _on_shift(self, at: datetime) -> datetime:
        """The first instant from ``at`` on at which somebody is there."""
        local = at.astimezone(self.zone)
        for begin, end in self.hours:
            if begin <= local.hour < end:
                return at
        begin = self.hours[0][0]
        day = local if local.hour < begin else local + timedelta(days=1)
        return day.replace(hour=begin, minute=0, second=0, microsecond=0).astimezone(UTC)

    def actor(self, member: int, *roles: str) -> api.Actor:
        """A member in a post. One who approves is another than one who asks: heads are members of their own."""
        person = str(uuid5(STAFF, f"{self.unit}:{member}:{'head' if 'head' in roles else 'staff'}"))
        return api.Actor(person, self.unit, frozenset(roles), frozenset({self.unit}))


class Staff:
    """The crews of all units; one that nobody planned for has two people in the day."""

    def __init__(self, plan: Plan, load: Mapping[str, float], desks: Iterable[str], zone: str) -> None:
        self._plan = plan
        self._load = load
        self._desks = frozenset(desks)
        self._zone = ZoneInfo(zone)
        self._crews: dict[str, Crew] = {}

    def crew(self, unit: str) -> Crew:
        if unit not in self._crews:
            hours = ROUND_THE_CLOCK if unit in self._desks else DAYTIME
            self._crews[unit] = Crew(unit, self.people(unit), hours, self._zone)
        return self._crews[unit]

    def people(self, unit: str) -> int:
        """How many: enough to be half busy on the average, more or fewer as the plan says, at least one."""
        span = 24 * 60 if unit in self._desks else 12 * 60
        needed = max(2, math.ceil(self._load.get(unit, 0.0) / self._plan.days / (span * BUSY)))
        return max(1, needed + self._plan.staff.get(unit, 0))


def load_of(drawn: Iterable[Drawn], leads: Mapping[tuple[str, str], str], desk: str, verifier: str) -> dict[str, float]:
    """Minutes of work that the reports will ask of each unit. ``leads``: category and place to the leading unit."""
    found: dict[str, float] = {}
    for one in drawn:
        found[desk] = found.get(desk, 0.0) + 2 * TRIAGE_MINUTES
        if one.like is not None or one.is_abusive:
            continue
        lead = leads.get((one.category, one.true_place), desk)
        found[lead] = found.get(lead, 0.0) + one.family.work * MEAN_TO_MEDIAN + TRAVEL_MINUTES
        found[verifier] = found.get(verifier, 0.0) + VERIFY_MINUTES
    return found


MEAN_TO_MEDIAN = math.exp(0.6**2 / 2)  # of the log-normal times that work takes

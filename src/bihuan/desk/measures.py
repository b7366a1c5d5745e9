"""Shares that are fair: never without their denominator, with an interval, small ones unranked, raw beside adjusted.

Adjusted by indirect standardisation: what a unit would have had if each of its matters had gone as in the whole
district is what is expected of it; adjusted = rate of the district x observed / expected. A unit that is given the
hard matters is not worse for it. Nothing here is about a person (law 9).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from math import sqrt

from bihuan.desk.names import UnitName

SHOWN_FROM = 5
RANKED_FROM = 30
ALARM_FROM = 20
FALL = 0.10
_Z = 1.96
# Name of a share → what is counted, and out of what.
SHARES: Mapping[str, tuple[str, str]] = {
    "on_time": ("on_time", "judged"),
    "right_first": ("right_first", "answered"),
    "returned": ("returned", "dispatched"),
    "reopened": ("reopened", "finished"),
    "disputed": ("disputed", "finished"),
}


@dataclass(frozen=True)
class Share:
    """``count`` out of ``of``. Fewer than five are not told, fewer than thirty not ranked."""

    count: int
    of: int

    @property
    def is_shown(self) -> bool:
        return self.of >= SHOWN_FROM

    @property
    def is_ranked(self) -> bool:
        return self.of >= RANKED_FROM

    @property
    def rate(self) -> float:
        return self.count / self.of if self.of else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """95 % (Wilson): how much of the rate may be chance."""
        if not self.of:
            return 0.0, 1.0
        n, p = self.of, self.rate
        middle = (p + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
        half = _Z * sqrt(p * (1 - p) / n + _Z**2 / (4 * n * n)) / (1 + _Z**2 / n)
        return max(0.0, middle - half), min(1.0, middle + half)


@dataclass(frozen=True)
class Adjusted:
    """``verdict``: ``above``, ``below`` or ``same`` as the district, ``small`` where too few are behind it."""

    rate: float
    low: float
    high: float
    verdict: str


@dataclass(frozen=True)
class Row:
    """One unit, street, community, matter or month."""

    code: str
    name: UnitName
    counts: Mapping[str, int]
    adjusted: Mapping[str, Adjusted]

    @property
    def is_shown(self) -> bool:
        return self.counts["heard"] >= SHOWN_FROM

    def share(self, key: str) -> Share:
        count, of = SHARES[key]
        return Share(self.counts[count], self.counts[of])


Strata = Mapping[str, Mapping[str, int]]


def adjust(key: str, own: Strata, everywhere: Strata) -> Adjusted:
    """``own`` and ``everywhere``: counts by matter. The interval is that of the raw share on the adjusted scale."""
    counted, out_of = SHARES[key]
    whole = Share(*(sum(cell[name] for cell in everywhere.values()) for name in (counted, out_of)))
    raw = Share(*(sum(cell[name] for cell in own.values()) for name in (counted, out_of)))
    expected = sum(
        cell[out_of] * Share(everywhere[matter][counted], everywhere[matter][out_of]).rate
        for matter, cell in own.items()
    )
    if not expected:
        return Adjusted(raw.rate, *raw.interval, verdict="small")
    scale = whole.rate * raw.of / expected
    low, high = (min(1.0, end * scale) for end in raw.interval)
    verdict = "above" if low > whole.rate else "below" if high < whole.rate else "same"
    return Adjusted(min(1.0, raw.rate * scale), low, high, verdict if raw.is_ranked else "small")


@dataclass(frozen=True)
class Month:
    """``heard``: everything that was registered; ``problems``: of these neither declined nor merged."""

    month: date
    heard: int
    problems: int


@dataclass(frozen=True)
class Fall:
    """A count that fell, and must not be praised: ``unheard`` where registration fell with it, else ``turned-away``."""

    name: UnitName
    before: Month
    now: Month
    kind: str

    @property
    def problems(self) -> float:
        return 1 - self.now.problems / self.before.problems

    @property
    def heard(self) -> float:
        return 1 - self.now.heard / self.before.heard


def fall(name: UnitName, before: Month, now: Month) -> Fall | None:
    """An alarm, where the count fell by a tenth or more and that may be because less was let in (P13).

    Registration that falls at least half as much: less was heard. Registration that held: more was turned away.
    """
    if before.problems < ALARM_FROM or now.problems > before.problems * (1 - FALL):
        return None
    found = Fall(name, before, now, "unheard")
    return found if found.heard >= found.problems / 2 else Fall(name, before, now, "turned-away")


__all__ = ["RANKED_FROM", "SHARES", "SHOWN_FROM", "Adjusted", "Fall", "Month", "Row", "Share", "adjust", "fall"]

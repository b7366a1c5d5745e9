"""What the gate finds about a form that a department wants from communities. Pure: all facts come in.

Four questions, in this order: is it on the communities' list of duties, is there a law, is there money where the duty
is only to assist, and is there anything in it that was not told already.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from bihuan.kernel.refused import Refused
from bihuan.scenes.forms.rules import closed_gate

TIMES_A_YEAR: Mapping[str, int] = {"once": 1, "year": 1, "quarter": 4, "month": 12}
TYPED, LOOKED = 1.0, 0.2  # minutes for an item that is typed, and for one that is only looked at; an item may say more


@dataclass(frozen=True)
class Duty:
    """An item of the list of duties (职责事项清单). ``listed``: ``own assist taken_back``; ``until`` is not in it."""

    key: str
    name: str
    listed: str
    law: str = ""
    since: date = date.min
    until: date = date.max

    def holds(self, day: date) -> bool:
        return self.since <= day < self.until


@dataclass(frozen=True)
class Request:
    """What a department asks for. ``items``: of the data dictionary; ``place``: prefix of the communities' places."""

    name: str
    items: tuple[str, ...]
    duty: str = ""
    law: str = ""
    money: str = "none"
    every: str = "once"
    place: str = ""
    days: int = 20
    why: str = ""


@dataclass(frozen=True)
class Cost:
    """Minutes for one community and one time, without and with what is known; ``known``: that share of all cells."""

    communities: int
    times_a_year: int
    bare: float
    filled: float
    known: float

    @property
    def minutes_a_year(self) -> int:
        return round(self.filled * self.communities * self.times_a_year)

    @property
    def bare_a_year(self) -> int:
        return round(self.bare * self.communities * self.times_a_year)


@dataclass(frozen=True)
class Verdict:
    """What was found, as the step ``gate`` takes it, and the refusal that follows from it if any does."""

    found: Mapping[str, str]
    refused: Refused | None
    law: str = ""

    @property
    def passes(self) -> bool:
        return self.refused is None


def judge(request: Request, duty: Duty | None, cost: Cost, day: date) -> Verdict:
    """``duty``: the item of the list that the request names, if there is one. ``cost`` says what is known already."""
    listed = duty.listed if duty is not None and duty.holds(day) else "none"
    law = request.law.strip() or (duty.law if duty is not None else "")
    found = {
        "listed": listed,
        "lawful": _word(is_so=bool(law)),
        "funded": _word(is_so=request.money != "none"),
        "fresh": _word(is_so=cost.known < 1),
    }
    return Verdict(found, closed_gate(found), law)


def _word(*, is_so: bool) -> str:
    return "yes" if is_so else "no"

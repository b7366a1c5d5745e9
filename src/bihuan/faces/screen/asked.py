"""What a board is asked for: months, a place, a unit, a matter. Anything that is none of these is left out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from django.http import HttpRequest

from bihuan.desk import api as desk

MONTH = re.compile(r"20\d\d-(?:0[1-9]|1[0-2])")
PLAIN = re.compile(r"[\w.:-]{1,64}")
# A board of the last months: long enough for numbers, short enough to be about how things go now.
USUAL = 3


def month_of(text: str) -> date | None:
    return date(int(text[:4]), int(text[5:]), 1) if MONTH.fullmatch(text) else None


@dataclass(frozen=True)
class Asked:
    where: desk.boards.Where
    span: desk.boards.Span
    first: str
    last: str

    @property
    def narrowed(self) -> dict[str, str]:
        """As the address of a list of cases writes it."""
        return self.here | {"from": self.first, "to": self.last}

    @property
    def here(self) -> dict[str, str]:
        """Without months: what is open now was registered whenever it was."""
        return {"place": self.where.place, "unit": self.where.unit, "matter": self.where.matter}


def read(request: HttpRequest, *, is_always: bool = False) -> Asked:
    """``is_always``: without months in the address all months are meant, else the last three."""
    given = {name: request.GET.get(name, "") for name in ("place", "unit", "matter", "from", "to")}
    plain = {name: value if PLAIN.fullmatch(value) else "" for name, value in given.items()}
    place = plain["place"] if plain["place"].isdigit() and len(plain["place"]) <= 12 else ""
    place = desk.boards.NOWHERE if plain["place"] == desk.boards.NOWHERE else place
    where = desk.boards.Where(place, plain["unit"], plain["matter"])
    first, last = month_of(plain["from"]), month_of(plain["to"])
    if first is None and not is_always:
        last = last or desk.boards.this_month()
        first = desk.boards.months_back(last, USUAL - 1)
    return Asked(where, desk.boards.Span(first, last), _written(first), _written(last))


def _written(month: date | None) -> str:
    return f"{month:%Y-%m}" if month else ""

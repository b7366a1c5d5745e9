"""A rulebook: the law of its day as plain data. Tables and a short fixed list of conditions, never a language.

Officers edit these as tables; the kernel only reads them. Every outcome is written into the event, so a later
rulebook cannot change what an earlier one meant.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from itertools import product
from typing import Literal

from bihuan.kernel.calendar import Calendar, Unit
from bihuan.kernel.case import Seal, Stage

# The four clocks of every scene. Between them an open case always has one that ticks (law 3).
STAGE_CLOCKS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "accept": ("registered", ("accepted", "declined")),
    "dispatch": ("accepted", ("dispatched", "declined")),
    "handle": ("dispatched", ("answered", "declined")),
    "verify": ("answered", ("closed", "reworked", "declined")),
}


@dataclass(frozen=True)
class ClockRule:
    """A promise: ``amount`` of ``unit`` from the moment ``starts`` until one of ``stops``.

    Moments are ``registered accepted dispatched returned working answered reworked reopened closed declined`` and
    ``step:<key>``. ``per``: one clock a case, or one for each assisting task. ``extend``: the most that one extension
    may add, 0 for never, and ``extend_by`` the role that must approve it. ``anew``: each start is a promise of its own
    (every unit has its days to object); otherwise the time used is kept. ``reminds``: nothing is promised, whom this
    names is reminded on the day, also after closing.
    """

    key: str
    amount: int
    unit: Unit
    basis: str
    starts: str = ""
    stops: tuple[str, ...] = ()
    per: Literal["case", "assist"] = "case"
    statutory: bool = False
    extend: int = 0
    extend_by: str = "head"
    anew: bool = False
    reminds: str = ""


@dataclass(frozen=True)
class LadderStep:
    """When ``percent`` of a clock's span is gone: warn, remind (催办) or oversee (督办) ``to`` a role or unit."""

    percent: int
    action: Literal["warn", "remind", "oversee"]
    to: str


@dataclass(frozen=True)
class Category:
    """What kind of matter it is. ``accept_if`` and ``close_if`` are the conditions in words (立案条件, 结案条件)."""

    code: str
    name: str
    name_en: str = ""
    accept_if: str = ""
    close_if: str = ""
    basis: str = ""
    proofs: tuple[str, ...] = ()
    clocks: tuple[ClockRule, ...] = ()
    seal: Seal | None = None
    verifier: str = ""


@dataclass(frozen=True)
class Route:
    """One row of the decision table: category prefix and place prefix (empty: any) to a lead and assisting units."""

    key: str
    category: str
    place: str
    lead: str
    assists: tuple[str, ...] = ()
    basis: str = ""
    verifier: str = ""


@dataclass(frozen=True)
class Step:
    """A scene's own named step inside the kernel's stages.

    ``by``: the role that may take it. ``needs``: steps that come first. ``requires``: keys that its data must carry.
    ``ends``: ``declined`` when the step ends the case with the rightful route. ``blocked_by``: steps that forbid it.
    """

    key: str
    name: str
    stages: tuple[Stage, ...]
    by: str
    needs: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    blocked_by: tuple[str, ...] = ()
    ends: Literal["", "declined"] = ""
    repeat: bool = False
    basis: str = ""


@dataclass(frozen=True)
class Rulebook:
    """The rules of one scene from one date on.

    ``desks``: triage desks, the first that is not barred takes the case. ``verifier``: the unit that answers go to for
    verification where neither route nor category names one (empty: the desk says each time). ``sample``: closing
    without a visit is allowed for cases not drawn.
    """

    scene: str
    version: str
    effective: date
    basis: str
    desks: tuple[str, ...]
    clocks: tuple[ClockRule, ...]
    categories: Mapping[str, Category]
    routes: tuple[Route, ...]
    steps: Mapping[str, Step] = field(default_factory=dict)
    ladder: tuple[LadderStep, ...] = ()
    verifier: str = ""
    proofs: tuple[str, ...] = ()
    followups: tuple[int, ...] = ()
    seal: Seal = Seal.L1
    verify_by: Literal["person", "unit"] = "unit"
    sample: bool = False
    accept_on_register: bool = False
    dispatch_on_accept: bool = False
    returns_before_arbitration: int = 2
    arbiter: str = ""
    outcomes: tuple[str, ...] = ()

    @cached_property
    def _routes(self) -> dict[tuple[str, str], Route]:
        return {(route.category, route.place): route for route in self.routes}

    @cached_property
    def _prefix_lengths(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Prefix lengths that occur in the table, longest first: category, place."""
        categories = sorted({len(route.category) for route in self.routes}, reverse=True)
        places = sorted({len(route.place) for route in self.routes}, reverse=True)
        return tuple(categories), tuple(places)

    def route(self, category: str, place: str) -> Route | None:
        """The most specific row: the longest category prefix first, then the longest place prefix."""
        for cut_category, cut_place in product(*self._prefix_lengths):
            if cut_category <= len(category) and cut_place <= len(place):
                found = self._routes.get((category[:cut_category], place[:cut_place]))
                if found is not None:
                    return found
        return None

    def verifiers(self, category: str, place: str) -> tuple[str, ...]:
        """The units that may verify, the closest first: that of the route, of the category, of the scene."""
        route, rule = self.route(category, place), self.categories.get(category)
        named = (route.verifier if route else "", rule.verifier if rule else "", self.verifier)
        return tuple(unit for unit in named if unit)

    @cached_property
    def _clocks_by_start(self) -> dict[tuple[str, str], tuple[ClockRule, ...]]:
        return {}

    def clocks_for(self, category: str, moment: str) -> tuple[ClockRule, ...]:
        """The clocks that start at ``moment``; a category's own clock replaces the scene's of the same key."""
        cached = self._clocks_by_start.get((category, moment))
        if cached is None:
            own = self.categories[category].clocks if category in self.categories else ()
            rules = {rule.key: rule for rule in (*self.clocks, *own)}
            cached = tuple(rule for rule in rules.values() if rule.starts == moment)
            self._clocks_by_start[(category, moment)] = cached
        return cached

    def proofs_for(self, category: str) -> tuple[str, ...]:
        found = self.categories.get(category)
        return found.proofs if found is not None and found.proofs else self.proofs


@dataclass(frozen=True)
class Rules:
    """What ``decide`` may consult: the rulebook of the case's date and the calendar of the country."""

    book: Rulebook
    calendar: Calendar


def complete(rule: ClockRule) -> ClockRule:
    """A stage clock with the moments that the kernel fixes filled in; any other must name its own."""
    if rule.key in STAGE_CLOCKS:
        starts, stops = STAGE_CLOCKS[rule.key]
        return replace(rule, starts=starts, stops=stops)
    return rule

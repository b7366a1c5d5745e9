"""The tree of units, kept in the process and read anew every two seconds."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from django.db import connection

STALE_AFTER = 2.0
# Units that stand for a piece of ground, and so answer for what happens there.
AREA_KINDS = frozenset({"district", "street", "community", "grid"})


@dataclass(frozen=True)
class Node:
    code: str
    kind: str
    parent: str
    place: str


@dataclass(frozen=True)
class Tree:
    """One snapshot of all units. A code that is not in it has no ancestors and stands alone."""

    nodes: Mapping[str, Node]
    _below: dict[str, frozenset[str]] = field(default_factory=dict, compare=False)

    @cached_property
    def _children(self) -> dict[str, list[str]]:
        children: dict[str, list[str]] = {}
        for node in self.nodes.values():
            children.setdefault(node.parent, []).append(node.code)
        return children

    @cached_property
    def _areas(self) -> dict[str, str]:
        """Place to unit. Where two units share a place, the one further down the tree answers for it."""
        areas = [node for node in self.nodes.values() if node.kind in AREA_KINDS and node.place]
        areas.sort(key=lambda node: (len(self.ancestors(node.code)), node.code))
        return {node.place: node.code for node in areas}

    def ancestors(self, code: str) -> tuple[str, ...]:
        """From the parent up to the top."""
        found: list[str] = []
        node = self.nodes.get(code)
        while node is not None and node.parent and node.parent not in found:
            found.append(node.parent)
            node = self.nodes.get(node.parent)
        return tuple(found)

    def subtree(self, code: str) -> frozenset[str]:
        """The unit and everything below it."""
        known = self._below.get(code)
        if known is None:
            found = {code}
            left = [code]
            while left:
                fresh = [child for child in self._children.get(left.pop(), ()) if child not in found]
                found.update(fresh)
                left += fresh
            known = self._below[code] = frozenset(found)
        return known

    def is_within(self, unit: str, top: str) -> bool:
        return unit == top or top in self.ancestors(unit)

    def expand(self, units: Iterable[str]) -> tuple[str, ...]:
        """The units and all below them, in order: what ``barred`` must name when somebody is accused."""
        return tuple(sorted({below for unit in units for below in self.subtree(unit)}))

    def area_of(self, place: str) -> str | None:
        """The smallest unit of ground that the place code lies in, by its longest prefix."""
        for length in range(len(place), 0, -1):
            found = self._areas.get(place[:length])
            if found is not None:
                return found
        return None

    def realm_top(self, unit: str, *, is_office: bool = False) -> str:
        """The unit whose subtree a post in ``unit`` answers for.

        A desk answers for the unit that it is the desk of; so does an office of oversight or arbitration
        (``is_office``) that stands for no ground of its own.
        """
        node = self.nodes.get(unit)
        if node is None or not node.parent:
            return unit
        return node.parent if node.kind == "desk" or (is_office and node.kind not in AREA_KINDS) else unit

    def place_of(self, unit: str) -> str:
        node = self.nodes.get(unit)
        return node.place if node is not None else ""


_held: tuple[float, str, Tree] | None = None


def tree() -> Tree:
    """All units as they were at most two seconds ago."""
    global _held  # noqa: PLW0603 - one snapshot for all threads of the process, replaced whole
    held = _held
    database = str(connection.settings_dict["NAME"])
    instant = time.monotonic()
    if held is not None and held[1] == database and instant - held[0] < STALE_AFTER:
        return held[2]
    fresh = _read()
    _held = (instant, database, fresh)
    return fresh


def forget() -> None:
    """Read the tree anew at the next question: after a change of units in this process, and between tests."""
    global _held  # noqa: PLW0603 - as in tree()
    _held = None


def _read() -> Tree:
    with connection.cursor() as cursor:
        cursor.execute("SELECT code, kind, coalesce(parent_id, ''), place FROM unit")
        return Tree({row[0]: Node(*row) for row in cursor.fetchall()})


def ancestors(unit: str) -> tuple[str, ...]:
    return tree().ancestors(unit)


def subtree(unit: str) -> frozenset[str]:
    return tree().subtree(unit)


def is_within(unit: str, top: str) -> bool:
    return tree().is_within(unit, top)


def area_of(place: str) -> str | None:
    return tree().area_of(place)


def expand(units: Iterable[str]) -> tuple[str, ...]:
    return tree().expand(units)

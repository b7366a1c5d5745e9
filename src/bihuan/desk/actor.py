"""Who acts: a person in a post of a unit. References only; names stand elsewhere."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Actor:
    """``person`` is an opaque id, ``unit`` the unit of the acting post, ``roles`` what that post may do.

    ``units`` are all units in which the person holds a current post, for the route check of law 7.
    """

    person: str
    unit: str = ""
    roles: frozenset[str] = frozenset()
    units: frozenset[str] = field(default=frozenset())

    @property
    def all_units(self) -> frozenset[str]:
        return self.units | ({self.unit} if self.unit else frozenset())


SYSTEM = Actor("system", "system", frozenset({"system"}))
ANONYMOUS = Actor("", "", frozenset())


def reporter(person: str) -> Actor:
    """The one who reported: no post, only his own case."""
    return Actor(person, "", frozenset({"reporter"}))

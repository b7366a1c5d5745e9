"""The course of one warning, as arithmetic on instants: no clock, no storage.

It is held up by findings. The level is that of the worst finding that is raised, or was lowered less than its ``hold``
ago: so a reading that swings around a mark changes nothing, going up is told at once and going down after a while. What
happens depends on the findings and their times alone, not on when somebody looked.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bihuan.sense.warn.rules import LEVELS

Key = tuple[str, str, str, str]  # source, sensor, kind, detector
NO_LEVEL = ""


@dataclass(frozen=True)
class Prop:
    """A finding that holds the warning up. ``ended``: when it was lowered; ``None`` while it is raised."""

    level: str
    hold: timedelta
    since: datetime
    ended: datetime | None = None

    @property
    def until(self) -> datetime | None:
        return self.ended + self.hold if self.ended is not None else None


@dataclass(frozen=True)
class Change:
    """``what``: ``raised`` (it begins), ``up``, ``down`` or ``over``. ``level``: the one from then on."""

    at: datetime
    what: str
    level: str


@dataclass(frozen=True)
class Course:
    """``level`` of ``None``: not begun, or over."""

    props: dict[Key, Prop] = field(default_factory=dict)
    level: str | None = None
    clock: datetime | None = None

    @property
    def next(self) -> datetime | None:
        """When something may change although nothing is found."""
        ends = [one.until for one in self.props.values() if one.until is not None]
        return min(ends, default=None)


def rank(level: str) -> int:
    """Worse is less; what has no level stands below all that have."""
    return LEVELS.index(level) if level in LEVELS else len(LEVELS)


def to(course: Course, at: datetime) -> tuple[Course, list[Change]]:
    """Let time run to ``at``."""
    changes: list[Change] = []
    while (due := course.next) is not None and due <= at:
        left = {key: one for key, one in course.props.items() if one.until is None or one.until > due}
        course = replace(course, props=left)
        course, change = _settled(course, max(due, course.clock or due))
        changes += change
    if course.clock is None or at > course.clock:
        course = replace(course, clock=at)
    return course, changes


@dataclass(frozen=True)
class Found:
    """``mark``: 1 raised, -1 lowered; ``level`` and ``hold`` by the rule of the day."""

    key: Key
    mark: int
    at: datetime
    level: str
    hold: timedelta


def take(course: Course, found: Found) -> tuple[Course, list[Change]]:
    """Told late, it counts from where the course has come to."""
    at = max(found.at, course.clock or found.at)
    course, changes = to(course, at)
    before = course.props.get(found.key)
    if found.mark > 0:
        since = before.since if before is not None else at
        course = replace(course, props={**course.props, found.key: Prop(found.level, found.hold, since)})
    elif before is not None and before.ended is None:
        course = replace(course, props={**course.props, found.key: replace(before, ended=at)})
    course, more = _settled(course, at)
    course, rest = to(course, at)
    return course, [*changes, *more, *rest]


def _settled(course: Course, at: datetime) -> tuple[Course, list[Change]]:
    level = min((one.level for one in course.props.values()), key=rank, default=None)
    if level == course.level:
        return replace(course, clock=max(at, course.clock or at)), []
    change = Change(at, _what(course.level, level), level if level is not None else course.level or NO_LEVEL)
    return replace(course, level=level, clock=max(at, course.clock or at)), [change]


def _what(before: str | None, after: str | None) -> str:
    if before is None:
        return "raised"
    if after is None:
        return "over"
    return "up" if rank(after) < rank(before) else "down"


def story(changes: list[Change]) -> Iterator[str]:
    """For tests and records: ``raised IV``, ``up II``, ``down IV``, ``over``."""
    for one in changes:
        yield f"{one.what} {one.level}".strip() if one.what != "over" else "over"

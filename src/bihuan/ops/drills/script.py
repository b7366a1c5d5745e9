"""A drill as values: what happens when, to whom, and what is expected. ``reading`` makes them from a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any


@dataclass(frozen=True)
class Condition:
    """Met when the case of inject ``case`` reaches ``is_at``, or when a line of kind ``line`` is written; then wait."""

    case: str = ""
    is_at: str = ""
    line: str = ""
    level: str = ""
    after: timedelta = timedelta()

    @property
    def mark(self) -> str:
        """What the engine notes when it happens."""
        if self.case:
            return f"case:{self.case}:{self.is_at}"
        return f"line:{self.line}:{self.level}" if self.level else f"line:{self.line}"


@dataclass(frozen=True)
class Inject:
    """``at``: from the start; with ``when`` it follows that instead. ``unless``: it is left out where that happened."""

    key: str
    kind: str
    at: timedelta | None
    says: Mapping[str, Any]
    when: Condition | None = None
    unless: Condition | None = None


@dataclass(frozen=True)
class Expectation:
    """``of``: ``orders`` (of the plan), ``reports``, ``case`` (of inject ``case``), or ``line``.

    From mark ``since`` to mark ``to`` no longer than ``within``, for ``share`` of them; or by ``by`` from the start.
    """

    key: str
    name: str
    of: str
    to: str
    name_en: str = ""
    since: str = ""
    case: str = ""
    unit: str = ""
    level: str = ""
    within: timedelta | None = None
    by: timedelta | None = None
    share: float = 1.0


@dataclass(frozen=True)
class ScriptTask:
    """One order of the plan. ``minutes``: how long the work takes; ``needs``: keys of orders that come first."""

    key: str
    name: str
    unit: str
    minutes: int = 30
    place: str = ""
    needs: tuple[str, ...] = ()
    name_en: str = ""


@dataclass(frozen=True)
class Fuse:
    """Reports of one of these categories at one place within that time are one event: the desk merges them."""

    categories: frozenset[str]
    within: timedelta


@dataclass(frozen=True)
class Staffing:
    """How those act whom nobody plays. Minutes in the middle; ``spread`` of the log-normal; shares of all orders."""

    accept: float = 2.0
    dispatch: float = 2.0
    take: float = 4.0
    arrive: float = 12.0
    finish: float = 35.0
    send: float = 3.0
    verify: float = 15.0
    spread: float = 0.5
    silent: float = 0.03
    silent_for: float = 25.0
    rework: float = 0.04
    slow: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Script:
    key: str
    plan: str
    title: str
    starts: datetime
    lasts: timedelta
    seed: int
    injects: tuple[Inject, ...]
    expectations: tuple[Expectation, ...]
    title_en: str = ""
    level: str = ""
    place: str = ""
    scene: str = "city"
    category: str = ""
    tasks: tuple[ScriptTask, ...] = ()
    commander: tuple[str, str] = ("", "")
    rules: tuple[Mapping[str, Any], ...] = ()
    warns: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    staffing: Staffing = field(default_factory=Staffing)
    people: tuple[str, ...] = ()
    fuse: Fuse | None = None
    routes: Mapping[str, str] = field(default_factory=dict)
    at_night: bool = False

    @property
    def ends(self) -> datetime:
        return self.starts + self.lasts

"""What came of it: counts of cases by stage, category and unit. Of people nothing is counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from bihuan.kernel.case import Case, Stage

DONE = frozenset({Stage.CLOSED, Stage.ARCHIVED})


@dataclass
class Share:
    """Cases that were closed, and how many of them kept every date."""

    closed: int = 0
    on_time: int = 0

    @property
    def rate(self) -> float | None:
        return self.on_time / self.closed if self.closed else None


@dataclass
class Summary:
    """``on_time``: closed without a broken clock. Denominators stand beside every rate."""

    cases: int = 0
    stages: Counter[str] = field(default_factory=Counter)
    all: Share = field(default_factory=Share)
    units: dict[str, Share] = field(default_factory=dict)
    returned: int = 0
    reworked: int = 0
    reopened: int = 0
    merged: int = 0
    declined: int = 0
    commands: int = 0
    refusals: Counter[str] = field(default_factory=Counter)
    stuck: int = 0

    def add(self, states: Iterable[Case]) -> None:
        for state in states:
            self.cases += 1
            self.stages[str(state.stage)] += 1
            self.returned += state.returns > 0
            self.reworked += state.reworks > 0
            self.reopened += state.reopens > 0
            self.merged += bool(state.merged_into)
            self.declined += state.stage is Stage.DECLINED
            if state.stage in DONE:
                self._closed(state)

    def _closed(self, state: Case) -> None:
        for share in (self.all, self.units.setdefault(state.lead, Share())):
            share.closed += 1
            share.on_time += state.overdue == 0

    def plain(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "cases": self.cases,
            "stages": dict(sorted(self.stages.items())),
            "closed": self.all.closed,
            "on_time": self.all.on_time,
            "on_time_rate": self.all.rate,
            "returned": self.returned,
            "reworked": self.reworked,
            "reopened": self.reopened,
            "merged": self.merged,
            "declined": self.declined,
            "commands": self.commands,
            "refusals": dict(sorted(self.refusals.items())),
            "stuck": self.stuck,
            "units": {
                unit: {"closed": share.closed, "on_time": share.on_time, "on_time_rate": share.rate}
                for unit, share in sorted(self.units.items())
            },
        }

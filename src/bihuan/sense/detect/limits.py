"""Limits of one sensor: a threshold with hysteresis and duration, a rate of change, a value that no longer moves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bihuan.sense.detect.stream import Floats, Ints, Marks, Numbered


@dataclass(frozen=True)
class Limit:
    """Raised at ``enter`` or beyond for ``lasting`` seconds, lowered at ``leave`` or short of it for ``calm`` seconds.

    ``is_below``: what is too low is beyond.
    """

    enter: float
    leave: float
    lasting: float = 0.0
    calm: float = 0.0
    is_below: bool = False


@dataclass(frozen=True)
class Change:
    """Raised at more than ``most`` a second up or down, between readings at most ``within`` seconds apart."""

    most: float
    within: float = np.inf


@dataclass(frozen=True)
class Stuck:
    """Raised when no reading for ``lasting`` seconds was more than ``within`` away from the first of them."""

    lasting: float
    within: float = 0.0


class _OfOneSensor:
    name: str

    @property
    def extra(self) -> dict[str, npt.NDArray[np.float64]]:
        return {}


class Threshold(_OfOneSensor):
    """Columns: is raised; since when the way out of that has been open."""

    fresh = (0.0, np.nan)

    def __init__(self, rules: Sequence[Limit], of: npt.ArrayLike | None = None, *, name: str = "threshold") -> None:
        self.name, self._rules = name, Numbered(rules, of)
        for rule in rules:
            if (rule.leave > rule.enter) != rule.is_below and rule.leave != rule.enter:
                raise ValueError(f"{rule}: it must be left on the near side of where it is entered")
        side = [-1.0 if rule.is_below else 1.0 for rule in rules]
        self._rules.add("side", side)
        self._rules.add("enter", [at * rule.enter for at, rule in zip(side, rules, strict=True)])
        self._rules.add("leave", [at * rule.leave for at, rule in zip(side, rules, strict=True)])
        self._rules.add("lasting", [rule.lasting for rule in rules])
        self._rules.add("calm", [rule.calm for rule in rules])

    def judge(self, columns: Floats, ids: Ints, values: Floats, times: Floats) -> Marks:
        rule, (raised, since) = self._rules.at(ids), columns
        beside, is_raised = values * rule["side"], raised > 0
        is_open = np.where(is_raised, beside <= rule["leave"], beside >= rule["enter"])
        began = np.fmin(since, times)
        flips = is_open & (times - began >= np.where(is_raised, rule["calm"], rule["lasting"]))
        since[:] = np.where(is_open & ~flips, began, np.nan)
        raised[:] = is_raised ^ flips
        marks: Marks = flips.astype(np.int8)
        return np.where(is_raised, -marks, marks)


class Rate(_OfOneSensor):
    """Columns: is raised, last value, its time."""

    fresh = (0.0, np.nan, np.nan)

    def __init__(self, rules: Sequence[Change], of: npt.ArrayLike | None = None, *, name: str = "rate") -> None:
        self.name, self._rules = name, Numbered(rules, of)
        self._rules.add("most", [rule.most for rule in rules])
        self._rules.add("within", [rule.within for rule in rules])

    def judge(self, columns: Floats, ids: Ints, values: Floats, times: Floats) -> Marks:
        rule, (raised, last, at) = self._rules.at(ids), columns
        passed = times - at
        is_fast = (np.abs(values - last) > rule["most"] * passed) & (passed <= rule["within"])
        marks: Marks = is_fast.astype(np.int8) - raised.astype(np.int8)
        raised[:], last[:], at[:] = is_fast, values, times
        return marks


class Flat(_OfOneSensor):
    """Columns: is raised, the value it does not leave, since when."""

    fresh = (0.0, np.nan, np.nan)

    def __init__(self, rules: Sequence[Stuck], of: npt.ArrayLike | None = None, *, name: str = "flat") -> None:
        self.name, self._rules = name, Numbered(rules, of)
        self._rules.add("lasting", [rule.lasting for rule in rules])
        self._rules.add("within", [rule.within for rule in rules])

    def judge(self, columns: Floats, ids: Ints, values: Floats, times: Floats) -> Marks:
        rule, (raised, anchor, since) = self._rules.at(ids), columns
        has_moved = ~(np.abs(values - anchor) <= rule["within"])
        anchor[:], since[:] = np.where(has_moved, values, anchor), np.where(has_moved, times, since)
        is_stuck = ~has_moved & (times - since >= rule["lasting"])
        marks: Marks = is_stuck.astype(np.int8) - raised.astype(np.int8)
        raised[:] = is_stuck
        return marks

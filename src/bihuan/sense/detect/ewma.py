"""EWMA: a slow drift away from what a sensor showed first, with a stated false-alarm rate.

The first ``learned`` readings give mean and deviation; from then on an exponentially weighted mean of the differences
is held against the limit that normal readings pass with the chance ``alpha``, by Student's distribution, since mean and
deviation are estimates. With ``forget`` mean and deviation follow slowly, and the rate is only about that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import t as student

from bihuan.sense.detect.stream import Floats, Ints, Marks, Numbered


@dataclass(frozen=True)
class Drift:
    """``weight`` of a new reading; ``alpha``: false alarms a reading, both sides; ``learned``: readings at first.

    ``calm``: so many readings within the limit until it is lowered. ``least``: a deviation below it is not believed.
    ``forget``: so much of each later reading enters the mean and the variance.
    """

    weight: float = 0.2
    alpha: float = 0.001
    learned: int = 100
    calm: int = 0
    least: float = 0.0
    forget: float = 0.0


class Ewma:
    """Columns: how long still raised, how many were learned, mean, squares, the difference, what of it is to come."""

    fresh = (0.0, 0.0, 0.0, 0.0, 0.0, 1.0)

    def __init__(self, rules: Sequence[Drift], of: npt.ArrayLike | None = None, *, name: str = "ewma") -> None:
        self.name, self._rules = name, Numbered(rules, of)
        for rule in rules:
            if not (0 < rule.weight <= 1 and 0 < rule.alpha < 1 and rule.learned >= 3 and 0 <= rule.forget < 1):
                raise ValueError(f"{rule}: weight in (0, 1], alpha in (0, 1), at least 3 learned, forget in [0, 1)")
        self._can_forget = any(rule.forget for rule in rules)
        self._rules.add("weight", [rule.weight for rule in rules])
        self._rules.add("forget", [rule.forget for rule in rules])
        self._rules.add("calm", [rule.calm for rule in rules])
        self._rules.add("learned", [rule.learned for rule in rules])
        self._rules.add("least", [rule.least**2 * (rule.learned - 1) for rule in rules])
        self._rules.add("share", [rule.weight / (2.0 - rule.weight) for rule in rules])
        limit = [float(student.isf(rule.alpha / 2, rule.learned - 1)) ** 2 for rule in rules]
        self._rules.add("limit", [one / (rule.learned - 1) for one, rule in zip(limit, rules, strict=True)])

    @property
    def extra(self) -> dict[str, npt.NDArray[np.float64]]:
        return {}

    def judge(self, columns: Floats, ids: Ints, values: Floats, times: Floats) -> Marks:  # noqa: ARG002
        rule, (raised, count, mean, squares, drift, open_) = self._rules.at(ids), columns
        learns, away = count < rule["learned"], values - mean
        if learns.any():
            self._learn(columns, learns, away)
        keep = 1.0 - rule["weight"]
        moved = keep * drift + rule["weight"] * away
        still = open_ * keep * keep
        # The variance of the weighted difference, and that of the mean it is held against.
        spread = rule["share"] * (1.0 - still) + 1.0 / rule["learned"]
        is_far = moved * moved > rule["limit"] * np.maximum(squares, rule["least"]) * spread
        if learns.any():
            moved, still, is_far = np.where(learns, 0.0, moved), np.where(learns, 1.0, still), is_far & ~learns
        drift[:], open_[:] = moved, still
        if self._can_forget:
            part = np.where(learns, 0.0, rule["forget"])
            mean += part * away
            squares += part * (away * away * (rule["learned"] - 1) - squares)
        marks: Marks = -(raised > 0).astype(np.int8)
        raised[:] = np.where(is_far, rule["calm"] + 1.0, np.maximum(raised - 1.0, 0.0))
        marks += raised > 0
        return marks

    @staticmethod
    def _learn(columns: Floats, learns: npt.NDArray[np.bool_], away: Floats) -> None:
        _, count, mean, squares, _, _ = columns
        number = count + 1.0
        step = np.where(learns, away / number, 0.0)
        squares += np.where(learns, away * (away - step), 0.0)
        mean += step
        count += learns

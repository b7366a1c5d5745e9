"""A silent sensor is a signal too: who was not heard for too long, asked now and then; lowered by the next reading."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bihuan.sense.detect.stream import Floats, Ints, Marks, Numbered


@dataclass(frozen=True)
class Heartbeat:
    """Raised when nothing was heard for more than ``seconds``."""

    seconds: float


class Silence:
    """Columns: is raised, last heard. ``since``: from when on a sensor that was never heard counts as silent."""

    def __init__(
        self, rules: Sequence[Heartbeat], of: npt.ArrayLike | None = None, *, since: float, name: str = "silence"
    ) -> None:
        self.name, self._rules = name, Numbered(rules, of)
        self.fresh: tuple[float, ...] = (0.0, since)
        self._rules.add("seconds", [rule.seconds for rule in rules])

    @property
    def extra(self) -> dict[str, npt.NDArray[np.float64]]:
        return {}

    def judge(self, columns: Floats, ids: Ints, values: Floats, times: Floats) -> Marks:  # noqa: ARG002
        raised, heard = columns
        marks: Marks = -raised.astype(np.int8)
        raised[:], heard[:] = 0.0, times
        return marks

    def ask(self, columns: Floats, now: float) -> npt.NDArray[np.int64]:
        """Who fell silent since it was last asked; ``columns``: those of ``Stream.columns_of``."""
        allowed = self._rules.at(np.arange(len(columns)))["seconds"]
        found = np.flatnonzero((now - columns[:, 1] > allowed) & (columns[:, 0] == 0))
        columns[found, 0] = 1.0
        return found

    def allowed(self, sensor: int) -> float:
        """Seconds without a reading that are none too many."""
        return float(np.ravel(self._rules.at(np.array([sensor]))["seconds"])[0])

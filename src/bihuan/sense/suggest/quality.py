"""How good: macro-F1 as the contest on such messages scores it, calibration error, and what abstaining buys."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

BINS = 15
ABSTAIN = 0.1


def f1_by_label(told: npt.NDArray[np.intp], wanted: npt.NDArray[np.intp], size: int) -> list[float]:
    found = []
    for label in range(size):
        hits = int(((told == label) & (wanted == label)).sum())
        asked = int((told == label).sum()) + int((wanted == label).sum())
        found.append(2 * hits / asked if asked else 0.0)
    return found


def calibration_error(confidence: npt.NDArray[np.float64], is_right: npt.NDArray[np.bool_]) -> float:
    """Expected calibration error over fifteen equal bins: how far stated chance and truth lie apart."""
    places = np.minimum((confidence * BINS).astype(int), BINS - 1)
    apart = 0.0
    for place in range(BINS):
        inside = places == place
        if inside.any():
            apart += inside.mean() * abs(float(confidence[inside].mean()) - float(is_right[inside].mean()))
    return float(apart)


def quality(chances: npt.NDArray[np.float64], wanted: npt.NDArray[np.intp], names: list[str]) -> dict[str, Any]:
    """Of rows that the model did not see. ``threshold``: below it lies the tenth that it should rather not say."""
    told = chances.argmax(axis=1)
    confidence = chances.max(axis=1)
    threshold = float(np.quantile(confidence, ABSTAIN))
    sure = confidence >= threshold
    by_label = f1_by_label(told, wanted, len(names))
    return {
        "macro_f1": round(float(np.mean(by_label)), 4),
        "macro_f1_abstaining": round(float(np.mean(f1_by_label(told[sure], wanted[sure], len(names)))), 4),
        "accuracy": round(float((told == wanted).mean()), 4),
        "calibration_error": round(calibration_error(confidence, told == wanted), 4),
        "threshold": round(threshold, 4),
        "by_label": {
            name: {"rows": int((wanted == place).sum()), "f1": round(by_label[place], 4)}
            for place, name in enumerate(names)
        },
    }

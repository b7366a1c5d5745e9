"""Detectors from data: rows as a rulebook has them, one a kind of sensor and detector, become a stream.

A row names its ``detector`` and the ``kind`` of sensor that it is for; the rest are the parameters of that detector.
What is not known, missing, or no number is told with the row and what there could be.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import MISSING, Field, fields
from typing import Any

import numpy as np

from bihuan.sense.detect.ewma import Drift, Ewma
from bihuan.sense.detect.limits import Change, Flat, Limit, Rate, Stuck, Threshold
from bihuan.sense.detect.silence import Heartbeat, Silence
from bihuan.sense.detect.stream import Detector, Plausible, Stream
from bihuan.sense.detect.usual import Habit, Usual

KINDS: Mapping[str, type] = {
    "plausible": Plausible,
    "threshold": Limit,
    "rate": Change,
    "flat": Stuck,
    "silence": Heartbeat,
    "ewma": Drift,
    "usual": Habit,
}
# A rule that is never met, for sensors of a kind without one of the detector.
NEVER: Mapping[str, Any] = {
    "plausible": Plausible(),
    "threshold": Limit(np.inf, np.inf),
    "rate": Change(np.inf),
    "flat": Stuck(np.inf),
    "silence": Heartbeat(np.inf),
    "ewma": Drift(learned=1 << 53),
}
Rules = dict[str, dict[str, Any]]


class BadRuleError(ValueError):
    """``row`` counts from 1."""

    def __init__(self, row: int, said: str) -> None:
        super().__init__(f"row {row}: {said}")
        self.row = row


def read(rows: Iterable[Mapping[str, Any]]) -> Rules:
    """Rules by detector and kind of sensor. Raises ``BadRuleError`` for the first row that does not fit."""
    found: Rules = {}
    for number, row in enumerate(rows, start=1):
        detector, kind = row.get("detector"), row.get("kind")
        if detector not in KINDS:
            raise BadRuleError(number, f"no detector {detector!r}; there are {', '.join(KINDS)}")
        if not isinstance(kind, str) or not kind:
            raise BadRuleError(number, "name the kind of sensor that it is for")
        if kind in found.setdefault(str(detector), {}):
            raise BadRuleError(number, f"{detector} for {kind} stands in an earlier row")
        given = {name: value for name, value in row.items() if name not in {"detector", "kind"}}
        try:
            rule = _rule(number, KINDS[str(detector)], given)
            _built(str(detector), [rule], np.zeros(1, dtype=np.int64), since=0.0)
        except BadRuleError:
            raise
        except ValueError as error:
            raise BadRuleError(number, str(error)) from None
        found[str(detector)][kind] = rule
    return found


def _rule(number: int, made_of: Any, given: Mapping[str, Any]) -> Any:  # noqa: ANN401 - each detector has a rule of its own
    known: dict[str, Field[Any]] = {one.name: one for one in fields(made_of)}
    if unknown := sorted(given.keys() - known):
        raise BadRuleError(number, f"no parameter {', '.join(unknown)}; there are {', '.join(known)}")
    if missing := [name for name, one in known.items() if one.default is MISSING and name not in given]:
        raise BadRuleError(number, f"{', '.join(missing)} is missing")
    return made_of(**{name: _value(number, known[name], value) for name, value in given.items()})


def _value(number: int, field: Field[Any], value: object) -> object:
    if field.name == "units":
        pairs: list[Any] = list(value) if isinstance(value, list | tuple) else [value]
        if not all(isinstance(one, list | tuple) and len(one) == 2 and all(map(_is_number, one)) for one in pairs):
            raise BadRuleError(number, "units are pairs of numbers: [[scale, offset], …]")
        return tuple((float(scale), float(offset)) for scale, offset in pairs)
    if isinstance(field.default, str):
        if not isinstance(value, str):
            raise BadRuleError(number, f"{field.name} is a text, not {value!r}")
        return value
    if isinstance(field.default, bool):
        if not isinstance(value, bool):
            raise BadRuleError(number, f"{field.name} is true or false, not {value!r}")
        return value
    if not _is_number(value):
        raise BadRuleError(number, f"{field.name} is a number, not {value!r}")
    if isinstance(field.default, int) and not isinstance(value, int):
        raise BadRuleError(number, f"{field.name} is a whole number, not {value!r}")
    return value


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and not np.isnan(value)


def stream(rules: Rules, kinds: Sequence[str], *, since: float, most: int = 1024) -> Stream:
    """A stream over sensors of these kinds, in their order. ``since``: from when on a sensor can be silent."""
    numbered = {detector: _numbered(detector, of_kind, kinds) for detector, of_kind in rules.items()}
    plausible, of = numbered.pop("plausible", ([NEVER["plausible"]], None))
    detectors: list[Detector] = []
    for detector in KINDS:
        if detector == "usual":
            detectors += _habits(rules.get("usual", {}), kinds)
        elif detector in numbered:
            given, which = numbered[detector]
            detectors.append(_built(detector, given, which, since=since))
    return Stream(len(kinds), detectors, plausible, of, most=most)


def _numbered(detector: str, of_kind: Mapping[str, Any], kinds: Sequence[str]) -> tuple[list[Any], Any]:
    if detector == "usual":
        return [], None
    number = {kind: at for at, kind in enumerate(of_kind, start=1)}
    return [NEVER[detector], *of_kind.values()], np.array([number.get(kind, 0) for kind in kinds], dtype=np.int64)


def _habits(of_kind: Mapping[str, Habit], kinds: Sequence[str]) -> list[Detector]:
    """One for each habit, so that sensors without one take no memory."""
    same: dict[Habit, set[str]] = {}
    for kind, rule in of_kind.items():
        same.setdefault(rule, set()).add(kind)
    built: list[Detector] = []
    for at, (rule, judged) in enumerate(same.items(), start=1):
        name = f"usual.{at}" if len(same) > 1 else "usual"
        built.append(Usual(len(kinds), rule, [kind in judged for kind in kinds], name=name))
    return built


def _built(detector: str, rules: Sequence[Any], of: Any, *, since: float) -> Any:  # noqa: ANN401
    match detector:
        case "threshold":
            return Threshold(rules, of)
        case "rate":
            return Rate(rules, of)
        case "flat":
            return Flat(rules, of)
        case "silence":
            return Silence(rules, of, since=since)
        case "ewma":
            return Ewma(rules, of)
        case "usual":
            return Usual(0, rules[0])
        case _:
            return None

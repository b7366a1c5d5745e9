"""Rules of warnings: dated data of the district, one row for each thing that a detector may find.

Rows of one ``group`` are one warning with several levels: a river over its alert mark and over its guarantee mark.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from datetime import timedelta
from typing import Any

LEVELS = ("I", "II", "III", "IV")
HAZARDS = ("natural", "accident", "health", "security")
# A district publishes III and IV; I and II are the city's to publish (突发事件应对法 art. 64, 重庆市突发事件应对条例).
OWN_LEVELS = frozenset({"III", "IV", ""})


@dataclass(frozen=True)
class Row:
    """``detector`` raised for sensors of ``kind``. ``level``: empty only for social security, which has none.

    ``hold``: minutes for which a level stays after its last finding was lowered; ``valid``: hours for which it is
    announced, anew each time. ``issue``: ``self``, or ``confirm`` by a person. ``places``: codes of what is affected,
    else the sensor's own. ``parent``: the group that mutes this one while it is open. ``case``: a category that it
    opens; ``plan``: the key of a plan that it proposes.
    """

    group: str
    name: str
    hazard: str
    kind: str
    detector: str
    level: str
    caution: str
    measures: str
    basis: str
    name_en: str = ""
    audience: str = ""
    hold: int = 30
    valid: int = 6
    issue: str = "confirm"
    places: tuple[str, ...] = ()
    parent: str = ""
    case: str = ""
    plan: str = ""

    @property
    def holding(self) -> timedelta:
        return timedelta(minutes=self.hold)


class BadWarningRuleError(ValueError):
    """``row`` counts from 1."""

    def __init__(self, row: int, said: str) -> None:
        super().__init__(f"第 {row} 行 / row {row}: {said}")
        self.row = row


class Rules:
    """Rows, found by what was found."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows = tuple(rows)
        self._by_finding = {(row.kind, row.detector): row for row in rows}
        self._by_level = {(row.group, row.level): row for row in rows}
        self._of_group: dict[str, Row] = {}
        for row in rows:
            self._of_group.setdefault(row.group, row)

    def of_finding(self, kind: str, detector: str) -> Row | None:
        """``detector`` as the judge names it: several of one name have numbers behind it (``threshold.2``)."""
        return self._by_finding.get((kind, detector))

    def of_level(self, group: str, level: str) -> Row | None:
        return self._by_level.get((group, level)) or self._of_group.get(group)

    def parent_of(self, group: str) -> str:
        row = self._of_group.get(group)
        return row.parent if row is not None else ""


def read(rows: Iterable[Mapping[str, Any]]) -> Rules:
    """Raises ``BadWarningRuleError`` for the first row that does not fit; says what would."""
    found: list[Row] = []
    for number, given in enumerate(rows, start=1):
        row = _row(number, given)
        if any((one.kind, one.detector) == (row.kind, row.detector) for one in found):
            raise BadWarningRuleError(number, f"{row.detector} of {row.kind} stands in an earlier row")
        if any(one.group == row.group and one.level == row.level for one in found):
            raise BadWarningRuleError(number, f"level {row.level} of {row.group} stands in an earlier row")
        found.append(row)
    groups = {one.group for one in found}
    for number, row in enumerate(found, start=1):
        if row.parent and (row.parent not in groups or row.parent == row.group):
            raise BadWarningRuleError(number, f"no other group {row.parent!r}; there are {', '.join(sorted(groups))}")
    return Rules(found)


def _row(number: int, given: Mapping[str, Any]) -> Row:
    known = {one.name: one for one in fields(Row)}
    if unknown := sorted(given.keys() - known):
        raise BadWarningRuleError(number, f"no column {', '.join(unknown)}; there are {', '.join(known)}")
    if missing := [name for name, one in known.items() if one.default is MISSING and not given.get(name)]:
        missing = [name for name in missing if name != "level" or given.get("hazard") != "security"]
        if missing:
            raise BadWarningRuleError(number, f"{', '.join(missing)} is missing")
    values: dict[str, Any] = {name: _value(number, name, known[name].default, value) for name, value in given.items()}
    row = Row(**{"level": "", **values})
    _check(number, row)
    return row


def _value(number: int, name: str, default: object, value: object) -> object:
    if name == "places":
        if not isinstance(value, list | tuple) or not all(isinstance(one, str) for one in value):
            raise BadWarningRuleError(number, "places is a list of codes")
        return tuple(value)
    if isinstance(default, int):
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= 100_000:
            raise BadWarningRuleError(number, f"{name} is a whole number, not {value!r}")
        return value
    if not isinstance(value, str) or len(value) > 500:
        raise BadWarningRuleError(number, f"{name} is a text of at most 500 letters, not {value!r}")
    return value.strip()


def _check(number: int, row: Row) -> None:
    if row.hazard not in HAZARDS:
        raise BadWarningRuleError(number, f"no hazard {row.hazard!r}; there are {', '.join(HAZARDS)}")
    if row.level not in (*LEVELS, ""):
        raise BadWarningRuleError(number, f"no level {row.level!r}; there are {', '.join(LEVELS)}")
    if row.issue not in {"self", "confirm"}:
        raise BadWarningRuleError(number, f"issue is self or confirm, not {row.issue!r}")
    if row.valid < 1:
        raise BadWarningRuleError(number, "valid is at least one hour")

"""Can every step be reached, and does every clock start and stop? Asked of a rulebook alone, before any case exists."""

from __future__ import annotations

from collections.abc import Iterator

from bihuan.kernel.case import Stage
from bihuan.kernel.rules import STAGE_CLOCKS, ClockRule, Rulebook, Step

ORDER = {
    Stage.REGISTERED: 0, Stage.ACCEPTED: 1, Stage.DISPATCHED: 2, Stage.WORKING: 3, Stage.ANSWERED: 4,
    Stage.VERIFYING: 5, Stage.CLOSED: 6,
}  # fmt: skip
# When a moment may come, first and last, in the same order.
MOMENTS = {
    "registered": (0, 0), "accepted": (1, 1), "dispatched": (2, 2), "objected": (2, 3), "returned": (2, 3),
    "working": (3, 3), "answered": (4, 4), "reworked": (5, 5), "closed": (6, 6), "reopened": (6, 6), "declined": (0, 3),
}  # fmt: skip
WORKING = ORDER[Stage.WORKING]
LATER = frozenset({"answered", "closed", "reworked"})


class Reach:
    """What of a rulebook can happen at all."""

    def __init__(self, book: Rulebook) -> None:
        self.book = book
        self._why: dict[str, str] = {}
        self._first: dict[str, int] = {}
        for key in book.steps:
            self._visit(key, ())

    def why_not(self, step: str) -> str:
        """Why a step can never be taken; empty when it can."""
        return self._why.get(step, "" if step in self.book.steps else "没有这个步骤 / there is no such step")

    def _visit(self, key: str, way: tuple[str, ...]) -> None:
        if key in self._first or key in self._why:
            return
        step = self.book.steps[key]
        if key in way:
            self._why[key] = f"步骤互相等待 / the steps wait for one another: {' → '.join((*way, key))}"
            return
        for need in step.needs:
            if need in self.book.steps:
                self._visit(need, (*way, key))
        self._first.pop(key, None)
        if key not in self._why:
            self._judge(key, step)

    def _judge(self, key: str, step: Step) -> None:
        first, last = _span(step)
        for need in step.needs:
            if reason := self.why_not(need):
                self._why[key] = f"它要等的“{need}”走不到 / it needs '{need}', which cannot be reached ({reason})"
                return
            if self.book.steps[need].ends:
                self._why[key] = f"“{need}”已结束案卷 / it needs '{need}', which ends the case"
                return
            first = max(first, self._first[need])
        before = self._before(key)
        for other in sorted(before & set(step.blocked_by)):
            self._why[key] = f"它要等“{other}”,又被它挡住 / it needs '{other}' and is blocked by it"
            return
        for one in sorted(before):
            for two in sorted(before & set(self.book.steps[one].blocked_by)):
                if one in self.book.steps[two].blocked_by:
                    self._why[key] = (
                        f"“{one}”和“{two}”不能都办 / it needs '{one}' and '{two}', which exclude each other"
                    )
                    return
        if first > last:
            self._why[key] = "它要等的步骤在更晚的阶段 / what it needs comes in a later stage"
            return
        self._first[key] = first

    def _before(self, key: str) -> set[str]:
        found: set[str] = set()
        waiting = [need for need in self.book.steps[key].needs if need in self.book.steps]
        while waiting:
            one = waiting.pop()
            if one not in found:
                found.add(one)
                waiting += [need for need in self.book.steps[one].needs if need in self.book.steps]
        return found

    def _when(self, moment: str) -> tuple[int, int] | None:
        """First and last time of a moment, or nothing where it never comes."""
        if not moment.startswith("step:"):
            return MOMENTS.get(moment)
        key = moment[5:]
        if self.why_not(key):
            return None
        return self._first[key], _span(self.book.steps[key])[1]

    def clock_problems(self, rule: ClockRule) -> Iterator[tuple[str, str]]:
        """Column and what is wrong with it."""
        if rule.key in STAGE_CLOCKS:
            return
        start = self._when(rule.starts)
        if start is None:
            yield (
                "starts",
                f"“{rule.starts}”不会发生,这个时限不会开始 / '{rule.starts}' never comes: the clock never starts",
            )
            return
        usable = [stop for stop in rule.stops if (when := self._when(stop)) is not None and when[1] >= start[0]]
        if not usable:
            yield "stops", "起算以后没有止算的时刻 / after its start none of its stops can come: it never stops"
            return
        is_owed = not rule.reminds and rule.per == "case" and LATER.isdisjoint(rule.stops) and start[0] <= WORKING
        if is_owed and not any(self._when(stop)[0] <= WORKING for stop in usable if stop != "declined"):  # type: ignore[index]  # usable
            what = "报办结前停不下来,案卷办不完 / nothing stops it before the answer, so the case can never be answered"
            yield "stops", what


def _span(step: Step) -> tuple[int, int]:
    places = [ORDER[stage] for stage in step.stages]
    return min(places), max(places)

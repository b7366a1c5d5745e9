"""How many decides and evolves one core does in a second, over whole lives of city cases and petitions.

Baselines, in the same run over the same lives: the same fold with ``dataclasses.replace`` instead of the kernel's own
copy; and a toy decider on dicts that knows stages and one due date but no law, no role, no calendar and no ladder.

    python benchmarks/kernel.py [--rounds 7]

The last line is JSON. Ends with 1 when a figure is missed.
"""

import argparse
import dataclasses
import gc
import json
import statistics
import sys
import time
from collections.abc import Callable
from datetime import timedelta

from bihuan.kernel import commands as c
from bihuan.kernel import decide, evolve, laws
from bihuan.kernel.case import Case
from bihuan.kernel.events import Recorded
from bihuan.kernel.rules import Rules
from bihuan.testing import books, cast
from bihuan.testing.story import Story

LEAST_DECIDES, LEAST_EVOLVES, MOST_HOLDS_US = 8_000, 60_000, 15.0

Decision = tuple[Rules, Case | None, c.Command, c.Ctx]
Fold = tuple[Case | None, Recorded]


class Taped(Story):
    """A story that keeps what it asked ``decide`` and what it folded."""

    folds = False

    def __init__(self, book, start="2025-03-03 09:00"):
        super().__init__(book, start)
        self.decisions: list[Decision] = []

    def when(self, command, *, by, recorded="", **facts):
        self.decisions.append((self.rules, self._state, command, c.Ctx(self.now, by.name, by.unit, by.roles, facts)))
        return super().when(command, by=by, recorded=recorded, **facts)


def plain(book):
    """Registered, accepted, dispatched, taken, arrived, finished, verified: six in ten reports."""
    case = Taped(book).reported("manhole").after(minutes=20).accepted().after(minutes=10).dispatched()
    case.after(hours=1).must(c.TakeTask(1), by=cast.WEI).after(hours=1).must(c.ArriveAtTask(1), by=cast.WEI)
    return case.after(hours=1).finished().after(hours=2).closed()


def slow(book):
    """Warned, reminded, broken, extended too late, paused, reworked."""
    case = Taped(book).reported("rubbish").accepted().dispatched(cast.CHENGGUAN).until("2025-03-05 09:00")
    case.must(c.AskExtend("handle", 2, "雨"), by=cast.WEI).must(c.Grant(1), by=cast.GU)
    case.must(c.AskPause("handle", case.now + timedelta(days=3), "等"), by=cast.WEI).must(c.Grant(2), by=cast.GU)
    case.until("2025-03-20 09:00").finished().must(c.Verify(accept=False, reason="未清净"), by=cast.SU)
    return case.after(hours=5).finished().closed()


def joint(book):
    """Three units, one of them objects, the next leads."""
    case = Taped(book).reported("rubbish").accepted().dispatched(cast.CHENGGUAN, cast.ZHUJIAN, cast.STREET)
    case.must(c.ReturnTask(1, "不属职责", "清单 3"), by=cast.WEI).must(c.Grant(1), by=cast.ZHOU)
    case.dispatched(cast.COMMUNITY).finished(2, cast.PAN).finished(3, cast.SHEN)
    return case.finished(4, cast.MENG).closed()


def disputed(book):
    case = plain(book).after(days=3).must(c.Dispute("又坏了"), by=cast.LIN)
    case.after(hours=3).finished().closed()
    return case.until("2025-07-01 09:00")


def petition(book):
    case = Taped(book).reported("claim").accepted(cast.BAI).dispatched(by=cast.BAI)
    case.after(days=2).must(c.TakeStep("admitted", (("letter", "l"),)), by=cast.SHEN)
    return case.after(days=20).finished(1, cast.SHEN).closed(cast.BAI)


def lives() -> list[Taped]:
    city, petitions = books.city(), books.petitions()
    kinds = [plain] * 6 + [slow, joint, disputed]
    return [kind(city) for kind in kinds] + [petition(petitions)]


def folds_of(life: Taped) -> list[Fold]:
    folded: list[Fold] = []
    state = None
    for recorded in life.history:
        folded.append((state, recorded))
        state = evolve(state, recorded)
    return folded


# -- baselines ----------------------------------------------------------------------------------------------------

NEXT = {
    c.Register: ((None,), "registered"),
    c.Accept: (("registered",), "accepted"),
    c.Dispatch: (("accepted",), "dispatched"),
    c.TakeTask: (("dispatched",), "working"),
    c.FinishTask: (("dispatched", "working"), "answered"),
    c.Verify: (("answered",), "closed"),
    c.Dispute: (("closed",), "working"),
}


def toy(state, command, ctx):
    """Stage, due date, two events: what a first draft of such a loop does."""
    allowed, after = NEXT.get(type(command), (None, None))
    stage = state["stage"] if state else None
    if allowed is not None and stage not in allowed:
        return None
    events = [
        {"kind": type(command).__name__, "stage": after or stage, "by": ctx.person, "at": ctx.at},
        {"kind": "Due", "due": ctx.at + timedelta(days=3)},
    ]
    for event in events:
        state = {**(state or {"tasks": [], "history": 0}), **event, "history": (state or {}).get("history", 0) + 1}
    return events


def toys_of(life: Taped):
    """The same commands, each on a toy state of the same stage."""
    stages = [None if state is None else {"stage": str(state.stage), "tasks": []} for _, state, _, _ in life.decisions]
    return [(stage, command, ctx) for stage, (_, _, command, ctx) in zip(stages, life.decisions, strict=True)]


def with_replace(work: Callable[[], None]) -> Callable[[], None]:
    """The kernel's own copy exchanged for the standard library's, and back."""
    module = sys.modules["bihuan.kernel.evolve"]
    own = module._copy

    def changed() -> None:
        module._copy = dataclasses.replace
        try:
            work()
        finally:
            module._copy = own

    return changed


# -- measuring ----------------------------------------------------------------------------------------------------


def rate(work: Callable[[], None], count: int) -> float:
    start = time.process_time()
    work()
    return count / (time.process_time() - start)


def measure(rounds: int, repeats: int = 60) -> dict[str, float]:
    told = lives()
    decisions = [decision for life in told for decision in life.decisions] * repeats
    folds = [fold for life in told for fold in folds_of(life)] * repeats
    toys = [asked for life in told for asked in toys_of(life)] * repeats
    states = [state for state, _ in folds if state is not None]

    def decide_all() -> None:
        for rules, state, command, ctx in decisions:
            decide(rules, state, command, ctx)

    def evolve_all() -> None:
        for state, recorded in folds:
            evolve(state, recorded)

    def toy_all() -> None:
        for state, command, ctx in toys:
            toy(state, command, ctx)

    def hold_all() -> None:
        for state in states:
            laws.holds(state)

    works = {
        "decide": (decide_all, len(decisions)),
        "evolve": (evolve_all, len(folds)),
        "toy": (toy_all, len(toys)),
        "replace": (with_replace(evolve_all), len(folds)),
        "holds": (hold_all, len(states)),
    }
    gc.collect()
    gc.freeze()
    rates: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):  # in turn, so that a slow moment of the machine falls on all
        for name, (work, count) in works.items():
            rates[name].append(rate(work, count))
    found = {name: statistics.median(measured) for name, measured in rates.items()}
    return {
        "decides_per_s": round(found["decide"]),
        "evolves_per_s": round(found["evolve"]),
        "holds_us": round(1e6 / found["holds"], 2),
        "events_per_decide": round(len(folds) / len(decisions), 2),
        "decide_ratio_to_toy": round(found["decide"] / found["toy"], 3),
        "evolve_ratio_to_replace": round(found["evolve"] / found["replace"], 2),
        "toy_decides_per_s": round(found["toy"]),
        "replace_evolves_per_s": round(found["replace"]),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--rounds", type=int, default=7)
    figures = measure(parser.parse_args().rounds)
    print(json.dumps(figures))
    is_met = (
        figures["decides_per_s"] >= LEAST_DECIDES
        and figures["evolves_per_s"] >= LEAST_EVOLVES
        and figures["holds_us"] <= MOST_HOLDS_US
    )
    return 0 if is_met else 1


if __name__ == "__main__":
    sys.exit(main())

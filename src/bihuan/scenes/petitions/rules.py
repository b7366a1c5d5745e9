"""What 《信访工作条例》 adds: each matter on its own route, nothing concluded before it is told, signed and served."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from bihuan.kernel import commands as c
from bihuan.kernel.case import Case, Clock, Role
from bihuan.kernel.refused import Refused

LAW = "《信访工作条例》"
CLAIM, REVIEW, FINAL, SUGGESTION = "P60", "P65", "P66", "P7"
AGAIN = (REVIEW, FINAL)
OTHER_PROCEDURES = ("P1", "P2", "P3", "P4", "P5")
# Steps that belong to some routes only, by the beginnings of their categories' codes.
ROUTE_OF = {
    "admitted": (CLAIM,),
    "extension_told": (CLAIM,),
    "entered": OTHER_PROCEDURES,
    "told": (*AGAIN, SUGGESTION, "P8"),
    "hearing": (CLAIM, *AGAIN),
    "opinion": (CLAIM, *AGAIN),
    "opinion_signed": (CLAIM, *AGAIN),
    "opinion_served": (CLAIM, *AGAIN),
    "considered": (SUGGESTION,),
}
WRITTEN = frozenset({"on_the_spot", "in_writing"})


def refuse(state: Case | None, command: c.Command, ctx: c.Ctx) -> Refused | None:  # noqa: PLR0911 - a table
    """Why this scene says no to what the kernel would take."""
    if state is None:
        return None
    match command:
        case c.Accept() if state.category.startswith(AGAIN):
            return _again(state, command, ctx)
        case c.Decline() if state.prior_final and not _follows(state, "no_more_signed", "no_more_drafted"):
            return Refused("final-unsigned", rule=f"{LAW}第三十六条", step="no_more_signed")
        case c.Dispatch(lead=lead, assists=assists):
            return _own_review(ctx, (lead, *assists))
        case c.TakeTask() | c.FinishTask() if (own := _own_review(ctx, (ctx.unit,))) is not None:
            return own
        case c.FinishTask(task=number) if (task := state.task(number)) is not None and task.role is Role.LEAD:
            return _concluding(state)
        case c.Verify(accept=True) if "matter" not in state.steps:
            return Refused("matter-open", rule=f"{LAW}第二十七条", step="matter")
        case c.AskPause(clock=clock):
            return _pausing(state, state.clock(clock))
        case c.TakeStep():
            return _stepping(state, command)
        case _:
            return None


def _again(state: Case, command: c.Accept, ctx: c.Ctx) -> Refused | None:
    """A review is of something, and asked for in time; late it needs good cause."""
    until = ctx.facts.get("review_until")
    if not state.parent:
        return Refused("review-of-nothing", rule=f"{LAW}第三十五条、第三十六条")
    if isinstance(until, datetime) and state.opened > until and not command.new_fact.strip():
        return Refused("review-late", rule=f"{LAW}第三十五条、第三十六条", due=until.date().isoformat())
    return None


def _own_review(ctx: c.Ctx, units: Collection[str]) -> Refused | None:
    reviewed = ctx.facts.get("reviewed", ())
    if isinstance(reviewed, Iterable) and not set(reviewed).isdisjoint(units):
        return Refused("same-unit", rule=f"{LAW}第三十五条、第三十六条")
    return None


def _concluding(state: Case) -> Refused | None:
    """What must have been done before the unit may say that it is done."""
    category, is_extended = state.category, any(clock.key == "finish" and clock.extended for clock in state.clocks)
    if is_extended and "extension_told" not in state.steps:
        return Refused("extension-untold", rule=f"{LAW}第三十四条", step="extension_told")
    if category.startswith((CLAIM, *AGAIN)) and not _follows(state, "opinion_served", "opinion_signed", "opinion"):
        return Refused("opinion-missing", rule=f"{LAW}第三十二条", step="opinion_served")
    if category.startswith(OTHER_PROCEDURES) and "entered" not in state.steps:
        return Refused("route-untold", rule=f"{LAW}第三十一条", step="entered")
    if category.startswith(SUGGESTION) and "considered" not in state.steps:
        return Refused("not-considered", rule=f"{LAW}第二十九条", step="considered")
    return None


def _follows(state: Case, *keys: str) -> bool:
    """Whether each of these steps was taken, the last time after the one that is named behind it."""
    last = {key: number for number, key in enumerate(state.steps)}
    places = [last.get(key, -1) for key in keys]
    return places[-1] >= 0 and places == sorted(places, reverse=True)


def _pausing(state: Case, clock: Clock | None) -> Refused | None:
    if clock is None or not clock.statutory:
        return None
    if clock.key != "review" or not state.category.startswith(FINAL):
        return Refused("no-pause", rule=clock.basis)
    if "hearing" not in state.steps:
        return Refused("pause-for-hearing", rule=clock.basis, step="hearing")
    return None


def _stepping(state: Case, command: c.TakeStep) -> Refused | None:
    step, said = command.step, dict(command.data)
    if not state.category.startswith(ROUTE_OF.get(step, ("",))):
        return Refused("other-route", rule=f"{LAW}第三十一条")
    if said.get("how_told") in WRITTEN and not said.get("letter", "").strip():
        return Refused("notice-unwritten", rule=f"{LAW}第二十三条")
    if step == "opinion" and state.category.startswith(CLAIM) and "admitted" not in state.steps:
        return Refused("not-admitted", rule=f"{LAW}第二十三条", step="admitted")
    if step == "opinion_served" and not _follows(state, "opinion_signed", "opinion"):
        return Refused("unsigned", rule=f"{LAW}第三十二条", step="opinion_signed")
    if step == "extension_told" and not any(clock.key == "finish" and clock.extended for clock in state.clocks):
        return Refused("not-extended", rule=f"{LAW}第三十四条", step="admitted", after="extend:finish")
    if step.startswith("champion_") and not state.champion:
        return Refused("champion-missing", rule=f"{LAW}第十八条", after="champion")
    if step.startswith("no_more_") and not state.prior_final:
        return Refused("not-final", rule=f"{LAW}第三十六条")
    return None

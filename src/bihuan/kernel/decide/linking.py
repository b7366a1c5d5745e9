"""Between cases: merge, unmerge, split, holds. And seals, statutory reports, champions."""

from __future__ import annotations

from dataclasses import replace

from bihuan.kernel import clocks
from bihuan.kernel import commands as c
from bihuan.kernel import events as e
from bihuan.kernel.case import OPEN_STAGES, Hold, Stage
from bihuan.kernel.decide.draft import Draft
from bihuan.kernel.decide.working import LATER, involved, need_involved
from bihuan.kernel.refused import Refused
from bihuan.kernel.rules import STAGE_CLOCKS


def absorb(draft: Draft, command: c.Absorb) -> None:
    """The lead case takes another in: the highest seal, the earliest statutory date, all receipts."""
    draft.need_open()
    draft.need_desk()
    case = draft.case
    draft.need(involved(case).isdisjoint(command.barred), "route-barred", law=7)
    draft.need(command.case not in case.absorbed, "already-merged", law=1)
    if command.seal > case.seal:
        draft.add(e.Resealed(command.seal, "merge"))
    for promise in command.promises:
        _keep(draft, promise, command.case)
    held = {hold.by_case for hold in case.holds}
    for hold in command.holds:
        if hold.by_case not in held:
            draft.add(e.HoldLaid(hold))
    draft.add(e.Absorbed(command.case, command.receipts, command.reporters, command.barred))


def _keep(draft: Draft, promise: c.Promise, from_case: str) -> None:
    """A merge lengthens nobody's promise: ours takes the earlier date, or theirs goes on here.

    To accept and to dispatch was done for both. Any other promise that is already kept here (a written notice to this
    reporter) is still owed to the other; the answer keeps it at the latest.
    """
    theirs = promise.clock and clocks.resume(draft.rules, promise.clock, draft.ctx.at)
    mine = [clock for clock in draft.case.clocks if clock.key == promise.key and clock.task is None]
    is_kept = bool(mine) and mine[-1].stopped is not None
    if is_kept and promise.key in {"accept", "dispatch"}:
        return
    if theirs is not None and (not mine or (is_kept and promise.key not in STAGE_CLOCKS)):
        stops = tuple(dict.fromkeys((*theirs.stops, "answered"))) if LATER.isdisjoint(theirs.stops) else theirs.stops
        draft.add(e.ClockStarted(replace(theirs, id=f"{promise.key}@{from_case}", stops=stops)))
        return
    due = theirs.due if theirs is not None else promise.due
    if mine and due < mine[-1].due:
        tightened = clocks.tighten(draft.rules, mine[-1], due, draft.ctx.at)
        draft.add(e.ClockTightened(tightened, from_case))


def merge_into(draft: Draft, command: c.MergeInto) -> None:
    draft.need_stage(*OPEN_STAGES)
    draft.need_desk()
    if command.seal > draft.case.seal:
        draft.add(e.Resealed(command.seal, "merge"))
    for task in draft.case.tasks:
        if task.is_open:
            draft.add(e.TaskCancelled(task.id, "merged"))
    draft.add(e.Merged(command.into))
    draft.stop_clocks()


def unmerge(draft: Draft, command: c.Unmerge) -> None:
    """The case stands on its own again. Its promises keep the dates they had: a merge lengthens nothing (law 1)."""
    draft.need_stage(Stage.MERGED)
    draft.need_desk()
    draft.need_reason(command.reason)
    stopped = draft.case.merge_stopped
    draft.add(e.Unmerged(command.reason))
    for clock in draft.case.clocks:
        if clock.id in stopped and clock.stopped is not None:
            draft.add(e.ClockResumed(clocks.restart(draft.rules, clock, draft.ctx.at), "unmerged"))
    if draft.case.stage is Stage.ACCEPTED:
        draft.resume_clocks("unmerged", "dispatch")


def part(draft: Draft, command: c.Part) -> None:
    """Also from a closed case; one that is merged itself must stand on its own again first, or a receipt would fork."""
    draft.need_desk()
    draft.need(command.case in draft.case.absorbed, "not-merged", law=1)
    draft.need(draft.case.stage is not Stage.MERGED, "merged-itself", law=1, into=draft.case.merged_into)
    draft.add(e.Parted(command.case, command.receipts, command.reporters))


def add_child(draft: Draft, command: c.AddChild) -> None:
    draft.need_open()
    need_involved(draft)
    draft.need(command.case not in draft.case.children, "already-child")
    draft.add(e.ChildAdded(command.case))


def lay_hold(draft: Draft, command: c.LayHold) -> None:
    draft.need_open()
    draft.need_role("triage", "dispatcher", "handler", "head")
    draft.need(command.basis, "rule-missing", law=6)
    draft.need_reason(command.reason)
    draft.need(all(hold.by_case != command.by_case for hold in draft.case.holds), "already-held")
    draft.add(e.HoldLaid(Hold(command.by_case, draft.ctx.unit, command.on, command.reason, command.basis)))


def lift_hold(draft: Draft, command: c.LiftHold) -> None:
    """Only the unit that laid a hold lifts it."""
    hold = next((h for h in draft.case.holds if h.by_case == command.by_case), None)
    if hold is None:
        raise Refused("no-such-hold", case=command.by_case)
    draft.need_reason(command.reason)
    draft.need(hold.unit == draft.ctx.unit, "not-your-hold", law=2)
    draft.add(e.HoldLifted(command.by_case, command.reason))


def reseal(draft: Draft, command: c.Reseal) -> None:
    """Raising a seal works at once; lowering one is asked for and granted by another."""
    draft.need(command.seal != draft.case.seal, "seal-unchanged", seal=draft.case.seal)
    draft.need(command.seal > draft.case.seal, "lowering-needs-grant", law=7)
    draft.need(command.basis, "rule-missing", law=6)
    need_involved(draft)
    draft.add(e.Resealed(command.seal, command.basis))


def report_by_law(draft: Draft, command: c.ReportByLaw) -> None:
    """The red button. No stage, seal or turn holds it up (law 7); it must only say to whom and on what ground."""
    draft.need(draft.ctx.person, "person-missing", law=7)
    draft.need(command.to, "unit-missing")
    draft.need(command.basis, "rule-missing", law=6)
    draft.add(e.ReportedByLaw(command.kind, command.to, command.note, command.basis))


def name_champion(draft: Draft, command: c.NameChampion) -> None:
    draft.need_open()
    draft.need_role("oversight", "head", "dispatcher", "triage")
    draft.need(command.person, "person-missing")
    unit = str(draft.ctx.facts.get("champion_unit", ""))
    draft.need_not_barred(unit)
    draft.add(e.ChampionNamed(command.person, unit))

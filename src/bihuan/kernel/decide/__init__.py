"""``decide(rules, state, command, ctx) -> events | Refused``: the table of who answers which command."""

from __future__ import annotations

from typing import assert_never

from bihuan.kernel import commands as c
from bihuan.kernel.case import Case
from bihuan.kernel.decide import closing, dispatching, intake, linking, ticking, waiting, working
from bihuan.kernel.decide.draft import Draft
from bihuan.kernel.events import Event
from bihuan.kernel.refused import Refused
from bihuan.kernel.rules import Rules

__all__ = ["decide"]


def decide(rules: Rules, state: Case | None, command: c.Command, ctx: c.Ctx) -> tuple[Event, ...] | Refused:
    """The events that the command leads to (none: nothing to do), or the refusal that names its law or rule."""
    draft = Draft(rules, state, ctx)
    try:
        if state is not None:
            _need_sight(state, ctx)
        elif not isinstance(command, c.Register | c.ImportCase):
            return Refused("no-such-case", law=1)
        _answer(draft, command)
    except Refused as refusal:
        return refusal
    return tuple(draft.events)


def _need_sight(state: Case, ctx: c.Ctx) -> None:
    """For a barred unit the case does not exist, whatever it asks (law 7); its own reporter is no stranger to it."""
    if ctx.unit in state.barred and not state.is_party(ctx.person):
        raise Refused("no-such-case", law=1)
    if ctx.at < state.opened and not state.is_imported:
        raise Refused("time-before-case", law=5, happened_at=ctx.at.isoformat(), opened=state.opened.isoformat())


def _answer(draft: Draft, command: c.Command) -> None:  # noqa: C901, PLR0912, PLR0915 - a table
    match command:
        case c.Register():
            intake.register(draft, command)
        case c.ImportCase():
            intake.import_case(draft, command)
        case c.Tick():
            ticking.tick(draft)
        case c.Accept():
            intake.accept(draft, command)
        case c.Recategorise():
            intake.recategorise(draft, command)
        case c.Decline():
            intake.decline(draft, command)
        case c.Dispatch():
            dispatching.dispatch(draft, command)
        case c.AddTask():
            dispatching.add_task(draft, command)
        case c.CancelTask():
            dispatching.cancel_task(draft, command)
        case c.TakeTask():
            working.take(draft, command)
        case c.ReleaseTask():
            working.release(draft, command)
        case c.ArriveAtTask():
            working.arrive(draft, command)
        case c.FinishTask():
            working.finish(draft, command)
        case c.ReturnTask():
            working.ask_return(draft, command)
        case c.TakeStep():
            working.take_step(draft, command)
        case c.AddNote():
            working.add_note(draft, command)
        case c.AddProof():
            working.add_proof(draft, command)
        case c.SendToVerify():
            closing.send_to_verify(draft, command)
        case c.Verify():
            closing.verify(draft, command)
        case c.Dispute():
            closing.dispute(draft, command)
        case c.FollowUp():
            closing.follow_up(draft, command)
        case c.Archive():
            closing.archive(draft)
        case c.AskPause():
            waiting.ask_pause(draft, command)
        case c.AskExtend():
            waiting.ask_extend(draft, command)
        case c.AskSeal():
            waiting.ask_seal(draft, command)
        case c.Grant():
            waiting.grant(draft, command)
        case c.Deny():
            waiting.deny(draft, command)
        case c.Resume():
            waiting.resume(draft, command)
        case c.Absorb():
            linking.absorb(draft, command)
        case c.MergeInto():
            linking.merge_into(draft, command)
        case c.Unmerge():
            linking.unmerge(draft, command)
        case c.Part():
            linking.part(draft, command)
        case c.AddChild():
            linking.add_child(draft, command)
        case c.LayHold():
            linking.lay_hold(draft, command)
        case c.LiftHold():
            linking.lift_hold(draft, command)
        case c.Reseal():
            linking.reseal(draft, command)
        case c.ReportByLaw():
            linking.report_by_law(draft, command)
        case c.NameChampion():
            linking.name_champion(draft, command)
        case c.Oversee():
            ticking.oversee(draft, command)
        case c.Recompute():
            ticking.recompute(draft)
        case _:
            assert_never(command)

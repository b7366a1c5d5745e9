"""``decide(rules, state, command, ctx) -> events | Refused``: the table of who answers which command."""

from __future__ import annotations

from collections.abc import Callable

from bihuan.kernel import commands as c
from bihuan.kernel.case import Case
from bihuan.kernel.decide import closing, dispatching, intake, linking, ticking, waiting, working
from bihuan.kernel.decide.draft import Draft
from bihuan.kernel.events import Event
from bihuan.kernel.refused import Refused
from bihuan.kernel.rules import Rules

__all__ = ["HANDLERS", "decide"]

# One for each command of the closed union; a test holds the two against each other.
HANDLERS: dict[type, Callable[..., None]] = {
    c.Register: intake.register, c.ImportCase: intake.import_case, c.Tick: ticking.tick, c.Accept: intake.accept,
    c.Recategorise: intake.recategorise, c.Decline: intake.decline, c.Dispatch: dispatching.dispatch,
    c.AddTask: dispatching.add_task, c.CancelTask: dispatching.cancel_task, c.TakeTask: working.take,
    c.ReleaseTask: working.release, c.ArriveAtTask: working.arrive, c.FinishTask: working.finish,
    c.ReturnTask: working.ask_return, c.TakeStep: working.take_step, c.AddNote: working.add_note,
    c.AddProof: working.add_proof, c.SendToVerify: closing.send_to_verify, c.Verify: closing.verify,
    c.Dispute: closing.dispute, c.FollowUp: closing.follow_up, c.Archive: closing.archive,
    c.AskPause: waiting.ask_pause, c.AskExtend: waiting.ask_extend, c.AskSeal: waiting.ask_seal,
    c.Grant: waiting.grant, c.Deny: waiting.deny, c.Resume: waiting.resume, c.Absorb: linking.absorb,
    c.MergeInto: linking.merge_into, c.Unmerge: linking.unmerge, c.Part: linking.part, c.AddChild: linking.add_child,
    c.LayHold: linking.lay_hold, c.LiftHold: linking.lift_hold, c.Reseal: linking.reseal,
    c.ReportByLaw: linking.report_by_law, c.NameChampion: linking.name_champion, c.Oversee: ticking.oversee,
    c.Recompute: ticking.recompute,
}  # fmt: skip


def decide(rules: Rules, state: Case | None, command: c.Command, ctx: c.Ctx) -> tuple[Event, ...] | Refused:
    """The events that the command leads to (none: nothing to do), or the refusal that names its law or rule."""
    draft = Draft(rules, state, ctx)
    try:
        if state is not None:
            _need_sight(state, ctx)
        elif not isinstance(command, c.Register | c.ImportCase):
            return Refused("no-such-case", law=1)
        HANDLERS[type(command)](draft, command)
    except Refused as refusal:
        return refusal
    return tuple(draft.events)


def _need_sight(state: Case, ctx: c.Ctx) -> None:
    """For a barred unit the case does not exist, whatever it asks (law 7); its own reporter is no stranger to it."""
    if ctx.unit in state.barred and not state.is_party(ctx.person):
        raise Refused("no-such-case", law=1)
    if ctx.at < state.opened and not state.is_imported:
        raise Refused("time-before-case", law=5, happened_at=ctx.at.isoformat(), opened=state.opened.isoformat())

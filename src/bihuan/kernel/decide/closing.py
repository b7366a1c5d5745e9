"""The way out: verify by someone else, close on proof, dispute, follow up, archive."""

from __future__ import annotations

from bihuan.kernel import commands as c
from bihuan.kernel import events as e
from bihuan.kernel.case import Stage
from bihuan.kernel.decide.draft import Draft


def send_to_verify(draft: Draft, command: c.SendToVerify) -> None:
    draft.need_stage(Stage.ANSWERED, Stage.VERIFYING)
    draft.need_desk()
    draft.need(command.unit, "unit-missing")
    draft.need(command.unit not in draft.case.barred, "route-barred", law=7)
    if draft.book.verify_by == "unit":
        draft.need(command.unit not in draft.case.worker_units, "own-unit", law=4)
    draft.add(e.SentToVerify(command.unit))


def verify(draft: Draft, command: c.Verify) -> None:
    draft.need_stage(Stage.ANSWERED, Stage.VERIFYING)
    _need_verifier(draft, command.how)
    if not command.accept:
        _rework(draft, command.reason)
        return
    holds = [hold for hold in draft.case.holds if hold.on == "*"]
    draft.need(not holds, "held", by=" ".join(hold.by_case for hold in holds))
    known = draft.book.outcomes
    draft.need(not known or command.outcome in known, "outcome-missing", rule=draft.book.basis, allowed=" ".join(known))
    proofs = tuple(proof.ref for proof in draft.case.proofs)
    draft.add(e.Closed(command.how, command.outcome or "solved", proofs))
    draft.moment("closed")
    draft.stop_clocks()
    draft.start_followups()


def _need_verifier(draft: Draft, how: str) -> None:
    """Law 4: neither the person nor the team that did the work; a scene may demand another unit."""
    ctx, case = draft.ctx, draft.case
    draft.need(ctx.person and ctx.person not in case.workers, "own-work", law=4)
    draft.need_no_conflict()
    if how == "reporter":
        draft.need(ctx.person in {case.reporter, *case.joined}, "not-the-reporter", law=4)
        return
    draft.need(how in {"verifier", "sample"}, "unknown-way", how=how)
    draft.need_role("verifier")
    if draft.book.verify_by == "unit":
        draft.need(ctx.unit not in case.worker_units, "own-unit", law=4)
    draft.need(ctx.unit == (case.verifier_unit or case.desk), "not-your-case", law=2, owner=case.verifier_unit)
    if how == "sample":
        draft.need(draft.book.sample, "no-sampling", law=4)
        draft.need(draft.ctx.facts.get("sampled") is False, "drawn-for-a-visit", law=4)


def _rework(draft: Draft, reason: str) -> None:
    draft.need_reason(reason)
    lead = draft.case.lead_task
    draft.add(e.Reworked(reason))
    if lead is not None:
        draft.add(e.TaskReopened(lead.id, reason))
    draft.moment("reworked")
    _run_on(draft, "rework")


def dispute(draft: Draft, command: c.Dispute) -> None:
    draft.need_stage(Stage.CLOSED, Stage.ARCHIVED)
    ctx, case = draft.ctx, draft.case
    is_party = bool(ctx.person) and ctx.person in {case.reporter, *case.joined}
    draft.need(is_party or ctx.roles & {"oversight", "reporter"}, "not-the-reporter", law=4)
    draft.need_reason(command.reason)
    draft.add(e.Disputed(command.reason))
    _reopen(draft, "dispute")


def _reopen(draft: Draft, why: str) -> None:
    """Back to the unit that closed it, with the time used kept; without one, to the desk."""
    lead = draft.case.lead_task
    if lead is None:
        draft.add(e.Reopened(draft.case.desk, why))
        draft.moment("reopened")
        draft.add(e.Accepted())
        draft.moment("accepted")
        return
    draft.add(e.Reopened(lead.unit, why))
    draft.moment("reopened")
    draft.add(e.TaskReopened(lead.id, why))
    _run_on(draft, why)


def _run_on(draft: Draft, why: str) -> None:
    keys = [clock.key for clock in draft.case.clocks if "answered" in clock.stops and clock.task is None]
    draft.resume_clocks(why, *keys)


def follow_up(draft: Draft, command: c.FollowUp) -> None:
    draft.need_stage(Stage.CLOSED)
    clock = draft.clock(command.clock)
    draft.need(clock.key.startswith("followup:"), "no-such-clock", clock=command.clock)
    draft.need(draft.ctx.person not in draft.case.workers, "own-work", law=4)
    draft.need_role("verifier", "triage", "dispatcher", "reporter")
    draft.add(e.FollowedUp(clock.id, command.is_settled))
    draft.add(e.ClockStopped(clock.id, draft.ctx.at))
    if not command.is_settled:
        draft.need_reason(command.reason)
        _reopen(draft, command.reason)
    elif not any(other.is_ticking for other in draft.case.clocks):
        draft.add(e.Archived())


def archive(draft: Draft) -> None:
    draft.need_stage(Stage.CLOSED, Stage.DECLINED)
    draft.need_role("triage", "dispatcher", "oversight", "system")
    owed = [clock.id for clock in draft.case.clocks if clock.is_ticking]
    draft.need(not owed, "followup-owed", law=3, clocks=" ".join(owed))
    draft.add(e.Archived())

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
    draft.need_not_barred(command.unit)
    if draft.book.verify_by == "unit":
        draft.need(command.unit not in draft.case.worker_units, "own-unit", law=4)
    draft.add(e.SentToVerify(command.unit))


def verify(draft: Draft, command: c.Verify) -> None:
    draft.need_stage(Stage.ANSWERED, Stage.VERIFYING)
    _need_verifier(draft, command.how)
    if not command.accept:
        _rework(draft, command.reason)
        return
    book, case = draft.book, draft.case
    holds = [hold for hold in case.holds if hold.on == "*"]
    draft.need(not holds, "held", by=" ".join(hold.by_case for hold in holds))
    known = book.outcomes
    draft.need(not known or command.outcome in known, "outcome-missing", rule=book.basis, allowed=" ".join(known))
    need_proofs(draft)
    kinds = book.proofs_for(case.category)
    proofs = tuple(proof.ref for proof in case.proofs)
    draft.add(e.Closed(command.how, command.outcome or "solved", proofs, kinds, book.verify_by))
    draft.moment("closed")
    draft.stop_clocks(and_reminders=False)
    draft.start_followups()


def need_proofs(draft: Draft, *given: str) -> None:
    """Law 4: every kind of proof that the category asks for is there, ``given`` kinds included."""
    kinds = {*given, *(proof.kind for proof in draft.case.proofs)}
    missing = [kind for kind in draft.book.proofs_for(draft.case.category) if kind not in kinds]
    draft.need(not missing, "proof-missing", law=4, missing=" ".join(missing))


def _need_verifier(draft: Draft, how: str) -> None:
    """Law 4: neither the person nor the team that did the work; a scene may demand another unit."""
    ctx, case = draft.ctx, draft.case
    draft.need(ctx.person and ctx.person not in case.workers, "own-work", law=4)
    draft.need_no_conflict()
    if draft.book.verify_by == "unit":
        draft.need(ctx.unit not in case.worker_units, "own-unit", law=4)
        draft.need(ctx.person != case.champion, "own-work", law=4)
    if how == "reporter":
        draft.need(case.is_party(ctx.person), "not-the-reporter", law=4)
        return
    draft.need(how in {"verifier", "sample"}, "unknown-way", how=how)
    draft.need_role("verifier")
    owner = case.verifier_unit or case.desk
    draft.need(ctx.unit == owner, "not-your-case", law=2, owner=owner)
    if how == "sample":
        draft.need(draft.book.sample, "no-sampling", law=4)
        draft.need(draft.ctx.facts.get("sampled") is False, "drawn-for-a-visit", law=4)


def _rework(draft: Draft, reason: str) -> None:
    draft.need_reason(reason)
    lead, stopped = draft.case.lead_task, draft.case.answer_stopped
    draft.add(e.Reworked(reason))
    if lead is not None:
        draft.add(e.TaskReopened(lead.id, reason))
    draft.moment("reworked")
    draft.resume_clocks("rework", *stopped)


def dispute(draft: Draft, command: c.Dispute) -> None:
    """By the reporter, or by oversight. Against a final refusal of the same facts only a new fact helps."""
    draft.need_stage(Stage.CLOSED, Stage.ARCHIVED, Stage.DECLINED)
    case = draft.case
    draft.need(draft.is_reporter or "oversight" in draft.ctx.roles, "not-the-reporter", law=4)
    draft.need_reason(command.reason)
    is_final = case.stage is Stage.DECLINED and case.prior_final
    draft.need(not is_final, "already-final", rule=draft.book.basis, prior=case.prior_final)
    draft.add(e.Disputed(command.reason))
    _reopen(draft, "dispute")


def _reopen(draft: Draft, why: str) -> None:
    """Back to the unit that closed it, with the time used kept; without one, to the desk."""
    lead, stopped = draft.case.lead_task, draft.case.answer_stopped
    if lead is None:
        draft.add(e.Reopened(draft.case.desk, why))
        draft.moment("reopened")
        draft.add(e.Accepted())
        draft.moment("accepted")
        return
    draft.add(e.Reopened(lead.unit, why))
    draft.moment("reopened")
    draft.add(e.TaskReopened(lead.id, why))
    draft.resume_clocks(why, *stopped)


def follow_up(draft: Draft, command: c.FollowUp) -> None:
    """Ask the reporter on the day: settled, or open again."""
    draft.need_stage(Stage.CLOSED)
    clock = draft.clock(command.clock)
    draft.need(clock.reminds, "no-such-clock", clock=command.clock)
    draft.need(draft.ctx.person not in draft.case.workers, "own-work", law=4)
    if not draft.is_reporter:
        draft.need_role("verifier", "triage", "dispatcher")
    draft.add(e.FollowedUp(clock.id, command.is_settled))
    draft.add(e.ClockStopped(clock.id, draft.ctx.at))
    if not command.is_settled:
        draft.need_reason(command.reason)
        _reopen(draft, command.reason)
    elif not any(other.is_ticking for other in draft.case.clocks):
        draft.add(e.Archived())


def archive(draft: Draft, _: c.Archive) -> None:
    draft.need_stage(Stage.CLOSED, Stage.DECLINED)
    draft.need_role("triage", "dispatcher", "oversight", "system")
    owed = [clock.id for clock in draft.case.clocks if clock.is_ticking]
    draft.need(not owed, "followup-owed", law=3, clocks=" ".join(owed))
    draft.add(e.Archived())

"""The way in: register, import, accept, put into another category, decline with the rightful route."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from bihuan.kernel import commands as c
from bihuan.kernel import events as e
from bihuan.kernel.case import Seal, Stage
from bihuan.kernel.decide import dispatching
from bihuan.kernel.decide.draft import Draft

# What is under way elsewhere comes in as accepted and is dispatched like any other, so that somebody owns it again.
IMPORTED = (Stage.REGISTERED, Stage.ACCEPTED, Stage.CLOSED, Stage.ARCHIVED, Stage.DECLINED)


def register(draft: Draft, command: c.Register) -> None:
    draft.need(draft.is_new, "already-registered", law=1)
    _need_category(draft, command.category)
    if command.due is not None:
        draft.need(draft.ctx.unit, "wrong-role", law=2, needs="a post")
        draft.need(command.due > draft.ctx.at, "promised-past", law=3, due=command.due.isoformat())
    desk = _free_desk(draft, command.barred)
    draft.add(
        e.Registered(
            scene=draft.book.scene,
            number=command.number,
            receipt=command.receipt,
            category=command.category,
            place=command.place,
            seal=max(command.seal or Seal.L0, _lowest_seal(draft, command.category)),
            channel=command.channel,
            desk=desk,
            law_date=_local_date(draft),
            reporter=command.reporter,
            notes=command.notes,
            barred=command.barred,
            prior_final=str(draft.ctx.facts.get("prior_final", "")),
            parent=command.parent,
            due=command.due,
        )
    )
    draft.moment("registered")
    if command.category and (draft.book.accept_on_register or command.is_order) and not draft.case.prior_final:
        _accepted(draft, "")


def import_case(draft: Draft, command: c.ImportCase) -> None:
    draft.need(draft.is_new, "already-registered", law=1)
    draft.need(command.source and command.source_id, "source-missing", law=5)
    draft.need(command.stage in IMPORTED, "import-stage", law=3, stage=command.stage, allowed=" ".join(IMPORTED))
    ends = command.closed
    draft.need(command.opened <= (ends or draft.ctx.at) <= draft.ctx.at, "import-times", law=5)
    draft.add(
        e.ImportedCase(
            scene=draft.book.scene,
            number=command.number,
            receipt=command.receipt,
            category=command.category,
            place=command.place,
            seal=_lowest_seal(draft, command.category),
            source=command.source,
            source_id=command.source_id,
            desk=draft.book.desks[0],
            unit=command.unit,
            stage=command.stage,
            law_date=_local_date(draft),
            opened=command.opened,
            due=command.due,
            closed=command.closed,
            outcome=command.outcome,
            days_only=command.days_only,
        )
    )


def accept(draft: Draft, command: c.Accept) -> None:
    draft.need_stage(Stage.REGISTERED)
    draft.need_desk()
    case = draft.case
    draft.need(case.category, "category-missing")
    draft.need(not case.prior_final or command.new_fact, "already-final", rule=draft.book.basis, prior=case.prior_final)
    _accepted(draft, command.new_fact)


def _accepted(draft: Draft, new_fact: str) -> None:
    draft.add(e.Accepted(new_fact))
    draft.moment("accepted")
    if draft.book.dispatch_on_accept and (route := dispatching.open_route(draft)) is not None:
        dispatching.send(draft, route)


def recategorise(draft: Draft, command: c.Recategorise) -> None:
    draft.need_stage(Stage.REGISTERED, Stage.ACCEPTED)
    draft.need_desk()
    draft.need_reason(command.reason)
    draft.need(command.category, "category-missing")
    _need_category(draft, command.category)
    draft.add(e.Recategorised(command.category, command.place or draft.case.place, command.reason))
    lowest = _lowest_seal(draft, command.category)
    if lowest > draft.case.seal:
        draft.add(e.Resealed(lowest, draft.book.basis))


def decline(draft: Draft, command: c.Decline) -> None:
    """The case is not ours: why, by which rule, and where the matter rightly belongs. A human signs a final letter."""
    draft.need_stage(Stage.REGISTERED, Stage.ACCEPTED)
    draft.need_desk()
    draft.need_reason(command.reason)
    draft.need(command.rule, "rule-missing", law=6)
    draft.need(command.rightful_route, "route-missing", law=1)
    if draft.case.prior_final:
        draft.need(command.letter, "letter-missing", rule=draft.book.basis)
        draft.need("system" not in draft.ctx.roles, "human-signature-missing", law=9)
    close_declined(draft, e.Declined(command.reason, command.rule, command.rightful_route, command.letter))


def close_declined(draft: Draft, event: e.Declined) -> None:
    for task in draft.case.tasks:
        if task.is_open:
            draft.add(e.TaskCancelled(task.id, "declined"))
    draft.add(event)
    draft.moment("declined")
    draft.stop_clocks()


def _need_category(draft: Draft, category: str) -> None:
    draft.need(not category or category in draft.book.categories, "unknown-category", category=category)


def _lowest_seal(draft: Draft, category: str) -> Seal:
    """A category may open what is internal by default (a broken lamp), never what the scene seals."""
    whole, rule = draft.book.seal, draft.book.categories.get(category)
    own = rule.seal if rule is not None and rule.seal is not None else whole
    return own if whole <= Seal.L1 else max(whole, own)


def _free_desk(draft: Draft, barred: tuple[str, ...]) -> str:
    """The first desk that the matter does not concern: an accusation never reaches the accused's unit (law 7)."""
    free = [desk for desk in draft.book.desks if desk not in barred]
    draft.need(free, "no-desk-left", law=7, desks=" ".join(draft.book.desks))
    return free[0]


def _local_date(draft: Draft) -> str:
    return draft.ctx.at.astimezone(ZoneInfo(draft.rules.calendar.zone)).date().isoformat()

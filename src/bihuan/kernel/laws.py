"""The laws of the loop as predicates. Each answers with what is wrong, beginning ``law N:``, or with nothing.

``holds`` looks at a state, ``violations`` at one step from state to state. Imported history is exempt from laws 2 to 4.
What no single case can show is held elsewhere: laws 8 and 9 by the desk, erasure and reads (7) by vault and access.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from bihuan.kernel import events as e
from bihuan.kernel.case import OPEN_STAGES, OPEN_TASKS, Case, Clock, Role, Stage, TaskStatus

BEFORE_DISPATCH = frozenset({Stage.REGISTERED, Stage.ACCEPTED})
AT_WORK = frozenset({Stage.DISPATCHED, Stage.WORKING})
ENDED = frozenset({Stage.ARCHIVED, Stage.MERGED, Stage.DECLINED})
MERGING = (e.Merged, e.Unmerged, e.Absorbed, e.Parted)


def holds(state: Case) -> list[str]:
    """What in this state breaks a law of the loop."""
    found = []
    if not state.receipts:
        found.append("law 1: no receipt leads here")
    if (state.stage is Stage.MERGED) != bool(state.merged_into):
        found.append(
            "law 1: merged, and nowhere to go on" if not state.merged_into else "law 1: merged, yet not so staged"
        )
    if state.barred:
        units = {task.unit for task in state.tasks if task.status is not TaskStatus.CANCELLED}
        units |= {state.lead, state.desk, state.verifier_unit, state.champion_unit}
        found += [f"law 7: barred unit {unit} has a part" for unit in sorted(units.intersection(state.barred))]
    if not state.is_imported:
        if state.stage in OPEN_STAGES:
            found += _owned(state)
        found += _ticking(state)
    return found


def _owned(state: Case) -> Iterator[str]:
    """Law 2: exactly one lead, and no answer while somebody still helps."""
    leads, helping = [], False
    for task in state.tasks:
        if task.role is Role.LEAD:
            if task.status in OPEN_TASKS or task.status is TaskStatus.FINISHED:
                leads.append(task)
        elif task.status in OPEN_TASKS:
            helping = True
    if not state.lead:
        yield "law 2: nobody owns it"
    if state.stage in BEFORE_DISPATCH:
        if leads or state.lead != state.desk:
            yield "law 2: until dispatch the triage desk owns it, and nobody else"
    elif len(leads) != 1 or leads[0].unit != state.lead:
        yield f"law 2: {len(leads)} lead tasks, lead unit {state.lead}"
    elif (leads[0].status is TaskStatus.FINISHED) == (state.stage in AT_WORK):
        yield f"law 2: {state.stage}, while the lead task is {leads[0].status}"
    elif helping and state.stage not in AT_WORK:
        yield "law 2: answered while an assisting task is open"


def _ticking(state: Case) -> Iterator[str]:
    """Law 3: something ticks while the case is open, and nothing when it is over."""
    promised = owed = False
    for clock in state.clocks:
        if clock.stopped is None:
            owed = True
            promised = promised or not clock.reminds
            pause = clock.paused
            if pause is not None and (not pause.approved_by or pause.approved_by == pause.asked_by):
                yield f"law 3: clock {clock.id} is paused without another's approval"
    if not promised and state.stage in OPEN_STAGES:
        yield "law 3: open, and nothing is ticking"
    if owed and state.stage in ENDED:
        yield f"law 3: {state.stage}, and still owes something"


def violations(before: Case | None, recorded: Sequence[e.Recorded], after: Case) -> list[str]:
    """What this step, or the state it leads to, breaks. ``recorded`` are the events between the two states."""
    found = holds(after)
    found += _past(before, recorded, after)
    for one in recorded:
        found += _written(one)
    if before is not None:
        found += _kept(before, recorded, after)
        if not after.is_imported:
            found += _used(before, recorded, after)
            found += _closed(before, recorded, after)
    return found


def _past(before: Case | None, recorded: Sequence[e.Recorded], after: Case) -> Iterator[str]:
    """Laws 5 and 6: one number after the other, recorded when it had happened, under the rules of its day."""
    number = before.version if before is not None else 0
    for one in recorded:
        number += 1
        if one.number != number:
            yield f"law 5: event {one.number} stands where {number} belongs"
        if one.recorded < one.at:
            yield f"law 5: event {one.number} was recorded before it happened"
        if one.book != after.book:
            yield f"law 6: event {one.number} follows {one.book}, the case {after.book}"
    if after.version != number:
        yield f"law 5: version {after.version} after {number} events"
    if before is not None and (before.book, before.law_date, before.number) != (
        after.book,
        after.law_date,
        after.number,
    ):
        yield "law 6: the case changed its rulebook, date or number"


def _written(one: e.Recorded) -> Iterator[str]:
    """Law 6: the outcome and what it rests on stand in the event."""
    match one.event:
        case e.Dispatched(lead=lead, rule=rule) if not (lead and rule):
            yield "law 6: dispatched without unit or rule"
        case e.Declined(rule=rule, rightful_route=route) if not (rule and route):
            yield "law 6: declined without rule or rightful route"
        case e.ClockStarted(clock=clock) if not clock.basis:
            yield f"law 6: clock {clock.id} has no legal basis"
        case e.ClockPaused(clock=clock) if clock.paused is not None and clock.paused.approved_by != one.by:
            yield f"law 3: clock {clock.id} was paused in another's name"
        case _:
            return


def _kept(before: Case, recorded: Sequence[e.Recorded], after: Case) -> Iterator[str]:
    """Laws 1 and 7: no receipt lost, no statutory clock lengthened by a merge, no seal lowered by the way."""
    parted = {receipt for one in recorded if isinstance(one.event, e.Parted) for receipt in one.event.receipts}
    if lost := set(before.receipts) - parted - set(after.receipts):
        yield f"law 1: {len(lost)} receipts lead nowhere"
    if after.seal < before.seal:
        granted = {one.event.request for one in recorded if isinstance(one.event, e.Granted)}
        if not any(r.kind == "seal" and r.id in granted for r in before.requests):
            yield f"law 7: seal lowered from {before.seal} to {after.seal} without a grant"
    if any(isinstance(one.event, MERGING) for one in recorded):
        for clock in before.clocks:
            was_ticking = clock.stopped is None or clock.id in before.merge_stopped
            now = after.clock(clock.id)
            if clock.statutory and was_ticking and clock.paused is None and now is not None and now.due > clock.due:
                yield f"law 1: the merge lengthened clock {clock.id}"


def _used(before: Case, recorded: Sequence[e.Recorded], after: Case) -> Iterator[str]:
    """Law 3: no clock vanishes, and the time used never shrinks."""
    at = recorded[-1].at if recorded else before.opened
    now = {clock.id: clock for clock in after.clocks}
    for clock in before.clocks:
        same = now.get(clock.id)
        if same is clock:
            continue
        if same is None or same.started > clock.started:
            yield f"law 3: clock {clock.id} vanished or began anew"
        elif _span(same, at) < _span(clock, at):
            yield f"law 3: time used of clock {clock.id} was given back"
    if len(after.tasks) < len(before.tasks):
        yield "law 2: a task vanished"


def _span(clock: Clock, at: datetime) -> timedelta:
    """Wall time used by ``at``. A step recorded late may lie before the last time the clock stood still."""
    shifts = [move for move in clock.moves if move.kind == "shift"]
    end = clock.paused.since if clock.paused is not None else clock.stopped
    if end is None:
        end = max([at, *(move.until for move in shifts)])
    return end - clock.started - sum((move.until - move.since for move in shifts), timedelta())


def _closed(before: Case, recorded: Sequence[e.Recorded], after: Case) -> Iterator[str]:
    """Law 4: closed on the required proof, by somebody who did not do the work."""
    closings = [one for one in recorded if isinstance(one.event, e.Closed)]
    if after.stage is Stage.CLOSED and before.stage is not Stage.CLOSED and not closings:
        yield "law 4: closed without anybody accepting it"
    for one in closings:
        if not one.by or one.by in before.workers:
            yield "law 4: closed by somebody who did the work"
        if isinstance(one.event, e.Closed):
            if one.event.apart == "unit" and one.unit in before.worker_units:
                yield f"law 4: closed by {one.unit}, which did the work"
            if missing := set(one.event.required) - {proof.kind for proof in before.proofs}:
                yield f"law 4: closed without {' '.join(sorted(missing))}"

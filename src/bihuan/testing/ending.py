"""Somebody can always close an open case: a plain way there from wherever it stands."""

from __future__ import annotations

from bihuan.kernel import commands as c
from bihuan.kernel.case import Proof, Role, Stage
from bihuan.kernel.refused import Refused
from bihuan.testing import cast
from bihuan.testing.cast import Person
from bihuan.testing.story import Story

UNITS = (cast.CHENGGUAN, cast.ZHUJIAN, cast.STREET, cast.COMMUNITY, cast.SUPERVISION, "elsewhere")


def close_somehow(case: Story) -> None:
    """At most fifty steps, each legal, by posts that the units have."""
    for _ in range(50):
        go_on(case)


def _post(unit: str, *roles: str) -> Person:
    return Person(f"somebody of {unit}", unit, frozenset(roles))


def go_on(case: Story) -> None:
    """One step nearer to the end, from any open stage."""
    state = case.state
    if not state.is_open:
        return
    desk = _post(state.desk, "triage", "dispatcher")
    for hold in state.holds:
        case.must(c.LiftHold(hold.by_case, "查清"), by=_post(hold.unit, "handler"))
    for request in state.requests:
        if request.is_open and request.kind == "return":
            case.must(c.Deny(request.id, "应予办理"), by=Person("arbiter", cast.GOVERNMENT, frozenset({"arbiter"})))
    match state.stage:
        case Stage.REGISTERED:
            case.must(c.Accept("新的事实"), by=desk)
        case Stage.ACCEPTED:
            _dispatch(case, desk)
        case Stage.DISPATCHED | Stage.WORKING:
            _work(case, desk)
        case _:
            _verify(case, desk)


def _dispatch(case: Story, desk: Person) -> None:
    lead = next(unit for unit in UNITS if unit not in case.state.barred)
    case.when(c.Dispatch(lead, (), "办理"), by=desk)
    if isinstance(case.answer, Refused):
        case.must(c.Dispatch(lead, (), "裁定"), by=cast.ARBITER)


def _work(case: Story, desk: Person) -> None:
    for task in case.state.tasks:
        if task.is_open and task.role is Role.ASSIST:
            case.must(c.CancelTask(task.id, "不再需要"), by=desk)
    lead = case.state.lead_task
    if lead is None:  # the laws know no such state
        raise AssertionError(case.state)
    roles = frozenset({"handler"})
    worker = Person(lead.takers[0], lead.unit, roles) if lead.takers else _post(lead.unit, "handler")
    for step in case.rules.book.steps.values():
        case.when(c.TakeStep(step.key, tuple((key, "x") for key in step.requires)), by=worker)
    kinds = case.rules.book.proofs_for(case.state.category)
    proofs = tuple(Proof(kind, "p") for kind in kinds)
    case.must(c.FinishTask(lead.id, proofs), by=worker, open_children=False)


def _verify(case: Story, desk: Person) -> None:
    free = [unit for unit in UNITS if unit not in {*case.state.worker_units, *case.state.barred}]
    case.must(c.SendToVerify(free[0]), by=desk)
    outcome = (*case.rules.book.outcomes, "")[0]
    case.must(c.Verify(accept=True, outcome=outcome), by=_post(free[0], "verifier"))

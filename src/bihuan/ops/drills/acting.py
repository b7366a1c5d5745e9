"""What a script lets a role-player do with a case, and which report belongs to an event that is known already."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from bihuan.desk import api as desk
from bihuan.kernel import commands as c
from bihuan.kernel.case import Case, Proof, Stage, Task
from bihuan.kernel.rules import Rulebook
from bihuan.ops.drills.players import TRIAGE, Move, player
from bihuan.ops.drills.script import Fuse, Inject, Staffing

Doing = tuple[desk.Actor, c.Command | None, Mapping[str, str] | None]
AT_THE_DESK = frozenset({"accept", "dispatch", "send"})


def acting(inject: Inject, state: Case, book: Rulebook) -> Doing | None:
    """Who does what; nothing where the case has nothing of that kind."""
    says, reason = inject.says, str(inject.says.get("reason", "演练"))
    do, unit = str(says["do"]), str(says.get("unit", ""))
    if do == "dispute":
        return desk.reporter(state.reporter), c.Dispute(reason), None
    if do == "note":
        return player(unit or state.desk, ("handler",)), None, {"work": f"【演练】{reason}"}
    if do in AT_THE_DESK:
        return player(state.desk, TRIAGE), _at_the_desk(do, unit, state, book), None
    if do in {"verify", "rework"}:
        outcome = book.outcomes[0] if book.outcomes else ""
        said = c.Verify(accept=True, outcome=outcome) if do == "verify" else c.Verify(accept=False, reason=reason)
        return player(state.verifier_unit or state.desk, ("verifier",)), said, None
    task = _task_of(state, unit)
    return (
        (player(task.unit, ("handler",)), _of_task(do, task, reason, state, book), None) if task is not None else None
    )


def _at_the_desk(do: str, unit: str, state: Case, book: Rulebook) -> c.Command:
    if do == "accept":
        return c.Accept()
    if do == "dispatch":
        return c.Dispatch(unit, reason="演练：按原经过") if unit else c.Dispatch()
    free = [one for one in (unit, book.verifier, *book.desks) if one and one not in state.worker_units]
    return c.SendToVerify(free[0] if free else state.desk)


def _of_task(do: str, task: Task, reason: str, state: Case, book: Rulebook) -> c.Command:
    if do == "take":
        return c.TakeTask(task.id)
    if do == "arrive":
        return c.ArriveAtTask(task.id)
    if do == "return":
        return c.ReturnTask(task.id, reason, "权责清单")
    kinds = book.proofs_for(state.category) if task.role == "lead" else ()
    return c.FinishTask(task.id, tuple(Proof(kind, f"演练-{kind}") for kind in kinds))


def _task_of(state: Case, unit: str) -> Task | None:
    return next((task for task in state.tasks if task.is_open and unit in {"", task.unit}), None)


# -- one event ------------------------------------------------------------------------------------------------------


def lead_of(fuse: Fuse | None, state: Case, known: Iterable[Case]) -> int | None:
    """The number of the open case that tells of the same event: one of the kinds, one place, not long before."""
    if fuse is None or state.stage is not Stage.REGISTERED or state.category not in fuse.categories:
        return None
    same = [
        one.number
        for one in known
        if one.number != state.number and one.is_open and one.place == state.place
        and one.category in fuse.categories and state.opened - fuse.within <= one.opened
        and (one.opened, one.number) < (state.opened, state.number)
    ]  # fmt: skip
    return min(same, default=None)


def fusing(staffing: Staffing, state: Case, lead: int) -> Move:
    """The desk sees that it is the same event, in the time that it needs to accept a report."""
    return Move(f"fuse:{lead}", staffing.accept, state.desk, TRIAGE, c.Accept(), into=lead)

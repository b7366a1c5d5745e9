"""What the law of mediation adds: nobody helps, and nothing is concluded, without the consent of both."""

from __future__ import annotations

from bihuan.kernel import commands as c
from bihuan.kernel.case import Case, Role
from bihuan.kernel.refused import Refused

LAW = "《中华人民共和国人民调解法》"


def refuse(state: Case | None, command: c.Command, _: c.Ctx) -> Refused | None:
    """Why this scene says no to what the kernel would take."""
    steps = set(state.steps) if state is not None else set()
    if _brings_in_others(command) and "worker_consent" not in steps:
        return Refused("consent-missing", rule=f"{LAW}第二十条", step="worker_consent")
    if state is not None and _concludes(state, command) and "agreed" not in steps:
        return Refused("agreement-missing", rule=f"{LAW}第二十八条", step="agreed")
    return None


def _brings_in_others(command: c.Command) -> bool:
    return isinstance(command, c.AddTask) or (isinstance(command, c.Dispatch) and bool(command.assists))


def _concludes(state: Case, command: c.Command) -> bool:
    if not isinstance(command, c.FinishTask):
        return False
    task = state.task(command.task)
    return task is not None and task.role is Role.LEAD

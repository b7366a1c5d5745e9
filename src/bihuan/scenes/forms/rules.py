"""The gate before communities: the list, the law, the money, and nothing that was told already. (居委会法第四十三条)"""

from __future__ import annotations

from collections.abc import Mapping

from bihuan.kernel import commands as c
from bihuan.kernel.case import Case, Role
from bihuan.kernel.refused import Refused

LAW = "《中华人民共和国城市居民委员会组织法》第四十三条"
ONCE = "《整治形式主义为基层减负若干规定》"
SHEET = "F08"
GATED = frozenset({"F01", "F02", "F03", SHEET})


def refuse(state: Case | None, command: c.Command, _: c.Ctx) -> Refused | None:
    """Why this scene says no to what the kernel would take."""
    if state is None:
        return None
    match command:
        case c.Accept() if state.category in GATED and "gate" not in state.steps:
            return Refused("gate-first", rule=LAW, step="gate")
        case c.TakeStep(step="gate"):
            return closed_gate(dict(command.data))
        case c.FinishTask(task=number) if state.category == SHEET and "filled" not in state.steps:
            task = state.task(number)
            is_lead = task is not None and task.role is Role.LEAD
            return Refused("fill-first", rule=LAW, step="filled") if is_lead else None
        case _:
            return None


def closed_gate(said: Mapping[str, str]) -> Refused | None:
    """Why what the gate found does not let it through; nothing that is missing here opens it."""
    if said.get("listed") not in {"own", "assist"}:
        return Refused("off-list", rule=LAW)
    if said.get("lawful") != "yes":
        return Refused("no-law", rule=LAW)
    if said.get("listed") == "assist" and said.get("funded") != "yes":
        return Refused("unfunded", rule=LAW)
    if said.get("fresh") != "yes":
        return Refused("asked-already", rule=ONCE)
    return None

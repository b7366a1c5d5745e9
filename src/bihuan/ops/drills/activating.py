"""One press in a drill: the plan's tasks become orders in the drill's world, by the one who commands it there.

Seam: where the plans of the district know the plan by its key, ``activate`` gives it to them; otherwise its tasks stand
in the file of the drill.
"""

from __future__ import annotations

from collections.abc import Mapping

from bihuan.desk import api as desk
from bihuan.kernel import commands as c
from bihuan.kernel.case import Role, Stage
from bihuan.ops.drills.players import TRIAGE, player, state_of
from bihuan.ops.drills.script import Script

PURPOSE = desk.virtual.PURPOSE


def activate(script: Script, world: int, says: Mapping[str, object]) -> int:
    """The number of the case that carries the activation."""
    book = desk.virtual.book_at(script.scene, desk.now(world=world))
    unit, _ = script.commander
    by = player(book.desks[0], TRIAGE)
    level = str(says.get("level", "") or script.level)
    text = f"【演练】启动预案：{script.title}{f'（{level}级）' if level else ''}"
    intake = desk.Intake(
        script.category, str(says.get("place", "") or script.place), "order", {"text": text}, scene=script.scene,
        is_order=True,
    )  # fmt: skip
    made = desk.report(intake, by=by, purpose=PURPOSE, world=world)
    state = state_of(made)
    for command in (c.Accept(), c.Dispatch(unit, reason="演练：按预案由指挥单位主办")):
        if isinstance(command, c.Dispatch) or state.stage is Stage.REGISTERED:  # an order is accepted as it comes
            state = state_of(desk.submit(command, by=by, case=made.case, purpose=PURPOSE, world=world))
    ids: dict[str, int] = {}
    for task in script.tasks:
        order = c.AddTask(
            task.unit, kind=task.key, role=Role.ASSIST, place=task.place, duration=task.minutes,
            needs=tuple(ids[need] for need in task.needs),
        )  # fmt: skip
        state = state_of(desk.submit(order, by=by, case=made.case, purpose=PURPOSE, world=world))
        ids[task.key] = state.tasks[-1].id
    return state.number

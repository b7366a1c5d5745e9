"""What a scene adds to the kernel's decisions: an ``if`` with a test, in its own pure ``rules.py``.

A scene may refuse what the kernel would take, never take what the kernel refuses. Scenes stand above the desk, so
wiring tells their rules here once, when a process starts.
"""

from __future__ import annotations

from collections.abc import Callable

from bihuan.kernel import commands as c
from bihuan.kernel.case import Case
from bihuan.kernel.refused import Refused

# ``refuse(state, command, ctx)``: why not, or nothing. The state is ``None`` before registration.
Refuse = Callable[[Case | None, c.Command, c.Ctx], Refused | None]
_told: dict[str, Refuse] = {}


def tell(scene: str, refuse: Refuse) -> None:
    _told[scene] = refuse


def refusal(scene: str, state: Case | None, command: c.Command, ctx: c.Ctx) -> Refused | None:
    """Why the scene itself says no, if it does. The ticker and the law's own reports ask nobody."""
    rule = _told.get(scene)
    if rule is None or isinstance(command, (c.Tick, c.Recompute, c.ReportByLaw)):
        return None
    return rule(state, command, ctx)

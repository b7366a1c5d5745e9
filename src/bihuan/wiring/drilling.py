"""`bihuan drill`: plan, check, run and list drills."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from rich.console import Console
from rich.table import Table

from bihuan.wiring.commands import CannotGoOn

Say = Callable[[str], None]
Step = Callable[[int, int], None]


def _district(say: Say) -> None:
    from bihuan.demo.load import load_demo
    from bihuan.desk import api

    if not api.organisation.is_founded():
        say("没有单位,载入示范区 / no units yet: loading the demo district")
        load_demo()


def check(name: str) -> Mapping[str, Any]:
    """Read a drill and say what is in it. Raises ``CannotGoOn`` in words."""
    from bihuan.desk import api
    from bihuan.ops.drills import reading

    try:
        found = reading.read(reading.find(name), api.virtual.zone())
    except (LookupError, reading.BadScript) as error:
        raise CannotGoOn(str(error)) from error
    return {
        "drill": found.key,
        "plan": found.plan,
        "title": found.title,
        "starts": found.starts.isoformat(),
        "hours": found.lasts.total_seconds() / 3600,
        "injects": len(found.injects),
        "expectations": len(found.expectations),
        "orders": len(found.tasks),
    }


def run(name: str, step: Step, say: Say, *, speed: str, seed: int | None, keep: bool) -> Mapping[str, Any]:
    """One drill from the beginning to its report. Raises ``CannotGoOn`` in words."""
    from bihuan.desk import api
    from bihuan.kernel.refused import Refused
    from bihuan.ops.drills import reading, running

    _district(say)
    try:
        made = running.plan(reading.find(name), by=api.SYSTEM, seed=seed)
        drill = running.begin(made, speed=_speed(speed) or 1, is_paused=_speed(speed) is None)
        begun = time.monotonic()
        over = running.play(made, step) if _speed(speed) is None else _live(made, step)
        seconds = time.monotonic() - begun
        found = {**running.summary(over), "seconds": round(seconds, 1), "report": over.report}
    except (LookupError, reading.BadScript) as error:
        raise CannotGoOn(str(error)) from error
    except Refused as error:
        raise CannotGoOn(f"{error}") from error
    if not keep and drill.played_in is not None:
        api.virtual.drop(
            drill.played_in, by="bihuan drill", reason="演练结束,报告已留 the drill is over, its report is kept"
        )
        found["world"] = None
    return found


def _speed(text: str) -> int | None:
    """``max`` is none: no clock at all. Raises ``CannotGoOn``."""
    if text == "max":
        return None
    try:
        speed = int(text.lstrip("x×"))
    except ValueError:
        speed = 0
    if not 1 <= speed <= 600:
        raise CannotGoOn(f"{text}: --speed 写 max 或 1 到 600。 --speed is max, or 1 to 600.")
    return speed


def _live(drill: UUID, step: Step) -> Any:  # noqa: ANN401 - a drill
    from bihuan.desk import api
    from bihuan.ops.drills import running

    script = running.script_of(api.drills.get(drill))
    while (found := api.drills.get(drill)).is_open:
        running.step()
        now = api.now(world=found.played_in or 1)
        step(int((now - script.starts).total_seconds()), int(script.lasts.total_seconds()))
        time.sleep(0.2)
    return found


def listed() -> list[dict[str, object]]:
    from bihuan.desk import api
    from bihuan.ops.drills import reading

    kept: list[dict[str, object]] = [
        {"drill": str(one.id), "plan": one.plan, "title": one.title, "state": one.state, "world": one.played_in,
         "planned": one.planned, "history_sha256": one.history}
        for one in api.drills.every()
    ]  # fmt: skip
    ours: list[dict[str, object]] = [
        {"drill": name, "state": "随产品提供 comes with the product"} for name in reading.known()
    ]
    return kept + ours


def show(out: Console, found: Mapping[str, Any]) -> None:
    report = found["report"]
    counts = report["counts"]
    table = Table("期望 expected", "结果 result", "", title=f"{report['title']}")
    for one in report["scores"]:
        table.add_row(one["name"], "✓" if one["met"] else "✗", f"{one['done']}/{one['of']}")
    out.print(table)
    words = {"injects": "注入 injects", "cases": "案卷 cases", "orders": "指令 orders", "closed": "办结 closed"}
    out.print("  ".join(f"{word} {counts[key]}" for key, word in words.items()))
    out.print(f"history_sha256 {found['history_sha256']}  ({found['seconds']} s)", highlight=False, soft_wrap=True)

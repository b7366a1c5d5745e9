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


# -- replay and what if -----------------------------------------------------------------------------------------------


def replay(name: str, step: Step, say: Say, *, keep: bool) -> Mapping[str, Any]:
    """A fixture by its name, or a real operation by the numbers of its cases (``12,13``). Raises ``CannotGoOn``."""
    from bihuan.desk import api
    from bihuan.kernel.refused import Refused
    from bihuan.ops.drills import reading, running
    from bihuan.ops.drills.replay import timeline

    _district(say)
    try:
        text = _story(name) if name[:1].isdigit() and all(one.strip().isdigit() for one in name.split(",")) else None
        text = text or reading.find(name)
        drill = running.begin(running.plan(text, by=api.SYSTEM, mode="replay"), is_paused=True)
        over = running.play(drill.id, step)
    except (LookupError, reading.BadScript) as error:
        raise CannotGoOn(str(error)) from error
    except Refused as error:
        raise CannotGoOn(f"{error}") from error
    world = over.played_in or 0
    found = {**running.summary(over), "timeline": timeline(world), "report": over.report}
    if not keep:
        api.virtual.drop(world, by="bihuan replay", reason="重放结束 the replay is over")
        found["world"] = None
    return found


def _story(numbers: str) -> str:
    from bihuan.desk import api
    from bihuan.ops.drills.replay import script_of

    found = [api.upkeep.find_case(one.strip()) for one in numbers.split(",")]
    cases = [case for case in found if case is not None]
    if len(cases) < len(found):
        raise LookupError(f"{numbers}: 没有这些案卷 / there are no such cases")
    return script_of(cases, by=api.SYSTEM, purpose="复盘重放 replay")


def show_replay(out: Console, found: Mapping[str, Any]) -> None:
    for row in found["timeline"]:
        rest = "  ".join(
            f"{key} {value}" for key, value in row.items() if key not in {"at", "what"} and value not in {"", None}
        )
        out.print(f"{row['at']}  [bold]{row['what']}[/]  {rest}", highlight=False, soft_wrap=True)
    out.print(f"history_sha256 {found['history_sha256']}", highlight=False, soft_wrap=True)


def what_if(
    name: str, sets: list[str], routes: list[str], say: Say, *, plan: str = "", seed: int | None = None
) -> Mapping[str, Any]:
    """Raises ``CannotGoOn`` in words."""
    from bihuan.ops.drills import reading
    from bihuan.ops.drills.whatif import Change, compare

    _district(say)
    try:
        staffing = {key: float(value) for key, value in map(_pair, sets)}
        change = Change(staffing, dict(map(_pair, routes)), reading.find(plan) if plan else "")
        return compare(reading.find(name), change, seed=seed)
    except (LookupError, ValueError) as error:
        raise CannotGoOn(str(error)) from error


def _pair(text: str) -> tuple[str, str]:
    key, is_there, value = text.partition("=")
    if not is_there or not key or not value:
        raise CannotGoOn(f"{text}: 写成 take=2 / write it like take=2")
    return key, value


def show_what_if(out: Console, found: Mapping[str, Any]) -> None:
    table = Table("期望 expected", "原来 before", "改后 after")
    for one in found["scores"]:
        (done, of, _, met), (then, all_, _, now) = one["before"], one["after"]
        table.add_row(one["name"], f"{'✓' if met else '✗'} {done}/{of}", f"{'✓' if now else '✗'} {then}/{all_}")
    out.print(table)
    for name, (was, now) in found["times"].items():
        out.print(f"{name}  {was / 60:.1f} → {'–' if now is None else f'{now / 60:.1f}'} min", highlight=False)

"""`bihuan simulate`: play days of the district in a world of their own, and say what came of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from bihuan.wiring.commands import CannotGoOn
from bihuan.wiring.importing import look

if TYPE_CHECKING:
    from bihuan.testing.district import Plan, Post

Say = Callable[[str], None]
Step = Callable[[int, int], None]


def parse_staff(changes: Sequence[str]) -> dict[str, int]:
    """``yz.cgj=-2`` → two people fewer there. Raises ``CannotGoOn`` in words."""
    found = {}
    for change in changes:
        unit, _, number = change.partition("=")
        try:
            found[unit] = int(number)
        except ValueError:
            raise CannotGoOn(f"{change}: 写成 yz.cgj=-2 / write a change of staff like yz.cgj=-2") from None
    return found


def plan_of(start: date, days: int, per_day: int, seed: int, scene: str) -> Plan:
    """Raises ``CannotGoOn`` in words."""
    from bihuan.testing.district import Plan

    try:
        return Plan(start, days, per_day, seed, scene)
    except ValueError as error:
        raise CannotGoOn(str(error)) from error


def post_of(file: Path, mapping: Path | None, scene: str, rest: str) -> Post:
    """The letters of a file, each in its category by the mapping, or in none. Raises ``CannotGoOn`` in words."""
    from bihuan.adapters.importing import meaning
    from bihuan.adapters.importing.rows import BadRow
    from bihuan.adapters.importing.sources import rows
    from bihuan.testing.district import Letter, Post

    if mapping is None:
        raise CannotGoOn("--letters 要配 --mapping。 --letters needs a --mapping.")
    source, columns = look(file, mapping, scene, source="", way="report", unit="", encoding="")
    found = []
    for number, row in rows(source, lambda _done, _all: None):
        try:
            if isinstance(row, BadRow):
                raise CannotGoOn(f"{file.name}: 第 {number} 行读不出来。 Row {number} cannot be read.")
            intake = meaning.live(columns, row, scene).intake
        except meaning.BadValue as error:
            raise CannotGoOn(f"{file.name}: 第 {number} 行 row {number}: {error}") from error
        found.append(Letter(intake.texts["text"], intake.category))
    return Post(found, rest)


def simulate(
    plan: Plan, staff: Mapping[str, int], step: Step, say: Say, *, keep: bool, post: Post | None = None
) -> list[dict[str, Any]]:
    """One run, or two when ``staff`` changes: as it is, and with the change; both with the same luck.

    The worlds are dropped afterwards, with a record, unless ``keep``.
    """
    from bihuan.demo.load import load_demo
    from bihuan.desk import api

    if not api.organisation.is_founded():
        say("没有单位,载入示范区 / no units yet: loading the demo district")
        load_demo()
    known = {unit.code for unit in api.unit_choices()}
    if unknown := sorted(set(staff) - known):
        raise CannotGoOn(
            f"没有单位 {', '.join(unknown)}。 There is no such unit; there are: {', '.join(sorted(known))}"
        )
    plans = [plan] + ([replace(plan, staff=staff)] if staff else [])
    return [_one(each, step, keep=keep, post=post) for each in plans]


def _one(plan: Plan, step: Step, *, keep: bool, post: Post | None) -> dict[str, Any]:
    from bihuan.desk import api
    from bihuan.testing.district import UnknownCategory, run
    from bihuan.testing.district.run import EmptyDistrict, start_of

    key = f"simulate-{plan.start}-{plan.seed}-{time.time_ns()}"
    world = api.virtual.create(key, "simulation", starts=start_of(plan))
    begun = time.monotonic()
    try:
        summary = run(plan, world, post=post, progress=step)
        seconds = time.monotonic() - begun
        digest = api.virtual.digest(world)
        is_clean = api.audit(world).is_clean if post is not None else None
    except EmptyDistrict as error:
        raise CannotGoOn(str(error)) from error
    except UnknownCategory as error:
        raise CannotGoOn(f"规则里没有这些类别 / categories that the rulebook does not have: {error}") from error
    finally:
        if not keep:
            api.virtual.drop(world, by="bihuan simulate", reason="推演结束 the simulation is over")
    settings = {"start": plan.start.isoformat(), "days": plan.days, "per_day": plan.per_day, "seed": plan.seed}
    settings |= {"scene": plan.scene, "staff": dict(plan.staff), **_letters(post, is_clean=is_clean)}
    return {
        "world": world if keep else None,
        **settings,
        **summary.plain(),
        "seconds": round(seconds, 1),
        "history_sha256": digest,
    }


def _letters(post: Post | None, *, is_clean: bool | None) -> dict[str, Any]:
    if post is None:
        return {}
    unsure = sum(not one.category for one in post.letters)
    return {"letters": len(post.letters), "to_triage": unsure, "audit_clean": is_clean}


def show(out: Console, found: Sequence[Mapping[str, Any]]) -> None:
    rows = {
        "案卷 cases": "cases", "办结 closed": "closed", "按时 on time": "on_time", "退回 returned": "returned",
        "返工 reworked": "reworked", "重开 reopened": "reopened", "并案 merged": "merged",
        "不受理 declined": "declined",
    }  # fmt: skip
    table = Table("", *(_title(one) for one in found), title="推演结果 what came of it")
    if "letters" in found[0]:
        rows = {
            "来信 letters": "letters",
            "其中待分类 for triage": "to_triage",
            **rows,
            "账实相符 audit clean": "audit_clean",
        }
    for name, key in rows.items():
        table.add_row(name, *(str(one[key]) for one in found))
    table.add_row("按时率 on-time rate", *(_rate(one) for one in found))
    table.add_section()
    for unit in _slowest(found):
        table.add_row(unit, *(_rate(one["units"].get(unit)) for one in found))
    out.print(table)
    for one in found:
        out.print(f"history_sha256 {one['history_sha256']}  ({one['seconds']} s)", highlight=False, soft_wrap=True)


def _slowest(found: Sequence[Mapping[str, Any]], most: int = 8) -> list[str]:
    """Units where dates are missed most, in the last run; those with few cases say little."""
    units = {unit: row for unit, row in found[-1]["units"].items() if row["closed"] >= 20}
    return sorted(units, key=lambda unit: units[unit]["on_time_rate"])[:most]


def _title(one: Mapping[str, Any]) -> str:
    changes = " ".join(f"{unit}{number:+d}" for unit, number in one["staff"].items())
    return changes or "现有人手 as it is"


def _rate(row: Mapping[str, Any] | None) -> str:
    if row is None or row["on_time_rate"] is None:
        return "–"
    return f"{row['on_time_rate']:.1%} ({row['on_time']}/{row['closed']})"

"""What the commands do, once a database is there. The words for people are in ``bihuan.cli``."""

from __future__ import annotations

import os
import shutil
import socket
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict, astuple
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.panel import Panel
from rich.table import Table

from bihuan.wiring import migrate as migrations
from bihuan.wiring import sensing
from bihuan.wiring.supervisor import Spec

if TYPE_CHECKING:
    from bihuan.demo.load import Account

Say = Callable[[str], None]
Step = Callable[[int, int], None]
SPACE_NEEDED = 64 * 1024 * 1024


class CannotGoOn(Exception):
    """What is missing, and what to do about it."""


def parse_address(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise CannotGoOn(f"{address}: 地址写成 127.0.0.1:8000 / write an address like 127.0.0.1:8000")
    return host.strip("[]"), int(port)


def need_database() -> None:
    if not os.environ.get("BIHUAN_DATABASE_URL"):
        raise SystemExit(
            "请设置 BIHUAN_DATABASE_URL,或用 bihuan run。\n"
            "Set BIHUAN_DATABASE_URL to a PostgreSQL 15 or newer, or use `bihuan run`, which brings its own."
        )


def migrate(say: Say) -> list[str]:
    applied = migrations.migrate()
    if applied:
        say(f"数据表已更新 / tables brought up to date ({len(applied)})")
    return applied


def prepare(say: Say) -> None:
    """What every start does before the doors open: erased people stay erased, scenes have their rulebooks."""
    from bihuan.desk import api
    from bihuan.scenes import install

    erased = api.upkeep.apply_erasures()
    if erased:
        say(f"已再次抹去 {erased} 把密钥 / {erased} erased keys were erased again after a restore")
    for scene, version in install():
        say(f"场景 {scene} 的规则 {version} 已生效 / rulebook {version} of {scene} installed")


def load_demo(say: Say, progress: Callable[[str], AbstractContextManager[Step]]) -> list[Account]:
    from bihuan.demo import load

    with progress("载入示范区 loading the demo district") as step:
        accounts = load.load_demo(step)
        load.load_cases(step)
    say("示范区已就绪 / the demo district is ready")
    return accounts


def web(host: str, port: int) -> list[str]:
    workers = os.environ.get("BIHUAN_WEB_WORKERS", "2")
    return [
        sys.executable, "-m", "granian", "--interface", "wsgi", "--host", host, "--port", str(port),
        "--workers", workers, "--blocking-threads", "4", "--no-ws", "--log-level", "warning",
        "--respawn-failed-workers", "bihuan.wiring.wsgi:application",
    ]  # fmt: skip


def parts(host: str, port: int, *, is_live: bool = False) -> list[Spec]:
    """The processes of a site on one machine. ``is_live``: fictional people work in it, for a demo."""
    need_free_port(host, port)
    own = [sys.executable, "-m", "bihuan.cli"]
    found = [Spec("web", web(host, port)), Spec("worker", [*own, "worker"])]
    found += sensing.parts(own)
    return [*found, Spec("live", [*own, "live"])] if is_live else found


def need_free_port(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CannotGoOn(
                f"{host}:{port} 已被占用或不可用({error.strerror})。\n{host}:{port} cannot be used ({error.strerror}):"
                " end the program that listens there, or choose another with --address 127.0.0.1:8001."
            ) from error


def work() -> None:
    from bihuan.desk import api
    from bihuan.ops.drills import running
    from bihuan.sense.suggest.clerk import Clerk

    api.suggestions.fill(Clerk(api.suggestions.folder()))
    api.upkeep.work([("drills", running.step, 1.0)])


def live() -> None:
    """Let the demo district live until asked to end. Raises ``CannotGoOn`` where this is no demo."""
    from django.conf import settings
    from django.db import Error, connection

    from bihuan.demo import cases
    from bihuan.desk import api
    from bihuan.testing.district.live import Live

    if not api.organisation.is_demo():
        raise CannotGoOn("这不是示范区。 This is no demo district: fictional people have no business in it.")
    district = Live(cases.who, Path(settings.DATA) / "live.json")
    while True:
        try:
            district.step()
        except Error:  # the database is away for a moment
            connection.close()
        time.sleep(2)


def greet(out: Console, host: str, port: int, accounts: list[Account]) -> None:
    shown = f"[{host}]" if ":" in host else host
    base = f"http://{'127.0.0.1' if host in {'0.0.0.0', '::'} else shown}:{port}"  # noqa: S104 - only compared
    lines = [
        f"[bold]{base}/[/]          市民:我要反映、查进度 · report and track",
        f"[bold]{base}/console/[/]  工作台:受理、派遣、处置、核查 · the console",
        f"[bold]{base}/api/v1/openapi.json[/]  接口 · the API",
    ]
    out.print(Panel("\n".join(lines), title="闭环 Bihuan", subtitle="Ctrl-C 结束 · ends it", expand=False))
    if accounts:
        table = Table("账号 account", "密码 password", "岗位 post", title="示范账号 demo accounts (fictional people)")
        for account in accounts:
            table.add_row(account.username, account.password, account.post)
        out.print(table)
        out.print("示范区里有虚构的人在办事,--no-live 关掉 / fictional people are at work here; --no-live stops them")


# -- reading ------------------------------------------------------------------------------------------------------


def explain(wanted: str, world: int) -> dict[str, Any]:
    """By number, receipt code or id. Raises ``LookupError`` in words."""
    from bihuan.desk import api

    case = api.upkeep.find_case(wanted, world=world)
    if case is None:
        raise LookupError(f"没有案卷 {wanted}。 There is no case '{wanted}' in world {world}.")
    return {"case": str(case), **asdict(api.explain(api.events_of(case, world)))}


def show_explanation(out: Console, explanation: dict[str, Any]) -> None:
    out.print(f"[bold]案卷 case[/] {explanation['case']}")
    owners = Table(
        "自 since", "单位 unit", "规则 rule", "依据 basis", "版本 version", title="为什么是这个单位 why this unit"
    )
    for one in explanation["owners"]:
        owners.add_row(f"{one['since']:%Y-%m-%d %H:%M}", one["unit"], one["rule"], one["basis"], one["book"])
    out.print(owners)
    promises = Table(
        "时限 clock",
        "规定 rule",
        "起 from",
        "止 due",
        "依据 basis",
        "日历 calendar",
        title="为什么是这个期限 why this date",
    )
    for one in explanation["promises"]:
        amount = f"{one['amount']} {one['unit']}"
        due = f"{one['due']:%Y-%m-%d %H:%M}" + ("(暂估 provisional)" if one["provisional"] else "")
        promises.add_row(one["key"], amount, f"{one['started']:%Y-%m-%d %H:%M}", due, one["basis"], one["calendar"])
        for at, what, moved in one["steps"]:
            promises.add_row("", what, f"{at:%Y-%m-%d %H:%M}", f"{moved:%Y-%m-%d %H:%M}", "", "")
    out.print(promises)


def audit(world: int, step: Step) -> dict[str, Any]:
    from bihuan.desk import api

    found = api.audit(world, step)
    return {
        "world": world,
        "clean": found.is_clean,
        "cases": found.cases,
        "events": found.events,
        "stages": dict(found.stages),
        "problems": [{"law": law, "where": where, "what": what} for law, where, what in found.problems],
        "notices": [{"where": where, "what": what} for where, what in found.notices],
    }


def show_findings(out: Console, found: dict[str, Any]) -> None:
    table = Table(
        "阶段 stage",
        "案卷 cases",
        title=f"世界 world {found['world']}: {found['cases']} cases, {found['events']} events",
    )
    for stage, count in sorted(found["stages"].items()):
        table.add_row(stage, str(count))
    out.print(table)
    for one in found["problems"]:
        out.print(f"[red]✗ 第{one['law']}条 law {one['law']}[/] {one['where']}: {one['what']}", soft_wrap=True)
    for one in found["notices"]:
        out.print(f"[yellow]! 待处理 wants somebody[/] {one['where']}: {one['what']}", soft_wrap=True)
    out.print("[green]✓ 全部相符 clean[/]" if found["clean"] else f"[red]{len(found['problems'])} 处不符 problems[/]")


# -- changing -----------------------------------------------------------------------------------------------------


def erase(case: str, reason: str) -> str:
    from bihuan.desk import api

    if not reason.strip():
        raise CannotGoOn("请写明依据 / say whose wish or which law")
    done = api.upkeep.erase_reporter(case, reason)
    told = f"已抹去 {done.keys} 把密钥,涉及 {len(done.cases)} 件 / {done.keys} keys erased, in {len(done.cases)} cases"
    if done.person is None:
        told += (
            "\n此件由工作人员代录,未留联系方式:本件工作人员的记录一并抹去"
            " / Staff typed this report in without a contact: all that staff wrote in this case went with it"
        )
    return told


def backup(target: Path, step: Step, *, with_keyring: bool) -> Mapping[str, Any]:
    if shutil.disk_usage(target.resolve().parent).free < SPACE_NEEDED:
        raise CannotGoOn(f"{target.parent} 空间不足 / has less than 64 MB left")
    from bihuan.desk import api

    return api.upkeep.backup(target, with_keyring=with_keyring, progress=step)


def restore(source: Path, step: Step) -> Mapping[str, Any]:
    from bihuan.desk import api

    owner = os.environ.get("BIHUAN_OWNER_DATABASE_URL") or os.environ["BIHUAN_DATABASE_URL"]
    return api.upkeep.restore(source, owner, progress=step)


def renew_key() -> str:
    from bihuan.desk import api

    return api.upkeep.renew_ledger_key()


def rulebooks() -> list[tuple[str, str, str, str, str]]:
    from bihuan.desk import api

    return [(v.scene, v.version, str(v.effective), v.basis, v.imported_by) for v in api.upkeep.books()]


def import_rules(source: Path) -> str:
    from bihuan.desk import api

    version = api.upkeep.import_book(source, by="cli")
    return f"{version.scene} {version.version} 自 {version.effective} 起生效 / in force from {version.effective}"


def export_rules(scene: str, version: str, target: Path) -> None:
    from bihuan.desk import api

    api.upkeep.export_book(scene, version, target)


def diff_rules(scene: str, old: str, new: str, target: Path | None) -> list[tuple[Any, ...]]:
    from bihuan.desk import api

    return [astuple(row) for row in api.upkeep.diff_books(scene, old, new, target)]


def set_day(day: date, step: Step, *, is_working: bool, basis: str) -> int:
    from bihuan.desk import api

    return api.upkeep.set_day(day, is_working=is_working, basis=basis, by="cli", progress=step)


def publish_year(year: int, basis: str, step: Step) -> int:
    from bihuan.desk import api

    return api.upkeep.publish_year(year, basis=basis, progress=step)

"""``bihuan signals watch|receive|health|rules|source``: what senses on a site."""

from __future__ import annotations

import getpass
import json
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from bihuan.cli.common import Json, day_of, fail, out, ready
from bihuan.wiring import commands, sensing, site
from bihuan.wiring.postgres import data_folder

rules = typer.Typer(help="探测规则 Rules of detectors: import, list, export.", no_args_is_help=True)
source = typer.Typer(help="信号来源 Who may send by MQTT: add, list, end.", no_args_is_help=True)


def _part() -> None:
    commands.need_database()
    site.prepare_data(data_folder())
    site.setup_django()


def watch() -> None:
    """判断收到的信号(bihuan run 会自动启动)。 Judge what comes in; `bihuan run` starts this by itself."""
    _part()
    sensing.watch()


def receive() -> None:
    """接收 MQTT 信号(bihuan run 会自动启动)。 Take signals by MQTT; `bihuan run` starts this by itself."""
    _part()
    try:
        sensing.receive()
    except sensing.CannotSenseError as error:
        raise fail(str(error)) from error


def detect() -> None:
    """总线上的探测(BIHUAN_NATS)。 Store and judge what comes over the bus of BIHUAN_NATS; any number may run."""
    _part()
    try:
        sensing.detect()
    except sensing.CannotSenseError as error:
        raise fail(str(error)) from error


def health(days: Annotated[int, typer.Option(help="最近几天 of the last days")] = 7, as_json: Json = False) -> None:
    """各来源情况:收了多少,哪些不对。 How every source does: what was taken, what was wrong and why."""
    with ready():
        from bihuan.desk import api as desk  # noqa: PLC0415 - needs Django set up

        found = desk.signal_sources.health(datetime.now(UTC) - timedelta(days=days))
        if as_json:
            rows = [asdict(one) | {"heard": one.heard.isoformat() if one.heard else None} for one in found]
            print(json.dumps(rows, ensure_ascii=False))
            return
        names = ("来源 source", "收下 taken", "重复 again", "迟到 late", "超前 ahead", "拒收 refused")
        table = Table(*names, "最近 heard", "不对的 wrong")
        table.columns[0].no_wrap = table.columns[-1].no_wrap = True
        for one in found:
            wrong = [f"{kind} {code} {n}".strip() for kind, codes in one.faults.items() for code, n in codes.items()]
            numbers = (one.taken, one.duplicates, one.late, one.ahead, one.refused)
            heard = f"{one.heard:%Y-%m-%d %H:%M}" if one.heard else "-"
            table.add_row(one.source or "?", *map(str, numbers), heard, "\n".join(wrong))
        out.print(table)


@rules.command("import")
def import_rules(
    file: Annotated[Path, typer.Argument(help="规则文件(TOML,[[rule]]) file of rules (TOML, [[rule]])")],
    starts: Annotated[str, typer.Option("--from", help="从哪天起 in force from this day on")],
    basis: Annotated[str, typer.Option(help="依据 on what grounds")] = "",
) -> None:
    """导入一版探测规则,从某天起生效。 Put in a version of the rules, in force from a day on."""
    day = day_of(starts)
    with ready():
        try:
            number, rows = sensing.import_rules(file, day, basis, getpass.getuser())
        except sensing.CannotSenseError as error:
            raise fail(str(error)) from error
    out.print(f"第 {number} 版,{rows} 条规则,{day} 起 / version {number}, {rows} rules, from {day}")


@rules.command("list")
def list_rules(as_json: Json = False) -> None:
    """各版规则,现行的打星号。 Versions of the rules; the one in force has a star."""
    with ready():
        from bihuan.desk import api as desk  # noqa: PLC0415 - needs Django set up

        now = desk.signal_rules.in_force().id
        found = desk.signal_rules.versions()
        if as_json:
            print(
                json.dumps(
                    [
                        {
                            "version": one.id,
                            "from": one.starts.isoformat(),
                            "basis": one.basis,
                            "is_in_force": one.id == now,
                        }
                        | {"rules": list(one.rows)}
                        for one in found
                    ],
                    ensure_ascii=False,
                )
            )
            return
        for one in found:
            star = "*" if one.id == now else " "
            out.print(f"{star} {one.id}  {one.starts}  {len(one.rows)}  {one.basis}", highlight=False)


@source.command("add")
def add(
    unit: Annotated[str, typer.Argument(help="单位编码 code of the unit")],
    name: Annotated[str, typer.Argument(help="名称 name: a-z, 0-9, _ and -")],
    per_minute: Annotated[int, typer.Option(help="每分钟最多几条 readings a minute at most")] = 300_000,
    sensor_per_minute: Annotated[int, typer.Option(help="每个传感器每分钟最多几条 the same of one sensor")] = 6_000,
) -> None:
    """让一个来源经 MQTT 发信号。 Let a source send by MQTT, below topics of its own; again: change its limits."""
    with ready():
        try:
            made, password = sensing.add_source(unit, name, per_minute, sensor_per_minute)
        except sensing.CannotSenseError as error:
            raise fail(str(error)) from error
    out.print(f"主题 topics  signals/{made}/…", highlight=False)
    if password:
        out.print(f"用户 user    {made}\n密码 password {password}", highlight=False)


@source.command("list")
def list_sources() -> None:
    """可以发信号的来源。 Who may send."""
    with ready():
        from bihuan.desk import api as desk  # noqa: PLC0415 - needs Django set up

        for one in desk.signal_sources.sources().values():
            out.print(f"{one.source}  {one.per_minute}/min  {one.sensor_per_minute}/min/sensor", highlight=False)


@source.command("end")
def end(source: Annotated[str, typer.Argument(help="UNIT/NAME")]) -> None:
    """不再接收这个来源。 Take nothing from this source any longer."""
    with ready():
        if not sensing.end_source(source):
            raise fail(f"没有来源 {source} / there is no source {source!r} (bihuan signals source list)")
    out.print(f"{source} 已停 / ended", highlight=False)

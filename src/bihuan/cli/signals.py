"""``bihuan signals``: judge what sensors sent, by rules in a file; show what was found."""

from __future__ import annotations

import json
import time
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from bihuan.cli.common import Json, fail, out, ready

app = typer.Typer(help="信号 Signals of sensors: judge, findings.", no_args_is_help=True)


@app.command("judge")
def judge(
    rules: Annotated[Path, typer.Argument(help="规则文件(TOML,[[rule]]) file of rules (TOML, [[rule]])")],
    state: Annotated[Path, typer.Option(help="状态存在这个文件 file that keeps the state")],
    once: Annotated[bool, typer.Option("--once", help="判完就停 stop when all is judged")] = False,
    as_json: Json = False,
) -> None:
    """按规则判断收到的信号,中断后接着判,不漏不重。 Judge signals by rules, none missed or judged twice."""
    with ready():
        from bihuan.sense.detect.rules import BadRuleError  # noqa: PLC0415 - loads NumPy, which few commands need
        from bihuan.sense.watch import Watch  # noqa: PLC0415 - as above

        try:
            rows = tomllib.loads(rules.read_text(encoding="utf-8")).get("rule", [])
            watch = Watch(rows, state, since=datetime.now(UTC))
        except (OSError, tomllib.TOMLDecodeError, BadRuleError) as error:
            raise fail(f"{rules}: {error}") from error
        read = found = 0
        while True:
            step = watch.step()
            read, found = read + step.read, found + step.found
            if not step.read:
                found += watch.ask(datetime.now(UTC))
                if once:
                    break
                time.sleep(1.0)
        told = {"signals": read, "findings": found, "codes": watch.stream.counts}
        if as_json:
            print(json.dumps(told))
        else:
            out.print(f"{read} 条信号,{found} 项新发现 / signals, new findings")


@app.command("findings")
def findings(as_json: Json = False) -> None:
    """最近的发现。 What was found, the newest first."""
    with ready():
        from bihuan.desk import api as desk  # noqa: PLC0415 - needs Django set up

        rows = [
            {
                "sensor": one.sensor,
                "kind": one.kind,
                "detector": one.detector,
                "mark": "raised" if one.mark > 0 else "lowered",
                "at": one.happened.isoformat(),
                "value": one.value,
                "source": one.source,
            }
            for one in desk.signals.findings()
        ]
        if as_json:
            print(json.dumps(rows, ensure_ascii=False))
        elif not rows:
            out.print("没有。 None.")
        else:
            table = Table(*rows[0])
            for row in rows:
                table.add_row(*("" if value is None else str(value) for value in row.values()))
            out.print(table)

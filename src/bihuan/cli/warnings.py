"""``bihuan warnings``: rules of warnings, and what is open."""

from __future__ import annotations

import getpass
import json
from pathlib import Path
from typing import Annotated

import typer

from bihuan.cli.common import Json, day_of, fail, out, ready
from bihuan.wiring import warning

app = typer.Typer(help="预警 Warnings: rules, list.", no_args_is_help=True)


@app.command("rules")
def rules(
    file: Annotated[Path, typer.Argument(help="规则文件(TOML,[[warning]]) file of rules (TOML, [[warning]])")],
    starts: Annotated[str, typer.Option("--from", help="从哪天起 in force from this day on")],
    basis: Annotated[str, typer.Option(help="依据 on what grounds")] = "",
) -> None:
    """导入一版预警规则,从某天起生效。 Put in a version of the rules, in force from a day on."""
    day = day_of(starts)
    with ready():
        try:
            number, rows = warning.import_rules(file, day, basis, getpass.getuser())
        except warning.BadWarningsError as error:
            raise fail(str(error)) from error
    out.print(f"第 {number} 版,{rows} 条规则,{day} 起 / version {number}, {rows} rules, from {day}")


@app.command("list")
def show(as_json: Json = False) -> None:
    """没有解除的预警。 Warnings that are not over."""
    with ready():
        from bihuan.desk import api as desk  # noqa: PLC0415 - needs Django set up

        rows = [
            {
                "id": str(one.id), "group": one.grouped, "name": one.body.get("name", ""), "level": one.level,
                "state": one.state, "place": one.place, "began": one.began.isoformat(), "until": one.until.isoformat(),
            }
            for one in desk.warnings.open_now()
        ]  # fmt: skip
        if as_json:
            print(json.dumps(rows, ensure_ascii=False))
        for row in () if as_json else rows:
            out.print(f"{row['level'] or '-':3} {row['state']:9} {row['name']} {row['place']} {row['began']}")
        if not rows and not as_json:
            out.print("没有。 None.")

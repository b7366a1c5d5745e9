"""`bihuan meeting`: read, register, promised."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from bihuan.cli.common import Json, day_of, fail, out, ready
from bihuan.wiring import meetings
from bihuan.wiring.commands import CannotGoOn

app = typer.Typer(help="会议承诺 Commitments: read a meeting, register what was confirmed.", no_args_is_help=True)
Held = Annotated[str, typer.Option("--held", help="开会的日期 day of the meeting, 2026-01-31")]
Account = Annotated[str, typer.Option("--as", help="谁确认的(受理岗位账号) account of whoever confirms")]
STATES = {"due": "办理中 due", "late": "[bold red]逾期 late[/]", "closed": "已办结 closed"}


@app.command()
def read(
    file: Path,
    held: Held,
    to: Annotated[Path, typer.Option(help="写到哪张表 where to write the table")] = Path("commitments.csv"),
) -> None:
    """读发言稿,每个打算一行,写明读到哪些词;什么也不登记。 Propose, one row an intention; registers nothing."""
    with ready():
        try:
            rows = meetings.read(file, day_of(held))
            meetings.write(rows, to)
        except (CannotGoOn, OSError) as error:
            raise fail(str(error)) from error
    table = Table(*meetings.COLUMNS[1:6], meetings.COLUMNS[8])
    for row in rows:
        table.add_row(*(row[key] or "[bold red]?[/]" for key in (*meetings.COLUMNS[1:6], meetings.COLUMNS[8])))
    out.print(table)
    out.print(
        f"{to}: {len(rows)} 行。逐行核对,改正单位和日期,在“确认”列写“是”,再运行 bihuan meeting register。\n"
        "Check each row, correct unit and date, write 是 under confirm, then run bihuan meeting register.",
        soft_wrap=True,
    )


@app.command()
def register(
    file: Path,
    held: Held,
    meeting: Annotated[str, typer.Option("--meeting", help="会议名称 name of the meeting")],
    account: Account,
    as_json: Json = False,
) -> None:
    """把确认过的行各登记成一件,派给主办单位。 One case for each confirmed row, sent to its unit; all or none."""
    with ready():
        try:
            numbers, left = meetings.register(file, meeting=meeting, held=day_of(held), account=account)
        except CannotGoOn as error:
            raise fail(str(error)) from error
    if as_json:
        print(json.dumps({"numbers": numbers, "unconfirmed": left}))
        return
    out.print(f"登记 {len(numbers)} 件,没有确认的 {left} 行 / {len(numbers)} registered, {left} not confirmed")


@app.command()
def promised(account: Account, as_json: Json = False) -> None:
    """承诺了什么、哪些在办、哪些逾期,按单位。 What was promised, is due and is late, by unit."""
    with ready():
        try:
            rows = meetings.promised(account)
        except CannotGoOn as error:
            raise fail(str(error)) from error
    if as_json:
        print(json.dumps(rows, ensure_ascii=False, default=str))
        return
    table = Table("主办 unit", "编号 number", "日期 due", "状态 state")
    for row in rows:
        due = row["due"]
        day = f"{due.astimezone():%Y-%m-%d}" if isinstance(due, datetime) else "—"
        table.add_row(str(row["unit"]), str(row["number"]), day, STATES[str(row["state"])])
    out.print(table)

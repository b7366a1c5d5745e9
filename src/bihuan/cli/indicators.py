"""``bihuan signals indicator|keep``: series of numbers, and how long signals are kept."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from bihuan.cli.common import Json, fail, out, ready

app = typer.Typer(help="指标 Indicators: define, list, import.", no_args_is_help=True)


@app.command("define")
def define(  # noqa: PLR0917 - options of a command line
    key: Annotated[str, typer.Argument(help="编码 key: a-z, 0-9, _")],
    owner: Annotated[str, typer.Option(help="谁的数 the unit whose numbers they are")],
    name: Annotated[str, typer.Option(help="名称 name")],
    name_en: Annotated[str, typer.Option(help="英文名称 name in English")] = "",
    unit: Annotated[str, typer.Option(help="计量单位 unit of measure")] = "",
    period: Annotated[str, typer.Option(help="周期 day, week, month, quarter or year")] = "day",
    place: Annotated[str, typer.Option(help="地点编码 code of the place")] = "",
) -> None:
    """说明一项指标。 Say what an indicator means; again: with other words."""
    with ready():
        from bihuan.desk import api as desk  # noqa: PLC0415 - needs Django set up

        try:
            desk.indicators.define(desk.indicators.Indicator(key, owner, name, name_en, unit, period, place))
        except ValueError as error:
            raise fail(str(error)) from error
    out.print(f"{key} {name}", highlight=False)


@app.command("list")
def list_indicators() -> None:
    """已有的指标。 Those that are defined."""
    with ready():
        from bihuan.desk import api as desk  # noqa: PLC0415 - as above

        for one in desk.indicators.indicators().values():
            out.print(f"{one.key}  {one.name}  {one.unit}  {one.period}  {one.place}  {one.owner}", highlight=False)


@app.command("import")
def bring_in(
    file: Annotated[Path, typer.Argument(help="CSV、XLSX 或 JSON,可压成 .gz")],
    indicator: Annotated[str, typer.Option(help="文件里没有指标列时 where the file has no such column")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只看不存 look and keep nothing")] = False,
    rejects: Annotated[Path | None, typer.Option(help="没收的行写到这里 where rejected rows go")] = None,
    as_json: Json = False,
) -> None:
    """导入指标数据,可重复。 Bring in numbers; may be repeated, each is kept once."""
    with ready():
        from bihuan.adapters.importing import numbers  # noqa: PLC0415 - as above
        from bihuan.adapters.importing.rows import BadFile  # noqa: PLC0415 - as above

        try:
            found = numbers.bring_in(file, indicator=indicator, is_trial=dry_run)
        except BadFile as error:
            raise fail(str(error)) from error
        if rejects is not None and found.rejected:
            numbers.write_rejected(rejects, found.rejected)
    told = {"rows": found.rows, "rejected": len(found.rejected), **asdict(found.kept)}
    if as_json:
        print(json.dumps(told))
        return
    out.print("  ".join(f"{name} {number}" for name, number in told.items()), highlight=False)
    for line, why, _ in found.rejected[:10]:
        out.print(f"  {line}: {why}", highlight=False)


def keep(
    kind: Annotated[str, typer.Argument(help="种类 kind; 不写是其余全部 none: all others")] = "",
    days: Annotated[int, typer.Option(help="保存天数 days")] = 0,
) -> None:
    """信号保存多久;不给天数就列出。 How long signals are kept; without days: tell."""
    with ready():
        from bihuan.desk import api as desk  # noqa: PLC0415 - as above

        try:
            if days:
                desk.signal_keeping.keep_for(kind, days)
        except ValueError as error:
            raise fail(str(error)) from error
        for name, number in desk.signal_keeping.kept_for().items():
            out.print(f"{name or '*'}  {number}", highlight=False)

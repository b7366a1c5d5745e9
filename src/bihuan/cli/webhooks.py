"""``bihuan webhook``: who outside is told of what, and what came of it."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from bihuan.cli.common import Json, World, fail, out, ready
from bihuan.cli.office import _table
from bihuan.wiring import webhooks
from bihuan.wiring.commands import CannotGoOn

app = typer.Typer(help="推送 Webhooks out: add, list, remove, log, retry.", no_args_is_help=True)
Id = Annotated[str, typer.Argument(help="编号,或开头几位 id, or its beginning")]


@app.command("add")
def add(  # noqa: PLR0917 - options of a command line
    url: Annotated[str, typer.Argument(help="http 或 https 地址 address to post to")],
    unit: Annotated[
        str, typer.Option(help="单位:能看到它经办的案卷;不写就只推公开的 whose eyes; none: public only")
    ] = "",
    kinds: Annotated[str, typer.Option(help="类型,逗号分隔;不写就是全部 types, all when left out")] = "",
    name: Annotated[str, typer.Option(help="给它起个名 what it is for")] = "",
    world: World = 1,
    as_json: Json = False,
) -> None:
    """登记一个接收地址,密钥只显示这一次。 Register an endpoint; its secret is shown this once."""
    with ready():
        try:
            made = webhooks.add(url, unit=unit, kinds=kinds, name=name, world=world)
        except CannotGoOn as error:
            raise fail(str(error)) from error
    if as_json:
        print(json.dumps(made))
    else:
        out.print(f"{made['id']}\n{made['secret']}", soft_wrap=True, highlight=False)


@app.command("list")
def show(world: World = 1, as_json: Json = False) -> None:
    """列出接收地址,不显示密钥。 All endpoints; what waits, what was given up, what was ended and why."""
    with ready():
        _table(webhooks.every(world), as_json=as_json)


@app.command("remove")
def remove(key: Id) -> None:
    """不再推送,密钥抹去。 Send nothing any more, and erase the secret."""
    with ready():
        try:
            webhooks.remove(key)
        except CannotGoOn as error:
            raise fail(str(error)) from error
    out.print(f"已删除 / removed: {key}")


@app.command("log")
def log(key: Id, limit: Annotated[int, typer.Option(help="多少行 rows")] = 50, as_json: Json = False) -> None:
    """每一次尝试的结果。 Every try, the newest first."""
    with ready():
        try:
            _table(webhooks.log(key, limit), as_json=as_json)
        except CannotGoOn as error:
            raise fail(str(error)) from error


@app.command("retry")
def retry(key: Id) -> None:
    """没送到的重新推送,停用的恢复。 Send again what was given up, under the same ids; an ended endpoint lives again."""
    with ready():
        try:
            count = webhooks.retry(key)
        except CannotGoOn as error:
            raise fail(str(error)) from error
    out.print(f"已放回 {count} 条 / put back into the queue")

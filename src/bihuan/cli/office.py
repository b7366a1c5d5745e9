"""Keys, worlds and messages: what an administrator looks after."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from bihuan.cli.common import Json, World, day_of, fail, out, ready
from bihuan.wiring import office
from bihuan.wiring.commands import CannotGoOn

tokens = typer.Typer(help="令牌 API tokens: new, list, revoke.", no_args_is_help=True)
worlds = typer.Typer(help="世界 Drills and simulations: new, list, drop.", no_args_is_help=True)
outbox = typer.Typer(help="消息 Messages that could not be handed over: list, retry.", no_args_is_help=True)


units = typer.Typer(help="单位 Units: import, list.", no_args_is_help=True)
register = typer.Typer(help="台账 Registers of what exists: import, list.", no_args_is_help=True)
staff = typer.Typer(help="人员 Staff in their posts: import, password.", no_args_is_help=True)
Sheet = Annotated[Path, typer.Argument(help="CSV,UTF-8 或 GBK CSV in UTF-8 or GBK", exists=True, dir_okay=False)]


def _table(rows: list[dict[str, object]], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(rows, ensure_ascii=False, default=str))
    elif not rows:
        out.print("没有。 None.")
    else:
        table = Table(*rows[0])
        for row in rows:
            table.add_row(*("" if value is None else str(value) for value in row.values()))
        out.print(table)


@tokens.command("new")
def token_new(  # noqa: PLR0917 - options of a command line
    account: Annotated[str, typer.Argument(help="账号 account whose post it stands for")],
    scopes: Annotated[str, typer.Option(help="权限 report,read,work,verify,triage,oversight,admin,signal")],
    unit: Annotated[str, typer.Option(help="单位 unit of the post, where there are several")] = "",
    role: Annotated[str, typer.Option(help="岗位 role of the post, where there are several")] = "",
    name: Annotated[str, typer.Option(help="给它起个名 what it is for")] = "",
    until: Annotated[str, typer.Option(help="有效到 last day, YYYY-MM-DD; without it until revoked")] = "",
) -> None:
    """发一个令牌,只显示这一次。 A new token, shown this once; it never gives more than the post it stands for."""
    last = day_of(until) if until else None
    with ready():
        try:
            made = office.new_token(account, scopes.split(","), unit=unit, role=role, name=name, until=last)
        except CannotGoOn as error:
            raise fail(str(error)) from error
    out.print(made, soft_wrap=True, highlight=False)


@tokens.command("list")
def token_list(as_json: Json = False) -> None:
    """列出令牌,不显示内容。 All tokens by number, without the tokens themselves: those are stored nowhere."""
    with ready():
        _table(office.list_tokens(), as_json=as_json)


@tokens.command("revoke")
def token_revoke(number: Annotated[str, typer.Argument(help="编号 number in the list")]) -> None:
    """作废一个令牌,立即生效。 Revoke a token; from now on it opens nothing."""
    with ready():
        if not office.revoke_token(number):
            raise fail(f"没有有效的 {number} 号令牌。 There is no token {number} that is still good.")
    out.print(f"已作废 / revoked: {number}")


@worlds.command("list")
def world_list(
    dropped: Annotated[bool, typer.Option(help="连同已删的 dropped ones too")] = False, as_json: Json = False
) -> None:
    """列出各个世界。 All worlds: the real one, drills, simulations."""
    with ready():
        _table(office.list_worlds(dropped=dropped), as_json=as_json)


@worlds.command("new")
def world_new(
    key: Annotated[str, typer.Argument(help="名称 letters, digits, . _ -")],
    kind: Annotated[str, typer.Argument(help="drill 演练 | simulation 推演")],
    starts: Annotated[str, typer.Option(help="开始日期 its clock starts at midnight UTC of YYYY-MM-DD; else now")] = "",
) -> None:
    """新建演练或推演的世界。 A drill or simulation with a clock of its own; nothing in it mixes with the real one."""
    day = day_of(starts) if starts else None
    at = datetime(day.year, day.month, day.day, tzinfo=UTC) if day else None
    with ready():
        try:
            out.print(f"世界 / world {office.new_world(key, kind, at)}")
        except CannotGoOn as error:
            raise fail(str(error)) from error


@worlds.command("drop")
def world_drop(number: int, reason: Annotated[str, typer.Option(help="原因 why")]) -> None:
    """整个删掉,留下记录。 Drop a drill or simulation whole; a record of it stays. The real world cannot be dropped."""
    with ready():
        try:
            record = office.drop_world(number, reason)
        except CannotGoOn as error:
            raise fail(str(error)) from error
    out.print(json.dumps(record, ensure_ascii=False, default=str), soft_wrap=True)


@outbox.command("list")
def outbox_list(world: World = 1, as_json: Json = False) -> None:
    """列出没送到的消息。 Messages that were given up, with the last error."""
    with ready():
        _table(office.dead_letters(world), as_json=as_json)


@outbox.command("retry")
def outbox_retry(world: World = 1) -> None:
    """全部重新发送,用原来的编号。 Put all of them back into the queue, under the keys they had."""
    with ready():
        out.print(f"已放回 {office.retry(world)} 条 / put back into the queue")


def looks(
    account: Annotated[str, typer.Argument(help="督查账号 account of somebody in oversight")],
    days: Annotated[int, typer.Option(help="几天以来 how many days back", min=1)] = 30,
    world: World = 1,
    as_json: Json = False,
) -> None:
    """督查该过问的查看:被拒、无案由、依法未告知、破封逾期未复核。 Looks that oversight asks about.

    Kinds: refused, no-case, withheld, review-overdue.
    """
    with ready():
        try:
            _table(office.looks_to_ask_about(account, days=days, world=world), as_json=as_json)
        except CannotGoOn as error:
            raise fail(str(error)) from error


@units.command("import")
def units_import(file: Sheet) -> None:
    """导入单位,可重复。 Create or rename units; columns: code,name,kind,parent,place,name_en,phone. May be repeated."""
    with ready():
        try:
            out.print(f"{office.import_units(file)} 个单位 / units")
        except CannotGoOn as error:
            raise fail(str(error)) from error


@units.command("list")
def units_list(as_json: Json = False) -> None:
    """列出单位。 All units."""
    with ready():
        _table(office.list_units(), as_json=as_json)


@staff.command("import")
def staff_import(file: Sheet) -> None:
    """导入人员和岗位,可重复。 People in posts; columns: account,name,unit,role,since. One row a post. May be repeated.

    New accounts cannot sign in before `bihuan staff password` has set one.
    """
    with ready():
        try:
            out.print(f"{office.import_staff(file)} 人 / people")
        except CannotGoOn as error:
            raise fail(str(error)) from error


@staff.command("password")
def staff_password(account: str) -> None:
    """设定密码,不显示。 Set an account's password; it is asked for twice and not shown."""
    with ready():
        word = typer.prompt("密码 password", hide_input=True, confirmation_prompt=True)
        try:
            office.set_password(account, word)
        except CannotGoOn as error:
            raise fail(str(error)) from error
    out.print(f"已设定 / set: {account}")


@register.command("import")
def register_import(
    scene: Annotated[str, typer.Argument(help="场景 scene, e.g. riders")],
    kind: Annotated[str, typer.Argument(help="种类 kind, e.g. station")],
    file: Sheet,
) -> None:
    """导入台账,可重复。 Enter what exists; columns key,name,unit,place,lon,lat,name_en,
    and any fact. May be repeated.
    """
    with ready():
        try:
            out.print(f"{office.import_register(scene, kind, file)} 条有变化 / entries changed")
        except CannotGoOn as error:
            raise fail(str(error)) from error


@register.command("list")
def register_list(scene: str, kind: str, as_json: Json = False) -> None:
    """列出台账。 The entries of one kind, with the day of the last look."""
    with ready():
        _table(office.list_register(scene, kind), as_json=as_json)

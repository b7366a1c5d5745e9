"""`bihuan drill`: a plan is played on the live kernel, in a world and on a clock of its own."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from bihuan.cli.common import Json, fail, out, progress, ready, say
from bihuan.wiring import drilling
from bihuan.wiring.commands import CannotGoOn

app = typer.Typer(help="演练 Drills: check, run, list.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="名称(如 flood)或 .yaml 文件 name of a drill, or a .yaml file")]


@app.command("run")
def run(
    name: Name,
    speed: Annotated[str, typer.Option(help="max,或 1 到 600 倍 max, or 1 to 600 times real time")] = "max",
    seed: Annotated[int | None, typer.Option(help="同一种子,同一经过 the same seed gives the same history")] = None,
    keep: Annotated[
        bool, typer.Option(help="留着它的世界,可在页面上看 keep its world, to look at on the pages")
    ] = True,
    as_json: Json = False,
) -> None:
    """跑一次演练,自动出总结。 Play a drill to its end in a world of its own; the report makes itself."""
    try:
        with ready(), progress("演练 drill") as step:
            found = drilling.run(name, step, say, speed=speed, seed=seed, keep=keep)
    except CannotGoOn as error:
        raise fail(str(error)) from error
    if as_json:
        print(json.dumps(found, ensure_ascii=False, default=str))
    else:
        drilling.show(out, found)


@app.command("check")
def check(name: Name, as_json: Json = False) -> None:
    """读一遍演练文件,错处一次说全。 Read the file of a drill; all that is wrong is told at once."""
    try:
        with ready():
            found = drilling.check(name)
    except CannotGoOn as error:
        raise fail(str(error)) from error
    if as_json:
        print(json.dumps(found, ensure_ascii=False))
    else:
        out.print("  ".join(f"{key} {value}" for key, value in found.items()), soft_wrap=True)


@app.command("list")
def listed(as_json: Json = False) -> None:
    """列出演练。 All drills: planned, running, over, and those that come with the product."""
    with ready():
        rows = drilling.listed()
    if as_json:
        print(json.dumps(rows, ensure_ascii=False, default=str))
        return
    for row in rows:
        out.print("  ".join(str(value) for value in row.values() if value), soft_wrap=True, highlight=False)


@app.command("what-if")
def what_if(  # noqa: PLR0917 - options of a command line
    name: Name,
    sets: Annotated[list[str] | None, typer.Option("--set", help="人手 staffing: take=2, slow.yz.s.007=1")] = None,
    routes: Annotated[list[str] | None, typer.Option("--route", help="派遣规则 dispatch: S0406=yz.cgj")] = None,
    plan: Annotated[str, typer.Option(help="另一版预案的文件 orders of another file")] = "",
    seed: Annotated[int | None, typer.Option(help="种子 seed")] = None,
    as_json: Json = False,
) -> None:
    """换人手、换预案、换派遣规则会怎样。 The same drill with a change, with the same luck: the difference."""
    try:
        with ready():
            found = drilling.what_if(name, sets or [], routes or [], say, plan=plan, seed=seed)
    except CannotGoOn as error:
        raise fail(str(error)) from error
    if as_json:
        print(json.dumps(found, ensure_ascii=False))
    else:
        drilling.show_what_if(out, found)


def replay(
    name: Annotated[
        str, typer.Argument(help="名称,或真实案卷的编号(12,13) a fixture, or numbers of real cases")
    ] = "cloudburst-2025-07-09",
    keep: Annotated[bool, typer.Option(help="留着它的世界 keep its world")] = False,
    as_json: Json = False,
) -> None:
    """重放一次处置,同样的输入同样的经过。 Replay an operation in a world of its own: same inputs, same timeline."""
    try:
        with ready(), progress("重放 replay") as step:
            found = drilling.replay(name, step, say, keep=keep)
    except CannotGoOn as error:
        raise fail(str(error)) from error
    if as_json:
        print(json.dumps(found, ensure_ascii=False, default=str))
    else:
        drilling.show_replay(out, found)

"""`bihuan scene`: new, check, show."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from bihuan.cli.common import Json, fail, out
from bihuan.wiring import scenes
from bihuan.wiring.commands import CannotGoOn

app = typer.Typer(help="场景 Scenes: scaffold one, check one, explain one.", no_args_is_help=True)


@app.command()
def new(
    key: Annotated[str, typer.Argument(help="场景代码 small letters, digits and _")],
    name: Annotated[str, typer.Option(help="中文名")] = "",
    name_en: Annotated[str, typer.Option(help="English name")] = "",
) -> None:
    """建一个场景,建好就能用。 Scaffold a scene that passes its checks at once."""
    try:
        made = scenes.new(key, name, name_en)
    except CannotGoOn as error:
        raise fail(str(error)) from error
    for path in made:
        out.print(f"  {path}", markup=False, highlight=False, soft_wrap=True)
    out.print(
        f"检查 check: [bold]bihuan scene check {key}[/]\n"
        f"启用 turn on: 在 wiring/settings.py 的 SCENES 一行(或 BIHUAN_SCENES)加上 {key} / add it to that one line",
        soft_wrap=True,
    )


@app.command()
def check(
    key: Annotated[str, typer.Argument(help="场景,不写就全部 one scene, or all")] = "", as_json: Json = False
) -> None:
    """哪里不对,文件、行、列,怎么改。 Everything that is wrong, with its place and what to do."""
    try:
        found = scenes.check(key)
    except CannotGoOn as error:
        raise fail(str(error)) from error
    if as_json:
        print(json.dumps({one: [asdict(row) for row in rows] for one, rows in found.items()}, ensure_ascii=False))
        is_clean = all(row.is_notice for rows in found.values() for row in rows)
    else:
        is_clean = scenes.show_findings(out, found)
    raise typer.Exit(0 if is_clean else 1)


@app.command()
def show(
    key: str,
    language: Annotated[str, typer.Option("--lang", help="zh | en")] = "zh",
    html: Annotated[Path | None, typer.Option("--html", help="写成网页 write a page with the loop drawn")] = None,
) -> None:
    """用白话讲一个场景。 Explain a scene in plain words."""
    if language not in {"zh", "en"}:
        raise fail(f"--lang {language}: zh 或 en / write zh or en")
    try:
        parts = scenes.explain(key, language, html)
    except (CannotGoOn, OSError) as error:
        raise fail(str(error)) from error
    scenes.show_parts(out, parts)
    if html is not None:
        out.print(f"已写入 / written: {html}", soft_wrap=True)

"""``bihuan suggest``: train a classifier on texts that people sorted, and let it draft."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from bihuan.cli.common import Json, fail, out, progress, ready
from bihuan.wiring.commands import CannotGoOn

app = typer.Typer(
    help="建议 Suggestions: it drafts, people decide. train, classify, card; retrain, install, fuse.",
    no_args_is_help=True,
)
File = Annotated[Path, typer.Argument(help="CSV、JSON 行(可 .gz)或 XLSX; CSV, JSON lines (also .gz) or XLSX")]
Text = Annotated[str, typer.Option(help="正文所在的列 column of the text")]


@app.command("train")
def train(
    file: File,
    text: Text,
    label: Annotated[str, typer.Option(help="类别所在的列 column of the label")],
    to: Annotated[Path, typer.Option("--out", help="模型写到这个文件夹 folder of the model")],
    as_json: Json = False,
) -> None:
    """用人分好类的文字训练,数据不出本机。 Train on texts that people sorted; nothing leaves the machine."""
    from bihuan.wiring import suggesting  # noqa: PLC0415 - loads SciPy, which no other command needs

    try:
        with progress("训练 training") as step:
            told = suggesting.learn(file, text, label, to, step)
    except CannotGoOn as error:
        raise fail(str(error)) from error
    _show(told, as_json=as_json)


@app.command("classify")
def classify(  # noqa: PLR0917 - options of a command line
    file: File,
    text: Text,
    model: Annotated[Path, typer.Option(help="模型文件夹 folder of the model")],
    to: Annotated[Path, typer.Option("--out", help="写到这个 CSV 文件 CSV file to write")],
    words: Annotated[int, typer.Option(help="写出起作用的几个词 how many deciding words to tell", min=0, max=50)] = 0,
    keep: Annotated[bool, typer.Option(help="保留原有各列 keep the columns of the file")] = False,
    as_json: Json = False,
) -> None:
    """一行进一行出:predicted、confidence。空白的不猜。 One row for each row; of an empty text it says nothing."""
    from bihuan.wiring import suggesting  # noqa: PLC0415 - as above

    try:
        told = suggesting.classify(file, text, model, to, words=words, keep=keep)
    except CannotGoOn as error:
        raise fail(str(error)) from error
    if as_json:
        print(json.dumps(told))
    else:
        out.print(
            f"{told['rows']} 行,其中 {told['abstained']} 行不作建议 / rows, abstentions among them: {to}",
            soft_wrap=True,
        )


@app.command("card")
def card(model: Annotated[Path, typer.Argument(help="模型文件夹 folder of the model")], as_json: Json = False) -> None:
    """模型说明:何时用什么训练的,有多准,不能用来做什么。 From what and when, how good, and what it is not for."""
    from bihuan.wiring import suggesting  # noqa: PLC0415 - as above

    try:
        told = suggesting.card(model)
    except CannotGoOn as error:
        raise fail(str(error)) from error
    _show(told, as_json=as_json)


@app.command("retrain")
def retrain(scene: Annotated[str, typer.Option(help="场景 scene")] = "city", as_json: Json = False) -> None:
    """用本台已受理、未封存的件重新训练。 From the desk's own accepted cases, none sealed; corrections are in them."""
    with ready():
        from bihuan.wiring import suggesting  # noqa: PLC0415 - as above

        try:
            with progress("训练 training") as step:
                told = suggesting.relearn(scene, step)
        except CannotGoOn as error:
            raise fail(str(error)) from error
    if as_json:
        print(json.dumps(told, ensure_ascii=False))
        return
    for one in told.values():
        _show(one, as_json=False)


@app.command("install")
def install(
    model: Annotated[Path, typer.Argument(help="模型文件夹 folder of the model")],
    scene: Annotated[str, typer.Option(help="场景 scene")] = "city",
    as_json: Json = False,
) -> None:
    """让一个训练好的模型为本台起草类别。 Let a trained model draft categories; its labels are their codes."""
    with ready():
        from bihuan.wiring import suggesting  # noqa: PLC0415 - as above

        try:
            told = suggesting.install(model, scene)
        except CannotGoOn as error:
            raise fail(str(error)) from error
    _show(told, as_json=as_json)


@app.command("fuse")
def fuse(rules: Annotated[Path, typer.Argument(help="规则文件(TOML,[[rule]]) file of rules (TOML, [[rule]])")]) -> None:
    """哪些信号可以自动并为一件的来源。 Which signals may join an open case by themselves."""
    with ready():
        from bihuan.desk import api as desk  # noqa: PLC0415 - needs Django set up

        try:
            rows = tomllib.loads(rules.read_text(encoding="utf-8")).get("rule", [])
            found = desk.fusing.set_rules(rows)
        except (OSError, tomllib.TOMLDecodeError, desk.fusing.BadRules) as error:
            raise fail(f"{rules}: {error}") from error
    out.print(f"{len(found)} 条规则已生效 / rules in force")


def _show(card: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(card, ensure_ascii=False))
        return
    lines = Table(show_header=False)
    for name, title in TITLES.items():
        lines.add_row(title, str(card.get(name, "")))
    out.print(lines)
    labels = Table("类别 label", "行数 rows", "F1")
    for name, one in card.get("by_label", {}).items():
        labels.add_row(name, str(one["rows"]), f"{one['f1']:.3f}")
    out.print(labels)


TITLES = {
    "trained_at": "训练时间 trained at",
    "source": "数据 source",
    "rows": "行数 rows",
    "left_out": "未用 left out",
    "near_copies": "近似重复 near copies",
    "macro_f1": "宏平均 F1 macro-F1, rows not seen",
    "macro_f1_abstaining": "不答一成时 with a tenth abstained",
    "threshold": "低于此不建议 abstain below",
    "calibration_error": "校准误差 calibration error",
    "not_for": "不得用于 not for",
}

"""`bihuan import`: look at a file, settle what its columns mean, take it in, say what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from bihuan.wiring.commands import CannotGoOn

if TYPE_CHECKING:
    from bihuan.adapters.importing.mapping import Mapping as Columns
    from bihuan.adapters.importing.sources import Source

Step = Callable[[int, int], None]


def look(file: Path, mapping: Path | None, source: str, way: str) -> tuple[Source, Columns]:
    """The file, and the mapping given or guessed. Raises ``CannotGoOn`` in words."""
    from dataclasses import replace

    from bihuan.adapters.importing import mapping as mappings
    from bihuan.adapters.importing.sources import BadFile, BadRow, rows
    from bihuan.adapters.importing.sources import look as look_at

    try:
        found = look_at(file)
        first = next((row for row in rows(found) if not isinstance(row, BadRow)), None)
        if first is None:
            raise CannotGoOn(f"{file.name}: 没有一行读得出来。 Not one row can be read.")
        name = source or file.name.partition(".")[0][:64]
        columns = mappings.read_mapping(mapping) if mapping else mappings.guess(list(first), name)
        if way:
            columns = replace(columns, way="report" if way == "report" else "history")
        mappings.check(columns, list(first))
    except BadFile as error:
        raise CannotGoOn(str(error)) from error
    return found, columns


def take_in(source: Source, columns: Columns, scene: str, rejects: Path, step: Step) -> dict[str, Any]:
    """Raises ``CannotGoOn`` in words."""
    from bihuan.adapters.importing.run import run
    from bihuan.adapters.importing.sources import BadFile
    from bihuan.desk import api

    if scene not in {book.scene for book in api.upkeep.books()}:
        raise CannotGoOn(f"场景 {scene} 没有规则。 Scene {scene} has no rulebook; see `bihuan rules list`.")
    try:
        return run(source, columns, scene, rejects, progress=step).plain()
    except BadFile as error:
        raise CannotGoOn(str(error)) from error


def show_mapping(out: Console, columns: Columns) -> None:
    table = Table("这里 here", "文件的列 column of the file", title=f"{columns.source} → {columns.way}")
    for ours, theirs in columns.columns.items():
        table.add_row(ours, theirs)
    out.print(table)


def show(out: Console, found: Mapping[str, Any]) -> None:
    table = Table("", "", title="导入结果 what came in", show_header=False)
    names = {
        "rows": "读到的行 rows read", "earlier": "以前已处理 dealt with earlier", "taken": "收下 taken in",
        "to_triage": "其中待分类 of these for triage", "repeated": "编号重复 repeated ids", "refused": "不收 refused",
    }  # fmt: skip
    for key, name in names.items():
        table.add_row(name, str(found[key]))
    for reason, count in found["reasons"].items():
        table.add_row(f"  {reason}", str(count))
    for stage, count in found["stages"].items():
        table.add_row(f"阶段 stage {stage}", str(count))
    if found["on_time"].get("closed"):
        told = found["on_time"]
        table.add_row("按本区规则按时 in time by our rules", f"{told['rate']:.1%} ({told['in_time']}/{told['closed']})")
    if found["on_time"].get("there", {}).get("closed"):
        there = found["on_time"]["there"]
        table.add_row("按原时限按时 in time by theirs", f"{there['in_time']}/{there['closed']}")
    out.print(table)
    if found["rejects"]:
        out.print(f"没有收下的行和原因 / rows not taken, and why: {found['rejects']}", soft_wrap=True)

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


def look(
    file: Path, mapping: Path | None, scene: str, *, source: str, way: str, unit: str, encoding: str
) -> tuple[Source, Columns]:
    """The file, and the mapping given or guessed. Raises ``CannotGoOn`` in words."""
    from dataclasses import replace

    from bihuan.adapters.importing import mapping as mappings
    from bihuan.adapters.importing.rows import BadFile
    from bihuan.adapters.importing.sources import look as look_at

    try:
        columns = mappings.read_mapping(mapping) if mapping else None
        found = look_at(file, encoding or (columns.encoding if columns else ""))
        if not found.sample:
            raise CannotGoOn(f"{file.name}: 没有一行读得出来。 Not one row can be read.")
        if columns is None:
            name = source or file.name.partition(".")[0][:64]
            columns = mappings.guess(found.columns, found.sample, name, _categories(scene))
        if source or unit or way:
            columns = replace(
                columns, source=source or columns.source, unit=unit or columns.unit,
                way=columns.way if not way else "report" if way == "report" else "history",
            )  # fmt: skip
        mappings.check(columns, found.columns, is_sparse=found.kind == "json")
    except BadFile as error:
        raise CannotGoOn(str(error)) from error
    return found, columns


def _categories(scene: str) -> dict[str, str]:
    """What a category may be called in a file: its code, its name, its English name."""
    from bihuan.desk import api

    try:
        known = api.upkeep.book(scene).categories
    except LookupError as error:
        raise CannotGoOn(f"场景 {scene} 没有规则 / scene {scene} has no rulebook: {error}") from error
    found = {word: code for code, category in known.items() for word in (category.name_en, category.name) if word}
    return found | {code: code for code in known}


def take_in(source: Source, columns: Columns, scene: str, rejects: Path, step: Step) -> dict[str, Any]:
    """Raises ``CannotGoOn`` in words."""
    from bihuan.adapters.importing.rows import BadFile
    from bihuan.adapters.importing.run import run
    from bihuan.desk import api

    if scene not in {book.scene for book in api.upkeep.books()}:
        raise CannotGoOn(f"场景 {scene} 没有规则。 Scene {scene} has no rulebook; see `bihuan rules list`.")
    try:
        return run(source, columns, scene, rejects, progress=step).plain()
    except BadFile as error:
        raise CannotGoOn(str(error)) from error


def show_mapping(out: Console, source: Source, columns: Columns) -> None:
    """What is taken for what, with a value each, before anything is taken."""
    ways = {"history": "已办完的历史 history", "report": "要办的事 reports to be dealt with"}
    title = f"{columns.source} → {ways[columns.way]} · {source.encoding or source.kind}"
    if len(source.sheets) > 1:
        title += f" · 只读第一张表 the first sheet only: {source.sheets[0]} ({len(source.sheets)})"
    table = Table("这里 here", "文件的列 column of the file", "例如 for example", title=title)
    for ours, theirs in columns.columns.items():
        table.add_row(ours, theirs, next((cell[:40] for row in source.sample if (cell := row.get(theirs, ""))), ""))
    if columns.time_format:
        table.add_row("time_format", columns.time_format, columns.zone)
    out.print(table)
    if unused := [name for name in source.columns if name not in columns.columns.values()]:
        out.print(f"不读的列 columns that are left out: {', '.join(unused)}", highlight=False, markup=False)


NAMES = {
    "rows": "已处理的行 rows dealt with", "earlier": "其中以前处理的 of these earlier", "taken": "收下 taken in",
    "repeated": "编号重复 repeated ids", "refused": "不收 refused",
}  # fmt: skip
STANDING = {
    "to_triage": "待分类 for triage", "late": "超时 late", "returned": "退回过 returned", "reopened": "重开过 reopened",
}  # fmt: skip


def show(out: Console, found: Mapping[str, Any]) -> None:
    table = Table("", "", title="导入结果 what came in", show_header=False)
    for key, name in NAMES.items():
        table.add_row(name, str(found[key]))
    for reason, count in found["reasons"].items():
        table.add_row(f"  {reason}", str(count))
    table.add_section()
    for kind, name in (("stages", "阶段 stage"), ("outcomes", "结果 outcome")):
        for key, count in found[kind].items():
            table.add_row(f"{name} {key}", str(count))
    for key, name in STANDING.items():
        table.add_row(name, str(found[key]))
    _show_times(table, found["on_time"])
    out.print(table)
    if found["rejects"]:
        out.print(f"没有收下的行和原因 / rows not taken, and why: {found['rejects']}", soft_wrap=True)


def _show_times(table: Table, told: Mapping[str, Any]) -> None:
    if told.get("closed"):
        table.add_row("按本区规则按时 in time by our rules", f"{told['rate']:.1%} ({told['in_time']}/{told['closed']})")
    for key, one in told.get("statutory", {}).items():
        share = f"{one['in_time'] / one['closed']:.1%} ({one['in_time']}/{one['closed']})" if one["closed"] else "–"
        table.add_row(f"法定时限 statutory: {key}", share)
    if told.get("without"):
        table.add_row("没有对应的时限 without a limit here", str(told["without"]))
    if told.get("there", {}).get("closed"):
        there = told["there"]
        share = f"{there['in_time'] / there['closed']:.1%} ({there['in_time']}/{there['closed']})"
        table.add_row("按原时限按时 in time by theirs", share)

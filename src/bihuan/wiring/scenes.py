"""`bihuan scene`: scaffold, check and explain a scene. Needs no database: units are those of the demo district."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from rich.console import Console

from bihuan.wiring import site
from bihuan.wiring.commands import CannotGoOn

if TYPE_CHECKING:
    from bihuan.testing.kit import Finding, Part

# The units that a new scene starts with: its author puts in those of the district.
DESK, LEAD, VERIFIER = "yz.zhzx", "yz.cgj", "yz.jdzx"


def new(key: str, name: str, name_en: str) -> list[Path]:
    """Raises ``CannotGoOn``."""
    site.setup_django(with_scenes=False)
    from bihuan import scenes
    from bihuan.testing import kit

    try:
        return kit.scaffold(scenes.HERE / key, name, name_en, desk=DESK, lead=LEAD, verifier=VERIFIER)
    except (kit.CannotMake, OSError) as error:
        raise CannotGoOn(str(error)) from error


def check(key: str) -> dict[str, list[Finding]]:
    """What is wrong with a scene, or with each that is there. Raises ``CannotGoOn``."""
    site.setup_django(with_scenes=False)
    from bihuan import scenes
    from bihuan.testing import kit

    known = scenes.names()
    folders = [path.name for path in sorted(scenes.HERE.iterdir()) if path.is_dir() and (path / "tables").is_dir()]
    if key and key not in {*known, *folders}:
        raise CannotGoOn(f"没有场景 {key} / there is no scene '{key}'; there are {', '.join(known)}")
    return {one: kit.check(scenes.HERE / one, unit_names().keys()) for one in ([key] if key else known)}


def explain(key: str, language: str, html: Path | None) -> list[Part]:
    """The scene in parts; with ``html`` written there as a page too. Raises ``CannotGoOn``."""
    site.setup_django(with_scenes=False)
    from bihuan import scenes
    from bihuan.desk import api
    from bihuan.testing import kit

    try:
        info = scenes.load(key)
        book = api.upkeep.read_book(info.tables)
    except (LookupError, ValueError) as error:
        raise CannotGoOn(f"{error}\n用 bihuan scene check {key} 看哪里不对 / look what is wrong with that") from error
    at = 0 if language == "zh" else 1
    names = {code: pair[at] or pair[0] for code, pair in unit_names().items()}

    def name(code: str) -> str:
        return names.get(code, code)

    wanted: Literal["zh", "en"] = "zh" if at == 0 else "en"
    if html is not None:
        html.write_text(kit.page(info, book, wanted, name), encoding="utf-8")
    return kit.explain(info, book, wanted, name)


def unit_names() -> Mapping[str, tuple[str, str]]:
    """Chinese and English names of the demo district's units by code."""
    from bihuan.demo import load

    return {unit.code: (unit.name, unit.name_en) for unit in load.units()}


def show_findings(out: Console, found: Mapping[str, list[Finding]]) -> bool:
    """Whether nothing is wrong; notices do not count."""
    is_clean = True
    for key, rows in found.items():
        for row in rows:
            mark = "[yellow]![/]" if row.is_notice else "[red]✗[/]"
            out.print(mark, end=" ")
            out.print(f"scenes/{key}/{row}", markup=False, highlight=False, soft_wrap=True)
        problems = sum(1 for row in rows if not row.is_notice)
        is_clean = is_clean and not problems
        text = f"[red]{problems} 处不对 / problems[/]" if problems else "[green]✓ 全部相符 / nothing is wrong[/]"
        out.print(f"[bold]{key}[/] {text}")
    return is_clean


def show_parts(out: Console, parts: list[Part]) -> None:
    for number, part in enumerate(parts):
        out.print(part.title, style="bold", markup=False)
        for line in part.lines:
            out.print(line if number == 0 else f"  · {line}", markup=False, highlight=False, soft_wrap=True)

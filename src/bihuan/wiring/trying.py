"""Lends the checker and the player of scene authors to the desk. Loaded when somebody asks for them, not before."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bihuan.desk.ports import Beat
from bihuan.kernel.rules import Rulebook


class SceneTools:
    def check(self, folder: Path, units: frozenset[str]) -> Sequence[tuple[str, str]]:
        from bihuan.testing import kit  # noqa: PLC0415

        found = kit.check(folder, units)
        return [(f"{one.file}:{one.line}" if one.line else one.file, one.what) for one in found if not one.is_notice]

    def play(self, book: Rulebook, world: int, ground: str, category: str, is_late: bool) -> Sequence[Beat]:
        from bihuan.testing import trial  # noqa: PLC0415

        return trial.play(book, world, ground, category, is_late=is_late)

"""Scenes: one package each, told apart by a manifest that is read without importing anything.

``load(key)`` says what a scene is; ``install()`` gives each scene that is on its own rulebook, where it has none yet.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

KERNEL_API = 1
HERE = Path(__file__).parent
NEEDED = ("key", "name", "name_en", "kernel_api", "owners", "level", "personal_data", "keeps_for", "uses")
LEVELS = frozenset({"draft", "ready", "exemplary"})


class BadManifest(ValueError):
    """A manifest that cannot be used: the file, and everything that is wrong in it."""


@dataclass(frozen=True)
class SceneInfo:
    """A scene's manifest. ``words``: group (steps, clocks, proofs, fields) to key to language to word."""

    key: str
    name: str
    name_en: str
    kernel_api: int
    owners: tuple[str, ...]
    level: str
    personal_data: tuple[str, ...]
    keeps_for: str
    uses: frozenset[str]
    words: Mapping[str, Mapping[str, Mapping[str, str]]]
    folder: Path
    summary: str = ""
    summary_en: str = ""

    @property
    def tables(self) -> Path:
        """The folder of the rulebook that the scene comes with."""
        return self.folder / "tables"

    def word(self, group: str, key: str, language: str = "zh") -> str:
        """What people call it; the key itself where the scene has no word."""
        return self.words.get(group, {}).get(key, {}).get(language, key)


@cache
def load(key: str) -> SceneInfo:
    """Raises ``LookupError`` for an unknown scene and ``BadManifest`` for one that cannot be used."""
    file = HERE / key / "manifest.toml"
    if not key.isidentifier() or not file.is_file():
        raise LookupError(f"没有场景 '{key}';有 / there is no such scene; there are {', '.join(names())}")
    try:
        raw = tomllib.loads(file.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise BadManifest(f"{file.name} of {key}: {error}") from error
    if found := _problems(key, raw):
        raise BadManifest(f"{file.name} of {key}: {'; '.join(found)}")
    lists = {name: tuple(raw[name]) for name in ("owners", "personal_data")}
    return SceneInfo(
        **{**raw, **lists, "uses": frozenset(raw["uses"]), "words": raw.get("words", {}), "folder": file.parent}
    )


def names() -> list[str]:
    """The scenes that are there."""
    return sorted(file.parent.name for file in HERE.glob("*/manifest.toml"))


def _problems(key: str, raw: Mapping[str, Any]) -> list[str]:
    found = [f"'{name}' is missing" for name in NEEDED if name not in raw]
    known = set(SceneInfo.__dataclass_fields__) - {"folder"}
    found += [f"'{name}' is unknown; known are {', '.join(sorted(known))}" for name in raw if name not in known]
    if raw.get("key", key) != key:
        found.append(f"key is '{raw['key']}' but the folder is '{key}'")
    if raw.get("kernel_api", 1) > KERNEL_API:
        found.append(f"it needs kernel API {raw['kernel_api']}, this is {KERNEL_API}: update Bihuan")
    if raw.get("level", "draft") not in LEVELS:
        found.append(f"level '{raw['level']}'; allowed are {', '.join(sorted(LEVELS))}")
    return found


def install() -> Iterator[tuple[str, str]]:
    """Import the own rulebook of every scene that is on and has none; yields scene and version. Safe to repeat.

    A scene that has any version keeps what it has: officers' rules are never replaced by an update of the program.
    """
    from django.conf import settings  # noqa: PLC0415 - manifests are read without Django

    from bihuan.desk import api  # noqa: PLC0415 - as above

    known = {version.scene for version in api.upkeep.books()}
    for key in settings.SCENES:
        if key not in known:
            yield key, api.upkeep.import_book(load(key).tables, by="system").version

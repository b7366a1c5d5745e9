"""Scenes: one package each, told apart by a manifest that is read without importing anything.

``load(key)`` says what a scene is; ``install()`` gives each scene that is on its own rulebook, where it has none yet.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from bihuan.scenes.manifest import SceneInfo, build, one_line, slips

HERE = Path(__file__).parent

__all__ = ["HERE", "BadManifest", "SceneInfo", "install", "load", "names"]


class BadManifest(ValueError):
    """A manifest that cannot be used: the file, and everything that is wrong in it."""


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
    if found := slips(key, raw):
        raise BadManifest(f"{file.name} of {key}: {one_line(found)}")
    return build(raw, file.parent)


def names() -> list[str]:
    """The scenes that are there."""
    return sorted(file.parent.name for file in HERE.glob("*/manifest.toml"))


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

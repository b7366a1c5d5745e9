"""What the scenes call their own things: steps, clocks, proofs, fields, groups of categories.

Scenes stand above the desk, so wiring tells their words here once, when a process starts. A key without a word stands
for itself: a page is never empty because a word is missing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

Words = Mapping[str, Mapping[str, Mapping[str, str]]]
_told: dict[str, Words] = {}
_also: list[Callable[[str], Words | None]] = []
# A key of a scene that was declared in a page begins with the key of that scene.
_OF_A_SCENE = re.compile(r"(m[0-9]+_[0-9]+)_", re.IGNORECASE)


def tell(scene: str, words: Words) -> None:
    """``words``: group (``steps clocks proofs fields groups common``) to key to language to word."""
    _told[scene] = words


def scene_word(group: str, key: str, language: str) -> str:
    """The word for a key in ``zh`` or ``en``; of two scenes that both have one, that of the first told."""
    for words in _told.values():
        found = words.get(group, {}).get(key)
        if found is not None:
            return found.get(language) or found.get("zh") or key
    found = _of_scene(group, key)
    return found.get(language) or found.get("zh") or key if found else key


def ask_also(find: Callable[[str], Words | None]) -> None:
    """Whom to ask about scenes that no process is told of at its start."""
    _also.append(find)


def _of_scene(group: str, key: str) -> Mapping[str, str] | None:
    named = _OF_A_SCENE.match(key)
    return scene_group(named[1].lower(), group).get(key) if named else None


def scene_group(scene: str, group: str) -> Mapping[str, Mapping[str, str]]:
    """All words of one group of one scene, in the order of its manifest."""
    if scene in _told:
        return _told[scene].get(group, {})
    return next((words.get(group, {}) for find in _also if (words := find(scene)) is not None), {})

"""What the scenes call their own things: steps, clocks, proofs, fields, groups of categories.

Scenes stand above the desk, so wiring tells their words here once, when a process starts. A key without a word stands
for itself: a page is never empty because a word is missing.
"""

from __future__ import annotations

from collections.abc import Mapping

Words = Mapping[str, Mapping[str, Mapping[str, str]]]
_told: dict[str, Words] = {}


def tell(scene: str, words: Words) -> None:
    """``words``: group (``steps clocks proofs fields groups common``) to key to language to word."""
    _told[scene] = words


def scene_word(group: str, key: str, language: str) -> str:
    """The word for a key in ``zh`` or ``en``; of two scenes that both have one, that of the first told."""
    for words in _told.values():
        found = words.get(group, {}).get(key)
        if found is not None:
            return found.get(language) or found.get("zh") or key
    return key


def scene_group(scene: str, group: str) -> Mapping[str, Mapping[str, str]]:
    """All words of one group of one scene, in the order of its manifest."""
    return _told.get(scene, {}).get(group, {})

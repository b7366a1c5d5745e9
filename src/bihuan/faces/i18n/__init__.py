"""Words of the pages. Chinese is the original and stands in the templates; English is a typed catalogue beside it.

Not gettext: its catalogues must be compiled by a program that a fresh machine lacks, and compiled ones cannot be read
in a review. A catalogue here maps the original to its translation in plain Python; tests hold it complete both ways.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from django.utils.translation import get_language

from bihuan.faces.i18n import (
    common,
    console,
    drills,
    events,
    field,
    finding,
    mail,
    notices,
    portal,
    portal_more,
    reading,
    rules,
    scenes,
    screen,
    sensed,
    suggested,
)

Language = Literal["zh", "en"]
ENGLISH: dict[str, str] = {
    **common.ENGLISH,
    **portal.ENGLISH,
    **console.ENGLISH,
    **drills.ENGLISH,
    **events.ENGLISH,
    **field.ENGLISH,
    **rules.ENGLISH,
    **scenes.ENGLISH,
    **screen.ENGLISH,
    **sensed.ENGLISH,
    **notices.ENGLISH,
    **finding.ENGLISH,
    **portal_more.ENGLISH,
    **reading.ENGLISH,
    **mail.ENGLISH,
    **suggested.ENGLISH,
}


def tell(words: Mapping[str, str]) -> None:
    """The words of a scene's own pages. Raises ``ValueError`` for an original that is translated otherwise already."""
    if twice := [text for text, english in words.items() if ENGLISH.get(text, english) != english]:
        raise ValueError(f"translated already: {', '.join(sorted(twice))}")
    ENGLISH.update(words)


def language() -> Language:
    """The language of the request at hand, as Django's locale middleware found it (cookie, then browser)."""
    return "en" if (get_language() or "").startswith("en") else "zh"


def say(original: str, /, **values: object) -> str:
    """``original`` in the language of the request; ``{name}`` in it is filled from ``values``."""
    text = ENGLISH[original] if language() == "en" else original
    return text.format(**values) if values else text


def choose(chinese: str, english: str) -> str:
    """Of a pair that is data (a unit's name), the one for this language; Chinese where English is missing."""
    return (english or chinese) if language() == "en" else chinese

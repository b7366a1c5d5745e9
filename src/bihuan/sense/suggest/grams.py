"""A text as the pieces that a model weighs: single characters and pairs, whole words where a script has them.

Chinese needs no segmentation for this: pairs of characters are nearly its words, and measured better than words.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise

LONGEST = 20_000  # characters of a text that are read; what a report says, it says before that
LONGEST_UNIT = 24
_HAN = "぀-ヿ㐀-䶿一-鿿豈-﫿"
_UNIT = re.compile(rf"[^\W{_HAN}]+|\S")


def units(text: str) -> list[str]:
    """A Chinese or Japanese character, a word or number of any other script, a punctuation mark."""
    plain = unicodedata.normalize("NFKC", text[:LONGEST]).lower()
    return [unit[:LONGEST_UNIT] for unit in _UNIT.findall(plain)]


def grams(text: str) -> list[str]:
    """Units and pairs of neighbours. A blank joins pairs, which no unit holds."""
    single = units(text)
    return single + [f"{left} {right}" for left, right in pairwise(single)]

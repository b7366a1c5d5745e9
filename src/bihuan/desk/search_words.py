"""From a text to the tokens that search compares: pairs of Chinese characters, whole words of other scripts.

A token is four bytes of a keyed hash, so that an index without the keyring tells nobody what was written. Runs of seven
digits and more (telephones, identity cards) are left out: problems and places are searched for, never people (law 9).
"""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata
from collections.abc import Iterable

from bihuan.desk import keyring

MOST_TOKENS = 4000
FIRST_LONG_SCRIPT = "\u2e80"  # from here on scripts are written without spaces between words
_RUN = re.compile(f"[{FIRST_LONG_SCRIPT}-\U0003ffff]+|[^\\W_{FIRST_LONG_SCRIPT}-\U0003ffff]+")
_LONG_NUMBER = re.compile("[0-9]{7,}")


def words(text: str) -> dict[str, None]:
    """The words of a text in their order, each once. A single Chinese character is no word."""
    found: dict[str, None] = {}
    for run in _RUN.findall(unicodedata.normalize("NFKC", text).casefold()):
        if run[0] >= FIRST_LONG_SCRIPT:
            signs = "".join(sign for sign in run if sign.isalnum())
            found |= dict.fromkeys(signs[at : at + 2] for at in range(len(signs) - 1))
        elif len(run) > 1 and not _LONG_NUMBER.search(run):
            found[run[:64]] = None
    return found


def tokens(wanted: Iterable[str], segment: int) -> list[int]:
    """One signed 32-bit number a word, another in each segment of the index; sorted, each once."""
    key = hmac.digest(keyring.code_key(), b"search", "sha256")
    salt = segment.to_bytes(16)
    made = (hashlib.blake2b(word.encode(), digest_size=4, key=key, salt=salt).digest() for word in wanted)
    return sorted({int.from_bytes(one, signed=True) for one in made})[:MOST_TOKENS]

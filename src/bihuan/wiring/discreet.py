"""What leaves the process in log lines: never a receipt code, never the secret of a calendar.

Whoever holds a code may see and close the case (law 4).
"""

from __future__ import annotations

import logging
import re

HIDDEN = "****"
# A path that a code stands in, whatever it looks like; and a code as it is given, wherever it stands.
_PATH = re.compile(r"(/(?:t|track|calendar)/)[^\s/?\"']+(?: [0-9A-Za-z]{4}\b){0,3}")
_CODE = re.compile(r"(?<![0-9A-Za-z-])(?=[A-Z-]*[0-9])[0-9A-Z]{4}(?:-?[0-9A-Z]{4}){3}(?![0-9A-Za-z-])", re.ASCII)
_SMALL = re.compile(r"(/(?:requests|tokens|media)/)[0-9A-Za-z]{4}(?:-?[0-9A-Za-z]{4}){3}(?![0-9A-Za-z-])")


def mask(text: str) -> str:
    return _CODE.sub(HIDDEN, _SMALL.sub(rf"\1{HIDDEN}", _PATH.sub(rf"\1{HIDDEN}", text)))


class Masked(logging.Formatter):
    """The formatter of every line: message, arguments and stack alike, from Django and from libraries too."""

    def format(self, record: logging.LogRecord) -> str:
        return mask(super().format(record))

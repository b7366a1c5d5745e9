"""JSON, an object a line or one array of objects; what is nested gets names with dots."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, TextIO

import orjson

from bihuan.adapters.importing.rows import LONGEST_LINE, BadRow, Read, Reading, Row, checked

CHUNK = 1 << 18
BETWEEN = " \t\r\n,"


def read(text: TextIO) -> Reading:
    first = ""
    while piece := text.read(1):
        if not piece.isspace():
            first = piece
            break
    if first == "[":
        return _array(text)
    return _lines(text, first)


def _lines(text: TextIO, first: str) -> Reading:
    number = 1
    while line := first + text.readline(LONGEST_LINE):
        first = ""
        if len(line) >= LONGEST_LINE and not line.endswith("\n"):
            while line and not line.endswith("\n"):
                line = text.readline(LONGEST_LINE)
            yield number, BadRow("line-too-long", {"most": LONGEST_LINE})
        elif line.strip():
            yield number, _row(line)
        number += 1


def _array(text: TextIO) -> Iterator[Read]:
    """Element by element; after one that cannot be read nothing more can be found."""
    decoder = json.JSONDecoder()
    buffer, at, line = "", 0, 1
    while True:
        while at < len(buffer) and buffer[at] in BETWEEN:
            line += buffer[at] == "\n"
            at += 1
        if buffer.startswith("]", at):
            return
        try:
            end = decoder.raw_decode(buffer, at)[1] if at < len(buffer) else 0
        except (ValueError, RecursionError):
            end = 0
        if end and end < len(buffer):  # a number at the very end may go on
            yield line, _row(buffer[at:end])
            line += buffer.count("\n", at, end)
            at = end
            continue
        more = text.read(CHUNK)
        if not more or len(buffer) - at > LONGEST_LINE:
            yield line, BadRow("json-ends")
            return
        buffer, at = buffer[at:] + more, 0


def _row(text: str) -> Row | BadRow:
    try:
        value = orjson.loads(text)
    except (orjson.JSONDecodeError, RecursionError):
        return BadRow("not-json")
    if not isinstance(value, dict):
        return BadRow("not-an-object")
    return checked(dict(_flat(value, "")))


def _flat(value: dict[str, Any], before: str) -> Iterator[tuple[str, str]]:
    for name, one in value.items():
        if isinstance(one, dict):
            yield from _flat(one, f"{before}{name}.")
        elif isinstance(one, list):
            yield before + name, orjson.dumps(one).decode()
        else:
            yield before + name, "" if one is None else str(one).strip()

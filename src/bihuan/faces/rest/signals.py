"""Signals come in: one, many in an array, or JSON Lines; whole or gzip. Read as they come, a slice in memory."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import asdict
from itertools import islice
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Router, Schema
from pydantic import TypeAdapter, ValidationError

from bihuan.desk import api as desk
from bihuan.faces.rest import auth, body, problems, send
from bihuan.faces.rest.incoming import SignalIn
from bihuan.faces.rest.outgoing import ProblemOut
from bihuan.faces.rest.problems import Problem
from bihuan.faces.rest.words import Language, language_of

MOST_SENT, MOST_READ = 8 * 1024 * 1024, 64 * 1024 * 1024
MOST_ARRAY = 8 * 1024 * 1024
MOST_LINES, MOST_TOLD = 100_000, 100
MOST_LINE = 4096
SLICE, CHUNK = 2000, 64 * 1024
LINES = ("application/x-ndjson", "application/jsonl")

router = Router(tags=["signals"])
_MANY = TypeAdapter(list[SignalIn])


class RefusedOut(Schema):
    line: int
    problem: ProblemOut


class SignalsOut(Schema):
    """`duplicates` were there already; `contradictions`: those with another value; `problems`: the first hundred."""

    taken: int
    duplicates: int
    contradictions: int
    late: int
    ahead: int
    refused: int
    problems: list[RefusedOut]


_ONE = {"$ref": "#/components/schemas/SignalIn"}
DOCUMENT: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {"anyOf": [_ONE, {"type": "array", "items": _ONE, "maxItems": MOST_LINES}]}},
            LINES[0]: {"schema": {"type": "string", "description": "One SignalIn a line"}},
        },
    }
}


@router.post(
    "/signals", auth=auth.Bearer("signal"), response={200: SignalsOut}, operation_id="send_signals",
    openapi_extra=DOCUMENT,
)  # fmt: skip
def send_signals(request: HttpRequest) -> HttpResponse:
    """One signal, an array, or JSON Lines, also with `Content-Encoding: gzip`. Sent again, each is kept once."""
    body.need_type(request, "application/json", *LINES)
    body.need_length(request, MOST_SENT)
    language = language_of(request.META.get("HTTP_ACCEPT_LANGUAGE", ""))
    is_json = request.META.get("CONTENT_TYPE", "").lower().startswith("application/json")
    parts = iter(_array(request) if is_json else _lines(request))
    caller = auth.caller(request)
    source = f"{caller.actor.unit}/{caller.token}"
    kept, told, line = desk.signals.Kept(), list[dict[str, Any]](), 0
    while some := list(islice(parts, SLICE)):
        good = _all_good(some) if line + len(some) <= MOST_LINES else None
        if good is None:
            good = []
            for number, part in enumerate(some, start=line + 1):
                try:
                    good.append(_signal(request, number, part))
                except Problem as problem:
                    _tell(told, number, problem, language)
        kept += desk.signals.keep([_kept(one) for one in good], source=source, refused=len(some) - len(good))
        line += len(some)
    return send.reply({**asdict(kept), "problems": told})


def _all_good(some: list[Any]) -> list[SignalIn] | None:
    """Lines read at once, which costs a tenth of one by one; ``None`` when one of them is not as it should be."""
    if not all(isinstance(one, bytes) for one in some):
        return None
    try:
        found = _MANY.validate_json(b"[" + b",".join(some) + b"]")
    except ValidationError:
        return None
    # A line with a comma too many is two to this reader, and none to the other.
    return found if len(found) == len(some) else None


def _tell(told: list[dict[str, Any]], line: int, problem: Problem, language: Language) -> None:
    if len(told) < MOST_TOLD:
        told.append({"line": line, "problem": problems.told(problem, language)})


def _signal(request: HttpRequest, line: int, part: object) -> SignalIn:
    if line > MOST_LINES:
        raise Problem(413, "too-many-lines", most=MOST_LINES)
    return body.validate(request, SignalIn, body.parse(part) if isinstance(part, bytes) else part)


def _kept(given: SignalIn) -> desk.signals.Signal:
    return desk.signals.Signal(
        given.sensor, given.kind, given.at, given.value, given.unit, given.place, given.lon, given.lat
    )


def _array(request: HttpRequest) -> list[Any]:
    """One signal is a list of one."""
    whole = b"".join(_bytes(request, MOST_ARRAY))
    found = body.parse(whole)
    return found if isinstance(found, list) else [found]


def _lines(request: HttpRequest) -> Iterator[bytes]:
    left = b""
    for chunk in _bytes(request, MOST_READ):
        *lines, left = (left + chunk).split(b"\n")
        yield from (line for line in lines if line.strip())
        if len(left) > MOST_LINE:
            raise Problem(413, "body-too-large", most=MOST_LINE)
    if left.strip():
        yield left


def _bytes(request: HttpRequest, most: int) -> Iterator[bytes]:
    """The body, unpacked as it is read: never more than a piece of it, however small a bomb was packed."""
    packed = request.META.get("HTTP_CONTENT_ENCODING", "").strip().lower()
    if packed not in {"", "identity", "gzip"}:
        raise Problem(415, "media-type", allowed="Content-Encoding: gzip")
    unpack, read = (zlib.decompressobj(wbits=31) if packed == "gzip" else None), 0
    while chunk := request.read(CHUNK):
        for piece in _unpacked(unpack, chunk) if unpack else (chunk,):
            read += len(piece)
            if read > most:
                raise Problem(413, "body-too-large", most=most)
            yield piece
    if unpack and not unpack.eof:
        raise Problem(400, "body-malformed", line=1, column=1, what="gzip ends too soon")


def _unpacked(unpack: Any, chunk: bytes) -> Iterator[bytes]:  # noqa: ANN401 - zlib names no type for it
    try:
        while chunk:
            yield unpack.decompress(chunk, CHUNK)
            chunk = unpack.unconsumed_tail
    except zlib.error as error:
        raise Problem(400, "body-malformed", line=1, column=1, what="gzip") from error

"""Many reports in one request: JSON Lines or one array in, JSON Lines out, a line for each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import orjson
from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse

from bihuan.desk import api as desk
from bihuan.desk.api import Caller, Intake
from bihuan.faces.rest import auth, body, intake, problems
from bihuan.faces.rest.incoming import ReportIn
from bihuan.faces.rest.problems import Problem
from bihuan.faces.rest.words import Language, language_of
from bihuan.kernel.refused import Refused

MOST_BYTES = 64 * 1024 * 1024
MOST_ARRAY_BYTES = 8 * 1024 * 1024
MOST_LINES = 100_000
SLICE = 500
CHUNK = 64 * 1024
LINES = ("application/x-ndjson", "application/jsonl")
Row = tuple[int, Intake | dict[str, Any]]


def create_many(request: HttpRequest) -> HttpResponseBase:
    """Each line is taken or refused by itself, and its answer sent while the next ones are still being read.

    With an idempotency key each line has its own (``key:line``) and is stored by itself: slower, and safe to repeat.
    """
    key = auth.key_of(request, most=90)
    body.need_type(request, "application/json", *LINES)
    is_array = request.META.get("CONTENT_TYPE", "").lower().startswith("application/json")
    body.need_length(request, MOST_ARRAY_BYTES if is_array else MOST_BYTES)
    parts: Iterable[Any] = _array(request) if is_array else _lines(request)
    language = language_of(request.META.get("HTTP_ACCEPT_LANGUAGE", ""))
    caller = auth.caller(request)
    answers = _answers(request, caller, parts, language, key)
    return StreamingHttpResponse(answers, content_type="application/x-ndjson")


def _array(request: HttpRequest) -> list[Any]:
    value = body.parse(request.read())
    if not isinstance(value, list):
        raise problems.invalid([{"type": "list_type", "loc": (), "msg": "must be a list"}], "zh")
    return value


def _lines(request: HttpRequest) -> Iterator[bytes]:
    """One line at a time: a stream is never held whole. A line longer than one report may be ends it.

    Not ``readline``: granian's takes what was received so far for the rest of the body.
    """
    left = b""
    while chunk := request.read(CHUNK):
        *lines, left = (left + chunk).split(b"\n")
        yield from (line for line in lines if line.strip())
        if len(left) > body.MOST_BYTES:
            raise Problem(413, "body-too-large", most=body.MOST_BYTES)
    if left.strip():
        yield left


def _answers(
    request: HttpRequest, caller: Caller, parts: Iterable[Any], language: Language, key: str | None
) -> Iterator[bytes]:
    rows = _rows(request, caller, parts, language)
    while batch := list(islice(rows, 1 if key is not None else SLICE)):
        taken = [item for _, item in batch if isinstance(item, Intake)]
        stored = iter(_store(caller, taken, language, f"{key}:{batch[0][0]}" if key is not None else None))
        for line, item in batch:
            yield _line(line, next(stored) if isinstance(item, Intake) else item)


def _rows(request: HttpRequest, caller: Caller, parts: Iterable[Any], language: Language) -> Iterator[Row]:
    """Line number and what it asks for, or the problem with it. A broken stream ends with the problem that broke it."""
    line = 0
    try:
        for part in parts:
            line += 1
            if line > MOST_LINES:
                yield line, problems.told(Problem(413, "too-many-lines", most=MOST_LINES), language)
                return
            yield line, _row(request, caller, part, language)
    except Problem as problem:
        yield line + 1, problems.told(problem, language)


def _row(request: HttpRequest, caller: Caller, part: Any, language: Language) -> Intake | dict[str, Any]:  # noqa: ANN401
    try:
        report = body.validate(request, ReportIn, body.parse(part) if isinstance(part, bytes) else part)
        intake.need_right(caller, report)
    except Problem as problem:
        return problems.told(problem, language)
    return intake.intake_of(report)


def _store(caller: Caller, taken: list[Intake], language: Language, key: str | None) -> list[dict[str, Any]]:
    """A slice at once; where one of it is refused nothing of it was stored, and each is tried by itself."""
    if key is None:
        try:
            return [intake.registered(one) for one in desk.report_many(taken, by=caller.actor, purpose="bulk")]
        except Refused:
            pass
    return [_store_one(caller, one, language, key) for one in taken]


def _store_one(caller: Caller, one: Intake, language: Language, key: str | None) -> dict[str, Any]:
    try:
        return intake.registered(desk.report(one, by=caller.actor, purpose="bulk", key=key))
    except Refused as refused:
        return problems.refusal(refused, language)
    except desk.KeyReused:
        return problems.told(Problem(422, "key-reused"), language)


def _line(line: int, found: dict[str, Any]) -> bytes:
    kind = "problem" if "status" in found else "report"
    return orjson.dumps({"line": line, kind: found}, default=str) + b"\n"

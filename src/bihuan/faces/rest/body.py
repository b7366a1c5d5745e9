"""Bodies from strangers: measured, decoded, parsed and looked through before anything else sees them."""

from __future__ import annotations

import re
from typing import Any, TypeVar

import orjson
from django.http import HttpRequest
from pydantic import BaseModel, ValidationError

from bihuan.faces.rest.problems import Problem, invalid, pointer
from bihuan.faces.rest.words import FINDINGS, language_of

MOST_BYTES = 256 * 1024
MOST_DEPTH = 12
UNUSABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")
M = TypeVar("M", bound=BaseModel)


def read(request: HttpRequest) -> bytes:
    """The bytes of a JSON body. Its declared length and type are checked before a byte is read."""
    need_length(request, MOST_BYTES)
    need_type(request, "application/json")
    return request.body


def need_length(request: HttpRequest, most: int) -> None:
    """A body in chunks has no length, and WSGI reads none of it: better said than lost."""
    declared = request.META.get("CONTENT_LENGTH") or "0"
    if "HTTP_TRANSFER_ENCODING" in request.META:
        raise Problem(411, "length-missing")
    if not declared.isdigit() or int(declared) > most:
        raise Problem(413, "body-too-large", most=most)
    if int(declared) == 0:
        raise Problem(400, "body-missing")


def need_type(request: HttpRequest, *allowed: str) -> None:
    """``charset`` may be left out; anything but UTF-8 in it is another media type to us."""
    given = request.META.get("CONTENT_TYPE", "").lower()
    kind, _, rest = given.partition(";")
    charset = rest.partition("charset=")[2].strip().strip('"')
    if kind.strip() not in allowed or charset not in {"", "utf-8", "utf8"}:
        raise Problem(415, "media-type", allowed=", ".join(allowed))


def parse(raw: bytes) -> Any:  # noqa: ANN401 - JSON has no narrower type
    """JSON, or a ``Problem`` that says where it breaks."""
    if not raw.strip():
        raise Problem(400, "body-missing")
    raw = raw.removeprefix(b"\xef\xbb\xbf")
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise _malformed(raw, error) from None
    _look_through(value, [])
    return value


def _malformed(raw: bytes, error: orjson.JSONDecodeError) -> Problem:
    try:
        text = raw.decode()
    except UnicodeDecodeError as wrong:
        is_gbk = _reads_as_gbk(raw)
        return Problem(400, "body-gbk" if is_gbk else "body-encoding", at=wrong.start + 1)
    if "depth limit" in error.msg:
        return Problem(400, "body-too-deep", most=MOST_DEPTH)
    at = min(error.pos, len(text))
    line, column = text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)
    what = error.msg.partition(":")[0]
    return Problem(400, "body-malformed", line=line, column=column, what=what)


def _reads_as_gbk(raw: bytes) -> bool:
    try:
        text = raw.decode("gb18030")
    except UnicodeDecodeError:
        return False
    return any("\u4e00" <= ch <= "\u9fff" for ch in text)


def _look_through(value: object, place: list[str | int]) -> None:
    """Depth and control characters. Lone surrogates, NaN and invalid UTF-8 are refused by the parser itself."""
    if isinstance(value, str):
        if UNUSABLE.search(value):
            raise _unusable(place)
        return
    if not isinstance(value, dict | list):
        return
    if len(place) >= MOST_DEPTH:
        raise Problem(400, "body-too-deep", most=MOST_DEPTH)
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
        if isinstance(key, str) and UNUSABLE.search(key):
            raise _unusable(place)
        _look_through(inner, [*place, key])


def _unusable(place: list[str | int]) -> Problem:
    chinese, english = FINDINGS["control"]
    found = {"pointer": pointer(place), "code": "control", "detail": f"{chinese} / {english}"}
    return Problem(422, "invalid", errors=[found])


def validate(request: HttpRequest, model: type[M], value: object) -> M:
    """The value as ``model``, or a ``Problem`` with a pointer to each place that does not fit."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        language = language_of(request.META.get("HTTP_ACCEPT_LANGUAGE", ""))
        raise invalid(error.errors(include_url=False, include_input=False), language) from None

"""Plain values as JSON or XML, by the Spark convention: a list's items are called by the singular of its name.

XML is only ever written here. Nothing reads it, so there is no entity to expand and no parser to attack.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

import orjson
from django.http import HttpResponse

from bihuan.faces.rest.body import UNUSABLE

TYPES = {"xml": "text/xml; charset=utf-8", "json": "application/json; charset=utf-8"}
SINGULAR = {
    "attributes": "attribute",
    "endpoints": "endpoint",
    "errors": "error",
    "formats": "format",
    "service_requests": "request",
    "services": "service",
    "values": "value",
}


def reply(
    root: str, value: object, kind: str, status: int = 200, headers: Mapping[str, str] | None = None
) -> HttpResponse:
    """``root`` names the outermost element, which JSON leaves out."""
    if kind == "json":
        body = orjson.dumps(value)
    else:
        body = "".join(['<?xml version="1.0" encoding="utf-8"?>\n', *_element(root, value), "\n"]).encode()
    return HttpResponse(body, status=status, content_type=TYPES[kind], headers=headers)


def _element(name: str, value: Any) -> Iterator[str]:  # noqa: ANN401 - plain values have no narrower type
    if value in (None, ""):
        yield f"<{name}/>"
        return
    yield f"<{name}>"
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _element(key, inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _element(SINGULAR[name], inner)
    else:
        yield _text(value)
    yield f"</{name}>"


def _text(value: object) -> str:
    """XML 1.0 has no way at all to write most control characters; they are left out."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return escape(UNUSABLE.sub("", str(value)), quote=False)

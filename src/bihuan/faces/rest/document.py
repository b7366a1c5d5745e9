"""What ninja does not say by itself in the OpenAPI document: headers, problems, the two ways to call a door."""

from __future__ import annotations

from typing import Any

from bihuan.faces.rest.incoming import SignalIn
from bihuan.faces.rest.outgoing import ProblemOut

ABOUT = """\
闭环的程序接口。所有拒绝都以 `application/problem+json` 说明依据的法则（law）或规则（rule）。

The API of the loop. Every refusal is `application/problem+json` and names the law or rule that it rests on.
Scopes of tokens: `report read work verify triage oversight admin signal`. Reference: docs/reference/api.md.
"""
OPEN_OR_BEARER: dict[str, Any] = {
    "security": [{}, {"Bearer": []}],
    "parameters": [{"$ref": f"#/components/parameters/{name}"} for name in ("IdempotencyKey", "Purpose")],
}
_LINES = "application/x-ndjson"
BULK: dict[str, Any] = {
    "parameters": [{"$ref": "#/components/parameters/IdempotencyKey"}],
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {"type": "array", "items": {"$ref": "#/components/schemas/ReportIn"}, "maxItems": 100_000}
            },
            _LINES: {"schema": {"type": "string", "description": "One ReportIn a line"}},
        },
    },
}
EXTRA: dict[str, Any] = {"info": {"license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}}}
PARAMETERS: dict[str, Any] = {
    "Purpose": {
        "name": "X-Purpose",
        "in": "header",
        "required": False,
        "description": "Why you look: needed for sealed cases (L2, L3), kept in the trace. UTF-8 or percent-encoded.",
        "schema": {"type": "string", "maxLength": 200},
    },
    "IdempotencyKey": {
        "name": "Idempotency-Key",
        "in": "header",
        "required": False,
        "description": "The same key with the same body gets the same answer; without a token, at least 16 characters.",
        "schema": {"type": "string", "pattern": "^[!-~]{16,90}$"},
    },
    "IfMatch": {
        "name": "If-Match",
        "in": "header",
        "required": False,
        "description": "The version you have seen; 412 when the case has gone on meanwhile.",
        "schema": {"type": "string", "pattern": '^"[0-9]{1,9}"$'},
    },
}
# Status → what it says. All of them are problems, so that one reader understands every door.
PROBLEMS = {
    400: "Not readable: encoding, JSON, headers",
    401: "No token, or one that is not good",
    403: "Not yours to do or to see: scope, law 7, law 9",
    404: "Nothing here, or nothing that you may know of",
    405: "Another method",
    409: "Refused as the case stands; `law` or `rule` says why",
    411: "A body in chunks",
    412: "The case has gone on since the version in If-Match",
    413: "Too large",
    415: "Not JSON in UTF-8",
    422: "Read, but not to be taken; `errors` points at each place",
    429: "Too many; Retry-After says when",
    503: "Not at the moment; Retry-After says when",
}


def finish(schema: Any) -> Any:  # noqa: ANN401 - ninja's document is a dict of dicts
    """Every operation answers with problems; the bulk door answers in lines."""
    components = schema.setdefault("components", {})
    models = components.setdefault("schemas", {})
    found = ProblemOut.model_json_schema(ref_template="#/components/schemas/{model}", mode="serialization")
    models.update(found.pop("$defs", {}))
    models["ProblemOut"] = found
    models["SignalIn"] = SignalIn.model_json_schema()
    components["parameters"] = PARAMETERS
    components["responses"] = {f"Problem{status}": _problem(text) for status, text in PROBLEMS.items()}
    refs = {str(status): {"$ref": f"#/components/responses/Problem{status}"} for status in PROBLEMS}
    for operations in schema["paths"].values():
        for operation in operations.values():
            operation["responses"] = {str(k): v for k, v in operation["responses"].items()} | refs
    bulk = schema["paths"]["/api/v1/cases:bulk"]["post"]["responses"]["200"]
    bulk["content"] = {_LINES: {"schema": {"type": "string", "description": "One BulkOut a line"}}}
    return schema


def _problem(text: str) -> dict[str, Any]:
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemOut"}}}
    return {"description": text, "content": content}

"""Every no of the API as RFC 9457 ``application/problem+json``: what, by which law or rule, where, and what to do."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterable, Mapping
from typing import Any

import orjson
from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from pydantic_core import ErrorDetails

from bihuan.desk import api as desk
from bihuan.faces.rest.words import DOOR, FINDINGS, Language, language_of
from bihuan.kernel.refused import Refused

log = logging.getLogger("bihuan.rest")

MEDIA_TYPE = "application/problem+json"
# Refusals for what was sent, not for how the case stands: another body could succeed.
ABOUT_THE_BODY = frozenset({
    "bad-capacity", "category-missing", "letter-missing", "merge-with-itself", "no-rulebook", "no-such-clock",
    "no-such-hold", "no-such-request", "no-such-task", "outcome-missing", "pause-needs-end", "person-missing",
    "promised-past",
    "photo-broken", "photo-kind", "photo-too-big", "reason-missing", "return-needs-rule", "route-missing",
    "rule-missing", "source-missing", "step-data-missing", "time-before-case", "time-in-the-future",
    "time-without-zone", "too-long", "unit-missing", "unknown-category", "unknown-field", "unknown-question",
    "unknown-seal", "voice-broken", "voice-too-big", "unknown-step", "unknown-way",
})  # fmt: skip
# Refusals for who asks.
ABOUT_THE_CALLER = frozenset({
    "approve-own", "conflict-of-interest", "human-signature-missing", "not-the-reporter", "not-your-case",
    "not-your-hold", "not-your-task", "own-unit", "own-work", "wrong-role",
})  # fmt: skip


class Problem(Exception):
    """A request that cannot be answered: ``code`` is a key of ``words.DOOR``; ``facts`` fill its words."""

    def __init__(
        self,
        status: int,
        code: str,
        *,
        errors: Iterable[Mapping[str, Any]] = (),
        headers: Mapping[str, str] | None = None,
        **facts: object,
    ) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.errors = list(errors)
        self.headers = dict(headers or {})
        self.facts = facts


def answer(request: HttpRequest, error: Exception) -> HttpResponse:
    """The response for anything that was raised. What nobody foresaw is logged under a number and told as 500."""
    language = language_of(request.META.get("HTTP_ACCEPT_LANGUAGE", ""))
    match error:
        case Problem():
            return render(told(error, language), error.headers)
        case Refused():
            return render(refusal(error, language))
        case desk.NotFound() | desk.KeyReused() | desk.KeyringError():
            return render(told(_without_facts(error), language))
        case desk.Stale():
            is_expected = "HTTP_IF_MATCH" in request.META
            stale = Problem(412 if is_expected else 409, "stale", version=error.version)
            return render(told(stale, language), {"ETag": f'"{error.version}"'})
        case RequestDataTooBig():
            return render(told(Problem(413, "body-too-large", most=10 * 1024 * 1024), language))
        case OperationalError() | InterfaceError():
            log.error("the database did not answer", exc_info=error)
            return render(told(Problem(503, "unavailable"), language), {"Retry-After": "2"})
    incident = secrets.token_hex(6)
    log.error("incident %s at %s %s", incident, request.method, request.path, exc_info=error)
    return render(told(Problem(500, "internal", incident=incident), language))


def _without_facts(error: Exception) -> Problem:
    if isinstance(error, desk.KeyringError):
        log.error("the keyring does not belong to this database", exc_info=error)
        return Problem(503, "keyring")
    return Problem(422, "key-reused") if isinstance(error, desk.KeyReused) else Problem(404, "not-found")


def render(body: dict[str, Any], headers: Mapping[str, str] | None = None) -> HttpResponse:
    return HttpResponse(
        orjson.dumps(body, default=str), status=body["status"], content_type=MEDIA_TYPE, headers=headers
    )


def told(problem: Problem, language: Language) -> dict[str, Any]:
    title, title_en, todo, todo_en = DOOR[problem.code]
    body: dict[str, Any] = {
        "type": f"urn:bihuan:problem:{problem.code}",
        "title": title,
        "title_en": title_en,
        "status": problem.status,
        "code": problem.code,
        "detail": (todo_en if language == "en" else todo).format(**problem.facts),
    }
    if problem.facts:
        body["facts"] = problem.facts
    if problem.errors:
        body["errors"] = problem.errors
    return body


def status_of(refused: Refused) -> int:
    """403 for who asks and for laws 7 and 9, 422 for what was sent, 409 for how the case stands."""
    if refused.code in ABOUT_THE_BODY:
        return 422
    if refused.law in {7, 9} or refused.code in ABOUT_THE_CALLER:
        return 403
    return 409


def refusal(refused: Refused, language: Language) -> dict[str, Any]:
    """A refusal of the loop: the same code and words as at every other door, with the law or rule that it rests on."""
    chinese, english = desk.words_of(refused)
    body: dict[str, Any] = {
        "type": f"urn:bihuan:refusal:{refused.code}",
        "title": chinese,
        "title_en": english,
        "status": status_of(refused),
        "code": refused.code,
        "detail": english if language == "en" else chinese,
    }
    if refused.law is not None:
        body["law"] = refused.law
    if refused.rule:
        body["rule"] = refused.rule
    if refused.facts:
        body["facts"] = refused.facts
    return body


def invalid(findings: Iterable[ErrorDetails | Mapping[str, Any]], language: Language, *, skip: int = 0) -> Problem:
    """A body or parameters that do not fit. ``skip``: how many names at the head of each place are not the sender's."""
    return Problem(422, "invalid", errors=[_finding(finding, language, skip) for finding in findings][:50])


def _finding(finding: Mapping[str, Any], language: Language, skip: int) -> dict[str, Any]:
    kind = str(finding["type"])
    chinese, english = FINDINGS.get(kind, (str(finding["msg"]), str(finding["msg"])))
    place = list(finding["loc"])[skip:]
    text = english if language == "en" else chinese
    context = {key: str(value) for key, value in finding.get("ctx", {}).items()}
    try:
        text = text.format(**context)
    except (KeyError, IndexError):
        text = str(finding["msg"])
    return {"pointer": pointer(place), "code": kind, "detail": text}


def pointer(place: Iterable[str | int]) -> str:
    """RFC 6901: ``/parts/0/text``; the empty string is the whole."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in place)

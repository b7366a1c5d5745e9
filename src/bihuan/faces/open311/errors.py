"""Every no of this door in the standard's form, and the wrapper round every address that makes it so."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import BadRequest, SuspiciousOperation
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from bihuan.desk import api as desk
from bihuan.faces.open311 import formats
from bihuan.faces.open311.words import WRONG, say
from bihuan.faces.rest import api as rest
from bihuan.faces.rest import problems
from bihuan.faces.rest.body import UNUSABLE
from bihuan.faces.rest.problems import Problem
from bihuan.faces.rest.words import Language, language_of
from bihuan.kernel.refused import Refused

View = Callable[..., HttpResponseBase]
# The standard knows 400, 403 and 404; these say something that no client could guess from a 400.
KEPT = frozenset({404, 405, 411, 413, 415, 429, 500, 503})


class Wrong(Exception):
    """A request that cannot be answered. ``code`` is a key of ``words.WRONG``."""

    def __init__(self, status: int, code: str, **facts: object) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.facts = facts


def language(request: HttpRequest) -> Language:
    return language_of(request.META.get("HTTP_ACCEPT_LANGUAGE", ""))


def kind_of(request: HttpRequest) -> str:
    return "json" if request.path.endswith(".json") else "xml"


def wrapped(view: View, *methods: str) -> View:
    """Hostile characters and wrong methods out, every error as an error list, the headers that an API needs."""

    @wraps(view)
    def guard(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:  # noqa: ANN401 - Django's own
        try:
            if request.method not in methods:
                allowed = ", ".join(methods)
                raise Problem(405, "method-not-allowed", headers={"Allow": allowed}, allowed=allowed)  # noqa: TRY301
            _need_clean(request)
            response = view(request, *args, **kwargs)
        except Exception as error:  # noqa: BLE001 - nothing may leave as a bare 500
            response = answer(request, error)
        for name, value in rest.HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    guard.csrf_exempt = True  # type: ignore[attr-defined]
    return guard


def _need_clean(request: HttpRequest) -> None:
    given = [request.path, *(text for name, values in request.GET.lists() for text in (name, *values))]
    if any(UNUSABLE.search(text) or "\ufffd" in text for text in given):
        raise Problem(400, "text-unusable")


def answer(request: HttpRequest, error: Exception) -> HttpResponse:
    status, description, headers = _told(request, error)
    found = [{"code": status, "description": description}]
    return formats.reply("errors", found, kind_of(request), status, headers)


def _told(request: HttpRequest, error: Exception) -> tuple[int, str, dict[str, str]]:
    spoken = language(request)
    match error:
        case Wrong():
            return error.status, say(WRONG[error.code], spoken, **error.facts), {}
        case Refused():
            chinese, english = desk.words_of(error)
            law = f" (law {error.law})" if error.law is not None else ""
            return 400, (english if spoken == "en" else chinese) + law, {}
        case BadRequest() | SuspiciousOperation():
            return 400, say(WRONG["form-malformed"], spoken, what=type(error).__name__), {}
    plain = problems.answer(request, error)
    told = problems.told(error, spoken) if isinstance(error, Problem) else None
    text = f"{told['title_en'] if spoken == 'en' else told['title']}: {told['detail']}" if told else _detail(plain)
    status = plain.status_code if plain.status_code in KEPT else 400
    keep = {name: plain.headers[name] for name in ("Allow", "Retry-After") if name in plain.headers}
    return status, text, keep


def _detail(plain: HttpResponse) -> str:
    import orjson  # noqa: PLC0415 - only for what nobody foresaw

    found: dict[str, str] = orjson.loads(plain.content)
    return f"{found['title']}: {found['detail']}"

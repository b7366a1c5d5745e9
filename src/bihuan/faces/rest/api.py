"""The API put together: routers, errors, and one wrapper round every address."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import URLPattern, URLResolver
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError
from ninja.parser import Parser

from bihuan.faces.rest import (
    body,
    caps,
    cases,
    commands,
    document,
    intake,
    photos,
    problems,
    public,
    registers,
    reports,
    scenes,
    signals,
    tracking,
    webhooks,
)
from bihuan.faces.rest.problems import Problem
from bihuan.faces.rest.words import language_of

HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Vary": "Accept-Language, Authorization",
}
PREFIX = "/api/v1/"
View = Callable[..., HttpResponseBase]


class StrictParser(Parser):
    """Ninja hands a body over here; whatever is wrong with it is a ``Problem``."""

    def parse_body(self, request: HttpRequest) -> Any:  # noqa: ANN401 - JSON has no narrower type
        return body.parse(body.read(request))


class Api(NinjaAPI):
    def get_openapi_schema(self, **_: Any) -> Any:  # noqa: ANN401 - ninja's document is a dict of dicts
        return document.finish(super().get_openapi_schema(path_prefix=PREFIX))

    def on_exception(self, request: HttpRequest, exc: Exception | type[Exception]) -> HttpResponse:
        return problems.answer(request, _translated(request, exc if isinstance(exc, Exception) else exc()))


def _translated(request: HttpRequest, error: Exception) -> Exception:
    """Ninja's own errors as problems."""
    if isinstance(error, ValidationError):
        language = language_of(request.META.get("HTTP_ACCEPT_LANGUAGE", ""))
        return problems.invalid([_placed(one) for one in error.errors], language)
    if isinstance(error, HttpError) and isinstance(error.__cause__, Exception):
        return error.__cause__
    return error


def _placed(finding: dict[str, Any]) -> dict[str, Any]:
    """Without ninja's own names at the head of the place: the source and its parameter's name."""
    source, *rest = finding["loc"]
    return finding | {"loc": rest[1:] if source == "body" or len(rest) > 1 else rest}


def make() -> Api:
    made = Api(
        title="闭环 Bihuan",
        version="1",
        description=document.ABOUT,
        docs_url=None,
        openapi_url="/openapi.json",
        parser=StrictParser(),
        urls_namespace="rest",
        openapi_extra=document.EXTRA,
    )
    routers = (
        reports.router,
        cases.router,
        photos.router,
        commands.routes(),
        tracking.router,
        public.router,
        scenes.router,
        registers.router,
        webhooks.router,
        signals.router,
        caps.router,
    )
    for router in routers:
        made.add_router("", router)
    return made


def wrapped(view: View) -> View:
    """Round every address: hostile characters out, each error as a problem, the headers that an API needs."""

    @wraps(view)
    def guard(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:  # noqa: ANN401 - Django's own
        try:
            _need_clean(request)
            response = view(request, *args, **kwargs)
            if response.status_code == 405:
                response = problems.answer(request, _wrong_method(response["Allow"]))
        except Exception as error:  # noqa: BLE001 - nothing may leave as a bare 500
            response = problems.answer(request, error)
        for name, value in HEADERS.items():
            response.headers[name] = value
        if isinstance(response, HttpResponse):
            response.headers["Content-Length"] = str(len(response.content))
        return response

    guard.csrf_exempt = True  # type: ignore[attr-defined]
    return guard


def _wrong_method(allowed: str) -> Problem:
    return Problem(405, "method-not-allowed", headers={"Allow": allowed}, allowed=allowed)


def _need_clean(request: HttpRequest) -> None:
    if body.UNUSABLE.search(request.path):
        raise Problem(400, "text-unusable")
    if request.META.get("QUERY_STRING"):
        for name, values in request.GET.lists():
            if body.UNUSABLE.search(name) or any(body.UNUSABLE.search(value) for value in values):
                raise Problem(400, "text-unusable")


def patterns() -> list[URLPattern | URLResolver]:
    """Ninja's addresses, each wrapped; ``POST /cases`` goes past ninja to the hot path."""
    found, _, _ = make().urls
    for pattern in found:
        if isinstance(pattern, URLPattern) and pattern.callback is not None:
            is_hot = str(pattern.pattern) == "cases"
            pattern.callback = wrapped(_hot(pattern.callback) if is_hot else pattern.callback)
    return found


def _hot(view: View) -> View:
    def hot(request: HttpRequest) -> HttpResponseBase:
        return intake.create(request) if request.method == "POST" else view(request)

    return hot


def nothing_here(request: HttpRequest, path: str = "") -> HttpResponse:  # noqa: ARG001 - Django hands it over
    raise Problem(404, "not-found")

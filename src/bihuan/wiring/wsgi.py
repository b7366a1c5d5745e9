"""The web application, for granian: the pages with all their middleware, the API under a handler without any."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any

from django.conf import settings
from django.core.signals import request_started
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from granian.utils.proxies import wrap_wsgi_with_proxy_headers

from bihuan.wiring.leash import end_with_parent

end_with_parent()  # a granian worker outlives a killed granian otherwise, and keeps the port
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bihuan.wiring.settings")
pages = get_wsgi_application()

from bihuan.faces.rest.wsgi import ApiHandler  # noqa: E402 - only once Django is set up
from bihuan.wiring.revive import drop_dead  # noqa: E402 - as ApiHandler

api = ApiHandler()
request_started.connect(drop_dead)


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Whole answers go out as a list, which granian sends at once; only streams are handed over piece by piece."""
    handler = api if environ["PATH_INFO"].startswith(("/api/", "/open311/", "/sta/")) else pages
    response = handler(environ, start_response)
    if not isinstance(response, HttpResponse):
        return response
    try:
        return [response.content]
    finally:
        response.close()


if settings.TRUSTED_PROXIES:
    application = wrap_wsgi_with_proxy_headers(application, settings.TRUSTED_PROXIES)

"""The web application, for granian: the pages with all their middleware, the API under a handler without any."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any

from django.core.wsgi import get_wsgi_application

from bihuan.wiring.leash import end_with_parent

end_with_parent()  # a granian worker outlives a killed granian otherwise, and keeps the port
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bihuan.wiring.settings")
pages = get_wsgi_application()

from bihuan.faces.rest.wsgi import ApiHandler  # noqa: E402 - only once Django is set up

api = ApiHandler()


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    is_for_programs = environ["PATH_INFO"].startswith("/api/")
    return (api if is_for_programs else pages)(environ, start_response)

"""After a restart of the database no page fails: dead connections are found before they are used, and a page waits.

Django's own health check asks the server before each request: a second round trip for every report. A server that ended
has said good-bye on the socket, and looking there costs three microseconds.
"""

from __future__ import annotations

import logging
import select
import time
from collections.abc import Callable
from typing import Any

from django.db import InterfaceError, OperationalError, connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from bihuan.faces import drilling, pages

log = logging.getLogger("bihuan.revive")
LONGEST_WAIT, LOOK_EVERY = 5.0, 0.1
SAFE = frozenset({"GET", "HEAD"})


def drop_dead(**_: object) -> None:
    """For ``request_started``, at every door: the first query then connects anew instead of failing."""
    for one in connections.all(initialized_only=True):
        if one.connection is not None and not one.in_atomic_block and _is_dead(one):
            one.close()


def _is_dead(one: BaseDatabaseWrapper) -> bool:
    """Nobody has asked anything on this connection, so whatever there is to read is a farewell or not worth waiting."""
    if one.connection.closed:
        return True
    watch = select.poll()
    watch.register(one.connection.fileno(), select.POLLIN)
    return bool(watch.poll(0))


def _is_lost() -> bool:
    return connection.connection is None or connection.connection.closed or not connection.is_usable()


def _wait() -> None:
    """Connect, for as long as a restart takes. Raises ``OperationalError`` when the server does not come back."""
    connection.close()
    until = time.monotonic() + LONGEST_WAIT
    while True:
        try:
            connection.ensure_connection()
        except OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(LOOK_EVERY)
        else:
            return


class Patience:
    """The last middleware of the pages: a page that lost its database is made once more; a POST waits for it first.

    A POST that was under way is not made again: it may have been done.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponseBase], args: list[Any], kwargs: dict[str, Any]
    ) -> HttpResponseBase:
        view = drilling.opened(view)
        try:
            if request.method not in SAFE and connection.connection is None:
                _wait()
            return view(request, *args, **kwargs)
        except (OperationalError, InterfaceError) as error:
            if connection.in_atomic_block or not _is_lost():
                raise
            log.warning("%s %s lost its database: %s", request.method, request.path, error)
        try:
            if request.method in SAFE:
                _wait()
                return view(request, *args, **kwargs)
        except (OperationalError, InterfaceError) as error:
            log.error("the database does not come back: %s", error)  # noqa: TRY400 - one line; nobody reads the stack
        return pages.unavailable(request)

"""Who calls: the bearer token, its scopes, and the purpose that the caller states."""

from __future__ import annotations

import re
from urllib.parse import unquote

from django.http import HttpRequest
from ninja.security import HttpBearer

from bihuan.desk import api as desk
from bihuan.desk.api import Caller
from bihuan.faces.rest.limits import need_room_for_token
from bihuan.faces.rest.problems import Problem

KEY = re.compile(r"[\x21-\x7e]{1,100}")
LEAST_OPEN_KEY = 16  # anybody may use a key without a token: it must not be one that two people think of


def bearer(request: HttpRequest) -> str | None:
    """The token of the request; ``None`` without the header. Raises ``Problem`` for another kind of authorization."""
    header = request.META.get("HTTP_AUTHORIZATION")
    if header is None:
        return None
    kind, _, token = header.partition(" ")
    if kind.lower() != "bearer" or not token.strip():
        raise _unauthorized("token-missing")
    return str(token.strip())


def caller_of(request: HttpRequest, *scopes: str, key: str | None = None) -> Caller:
    """The caller behind the token, with one of ``scopes`` (none named: any token will do)."""
    token = bearer(request)
    if token is None:
        raise _unauthorized("token-missing")
    caller = desk.find_caller(token, key=key)
    if caller is None:
        raise _unauthorized("token-unknown")
    if scopes and caller.scopes.isdisjoint(scopes):
        raise Problem(403, "scope-missing", needs=" ".join(scopes))
    need_room_for_token(token[-8:] + caller.token)
    return caller


def _unauthorized(code: str) -> Problem:
    return Problem(401, code, headers={"WWW-Authenticate": 'Bearer realm="bihuan"'})


class Bearer(HttpBearer):
    """For ninja: the same check, and the name of the scheme in the document."""

    def __init__(self, *scopes: str) -> None:
        super().__init__()
        self.scopes = scopes

    def __call__(self, request: HttpRequest) -> Caller:
        return caller_of(request, *self.scopes)

    def authenticate(self, request: HttpRequest, token: str) -> Caller:  # pragma: no cover - __call__ does it all
        raise NotImplementedError


READER = Bearer("read", "work", "verify", "triage", "oversight", "admin")


def caller(request: HttpRequest) -> Caller:
    """The caller that ``Bearer`` found."""
    found: Caller = request.auth  # type: ignore[attr-defined]
    return found


def purpose_of(request: HttpRequest) -> str:
    """``X-Purpose``: UTF-8 as it is, or percent-encoded where a client allows only ASCII in headers."""
    given = request.META.get("HTTP_X_PURPOSE", "")
    try:
        given = given.encode("latin-1").decode()
    except ValueError:
        given = ""
    return "".join(ch for ch in unquote(given, errors="replace") if ch.isprintable())[:200]


def key_of(request: HttpRequest, *, least: int = 1, most: int = 100) -> str | None:
    """``Idempotency-Key``, or ``None``. Raises ``Problem`` where it cannot be one."""
    key = request.META.get("HTTP_IDEMPOTENCY_KEY")
    if key is None:
        return None
    if not KEY.fullmatch(key) or not least <= len(key) <= most:
        raise Problem(400, "key-malformed", least=least, most=most)
    return str(key)


def expects_of(request: HttpRequest) -> int | None:
    """``If-Match``: the version of the case that the caller has seen."""
    given = request.META.get("HTTP_IF_MATCH", "").strip()
    if given in {"", "*"}:
        return None
    found = re.fullmatch(r'(?:W/)?"?(\d{1,9})"?', given)
    if found is None:
        raise Problem(400, "if-match-malformed")
    return int(found[1])

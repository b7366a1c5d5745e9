"""How often one address, or one token, may call. The buckets are those of the pages: in memory, one set a process."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest

from bihuan.faces.portal.rate import Limiter
from bihuan.faces.rest.problems import Problem

_addresses = Limiter(settings.REPORTS_PER_MINUTE)
_tokens = Limiter(settings.TOKEN_REQUESTS_PER_MINUTE)


def need_room_for_token(token: str) -> None:
    _need_room(_tokens, token)


def need_room_for_address(request: HttpRequest, door: str) -> None:
    """For doors that ask for no token. Behind a proxy that does not pass addresses on, all callers share one."""
    _need_room(_addresses, f"{door} {request.META.get('REMOTE_ADDR', '')}")


def _need_room(limiter: Limiter, who: str) -> None:
    if limiter.per_minute and (wait := limiter.wait(who)):
        raise Problem(429, "too-many", headers={"Retry-After": str(wait)}, wait=wait)


def forget() -> None:
    """Every bucket full again: between tests."""
    global _addresses, _tokens
    _addresses, _tokens = Limiter(settings.REPORTS_PER_MINUTE), Limiter(settings.TOKEN_REQUESTS_PER_MINUTE)

"""Who holds the telephone: signed in, in a post held today, and the one whose work it sends."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, cast

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie

from bihuan.desk import api as desk
from bihuan.faces.portal.rate import Limiter

# Pieces of photographs count too. Each web process counts for itself (docs/decisions/0006-pages.md).
limiter = Limiter(600)
P = ParamSpec("P")


def reply(state: str, status: int = 200, /, **more: object) -> JsonResponse:
    """What the telephone is told. A refusal is an answer (200): only what is worth another try has another status."""
    return JsonResponse({"state": state, **more}, status=status, json_dumps_params={"ensure_ascii": False})


def phone_of_staff(
    view: Callable[Concatenate[HttpRequest, desk.Staff, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """As the console's ``staff_only``, for a script: 401 instead of the login page, which it could take for an answer.

    What is sent says whose it is: on a telephone that changed hands nothing goes out under another name.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not request.user.is_authenticated or request.user.pk is None:
            return reply("signed-out", 401)
        staff = desk.staff_of(request.user.pk, str(request.session.get("unit", "")))
        if staff is None:
            return reply("no-post", 403)
        if request.method == "POST" and request.headers.get("X-Field-Who") != staff.actor.person:
            return reply("another")
        if wait := limiter.wait(staff.actor.person):
            answer = reply("too-many", 429)
            answer["Retry-After"] = str(wait)
            return answer
        return view(request, staff, *args, **kwargs)

    kept = never_cache(ensure_csrf_cookie(guarded))
    return cast("Callable[Concatenate[HttpRequest, P], HttpResponse]", kept)


def acting_in(request: HttpRequest, staff: desk.Staff, unit: str) -> desk.Staff | None:
    """The same person in the post in which he did it, if he still holds it: he may have changed over since."""
    if unit == staff.actor.unit:
        return staff
    found = desk.staff_of(cast("int", request.user.pk), unit)
    return found if found is not None and found.actor.unit == unit else None

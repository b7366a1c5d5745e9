"""Who is at the console: signed in, in a post held today. And for what purpose a sealed case is read."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, cast
from uuid import UUID

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache

from bihuan.desk import api as desk
from bihuan.faces.i18n import say
from bihuan.faces.pages import problem_page

PURPOSE_HOLDS = 30 * 60
MOST_PURPOSES = 40
P = ParamSpec("P")


def staff_only(
    view: Callable[Concatenate[HttpRequest, desk.Staff, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Hands the signed-in person to the view; strangers go to the login page, accounts without a post no further."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not request.user.is_authenticated or request.user.pk is None:
            return redirect_to_login(request.get_full_path())
        staff = desk.staff_of(request.user.pk, str(request.session.get("unit", "")))
        if staff is None:
            text = say("这个账号今天没有任何岗位。请联系管理员核对任职起止日期。")
            return problem_page(request, say("没有岗位"), text, status=403)
        return view(request, staff, *args, **kwargs)

    return cast("Callable[Concatenate[HttpRequest, P], HttpResponse]", never_cache(guarded))


def purpose_of(request: HttpRequest, case: UUID) -> str:
    """The purpose given for this case within the last half hour, empty when there is none."""
    kept = request.session.get("purposes", {}).get(str(case))
    return str(kept[0]) if kept and kept[1] > time.time() else ""


def keep_purpose(request: HttpRequest, case: UUID, purpose: str) -> None:
    kept = {key: value for key, value in request.session.get("purposes", {}).items() if value[1] > time.time()}
    while len(kept) >= MOST_PURPOSES:
        kept.pop(next(iter(kept)))
    request.session["purposes"] = {**kept, str(case): [purpose, time.time() + PURPOSE_HOLDS]}

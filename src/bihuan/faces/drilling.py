"""Inside of a drill: the console and the field pages open in its world, with its mark on every one of them (law 8).

Which world a person is in stands in his session, and is looked at again at each request: he must take part, and the
drill must be there. What a page inside would show of the real district is not opened there at all.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import wraps

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from bihuan.desk import api as desk
from bihuan.faces.i18n import say
from bihuan.faces.pages import EXERCISE, problem_page

REAL = 1
MARK = EXERCISE
KEY = "world"
# What opens inside. All else of the console is about the real district: boards, registers, rulebooks, search, notices.
OPEN = re.compile(r"/console/(?:$|case/|drills|post$|glass$)|/field/")
Handler = Callable[..., HttpResponseBase]


@dataclass(frozen=True)
class Inside:
    """The drill that a request is in, and the time that it is there."""

    drill: desk.drills.Drill
    world: int
    at: datetime

    @property
    def title(self) -> str:
        return self.drill.title


def takes_part(staff: desk.Staff, drill: desk.drills.Drill) -> bool:
    """Units that have a part in it, who planned it, and oversight."""
    made_it = drill.created_by is not None and str(drill.created_by) == staff.actor.person
    return made_it or staff.unit.code in drill.parts or "oversight" in staff.actor.roles


def found(staff: desk.Staff, world: int) -> desk.drills.Drill | None:
    """The drill of that world, while it is there and the person takes part in it."""
    drill = desk.drills.of_world(world)
    if drill is None or not takes_part(staff, drill):
        return None
    return drill if desk.virtual.get(world).dropped is None else None


def opened(view: Handler) -> Handler:
    """A page, opened in the world that the session names. Who calls it makes good what a lost database breaks."""

    @wraps(view)
    def page(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        inside = _inside(request) if request.path.startswith(("/console/", "/field/")) else None
        request.inside = inside  # type: ignore[attr-defined]
        if inside is None:
            return view(request, *args, **kwargs)
        if not OPEN.match(request.path):
            text = say("您在演练里。这一页说的是真实的区，演练里打不开；先离开演练。")
            return problem_page(request, say("演练里没有这一页"), text, back="/console/drills", status=409)
        with desk.here.inside(inside.world):
            return view(request, *args, **kwargs)

    return page


def _inside(request: HttpRequest) -> Inside | None:
    world = request.session.get(KEY) if request.user.is_authenticated else None
    if not isinstance(world, int) or request.user.pk is None:
        return None
    staff = desk.staff_of(request.user.pk, str(request.session.get("unit", "")))
    drill = found(staff, world) if staff is not None else None
    if drill is None:
        del request.session[KEY]
        return None
    return Inside(drill, world, desk.now(world=world))


def mark() -> str:
    """What an export of the present world must say of itself; nothing in the real one."""
    return MARK if desk.here.world() != REAL else ""

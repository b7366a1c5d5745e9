"""Where it is, pointed at on the sketch of the district: a picture that is a button, so it needs no script.

The browser sends where the picture was pressed, in pixels of the size below; that becomes a point and its community.
"""

from __future__ import annotations

from dataclasses import replace

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET

from bihuan.desk import api as desk
from bihuan.faces.portal import sketch
from bihuan.faces.portal.steps import Draft

WIDTH = 280


def frame() -> sketch.Frame | None:
    areas = desk.areas()
    return sketch.Frame.around(areas) if areas else None


def height(on: sketch.Frame) -> int:
    return round(on.height * WIDTH / sketch.WIDTH)


def pressed(request: HttpRequest, draft: Draft) -> Draft | None:
    """The draft with the point that was pressed; ``None`` where the map was not, or outside the district."""
    x, y, on = request.POST.get("map.x", ""), request.POST.get("map.y", ""), frame()
    # A keyboard presses the picture at 0, 0: that is no place.
    if on is None or not (x.isdigit() and y.isdigit() and len(x + y) < 9) or (x, y) == ("0", "0"):
        return None
    lon, lat = on.point(int(x) * sketch.WIDTH / WIDTH, int(y) * sketch.WIDTH / WIDTH)
    place = desk.place_of(lon, lat)
    known = {one.place for _, below in desk.place_choices() for one in below}
    within = place if place in known else draft.place
    return replace(draft, lon=f"{lon:.6f}", lat=f"{lat:.6f}", place=within or "-")


@cache_control(max_age=600)
@require_GET
def picture(request: HttpRequest) -> HttpResponse:
    """The sketch as a picture of its own, with a mark where ``lon`` and ``lat`` say."""
    drawn = sketch.draw([], ())
    mark = None
    try:
        point = float(request.GET.get("lon", "")), float(request.GET.get("lat", ""))
        on = frame()
        mark = on.at(*point) if on is not None and on.holds(*point) else None
    except ValueError:
        mark = None
    answer = render(request, "portal/map.svg", {"sketch": drawn, "mark": mark}, content_type="image/svg+xml")
    answer["X-Content-Type-Options"] = "nosniff"
    return answer

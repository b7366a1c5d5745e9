"""What anybody may see: public cases (L0) as list, sketch and feed, by community. No words, no pictures, no people."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.feedgenerator import Atom1Feed
from django.views.decorators.http import require_GET

from bihuan.desk import api as desk
from bihuan.faces import shown
from bihuan.faces.i18n import choose, language, say
from bihuan.faces.portal import sketch

A_PAGE = 50
FIRST_SCENE = "city"
RECENT = timedelta(days=90)
FEED = 30


@dataclass(frozen=True)
class Ground:
    """A community, a street or the whole district: its name, and the codes of the communities in it."""

    code: str
    name: str
    codes: tuple[str, ...]
    unit: desk.UnitName | None = None


def _ground(code: str) -> Ground:
    """Raises ``Http404`` for a code that is no street and no community. Empty: the whole district."""
    if not code:
        return Ground("", say("全区"), ())
    for street, communities in desk.place_choices():
        if street.place == code:
            return Ground(code, choose(street.name, street.name_en), tuple(one.place for one in communities), street)
        for one in communities:
            if one.place == code:
                return Ground(code, choose(one.name, one.name_en), (code,), one)
    raise Http404(code)


def _found(ground: Ground, page: int, *, is_open: bool | None = None, size: int = A_PAGE) -> list[desk.PublicCase]:
    since = None if is_open else desk.now() - RECENT
    filters = desk.PublicFilters(places=ground.codes, is_open=is_open, opened_from=since)
    return desk.public_cases(filters, page=page, size=size)


@require_GET
def cases(request: HttpRequest) -> HttpResponse:
    """Open public cases, the newest first; ``?all=1``: also what was closed, of the last ninety days."""
    return _page(request, _ground(request.GET.get("place", "")[:15]))


@require_GET
def place(request: HttpRequest, ground: str) -> HttpResponse:
    return _page(request, _ground(ground))


def _page(request: HttpRequest, ground: Ground) -> HttpResponse:
    typed = request.GET.get("page", "1")
    number = min(int(typed), 1000) if typed.isdigit() and 0 < len(typed) < 5 and int(typed) else 1
    wants_all = request.GET.get("all") == "1"
    found = _found(ground, number, is_open=None if wants_all else True, size=A_PAGE + 1)
    values = {
        "ground": ground,
        "rows": [(row, shown.stage(row.stage)) for row in found[:A_PAGE]],
        "wants_all": wants_all,
        "page": number,
        "older": number + 1 if len(found) > A_PAGE else 0,
        "newer": number - 1,
        "places": desk.place_choices(),
        "own": [(unit, below) for unit, below in desk.own_scene_choices() if ground.code and unit.place == ground.code],
        "sketch": sketch.draw(found[:A_PAGE], ground.codes),
        "counts": _counts(found[:A_PAGE]),
        "feed": f"/places/{ground.code}.atom" if ground.code else "/cases.atom",
    }
    return render(request, "portal/cases.html", values)


def _counts(rows: Iterable[desk.PublicCase]) -> list[tuple[desk.UnitName, int]]:
    """How many of each kind stand on this page, the most first."""
    found: dict[str, tuple[desk.UnitName, int]] = {}
    for row in rows:
        name, count = found.get(row.category.code, (row.category, 0))
        found[row.category.code] = (name, count + 1)
    return sorted(found.values(), key=lambda one: -one[1])[:8]


@require_GET
def one(request: HttpRequest, number: int) -> HttpResponse:
    found = desk.public_cases(desk.PublicFilters(numbers=(number,)))
    if not found:
        raise Http404(number)
    row = found[0]
    values = {
        "row": row,
        "stage": shown.stage(row.stage),
        "at": desk.now(),
        "sketch": sketch.draw([row], (row.place_code,)),
    }
    return render(request, "portal/public_case.html", values)


@require_GET
def feed(request: HttpRequest, ground: str = "") -> HttpResponse:
    """Atom: the newest public cases of the district, a street or a community."""
    where = _ground(ground)
    home = request.build_absolute_uri(f"/places/{ground}" if ground else "/cases")
    atom = Atom1Feed(
        title=f"{say('闭环')} · {where.name}",
        link=home,
        description=say("公开的事项。不含文字、照片和报告人。"),
        language="en" if language() == "en" else "zh-CN",
        feed_url=request.build_absolute_uri(request.path),
    )
    for row in _found(where, 1, size=FEED):
        name, spot = choose(row.category.name, row.category.name_en), choose(row.place.name, row.place.name_en)
        atom.add_item(
            title=" · ".join(part for part in (name, spot) if part),
            link=request.build_absolute_uri(f"/cases/{row.number}"),
            description=f"{shown.stage(row.stage)} · {choose(row.lead.name, row.lead.name_en)}",
            pubdate=row.opened,
            updateddate=row.changed,
            unique_id=f"urn:bihuan:case:{row.number}",
        )
    return HttpResponse(atom.writeString("utf-8"), content_type="application/atom+xml; charset=utf-8")


@dataclass(frozen=True)
class Near:
    """A public case near by. ``metres``: from where the report says it is; ``None`` where one has no point."""

    case: desk.PublicCase
    metres: int | None = None


def near(scene: str, category: str, place_code: str, point: tuple[float, float] | None = None) -> list[Near]:
    """Open public cases of the same kind, those near the point first, then those of the community."""
    if not category or scene != FIRST_SCENE:
        return []
    metres = _metres(category, place_code, point) if point else {}
    by_number = desk.PublicFilters(services=((scene, category),), numbers=tuple(metres), is_open=True)
    close = desk.public_cases(by_number, size=5) if metres else []
    found = sorted((Near(one, metres[one.number]) for one in close), key=lambda one: one.metres or 0)
    if place_code:
        filters = desk.PublicFilters(services=((scene, category),), places=(place_code,), is_open=True)
        found += [Near(one) for one in desk.public_cases(filters, size=5) if one.number not in metres]
    return found[:5]


def _metres(category: str, place_code: str, point: tuple[float, float]) -> dict[int, int]:
    matter = desk.equal.Matter("", "", category, place_code, *point)
    found = desk.equal.find(desk.ANONYMOUS, matter, most=5)
    return {one.line.number: round(one.alike.metres) for one in found if one.alike.metres is not None}

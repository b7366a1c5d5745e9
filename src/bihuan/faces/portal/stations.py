"""Stations for riders: where to rest, charge, drink; what is open now, and what nobody has looked at for a month."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from bihuan.desk import api as desk
from bihuan.faces.i18n import choose, say

SCENE, KIND = "riders", "station"
# What a station may offer, as its facts name it.
OFFERS = {
    "water": "饮水",
    "rest": "休息",
    "charging": "手机充电",
    "battery": "换电",
    "microwave": "微波炉",
    "toilet": "厕所",
    "first_aid": "急救箱",
    "meals": "优惠餐",
}


@dataclass(frozen=True)
class Station:
    """``state``: open, shut or unknown by its hours; ``is_stale``: nobody has looked for thirty days."""

    name: str
    place: str
    hours: str
    offers: tuple[str, ...]
    state: str
    tone: str
    is_stale: bool


@require_GET
def stations(request: HttpRequest) -> HttpResponse:
    """All stations of a place (``?place=``) that offer something (``?offers=charging``); those open now come first."""
    wanted = request.GET.get("offers", "")
    place = request.GET.get("place", "")
    at = desk.now()
    rows = [
        (entry, entry.is_open(at))
        for entry in desk.registers.entries(SCENE, KIND, place=place if place.isdigit() else "")
        if wanted not in OFFERS or wanted in _offers(entry)
    ]
    rows.sort(key=lambda row: (row[1] is not True, row[0].is_stale(at), row[0].place, row[0].name))
    values = {
        "stations": [_shown(entry, is_open, is_stale=entry.is_stale(at)) for entry, is_open in rows],
        "offers": [(key, say(word)) for key, word in OFFERS.items()],
        "places": desk.place_choices(),
        "wanted": wanted,
        "place": place,
    }
    return render(request, "portal/stations.html", values)


def _offers(entry: desk.registers.Entry) -> list[str]:
    return [key for key in str((entry.facts or {}).get("offers", "")).split() if key in OFFERS]


def _shown(entry: desk.registers.Entry, is_open: bool | None, *, is_stale: bool) -> Station:
    states = {True: (say("现在开门"), "good"), False: (say("现在不开"), "quiet"), None: (say("时间不详"), "quiet")}
    state, tone = states[is_open]
    where = desk.place_name(entry.place)
    return Station(
        name=choose(entry.name, entry.name_en),
        place=choose(where.name, where.name_en) if entry.place else "",
        hours=choose(*desk.registers.hours_of(entry)),
        offers=tuple(say(OFFERS[key]) for key in _offers(entry)),
        state=state,
        tone="quiet" if is_stale else tone,
        is_stale=is_stale,
    )

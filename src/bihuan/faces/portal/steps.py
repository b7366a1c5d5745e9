"""The three steps of a report, without a session: what was said so far travels in the form itself."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from uuid import NAMESPACE_URL, uuid4, uuid5

from django.http import QueryDict

from bihuan.desk.api import Intake, UnitName, category_choices, place_choices
from bihuan.faces.i18n import choose, say
from bihuan.faces.typed import Mistyped, tidy

NOT_SURE = "-"
KEY = re.compile(r"[0-9a-f]{32}")
LENGTHS = {"text": 2000, "address": 200, "contact": 100}
FIELDS = ("key", "text", "category", "place", "address", "lon", "lat", "contact", "calm")
OF_STEP = {1: ("text", "category"), 2: ("place", "address", "lon", "lat"), 3: ("contact",)}


@dataclass(frozen=True)
class Draft:
    """What was typed so far. ``errors``: by field, in the order of the page."""

    key: str
    text: str = ""
    category: str = ""
    place: str = ""
    address: str = ""
    lon: str = ""
    lat: str = ""
    contact: str = ""
    calm: str = ""
    errors: dict[str, str] = field(default_factory=dict)

    def carried(self, step: int) -> list[tuple[str, str]]:
        """The fields that this step does not ask for itself."""
        asked = OF_STEP.get(step, ())
        return [(name, getattr(self, name)) for name in FIELDS if name not in asked and getattr(self, name)]


def read(post: QueryDict) -> Draft:
    """The draft in a form. The key is made once, at the first step; one made by somebody else is replaced."""
    key = post.get("key", "")
    values, errors = {}, {}
    for name in FIELDS[1:]:
        try:
            values[name] = tidy(post.get(name, ""), most=LENGTHS.get(name, 64), lines=name == "text")
        except Mistyped as mistyped:
            values[name], errors[name] = "", mistyped.text
    return Draft(key if KEY.fullmatch(key) else uuid4().hex, **values, errors=errors)


def check(draft: Draft, step: int) -> Draft:
    """The draft with what is missing at this step and before it."""
    errors = dict(draft.errors)
    if step >= 1 and "text" not in errors and len(draft.text) < 2:
        errors["text"] = say("请写一两句话，说说发生了什么。")
    if step >= 1 and draft.category not in {NOT_SURE, *(c.code for c in category_choices())}:
        errors["category"] = say("请选一类；说不准就选“其他”。")
    if step >= 2:
        errors |= _place_errors(draft)
    return replace(draft, errors=errors)


def _place_errors(draft: Draft) -> dict[str, str]:
    known = {place.place for _, places in place_choices() for place in places}
    if draft.place not in {NOT_SURE, *known}:
        return {"place": say("请选社区；不知道就选最后一项。")}
    if draft.place == NOT_SURE and len(draft.address) < 2 and _degrees(draft) is None:
        return {"address": say("不知道社区的话，请把位置写具体些。")}
    return {}


def _degrees(draft: Draft) -> tuple[float, float] | None:
    """Longitude and latitude that a telephone gave, in WGS84; nonsense counts for nothing."""
    try:
        lon, lat = float(draft.lon), float(draft.lat)
    except ValueError:
        return None
    return (lon, lat) if -180 <= lon <= 180 and -90 <= lat <= 90 else None


def first_wrong(draft: Draft) -> int | None:
    """The first step that must be shown again."""
    return next((step for step, names in OF_STEP.items() if any(name in draft.errors for name in names)), None)


def intake(draft: Draft) -> Intake:
    texts = {"text": draft.text, "address": draft.address, "contact": draft.contact}
    degrees = _degrees(draft)
    return Intake(
        category="" if draft.category == NOT_SURE else draft.category,
        place="" if draft.place == NOT_SURE else draft.place,
        channel="portal",
        texts={kind: text for kind, text in texts.items() if text},
        lon=degrees[0] if degrees else None,
        lat=degrees[1] if degrees else None,
    )


def person(draft: Draft) -> str:
    """An opaque person for this one report, so that whoever holds its receipt may confirm and dispute it.

    Made from the form's key: the same form sent twice comes from the same person, and the key stays the secret of both.
    """
    return str(uuid5(NAMESPACE_URL, f"report:{draft.key}"))


def summary(draft: Draft) -> dict[str, str]:
    category: UnitName | None = next((c for c in category_choices() if c.code == draft.category), None)
    place = next((p for _, places in place_choices() for p in places if p.place == draft.place), None)
    return {
        "category": choose(category.name, category.name_en) if category else say("其他、说不准"),
        "place": choose(place.name, place.name_en) if place else say("不知道是哪个社区"),
    }

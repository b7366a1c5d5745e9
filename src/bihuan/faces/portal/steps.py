"""The three steps of a report, without a session: what was said so far travels in the form itself.

``like`` is the number of a public case near by that the reporter says is the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from uuid import NAMESPACE_URL, uuid4, uuid5

from django.http import QueryDict

from bihuan.desk import api as desk
from bihuan.desk.api import Intake, UnitName, category_choices, place_choices
from bihuan.faces import asked
from bihuan.faces.i18n import choose, say
from bihuan.faces.typed import Mistyped, tidy

NOT_SURE = "-"
FIRST_SCENE = "city"
KEY = re.compile(r"[0-9a-f]{32}")
PHOTO = re.compile(r"photo:[0-9a-f]{64}\.(?:jpeg|png|webp)")
MOST_PHOTOS = 4
LENGTHS = {"text": 2000, "address": 200, "contact": 100, "photos": 400}
FIELDS = ("key", "text", "category", "place", "address", "lon", "lat", "contact", "calm", "like", "photos")
OF_STEP = {1: ("text", "category"), 2: ("place", "address", "lon", "lat"), 3: ("contact", "like")}


@dataclass(frozen=True)
class Draft:
    """What was typed so far. ``given``: the scene's own fields; ``errors``: by field, in the order of the page."""

    key: str
    text: str = ""
    category: str = ""
    place: str = ""
    address: str = ""
    lon: str = ""
    lat: str = ""
    contact: str = ""
    calm: str = ""
    like: str = ""
    photos: str = ""
    scene: str = FIRST_SCENE
    given: Mapping[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def pictures(self) -> list[str]:
        """References of the photographs that were sent with the form so far."""
        return list(dict.fromkeys(PHOTO.findall(self.photos)))[:MOST_PHOTOS]

    def carried(self, step: int) -> list[tuple[str, str]]:
        """The fields that this step does not ask for itself."""
        here = OF_STEP.get(step, ())
        own = [(name, getattr(self, name)) for name in FIELDS if name not in here and getattr(self, name)]
        names = {asked.name_of(one) for one in _asked(self.scene, step)}
        extra = [(f"f_{key}", value) for key, value in self.given.items() if value and f"f_{key}" not in names]
        return [*own, *extra, *([("scene", self.scene)] if self.scene != FIRST_SCENE else [])]


def scenes() -> list[UnitName]:
    """What may be reported to: the scenes of the district, then those of its communities."""
    return [*desk.scene_choices(), *(one for _, below in desk.own_scene_choices() for one in below)]


def places(scene: str) -> list[tuple[UnitName, list[UnitName]]]:
    """Where a report may be about: with a community's own scene, its own ground."""
    own = desk.micro.find(scene)
    ground = own.place if own is not None else ""
    found = [(street, [one for one in below if one.place.startswith(ground)]) for street, below in place_choices()]
    return [(street, below) for street, below in found if below]


def _asked(scene: str, step: int) -> list[desk.SceneField]:
    """What the scene asks at a step: about the matter with the matter, about a person with how to reach him."""
    return [one for one in desk.asked_fields(scene) if step == (3 if one.personal else 1)]


def read(post: QueryDict, scene: str = "") -> Draft:
    """The draft in a form. The key is made once, at the first step; one made by somebody else is replaced."""
    key = post.get("key", "")
    values, errors = {}, {}
    for name in FIELDS[1:]:
        try:
            values[name] = tidy(post.get(name, ""), most=LENGTHS.get(name, 64), lines=name == "text")
        except Mistyped as mistyped:
            values[name], errors[name] = "", mistyped.text
    wanted = post.get("scene", scene)
    known = wanted if wanted in {one.code for one in scenes()} else FIRST_SCENE
    if wanted not in {"", known}:
        errors["category"] = say("刚才那一类事现在不在那里收了，请在这里重新选一类。")
    given = {}
    for one in desk.asked_fields(known):
        try:
            given[one.key] = tidy(post.get(asked.name_of(one), ""), most=one.most, lines=one.kind == "text")
        except Mistyped as mistyped:
            given[one.key], errors[asked.name_of(one)] = "", mistyped.text
    made = key if KEY.fullmatch(key) else uuid4().hex
    return Draft(made, **values, scene=known, given=given, errors=errors)


def like(draft: Draft, number: str) -> Draft:
    """A first step that starts from a public case: what it is and where are filled in."""
    if not re.fullmatch("[0-9]{1,15}", number):
        return draft
    found = desk.public_cases(desk.PublicFilters(numbers=(int(number),), is_open=True))
    if not found or found[0].scene != draft.scene:
        return draft
    return replace(draft, category=found[0].category.code, place=found[0].place_code, like=number)


def check(draft: Draft, step: int) -> Draft:
    """The draft with what is missing at this step and before it."""
    errors = dict(draft.errors)
    if step >= 1 and "text" not in errors and len(draft.text) < 2:
        errors["text"] = say("请写一两句话，说说发生了什么。")
    if step >= 1 and draft.category not in {NOT_SURE, *(c.code for c in category_choices(draft.scene))}:
        errors["category"] = say("请选一类；说不准就选“其他”。")
    if step >= 2:
        errors |= _place_errors(draft)
    for one in (one for number in (1, 3) if number <= step for one in _asked(draft.scene, number)):
        name = asked.name_of(one)
        if name not in errors and (wrong := asked.problem(draft.scene, one, draft.given[one.key])):
            errors[name] = wrong
    return replace(draft, errors=errors)


def _place_errors(draft: Draft) -> dict[str, str]:
    known = {place.place for _, below in places(draft.scene) for place in below}
    may_be_nowhere = not desk.declared_scene(draft.scene).asks_where
    if draft.place not in {NOT_SURE, *known} and not (may_be_nowhere and not draft.place):
        return {"place": say("请选社区；不知道就选最后一项。")}
    if draft.place == NOT_SURE and len(draft.address) < 2 and degrees(draft) is None and not may_be_nowhere:
        return {"address": say("不知道社区的话，请把位置写具体些。")}
    return {}


def degrees(draft: Draft) -> tuple[float, float] | None:
    """Longitude and latitude that a telephone gave, in WGS84; nonsense counts for nothing."""
    try:
        lon, lat = float(draft.lon), float(draft.lat)
    except ValueError:
        return None
    return (lon, lat) if -180 <= lon <= 180 and -90 <= lat <= 90 else None


def first_wrong(draft: Draft) -> int | None:
    """The first step that must be shown again."""
    names = {step: {*own, *(asked.name_of(one) for one in _asked(draft.scene, step))} for step, own in OF_STEP.items()}
    names[1] |= {"photo", "photos"}
    return next((step for step in OF_STEP if names[step] & draft.errors.keys()), None)


def fields(draft: Draft, step: int) -> list[asked.Asked]:
    return [
        asked.show(draft.scene, one, draft.given.get(one.key, ""), draft.errors.get(asked.name_of(one), ""))
        for one in _asked(draft.scene, step)
    ]


def _like(draft: Draft) -> str:
    """The public case that he says it is. A note for triage, which alone may merge the two."""
    return draft.like if re.fullmatch("[0-9]{1,15}", draft.like) else ""


def _place(draft: Draft, point: tuple[float, float] | None) -> str:
    """The community that he chose, or the area that holds the point that he gave."""
    if draft.place != NOT_SURE:
        return draft.place
    return desk.place_of(*point) if point else ""


def intake(draft: Draft) -> Intake:
    texts = {"text": draft.text, "address": draft.address, "contact": draft.contact, "like": _like(draft)}
    point = degrees(draft)
    return Intake(
        category="" if draft.category == NOT_SURE else draft.category,
        place=_place(draft, point),
        channel="portal",
        texts={kind: text for kind, text in texts.items() if text},
        scene=draft.scene,
        lon=point[0] if point else None,
        lat=point[1] if point else None,
        fields={key: value for key, value in draft.given.items() if value},
    )


def person(draft: Draft) -> str:
    """An opaque person for this one report, so that whoever holds its receipt may confirm and dispute it.

    Made from the form's key: the same form sent twice comes from the same person, and the key stays the secret of both.
    """
    return str(uuid5(NAMESPACE_URL, f"report:{draft.key}"))


def _pointed(draft: Draft) -> str:
    code = _place(draft, degrees(draft))
    return desk.place_name(code).name if code else ""


def summary(draft: Draft) -> dict[str, str]:
    category: UnitName | None = next((c for c in category_choices(draft.scene) if c.code == draft.category), None)
    place = next((p for _, places in place_choices() for p in places if p.place == draft.place), None)
    return {
        "category": choose(category.name, category.name_en) if category else say("其他、说不准"),
        "place": choose(place.name, place.name_en) if place else _pointed(draft) or say("不知道是哪个社区"),
    }

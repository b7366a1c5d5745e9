"""What a page offers for choice: categories, places, units, the rulebooks in force."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings

from bihuan.desk import instant, names, rulebooks, scene_fields, scene_words, search_words
from bihuan.desk.ledger import store as ledger
from bihuan.desk.ledger.receipts import ReceiptDocument
from bihuan.desk.micro import told
from bihuan.desk.names import UnitName
from bihuan.kernel.refused import Refused
from bihuan.kernel.rules import Rulebook

# Work goes to streets, which know their communities: nothing is pushed past them onto a community's desk.
WORKING_KINDS = frozenset({"street", "department", "partner", "desk"})


def scenes_on() -> list[str]:
    """The scenes of the setting, then the micro-scenes that communities published and have not retired."""
    return [*settings.SCENES, *(one.key for one in told.every())]


def books_in_force() -> list[Rulebook]:
    """Today's rulebook of every scene that is on; a scene without one is left out."""
    at, found = instant.now(), []
    for scene in scenes_on():
        try:
            found.append(rulebooks.rules_for(scene, at).book)
        except Refused:
            continue
    return found


def book_in_force(scene: str = "city") -> Rulebook:
    """Raises ``Refused`` (``no-rulebook``)."""
    return rulebooks.rules_for(scene, instant.now()).book


def scene_choices() -> list[UnitName]:
    """Scenes that are on and that anybody may report to, in the order of the setting."""
    known = {book.scene for book in books_in_force()}
    declared = [(key, scene_fields.declared(key)) for key in settings.SCENES if key in known]
    return [UnitName(key, *one.names) for key, one in declared if one.is_public and one.names[0]]


def own_scene_choices() -> list[tuple[UnitName, list[UnitName]]]:
    """The micro-scenes that anybody may report to, under the unit that declared them."""
    found: dict[str, list[UnitName]] = {}
    for one in told.every():
        if one.declared.is_public:
            name = UnitName(one.key, *one.declared.names, kind="scene", parent=one.unit, place=one.place)
            found.setdefault(one.unit, []).append(name)
    return [(names.unit(unit), rows) for unit, rows in found.items()]


def category_choices(scene: str = "city") -> list[UnitName]:
    """What a report may be about. None where the scene has no rulebook yet: then everything is "not sure"."""
    try:
        book = book_in_force(scene)
    except Refused:
        return []
    return [UnitName(row.code, row.name, row.name_en) for row in book.categories.values()]


def common_choices(scene: str = "city") -> list[UnitName]:
    """What residents report most, in their own words: at most a dozen big buttons."""
    known = {row.code for row in category_choices(scene)}
    words = scene_words.scene_group(scene, "common")
    return [UnitName(code, word["zh"], word.get("en", "")) for code, word in words.items() if code in known][:12]


def likely_choices(text: str, scene: str = "city", most: int = 3) -> list[UnitName]:
    """What a text is probably about: categories whose name, or everyday name, shares the most words with it."""
    said = search_words.words(text)
    known = {row.code: row for row in category_choices(scene)}
    named = [*known.values(), *common_choices(scene)]
    scores: dict[str, float] = {}
    for row in named:
        own = search_words.words(f"{row.name} {row.name_en}")
        shared = len(own.keys() & said.keys())
        if shared:
            scores[row.code] = max(scores.get(row.code, 0), shared + shared / len(own))
    best = sorted(scores, key=lambda code: (-scores[code], code))[:most]
    return [known[code] for code in best]


def grouped_choices(scene: str = "city") -> list[tuple[UnitName, list[UnitName]]]:
    """All categories under their classes; without classes under one."""
    rows = category_choices(scene)
    words = scene_words.scene_group(scene, "groups")
    groups = [(UnitName(code, word["zh"], word.get("en", "")), code) for code, word in words.items()]
    found = [(name, [row for row in rows if row.code.startswith(code)]) for name, code in groups]
    return [(name, below) for name, below in found if below]


def place_choices() -> list[tuple[UnitName, list[UnitName]]]:
    """Streets with their communities, in the order of the district's own list."""
    known = names.units()
    streets = [unit for unit in known.values() if unit.kind == "street"]
    communities = [unit for unit in known.values() if unit.kind == "community" and unit.place]
    found = [(street, [one for one in communities if one.parent == street.code]) for street in streets]
    return [(street, below) for street, below in found if below]


def unit_choices() -> list[UnitName]:
    """Units that a case can be sent to."""
    return [unit for unit in names.units().values() if unit.kind in WORKING_KINDS]


def provable_receipt(case: UUID, world: int = 1) -> ReceiptDocument | None:
    """The receipt that anybody can check; ``None`` while no signed head covers the case yet."""
    try:
        return ledger.receipt(world, case)
    except ledger.NotYet:
        return None

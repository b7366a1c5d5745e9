"""Which services there are: the categories of every scene that is on, but not matters sealed from the start."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bihuan.desk import api as desk
from bihuan.faces.open311.errors import Wrong
from bihuan.faces.open311.words import ATTRIBUTES, CONFIDENTIAL, say
from bihuan.faces.rest.words import Language
from bihuan.kernel.case import Seal
from bihuan.kernel.rules import Category, Rulebook


@dataclass(frozen=True)
class Service:
    code: str
    scene: str
    category: Category


def services() -> dict[str, Service]:
    """By service code, which is the category's own in the first scene and ``scene:category`` in the others."""
    books = desk.books_in_force()
    found = (one for index, book in enumerate(books) for one in _of(book, is_first=index == 0))
    return {one.code: one for one in found}


def _of(book: Rulebook, *, is_first: bool) -> Iterator[Service]:
    for row in book.categories.values():
        if max(row.seal or book.seal, book.seal) < Seal.L2:
            yield Service(row.code if is_first else f"{book.scene}:{row.code}", book.scene, row)


def code_of(scene: str, category: str) -> str:
    """The service code of a stored case, also where its category is no longer offered."""
    books = desk.books_in_force()
    return category if books and books[0].scene == scene else f"{scene}:{category}"


def find(code: str) -> Service:
    found = services().get(code)
    if found is None:
        raise Wrong(404, "service-unknown", given=code[:64])
    return found


def shown(one: Service, language: Language) -> dict[str, Any]:
    category = one.category
    group = _group(one, language)
    words = [category.name, category.name_en, group]
    return {
        "service_code": one.code,
        "service_name": _named(category, language),
        "description": category.accept_if or _named(category, language),
        "metadata": True,
        "type": "realtime",
        "keywords": ", ".join(dict.fromkeys(word for word in words if word)),
        "group": group,
    }


def _named(category: Category, language: Language) -> str:
    return (language == "en" and category.name_en) or category.name


def _group(one: Service, language: Language) -> str:
    """The class of the category; the scene itself where it has no classes."""
    for beginning, word in desk.scene_group(one.scene, "groups").items():
        if one.category.code.startswith(beginning):
            return word.get(language) or word["zh"]
    return one.scene


def definition(one: Service, language: Language) -> dict[str, Any]:
    accept, close = one.category.accept_if or "-", one.category.close_if or "-"
    texts = {
        code: (say(a, language, accept=accept, close=close), say(b, language)) for code, (a, b) in ATTRIBUTES.items()
    }
    units = [
        {"key": unit.code, "name": (language == "en" and unit.name_en) or unit.name} for unit in desk.unit_choices()
    ]
    yes_no = [{"key": key, "name": say(pair, language)} for key, pair in CONFIDENTIAL.items()]
    kinds: dict[str, tuple[str, list[dict[str, str]]]] = {
        "conditions": ("text", []),
        "occurred_at": ("datetime", []),
        "barred": ("multivaluelist", units),
        "confidential": ("singlevaluelist", yes_no),
    }
    attributes = [
        {
            "variable": code != "conditions",
            "code": code,
            "datatype": kinds[code][0],
            "required": False,
            "datatype_description": texts[code][1],
            "order": order,
            "description": texts[code][0],
            "values": kinds[code][1],
        }
        for order, code in enumerate(ATTRIBUTES, start=1)
    ]
    return {"service_code": one.code, "attributes": attributes}

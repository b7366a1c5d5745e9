"""What may be reported here, and what each scene asks: so that a program can fill in any scene's forms."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from ninja import Router, Schema

from bihuan.desk import api as desk
from bihuan.faces.rest import send
from bihuan.kernel.rules import Rulebook

router = Router(tags=["scenes"])


class WordsOut(Schema):
    zh: str
    en: str


class FieldOut(Schema):
    """`kind`: text, choice, number, date, yes_no, place, register (a key of it) or case (a receipt)."""

    key: str
    label: WordsOut
    kind: str
    required: bool
    personal: bool
    most: int
    least: int | None
    largest: int | None
    options: dict[str, WordsOut]
    hint: WordsOut | None


class StepOut(Schema):
    """`requires`: keys that `data` of `take-step` must carry; `fields`: how those that are declared are filled."""

    key: str
    name: WordsOut
    by: str
    requires: list[str]
    fields: list[FieldOut]


class SceneOut(Schema):
    key: str
    name: WordsOut
    summary: WordsOut
    is_public: bool
    seal: str
    seal_note: WordsOut | None
    categories: dict[str, WordsOut]
    fields: list[FieldOut]
    steps: list[StepOut]


class ScenesOut(Schema):
    scenes: list[SceneOut]


@router.get("/scenes", response={200: ScenesOut}, auth=None, operation_id="list_scenes")
def list_scenes(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - ninja hands it over
    """Every scene that is on, with what a report and each step asks for."""
    books = {book.scene: book for book in desk.books_in_force()}
    return send.reply({"scenes": [_scene(key, books[key]) for key in desk.scenes_on() if key in books]})


def _scene(key: str, book: Rulebook) -> dict[str, object]:
    told = desk.declared_scene(key)
    return {
        "key": key,
        "name": _pair(*told.names),
        "summary": _pair(*told.summary),
        "is_public": told.is_public,
        "seal": str(book.seal),
        "seal_note": dict(told.seal_note) or None,
        "categories": {row.code: _pair(row.name, row.name_en) for row in book.categories.values()},
        "fields": [_field(one) for one in desk.asked_fields(key)],
        "steps": [
            {
                "key": step.key,
                "name": _pair(step.name, desk.scene_word("steps", step.key, "en")),
                "by": step.by,
                "requires": list(step.requires),
                "fields": [_field(one) for one in desk.asked_fields(key, step.key)],
            }
            for step in book.steps.values()
        ],
    }


def _pair(zh: str, en: str) -> dict[str, str]:
    return {"zh": zh, "en": en or zh}


def _field(one: desk.SceneField) -> dict[str, object]:
    return {
        "key": one.key,
        "label": dict(one.label),
        "kind": one.kind,
        "required": one.required,
        "personal": one.personal,
        "most": one.most,
        "least": one.least,
        "largest": one.largest,
        "options": {code: dict(word) for code, word in one.choices.items()},
        "hint": dict(one.hint) or None,
    }

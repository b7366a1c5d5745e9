"""The fields that a scene declares, as any form shows them: label, hint, kind, choices, in the page's language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bihuan.desk import api as desk
from bihuan.faces.i18n import choose, language, say
from bihuan.faces.pages import explain_refusal
from bihuan.kernel.refused import Refused

LONG = 200  # from here on a text has several lines
CHOSEN = frozenset({"choice", "yes_no", "place", "register", "accused"})


@dataclass(frozen=True)
class Asked:
    """``kind``: ``area text choice number date``. ``name`` is the name of the form's field."""

    name: str
    label: str
    kind: str
    required: bool
    hint: str
    most: int
    choices: tuple[tuple[str, str], ...]
    value: str = ""
    error: str = ""
    least: int | None = None
    largest: int | None = None


def name_of(field: desk.SceneField) -> str:
    return f"f_{field.key}"


def show(scene: str, field: desk.SceneField, value: str = "", error: str = "") -> Asked:
    kind = "choice" if field.kind in CHOSEN else {"due": "date"}.get(field.kind, field.kind)
    if kind == "text" and field.most >= LONG:
        kind = "area"
    return Asked(
        name=name_of(field),
        label=word(field.label),
        kind="text" if kind == "case" else kind,
        required=field.required,
        hint=word(field.hint),
        most=field.most,
        choices=choices(scene, field),
        value=value,
        error=error,
        least=field.least,
        largest=field.largest,
    )


def word(words: Mapping[str, str]) -> str:
    return words.get(language()) or words.get("zh", "")


def choices(scene: str, field: desk.SceneField) -> tuple[tuple[str, str], ...]:
    """What may be chosen, with nothing chosen first."""
    rows: list[tuple[str, str]] = [(code, word(option)) for code, option in field.choices.items()]
    if field.kind == "place":
        rows = [(one.place, choose(one.name, one.name_en)) for _, below in desk.place_choices() for one in below]
    elif field.kind == "accused":
        rows = [(one.code, choose(one.name, one.name_en)) for one in desk.unit_choices()]
    elif field.kind == "register":
        entries = desk.registers.entries(scene, field.register)
        rows = [(one.key, choose(one.name, one.name_en)) for one in entries]
    return (("", say("请选择")), *rows) if field.kind in CHOSEN else ()


def problem(scene: str, field: desk.SceneField, value: str) -> str:
    """What is wrong with a value on a form, in words; empty when it may stay."""
    if not value:
        return say("请填“{field}”。", field=word(field.label)) if field.required else ""
    try:
        desk.check_fields(scene, {field.key: value})
    except Refused as refused:
        return explain_refusal(refused).text
    return ""

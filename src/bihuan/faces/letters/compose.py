"""What stands in a letter: its parts, in the words of the step that is its draft. In Chinese, as the law's letters are.

A mandatory part that is missing is refused with what is missing. Until somebody has signed, a letter says that it is a
draft; signing anew belongs to a draft written anew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings

from bihuan.desk import api as desk
from bihuan.faces import drilling
from bihuan.kernel import events as e
from bihuan.kernel.events import Recorded
from bihuan.kernel.refused import Refused


@dataclass(frozen=True)
class Letter:
    """``parts``: heading and text. ``number``: 文号, empty in a draft. ``about``: lines that say which matter it is.

    ``mark``: in a drill, that it is one.
    """

    title: str
    number: str
    to: str
    about: tuple[str, ...]
    parts: tuple[tuple[str, str], ...]
    closing: str
    basis: str
    unit: str
    day: date
    at: datetime
    is_draft: bool
    mark: str = ""


def available(view: desk.CaseView) -> tuple[tuple[str, str, str], ...]:
    """Letters that have a draft in this case: key and title in both languages. For the case team alone."""
    if view.verdict.level is not desk.Level.FULL:
        return ()
    letters = desk.declared_scene(view.state.scene).letters
    found = ((key, one) for key, one in letters.items() if _is_of(one, view) and _last(view.history, one["step"]))
    return tuple((key, one["title"]["zh"], one["title"]["en"]) for key, one in found)


def _is_of(told: Mapping[str, Any], view: desk.CaseView) -> bool:
    """A letter may be one of some categories only: a decision of a claim, the same of a review under another title."""
    return view.state.category.startswith(tuple(told.get("categories", ("",))))


def compose(view: desk.CaseView, key: str) -> Letter:
    """Raises ``LookupError`` for a letter that is not ``available``, ``Refused`` for one with a part missing."""
    told = desk.declared_scene(view.state.scene).letters[key]
    draft = _last(view.history, told["step"])
    if key not in {one for one, _, _ in available(view)} or draft is None:
        raise desk.NotFound(str(view.id))
    said = _data(draft)
    missing = [part for part in told["parts"] if not said.get(part, "").strip()]
    if missing:
        names = [(desk.scene_word("fields", one, "zh"), desk.scene_word("fields", one, "en")) for one in missing]
        zh, en = "、".join(name for name, _ in names), ", ".join(name for _, name in names)
        raise Refused("letter-part-missing", rule=told["basis"], parts=zh, parts_en=en)
    signed = _signed(view.history, told, draft)
    last = signed or draft
    scene = view.state.scene
    return Letter(
        title=told["title"]["zh"],
        number=_data(signed).get(told.get("number", ""), ""),
        to=_addressee(view, told),
        about=(f"编号：{view.state.number}", f"事项：{view.category.name}"),
        parts=tuple((desk.scene_word("fields", one, "zh"), _shown(scene, one, said[one])) for one in told["parts"]),
        closing=told.get("closing", {}).get("zh", ""),
        basis=told["basis"],
        unit=desk.unit_name(last.unit).name,
        day=last.at.astimezone(ZoneInfo(settings.ZONE)).date(),
        at=last.at,
        is_draft=signed is None,
        mark=drilling.mark(),
    )


def _shown(scene: str, key: str, value: str) -> str:
    return desk.shown_field(scene, key, value, "zh")


def _last(history: Sequence[Recorded], step: str) -> Recorded | None:
    taken = (one for one in reversed(history) if isinstance(one.event, e.StepTaken) and one.event.step == step)
    return next(taken, None)


def _data(recorded: Recorded | None) -> Mapping[str, str]:
    return dict(recorded.event.data) if recorded is not None and isinstance(recorded.event, e.StepTaken) else {}


def _signed(history: Sequence[Recorded], told: Mapping[str, Any], draft: Recorded) -> Recorded | None:
    """The signature under this very draft, if there is one. What is never signed apart is signed by its step."""
    if not told.get("signed"):
        return draft
    signed = _last(history, told["signed"])
    return signed if signed is not None and signed.number > draft.number else None


def _addressee(view: desk.CaseView, told: Mapping[str, Any]) -> str:
    named = [text.text for text in view.texts.values() if text.kind == told.get("to") and text.text]
    return named[-1] if named else "反映人"

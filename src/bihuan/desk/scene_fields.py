"""What a scene asks beyond the report itself: fields on the form of a report, and on the forms of its steps.

A scene declares them in its manifest; wiring tells them here once, when a process starts. What people write goes into
the vault; a choice that says nothing about a person stays in a step's data as its code, so that pure rules can read it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings

from bihuan.desk import names, registers
from bihuan.kernel import commands as c
from bihuan.kernel.refused import Refused

REPORT = "report"
YES_NO: Mapping[str, Mapping[str, str]] = {"yes": {"zh": "是", "en": "Yes"}, "no": {"zh": "否", "en": "No"}}
NUMBER = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,6})?")
PLACE = re.compile(r"[0-9]{6,15}")
CODES = frozenset({"choice", "yes_no"})


@dataclass(frozen=True)
class SceneField:
    """One field. ``ask``: ``report``, or the steps that ask it; ``options``: code to language to word;
    ``former``: those of earlier versions, which are still shown.
    """

    key: str
    label: Mapping[str, str]
    kind: str = "text"
    ask: tuple[str, ...] = (REPORT,)
    required: bool = False
    personal: bool = False
    most: int = 500
    register: str = ""
    least: int | None = None
    largest: int | None = None
    hint: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    former: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def is_plain(self) -> bool:
        """Whether its value may stand in the history: a short code about the matter, never a person's words."""
        return self.kind in CODES and not self.personal

    @property
    def choices(self) -> Mapping[str, Mapping[str, str]]:
        return YES_NO if self.kind == "yes_no" else self.options


@dataclass(frozen=True)
class Declared:
    """All that a scene declares beyond its tables and words. ``letters``: as in its manifest.

    ``is_public``: anybody may report; otherwise only staff may. ``recusal``: steps by which somebody says that he is
    too near to the matter to decide in it. ``told``: steps of which the reporter is told that they were taken.
    ``page``: the scene's own pages: ``home`` with its ``name``, and ``path``, behind which a case's id comes, with its
    ``label``.
    """

    fields: Mapping[str, SceneField] = field(default_factory=dict)
    letters: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    reviews: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    seal_note: Mapping[str, str] = field(default_factory=dict)
    names: tuple[str, str] = ("", "")
    summary: tuple[str, str] = ("", "")
    asks_where: bool = True
    is_public: bool = True
    recusal: tuple[str, ...] = ()
    told: tuple[str, ...] = ()
    page: Mapping[str, Any] = field(default_factory=dict)


NOTHING = Declared()
_told: dict[str, Declared] = {}
_also: list[Callable[[str], Declared | None]] = []


def tell(scene: str, declared: Declared) -> None:
    _told[scene] = declared


def ask_also(find: Callable[[str], Declared | None]) -> None:
    """Whom to ask about scenes that no process is told of at its start."""
    _also.append(find)


def declared(scene: str) -> Declared:
    if scene in _told:
        return _told[scene]
    return next((found for find in _also if (found := find(scene)) is not None), NOTHING)


def asked(scene: str, where: str = REPORT) -> tuple[SceneField, ...]:
    """The fields of the report, or of a step, in the order of the manifest."""
    return tuple(one for one in declared(scene).fields.values() if where in one.ask)


def find(scene: str, key: str) -> SceneField | None:
    return declared(scene).fields.get(key)


def shown(scene: str, key: str, value: str, language: str) -> str:
    """A value as people read it: the word of an option, the name of an entry, everything else as it was written."""
    known = find(scene, key)
    if known is not None and known.kind == "register":
        entry = registers.find(scene, known.register, value)
        return value if entry is None else (entry.name_en if language == "en" else "") or entry.name
    word = (known.choices.get(value) or known.former.get(value, {})) if known is not None else {}
    return word.get(language) or value


# -- checking -----------------------------------------------------------------------------------------------------


def check(scene: str, values: Mapping[str, str], where: str = REPORT, *, is_whole: bool = False) -> dict[str, str]:
    """The values as they are kept, without the empty ones. Raises ``Refused`` for the first that cannot be taken.

    ``is_whole``: a form, on which nothing that is required may be missing. A report that comes by telephone or from
    another system is registered as it is: nothing is turned away for want of a field.
    """
    known = {one.key: one for one in asked(scene, where)}
    for key in values.keys() - known.keys():
        raise Refused("field-unknown", field=key, fields=" ".join(known) or "—")
    found = {key: one.strip() for key, one in values.items() if one.strip()}
    for one in known.values():
        if is_whole and one.required and one.key not in found:
            raise Refused("field-missing", field=one.key, name=one.label["zh"], name_en=one.label["en"])
    return {key: _read(scene, known[key], value) for key, value in found.items()}


def missing(scene: str, values: Mapping[str, str], where: str = REPORT) -> list[SceneField]:
    return [one for one in asked(scene, where) if one.required and not values.get(one.key, "").strip()]


def _read(scene: str, one: SceneField, value: str) -> str:
    wrong = _wrong(scene, one, value)
    if wrong is not None:
        zh, en = one.label["zh"], one.label["en"]
        raise Refused("field-wrong", field=one.key, name=zh, name_en=en, why=wrong[0], why_en=wrong[1])
    return value


def _wrong(scene: str, one: SceneField, value: str) -> tuple[str, str] | None:
    """What is wrong with a value, and what is allowed."""
    if len(value) > one.most:
        return f"最多 {one.most} 个字，现在 {len(value)} 个", f"at most {one.most} characters, not {len(value)}"
    if one.kind in CODES and value not in one.choices:
        return f"可用：{'、'.join(one.choices)}", f"use one of: {', '.join(one.choices)}"
    if one.kind == "number":
        return _wrong_number(one, value)
    if one.kind == "place" and not PLACE.fullmatch(value):
        return "要写地点代码", "write the code of a place"
    if one.kind in {"date", "due"} and not _is_date(value):
        return "日期写成 2026-01-31", "write a date like 2026-01-31"
    if one.kind == "accused" and not names.unit(value).kind:
        return "没有这个单位", "there is no such unit"
    if one.kind == "register" and registers.find(scene, one.register, value) is None:
        return "台账里没有这一条", "the register has no such entry"
    return None


def _wrong_number(one: SceneField, value: str) -> tuple[str, str] | None:
    if not NUMBER.fullmatch(value):
        return "要写数字", "write a number"
    if one.least is not None and float(value) < one.least:
        return f"至少 {one.least}", f"at least {one.least}"
    if one.largest is not None and float(value) > one.largest:
        return f"最多 {one.largest}", f"at most {one.largest}"
    return None


def _is_date(value: str) -> bool:
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return len(value) == len("2026-01-31")


def end_of_day(value: str) -> datetime:
    """The last second of a day of the district: what was promised for that day."""
    day = date.fromisoformat(value)
    return datetime(day.year, day.month, day.day, 23, 59, 59, tzinfo=ZoneInfo(settings.ZONE)).astimezone(UTC)


def tidied(scene: str, command: c.Command | None) -> c.Command | None:
    """A step with its declared fields checked; what the scene does not declare is left as it is."""
    if not isinstance(command, c.TakeStep):
        return command
    known = {one.key for one in asked(scene, command.step)}
    given = check(scene, {key: value for key, value in command.data if key in known}, command.step)
    data = tuple((key, given.get(key, value) if key in known else value) for key, value in command.data)
    return replace(command, data=data)


def plain_keys(scene: str) -> frozenset[str]:
    return frozenset(one.key for one in declared(scene).fields.values() if one.is_plain)


def personal_keys(scene: str) -> frozenset[str]:
    return frozenset(one.key for one in declared(scene).fields.values() if one.personal)


def of_kind(scene: str, kind: str, values: Iterable[str]) -> list[str]:
    """Which of these keys are fields of a kind."""
    known = declared(scene).fields
    return [key for key in values if key in known and known[key].kind == kind]

"""What a form asks, and what is known of it: the ledger is the reservoir, a form only draws from it (一表通).

Registers of the scene: ``duty`` (the list of duties), ``item`` (the data dictionary), ``form`` (what is asked of whom),
``known`` (what a community told, an entry for each item), ``sheet`` (a form as it was filled in).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings

from bihuan.desk import api
from bihuan.scenes.forms.gate import LOOKED, TIMES_A_YEAR, TYPED, Cost, Duty

SCENE = "forms"
KINDS = ("number", "text", "yes_no", "date")
NUMBER = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,3})?")
MOST_TEXT = 100
FRESH_DAYS = 180
LIVE = "live"
Cells = Mapping[tuple[str, str], "Cell"]


class Wrong(ValueError):
    """A value that cannot stand on a form: item and reason in the reader's language."""


@dataclass(frozen=True)
class Item:
    """One thing to know of a community. ``measure``: 户, 人, 处; ``source``: empty, or where it is read from live.

    Live sources: ``unit:name``, ``unit:street``, ``register:SCENE/KIND`` (how many entries stand in the community).
    """

    key: str
    name: str
    name_en: str = ""
    kind: str = "number"
    measure: str = ""
    minutes: float = TYPED
    fresh_days: int = FRESH_DAYS
    source: str = ""


@dataclass(frozen=True)
class Form:
    """``unit`` asks; ``place``: prefix of the places of the communities that are asked."""

    key: str
    name: str
    unit: str
    items: tuple[str, ...]
    duty: str = ""
    law: str = ""
    money: str = "none"
    every: str = "once"
    place: str = ""
    days: int = 20


@dataclass(frozen=True)
class Cell:
    """What is known of one item in one community. ``state``: ``live fresh stale empty``; ``told``: by which form."""

    item: str
    value: str = ""
    state: str = "empty"
    at: datetime | None = None
    told: str = ""

    @property
    def is_known(self) -> bool:
        """Known well enough that nobody has to be asked."""
        return self.state in {"live", "fresh"}


# -- registers as values ------------------------------------------------------------------------------------------


def items() -> dict[str, Item]:
    return {entry.key: _item(entry) for entry in api.registers.entries(SCENE, "item")}


def _item(entry: api.registers.Entry) -> Item:
    facts = {name: str(value) for name, value in (entry.facts or {}).items()}
    kind = facts.get("kind", "number")
    return Item(
        entry.key,
        entry.name,
        entry.name_en,
        kind if kind in KINDS else "text",
        facts.get("measure", ""),
        float(facts["minutes"]) if NUMBER.fullmatch(facts.get("minutes", "")) else TYPED,
        int(facts["fresh_days"]) if facts.get("fresh_days", "").isdigit() else FRESH_DAYS,
        facts.get("source", ""),
    )


def duties() -> dict[str, Duty]:
    return {entry.key: _duty(entry) for entry in api.registers.entries(SCENE, "duty")}


def duty(key: str) -> Duty | None:
    entry = api.registers.find(SCENE, "duty", key) if key else None
    return _duty(entry) if entry is not None and entry.ended is None else None


def _duty(entry: api.registers.Entry) -> Duty:
    facts = {name: str(value) for name, value in (entry.facts or {}).items()}
    since, until = facts.get("from") or "0001-01-01", facts.get("until") or "9999-12-31"
    return Duty(
        entry.key,
        entry.name,
        facts.get("list", "none"),
        facts.get("law", ""),
        date.fromisoformat(since),
        date.fromisoformat(until),
    )


def form(key: str) -> Form | None:
    entry = api.registers.find(SCENE, "form", key)
    return _form(entry) if entry is not None else None


def forms() -> list[Form]:
    return [_form(entry) for entry in api.registers.entries(SCENE, "form")]


def _form(entry: api.registers.Entry) -> Form:
    facts = {name: str(value) for name, value in (entry.facts or {}).items()}
    return Form(
        entry.key,
        entry.name,
        entry.unit,
        tuple(facts.get("items", "").split()),
        facts.get("duty", ""),
        facts.get("law", ""),
        facts.get("money", "none"),
        facts.get("every", "once"),
        facts.get("place", ""),
        int(facts.get("days", "20")),
    )


def communities(place: str = "") -> list[api.UnitName]:
    """Those whose ground begins with ``place``, by place."""
    found = [unit for _, below in api.place_choices() for unit in below if unit.place.startswith(place)]
    return sorted(found, key=lambda unit: unit.place)


# -- what is known ------------------------------------------------------------------------------------------------


def known(units: Sequence[api.UnitName], wanted: Iterable[Item]) -> Cells:
    """A cell for each community and item: three queries, and one more a register that is counted."""
    wanted, at = list(wanted), api.now()
    keys = [key_of(unit.code, item.key) for unit in units for item in wanted if not item.source]
    told = api.registers.find_many(SCENE, "known", keys)
    counted = {item.source: _counted(item.source) for item in wanted if item.source.startswith("register:")}
    return {
        (unit.code, item.key): _live(unit, item, counted, at)
        if item.source
        else _told(item, told.get(key_of(unit.code, item.key)), at)
        for unit in units
        for item in wanted
    }


def key_of(unit: str, item: str) -> str:
    return f"{unit}/{item}"


def _told(item: Item, entry: api.registers.Entry | None, at: datetime) -> Cell:
    facts = (entry.facts or {}) if entry is not None else {}
    if entry is None or entry.verified is None or not str(facts.get("value", "")):
        return Cell(item.key)
    is_fresh = at - entry.verified <= timedelta(days=item.fresh_days)
    state = "fresh" if is_fresh else "stale"
    return Cell(item.key, str(facts["value"]), state, entry.verified, str(facts.get("form", "")))


def _counted(source: str) -> list[str]:
    scene, _, kind = source.removeprefix("register:").partition("/")
    return [entry.place for entry in api.registers.entries(scene, kind)]


def _live(unit: api.UnitName, item: Item, counted: Mapping[str, list[str]], at: datetime) -> Cell:
    if item.source in counted:
        value = str(sum(place.startswith(unit.place) for place in counted[item.source]))
    else:
        value = {"unit:name": unit.name, "unit:street": api.unit_name(unit.parent).name}.get(item.source, "")
    return Cell(item.key, value, LIVE if value else "empty", at)


def minutes(item: Item, cell: Cell) -> float:
    """What one item costs whoever fills in: known ones are only looked at, stale ones looked at twice."""
    return item.minutes if cell.state == "empty" else LOOKED * item.minutes * (2 if cell.state == "stale" else 1)


def cost(units: Sequence[api.UnitName], wanted: Sequence[Item], every: str, cells: Cells) -> Cost:
    """Averages over the communities that would be asked; those of which all is known are asked nothing."""
    times, many = TIMES_A_YEAR.get(every, 1), max(1, len(units))
    bare = sum(item.minutes for item in wanted)
    filled = sum(_minutes_of(unit, wanted, cells) for unit in units) / many
    share = sum(cell.is_known for cell in cells.values()) / max(1, len(cells))
    return Cost(len(units), times, bare, filled, share if units and wanted else 0.0)


def _minutes_of(unit: api.UnitName, wanted: Sequence[Item], cells: Cells) -> float:
    own = [(item, cells[unit.code, item.key]) for item in wanted]
    return 0.0 if all(cell.is_known for _, cell in own) else sum(minutes(item, cell) for item, cell in own)


# -- what is typed ------------------------------------------------------------------------------------------------


def checked(item: Item, value: str) -> str:
    """The value as it is kept. Raises ``Wrong``."""
    text = value.strip()
    if item.kind == "number" and not NUMBER.fullmatch(text):
        raise Wrong(item.key, "number")
    if item.kind == "yes_no" and text not in {"yes", "no"}:
        raise Wrong(item.key, "yes_no")
    if item.kind == "date":
        try:
            date.fromisoformat(text)
        except ValueError:
            raise Wrong(item.key, "date") from None
    if not text or len(text) > MOST_TEXT:
        raise Wrong(item.key, "text")
    return text


def period(every: str, at: datetime) -> str:
    """The name of the period that is asked now: 2026, 2026-Q4, 2026-11, or the day where it is asked once."""
    here = at.astimezone(ZoneInfo(settings.ZONE))
    names = {"year": f"{here:%Y}", "quarter": f"{here:%Y}-Q{(here.month + 2) // 3}", "month": f"{here:%Y-%m}"}
    return names.get(every, f"{here:%Y-%m-%d}")

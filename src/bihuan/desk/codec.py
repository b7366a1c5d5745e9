"""Events and states to text and back. The text of an event is what is hashed, stored and proved.

Writing is orjson's own walk over the frozen values; reading follows the type hints of the classes, compiled once.
A field that is missing takes its default, so that old text stays readable; a changed meaning needs a new event.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Callable
from dataclasses import MISSING, fields, is_dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import cache
from typing import Any, cast
from uuid import UUID

import orjson

from bihuan.kernel import events as e
from bihuan.kernel.case import Case

_KINDS: dict[str, type] = {
    cls.__name__: cls for cls in vars(e).values() if isinstance(cls, type) and cls.__module__ == e.__name__
}


def encode_event(recorded: e.Recorded, *, world: int, case: UUID) -> str:
    """The exact text of one event: envelope and payload."""
    return orjson.dumps(
        {
            "world": world,
            "case": case,
            "number": recorded.number,
            "kind": type(recorded.event).__name__,
            "by": recorded.by,
            "unit": recorded.unit,
            "at": recorded.at,
            "recorded": recorded.recorded,
            "book": recorded.book,
            "data": recorded.event,
        }
    ).decode()


def decode_event(body: str) -> e.Recorded:
    raw = orjson.loads(body)
    return e.Recorded(
        number=raw["number"],
        event=cast("e.Event", _decoder(_KINDS[raw["kind"]])(raw["data"])),
        by=raw["by"],
        unit=raw["unit"],
        at=datetime.fromisoformat(raw["at"]),
        recorded=datetime.fromisoformat(raw["recorded"]),
        book=raw["book"],
    )


def encode_state(state: Case) -> str:
    return orjson.dumps(state).decode()


def decode_state(text: str) -> Case:
    return cast("Case", _decoder(Case)(orjson.loads(text)))


def to_plain(value: object) -> Any:  # noqa: ANN401 - JSON has no narrower type
    return orjson.loads(orjson.dumps(value))


@cache
def _decoder(cls: type) -> Callable[[dict[str, Any]], object]:
    hints = typing.get_type_hints(cls)
    converters = {f.name: _converter(hints[f.name]) for f in fields(cls)}
    special = [(name, convert) for name, convert in converters.items() if convert is not None]
    required = {f.name for f in fields(cls) if f.default is MISSING and f.default_factory is MISSING}
    defaults = {f.name: f.default for f in fields(cls) if f.default is not MISSING}
    makers = {f.name: f.default_factory for f in fields(cls) if f.default_factory is not MISSING}
    known = frozenset(converters)

    def decode(raw: dict[str, Any]) -> object:
        for name, convert in special:
            value = raw.get(name)
            if value is not None:
                raw[name] = () if value == [] else convert(value)
        if raw.keys() != known:
            _check_fields(cls, raw, required, known)
            raw = {**defaults, **{name: make() for name, make in makers.items()}, **raw}
        # A frozen dataclass sets its fields one by one; for a value of fifty fields that is most of the time.
        made: object = object.__new__(cls)
        made.__dict__.update(raw)
        return made

    return decode


def _check_fields(cls: type, raw: dict[str, Any], required: set[str], known: frozenset[str]) -> None:
    for what, names in (("missing", required - raw.keys()), ("unknown", raw.keys() - known)):
        if names:
            raise ValueError(f"{cls.__name__}: {', '.join(sorted(names))} {what}")


def _converter(hint: Any) -> Callable[[Any], Any] | None:  # noqa: ANN401 - a type hint has no narrower type
    """How JSON becomes the hinted type; ``None`` when it already is."""
    if typing.get_origin(hint) in {types.UnionType, typing.Union}:
        inner = [arg for arg in typing.get_args(hint) if arg is not type(None)]
        return _converter(inner[0])
    if typing.get_origin(hint) is tuple:
        args = typing.get_args(hint)
        item = _converter(args[0])
        return tuple if item is None else lambda values: tuple(item(value) for value in values)
    if is_dataclass(hint):
        return _decoder(cast("type", hint))
    if hint is datetime:
        return datetime.fromisoformat
    if hint is date:
        return date.fromisoformat
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return hint
    return None

"""Queries as OData writes them: ``$filter``, ``$orderby``, ``$top``, ``$skip``, ``$count``, ``$select``, ``$expand``.

A filter becomes a condition of SQL whose every value is a parameter; names are looked up, never taken over.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bihuan.desk import api as desk

MOST, USUAL, MOST_SKIP, DEEPEST = 1000, 100, 1_000_000, 4
_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<time>\d{4}-\d\d-\d\dT[0-9:.]+(?:Z|[+-]\d\d:\d\d))|(?P<number>-?\d+(?:\.\d+)?(?:[eE]-?\d+)?)"
    r"|(?P<name>[A-Za-z@_][A-Za-z0-9_.@]*(?:/[A-Za-z_][A-Za-z0-9_.]*)*)|(?P<sign>[(),]))"
)
_SIGNS = {"eq": "=", "ne": "<>", "gt": ">", "ge": ">=", "lt": "<", "le": "<="}
_WORDS = {"substringof", "startswith", "endswith", "contains"}
_LINKS = {"Thing": "thing", "Sensor": "sensor", "ObservedProperty": "property"}
_OF_OBSERVATION = {
    "phenomenonTime": "s.happened",
    "resultTime": "s.happened",
    "result": "s.value",
    "Datastream/id": "d.id",
}
_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_.]{0,63}")


class BadQueryError(ValueError):
    """What is wrong, and what there could be."""


@dataclass
class Query:
    filter: str = ""
    orderby: str = ""
    select: tuple[str, ...] = ()
    expand: dict[str, Query] = field(default_factory=dict)
    top: int = USUAL
    skip: int = 0
    count: bool = False

    def asked(self, kind: str) -> desk.things.Asked:
        where, given = Filter(self.filter, kind).sql() if self.filter else ("true", [])
        return desk.things.Asked(where, given, _order(self.orderby, kind), self.top, self.skip)


def parse(options: Mapping[str, str], depth: int = 0) -> Query:
    if depth > DEEPEST:
        raise BadQueryError(f"$expand goes {DEEPEST} levels deep at most")
    known = {"$filter", "$orderby", "$select", "$expand", "$top", "$skip", "$count", "$resultFormat"}
    if unknown := sorted(name for name in options if name.startswith("$") and name not in known):
        raise BadQueryError(f"{', '.join(unknown)}: there are {', '.join(sorted(known))}")
    query = Query(options.get("$filter", ""), options.get("$orderby", ""))
    query.select = tuple(one.strip() for one in options.get("$select", "").split(",") if one.strip())
    query.top = min(_whole(options, "$top", USUAL), MOST)
    query.skip = _whole(options, "$skip", 0)
    if query.skip > MOST_SKIP:
        raise BadQueryError(f"$skip: {MOST_SKIP} at most; narrow it by $filter")
    query.count = options.get("$count", "false") == "true"
    for one in _split(options.get("$expand", ""), ","):
        _expand(query, one, depth)
    return query


def _expand(query: Query, text: str, depth: int) -> None:
    """``Datastreams($top=1;$expand=Sensor)``, or ``Datastreams/Sensor``."""
    name, _, inner = text.partition("(")
    options = dict(part.partition("=")[::2] for part in _split(inner[:-1], ";")) if inner.endswith(")") else {}
    head, _, rest = name.strip().partition("/")
    if rest:
        below = query.expand.setdefault(head, parse({}, depth + 1))
        _expand(below, f"{rest}({inner}" if inner else rest, depth + 1)
    else:
        query.expand[head] = parse(options, depth + 1)


def _split(text: str, sign: str) -> list[str]:
    """At signs that stand in no parentheses and no quotes."""
    found, level, quoted, last = [], 0, False, 0
    for at, letter in enumerate(text):
        quoted ^= letter == "'"
        if not quoted:
            level += (letter == "(") - (letter == ")")
            if letter == sign and level == 0:
                found.append(text[last:at].strip())
                last = at + 1
    return [one for one in (*found, text[last:].strip()) if one]


def _whole(options: Mapping[str, str], name: str, default: int) -> int:
    value = options.get(name, str(default))
    if not value.isdecimal() or len(value) > 9:
        raise BadQueryError(f"{name}={value}: write a whole number")
    return int(value)


def _order(text: str, kind: str) -> str:
    parts = []
    for one in _split(text, ","):
        name, _, way = one.partition(" ")
        if way.strip().lower() not in {"", "asc", "desc"}:
            raise BadQueryError(f"$orderby: {way!r}: asc or desc")
        column, given = column_of(name, kind)
        if given:
            column = column.replace("%s", "'" + given[0] + "'")  # a key: letters, digits, _ and . alone
        parts.append(f"{column} {'DESC' if way.strip().lower() == 'desc' else 'ASC'}")
    return ", ".join([*parts, "s.happened DESC, d.id" if kind == "Observations" else "id"])


def column_of(name: str, kind: str) -> tuple[str, list[str]]:
    """The column of a name, and the keys in it as parameters."""
    if kind == "Observations":
        known = _OF_OBSERVATION | {"Datastream/@iot.id": "d.id", "Datastreams/id": "d.id"}
        if name in known:
            return known[name], []
        raise BadQueryError(f"{name}: of an Observation there are {', '.join(_OF_OBSERVATION)}")
    if name in {"id", "@iot.id"}:
        return "id", []
    link, _, last = name.partition("/")
    if link in _LINKS and last in {"id", "@iot.id"}:
        return _LINKS[link], []
    if link in {"properties", "unitOfMeasurement"} and _KEY.fullmatch(last):
        return f"body->'{link}'->>%s", [last]
    if _KEY.fullmatch(name):
        return "body->>%s", [name]
    raise BadQueryError(f"{name}: nothing to filter or order by")


class Filter:
    """``name eq 'x' and (result gt 5 or not startswith(name,'a'))``."""

    def __init__(self, text: str, kind: str) -> None:
        self._kind, self._at = kind, 0
        self._tokens: list[tuple[str, str]] = []
        if len(text) > 2000:
            raise BadQueryError("$filter: 2,000 letters at most")
        at = 0
        while at < len(text.rstrip()):
            match = _TOKEN.match(text, at)
            if match is None or match.lastgroup is None:
                raise BadQueryError(f"$filter: not understood from {text[at : at + 20]!r} on")
            self._tokens.append((match.lastgroup, match[match.lastgroup]))
            at = match.end()

    def sql(self) -> tuple[str, list[Any]]:
        found = self._or(0)
        if self._at < len(self._tokens):
            raise BadQueryError(f"$filter: {self._tokens[self._at][1]!r} was not expected")
        return found

    def _next(self, *wanted: str) -> tuple[str, str]:
        if self._at >= len(self._tokens):
            raise BadQueryError("$filter ends too soon")
        token = self._tokens[self._at]
        if wanted and token[1] not in wanted:
            raise BadQueryError(f"$filter: {token[1]!r} stands where {' or '.join(wanted)} belongs")
        self._at += 1
        return token

    def _is_next(self, word: str) -> bool:
        return self._at < len(self._tokens) and self._tokens[self._at] in {("name", word), ("sign", word)}

    def _or(self, depth: int) -> tuple[str, list[Any]]:
        return self._chain("or", lambda: self._chain("and", lambda: self._one(depth)))

    def _chain(self, word: str, part: Any) -> tuple[str, list[Any]]:  # noqa: ANN401 - one of our own methods
        where, given = part()
        while self._is_next(word):
            self._at += 1
            more, values = part()
            where, given = f"({where} {word.upper()} {more})", [*given, *values]
        return where, given

    def _one(self, depth: int) -> tuple[str, list[Any]]:
        if depth > 20:
            raise BadQueryError("$filter: too deep")
        if self._is_next("not"):
            self._at += 1
            where, given = self._one(depth + 1)
            return f"NOT ({where})", given
        if self._is_next("("):
            self._at += 1
            found = self._or(depth + 1)
            self._next(")")
            return found
        if self._at < len(self._tokens) and self._tokens[self._at][1] in _WORDS:
            return self._word()
        column, given = self._side()
        sign = _SIGNS[self._next(*_SIGNS)[1]]
        return self._compared(column, given, sign, *self._next())

    def _side(self) -> tuple[str, list[Any]]:
        kind, name = self._next()
        if kind != "name":
            raise BadQueryError(f"$filter: {name!r}: a name belongs on the left")
        return column_of(name, self._kind)

    def _compared(self, column: str, given: list[Any], sign: str, kind: str, text: str) -> tuple[str, list[Any]]:
        is_text = column.startswith("body")
        if kind == "number":
            # What is no number in one entry must not break the others.
            number = f"CASE WHEN {column} ~ '^-?[0-9]+([.][0-9]+)?$' THEN ({column})::float8 END" if is_text else column
            return f"{number} {sign} %s::float8", [*given, *(given if is_text else []), float(text)]
        if kind == "time":
            if column != "s.happened":
                return f"{column} {sign} %s::text", [*given, text]
            return f"{column} {sign} %s::timestamptz", [*given, datetime.fromisoformat(text)]
        if kind == "text" and is_text:
            return f"{column} {sign} %s::text", [*given, text[1:-1].replace("''", "'")]
        raise BadQueryError(f"$filter: {text!r} cannot be compared with that")

    def _word(self) -> tuple[str, list[Any]]:
        word = self._next()[1]
        self._next("(")
        first, second = self._next(), (self._next(","), self._next())[1]
        self._next(")")
        text, name = (first, second) if word == "substringof" else (second, first)
        if text[0] != "text" or name[0] != "name" or self._kind == "Observations":
            raise BadQueryError(f"$filter: {word} wants a name and a text")
        column, given = column_of(name[1], self._kind)
        wanted = text[1][1:-1].replace("''", "'")
        where = {
            "startswith": f"starts_with({column}, %s::text)",
            "endswith": f"right({column}, length(%s::text)) = %s::text",
        }.get(word, f"strpos({column}, %s::text) > 0")
        return where, [*given, wanted, *([wanted] if word == "endswith" else [])]

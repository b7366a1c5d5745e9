"""A micro-scene as a community fills it in: a head and a few small tables of short texts. Nothing in it is code.

Rows carry keys that the program makes: unique in the whole district, never used twice, so that a case of an earlier
version always finds its words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace

import orjson

Row = Mapping[str, str]
# Table → its columns. ``key`` is made by the program.
TABLES: Mapping[str, tuple[str, ...]] = {
    "categories": ("key", "name", "name_en", "close_if"),
    "proofs": ("key", "name", "name_en"),
    "steps": ("key", "name", "name_en", "by", "stage", "after"),
    "fields": ("key", "name", "name_en", "kind", "options", "ask", "required", "personal"),
    "clocks": ("which", "category", "amount", "unit", "ground", "basis"),
    "routes": ("category", "place", "lead", "assist"),
}
MOST: Mapping[str, int] = {"categories": 12, "proofs": 4, "steps": 6, "fields": 10, "clocks": 16, "routes": 24}
LETTERS: Mapping[str, str] = {"proofs": "p", "steps": "s", "fields": "f"}
HEAD = (
    "name", "name_en", "summary", "summary_en", "basis", "seal", "seal_note", "desk", "verifier", "straight", "public",
)  # fmt: skip
LONG = frozenset({"summary", "summary_en", "basis", "seal_note", "close_if", "options"})
LONGEST, LONGEST_LONG = 40, 300
STAGE_CLOCKS = ("accept", "dispatch", "handle", "verify")
SCENE_KEY = re.compile(r"m[0-9]{6,15}_[0-9]{1,3}")


@dataclass(frozen=True)
class Draft:
    """``straight``: what is reported goes to its unit at once. ``public``: anybody may report. ``place``: the ground
    of the unit that declares it.
    """

    key: str
    unit: str
    place: str
    name: str = ""
    name_en: str = ""
    summary: str = ""
    summary_en: str = ""
    basis: str = ""
    seal: str = "L1"
    seal_note: str = ""
    desk: str = ""
    verifier: str = ""
    straight: str = ""
    public: str = "yes"
    rows: Mapping[str, tuple[Row, ...]] = field(default_factory=dict)

    def table(self, name: str) -> tuple[Row, ...]:
        return self.rows.get(name, ())

    def keys(self, table: str) -> list[str]:
        return [row["key"] for row in self.table(table) if row.get("key")]


def encode(draft: Draft) -> str:
    return orjson.dumps(asdict(draft), option=orjson.OPT_SORT_KEYS).decode()


def decode(text: str) -> Draft:
    raw = orjson.loads(text)
    return Draft(**{**raw, "rows": {name: tuple(rows) for name, rows in raw["rows"].items()}})


def fill(draft: Draft, head: Mapping[str, str], rows: Mapping[str, Sequence[Mapping[str, str]]]) -> Draft:
    """``draft`` with what was typed: only known columns, without empty rows. What is wrong is not judged here."""
    kept = {
        name: tuple(row for row in (_row(name, one) for one in rows.get(name, ())) if _is_filled(name, row))
        for name in TABLES
    }
    return replace(draft, **{name: head.get(name, "").strip() for name in HEAD}, rows=kept)


def _row(table: str, typed: Mapping[str, str]) -> dict[str, str]:
    return {column: typed.get(column, "").strip() for column in TABLES[table]}


def _is_filled(table: str, row: Row) -> bool:
    """A row in which nothing was written, only what stood chosen in it."""
    written = {"clocks": ("amount", "basis"), "routes": ("lead",)}.get(table, ("name", "name_en"))
    return any(row[column] for column in written)


def with_keys(draft: Draft, earlier: Iterable[Draft] = ()) -> Draft:
    """Each new row with a key that neither this draft nor a version before it ever had."""
    rows = dict(draft.rows)
    used = {key for one in (draft, *earlier) for name in TABLES for key in one.keys(name)}
    for name in ("categories", *LETTERS):
        rows[name] = tuple(_keyed(draft.key, name, draft.table(name), used))
    return replace(draft, rows=rows)


def _keyed(scene: str, table: str, rows: Iterable[Row], used: set[str]) -> Iterator[Row]:
    for row in rows:
        key = row.get("key", "")
        if not key:
            key = next(one for one in _keys(scene, table) if one not in used)
            used.add(key)
        yield {**row, "key": key}


def _keys(scene: str, table: str) -> Iterator[str]:
    for number in range(1, 1000):
        yield f"{scene.upper()}_{number:03d}" if table == "categories" else f"{scene}_{LETTERS[table]}{number}"


def key_pattern(scene: str, table: str) -> re.Pattern[str]:
    if table == "categories":
        return re.compile(rf"{re.escape(scene.upper())}_[0-9]{{3}}")
    return re.compile(rf"{re.escape(scene)}_{LETTERS[table]}[1-9][0-9]{{0,2}}")


def options_of(row: Row) -> list[str]:
    """The words of a choice, in their order, each once."""
    parts = (part.strip() for part in re.split(r"[;；、\n]", row.get("options", "")))
    return list(dict.fromkeys(part for part in parts if part))


def started(key: str, unit: str, place: str, name: str, *, desk: str, verifier: str) -> Draft:
    """What a new micro-scene begins with: one matter, one proof, the four clocks, one route to the unit itself."""
    clocks = tuple(
        {"which": which, "category": "", "amount": amount, "unit": "工作日", "ground": "house", "basis": ""}
        for which, amount in (("accept", "1"), ("dispatch", "1"), ("handle", "5"), ("verify", "2"))
    )
    rows: dict[str, tuple[Row, ...]] = {
        "categories": ({"key": "", "name": name, "name_en": "", "close_if": ""},),
        "proofs": ({"key": "", "name": "办理记录", "name_en": "Record of the work"},),
        "steps": (),
        "fields": (),
        "clocks": clocks,
        "routes": ({"category": "", "place": "", "lead": unit, "assist": ""},),
    }
    draft = Draft(key, unit, place, name, desk=desk, verifier=verifier, rows=rows)
    return with_keys(draft)

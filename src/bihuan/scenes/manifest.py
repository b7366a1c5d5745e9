"""What may stand in a scene's manifest, and what is wrong with one: each slip with the path of its key.

Read without importing the scene, without Django and without a database.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

KERNEL_API = 1
NEEDED = ("key", "name", "name_en", "kernel_api", "owners", "level", "personal_data", "keeps_for", "uses")
LEVELS = ("draft", "exemplary", "ready")
USES = ("map", "photos", "sms")
KINDS = ("text", "choice", "number", "date", "yes_no", "place", "register", "case", "accused", "due")
GROUPS = ("steps", "clocks", "proofs", "fields", "outcomes", "refusals", "groups", "common", "asks")
MEASURES = ("count", "on_time", "share", "returned", "reworked", "reopened")
LANGUAGES = ("zh", "en")
REPORT = "report"
MOST_TEXT = 5000
FIELD_KEY = re.compile(r"[a-z][a-z0-9_]{0,23}")
PATH = re.compile(r"/console/[a-z0-9_/-]+/")
SPAN = re.compile(r"P(\d+[YMD])+")
# Kinds of notes that the loop itself writes.
TAKEN = frozenset({"text", "address", "contact", "answer", "work", "dispute", "statutory", "origin"})
# Law 9: what would score, rank or mark a person is no field of any scene.
OF_PEOPLE = frozenset({
    "score", "rank", "rating", "grade", "credit", "watchlist", "blacklist", "risk", "face", "fingerprint", "voice",
    "points", "attendance", "trail", "religion", "party",
})  # fmt: skip
FIELD = {
    "label": dict, "hint": dict, "kind": str, "ask": list, "required": bool, "personal": bool, "options": dict,
    "most": int, "register": str, "least": int, "largest": int,
}  # fmt: skip
INDICATOR = {"label": dict, "measure": str, "clock": str, "outcome": str}
LETTER = {
    "title": dict, "step": str, "parts": list, "closing": dict, "basis": str, "signed": str, "number": str, "to": str,
    "categories": list,
}  # fmt: skip
PAGE = {"home": str, "name": dict, "path": str, "label": dict}
REVIEWS = {"categories": list, "final": list, "until": list}

Where = tuple[str, ...]
Slip = tuple[Where, str]
Look = Callable[[Where, Mapping[str, Any]], Iterator[Slip]]


@dataclass(frozen=True)
class SceneInfo:
    """A scene's manifest. ``words``: group (``GROUPS``) to key to language to word; ``fields`` with their defaults.

    ``reviews``: categories of cases that look again at an earlier one, and which of them are the last word;
    ``until``: clocks of the earlier case that say until when it may be asked for.
    ``recusal``: the steps by which somebody says that he is too near to the matter to decide in it.
    ``told``: the steps of which the reporter is told that they were taken, not what was written.
    ``page``: the scene's own pages: ``home`` with its ``name``, and ``path``, behind which a case's id comes, with its
    ``label``.
    """

    key: str
    name: str
    name_en: str
    kernel_api: int
    owners: tuple[str, ...]
    level: str
    personal_data: tuple[str, ...]
    keeps_for: str
    uses: frozenset[str]
    words: Mapping[str, Mapping[str, Mapping[str, str]]]
    folder: Path
    summary: str = ""
    summary_en: str = ""
    is_public: bool = True
    seal_note: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    indicators: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    letters: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    reviews: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    recusal: tuple[str, ...] = ()
    told: tuple[str, ...] = ()
    page: Mapping[str, Any] = field(default_factory=dict)

    @property
    def tables(self) -> Path:
        """The folder of the rulebook that the scene comes with."""
        return self.folder / "tables"

    def word(self, group: str, key: str, language: str = "zh") -> str:
        """What people call it; the key itself where the scene has no word."""
        return self.words.get(group, {}).get(key, {}).get(language, key)

    @property
    def asks_where(self) -> bool:
        """Whether a report must say where: of a scene that shows its cases on a map."""
        return "map" in self.uses


TYPES: Mapping[str, type] = {
    "key": str, "name": str, "name_en": str, "kernel_api": int, "owners": list, "level": str, "personal_data": list,
    "keeps_for": str, "uses": list, "words": dict, "summary": str, "summary_en": str, "is_public": bool,
    "seal_note": dict, "fields": dict, "indicators": dict, "letters": dict, "reviews": dict, "recusal": list,
    "told": list, "page": dict,
}  # fmt: skip
TYPE_NAMES = {str: "文字 text", int: "整数 whole number", list: "列表 list", dict: "表 table", bool: "true/false"}


def build(raw: Mapping[str, Any], folder: Path) -> SceneInfo:
    """The manifest as a value; ``raw`` has no slips. Labels of fields are words too."""
    fields = {key: _field(value) for key, value in raw.get("fields", {}).items()}
    words = dict(raw.get("words", {}))
    words["fields"] = {key: value["label"] for key, value in fields.items()} | words.get("fields", {})
    made: dict[str, Any] = {name: tuple(raw.get(name, ())) for name in ("owners", "personal_data", "recusal", "told")}
    made |= {"uses": frozenset(raw["uses"]), "words": words, "folder": folder, "fields": fields}
    made |= {"reviews": {name: tuple(codes) for name, codes in raw.get("reviews", {}).items()}}
    return SceneInfo(**{**raw, **made})


def _field(raw: Mapping[str, Any]) -> dict[str, Any]:
    kind = raw.get("kind", "text")
    plain: dict[str, Any] = {"hint": {}, "options": {}, "required": False, "personal": False, "register": ""}
    return {**plain, "kind": kind, "most": 500, **raw, "ask": tuple(raw.get("ask", (REPORT,)))}


# -- what is wrong ------------------------------------------------------------------------------------------------


def slips(folder: str, raw: Mapping[str, Any]) -> list[Slip]:
    """Everything that is wrong in the manifest alone. Tables are looked at elsewhere."""
    found: list[Slip] = [((), f"缺少 {name} / '{name}' is missing: add it") for name in NEEDED if name not in raw]
    found += _known((), raw, TYPES)
    if found:
        return found
    return [*_head(folder, raw), *_words(raw.get("words", {})), *_rest(raw)]


def _known(path: Where, raw: Mapping[str, Any], types: Mapping[str, type]) -> Iterator[Slip]:
    for name, value in raw.items():
        if name not in types:
            known = ", ".join(sorted(types))
            yield (*path, name), f"没有这一项 / '{name}' is unknown; known are {known}"
        elif type(value) is not types[name]:
            yield (*path, name), f"应为{TYPE_NAMES[types[name]]} / must be a {TYPE_NAMES[types[name]].split()[-1]}"


def _head(folder: str, raw: Mapping[str, Any]) -> Iterator[Slip]:
    if raw["key"] != folder:
        yield ("key",), f"与文件夹不同 / key is '{raw['key']}' but the folder is '{folder}'"
    if raw["kernel_api"] > KERNEL_API:
        yield ("kernel_api",), f"it needs kernel API {raw['kernel_api']}, this is {KERNEL_API}: update Bihuan"
    if raw["level"] not in LEVELS:
        yield ("level",), f"level '{raw['level']}'; allowed are {', '.join(LEVELS)}"
    if not SPAN.fullmatch(raw["keeps_for"]):
        yield ("keeps_for",), f"'{raw['keeps_for']}': 写成 P3Y / write a span like P3Y or P6M"
    for name in raw["uses"]:
        if name not in USES:
            yield ("uses",), f"'{name}': 只能用 / allowed are {', '.join(USES)}"
    for name in ("name", "name_en"):
        if not raw[name].strip():
            yield (name,), "不能为空 / must not be empty"


def _words(words: Mapping[str, Any]) -> Iterator[Slip]:
    for group, rows in words.items():
        if group not in GROUPS or not isinstance(rows, dict):
            yield ("words", group), f"没有这一组 / '{group}' is unknown; groups are {', '.join(GROUPS)}"
            continue
        for key, word in rows.items():
            yield from _both(("words", group, key), word)


def _both(path: Where, word: object) -> Iterator[Slip]:
    """Chinese and English, and nothing else."""
    if not isinstance(word, dict) or set(word) - set(LANGUAGES):
        yield path, '写成 { zh = "…", en = "…" } / write { zh = "…", en = "…" }'
        return
    for language in LANGUAGES:
        if not str(word.get(language, "")).strip():
            yield path, f"缺少{'中文' if language == 'zh' else '英文'} / the word in '{language}' is missing"


def _rest(raw: Mapping[str, Any]) -> Iterator[Slip]:
    if "seal_note" in raw:
        yield from _both(("seal_note",), raw["seal_note"])
    for key, value in raw.get("fields", {}).items():
        yield from _one(("fields", key), value, FIELD, _field_slips(raw))
    for key, value in raw.get("indicators", {}).items():
        yield from _one(("indicators", key), value, INDICATOR, _indicator_slips)
    for key, value in raw.get("letters", {}).items():
        yield from _one(("letters", key), value, LETTER, _letter_slips)
    yield from _known(("reviews",), raw.get("reviews", {}), REVIEWS)
    if "page" in raw:
        yield from _one(("page",), raw["page"], PAGE, _page_slips)


def _one(path: Where, value: object, types: Mapping[str, type], look: Look) -> Iterator[Slip]:
    if not isinstance(value, dict):
        yield path, f"应为表 [{'.'.join(path)}] / must be a table [{'.'.join(path)}]"
        return
    wrong = list(_known(path, value, types))
    yield from wrong or look(path, value)


def _field_slips(raw: Mapping[str, Any]) -> Look:
    def look(path: Where, value: Mapping[str, Any]) -> Iterator[Slip]:
        key, kind = path[-1], value.get("kind", "text")
        yield from _field_names(path, key)
        yield from _both((*path, "label"), value.get("label"))
        if "hint" in value:
            yield from _both((*path, "hint"), value["hint"])
        if kind not in KINDS:
            yield (*path, "kind"), f"'{kind}': 只能是 / allowed are {', '.join(KINDS)}"
        yield from _options(path, kind, value)
        if (kind == "register") != bool(value.get("register")):
            yield (
                (*path, "register"),
                "台账类字段要写 register / a field of kind register names its register, others none",
            )
        if not 1 <= value.get("most", 1) <= MOST_TEXT:
            yield (*path, "most"), f"1 至 {MOST_TEXT} / between 1 and {MOST_TEXT}"
        if kind != "number" and {"least", "largest"} & value.keys():
            yield (*path, "kind"), "只有数字有上下限 / 'least' and 'largest' belong to numbers"
        if value.get("personal") and key not in raw["personal_data"]:
            yield ("personal_data",), f"缺少 {key} / add '{key}': it is personal"

    return look


def _field_names(path: Where, key: str) -> Iterator[Slip]:
    if not FIELD_KEY.fullmatch(key) or key in TAKEN:
        taken = ", ".join(sorted(TAKEN))
        yield path, f"字段名用小写字母、数字、下划线,不能是 / use small letters, digits and _; not {taken}"
    if OF_PEOPLE & set(key.split("_")):
        yield path, "第9条:不给人打分、分级、贴标签 / law 9: people are not scored, ranked or marked; drop this field"


def _options(path: Where, kind: str, value: Mapping[str, Any]) -> Iterator[Slip]:
    options = value.get("options", {})
    if (kind == "choice") != bool(options):
        yield (*path, "options"), "choice 要有选项,其他没有 / a choice has options, other kinds have none"
    for code, word in options.items():
        if not FIELD_KEY.fullmatch(code):
            yield (*path, "options", code), "选项代码用小写字母、数字、下划线 / codes: small letters, digits and _"
        yield from _both((*path, "options", code), word)


def _indicator_slips(path: Where, value: Mapping[str, Any]) -> Iterator[Slip]:
    yield from _both((*path, "label"), value.get("label"))
    measure = value.get("measure", "")
    if measure not in MEASURES:
        yield (*path, "measure"), f"'{measure}': 只能是 / allowed are {', '.join(MEASURES)}"
    for name, needed in (("clock", "on_time"), ("outcome", "share")):
        if (measure == needed) != bool(value.get(name)):
            yield (*path, name), f"{needed} 要写 {name},其他不写 / '{name}' belongs to {needed}, and only there"


def _letter_slips(path: Where, value: Mapping[str, Any]) -> Iterator[Slip]:
    yield from _both((*path, "title"), value.get("title"))
    if "closing" in value:
        yield from _both((*path, "closing"), value["closing"])
    for name in ("step", "parts", "basis"):
        if not value.get(name):
            yield (*path, name), f"缺少 {name} / '{name}' is missing"


def _page_slips(path: Where, value: Mapping[str, Any]) -> Iterator[Slip]:
    needed = ("home", "path") if "path" in value or "label" in value else ("home",)
    for name in ("name", "label")[: len(needed)]:
        yield from _both((*path, name), value.get(name))
    for name in needed:
        if not PATH.fullmatch(value.get(name, "")):
            yield (*path, name), "写成 /console/…/ / write an address of the console, with a slash at both ends"


def one_line(found: Iterable[Slip]) -> str:
    return "; ".join(f"{'.'.join(path)}: {what}" if path else what for path, what in found)

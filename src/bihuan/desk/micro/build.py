"""What a micro-scene means: a rulebook, a manifest, and both as the files of a scene folder."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from datetime import date
from typing import Any

from bihuan.desk import rulebook_tables
from bihuan.desk.micro.draft import STAGE_CLOCKS, Draft, Row, options_of
from bihuan.desk.rulebook_columns import UNITS
from bihuan.desk.rulebook_files import csv_bytes
from bihuan.kernel.case import Seal, Stage
from bihuan.kernel.rules import Category, ClockRule, LadderStep, Route, Rulebook, Step, complete

STAGES = {"work": (Stage.DISPATCHED, Stage.WORKING), "triage": (Stage.REGISTERED, Stage.ACCEPTED)}
LADDER = (LadderStep(75, "warn", "lead"), LadderStep(100, "remind", "lead"), LadderStep(120, "remind", "head"))
WORDS = {
    "accept": {"zh": "受理", "en": "Accept"},
    "dispatch": {"zh": "派遣", "en": "Dispatch"},
    "handle": {"zh": "办理", "en": "Handle"},
    "verify": {"zh": "核查", "en": "Verify"},
}
Word = dict[str, str]


def option_code(word: str) -> str:
    """Made of the word itself, so that the same word is the same answer in every version."""
    return f"o{zlib.crc32(word.encode()):08x}"


def word(row: Row) -> Word:
    return {"zh": row["name"], "en": row["name_en"] or row["name"]}


# -- the rulebook -------------------------------------------------------------------------------------------------


def book(draft: Draft, version: str, effective: date) -> Rulebook:
    rules = [(row["category"], _clock(row)) for row in draft.table("clocks")]
    clocks = tuple(rule for category, rule in rules if not category)
    proofs = tuple(draft.keys("proofs"))
    rows = [
        Category(
            row["key"], row["name"], row["name_en"] or row["name"], close_if=row["close_if"], basis=draft.basis,
            clocks=tuple(rule for category, rule in rules if category == row["key"]),
        )
        for row in draft.table("categories")
    ]  # fmt: skip
    return Rulebook(
        scene=draft.key, version=version, effective=effective, basis=draft.basis, desks=(draft.desk,), clocks=clocks,
        categories={row.code: row for row in rows}, routes=tuple(_routes(draft)),
        steps={row["key"]: _step(row, draft) for row in draft.table("steps")}, ladder=LADDER,
        verifier=draft.verifier, proofs=proofs, seal=Seal(draft.seal), accept_on_register=bool(draft.straight),
        dispatch_on_accept=bool(draft.straight),
    )  # fmt: skip


def _clock(row: Row) -> ClockRule:
    basis = row["basis"] if row["ground"] == "law" else f"自定规则:{row['basis']}"
    amount, unit, is_law = int(row["amount"]), UNITS[row["unit"]], row["ground"] == "law"
    if row["which"] in STAGE_CLOCKS:
        return complete(ClockRule(row["which"], amount, unit, basis, statutory=is_law))
    stops = (f"step:{row['which']}", "answered", "declined")
    return ClockRule(f"{row['which']}_t", amount, unit, basis, "dispatched", stops, statutory=is_law)


def _routes(draft: Draft) -> list[Route]:
    return [
        Route(
            f"R{n}", row["category"], row["place"], row["lead"], (row["assist"],) if row["assist"] else (), draft.basis
        )
        for n, row in enumerate(draft.table("routes"), 1)
    ]


def _step(row: Row, draft: Draft) -> Step:
    needs = (row["after"],) if row["after"] else ()
    asked = [one for one in draft.table("fields") if one["ask"] == row["key"] and one["required"]]
    requires = tuple(one["key"] for one in asked)
    return Step(row["key"], row["name"], STAGES[row["stage"]], row["by"], needs, requires, basis=draft.basis)


# -- the manifest -------------------------------------------------------------------------------------------------


def manifest(draft: Draft) -> dict[str, Any]:
    personal = [row["key"] for row in draft.table("fields") if row["personal"]]
    is_sealed = draft.seal >= "L2"
    raw: dict[str, Any] = {
        "key": draft.key, "name": draft.name, "name_en": draft.name_en or draft.name, "summary": draft.summary,
        "summary_en": draft.summary_en or draft.summary, "kernel_api": 1, "owners": [draft.unit], "level": "draft",
        "personal_data": ["reporter.name", "reporter.phone", "note", *personal], "keeps_for": "P3Y",
        "uses": ["photos"] if is_sealed else ["map", "photos"], "is_public": bool(draft.public),
    }  # fmt: skip
    if draft.seal_note:
        raw["seal_note"] = {"zh": draft.seal_note, "en": draft.seal_note}
    raw["fields"] = {row["key"]: field(row) for row in draft.table("fields")}
    raw["words"] = words(draft)
    return raw


def field(row: Row) -> dict[str, Any]:
    made: dict[str, Any] = {
        "label": word(row), "kind": row["kind"], "ask": [row["ask"]], "required": bool(row["required"]),
        "personal": bool(row["personal"]),
    }  # fmt: skip
    if row["kind"] == "choice":
        made["options"] = {option_code(one): {"zh": one, "en": one} for one in options_of(row)}
    return made


def words(draft: Draft) -> dict[str, dict[str, Word]]:
    steps = {row["key"]: word(row) for row in draft.table("steps")}
    timed = {row["which"] for row in draft.table("clocks")} & steps.keys()
    own = {f"{key}_t": steps[key] for key in steps if key in timed}
    return {
        "steps": steps,
        "clocks": {**WORDS, **own},
        "proofs": {row["key"]: word(row) for row in draft.table("proofs")},
        "common": {row["key"]: word(row) for row in draft.table("categories")},
    }


def toml(raw: Mapping[str, Any], path: tuple[str, ...] = ()) -> str:
    """Plain TOML: first what stands in lines of its own, then the tables below."""
    lines = [f"{key} = {_value(one)}" for key, one in raw.items() if not _is_table(one)]
    text = "\n".join(lines) + "\n" if lines else ""
    for key, one in raw.items():
        if _is_table(one):
            below = (*path, key)
            inner = toml(one, below)
            text += f"\n[{'.'.join(below)}]\n{inner}" if inner.strip() and not inner.startswith("\n[") else inner
    return text


def _is_table(value: object) -> bool:
    return isinstance(value, dict) and set(value) != {"zh", "en"}


def _value(value: object) -> str:
    if isinstance(value, dict):
        return f"{{ zh = {_value(value['zh'])}, en = {_value(value['en'])} }}"
    # JSON's strings, numbers, booleans and lists are TOML's, but for one character that JSON leaves as it is.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


# -- the folder ---------------------------------------------------------------------------------------------------


def folder(draft: Draft, version: str, effective: date) -> dict[str, bytes]:
    """The files of a scene folder by their path below it."""
    grids = rulebook_tables.to_grids(book(draft, version, effective))
    head = f"# {draft.name}\n# docs/reference/scenes.md\n"
    files = {f"tables/{stem}.csv": csv_bytes(rows) for stem, (_, rows) in grids.items()}
    return {"__init__.py": b"", "manifest.toml": (head + toml(manifest(draft))).encode(), **files}

"""Documented or red: every refusal, event and command has words in both languages and a line in the reference."""

import ast
import dataclasses
import re
from functools import cache
from pathlib import Path
from string import Formatter
from typing import get_args

import pytest

from bihuan.desk import words
from bihuan.kernel import commands as c
from bihuan.kernel import events as e
from bihuan.kernel.case import Role, Seal, Stage, TaskStatus
from bihuan.kernel.refused import Refused

ROOT = Path(__file__).parents[2]
SOURCES = ROOT / "src" / "bihuan"
REFERENCE = ROOT / "docs" / "reference"


def members(union):
    """The classes of a closed union, inner unions flattened."""
    return {cls.__name__ for part in get_args(union) for cls in (get_args(part) or (part,))}


@cache
def refusals():
    """Code → the facts that every place gives that refuses with it."""
    found = {}
    for path in sorted(SOURCES.rglob("*.py")):
        if not {"testing", "scenes"} & set(path.parts):  # a scene's own stand in its manifest
            tree = ast.parse(path.read_text(encoding="utf-8"))
            for code, facts in _calls(tree):
                found[code] = found.get(code, facts) & facts
    return found


def _calls(tree):
    named = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            constants = {
                n.value for n in ast.walk(node.value) if isinstance(n, ast.Constant) and isinstance(n.value, str)
            }
            named.setdefault(node.targets[0].id, set()).update(constants)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        place = {"Refused": 0, "need": 1}.get(name)
        if place is None or len(node.args) <= place:
            continue
        facts = {keyword.arg for keyword in node.keywords if keyword.arg}
        match node.args[place]:
            case ast.Constant(value=str(code)):
                yield code, facts
            case ast.Name(id=variable):
                for code in named.get(variable, ()):
                    if re.fullmatch(r"[a-z]+(-[a-z]+)+", code):
                        yield code, facts


def test_refusals_are_found_where_they_are_made():
    assert {"own-work", "proof-missing", "no-such-case", "plan-cycle"} <= set(refusals())
    assert len(refusals()) > 90


def test_every_refusal_has_words_and_every_word_a_refusal():
    assert set(words.REFUSALS) == set(refusals())


@pytest.mark.parametrize("code", sorted(words.REFUSALS))
def test_the_words_of_a_refusal_ask_only_for_facts_that_are_given(code):
    zh, en = words.REFUSALS[code]
    assert zh
    assert en
    fields = [{name for _, name, _, _ in Formatter().parse(text) if name} for text in (zh, en)]
    assert fields[0] == fields[1]
    assert fields[0] <= refusals()[code] | {"law", "rule"}


def test_every_event_and_command_has_words():
    assert set(words.EVENTS) == members(e.Event)
    assert set(words.COMMANDS) == members(c.Command)


def test_every_stage_seal_role_and_status_has_words():
    assert set(words.STAGES) == set(Stage)
    assert set(words.SEALS) == set(Seal)
    assert set(words.TASKS) == set(TaskStatus)
    assert set(Role) <= set(words.ROLES)
    assert set(words.LAWS) == set(range(1, 10))


def test_chinese_is_chinese_and_english_is_not():
    for zh, en in (*words.REFUSALS.values(), *words.EVENTS.values(), *words.COMMANDS.values(), *words.LAWS.values()):
        assert re.search(r"[\u4e00-\u9fff]", zh), zh
        assert not re.search(r"[\u4e00-\u9fff]", en), en


def page(name):
    return (REFERENCE / name).read_text(encoding="utf-8")


def lines_of(text):
    """The rows of the page's tables, by the name in their first column."""
    return {found[1]: found[0] for found in re.finditer(r"^\| `([A-Za-z-]+)`.*$", text, re.MULTILINE)}


def test_every_refusal_stands_in_the_reference_and_none_that_is_gone():
    rows = lines_of(page("refusals.md"))
    assert set(rows) == set(words.REFUSALS)
    assert [code for code, (zh, en) in words.REFUSALS.items() if zh not in rows[code] or en not in rows[code]] == []


def test_every_event_and_command_stands_in_the_reference_with_its_fields_and_none_that_is_gone():
    rows = lines_of(page("events.md"))
    known = {**words.EVENTS, **words.COMMANDS}
    assert set(rows) == set(known)
    classes = {**vars(e), **vars(c)}
    for name, (zh, en) in known.items():
        fields = " ".join(field.name for field in dataclasses.fields(classes[name]))
        assert f"| {zh} | {en} | {fields} |" in rows[name]


def test_a_refusal_speaks_in_both_languages_with_its_facts_in_words():
    said = words.refusal(Refused("wrong-stage", stage=Stage.CLOSED, allowed="answered verifying"))
    assert said == (
        "现在是“已结案”，这一步只能在：已答复、核查中。",
        "The case is closed; this step belongs to: answered, being verified.",
    )
    assert words.refusal(Refused("wrong-role", needs="head oversight"))[0].endswith("单位负责人、督查。")


def test_a_refusal_without_words_or_facts_still_says_something():
    assert words.refusal(Refused("brand-new")) == ("brand-new", "brand-new")
    assert "—" in words.refusal(Refused("wrong-role"))[0]

"""What a scene says for itself: words for all that its tables and its rules name, in both languages."""

import re

import pytest

from bihuan import scenes
from bihuan.desk.rulebook_tables import read_tables


@pytest.fixture(params=scenes.names())
def scene(request):
    return scenes.load(request.param)


def test_everything_that_the_tables_name_has_a_word(scene):
    book = read_tables(scene.tables)
    named = {
        "steps": set(book.steps),
        "clocks": {r.key for r in book.clocks} | {r.key for c in book.categories.values() for r in c.clocks},
        "proofs": {proof for code in book.categories for proof in book.proofs_for(code)},
        "fields": {field for step in book.steps.values() for field in step.requires},
        "outcomes": set(book.outcomes),
    }
    missing = {group: keys - set(scene.words.get(group, {})) for group, keys in named.items()}
    assert not any(missing.values()), missing


def test_every_refusal_of_its_rules_has_words(scene):
    file = scene.folder / "rules.py"
    codes = set(re.findall(r'Refused\(\s*"([a-z-]+)"', file.read_text(encoding="utf-8"))) if file.is_file() else set()
    assert codes == set(scene.words.get("refusals", {}))


def test_every_word_is_there_in_both_languages(scene):
    for group, words in scene.words.items():
        for key, word in words.items():
            assert word.get("zh", "").strip(), (group, key)
            assert word.get("en", "").strip(), (group, key)


def test_big_buttons_and_classes_are_of_its_categories(scene):
    codes = read_tables(scene.tables).categories
    assert set(scene.words.get("common", {})) <= set(codes)
    for prefix in scene.words.get("groups", {}):
        assert any(code.startswith(prefix) for code in codes), prefix

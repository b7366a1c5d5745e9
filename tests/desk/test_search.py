"""Search finds all that one may see, and nothing else: held against a walk over every case by plain reading."""

import random
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

import page_district
from bihuan.desk import api as desk
from bihuan.desk import feed, identity, instant, names, privacy, rulebooks, seals, search, search_words, units
from bihuan.desk.actor import SYSTEM
from bihuan.desk.seals import Level
from bihuan.kernel import commands as c
from bihuan.kernel.case import Seal
from bihuan.testing import books
from field_site import act, actor, dispatched, reported

THINGS = ["井盖松动", "下水道堵了", "路灯不亮", "噪音很大", "streetlight broken", "垃圾没人收", "电动车 在楼道充电"]
WHERE = ["3号楼", "中兴路口", "School gate", "菜市场门口", "桥下"]


@pytest.fixture
def district(clean_db, settings, tmp_path, monkeypatch):
    settings.DATA = tmp_path
    for room in (names, rulebooks, units):
        monkeypatch.setattr(room, "STALE_AFTER", 3600)
    identity.forget_numbers()
    page_district.build()
    return page_district


@pytest.fixture
def public(district):
    """Manhole covers are public for the day."""
    book = books.city()
    kinds = {code: replace(kind, seal=Seal.L0) if code == "manhole" else kind for code, kind in book.categories.items()}
    rulebooks.import_book(
        replace(book, version="public", categories=kinds), by="test", at=datetime(2025, 1, 2, tzinfo=UTC)
    )
    rulebooks.forget()
    return district


def found(text, account="zhou", **more):
    feed.settle()
    search.settle()
    return [hit.line.id for hit in search.find(actor(account), text, **more).found]


def test_words_are_pairs_of_signs_and_whole_words_and_no_numbers_of_people():
    assert list(search_words.words("井盖松了，Gate-3 的 ＡＢＣ")) == ["井盖", "盖松", "松了", "gate", "abc"]
    assert list(search_words.words("电话 13800001111，身份证500103199001011234，12栋")) == [
        "电话",
        "身份",
        "份证",
        "12",
    ]
    assert list(search_words.words("井")) == []


def test_found_by_what_was_written_by_matter_by_place_and_by_several_at_once(district):
    case, other = reported("巷口的井盖一踩就响"), reported("雨后积水很深", "")
    assert found("井盖 踩就响") == [case]
    assert found("积水") == [other]
    assert found("梧桐社区") == [other, case]
    assert found("梧桐 积水") == [other]
    assert found("没有这样的字") == []


def test_the_words_around_the_hit_are_shown_to_who_may_read_them(district):
    reported("巷口的井盖一踩就响，晚上有老人走")
    feed.settle()
    search.settle()
    (hit,) = search.find(actor("zhou"), "老人").found
    assert "老人" in hit.snippet


def test_what_was_written_is_not_found_by_who_may_only_know_of_the_case(public):
    case = reported("巷口的井盖一踩就响")
    assert found("踩就响", "gu") == []
    assert case in found("梧桐社区", "gu")


def test_nothing_sealed_is_found_also_when_it_was_sealed_later_before_the_index_knows(district):
    case = reported("巷口的井盖一踩就响")
    reported("邻居打老婆，天天听到哭", seal=Seal.L2)
    assert found("打老婆") == []
    assert found("踩就响") == [case]
    act(case, c.Reseal(Seal.L2, "§"), "zhou")
    assert [hit.line.id for hit in search.find(actor("zhou"), "踩就响").found] == []
    feed.settle()
    search.settle()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM case_words")
        assert cursor.fetchone() == (0,)


def test_who_is_erased_is_found_no_more_by_what_he_wrote(district):
    case = reported("巷口的井盖一踩就响")
    assert found("踩就响") == [case]
    privacy.erase_person(SYSTEM, page_district.person("resident"), "本人要求")
    assert found("踩就响") == []
    assert found("梧桐社区") == [case]


def test_the_index_holds_no_word_and_another_number_in_each_segment(district):
    reported("巷口的井盖一踩就响")
    found("井盖")
    assert not set(search_words.tokens(["井盖"], 0)) & set(search_words.tokens(["井盖"], 1))
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(w)::text FROM case_words w")
        (row,) = cursor.fetchone()
    assert "井" not in row
    assert "e4ba95" not in row


def test_pages_follow_one_another_through_the_segments_without_gap_or_repetition(district, monkeypatch):
    monkeypatch.setattr(search, "A_SEGMENT", 4)
    cases = [reported(f"井盖第 {number} 次响") for number in range(23)]
    feed.settle()
    search.settle()
    seen, after = [], ""
    while True:
        hits = search.find(actor("zhou"), "井盖", after=after, limit=5)
        seen += [hit.line.id for hit in hits.found]
        if not (after := hits.next):
            break
    assert seen == sorted(cases, reverse=True)


def test_the_same_is_found_as_by_reading_every_case(public, monkeypatch):
    """Every reader, many questions: the index against a walk over all cases with the table of seals."""
    monkeypatch.setattr(search, "A_SEGMENT", 8)
    die = random.Random(11)
    texts = {}
    for number in range(60):
        text = f"{die.choice(WHERE)}{die.choice(THINGS)}"
        make = dispatched if number % 3 == 0 else reported
        case = make(text, category=die.choice(["manhole", "rubbish", ""]) if make is reported else "manhole")
        if die.random() < 0.2:
            act(case, c.Reseal(Seal.L2, "§"), "zhou")
        texts[case] = text
    feed.settle()
    search.settle()
    for account in page_district.PEOPLE:
        eyes = seals.viewer_of(actor(account), instant.now())
        for asked in ("井盖", "松动 路口", "streetlight", "school gate", "梧桐", "井盖缺损", "垃圾 桥下"):
            wanted = [case for case in sorted(texts, reverse=True) if _is_hit(eyes, case, texts[case], asked)]
            hits = [hit.line.id for hit in search.find(actor(account), asked, limit=200).found]
            assert hits == wanted, (account, asked)


def _is_hit(eyes, case, text, asked):
    facts = seals.find_facts(case)
    view = desk.read_case(SYSTEM, case, purpose="test")
    level = seals.may_see(eyes, facts).level
    if facts.is_sealed or level is Level.NONE:
        return False
    place = names.place(view.state.place)
    street = names.unit(place.parent)
    kind = view.category
    about = f"{kind.name} {kind.name_en} {place.name} {place.name_en} {street.name} {street.name_en}"
    words = search_words.words(about)
    if level is Level.FULL:
        words |= search_words.words(text) | search_words.words("中兴路 12 号门口")
    return set(search_words.words(asked)) <= set(words)


def test_the_number_of_questions_does_not_grow_with_what_is_found(district):
    def asked(limit):
        with CaptureQueriesContext(connection) as queries:
            search.find(actor("zhou"), "井盖", limit=limit)
        return len(queries)

    for number in range(12):
        reported(f"井盖第 {number} 次响")
    found("井盖")
    assert asked(2) == asked(12) <= 9


def test_a_case_is_put_in_once_however_often_the_reader_starts_anew(district):
    case = reported("巷口的井盖一踩就响")
    found("井盖")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE cursor SET pos = 0 WHERE name = 'search'")
    assert found("井盖") == [case]

"""Equal open cases: found by place, time, kind and words; nothing sealed, nothing that the viewer may not read."""

import csv
import gzip
import importlib.util
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path

import pytest
from django.db import connection

import page_district
import shared_data
from bihuan.desk import api as desk
from bihuan.desk import equal, equal_keys, feed, identity, privacy, rulebooks
from bihuan.desk.actor import SYSTEM
from bihuan.desk.equal_keys import Hasher, Matter, compare, keys, told
from bihuan.kernel import commands as c
from bihuan.kernel.case import Seal
from bihuan.testing import books
from field_site import act, actor, finished, reported

SPOT = {"lon": 106.5301, "lat": 29.5401}
BESIDE = {"lon": 106.5302, "lat": 29.5402}
TOLD = "中兴路口人行道上的污水井盖松了,车一压就响,晚上睡不着"
AGAIN = "人行道上那个井盖松动,半夜汽车压过去哐当响,吵得睡不着"


@pytest.fixture
def district(clean_db, settings, tmp_path):
    settings.DATA = tmp_path
    identity.forget_numbers()
    page_district.build()
    return page_district


def made_public():
    book = books.city()
    kinds = {code: replace(kind, seal=Seal.L0) if code == "manhole" else kind for code, kind in book.categories.items()}
    rulebooks.import_book(
        replace(book, version="public", categories=kinds), by="test", at=datetime(2025, 1, 2, tzinfo=UTC)
    )
    rulebooks.forget()


def found(who=None, text=AGAIN, category="manhole", **more):
    feed.settle()
    equal.settle()
    matter = Matter(text, "", category, page_district.PLACE, **(BESIDE | more))
    return equal.find(who or actor("zhou"), matter)


def test_a_report_near_by_in_other_words_is_found_and_says_why(district):
    case = reported(TOLD, **SPOT)
    reported("小区垃圾三天没有人收,臭得很", "rubbish", **SPOT)
    (one,) = found()
    assert one.line.id == case
    assert 10 < one.alike.metres < 20
    assert one.alike.same_category
    assert {"井盖松", "人行道上"} & set(one.words) or "井盖" in "".join(one.words)
    assert one.days == 0


def test_another_matter_on_the_same_spot_is_not_proposed(district):
    reported(TOLD, **SPOT)
    assert found(text="烧烤摊油烟太大,天天熏得家里没法开窗,请来管一管") == []


def test_without_a_point_the_community_and_the_words_find_it(district):
    case = reported(TOLD)
    assert [one.line.id for one in found(text=TOLD[3:-3], lon=None, lat=None)] == [case]


def test_nothing_sealed_is_proposed_also_when_it_was_sealed_before_the_index_knows(district):
    reported(TOLD, seal=Seal.L2, **SPOT)
    assert found() == []
    case = reported(TOLD, **SPOT)
    assert len(found()) == 1
    act(case, c.Reseal(Seal.L3, "依据"), "zhou")
    assert equal.find(actor("zhou"), Matter(AGAIN, "", "manhole", page_district.PLACE, **BESIDE)) == []
    assert found() == []
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM case_alike")
        assert cursor.fetchone() == (0,)


def test_what_is_closed_is_not_proposed(district):
    case = reported(TOLD, **SPOT)
    act(case, c.Accept(), "zhou")
    act(case, c.Dispatch("", reason=""), "zhou")
    assert len(found()) == 1
    finished(case)
    assert found() == []


def test_words_are_compared_only_where_they_may_be_read(district):
    made_public()
    reported(TOLD, **SPOT)
    (one,) = found(desk.ANONYMOUS, text="")
    assert (one.alike.text, one.words) == (None, ())
    # The words of the other report must not show through what is proposed: asked with them or without, it is the same.
    assert [x.line.id for x in found(desk.ANONYMOUS, text=TOLD)] == [one.line.id]
    assert found(desk.ANONYMOUS, text=TOLD, category="rubbish") == []
    assert found(actor("gu"), text=TOLD, category="rubbish") == []


def test_the_public_is_told_of_public_cases_alone(district):
    reported(TOLD, **SPOT)
    assert found(desk.ANONYMOUS) == []


def test_erasing_the_reporter_takes_his_report_out(district):
    case = reported(TOLD, **SPOT)
    assert len(found()) == 1
    privacy.erase_person(SYSTEM, page_district.person("resident"), "本人要求")
    assert found() == []
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM case_alike WHERE case_id = %s", [case])
        assert cursor.fetchone() == (0,)


# --- how well, on real texts


def made():
    path = Path(__file__).parents[2] / "benchmarks" / "equal_made.py"
    spec = importlib.util.spec_from_file_location("equal_made", path)
    module = importlib.util.module_from_spec(spec)
    import sys

    sys.modules["equal_made"] = module
    spec.loader.exec_module(module)
    return module


def test_duplicates_of_real_texts_are_found_and_fresh_ones_left_alone(monkeypatch):
    """The measure of the benchmark, small: 4,000 open, 400 duplicates, 400 fresh ones, half of them on a used spot."""
    em, folder = made(), shared_data.folder("teddy_c2020")
    monkeypatch.setattr(equal_keys.keyring, "code_key", lambda: b"k" * 32)
    chance = random.Random(7)
    with gzip.open(folder / "annex2_titles_9210.csv.gz", "rt", encoding="utf-8-sig", newline="") as file:
        texts = list(dict.fromkeys(row["留言主题"] for row in csv.DictReader(file) if len(row["留言主题"]) > 8))
    chance.shuffle(texts)
    addresses, signs = em.addresses_of(chance), "".join(texts[:300])
    pool = [
        em.report(chance, text, em.spot(chance, addresses), with_point=chance.random() < 0.8) for text in texts[:4000]
    ]
    hasher = Hasher()

    def plain(one):
        return told(hasher, Matter(one.text, "", one.category, one.place, one.lon, one.lat))

    index, known = {}, [plain(one) for one in pool]
    for number, one in enumerate(known):
        for key in chain(*keys(hasher, one)):
            index.setdefault(key, []).append(number)

    def proposed(asked):
        one = plain(asked)
        numbers = {number for key in chain(*keys(hasher, one, around=True)) for number in index.get(key, ())}
        apart = {number: timedelta(days=pool[number].age - asked.age) for number in numbers}
        alike = {number: compare(one, known[number], apart[number]) for number in numbers}
        return sorted((n for n in numbers if alike[n]), key=lambda n: -alike[n].score)[:3]

    chosen = chance.sample(range(4000), 400)
    hits = sum(number in proposed(em.duplicate(chance, pool[number], number, signs)) for number in chosen)
    wrong = sum(bool(proposed(em.fresh(chance, text, pool, addresses))) for text in texts[4000:4400])
    assert hits >= 360
    assert wrong <= 20

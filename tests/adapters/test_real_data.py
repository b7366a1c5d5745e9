"""Files of real cities, as they are published: taken in whole, told what was not, and the audit is clean."""

import gzip
from collections import Counter
from pathlib import Path

import pytest

import shared_data
from bihuan import scenes
from bihuan.adapters.importing.mapping import Mapping, read_mapping
from bihuan.adapters.importing.run import run
from bihuan.adapters.importing.sources import look
from bihuan.desk import api, identity, rulebooks

MAPPINGS = Path(__file__).parents[2] / "docs" / "howto" / "mappings"


@pytest.fixture
def city(clean_db):
    identity.forget_numbers()
    rulebooks.forget()
    api.upkeep.import_book(scenes.load("city").tables, by="test")


def take(folder, name, mapping, tmp_path, most=None):
    path = shared_data.folder(folder) / name
    if most is not None:
        short = tmp_path / name
        with gzip.open(path, "rt", encoding="utf-8") as whole, gzip.open(short, "wt", encoding="utf-8") as part:
            part.writelines(line for _, line in zip(range(most + 1), whole, strict=False))
        path = short
    return run(look(path), read_mapping(MAPPINGS / mapping), "city", tmp_path / "rejected.csv")


def test_baltimore_was_in_time_as_its_own_dates_say(city, tmp_path):
    report = take("baltimore_311", "311_sample_10000.csv.gz", "baltimore-311.toml", tmp_path)
    assert (report.taken, report.refused, report.repeated) == (10_000, 0, 0)
    assert report.on_time["there"] == {"closed": 9_555, "in_time": 7_988}  # 83.6 %, as published with the data
    assert report.on_time["closed"] == report.stages["closed"]
    assert api.audit().problems == []


def test_san_francisco_closed_seventeen_before_they_were_opened(city, tmp_path):
    report = take("sf_311", "sf_311_10000.csv.gz", "sf-311.toml", tmp_path)
    assert (report.taken, report.reasons) == (9_983, Counter({"import-times": 17}))
    assert len((tmp_path / "rejected.csv").read_text("utf-8-sig").splitlines()) == 18


def test_chicago_gives_days_without_hours_and_some_numbers_twice(city, tmp_path):
    name = "sanitation_code_complaints.csv.gz"
    report = take("chicago_311_sanitation", name, "chicago-311-sanitation.toml", tmp_path, most=28_000)
    assert report.taken + report.repeated == 28_000
    assert report.repeated > 0
    assert set(report.reasons) == {"repeated"}


def test_citizens_letters_are_routed_by_their_label_and_the_rest_goes_to_triage(city, tmp_path):
    mapping = Mapping(
        "teddy-annex2", {"source_id": "留言编号", "text": "留言详情", "category": "一级标签"}, way="report",
        values={"category": {"城乡建设": "S0601", "环境保护": "S0118", "交通运输": "S0505"}}, other={"category": ""},
    )  # fmt: skip
    path = shared_data.folder("teddy_c2020") / "annex2_full_rows.csv.gz"
    report = run(look(path), mapping, "city", tmp_path / "rejected.csv")
    assert report.taken == report.rows == 1_825
    assert 0 < report.to_triage < report.taken
    assert report.stages == {"registered": 1_825}
    assert api.audit().problems == []


def test_letters_with_replies_find_a_category_by_their_words(city, tmp_path):
    keywords = {
        "S0601": ["物业", "业委会"],
        "S0301": ["噪音", "噪声", "施工扰民"],
        "S0102": ["垃圾"],
        "S0505": ["停车"],
        "S0404": ["下水道", "污水"],
        "B0115": ["路灯"],
        "S0110": ["路面", "坑洼"],
    }
    mapping = Mapping("teddy-annex4", {"source_id": "留言编号", "text": "留言详情"}, way="report", keywords=keywords)
    path = shared_data.folder("teddy_c2020") / "annex4_replies_2816.csv.gz"
    report = run(look(path), mapping, "city", tmp_path / "rejected.csv")
    assert report.taken == 2_816
    assert 0.3 < report.to_triage / report.taken < 0.8

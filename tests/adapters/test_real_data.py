"""Files of real cities, as they are published: taken in whole, told what was not, and the audit is clean."""

import csv
import gzip
import json
import shutil
from pathlib import Path

import pytest
import xlsxwriter
from django.db import connection

import shared_data
from bihuan import scenes
from bihuan.adapters.importing.mapping import read_mapping
from bihuan.adapters.importing.run import run
from bihuan.adapters.importing.sources import look
from bihuan.desk import api, identity, rulebooks

MAPPINGS = Path(__file__).parents[2] / "docs" / "howto" / "mappings"


@pytest.fixture
def city(clean_db):
    identity.forget_numbers()
    rulebooks.forget()
    api.upkeep.import_book(scenes.load("city").tables, by="test")


def take(path, mapping, tmp_path):
    report = run(look(path), read_mapping(MAPPINGS / mapping), "city", tmp_path / "rejected.csv")
    assert report.taken + report.repeated + report.refused == report.rows
    assert sum(report.stages.values()) >= report.taken
    assert api.audit().problems == []
    return report


def beginning(path, folder, most):
    with (
        gzip.open(path, "rt", encoding="utf-8") as whole,
        gzip.open(folder / path.name, "wt", encoding="utf-8") as part,
    ):
        part.writelines(line for _, line in zip(range(most + 1), whole, strict=False))
    return folder / path.name


def test_baltimore_was_in_time_as_its_own_dates_say(city, tmp_path):
    path = shared_data.folder("baltimore_311") / "311_sample_10000.csv.gz"
    report = take(path, "baltimore-311.toml", tmp_path)
    assert (report.taken, report.refused, report.repeated) == (10_000, 0, 0)
    assert report.on_time["there"] == {"closed": 9_555, "in_time": 7_988}  # 83.6 %, as published with the data
    assert report.on_time["closed"] == report.stages["closed"]
    assert (report.on_time["in_time"], report.on_time["closed"]) == (5_100, 9_792)  # by our own limits
    assert report.outcomes == {"duplicate": 217, "transferred": 18}


def test_san_francisco_closed_seventeen_before_they_were_opened(city, tmp_path):
    report = take(shared_data.folder("sf_311") / "sf_311_10000.csv.gz", "sf-311.toml", tmp_path)
    assert (report.taken, report.reasons) == (9_983, {"import-times": 17})
    assert (report.on_time["in_time"], report.on_time["closed"]) == (3_053, 9_613)
    assert len((tmp_path / "rejected.csv").read_text("utf-8-sig").splitlines()) == 18


def test_chicago_gives_days_without_hours_and_some_numbers_twice(city, tmp_path):
    path = shared_data.folder("chicago_311_sanitation") / "sanitation_code_complaints.csv.gz"
    report = take(beginning(path, tmp_path, 28_000), "chicago-311-sanitation.toml", tmp_path)
    assert report.rows == 28_000
    assert report.repeated > 0
    assert set(report.reasons) == {"repeated"}
    assert report.outcomes["duplicate"] > 1000
    assert (report.on_time["in_time"], report.on_time["closed"]) == (4_964, 27_984)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM event WHERE kind = 'ImportedCase' AND body NOT LIKE '%\"days_only\":true%'"
        )
        assert cursor.fetchone() == (0,)


NEW_YORK = {
    "nyc311_1000_mixed_2010-2019.csv.gz": ("nyc-311.toml", 1000),
    "nyc311_924_2022-05-01.csv.gz": ("nyc-311.toml", 924),
    "nyc311_117_noise_2016.csv.gz": ("nyc-311.toml", 117),
    "nyc311_500_2023-12-10.csv.gz": ("nyc-311-api.json", 500),
    "nyc311_socrata_api_1000_2012.json.gz": ("nyc-311-api.json", 1000),
}


@pytest.mark.parametrize("name", NEW_YORK)
def test_new_york_in_every_form_in_which_it_is_published(city, tmp_path, name):
    mapping, rows = NEW_YORK[name]
    if name == "nyc311_500_2023-12-10.csv.gz":  # has no such column, and a CSV must have what its mapping names
        known = json.loads((MAPPINGS / mapping).read_text("utf-8"))
        del known["columns"]["due"]
        mapping = tmp_path / "without-due.json"
        mapping.write_text(json.dumps(known), "utf-8")
    report = take(shared_data.folder("nyc_311_small") / name, mapping, tmp_path)
    assert (report.rows, report.repeated) == (rows, 0)
    assert report.taken >= 0.98 * rows
    assert set(report.reasons) <= {"import-times", "unlikely-year"}  # closed before opened; due in 1900


# -- letters of citizens ------------------------------------------------------------------------------------------

LETTERS = "annex2_full_rows.csv.gz"


def letters(name):
    return shared_data.folder("teddy_c2020") / name


def as_gbk(folder):
    with gzip.open(letters(LETTERS), "rt", encoding="utf-8") as whole:
        (folder / "letters.csv").write_text(whole.read(), "gb18030")
    return folder / "letters.csv"


def as_workbook(folder):
    with gzip.open(letters(LETTERS), "rt", encoding="utf-8", newline="") as whole:
        rows = list(csv.reader(whole))
    options = {"strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(folder / "letters.xlsx", options) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    return folder / "letters.xlsx"


def as_published(folder):
    return Path(shutil.copy(letters(LETTERS), folder))


@pytest.mark.parametrize("form", [as_published, as_gbk, as_workbook])
def test_letters_are_routed_by_each_of_the_seven_labels(city, tmp_path, form):
    report = take(form(tmp_path), "letters-by-label.toml", tmp_path)
    assert report.taken == report.rows == 1_825
    assert report.to_triage == 0
    assert report.stages == {"registered": 1_825}
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(DISTINCT category) FROM case_row")
        assert cursor.fetchone() == (7,)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*), count(*) FILTER (WHERE body LIKE '%领导%') FROM event")
        events, with_words = cursor.fetchone()
    assert events >= 1_825
    assert with_words == 0


def test_letters_find_a_category_by_their_words(city, tmp_path):
    report = take(letters("annex4_replies_2816.csv.gz"), "letters-by-words.toml", tmp_path)
    assert report.taken == 2_816
    assert 0.2 < report.to_triage / report.taken < 0.4

"""What columns mean: by a mapping, by a guess; times, days, words, places."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bihuan.adapters.importing.mapping import Mapping, check, guess, read_mapping
from bihuan.adapters.importing.meaning import BadValue, live, past
from bihuan.adapters.importing.rows import BadFile
from bihuan.desk import api

TOML = """
source = "older"
time_format = "%d.%m.%Y"
[columns]
source_id = "id"
opened = "at"
[values.category]
"Pothole" = "S0110"
[other]
category = ""
"""
JSON = {
    "source": "older",
    "time_format": "%d.%m.%Y",
    "columns": {"source_id": "id", "opened": "at"},
    "values": {"category": {"Pothole": "S0110"}},
    "other": {"category": ""},
}


def test_a_mapping_is_the_same_in_toml_and_in_json(tmp_path):
    (tmp_path / "m.toml").write_text(TOML)
    (tmp_path / "m.json").write_text(json.dumps(JSON))
    found = read_mapping(tmp_path / "m.toml")
    assert found == read_mapping(tmp_path / "m.json")
    assert found.values == {"category": {"Pothole": "S0110"}}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "source"),
        ("source = 'x'\n[columns]\nopened='a'", "source_id"),
        ("source = 'x'\n[columns]\nsource_id='a'\ncolour='b'", "colour"),
        ("oops", "oops|expected|Expected"),
        ("source='x'\nfoo=1\n[columns]\nsource_id='a'", "foo"),
        ("source='x'\ncolumns=3", "columns"),
        ("source='x'\nzone='Mars/North'\n[columns]\nsource_id='a'", "Mars"),
        ("source='x'\ncrs='flat'\n[columns]\nsource_id='a'", "crs"),
        ("source='x'\n[columns]\nsource_id='a'\n[values]\ncategory='S0110'", "values.category"),
    ],
)
def test_a_mapping_with_a_mistake_is_refused_and_the_mistake_named(tmp_path, text, said):
    (tmp_path / "m.toml").write_text(text)
    with pytest.raises(BadFile, match=said):
        read_mapping(tmp_path / "m.toml")


# -- a guess ------------------------------------------------------------------------------------------------------


def test_columns_are_guessed_from_their_names():
    found = guess(["Service Request Number", "Creation_Date", "Completion_Date", "Latitude"], [], "x", {})
    assert (found.way, found.columns["closed"], found.columns["lat"]) == ("history", "Completion_Date", "Latitude")
    assert guess(["留言编号", "留言详情"], [], "x", {}).way == "report"
    with pytest.raises(BadFile):
        guess(["colour"], [], "x", {})


def test_how_times_are_written_is_guessed_from_them_unless_there_are_two_ways():
    def of(*times):
        return guess(["id", "opened"], [{"id": "1", "opened": time} for time in times], "x", {}).time_format

    assert of("2024-03-04", "2024/3/4 5:06") == ""
    assert of("04/12/2018 11:11:26 AM", "04/13/2018 01:00:00 PM") == "%m/%d/%Y %I:%M:%S %p"
    assert of("31.12.2018") == "%d.%m.%Y"
    assert of("13/12/2018 11:11") == "%d/%m/%Y %H:%M"
    with pytest.raises(BadFile, match="03/04/2018"):
        of("03/04/2018", "05/06/2018")


def test_guessed_categories_are_known_by_code_and_name_and_the_rest_is_for_the_desk():
    mapping = guess(["id", "opened", "category"], [], "x", {"S0110": "S0110", "道路破损": "S0110"})
    row = {"id": "1", "opened": "2024-03-04"}
    found = [past(mapping, row | {"category": word}).category for word in ("S0110", "道路破损", "no such")]
    assert found == ["S0110", "S0110", ""]


def test_columns_that_are_not_there_are_named_and_each_way_has_its_needs():
    mapping = Mapping("x", {"source_id": "id", "opened": "at"})
    check(mapping, ["id", "at", "more"])
    with pytest.raises(BadFile, match="at"):
        check(mapping, ["id"])
    check(mapping, ["id"], is_sparse=True)
    for lacking in (replace(mapping, columns={"source_id": "id"}), replace(mapping, way="report")):
        with pytest.raises(BadFile, match="columns"):
            check(lacking, ["id", "at"])


# -- times --------------------------------------------------------------------------------------------------------

TIMES = Mapping("x", {"source_id": "id", "opened": "at", "closed": "end", "due": "due"}, zone="America/New_York")


def taken(mapping=TIMES, **row):
    return past(mapping, {"id": "1", **row})


@pytest.mark.parametrize(
    "text",
    ["2018-04-12 11:11:26", "2018-04-12T11:11:26.000", "2018/4/12 11:11:26", "2018-04-12 15:11:26 UTC",
     "2018-04-12T15:11:26Z", "2018-04-12T23:11:26+08:00", "2018年4月12日 11:11:26"],
)  # fmt: skip
def test_an_instant_is_read_in_the_zone_in_which_it_was_written(text):
    made = taken(at=text)
    assert (made.opened, made.days_only) == (datetime(2018, 4, 12, 15, 11, 26, tzinfo=UTC), False)


@pytest.mark.parametrize("text", ["2018-04-12", "2018/4/12", "2018年4月12日", "2018.4.12"])
@pytest.mark.parametrize("zone", ["America/Los_Angeles", "Pacific/Auckland"])
def test_a_day_is_that_very_day_here_wherever_it_was_written(text, zone):
    made = taken(replace(TIMES, zone=zone), at=text)
    assert made.days_only
    assert made.opened == datetime(2018, 4, 11, 16, tzinfo=UTC)  # the start of 12 April in China


def test_one_day_without_an_hour_makes_days_of_all_and_no_hour_is_invented():
    made = taken(at="2018-04-12 23:11:26", end="2018-04-12", due="2018-04-13 08:00")
    assert made.days_only
    assert made.opened == made.closed == datetime(2018, 4, 11, 16, tzinfo=UTC)
    assert made.due == datetime(2018, 4, 12, 16, tzinfo=UTC)


def test_midnights_that_only_look_like_hours_can_be_called_days():
    row = {"at": "2018-04-12T00:00:00", "end": "2018-04-13T00:00:00"}
    assert not taken(**row).days_only
    made = taken(replace(TIMES, days_only=True), **row)
    assert (made.days_only, made.opened) == (True, datetime(2018, 4, 11, 16, tzinfo=UTC))
    assert taken(replace(TIMES, time_format="%m/%d/%Y"), at="04/12/2018").days_only


@pytest.mark.parametrize(
    ("row", "name", "code"),
    [
        ({"at": ""}, "opened", "missing"),
        ({"at": "soon"}, "opened", "no-time"),
        ({"at": "2018-02-30"}, "opened", "no-time"),
        ({"at": "1018-02-03"}, "opened", "unlikely-year"),
        ({"at": "2018-02-03", "end": "then"}, "closed", "no-time"),
        ({"at": "2018-02-03", "id": ""}, "source_id", "missing"),
        ({"at": "2018-02-03", "id": "x" * 200}, "source_id", "too-long"),
    ],
)
def test_what_cannot_be_taken_is_named_by_field_and_reason(row, name, code):
    with pytest.raises(BadValue) as bad:
        taken(**row)
    assert (bad.value.name, bad.value.code) == (name, code)


# -- words and places ---------------------------------------------------------------------------------------------


def test_words_become_ours_and_the_rest_what_is_said_of_it():
    mapping = Mapping(
        "x", {"source_id": "id", "opened": "at", "category": "kind", "unit": "who", "outcome": "state"},
        values={"category": {"Graffiti": "S0201"}, "outcome": {"Completed - Dup": "duplicate"}},
        other={"category": "S0102"}, unit="yz.cgj",
    )  # fmt: skip
    row = {"id": "1", "at": "2018-04-12", "kind": "Graffiti", "who": "", "state": "Completed"}
    made = past(mapping, row)
    assert (made.category, made.unit, made.outcome) == ("S0201", "yz.cgj", "")
    made = past(mapping, row | {"kind": "Other", "who": "yz.sz", "state": "Completed - Dup"})
    assert (made.category, made.unit, made.outcome) == ("S0102", "yz.sz", "duplicate")


def test_points_are_wgs84_and_zeros_are_nothing(clean_db):
    mapping = Mapping("x", {"source_id": "id", "opened": "at", "lon": "x", "lat": "y"})
    row = {"id": "1", "at": "2018-04-12"}
    assert past(mapping, row | {"x": "106.55", "y": "29.56"}).lon == 106.55
    assert past(mapping, row | {"x": "0.0", "y": "0"}).lon is None
    assert past(mapping, row | {"x": "106.55", "y": ""}).lat is None
    moved = past(replace(mapping, crs="gcj02"), row | {"x": "106.55", "y": "29.56"})
    assert 200 < abs(moved.lon - 106.55) * 96_000 < 700
    for wrong in ("east", "999", "nan"):
        with pytest.raises(BadValue, match="lon"):
            past(mapping, row | {"x": wrong, "y": "29"})


def test_a_point_in_a_known_area_gives_the_place(clean_db):
    ring = [[106.0, 29.0], [107.0, 29.0], [107.0, 30.0], [106.0, 30.0], [106.0, 29.0]]
    square = {"type": "Polygon", "coordinates": [ring]}
    feature = {"type": "Feature", "properties": {"place": "500103", "name": "渝中"}, "geometry": square}
    api.import_areas(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    mapping = Mapping("x", {"source_id": "id", "opened": "at", "lon": "x", "lat": "y", "place": "p"})
    row = {"id": "1", "at": "2018-04-12", "x": "106.55", "y": "29.56", "p": ""}
    assert past(mapping, row).place == "500103"
    assert past(mapping, row | {"p": "500106"}).place == "500106"
    assert past(mapping, row | {"x": "105.55"}).place == ""


# -- reports ------------------------------------------------------------------------------------------------------

LETTERS = Mapping("letters", {"source_id": "id", "title": "t", "text": "b", "opened": "at"}, way="report")


def test_a_report_keeps_title_text_and_where_it_came_from(monkeypatch):
    row = {"id": "530", "t": "路灯不亮", "b": "三盏都坏了", "at": "2019/11/10 18:59:24"}
    texts = live(LETTERS, row, "city").intake.texts
    assert texts == {"text": "路灯不亮\n三盏都坏了", "origin": "letters · 530 · 2019/11/10 18:59:24"}
    assert live(LETTERS, row | {"b": ""}, "city").intake.texts["text"] == "路灯不亮"
    with pytest.raises(BadValue, match="text"):
        live(LETTERS, row | {"b": "", "t": ""}, "city")


def test_a_long_text_is_taken_whole_or_refused_and_never_cut():
    long = "长" * 19_990
    row = {"id": "1", "t": "", "b": long, "at": ""}
    assert live(LETTERS, row, "city").intake.texts["text"] == long
    with pytest.raises(BadValue, match="too-long"):
        live(LETTERS, row | {"b": long + "十一个字就太长了,真的"}, "city")


def test_keywords_choose_a_category_and_leave_the_rest_to_the_desk():
    mapping = replace(LETTERS, keywords={"S0102": ["垃圾"], "B0115": ["路灯"]})
    rows = [{"id": "1", "t": title, "b": "请处理"} for title in ("路灯坏了", "垃圾没人收", "别的")]
    assert [live(mapping, row, "city").intake.category for row in rows] == ["B0115", "S0102", ""]

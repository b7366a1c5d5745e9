"""City management: its manifest, and its tables as rules that a district could work with."""

from datetime import date
from pathlib import Path

import pytest
from django.db import connection

from bihuan import scenes
from bihuan.desk import rulebooks
from bihuan.desk.rulebook_files import csv_bytes
from bihuan.desk.rulebook_problems import problems
from bihuan.desk.rulebook_tables import read_tables, to_grids, write_tables
from bihuan.kernel.calendar import Unit
from bihuan.kernel.case import Seal
from bihuan.kernel.rules import STAGE_CLOCKS

STREETS = ("001", "003", "004", "005", "007", "008", "010", "011", "012", "013", "014")


@pytest.fixture(scope="module")
def city():
    return read_tables(scenes.load("city").tables)


def clock(book, category, key):
    (found,) = [rule for rule in book.categories[category].clocks if rule.key == key]
    return found


def test_the_tables_are_a_rulebook_that_may_be_used(city):
    assert problems(city) == []
    assert len(city.categories) >= 90
    assert {code[0] for code in city.categories} == {"B", "S"}
    for code in ("B01", "B02", "B03", "B04", "B05", "S01", "S02", "S03", "S04", "S05", "S06"):
        assert [name for name in city.categories if name.startswith(code)], code


def test_every_category_says_when_to_open_and_close_and_how_long_it_takes(city):
    for one in city.categories.values():
        assert one.accept_if, one
        assert one.close_if, one
        assert one.name_en, one
        handle = clock(city, one.code, "handle")
        assert "样例值" in handle.basis, "a limit that is a sample says so"


@pytest.mark.parametrize(
    ("code", "key", "amount", "unit"),
    [
        ("B0102", "handle", 6, Unit.HOUR),
        ("S0101", "stop", 4, Unit.OFFICE_HOUR),
        ("S0101", "punish", 7, Unit.WORKING_DAY),
        ("S0101", "demolish", 20, Unit.WORKING_DAY),
        ("S0102", "handle", 4, Unit.OFFICE_HOUR),
        ("S0104", "handle", 2, Unit.OFFICE_HOUR),
        ("S0406", "handle", 4, Unit.OFFICE_HOUR),
        ("B0405", "handle", 5, Unit.WORKING_DAY),
    ],
)
def test_limits_that_local_standards_publish(city, code, key, amount, unit):
    found = clock(city, code, key)

    assert (found.amount, found.unit) == (amount, unit)


def test_a_manhole_cover_may_take_36_hours_where_it_cannot_be_sooner(city):
    found = clock(city, "B0102", "handle")

    assert found.amount + found.extend == 36


def test_illegal_building_has_three_promises_from_dispatch_each_kept_by_its_step(city):
    started = {rule.key: rule.stops for rule in city.clocks_for("S0101", "dispatched") if rule.key not in STAGE_CLOCKS}

    assert started.pop("assist")
    assert started == {
        "stop": ("step:stopped", "declined"),
        "punish": ("step:punished", "declined"),
        "demolish": ("step:demolished", "declined"),
    }
    assert set(city.steps) == {"stopped", "punished", "demolished"}


def test_every_category_has_a_unit_in_every_street(city):
    for code in city.categories:
        for street in STREETS:
            assert city.route(code, f"500103{street}001") is not None
    assert city.route("", "").lead == "yz.zhzx"


@pytest.mark.parametrize(
    ("code", "place", "lead"),
    [
        ("B0101", "500103003020", "yz.p.gs"),
        ("B0102", "500103003020", "yz.cgj"),
        ("S0102", "500103003020", "yz.s.003"),
        ("S0102", "500103014001001", "yz.s.014"),
        ("S0505", "500103003020", "yz.jxj"),
        ("S0102", "", "yz.zhzx"),
    ],
)
def test_the_most_specific_route_wins(city, code, place, lead):
    assert city.route(code, place).lead == lead


def test_who_supervises_does_not_handle(city):
    """监管分离: the supervision centre verifies and leads no case."""
    assert city.verifier not in {unit for route in city.routes for unit in (route.lead, *route.assists)}
    assert city.verify_by == "unit"
    assert city.verifier != city.desks[0]


def test_danger_to_life_does_not_wait_for_office_hours(city):
    for code in city.categories:
        if code.startswith("S04") or code in {"S0605", "S0606"}:
            assert {r.unit for r in city.clocks_for(code, "registered")} == {Unit.HOUR}, code
            assert {r.unit for r in city.clocks_for(code, "accepted")} == {Unit.HOUR}, code


def test_a_child_in_danger_is_sealed_from_the_first_second(city):
    assert city.categories["S0606"].seal is Seal.L3


def test_the_ladder_climbs_from_warning_to_oversight(city):
    assert [(s.percent, s.action, s.to) for s in city.ladder] == [
        (75, "warn", "lead"),
        (120, "remind", "head"),
        (150, "oversee", "oversight"),
    ]


def test_the_stored_tables_are_written_as_the_program_writes_them(city):
    """So that an export of the unchanged rules is no difference to a version control system."""
    for key, (_, rows) in to_grids(city).items():
        assert (scenes.load("city").tables / f"{key}.csv").read_bytes() == csv_bytes(rows), key


def test_the_tables_survive_a_workbook(city, tmp_path):
    write_tables(city, tmp_path / "city.xlsx")

    assert read_tables(tmp_path / "city.xlsx") == city


def test_a_manifest_is_read_without_the_scene_and_names_every_key_of_the_tables(city):
    info = scenes.load("city")

    assert (info.name, info.name_en) == ("数字城管", "City management")
    assert "city" in scenes.names()
    keys = {
        "steps": set(city.steps),
        "clocks": {r.key for r in city.clocks} | {r.key for c in city.categories.values() for r in c.clocks},
        "proofs": {p for code in city.categories for p in city.proofs_for(code)},
        "fields": {field for step in city.steps.values() for field in step.requires},
    }
    assert {group: set(info.words[group]) for group in keys} == keys
    assert set(info.words["common"]) <= set(city.categories)
    assert info.word("clocks", "stop", "en") == "Stop works"
    assert info.word("clocks", "unheard") == "unheard"


@pytest.mark.parametrize("key", ["", "..", "nothing", "../city"])
def test_an_unknown_scene_is_refused_with_those_that_are_there(key):
    with pytest.raises(LookupError, match="there are city"):
        scenes.load(key)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('key = "city"', 'key = "town"', "the folder is"),
        ("kernel_api = 1", "kernel_api = 9", "update Bihuan"),
        ('owners = ["@bihuan"]', "", "'owners' is missing"),
        ('level = "ready"', 'level = "great"', "allowed are draft, exemplary, ready"),
        ("uses =", "users =", "'users' is unknown"),
        ('key = "city"', "key = city", "manifest.toml of city"),
    ],
)
def test_a_manifest_that_cannot_be_used_says_why(old, new, says, tmp_path, monkeypatch):
    text = (scenes.load("city").folder / "manifest.toml").read_text("utf-8")
    assert old in text
    folder = Path(tmp_path) / "city"
    folder.mkdir()
    (folder / "manifest.toml").write_text(text.replace(old, new), "utf-8")
    monkeypatch.setattr(scenes, "HERE", tmp_path)

    with pytest.raises(scenes.BadManifest, match=says):
        scenes.load.__wrapped__("city")


def test_a_scene_gets_its_rulebook_once_and_keeps_what_officers_made_of_it(clean_db, city, settings):
    from dataclasses import replace

    from bihuan.desk import api

    rulebooks.forget()
    settings.SCENES = ["city"]
    assert list(scenes.install()) == [("city", city.version)]
    assert list(scenes.install()) == []
    rulebooks.import_book(replace(city, version="own", effective=date(2026, 1, 1)), by="officer", at=api.now())
    assert list(scenes.install()) == []
    with connection.cursor() as cursor:
        cursor.execute("SELECT version FROM rulebook ORDER BY id")
        assert cursor.fetchall() == [(city.version,), ("own",)]


def test_what_stands_in_the_street_is_public_and_what_points_at_somebody_is_not(city):
    assert {city.categories[code].seal for code in ("B0110", "B0115", "S0102", "S0110")} == {Seal.L0}
    assert {city.categories[code].seal or city.seal for code in ("S0101", "S0114", "S0504", "S0602", "S0605")} <= {
        Seal.L1, Seal.L2, Seal.L3
    }  # fmt: skip
    assert city.seal == Seal.L1

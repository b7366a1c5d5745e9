"""The demo district: whole, repeatable, fictional where it must be, and never loaded over a real one."""

import re

import pytest
from django.conf import settings
from django.contrib.auth import authenticate
from django.db import connection
from django.test import RequestFactory

from bihuan.demo import draw, load
from bihuan.desk import api, calendars, identity, places, rulebooks, units
from bihuan.desk.places import from_wgs84
from bihuan.wiring import site

POINTS = {
    "解放碑": (106.5770, 29.5573, "003"),
    "朝天门广场": (106.5872, 29.5675, "010"),
    "洪崖洞": (106.5785, 29.5622, "003"),
    "湖广会馆": (106.5845, 29.5597, "010"),
    "十八梯": (106.5723, 29.5506, "008"),
    "人民大礼堂": (106.5508, 29.5631, "011"),
    "鹅岭": (106.5370, 29.5502, "004"),
    "浮图关": (106.5290, 29.5450, "012"),
    "李子坝站": (106.5352, 29.5526, "013"),
    "时代天街": (106.5133, 29.5424, "014"),
}


@pytest.fixture(autouse=True)
def _fresh(clean_db, settings, tmp_path):
    settings.DATA = tmp_path
    for module in (calendars, places, rulebooks, units):
        module.forget()
    identity.forget_numbers()
    site.tell_scenes()


def count(table):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        return cursor.fetchone()[0]


TABLES = ("unit", "person", "post", "auth_user", "token", "rulebook", "setting", "case_row", "event")


def test_loading_again_changes_nothing():
    said = []
    accounts = load.load_demo(lambda done, whole: said.append((done, whole)))
    first = {table: count(table) for table in TABLES}
    assert load.load_demo() == accounts

    assert {table: count(table) for table in TABLES} == first
    assert said[-1] == (6, 6)
    assert first["unit"] > 250
    assert first["rulebook"] == len(settings.SCENES)


def test_every_unit_of_the_rules_is_there_and_can_be_worked_for():
    load.load_demo()
    book = api.book_in_force("city")

    assert rulebooks.missing_units(book) == ()
    handlers = {unit for one in load.people() for unit, role in one.posts if role in {"handler", "head"}}
    assert {u for route in book.routes for u in (route.lead, *route.assists)} <= handlers


def test_shown_accounts_sign_in_and_the_token_calls():
    for account in load.load_demo():
        if account.username == "(API)":
            caller = api.find_caller(account.password)
            assert caller is not None
            assert caller.actor.unit == "yz.zhzx"
        else:
            request = RequestFactory().post("/login/")
            user = authenticate(request, username=account.username, password=account.password)
            assert user is not None
            staff = api.staff_of(user.pk)
            assert staff is not None
            assert staff.unit.name in account.post
    roles = {role for one in load.people() for _, role in one.posts}
    assert roles == {"triage", "dispatcher", "handler", "verifier", "head", "arbiter", "oversight"}


def test_nobody_verifies_for_a_unit_that_handles():
    load.load_demo()
    by_unit = {}
    for one in load.people():
        for unit, role in one.posts:
            by_unit.setdefault(unit, set()).add(role)

    # A department that asks communities for a form checks what they hand in; its own work another unit verifies.
    asking = {"yz.mzj", "yz.yjj", "yz.scj", "yz.sww"}
    assert {unit for unit, roles in by_unit.items() if {"handler", "verifier"} <= roles} == asking
    assert asking.isdisjoint(book.verifier for book in api.books_in_force())


def test_a_real_district_is_left_alone():
    api.organisation.found_units([api.organisation.UnitSpec("real", "真实的区", "district", place="500103")])
    with pytest.raises(load.NotADemo, match="empty database"):
        load.load_demo()

    assert count("unit") == 1
    assert count("auth_user") == 0


@pytest.mark.parametrize("name", POINTS)
def test_known_places_lie_in_their_street(name):
    load.load_demo()
    lon, lat, street = POINTS[name]

    assert api.place_of(lon, lat, "gcj02") == f"500103{street}"


def test_streets_fill_the_outline_without_overlap():
    load.load_demo()
    district = next(area for area in api.areas() if area.place == "500103")
    streets = [area for area in api.areas() if len(area.place) == 9]
    assert len(streets) == 11
    west, south, east, north = district.box
    seen = set()
    for i in range(60):
        for j in range(60):
            point = (west + (east - west) * (i + 0.37) / 60, south + (north - south) * (j + 0.41) / 60)
            holders = [area.place for area in streets if area.holds(*point)]
            assert len(holders) == int(district.holds(*point)), point
            seen.update(holders)
    assert len(seen) == 11


def test_a_point_across_the_river_has_no_place():
    load.load_demo()

    assert api.place_of(*from_wgs84(106.60, 29.60, "bd09"), "bd09") == ""


def test_the_sketch_is_cut_where_two_sites_are_equally_near():
    square = [(0.0, 0.0), (2.0, 0.0), (2.0, 2.0), (0.0, 2.0)]
    found = draw.cells(square, {"west": [(0.5, 1.0)], "east": [(1.5, 1.0)]})

    assert sorted(found["west"][0]) == [(0.0, 0.0), (0.0, 2.0), (1.0, 0.0), (1.0, 2.0)]


def test_example_cases_show_every_stage_and_keep_every_law():
    load.load_demo()
    assert load.load_cases() == 71
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT stage FROM case_row")
        stages = {stage for (stage,) in cursor.fetchall()}
        cursor.execute("SELECT count(*) FROM case_row WHERE scene = 'petitions' AND seal < 2")
        assert cursor.fetchone() == (0,)
    assert stages >= {"registered", "accepted", "dispatched", "working", "verifying", "closed", "declined", "merged"}
    findings = api.audit(1)
    assert findings.cases == 71
    assert findings.is_clean

    assert load.load_cases() == 0
    assert count("case_row") == 71


def test_an_interrupted_load_of_cases_goes_on(monkeypatch):
    load.load_demo()

    def stop(done, _whole):
        if done == 7:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        load.load_cases(stop)
    assert count("case_row") == 7
    assert load.load_cases() == 71
    assert count("case_row") == 71
    assert api.audit(1).is_clean


def test_people_are_plainly_fictional():
    text = (load.HERE / "cases.json").read_text("utf-8") + (load.HERE / "district.json").read_text("utf-8")

    assert all("演示" in one.name or "示范" in one.name for one in load.people())
    assert not re.search(r"(?<!\d)1[3-9]\d{9}(?!\d)", text), "a telephone number that somebody may have"
    assert not re.search(r"(?<!\d)\d{17}[\dXx](?!\d)", text), "an identity number"


def test_the_rain_of_last_night_was_a_warning_that_is_over_and_waits_to_be_judged():
    from bihuan.demo import sensing
    from bihuan.sense.detect import rules as detectors
    from bihuan.sense.judging import Judge
    from bihuan.sense.warn import rules, work

    detectors.read(sensing.DETECTORS)
    rules.read(sensing.WARNINGS)
    load.load_demo()
    assert sensing.load_readings() == len(sensing.RAIN)
    assert sensing.load_readings() == 0
    judge = Judge()
    while judge.step():
        pass
    work.step()
    (one,) = api.warnings.past()
    assert (one.grouped, one.level, one.place, one.verdict) == ("rain", "IV", sensing.XIAOJIAWAN, "")
    assert api.warnings.open_now() == []

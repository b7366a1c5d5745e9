"""The demo district lives: fictional people report and work, go on after a restart, and leave visitors' cases alone."""

from datetime import timedelta

import pytest
from django.db import connection

import rooms
from bihuan.demo import cases
from bihuan.demo.load import load_demo
from bihuan.desk import api, identity
from bihuan.testing import cast
from bihuan.testing.district import live as living
from bihuan.testing.district.live import Live


@pytest.fixture
def district(clean_db):
    identity.forget_numbers()
    load_demo()


def stages():
    with connection.cursor() as cursor:
        cursor.execute("SELECT stage, count(*) FROM case_row GROUP BY stage")
        return dict(cursor.fetchall())


def live_for(live, minutes, start=None):
    now = start or api.now()
    for _ in range(minutes):
        live.step(now)
        now += timedelta(minutes=1)
    return now


def test_people_report_and_bring_cases_to_a_verified_close(district, tmp_path):
    live_for(Live(cases.who, tmp_path / "live.json"), 60)
    found = stages()
    assert found.get("closed", 0) > 3
    assert sum(found.values()) > 20
    assert api.audit().problems == []


def test_after_a_restart_they_go_on_with_the_same_cases(district, tmp_path):
    now = live_for(Live(cases.who, tmp_path / "live.json"), 10)
    before = sum(stages().values())
    again = Live(cases.who, tmp_path / "live.json")
    again._next_report = now + timedelta(days=1)  # nothing new meanwhile
    live_for(again, 60, now)
    assert sum(stages().values()) == before
    assert stages().get("closed", 0) > 2


def test_a_visitors_report_waits_for_the_visitor(district, tmp_path):
    made = rooms.report(by=cast.LIN, category="B0110", place="500103010006")
    live_for(Live(cases.who, tmp_path / "live.json"), 30)
    assert api.track(made.receipt).state.stage == "registered"


def test_it_stops_reporting_when_much_is_open(district, tmp_path, monkeypatch):
    monkeypatch.setattr(living, "MOST_OPEN", 5)
    live = Live(cases.who, tmp_path / "live.json")
    monkeypatch.setattr(live, "_move", lambda _tale, _now: 0)  # nobody works
    live_for(live, 60)
    assert sum(stages().values()) == 5


def test_a_broken_file_of_its_own_is_no_trouble(district, tmp_path):
    (tmp_path / "live.json").write_text("{ not json")
    assert live_for(Live(cases.who, tmp_path / "live.json"), 3)
    assert sum(stages().values()) > 0

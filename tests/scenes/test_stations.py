"""Stations: a register with opening hours; what nobody has looked at for thirty days is shown as such."""

import pytest
from django.test import Client
from typer.testing import CliRunner

from bihuan import cli
from bihuan.desk import api


@pytest.fixture
def page(district):
    def get(query="", language="zh-hans"):
        answer = Client(headers={"accept-language": language}).get(f"/stations{query}")
        assert answer.status_code == 200
        return answer.content.decode()

    return get


def test_every_street_of_the_demo_has_a_station_and_one_is_stale(page):
    text = page()
    assert text.count("示范驿站·") == 11
    assert text.count("超过三十天没有核对") == 1
    assert text.count("现在开门") >= 1  # one of them never shuts
    assert "Not looked at for thirty days" in page(language="en")


def test_those_open_now_come_first(page):
    text = page()
    states = [part[: part.index("</span>")] for part in text.split('<span class="chip ')[1:]]
    opened = [state.rpartition(">")[2] == "现在开门" for state in states if "现在" in state]
    assert opened == sorted(opened, reverse=True)


def test_whoever_looks_for_a_battery_finds_only_those_that_have_one(page):
    text = page("?offers=battery&place=500103014")
    assert text.count("示范驿站·") == 1
    assert "石油路" in text
    assert page("?offers=nothing&place=x").count("示范驿站·") == 11
    assert "没有登记这样的驿站" in page("?offers=meals&place=500103013")


def test_a_look_makes_it_fresh_again(page, district):
    api.registers.verify("riders", "station", "yz-s-008", by=district.who("yz.s.008", "handler"))
    assert "超过三十天没有核对" not in page()


def test_a_table_of_stations_is_entered_from_the_command_line(district, tmp_path, monkeypatch):
    monkeypatch.setenv("BIHUAN_DATA", str(tmp_path))
    file = tmp_path / "s.csv"
    file.write_text("key,name,unit,hours\nx-1,新驿站,yz.s.001,每天 08:00-20:00\n", encoding="utf-8")
    told = CliRunner().invoke(cli.app, ["register", "import", "riders", "station", str(file)])
    assert told.exit_code == 0, told.output
    assert "x-1" in CliRunner().invoke(cli.app, ["register", "list", "riders", "station", "--json"]).output
    file.write_text("key,name,unit,hours\nx-1,新驿站,yz.s.001,随时\n", encoding="utf-8")
    wrong = CliRunner().invoke(cli.app, ["register", "import", "riders", "station", str(file)])
    assert wrong.exit_code == 1
    assert "随时" in wrong.output

"""``bihuan meeting``: a text in, a table that a person confirms, cases out."""

import csv
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bihuan import cli, demo

TEXT = Path(demo.__file__).parent / "meeting.txt"


@pytest.fixture
def bihuan(clean_db, tmp_path, monkeypatch, settings):
    from bihuan import scenes
    from bihuan.demo.load import load_demo
    from bihuan.desk import api, identity
    from bihuan.wiring.site import tell_scenes

    monkeypatch.setenv("BIHUAN_DATA", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    settings.DATA = tmp_path
    settings.SCENES = scenes.names()
    identity.forget_numbers()
    load_demo()
    tell_scenes()
    if not [book for book in api.upkeep.books() if book.scene == "commitments"]:
        api.upkeep.import_book(scenes.load("commitments").tables, by="test")
    return lambda *arguments: CliRunner().invoke(cli.app, ["meeting", *map(str, arguments)])


def table(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def confirm(path, change):
    rows = table(path)
    for number, row in enumerate(rows):
        change(number, row)
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)


def test_read_confirmed_registered_and_listed(bihuan, tmp_path):
    from bihuan.desk import api

    path, held = tmp_path / "lines.csv", api.now().date()
    told = bihuan("read", TEXT, "--held", held, "--to", path)
    assert told.exit_code == 0, told.output
    rows = table(path)
    assert len({row["发言 speaker"] for row in rows}) == 8
    assert all(row["主办 unit"] and row["读到的词 read"] and not row["确认 confirm"] for row in rows)

    asked = ("register", path, "--held", held, "--meeting", "治理工作会议", "--as", "shouli", "--json")
    assert json.loads(bihuan(*asked).stdout) == {"numbers": [], "unconfirmed": len(rows)}

    confirm(path, lambda number, row: row.update({"确认 confirm": "是" if number < 2 else ""}))
    made = json.loads(bihuan(*asked).stdout)
    assert (len(made["numbers"]), made["unconfirmed"]) == (2, len(rows) - 2)
    listed = json.loads(bihuan("promised", "--as", "shouli", "--json").stdout)
    assert {row["number"] for row in listed} == set(made["numbers"])
    assert {row["state"] for row in listed} == {"due"}
    assert "due" in bihuan("promised", "--as", "shouli").stdout


def test_nothing_unowned_comes_in_and_the_row_is_named(bihuan, tmp_path):
    from bihuan.desk import api

    path, held = tmp_path / "lines.csv", api.now().date()
    bihuan("read", TEXT, "--held", held, "--to", path)
    confirm(path, lambda number, row: row.update({"确认 confirm": "是", "主办 unit": "" if number == 1 else "yz.cgj"}))
    told = bihuan("register", path, "--held", held, "--meeting", "会", "--as", "shouli")
    assert told.exit_code == 1
    assert "第2行没有主办单位" in "".join(told.output.split())
    assert json.loads(bihuan("promised", "--as", "shouli", "--json").stdout) == []


def test_only_a_triage_post_confirms(bihuan, tmp_path):
    told = bihuan("promised", "--as", "nobody")
    assert told.exit_code == 1
    assert "nobody" in told.output

"""``bihuan webhook`` at the machine itself."""

import json

import pytest
from typer.testing import CliRunner

import rooms
from bihuan import cli


@pytest.fixture
def bihuan(clean_db, tmp_path, monkeypatch, settings):
    monkeypatch.setenv("BIHUAN_DATA", str(tmp_path))
    settings.DATA = tmp_path
    rooms.install()
    return lambda *arguments: CliRunner().invoke(cli.app, ["webhook", *arguments])


def test_added_listed_retried_and_removed(bihuan):
    told = bihuan("add", "https://example.org/hook", "--kinds", "case.closed,case.overdue", "--name", "地图", "--json")
    assert told.exit_code == 0, told.output
    made = json.loads(told.stdout)
    assert made["secret"].startswith("whsec_")
    (listed,) = json.loads(bihuan("list", "--json").stdout)
    assert (listed["id"], listed["kinds"], listed["name"]) == (made["id"], "case.closed case.overdue", "地图")
    assert made["secret"] not in bihuan("list").stdout
    assert json.loads(bihuan("log", made["id"][:13], "--json").stdout) == []
    assert "0" in bihuan("retry", made["id"]).stdout
    assert bihuan("remove", made["id"]).exit_code == 0
    assert json.loads(bihuan("list", "--json").stdout) == []


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("add", "http://127.0.0.1/"), "BIHUAN_WEBHOOK_ALLOW_PRIVATE"),
        (("add", "https://example.org/", "--unit", "nowhere"), "nowhere"),
        (("add", "https://example.org/", "--kinds", "case.eaten"), "case.closed"),
        (("remove", "abc"), "abc"),
        (("log", ""), "list"),
    ],
)
def test_what_cannot_be_done_is_said(bihuan, arguments, told):
    answer = bihuan(*arguments)
    assert answer.exit_code == 1
    assert told in answer.output.replace("\n", "")

"""`bihuan import` as somebody types it: looks, asks, takes in, says what came of it."""

import json

import pytest
from typer.testing import CliRunner

import rooms
from bihuan import cli
from bihuan.desk import api, identity

TEXT = """编号,登记时间,结案时间,类别,地址,别的
K-1,2024-03-04,2024-03-05,manhole,和平路1号,x
K-2,2024-03-04,2024-04-05,井盖缺损,和平路2号,x
K-3,2024-03-04,,no such,和平路3号,x
K-1,2024-03-04,,manhole,和平路1号,x
K-4,soon,,manhole,和平路4号,x
"""


@pytest.fixture
def bihuan(clean_db, tmp_path, monkeypatch):
    monkeypatch.setenv("BIHUAN_DATA", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    identity.forget_numbers()
    rooms.install()
    (tmp_path / "old.csv").write_text(TEXT, "gb18030")
    return lambda *arguments, said=None: CliRunner().invoke(cli.app, ["import", *arguments], input=said)


def cases():
    return api.audit().cases


def test_a_guess_is_shown_with_examples_and_taken_only_when_confirmed(bihuan):
    for said in ("n\n", None):
        asked = bihuan("old.csv", said=said)
        assert asked.exit_code == 1
        assert cases() == 0
    for word in ("source_id", "编号", "K-1", "gb18030", "history", "别的"):
        assert word in asked.output
    assert bihuan("old.csv", said="y\n").exit_code == 0
    assert cases() == 3


def test_the_report_at_the_end_as_a_table_and_as_json(bihuan, tmp_path):
    shown = bihuan("old.csv", "--scene", "city", "--yes")
    for word in ("收下", "repeated", "no-time", "closed", "按本区规则按时", "退回过", "重开过", "old.csv.rejected.csv"):
        assert word in shown.output
    told = json.loads(bihuan("old.csv", "--scene", "city", "--yes", "--json").stdout)
    assert (told["rows"], told["earlier"], told["taken"], told["repeated"], told["refused"]) == (5, 5, 3, 1, 1)
    assert told["reasons"] == {"no-time": 1, "repeated": 1}
    assert told["stages"] == {"accepted": 1, "closed": 2}
    assert (told["to_triage"], told["returned"], told["reopened"]) == (1, 0, 0)
    assert (told["on_time"]["closed"], told["on_time"]["in_time"]) == (2, 1)
    assert (tmp_path / "old.csv.rejected.csv").read_text("utf-8-sig").count("\n") == 3


def test_a_mapping_needs_no_question_and_options_change_it(bihuan, tmp_path):
    (tmp_path / "m.toml").write_text(
        'source = "a"\nway = "report"\n[columns]\nsource_id = "编号"\ntext = "地址"\n', "utf-8"
    )
    told = json.loads(bihuan("old.csv", "--mapping", "m.toml", "--source", "b", "--json").stdout)
    assert (told["taken"], told["stages"]) == (4, {"registered": 4})
    again = json.loads(bihuan("old.csv", "--mapping", "m.toml", "--source", "b", "--json").stdout)
    assert (again["earlier"], again["taken"]) == (5, 4)
    assert cases() == 4


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["none.csv"], "none.csv"),
        (["old.csv", "--scene", "nothing"], "nothing"),
        (["old.csv", "--as", "miracle"], "miracle"),
        (["old.csv", "--encoding", "utf-8"], "--encoding"),
        (["old.csv", "--unit", "yz.nowhere"], "yz.nowhere"),
        (["old.csv", "--mapping", "none.toml"], "none.toml"),
    ],
)
def test_a_mistake_is_said_in_words_and_takes_nothing(bihuan, arguments, said):
    answer = bihuan(*arguments, "--yes")
    assert answer.exit_code == 1
    assert said in answer.output
    assert "Traceback" not in answer.output
    assert cases() == 0

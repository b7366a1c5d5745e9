"""The ``bihuan`` command on a real database: it explains, audits, carries rules in and out, and says what is wrong."""

import json

import pytest
from django.db import connection
from typer.testing import CliRunner

import rooms
from bihuan import cli
from bihuan.testing import cast


@pytest.fixture
def bihuan(clean_db, tmp_path, monkeypatch):
    monkeypatch.setenv("BIHUAN_DATA", str(tmp_path))
    rooms.install()
    return lambda *arguments: CliRunner().invoke(cli.app, list(arguments))


def test_help_names_every_verb():
    said = CliRunner().invoke(cli.app, ["--help"]).output
    for verb in [
        "run",
        "serve",
        "worker",
        "migrate",
        "explain",
        "audit",
        "erase",
        "backup",
        "restore",
        "bench",
        "rules",
        "calendar",
        "looks",
    ]:
        assert verb in said


@pytest.mark.parametrize("way", ["number", "id", "code"])
def test_explain_says_why_this_unit_and_this_date(bihuan, way):
    made = rooms.report()
    rooms.act(made.case, rooms.c.Accept(), cast.ZHOU)
    rooms.act(made.case, rooms.c.Dispatch(), cast.ZHOU)
    wanted = {"number": str(made.number), "id": str(made.case), "code": made.receipt}[way]
    told = json.loads(bihuan("explain", wanted, "--json").stdout)
    assert told["owners"][-1]["unit"] == cast.CHENGGUAN
    assert told["owners"][-1]["basis"] == "城市管理职责清单"
    handle = next(promise for promise in told["promises"] if promise["key"] == "handle")
    assert (handle["amount"], handle["unit"], handle["book"]) == (3, "working_day", "city-2025")


def test_explain_reads_the_history_and_no_rulebook(bihuan):
    made = rooms.report()
    before = bihuan("explain", str(made.case), "--json").stdout
    from dataclasses import replace

    changed = replace(rooms.books.city(), version="city-2026", clocks=rooms.books.stage_clocks("新依据"))
    rooms.install(changed)
    assert bihuan("explain", str(made.case), "--json").stdout == before


def test_explain_of_nothing_says_so(bihuan):
    answer = bihuan("explain", "999999")
    assert answer.exit_code == 1
    assert "999999" in answer.output


def test_a_clean_site_is_clean(bihuan):
    rooms.closed()
    answer = bihuan("audit", "--json")
    found = json.loads(answer.stdout)
    assert answer.exit_code == 0
    assert found["clean"]
    assert found["stages"] == {"closed": 1}


def test_an_audit_finds_a_row_that_was_tampered_with(bihuan):
    case = rooms.closed()
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE case_row SET state = replace(state, 'solved', 'tidied'), lead = 'x' WHERE id = %s", [case]
        )
    answer = bihuan("audit", "--json")
    found = json.loads(answer.stdout)
    assert answer.exit_code == 1
    assert {problem["law"] for problem in found["problems"]} == {5}
    assert {problem["where"] for problem in found["problems"]} == {str(case)}


@pytest.mark.parametrize("target", ["rules.xlsx", "rules"])
def test_rules_go_out_and_come_in_again(bihuan, tmp_path, target):
    out = tmp_path / target
    assert bihuan("rules", "export", "city", str(out)).exit_code == 0
    again = bihuan("rules", "import", str(out))
    assert again.exit_code == 0, again.output
    assert "city-2025" in bihuan("rules", "list").output


def test_erasing_what_staff_typed_in_says_that_their_notes_went_too(bihuan):
    made = rooms.report(by=cast.ZHOU)
    told = bihuan("erase", str(made.number), "--reason", "本人要求")
    assert told.exit_code == 0, told.output
    assert "all that staff wrote in this case" in " ".join(told.output.split())


def test_whoever_is_erased_is_gone_and_the_site_stays_clean(bihuan):
    made = rooms.report(text="我的电话是 000-1234")
    assert bihuan("erase", made.receipt, "--reason", "本人要求").exit_code == 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM vault_key WHERE wrapped IS NOT NULL")
        assert cursor.fetchone() == (0,)
    assert json.loads(bihuan("audit", "--json").stdout)["clean"]
    again = bihuan("erase", "999999", "--reason", "x")
    assert again.exit_code == 1
    assert "999999" in again.output


def test_rules_of_an_unknown_version_are_not_there(bihuan, tmp_path):
    answer = bihuan("rules", "export", "city", str(tmp_path / "x"), "--version", "1999")
    assert answer.exit_code == 1
    assert "1999" in answer.output


@pytest.mark.parametrize("arguments", [("calendar", "set", "tomorrow", "work", "--basis", "x"),
                                       ("calendar", "set", "2027-02-14", "maybe", "--basis", "x")])  # fmt: skip
def test_a_day_that_is_none_is_refused(bihuan, arguments):
    assert bihuan(*arguments).exit_code == 1


def test_an_address_must_be_one():
    assert CliRunner().invoke(cli.app, ["run", "--address", "nowhere"]).exit_code == 1


def test_serve_without_a_database_says_what_to_set(monkeypatch):
    monkeypatch.delenv("BIHUAN_DATABASE_URL", raising=False)
    answer = CliRunner().invoke(cli.app, ["serve"])
    assert answer.exit_code == 1
    assert "BIHUAN_DATABASE_URL" in answer.output


def test_an_unknown_setting_stops_the_start():
    import os
    import subprocess
    import sys

    environment = {**os.environ, "BIHUAN_DATABSE_URL": "postgresql://typo"}
    done = subprocess.run(
        [sys.executable, "-c", "import bihuan.wiring.settings"],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode != 0
    assert "BIHUAN_DATABSE_URL" in done.stderr

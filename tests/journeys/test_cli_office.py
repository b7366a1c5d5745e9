"""What an administrator does at the machine: units, staff, passwords, tokens, worlds, messages."""

import json

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from typer.testing import CliRunner

import rooms
from bihuan import cli
from bihuan.desk import api

UNITS = "code,name,kind,parent,place\nd,某区,district,,500199\ncentre,运行中心,desk,d,\nd.a,甲街道,street,d,500199001\n"
STAFF = "account,name,unit,role,since\nlin,林某,centre,triage,2026-01-01\nlin,林某,centre,dispatcher,2026-01-01\nhe,何某,d.a,handler,2026-01-01\n"  # noqa: E501


@pytest.fixture
def bihuan(clean_db, tmp_path, monkeypatch):
    monkeypatch.setenv("BIHUAN_DATA", str(tmp_path))
    rooms.install()
    return lambda *arguments, **more: CliRunner().invoke(cli.app, list(arguments), **more)


@pytest.fixture
def sheet(tmp_path):
    def make(text, name="sheet.csv", encoding="utf-8"):
        (tmp_path / name).write_bytes(text.encode(encoding))
        return str(tmp_path / name)

    return make


@pytest.fixture
def founded(bihuan, sheet):
    assert bihuan("units", "import", sheet(UNITS)).exit_code == 0
    assert bihuan("staff", "import", sheet(STAFF)).exit_code == 0
    return bihuan


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk"])
def test_units_come_from_a_table_and_may_come_again(bihuan, sheet, encoding):
    for _ in range(2):
        told = bihuan("units", "import", sheet(UNITS, encoding=encoding))
        assert told.exit_code == 0, told.output
    assert [one["name"] for one in json.loads(bihuan("units", "list", "--json").stdout)] == [
        "某区",
        "运行中心",
        "甲街道",
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("code,kind\nd,district\n", "name"),
        ("code,name,kind,colour\nd,x,district,red\n", "colour"),
        ("code,name,kind\nd,,district\n", "2"),
        ("code,name,kind\nd,x,planet\n", "planet"),
        ("code,name,kind,parent\na,x,desk,nowhere\n", "nowhere"),
    ],
)
def test_a_table_with_a_mistake_is_refused_with_its_place_and_nothing_is_kept(bihuan, sheet, text, told):
    answer = bihuan("units", "import", sheet(text))
    assert answer.exit_code == 1
    assert told in answer.output
    assert json.loads(bihuan("units", "list", "--json").stdout) == []


def test_a_person_signs_in_after_a_password_was_set_and_not_before(founded):
    user = get_user_model().objects.get(username="lin")
    assert not user.has_usable_password()
    assert founded("staff", "password", "lin", input="short\nshort\n").exit_code == 1
    assert founded("staff", "password", "nobody", input="long-enough-1\nlong-enough-1\n").exit_code == 1
    assert founded("staff", "password", "lin", input="long-enough-1\nlong-enough-1\n").exit_code == 0
    user.refresh_from_db()
    assert user.check_password("long-enough-1")
    assert api.staff_of(user.pk).unit.code == "centre"


def test_a_token_opens_until_it_is_revoked_and_is_never_shown_again(founded):
    told = founded("token", "new", "lin", "--scopes", "report,triage", "--role", "triage", "--name", "热线")
    token = told.output.strip().splitlines()[-1]
    assert api.find_caller(token).actor.unit == "centre"
    listed = json.loads(founded("token", "list", "--json").stdout)
    assert (listed[0]["name"], listed[0]["scopes"]) == ("热线", "report triage")
    assert token not in json.dumps(listed)
    assert founded("token", "revoke", listed[0]["number"]).exit_code == 0
    assert api.find_caller(token) is None
    assert founded("token", "revoke", listed[0]["number"]).exit_code == 1


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("lin", "--scopes", "report"), "triage"),
        (("nobody", "--scopes", "report"), "nobody"),
        (("he", "--scopes", "everything"), "everything"),
        (("he", "--scopes", "work", "--until", "soon"), "soon"),
    ],
)
def test_a_token_for_an_unclear_post_or_scope_is_refused_in_words(founded, arguments, told):
    answer = founded("token", "new", *arguments)
    assert answer.exit_code == 1
    assert told in answer.output


def test_a_world_is_made_listed_and_dropped_and_the_real_one_stays(bihuan):
    assert bihuan("world", "new", "flood", "drill", "--starts", "2026-07-01").exit_code == 0
    rows = json.loads(bihuan("world", "list", "--json").stdout)
    assert [row["key"] for row in rows][1:] == ["flood"]
    assert bihuan("world", "new", "flood", "drill").exit_code == 1
    assert bihuan("world", "drop", str(rows[1]["id"]), "--reason", "over").exit_code == 0
    for number in ("1", "99"):
        assert bihuan("world", "drop", number, "--reason", "x").exit_code == 1


def test_oversight_sees_what_it_must_ask_about_and_nobody_else_does(bihuan, sheet):
    units = UNITS + "o,督查室,desk,d,\n"
    staff = STAFF + "wu,吴某,o,oversight,2026-01-01\n"
    assert bihuan("units", "import", sheet(units)).exit_code == 0
    assert bihuan("staff", "import", sheet(staff)).exit_code == 0
    case = rooms.report(seal="L2").case
    with pytest.raises(api.NotFound):
        api.read_case(rooms.stranger(), case, purpose="好奇")
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO access_log (world_id, at, person, unit, case_id, subject, what, purpose, outcome, withheld)"
            " VALUES (1, now(), 'p', 'u', NULL, gen_random_uuid(), 'case', '', 'ok', %s)",
            [("",), ("刑事诉讼法",)],
        )
        cursor.execute(
            "INSERT INTO break_glass"
            " (id, world_id, case_id, person, unit, reason, asked, second, granted, expires, review) VALUES"
            " (gen_random_uuid(), 1, %s, gen_random_uuid(), 'd.a', '险情', now() - '2 days'::interval,"
            " gen_random_uuid(), now() - '2 days'::interval, now() - '2 days'::interval + '1 hour'::interval, '')",
            [case],
        )
    told = bihuan("looks", "wu", "--json")
    assert told.exit_code == 0, told.output
    rows = json.loads(told.stdout)
    assert {(one["kind"], one["law"], one["purpose"]) for one in rows} >= {
        ("refused", "", "好奇"),
        ("no-case", "", ""),
        ("withheld", "刑事诉讼法", ""),
        ("review-overdue", "", "险情"),
    }
    assert str(case) in {one["case"] for one in rows if one["kind"] == "refused"}
    for account in ("he", "nobody"):
        refused = bihuan("looks", account)
        assert refused.exit_code == 1
        assert "险情" not in refused.output


def test_dead_letters_are_listed_and_sent_again(bihuan):
    rooms.report()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE outbox SET next_try = NULL, attempts = 9, last_error = 'no line'")
    (letter,) = json.loads(bihuan("outbox", "list", "--json").stdout)
    assert letter["error"] == "no line"
    assert "1" in bihuan("outbox", "retry").output
    assert json.loads(bihuan("outbox", "list", "--json").stdout) == []


def test_a_simulation_tells_what_would_come_of_fewer_people(clean_db, tmp_path, monkeypatch):
    monkeypatch.setenv("BIHUAN_DATA", str(tmp_path))
    arguments = ["simulate", "--days", "1", "--per-day", "60", "--staff", "yz.cgj=-1", "--json"]
    answer = CliRunner().invoke(cli.app, arguments)
    assert answer.exit_code == 0, answer.output
    now, then = json.loads(answer.stdout)["runs"]
    assert now["cases"] == then["cases"] > 20
    assert (now["staff"], then["staff"]) == ({}, {"yz.cgj": -1})
    assert len(now["history_sha256"]) == 64
    assert [one.kind for one in api.virtual.every()] == ["real"]


@pytest.mark.parametrize(("wrong", "told"), [("yz.cgj", "yz.cgj=-2"), ("nowhere=-1", "nowhere")])
def test_a_simulation_with_unknown_staff_is_refused(clean_db, tmp_path, monkeypatch, wrong, told):
    monkeypatch.setenv("BIHUAN_DATA", str(tmp_path))
    answer = CliRunner().invoke(cli.app, ["simulate", "--days", "1", "--staff", wrong])
    assert answer.exit_code == 1
    assert told in answer.output

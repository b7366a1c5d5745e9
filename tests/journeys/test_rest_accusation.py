"""P12: a letter accuses an official. From the first second the accused's unit cannot see that it exists."""

import re
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.db import connection

import page_district
from bihuan.testing import cast
from page_district import PLACE, person
from rest_site import Program, report, set_up, token

pytestmark = pytest.mark.usefixtures("district")
LETTER = "石桥街道某负责人在工程招标中收受好处。"
PURPOSE = {"X_Purpose": "handle the accusation"}


@pytest.fixture
def district(clean_db):
    set_up()


@pytest.fixture
def accused():
    """The head of the accused street, a clerk there, and somebody of a community below it."""
    return [Program(token(account)) for account in ("jiang", "shen", "meng")]


def accuse(*units, **values):
    letter = report(scene="petitions", category="accusation", text=LETTER, barred=list(units)) | values
    answer = Program().post("/cases", letter)
    assert answer.status_code == 201, answer.content
    return answer.json()


def same(one, other):
    """Not a word may differ between what is hidden and what does not exist."""
    return (one.status_code, one.content) == (other.status_code, other.content)


def test_an_accusation_of_the_petitions_office_itself_is_discipline_s_from_the_first_second():
    made = accuse(cast.PETITIONS)
    assert Program(token("bai", role="triage")).get("/cases").json()["cases"] == []
    seen = Program(token("yan", role="triage")).get(f"/cases/{made['id']}", **PURPOSE).json()
    assert (seen["desk"], seen["seal"], seen["texts"][0]["text"]) == (cast.DISCIPLINE, "L3", LETTER)


def test_whoever_also_sits_in_the_accused_unit_loses_the_case_even_at_its_own_desk():
    made = accuse(cast.PETITIONS)
    desk = Program(token("yan", role="triage"))
    assert desk.get(f"/cases/{made['id']}", **PURPOSE).status_code == 200
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO post (person_id, unit_id, role, starts) VALUES (%s, %s, 'handler', '2020-01-01')",
            [person("yan"), cast.PETITIONS],
        )
    assert desk.get(f"/cases/{made['id']}", **PURPOSE).status_code == 404
    assert desk.get("/cases").json()["cases"] == []
    assert desk.post(f"/cases/{made['id']}/commands/accept", **PURPOSE).status_code == 404


def test_it_is_routed_to_discipline_and_nobody_of_the_accused_is_told():
    made = accuse(cast.STREET)
    desk, sender = (Program(token("bai", role=role)) for role in ("triage", "dispatcher"))
    path = f"/cases/{made['id']}"
    assert desk.post(f"{path}/commands/accept", **PURPOSE).status_code == 200
    to_the_accused = sender.post(f"{path}/commands/dispatch", {"lead": cast.STREET, "reason": "属地"})
    assert (to_the_accused.status_code, to_the_accused.json()["law"]) == (403, 7)
    assert sender.post(f"{path}/commands/dispatch").status_code == 200
    assert desk.get(path, **PURPOSE).json()["lead"] == cast.DISCIPLINE
    with connection.cursor() as cursor:
        cursor.execute('SELECT DISTINCT split_part("to", %s, 2) || split_part("to", %s, 1) FROM outbox', ["@", "@"])
        told = {row[0] for row in cursor.fetchall()}
    assert told
    assert not told & {cast.STREET, cast.COMMUNITY, "plum"}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/cases/{case}", None),
        ("GET", "/cases/{case}/events", None),
        ("GET", "/cases/{case}/explain", None),
        ("POST", "/cases/{case}/commands/accept", {}),
        ("POST", "/cases/{case}/commands/report-by-law", {"kind": "x", "to": ["police"], "note": "", "basis": "y"}),
        ("POST", "/cases/{case}/commands/dispute", {"reason": "x"}),
        ("POST", "/cases/{case}/notes", {"text": "x"}),
        ("POST", "/cases/{case}/unmerge", {"reason": "x"}),
        ("POST", "/cases/{case}/split", {"parts": [report()]}),
    ],
)
def test_to_the_accused_its_id_is_no_other_than_a_made_up_one(accused, method, path, body):
    made = accuse(cast.STREET)
    for program in accused:
        hidden = program.send(method, path.format(case=made["id"]), body, **PURPOSE)
        assert hidden.status_code == 404
        assert same(hidden, program.send(method, path.format(case=uuid4()), body, **PURPOSE))


def test_no_merge_in_either_direction_finds_it(accused):
    made = accuse(cast.STREET)
    own = Program(token("zhou", role="triage")).post("/cases", report()).json()
    for program in [*accused, Program(token("zhou", role="triage"))]:
        for one, other in ((made, own), (own, made)):
            hidden = program.post(f"/cases/{one['id']}/merge", {"into": other["id"]})
            made_up = str(uuid4())
            path = {made["id"]: made_up}.get(one["id"], one["id"])
            into = {made["id"]: made_up}.get(other["id"], other["id"])
            assert hidden.status_code == 404
            assert same(hidden, program.post(f"/cases/{path}/merge", {"into": into}))


@pytest.mark.parametrize(
    "query",
    ["", "?category=accusation", f"?place={PLACE}", "?stage=registered", "?unit=petitions-office", "?mine=true",
     "?is_open=true", "?limit=200"],
)  # fmt: skip
def test_no_list_or_search_of_the_accused_shows_it(accused, query):
    accuse(cast.STREET)
    for program in accused:
        assert program.get(f"/cases{query}", **PURPOSE).json()["cases"] == []


def test_no_count_betrays_it(accused):
    """Six of them, so that even a count that may be told would tell; before and after are the same to everybody."""
    readers = [*accused, Program(token("zhou", role="triage")), Program(token("bai", role="triage"))]
    paths = [f"/questions?group_by={group}" for group in ("category", "place", "scene", "desk", "stage", "day")]
    before = [reader.get(path).json()["cells"] for reader in readers for path in (*paths, "/questions")]
    for _ in range(6):
        accuse(cast.STREET)
    after = [reader.get(path).json()["cells"] for reader in readers for path in (*paths, "/questions")]
    assert before == after


def test_numbers_betray_nothing_to_follow(accused):
    """Numbers go on for everybody; the missing one leads nowhere."""
    first = Program().post("/cases", report()).json()
    hidden = accuse(cast.STREET)
    assert hidden["number"] > first["number"]
    for program in accused:
        problem = program.get(f"/cases?number={hidden['number']}")
        assert problem.status_code == 422  # there is no door by number
        assert program.get(f"/cases/{hidden['number']}").status_code == 404


def test_the_accused_s_own_letter_box_is_closed_too():
    """Whoever wrote it follows it by receipt; the receipt shows no more than his own words and how far it is."""
    made = accuse(cast.STREET)
    seen = Program().get(f"/track/{made['receipt']}").json()
    assert (seen["stage"], seen["own"][0]["text"]) == ("registered", LETTER)


def test_a_desk_without_a_purpose_reads_nothing_and_every_look_is_logged(accused):
    made = accuse(cast.STREET)
    desk = Program(token("bai", role="triage"))
    problem = desk.get(f"/cases/{made['id']}").json()
    assert (problem["status"], problem["law"], problem["code"]) == (403, 7, "purpose-needed")
    line = desk.get("/cases").json()["cases"][0]
    assert (line["id"], line["category"]["code"], line["place"]["code"]) == (made["id"], "", "")
    assert desk.get(f"/cases/{made['id']}", **PURPOSE).status_code == 200
    for program in accused:
        program.get(f"/cases/{made['id']}", **PURPOSE)
    with connection.cursor() as cursor:
        cursor.execute("SELECT unit, outcome FROM access_log WHERE case_id = %s ORDER BY id", [made["id"]])
        looks = cursor.fetchall()
    assert looks == [
        (cast.PETITIONS, "refused"), (cast.PETITIONS, "ok"),
        (cast.STREET, "refused"), (cast.STREET, "refused"), (cast.COMMUNITY, "refused"),
    ]  # fmt: skip


@pytest.mark.parametrize("rest", ["", "/receipt"])
def test_a_receipt_found_in_the_accused_unit_opens_nothing_there(accused, rest):
    made = accuse(cast.STREET)
    assert Program().get(f"/track/{made['receipt']}").status_code == 200
    for program in accused:
        hidden = program.get(f"/track/{made['receipt']}{rest}")
        assert hidden.status_code == 404
        assert same(hidden, program.get(f"/track/ZZZZ-ZZZZ-ZZZZ-ZZZZ{rest}"))
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM access_log WHERE what = 'track' AND outcome = 'refused'")
        assert cursor.fetchone()[0] >= len(accused)


@pytest.mark.parametrize("rest", ["", "/receipt.json", "/seen", "/qr.svg"])
def test_nor_on_the_pages_of_whoever_has_signed_in(rest):
    code = accuse(cast.STREET)["receipt"].replace("-", "")
    user = User.objects.create(username="jiang")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE person SET user_id = %s WHERE id = %s", [user.pk, person("jiang")])
    stranger, member = page_district.client(), page_district.client("jiang")
    assert stranger.get(f"/t/{code}").status_code == 200
    hidden, none = member.get(f"/t/{code}{rest}"), member.get(f"/t/{'Z' * 16}{rest}")
    assert (hidden.status_code, none.status_code) == (404, 404)
    texts = (page.content.decode().replace(word, "") for page, word in ((hidden, code), (none, "Z" * 16)))
    assert len({re.sub(r'value="\w{64}"', "", text) for text in texts}) == 1  # the form to sign out has a fresh token

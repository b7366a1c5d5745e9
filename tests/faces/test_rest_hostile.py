"""What strangers send: wrong, broken, oversized, malicious. Each is told what and where; nothing is stored."""

import json

import pytest
from django.db import connection

from page_district import PLACE
from rest_site import TEXT, Program, report, set_up, token

pytestmark = pytest.mark.usefixtures("district")


@pytest.fixture
def district(clean_db):
    set_up()


@pytest.fixture
def hotline():
    return Program(token("zhou", role="triage"))


def stored():
    with connection.cursor() as cursor:
        cursor.execute("SELECT (SELECT count(*) FROM case_row) + (SELECT count(*) FROM event)")
        return cursor.fetchone()[0]


def raw(body, **changes):
    text = json.dumps(report(**changes), ensure_ascii=False) if body is None else body
    return text if isinstance(text, bytes) else text.encode()


BODIES = {
    "empty": (b"", 400, "body-missing"),
    "blank": (b"  \n", 400, "body-missing"),
    "cut off": (b'{"text": "abc', 400, "body-malformed"),
    "not JSON": (b"text=abc", 400, "body-malformed"),
    "trailing comma": (b'{"text": "a",}', 400, "body-malformed"),
    "two values": (b'{"text": "a"} {}', 400, "body-malformed"),
    "not a number": (b'{"text": "a", "lon": NaN}', 400, "body-malformed"),
    "lone surrogate": (b'{"text": "\\ud800"}', 400, "body-malformed"),
    "GBK": (raw(None).decode().encode("gbk"), 400, "body-gbk"),
    "Latin-1": ('{"text": "caf\u00e9 \u00ff"}'.encode("latin-1"), 400, "body-encoding"),
    "UTF-16": (raw(None).decode().encode("utf-16-le"), 400, None),
    "deep": (b"[" * 5000 + b"]" * 5000, 400, "body-too-deep"),
    "rather deep": (json.dumps({"text": [[[[[[[[[[[[[[1]]]]]]]]]]]]]]}).encode(), 400, "body-too-deep"),
    "a list": (b"[]", 422, "invalid"),
    "a number": (b"7", 422, "invalid"),
    "null": (b"null", 422, "invalid"),
    "NUL": (raw(None, text="a\x00b"), 422, "invalid"),
    "escape": (raw(None, text="a\x1b[2Jb"), 422, "invalid"),
    "NUL in a key": (raw(None, **{"a\x00b": 1}), 422, "invalid"),
    "nothing but spaces": (raw(None, text="  \n "), 422, "invalid"),
    "too long": (raw(None, text="长" * 5001), 422, "invalid"),
    "unknown field": (raw(None, priority="high"), 422, "invalid"),
    "no text": (b'{"category": "manhole"}', 422, "invalid"),
    "text is a number": (raw(None, text=7), 422, "invalid"),
    "text is an object": (raw(None, text={"$ne": ""}), 422, "invalid"),
    "longitude": (raw(None, lon=181), 422, "invalid"),
    "latitude": (raw(None, lat=-90.1), 422, "invalid"),
    "endless number": (b'{"text": "a", "lon": 1e999}', None, None),
    "huge number": (b'{"text": "a", "lon": ' + b"9" * 400 + b"}", None, None),
    "place": (raw(None, place="500103'; DROP TABLE event;--"), 422, "invalid"),
    "category": (raw(None, category="no-such-category"), 422, "unknown-category"),
    "scene": (raw(None, scene="no-such-scene"), 422, "no-rulebook"),
    "seal": (raw(None, seal="L9"), 422, "invalid"),
    "time without zone": (raw(None, happened_at="2025-02-08T09:00:00"), 422, "invalid"),
    "time to come": (raw(None, happened_at="2199-01-01T00:00:00Z"), 422, "time-in-the-future"),
    "time before all time": (raw(None, happened_at="0001-01-01T00:00:00+14:00"), None, None),
    "truth as text": (raw(None, is_order="yes"), 422, "invalid"),
    "many accused": (raw(None, barred=["u"] * 21), 422, "invalid"),
}


@pytest.mark.parametrize("name", BODIES)
def test_a_hostile_body_is_told_and_leaves_nothing(hotline, name):
    body, status, code = BODIES[name]
    answer = hotline.send("POST", "/cases", raw=body)
    problem = answer.json()
    assert answer["Content-Type"] == "application/problem+json"
    assert 400 <= answer.status_code < 500
    assert answer.status_code == (status or answer.status_code)
    assert problem["code"] == (code or problem["code"])
    assert problem["detail"]
    assert stored() == 0


def test_malformed_json_says_line_and_column(hotline):
    problem = hotline.send("POST", "/cases", raw=b'{"text": "a",\n "lon": oops}').json()
    assert problem["facts"] == {"line": 2, "column": 9, "what": problem["facts"]["what"]}


def test_gbk_is_recognised_and_said(hotline):
    problem = hotline.send("POST", "/cases", raw=raw(None).decode().encode("gbk"), Accept_Language="en").json()
    assert problem["title_en"] == "This looks like GBK"
    assert problem["facts"]["at"] == raw(None).index(TEXT.encode()) + 1


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (report(colour="red"), "/colour"),
        (report(text=None), "/text"),
        (report(barred=["ok", 7]), "/barred/1"),
        (report(**{"a/b~c": 1}), "/a~1b~0c"),
        ({"category": "manhole"}, "/text"),
    ],
)
def test_each_wrong_place_is_pointed_at(hotline, body, pointer):
    assert [error["pointer"] for error in hotline.post("/cases", body).json()["errors"]] == [pointer]


def test_a_body_too_large_is_refused_before_it_is_read(hotline):
    answer = hotline.send("POST", "/cases", raw=b" " * (256 * 1024 + 1))
    assert (answer.status_code, answer.json()["facts"]["most"]) == (413, 256 * 1024)


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/xml", "application/json; charset=gbk", "multipart/form-data"]
)
def test_only_json_in_utf8_is_taken(hotline, kind):
    answer = hotline.send("POST", "/cases", raw=raw(None), content_type=kind)
    assert (answer.status_code, answer.json()["code"]) == (415, "media-type")


@pytest.mark.parametrize(
    "path",
    [
        "/cases/%00", "/track/%00", "/track/" + "A" * 3000, "/cases?category=%00", "/cases?after=x", "/cases?limit=-1",
        "/cases?limit=" + "9" * 400, "/cases?place=%F0%9F%A4%A1", "/cases?category=%ED%A0%80", "/rules/%FF",
        "/rules/x?scene=%00", "/ledger/consistency?old=0", "/ledger/consistency?old=99999999999999999999",
        "/ledger/consistency", "/questions?group_by=%27%3B--", "/questions?group_by=a&group_by=b&group_by=c&group_by=d",
        "/cases/../../etc/passwd", "/%2e%2e/secret", "/cases/00000000-0000-0000-0000-000000000000",
    ],
)  # fmt: skip
def test_a_hostile_address_is_told(hotline, path):
    answer = hotline.get(path)
    assert answer.status_code < 500
    if answer.status_code != 200:
        assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("header", "value", "status"),
    [
        ("Idempotency_Key", "a b", 400), ("Idempotency_Key", "x" * 101, 400), ("Idempotency_Key", "键", 400),
        ("Authorization", "Bearer " + "x" * 5000, 401), ("Authorization", "Bearer \u00ff", 401),
        ("Accept_Language", ";;q=,,,en;q=x", 201), ("X_Purpose", "%ff%00\u00ff", 201),
    ],
)  # fmt: skip
def test_a_hostile_header_is_told(hotline, header, value, status):
    assert hotline.post("/cases", report(), **{header: value}).status_code == status


def test_purposes_may_be_chinese_raw_or_percent_encoded(hotline):
    from urllib.parse import quote

    for given in ("核查".encode().decode("latin-1"), quote("核查")):
        made = hotline.post("/cases", report(seal="L2")).json()
        assert hotline.get(f"/cases/{made['id']}", X_Purpose=given).status_code == 200
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT purpose FROM access_log WHERE outcome = 'ok'")
        assert cursor.fetchall() == [("核查",)]


def test_strangers_are_slowed_down_and_told_when_to_come_back(settings):
    from bihuan.faces.rest import limits

    settings.REPORTS_PER_MINUTE = 3
    limits.forget()
    answers = [Program().post("/cases", report()) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [201, 201, 201, 429, 429]
    assert 1 <= int(answers[-1]["Retry-After"]) <= 20
    assert Program().get("/track/AAAA-AAAA-AAAA-AAAA").status_code == 404
    assert Program(token("zhou", role="triage")).post("/cases", report()).status_code == 201


def test_one_token_cannot_take_the_whole_site(settings):
    from bihuan.faces.rest import limits

    settings.TOKEN_REQUESTS_PER_MINUTE = 2
    limits.forget()
    runaway, other = Program(token("zhou")), Program(token("wei"))
    assert [runaway.get("/cases").status_code for _ in range(3)] == [200, 200, 429]
    assert other.get("/cases").status_code == 200


def test_what_the_server_did_not_foresee_is_a_problem_with_a_number_and_nothing_more(hotline, monkeypatch):
    """The only place where a fault is made by hand: nothing that is sent should be able to make one."""
    from bihuan.faces.rest import intake

    def broken(_):
        raise ZeroDivisionError("secret details")

    monkeypatch.setattr(intake, "intake_of", broken)
    answer = hotline.post("/cases", report())
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert b"secret" not in answer.content


def test_nobody_declares_an_order_from_above_but_the_triage_desk(hotline):
    assert Program().post("/cases", report(is_order=True)).status_code == 403
    assert Program(token("wei")).post("/cases", report(is_order=True)).status_code in {201, 403}
    made = hotline.post("/cases", report(is_order=True)).json()
    assert hotline.get(f"/cases/{made['id']}").json()["stage"] != "registered"


def test_places_are_codes(hotline):
    assert hotline.post("/cases", report(place=PLACE)).status_code == 201
    assert hotline.post("/cases", report(place="")).status_code == 201


@pytest.mark.parametrize("path", ["/cases/a%0Ab/merge", "/cases%0A", "/%0A/%00", "/cases/\U0009ec95/merge"])
def test_an_address_that_is_none_is_answered_by_the_api_whatever_stands_in_it(path):
    answer = Program().post(path)
    assert answer.status_code in {400, 404}
    assert answer.headers["Content-Type"] == "application/problem+json"

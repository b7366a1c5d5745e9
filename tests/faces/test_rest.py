"""The API as a program meets it: tokens, reports, reads, commands, problems."""

import json
from uuid import uuid4

import pytest
from django.db import connection

from page_district import PLACE, person
from rest_site import TEXT, Program, report, set_up, token

pytestmark = pytest.mark.usefixtures("district")


@pytest.fixture
def district(clean_db):
    set_up()


@pytest.fixture
def hotline():
    """A triage desk's own program, with every scope."""
    return Program(token("zhou", role="triage"))


def a_case(program, **values):
    answer = program.post("/cases", report(**values))
    assert answer.status_code == 201, answer.content
    return answer.json()


def do(program, case, name, body=None, **headers):
    return program.post(f"/cases/{case['id']}/commands/{name}", body, **headers)


def test_a_report_is_registered_and_its_receipt_leads_to_it(hotline):
    made = a_case(hotline)
    found = Program().get(f"/track/{made['receipt']}").json()
    assert (found["number"], found["stage"]) == (made["number"], "registered")
    assert [text["text"] for text in found["own"]] == []  # a clerk reported it: the words are the desk's to read


def test_an_anonymous_report_shows_its_words_to_whoever_holds_the_receipt():
    made = a_case(Program())
    found = Program().get(f"/track/{made['receipt']}").json()
    assert [text["text"] for text in found["own"]] == [TEXT]


def test_the_same_key_gives_the_same_answer_and_stores_one_case(hotline):
    key = str(uuid4())
    first = hotline.post("/cases", report(), Idempotency_Key=key)
    again = hotline.post("/cases", report(), Idempotency_Key=key)
    assert first.json() == again.json()
    assert again["Idempotency-Replayed"] == "true"
    assert count("case_row") == 1


def test_the_same_key_for_something_else_is_refused(hotline):
    key = str(uuid4())
    hotline.post("/cases", report(), Idempotency_Key=key)
    problem = hotline.post("/cases", report(text="别的事"), Idempotency_Key=key)
    assert (problem.status_code, problem.json()["code"]) == (422, "key-reused")


def test_a_kept_answer_comes_before_the_body_is_looked_at(hotline):
    """A client whose first try was taken may be told so, whatever the rules say of the body today."""
    key = str(uuid4())
    first = hotline.post("/cases", report(), Idempotency_Key=key).json()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM answer WHERE key = %s", [key])
        assert cursor.fetchone()[0] == 1
    assert hotline.post("/cases", report(), Idempotency_Key=key).json() == first


def test_anonymous_keys_must_be_long(hotline):
    problem = Program().post("/cases", report(), Idempotency_Key="short")
    assert (problem.status_code, problem.json()["code"]) == (400, "key-malformed")
    first = Program().post("/cases", report(), Idempotency_Key="0123456789abcdef")
    assert Program().post("/cases", report(), Idempotency_Key="0123456789abcdef").json() == first.json()


@pytest.mark.parametrize("bearer", [None, "", "bh_unknown", "é"])
def test_without_a_good_token_only_the_open_doors_open(bearer):
    stranger = Program(bearer)
    if bearer == "":
        stranger.headers = {"Authorization": "Basic Zm9vOmJhcg=="}
    problem = stranger.get("/cases")
    assert problem.status_code == 401
    assert problem["WWW-Authenticate"].startswith("Bearer")
    assert problem["Content-Type"] == "application/problem+json"
    assert Program().get("/rules").status_code == 200
    assert Program().get("/health").status_code == 200


def test_a_revoked_token_an_ended_post_and_a_closed_unit_open_nothing():
    from bihuan.desk import api as desk

    bearer = token("zhou", role="triage")
    assert Program(bearer).get("/cases").status_code == 200
    assert desk.revoke_token(bearer)
    assert Program(bearer).get("/cases").status_code == 401
    for table, where in (
        ("post", "person_id = %s"),
        ("unit", "code IN (SELECT unit_id FROM post WHERE person_id = %s)"),
    ):
        other = token("wei")
        assert Program(other).get("/cases").status_code == 200
        with connection.cursor() as cursor:
            cursor.execute(f"UPDATE {table} SET ends = '2021-01-01' WHERE {where}", [person("wei")])
        assert Program(other).get("/cases").status_code == 401
        with connection.cursor() as cursor:
            cursor.execute(f"UPDATE {table} SET ends = NULL WHERE {where}", [person("wei")])


def test_a_scope_that_is_missing_is_named(hotline):
    made = a_case(hotline)
    reader = Program(token("zhou", "read", role="triage"))
    problem = do(reader, made, "accept")
    assert (problem.status_code, problem.json()["code"], problem.json()["facts"]["needs"]) == (
        403,
        "scope-missing",
        "triage",
    )
    assert reader.post("/cases", report()).status_code == 403


def test_the_loop_runs_through_the_api_to_a_verified_close(hotline):
    resident = Program()
    made = a_case(resident)
    handler, verifier = Program(token("wei")), Program(token("su"))
    assert do(hotline, made, "accept").status_code == 200
    assert do(Program(token("zhou", role="dispatcher")), made, "dispatch").status_code == 200
    assert do(handler, made, "take-task", {"task": 1}).status_code == 200
    assert [case["id"] for case in handler.get("/cases?mine=true").json()["cases"]] == [made["id"]]
    without = do(handler, made, "finish-task", {"task": 1})
    assert (without.status_code, without.json()["law"]) == (409, 4)
    proof = {"kind": "photo_after", "ref": "photo:1"}
    done = do(handler, made, "finish-task", {"task": 1, "proofs": [proof], "texts": {"answer": "已更换井盖。"}})
    assert done.status_code == 200, done.content
    own = do(handler, made, "verify", {"accept": True})
    assert own.status_code == 403
    assert do(verifier, made, "verify", {"accept": True}).status_code == 200
    tracked = resident.get(f"/track/{made['receipt']}").json()
    assert (tracked["stage"], tracked["answers"][0]["text"]) == ("closed", "已更换井盖。")
    assert tracked["do"] == ["dispute", "note"]
    disputed = resident.post(f"/track/{made['receipt']}/dispute", {"text": "又松了"})
    assert disputed.status_code == 200, disputed.content
    assert resident.get(f"/track/{made['receipt']}").json()["stage"] in {"dispatched", "working"}


def test_if_match_names_the_version_and_a_stale_one_is_told(hotline):
    made = a_case(hotline)
    assert do(hotline, made, "accept", If_Match=f'"{made["version"]}"').status_code == 200
    problem = do(
        hotline, made, "decline", {"reason": "a", "rule": "b", "rightful_route": "c"}, If_Match=f'"{made["version"]}"'
    )
    assert (problem.status_code, problem.json()["code"]) == (412, "stale")
    assert problem["ETag"] == f'"{problem.json()["facts"]["version"]}"'
    assert do(hotline, made, "dispatch", If_Match="seven").status_code == 400


def test_refused_by_state_is_409_and_names_the_stage(hotline):
    made = a_case(hotline)
    problem = do(hotline, made, "dispatch").json()
    assert (problem["status"], problem["code"], problem["facts"]["stage"]) == (409, "wrong-stage", "registered")
    assert problem["type"] == "urn:bihuan:refusal:wrong-stage"


def test_a_case_is_read_with_its_clocks_texts_and_moves(hotline):
    made = a_case(hotline)
    answer = hotline.get(f"/cases/{made['id']}")
    case = answer.json()
    assert answer["ETag"] == f'"{case["version"]}"'
    assert (case["stage"], case["level"], case["category"]["name"]) == ("registered", "full", "井盖缺损")
    assert [clock["key"] for clock in case["clocks"]] == ["accept"]
    assert [text["text"] for text in case["texts"]] == [TEXT]
    assert "accept" in {move["key"] for move in case["moves"]}
    events = hotline.get(f"/cases/{made['id']}/events").json()["events"]
    assert [event["kind"] for event in events] == ["Registered", "ClockStarted"]
    assert hotline.get(f"/cases/{made['id']}/explain").json()["promises"][0]["basis"]


def test_who_only_coordinates_reads_no_names_in_the_history():
    made = a_case(Program(), category="manhole")
    with connection.cursor() as cursor:
        cursor.execute('UPDATE case_row SET seal = 0, state = replace(state, \'"seal":"L1"\', \'"seal":"L0"\')')
    stranger = Program(token("shen", role="handler"))
    answer = stranger.get(f"/cases/{made['id']}").json()
    assert answer["level"] == "coordination"
    events = stranger.get(f"/cases/{made['id']}/events").json()["events"]
    assert events
    assert all(event["by"] == "" and event["data"] == {} for event in events)


def test_lists_come_in_pages_by_key(hotline):
    made = [a_case(hotline)["id"] for _ in range(5)]
    first = hotline.get("/cases?limit=2").json()
    second = hotline.get(f"/cases?limit=2&after={first['next']}").json()
    third = hotline.get(f"/cases?limit=2&after={second['next']}").json()
    seen = [case["id"] for page in (first, second, third) for case in page["cases"]]
    assert (seen, third["next"]) == (made[::-1], "")


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("category=man", 2), ("category=manhole", 2), ("category=rub", 1), ("place=500103", 3), ("place=5002", 0),
        ("stage=registered", 3), ("stage=closed", 0), ("unit=centre", 3), ("unit=police", 0), ("is_overdue=true", 0),
        ("is_open=true", 3), ("mine=true", 0),
    ],
)  # fmt: skip
def test_lists_are_narrowed(hotline, query, count):
    for category in ("manhole", "manhole", "rubbish"):
        a_case(hotline, category=category)
    assert len(hotline.get(f"/cases?{query}").json()["cases"]) == count


def test_a_list_by_person_is_refused_by_law_nine(hotline):
    problem = hotline.get("/cases?reporter=somebody").json()
    assert (problem["status"], problem["law"], problem["code"]) == (403, 9, "forbidden-query")
    assert hotline.get("/cases?tone=red").json()["status"] == 422
    assert hotline.get("/cases?limit=201").json()["errors"][0]["pointer"] == "/limit"


def test_counts_go_by_problem_and_place_never_under_five_never_by_person(hotline):
    for _ in range(6):
        a_case(hotline)
    a_case(hotline, category="rubbish")
    cells = hotline.get("/questions?group_by=category&group_by=place").json()["cells"]
    assert cells == [
        {"group": {"category": "manhole", "place": PLACE[:9]}, "count": 6},
        {"group": {"category": "rubbish", "place": PLACE[:9]}, "count": None},
    ]
    for query in ("group_by=reporter", "group_by=handler", "reporter_phone=1", "kind=petitioners-by-visits"):
        problem = hotline.get(f"/questions?{query}").json()
        assert (problem["status"], problem["law"]) == (403, 9), query
    assert hotline.get("/questions?group_by=month").json()["cells"][0]["count"] == 7


def test_merge_unmerge_and_split(hotline):
    one, two = a_case(hotline), a_case(Program())
    both = hotline.post(f"/cases/{two['id']}/merge", {"into": one["id"]}, Idempotency_Key="merge-once")
    assert both.status_code == 200, both.content
    again = hotline.post(f"/cases/{two['id']}/merge", {"into": one["id"]}, Idempotency_Key="merge-once")
    assert (again.json(), again.headers["Idempotency-Replayed"]) == (both.json(), "true")
    assert Program().get(f"/track/{two['receipt']}").json()["number"] == one["number"]
    assert hotline.post(f"/cases/{two['id']}/unmerge", {"reason": "不是一件事"}).status_code == 200
    assert Program().get(f"/track/{two['receipt']}").json()["number"] == two["number"]
    parts = {"parts": [report(), report(category="rubbish")]}
    made = hotline.post(f"/cases/{one['id']}/split", parts, Idempotency_Key="split-once")
    again = hotline.post(f"/cases/{one['id']}/split", parts, Idempotency_Key="split-once")
    assert (made.status_code, again.json()) == (201, made.json())
    assert len(hotline.get(f"/cases/{one['id']}").json()["children"]) == 2


def test_bulk_takes_lines_and_says_of_each_what_became_of_it(hotline):
    lines = [report(), report(category="no-such"), report(colour="red"), report(category="rubbish")]
    raw = b"\n".join(json.dumps(line).encode() for line in lines) + b"\n{oops\n"
    answer = hotline.send("POST", "/cases:bulk", raw=raw, content_type="application/x-ndjson")
    found = [json.loads(line) for line in answer.getvalue().splitlines()]
    assert [row["line"] for row in found] == [1, 2, 3, 4, 5]
    assert [row.get("problem", {}).get("code") for row in found] == [
        None,
        "unknown-category",
        "invalid",
        None,
        "body-malformed",
    ]
    assert found[2]["problem"]["errors"][0]["pointer"] == "/colour"
    assert count("case_row") == 2


def test_bulk_with_a_key_may_be_sent_again(hotline):
    body = [report(), report(category="rubbish")]
    first = hotline.post("/cases:bulk", body, Idempotency_Key="monday").getvalue()
    again = hotline.post("/cases:bulk", body, Idempotency_Key="monday").getvalue()
    assert first == again
    assert count("case_row") == 2


def test_rules_and_ledger_are_open_to_all(hotline):
    from bihuan.desk import feed

    made = a_case(hotline)
    books = Program().get("/rules").json()["rulebooks"]
    assert {"city", "petitions", "care"} == {book["scene"] for book in books}
    assert Program().get("/rules/city-2025").json()["categories"][0]["code"] == "manhole"
    assert Program().get("/rules/none").status_code == 404
    assert Program().get(f"/track/{made['receipt']}/receipt").status_code == 503
    feed.settle()
    head = Program().get("/ledger/head").json()
    a_case(hotline)
    feed.settle()
    consistency = Program().get(f"/ledger/consistency?old={head['size']}")
    assert consistency.json()["old_size"] == head["size"]
    assert Program().get("/ledger/consistency?old=999999").status_code == 404
    receipt = Program().get(f"/track/{made['receipt']}/receipt").json()
    assert receipt["format"] == "bihuan-receipt/1"


def test_health_says_how_far_behind_the_parts_are(hotline):
    a_case(hotline)
    found = Program().get("/health").json()
    assert found["status"] == "ok"
    assert found["feed_lag"] >= 0


def test_problems_come_in_the_language_that_is_asked_for(hotline):
    chinese = hotline.get("/cases/not-a-case").json()
    english = hotline.get("/cases/not-a-case", Accept_Language="en-GB,en;q=0.9,zh;q=0.1").json()
    assert chinese["title"] == "没有找到"
    assert english["detail"].startswith("There is no such thing")
    assert (chinese["title"], chinese["title_en"]) == (english["title"], english["title_en"])


def test_a_wrong_method_says_which_are_right(hotline):
    problem = hotline.send("DELETE", "/cases")
    assert (problem.status_code, problem.json()["code"]) == (405, "method-not-allowed")
    assert set(problem["Allow"].split(", ")) == {"GET", "POST"}


def count(table):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        return cursor.fetchone()[0]

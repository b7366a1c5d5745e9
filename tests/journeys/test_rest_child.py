"""P15: a social worker hears that a child is hurt. The red button works at once; the teacher only coordinates."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from bihuan.testing import cast
from rest_site import Program, report, set_up, token

pytestmark = pytest.mark.usefixtures("district")
HEARD = "孩子说晚上被打，手臂有淤青。"
FOR_SCHOOL = "请每天留意到校情况，不要向家长提起。"
BUTTON = {"kind": "child-in-danger", "to": [cast.POLICE], "note": "", "basis": "未成年人保护法 第十一条"}
PURPOSE = {"X_Purpose": "care"}


@pytest.fixture
def district(clean_db):
    set_up()


@pytest.fixture
def worker():
    return Program(token("tao", role="handler"))


@pytest.fixture
def case(worker):
    """Sealed from the first second, with the school helping."""
    answer = worker.post("/cases", report(scene="care", category="child", text=HEARD, place=""))
    assert answer.status_code == 201, answer.content
    made = answer.json()
    path = f"/cases/{made['id']}"
    adding = Program(token("tao", role="triage"))
    task = {"unit": "school", "kind": "watch", "role": "assist"}
    answer = adding.post(f"{path}/commands/add-task", task)
    assert answer.status_code == 200, answer.content
    for text, audience in ((FOR_SCHOOL, ["school"]), ("家访记录：母亲情绪激动。", [])):
        assert worker.post(f"{path}/notes", {"text": text, "audience": audience}).status_code == 200
    return path


def outbox():
    with connection.cursor() as cursor:
        cursor.execute("SELECT \"to\", created FROM outbox WHERE kind = 'statutory-report'")
        return cursor.fetchall()


def test_the_red_button_reports_in_the_same_call_however_sealed_the_case_is(worker, case):
    pressed = datetime.now(UTC)
    answer = worker.post(f"{case}/commands/report-by-law", BUTTON)
    assert answer.status_code == 200, answer.content
    ((to, created),) = outbox()
    assert to == cast.POLICE
    assert timedelta(0) <= created - pressed < timedelta(minutes=1)
    events = worker.get(f"{case}/events", **PURPOSE).json()["events"]
    stamped = next(event for event in events if event["kind"] == "ReportedByLaw")
    assert stamped["data"]["basis"] == BUTTON["basis"]
    assert worker.get(case, **PURPOSE).json()["seal"] == "L3"


def test_it_asks_for_no_purpose_no_scope_and_no_turn(case):
    """Anybody of the case team, with any token: the smallest one, and the teacher too."""
    for program in (Program(token("tao", "report", role="handler")), Program(token("teacher", "read"))):
        assert program.post(f"{case}/commands/report-by-law", BUTTON).status_code == 200
    assert len(outbox()) == 2


def test_pressed_twice_under_one_key_it_reports_once(worker, case):
    for _ in range(2):
        assert worker.post(f"{case}/commands/report-by-law", BUTTON, Idempotency_Key="red-1").status_code == 200
    assert len(outbox()) == 1


def test_without_ground_or_addressee_it_says_what_is_missing(worker, case):
    for lack in ({"basis": ""}, {"to": []}):
        assert worker.post(f"{case}/commands/report-by-law", BUTTON | lack).status_code == 422
    assert outbox() == []


def test_the_teacher_sees_only_what_coordinates(case):
    teacher = Program(token("teacher"))
    assert teacher.get(case).json()["code"] == "purpose-needed"
    seen = teacher.get(case, **PURPOSE).json()
    assert seen["level"] == "coordination"
    assert [text["text"] for text in seen["texts"]] == [FOR_SCHOOL]
    assert [task["unit"] for task in seen["tasks"]] == [cast.CARE, "school"]
    assert HEARD not in teacher.get(f"{case}/events", **PURPOSE).content.decode()
    events = teacher.get(f"{case}/events", **PURPOSE).json()["events"]
    assert all(event["data"] == {} and event["by"] == "" for event in events)
    assert "ReportedByLaw" not in {event["kind"] for event in events}


def test_the_teacher_s_list_says_no_more_than_that_there_is_something(case):
    (line,) = Program(token("teacher")).get("/cases").json()["cases"]
    assert (line["category"]["code"], line["place"]["code"], line["seal"]) == ("", "", "L3")


def test_another_school_another_desk_and_the_head_of_the_district_see_nothing(case):
    for account in ("zhou", "jiang", "ren", "wei"):
        assert Program(token(account)).get(case, **PURPOSE).status_code == 404
        assert Program(token(account)).get("/cases").json()["cases"] == []


def test_whoever_may_not_know_of_the_case_cannot_press_its_button_either(case):
    assert Program(token("zhou")).post(f"{case}/commands/report-by-law", BUTTON).status_code == 404
    assert outbox() == []

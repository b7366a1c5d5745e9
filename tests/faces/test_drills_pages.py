"""Drills at the console: planned, started, steered, ended, read as a page and as PDF; a lesson becomes a real case."""

from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest

import feeding
from bihuan.desk import api
from bihuan.kernel import commands as c
from bihuan.ops.drills import running
from bihuan.testing import cast

FILE = """
key: small
plan: flood
title: 小演练
title_en: A small drill
starts: 2026-07-10 09:00
hours: 2
category: manhole
place: "500103013001"
commander: {unit: chengguan}
staffing: {silent: 0, rework: 0, finish: 15}
injects:
- {key: lid, at: 2m, kind: report, category: manhole, place: "500103013001", text: 井盖翻了}
- {key: call, at: 3m, kind: say, text: 市里来电话}
expectations:
- {key: fast, name: 一秒内受理, name_en: Accepted at once, of: reports, to: accepted, within: 1s}
- {key: ok, name: 两小时内受理, name_en: Accepted in two hours, of: reports, to: accepted, within: 2h}
"""


def planned(district):
    browser = district.client("feng")
    answer = browser.post("/console/drills", {"file": FILE, "seed": "5"})
    assert answer.status_code == 302, answer.content.decode()
    return browser, answer.headers["Location"]


def drill_at(address):
    return api.drills.get(__import__("uuid").UUID(address.rpartition("/")[2]))


def test_a_drill_is_planned_started_stepped_ended_and_read(district):
    browser, page = planned(district)
    assert "找得到吗" in browser.get(page).content.decode()
    browser.post(page, {"do": "start", "n": "60"})
    browser.post(page, {"do": "pause"})
    browser.post(page, {"do": "step", "n": "5"})
    running_page = browser.get(page).content.decode()
    assert "市里来电话" in running_page
    assert "暂停中" in running_page
    found = drill_at(page)
    assert api.now(world=found.played_in) == datetime(2026, 7, 10, 1, 5, tzinfo=UTC)
    browser.post(page, {"do": "step", "n": "120"})
    over = browser.get(page).content.decode()
    for part in ("已结束", "一秒内受理", "计划与实际", "教训", drill_at(page).history):
        assert part in over, part
    assert "小演练" in browser.get("/console/drills").content.decode()


def test_the_report_is_a_pdf_marked_on_every_page(district):
    from pypdf import PdfReader

    browser, page = planned(district)
    assert browser.get(f"{page}/report.pdf").status_code == 404
    browser.post(page, {"do": "start"})
    running.advance(drill_at(page).id, timedelta(hours=2))
    answer = browser.get(f"{page}/report.pdf")
    assert answer.headers["Content-Type"] == "application/pdf"
    pages = [one.extract_text().replace("\x00", "") for one in PdfReader(BytesIO(answer.content)).pages]
    assert all("EXERCISE" in text for text in pages), pages
    assert "一秒内受理" in "".join(pages)
    assert browser.get(f"{page}/report.pdf").content == answer.content


def test_a_lesson_becomes_one_case_of_the_real_world(district):
    browser, page = planned(district)
    browser.post(page, {"do": "start"})
    running.advance(drill_at(page).id, timedelta(hours=2))
    before = feeding.rows("SELECT count(*) FROM case_row WHERE world_id = 1")[0][0]
    for _ in range(2):
        answer = browser.post(page, {"do": "lesson", "key": "fast"})
        assert answer.status_code == 302, answer.content.decode()
    assert feeding.rows("SELECT count(*) FROM case_row WHERE world_id = 1")[0][0] == before + 1
    lesson = next(one for one in drill_at(page).report["lessons"] if one["key"] == "fast")
    assert f"/console/case/{lesson['case']}" in browser.get(page).content.decode()


def test_what_is_due_is_shown_until_it_was_done(district):
    browser, page = planned(district)
    assert "还没有演练过" in browser.get("/console/drills").content.decode()
    browser.post(page, {"do": "start"})
    running.advance(drill_at(page).id, timedelta(hours=2))
    told = browser.get("/console/drills").content.decode()
    assert "下次不晚于" in told
    feeding.rows("UPDATE drill SET ended = ended - interval '366 days' RETURNING id")
    assert "已过期" in browser.get("/console/drills").content.decode()


def test_two_drills_of_one_plan_are_compared(district):
    for _ in range(2):
        browser, page = planned(district)
        browser.post(page, {"do": "start"})
        running.advance(drill_at(page).id, timedelta(hours=2))
    assert "与历次相比" in browser.get(page).content.decode()


def test_mistakes_in_a_file_are_told_and_what_was_typed_stays(district):
    browser = district.client("feng")
    answer = browser.post("/console/drills", {"file": FILE.replace("kind: say", "kind: shout")})
    assert answer.status_code == 422
    told = answer.content.decode()
    assert "injects 2" in told
    assert "kind: shout" in told
    assert browser.post("/console/drills", {"name": "../../etc/passwd"}).status_code == 422


def test_who_does_not_run_drills_may_look_and_not_press(district):
    _, page = planned(district)
    handler = district.client("wei")
    assert handler.get(page).status_code == 200
    assert handler.post(page, {"do": "start"}).status_code == 409
    assert drill_at(page).state == "planned"
    handler.post("/console/drills", {"file": FILE})
    assert len(api.drills.every()) == 1


def test_before_it_begins_the_page_shows_in_red_whom_nobody_would_reach(district):
    browser, _ = planned(district)
    answer = browser.post("/console/drills", {"file": FILE.replace("chengguan", "plum")})
    told = browser.get(answer.headers["Location"]).content.decode()
    assert "这个单位没有人" in told
    assert "红梅社区" in told


def test_people_play_their_own_unit_inside_of_the_drill(district):
    browser, page = planned(district)
    browser.post(page, {"do": "start", "people": [cast.CENTRE]})
    found = drill_at(page)
    assert found.people == (cast.CENTRE,)
    running.advance(found.id, timedelta(minutes=30))
    assert [state.stage.value for _, state in api.drills.open_cases(found.played_in)] == ["registered"]
    case = api.drills.open_cases(found.played_in)[0][0]
    zhou = district.client("zhou")
    zhou.post(page, {"do": "enter"})
    assert zhou.post(f"/console/case/{case}/do", {"move": "accept", "key": "a"}).status_code == 302
    by = api.Actor(str(district.person("zhou")), cast.CENTRE, frozenset({"triage", "dispatcher"}))
    api.submit(c.Dispatch(), by=by, case=case, purpose="t", world=found.played_in)
    running.advance(found.id, timedelta(minutes=85))
    kinds = [type(one.event).__name__ for one in api.events_of(case, found.played_in)]
    assert "TaskFinished" in kinds, "the unit that nobody plays went on by itself"


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_a_running_and_a_past_drill_read_in_both_languages(district, language):
    _, page = planned(district)
    district.client("feng").post(page, {"do": "start"})
    browser = district.client("feng", language)
    assert browser.get(page).status_code == 200
    assert browser.get(f"{page}?part=1").status_code == 200
    running.advance(drill_at(page).id, timedelta(hours=2))
    told = browser.get(page).content.decode()
    assert ("Accepted at once" in told) == (language == "en")


def test_a_past_case_becomes_a_table_top_exercise(district):
    browser = district.client("feng")
    intake = api.Intake("manhole", district.PLACE, "portal", {"text": "王五家门口的井盖"})
    made = api.report(intake, by=api.reporter(str(district.person("resident"))), purpose="t")
    answer = browser.post("/console/drills", {"cases": str(made.number), "mode": "tabletop"})
    assert answer.status_code == 302, answer.content.decode()
    found = drill_at(answer.headers["Location"])
    assert found.mode == "tabletop"
    assert "王五" not in found.file
    assert browser.post("/console/drills", {"cases": "999999"}).status_code == 422


def test_the_inbox_reminds_those_who_can_see_to_it(district):
    assert "该演练了" in district.client("feng").get("/console/").content.decode()
    assert "该演练了" not in district.client("wei").get("/console/").content.decode()


def test_a_worker_moves_the_clock_of_a_running_drill(district):
    import threading

    from bihuan.desk import worker

    browser, page = planned(district)
    browser.post(page, {"do": "start", "n": "600"})
    feeding.rows("UPDATE drill SET touched = touched - interval '5 seconds' RETURNING id")
    stop = threading.Event()
    thread = threading.Thread(target=worker._keep_doing, args=(worker.Duty("drills", running.step, 0.05), stop))
    thread.start()
    try:
        for _ in range(400):
            if api.now(world=drill_at(page).played_in) >= datetime(2026, 7, 10, 1, 20, tzinfo=UTC):
                break
            stop.wait(0.05)
    finally:
        stop.set()
        thread.join()
    assert api.now(world=drill_at(page).played_in) >= datetime(2026, 7, 10, 1, 20, tzinfo=UTC)

"""A drill on the live kernel: in a world and on a clock of its own, the same each time, and scored by what happened."""

from datetime import UTC, datetime, timedelta

import pytest

import feeding
from bihuan.demo.load import load_demo
from bihuan.desk import api
from bihuan.kernel.refused import Refused
from bihuan.ops.drills import after, reading, running

ZONE = "Asia/Shanghai"
HEAD = """
drill: 1
key: small
plan: flood
title: 小演练
starts: 2026-07-10 20:00
hours: 2
place: "500103010006"
category: S0406
commander: {unit: yz.yjj}
staffing: {silent: 0, rework: 0, finish: 20}
"""
REPORT = '- {key: pool, at: 5m, kind: report, category: S0406, place: "500103012013", text: 积水, photo: true}\n'
WITHIN = "expectations:\n- {key: a, name: 结, of: case, case: pool, to: closed, within: 90m}\n"


@pytest.fixture
def district(clean_db, tmp_path, settings):
    settings.DATA = tmp_path
    load_demo()


def played(text, seed=None):
    return running.play(running.begin(running.plan(text, by=api.SYSTEM, seed=seed)).id)


def claimed(drill):
    with api.drills.claimed(drill.id) as passed:
        return passed


def score(drill, key):
    return next(one for one in drill.report["scores"] if one["key"] == key)


def kinds(drill):
    return [line.kind for line in api.drills.lines(drill.played_in)]


# -- the same each time ---------------------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_history_and_another_seed_another(district):
    text = reading.find("flood")
    first, again, other = played(text, 7), played(text, 7), played(text, 8)
    assert first.history == again.history != other.history
    assert first.report["counts"] == again.report["counts"]
    assert first.report["counts"]["injects"] > 100
    assert first.report["counts"]["stuck"] == 0
    for one in (first, other):
        assert api.audit(one.played_in).problems == []


def test_a_drill_that_was_cut_off_goes_on_where_its_clock_stood(district):
    drill = running.begin(running.plan(reading.find("flood"), by=api.SYSTEM))
    one = running.engine_of(drill)
    one.run_to(one.now + timedelta(hours=1, minutes=30))
    stood = api.now(world=drill.played_in)
    fresh = running.engine_of(api.drills.get(drill.id))
    assert fresh.now == stood
    fresh.run()
    over = running.end(drill.id)
    keys = [
        line.data["key"] for line in api.drills.lines(drill.played_in) if "key" in line.data and line.kind != "left-out"
    ]
    assert len(keys) == len(set(keys)), "an inject came twice"
    assert over.report["counts"]["injects"] > 100
    assert over.report["counts"]["warnings"] == 3, "a warning that stands is not raised again"
    assert api.audit(drill.played_in).problems == []


def test_the_clock_runs_at_its_speed_stands_in_a_pause_and_skips_what_nobody_ran(district):
    drill = running.begin(running.plan(HEAD, by=api.SYSTEM), speed=60)
    feeding.rows("UPDATE drill SET touched = touched - interval '2 seconds' RETURNING id")
    assert timedelta(minutes=2) <= claimed(drill) < timedelta(minutes=3)
    feeding.rows("UPDATE drill SET touched = touched - interval '1 day' RETURNING id")
    assert claimed(drill) == timedelta(minutes=5), "a night without a server does not count"
    api.drills.pause(drill.id)
    assert claimed(drill) == timedelta()
    api.drills.go_on(drill.id, speed=600)
    assert api.drills.get(drill.id).speed == 600
    with pytest.raises(Refused, match="drill-speed"):
        api.drills.go_on(drill.id, speed=601)


def test_the_worker_moves_a_running_drill_on_and_ends_it(district):
    drill = running.begin(running.plan(HEAD + "injects:\n" + REPORT, by=api.SYSTEM), speed=600)
    steps = 0
    while api.drills.get(drill.id).is_open:
        feeding.rows("UPDATE drill SET touched = touched - interval '5 seconds' RETURNING id")
        running.step()
        steps += 1
        assert steps < 10
    over = api.drills.get(drill.id)
    assert (over.state, over.report["counts"]["cases"]) == ("ended", 1)


# -- injects --------------------------------------------------------------------------------------------------------


def test_injects_that_follow_and_injects_that_are_spared(district):
    drill = played(
        HEAD
        + "injects:\n"
        + REPORT
        + "- {key: follows, when: {case: pool, is: closed, after: 4m}, kind: say, text: 通车}\n"
        + "- {key: spared, at: 1h55m, unless: {case: pool, is: accepted}, kind: public, text: 没人管}\n"
        + "- {key: comes, at: 6m, unless: {case: pool, is: closed}, kind: public, text: 还没好}\n"
    )
    lines = api.drills.lines(drill.played_in)
    closed = next(e["at"] for e in api.drills.happened(drill.played_in) if e["kind"] == "Closed")
    follows = next(line for line in lines if line.data.get("key") == "follows")
    assert timedelta(minutes=4) <= follows.at - closed < timedelta(minutes=5)
    assert [line.data["key"] for line in lines if line.kind == "left-out"] == ["spared"]
    assert "comes" in [line.data.get("key") for line in lines if line.kind == "inject"]


def test_a_reading_is_judged_by_the_detectors_and_becomes_the_drills_own_warning(district):
    drill = played(
        HEAD
        + "rules:\n- {detector: threshold, kind: rain_1h, enter: 40, leave: 20}\n"
        + "warns: {rain_1h: {level: IV, name: 暴雨}}\n"
        + "injects:\n- {key: rain, at: 5m, kind: readings, sensor: 雨, of: rain_1h, every: 5m,"
        + " values: [10, 45, 50, 15]}\n"
        + "- {key: press, when: {line: warning, level: IV, after: 2m}, kind: activate}\n"
        + "tasks:\n- {key: watch, name: 巡查, unit: yz.s.010, minutes: 10}\n"
        + "- {key: pump, name: 排水, unit: yz.cgj, needs: [watch]}\n"
        + "expectations:\n- {key: a, name: 接单, of: orders, to: taken, within: 30m}\n"
        + "- {key: b, name: 启动, of: line, to: activated, by: 10m}\n"
    )
    assert [k for k in kinds(drill) if k in {"raised", "warning", "lowered", "activated"}] == [
        "raised", "warning", "activated", "lowered",
    ]  # fmt: skip
    assert feeding.rows("SELECT count(*) FROM signal") == [(0,)]
    assert feeding.rows("SELECT count(*) FROM finding") == [(0,)]
    assert (score(drill, "a")["done"], score(drill, "a")["of"], score(drill, "a")["met"]) == (3, 3, True)
    assert score(drill, "b")["met"] is False, "warned at 10m, pressed at 12m"
    assert [one["key"] for one in drill.report["lessons"]] == ["b"]


def test_a_river_that_rises_and_falls_is_one_warning_up_at_once_and_down_after_a_while(district):
    drill = played(reading.find("flood"))
    lines = [one for one in api.drills.lines(drill.played_in) if one.kind in {"warning", "eased", "lifted"}]
    river = [(one.kind, one.data["level"]) for one in lines if one.data["of"].startswith("water_level")]
    assert river == [("warning", "III"), ("warning", "II"), ("eased", "III"), ("lifted", "III")]
    fell = next(
        one.at for one in api.drills.lines(drill.played_in) if one.kind == "lowered" and "quay" in one.data["of"]
    )
    eased = next(one.at for one in lines if one.kind == "eased")
    assert eased - fell >= timedelta(minutes=30)


def test_a_role_player_gives_an_order_back_and_disputes_an_answer(district):
    drill = played(
        HEAD
        + "injects:\n"
        + REPORT
        + "- {key: back, when: {case: pool, is: dispatched}, kind: act, case: pool, do: return, reason: 不归我管}\n"
        + "- {key: angry, when: {case: pool, is: closed, after: 1m}, kind: act, case: pool,"
        + " do: dispute, reason: 又淹了}\n"
    )
    seen = {event["kind"] for event in api.drills.happened(drill.played_in)}
    assert {"TaskReturned", "Reopened"} <= seen
    acts = [line.data["refused"] for line in api.drills.lines(drill.played_in) if line.data.get("kind") == "act"]
    assert acts == ["", ""]


# -- scores ---------------------------------------------------------------------------------------------------------


def test_what_was_late_is_said_with_its_reason(district):
    drill = played(
        HEAD.replace("silent: 0", "silent: 1, silent_for: 40")
        + "injects:\n"
        + REPORT
        + "expectations:\n- {key: a, name: 接单, of: case, case: pool, since: dispatched, to: taken, within: 10m}\n"
        + "- {key: never, name: 归零, of: case, case: pool, to: closed, within: 1m}\n"
    )
    late = score(drill, "a")["late"][0]
    assert late["took"] > 40 * 60
    assert any(why.startswith("answered-late:4") for why in late["why"])
    lesson = drill.report["lessons"][0]
    assert (lesson["owner"], lesson["late"]) == (late["unit"], 1)


def test_what_can_still_come_is_not_late(district):
    drill = running.begin(
        running.plan(
            HEAD
            + "injects:\n"
            + REPORT
            + "expectations:\n- {key: a, name: 结, of: case, case: pool, to: closed, within: 90m}\n",
            by=api.SYSTEM,
        )
    )
    running.advance(drill.id, timedelta(minutes=6))
    report = after.write(running.script_of(drill), drill.played_in)
    assert (report["scores"][0]["of"], report["scores"][0]["late_count"]) == (0, 0)


# -- the file -------------------------------------------------------------------------------------------------------


def test_all_that_is_wrong_with_a_file_is_told_at_once():
    wrong = HEAD.replace("hours: 2", "hours: 900").replace("key: small", "nokey: small") + (
        "injects:\n- {at: 5m, kind: reprt}\n- {key: a, at: 9x, kind: say, text: a}\n- {key: a, kind: say, text: b}\n"
        "- {key: z, at: 9000h, kind: say, text: b}\n"
        "tasks:\n- {key: t, name: n, unit: u, needs: [later]}\n"
        "expectations:\n- {key: e, name: n, of: orders, to: moon}\n"
        "- {key: f, name: n, of: case, case: x, to: closed, by: 1h}\n"
    )
    with pytest.raises(reading.BadScript) as told:
        reading.read(wrong, ZONE)
    said = "\n".join(told.value.wrong)
    for part in (
        "hours",
        "nokey",
        "missing: key",
        "injects 1",
        "9x",
        "used twice: a",
        "later",
        "moon",
        "within",
        "case",
        "outside",
    ):
        assert part in said, part


@pytest.mark.parametrize("text", ["- a\n- b\n", "a: [", "!!python/object/apply:os.system ['true']"])
def test_what_is_no_drill_is_refused_in_words(text):
    with pytest.raises(reading.BadScript):
        reading.read(text, ZONE)


@pytest.mark.parametrize(
    ("text", "minutes"), [("5m", 5), ("1h30m", 90), ("1:30", 90), (90, 90), ("90s", 1.5), ("+0:05", 5), ("1.5h", 90)]
)
def test_spans_as_people_write_them(text, minutes):
    assert reading.span(text) == timedelta(minutes=minutes)


def test_every_drill_of_the_product_can_be_read():
    assert "flood" in reading.known()
    for name in reading.known():
        found = reading.read(reading.find(name), ZONE)
        assert found.expectations
        assert found.starts.tzinfo is UTC


def test_a_name_that_is_not_there_is_told_with_those_that_are():
    with pytest.raises(LookupError, match="flood"):
        reading.find("../../etc/passwd")


def test_many_reports_are_spread_by_the_seed_and_stay_within_their_time():
    text = HEAD + (
        'injects:\n- {key: crowd, at: 10m, until: 1h, kind: reports, count: 50, categories: [S0406], places: ["1"],'
        " texts: [a, b]}\n"
    )
    one, again, other = (reading.read(text, ZONE, seed=seed).injects for seed in (1, 1, 2))
    assert one == again != other
    assert len(one) == 50
    assert all(timedelta(minutes=10) <= inject.at <= timedelta(hours=1) for inject in one)


# -- law 8 ----------------------------------------------------------------------------------------------------------


def test_a_world_that_is_dropped_takes_its_lines_and_the_report_stays(district):
    drill = played(HEAD + "injects:\n" + REPORT)
    record = api.virtual.drop(drill.played_in, by="test", reason="over")
    assert record["rows"]["drill_line"] >= 2
    assert api.drills.lines(drill.played_in) == []
    assert api.drills.get(drill.id).report["counts"]["cases"] == 1


def test_a_line_of_a_drill_is_never_changed(district):
    from django.db import DatabaseError

    drill = played(HEAD + "injects:\n" + REPORT)
    with pytest.raises(DatabaseError):
        feeding.rows(f"UPDATE drill_line SET kind = 'x' WHERE world_id = {drill.played_in} RETURNING number")
    with pytest.raises(DatabaseError):
        api.drills.note(1, [(datetime(2026, 1, 1, tzinfo=UTC), "inject", {})])

"""Replay and what-if: the cloudburst of 2025-07-09 (P1), any real operation, the same with a change; table-top."""

import json
from datetime import UTC, datetime

import pytest
import yaml
from typer.testing import CliRunner

import feeding
from bihuan import cli
from bihuan.demo.load import load_demo, person_id
from bihuan.desk import api
from bihuan.kernel import commands as c
from bihuan.kernel.case import Proof, Seal
from bihuan.kernel.refused import Refused
from bihuan.ops.drills import reading, running
from bihuan.ops.drills.replay import script_of, timeline
from bihuan.ops.drills.whatif import Change, changed, compare

CLOUDBURST = "cloudburst-2025-07-09"
PLACE = "500103012013"
SECRET = "张三丰 000-1234-0000"


@pytest.fixture
def district(clean_db, tmp_path, settings):
    settings.DATA = tmp_path
    load_demo()


def replayed(text):
    return running.play(running.begin(running.plan(text, by=api.SYSTEM, mode="replay"), is_paused=True).id)


def at(clock):
    return datetime.fromisoformat(f"2025-07-09T{clock}:00+08:00").astimezone(UTC)


# -- P1 -------------------------------------------------------------------------------------------------------------


def test_the_cloudburst_is_one_event_with_four_sources_warned_ordered_and_cleared_at_four(district):
    drill = replayed(reading.find(CLOUDBURST))
    world = drill.played_in
    lines = api.drills.lines(world)
    warning = [line for line in lines if line.kind == "warning"]
    assert [(line.at, line.data["level"]) for line in warning] == [(at("03:14"), "IV")]
    opened = next(line for line in lines if line.kind == "inject" and line.data["kind"] == "warning")
    fused = [line for line in lines if line.kind == "fused"]
    assert len(fused) == 3
    assert {line.data["into"] for line in fused} == {opened.data["case"]}
    case = api.case_by_number(opened.data["case"], world=world)
    kinds = {type(one.event).__name__: one.at for one in api.events_of(case, world)}
    assert kinds["TaskFinished"] == at("04:00")
    assert kinds["Closed"] == at("04:10")
    assert drill.report["counts"]["orders"] == 4
    assert all(one["met"] for one in drill.report["scores"])
    assert drill.report["counts"]["stuck"] == 0
    assert api.audit(world).problems == []


def test_the_cloudburst_has_the_same_timeline_every_time(district):
    first, again = replayed(reading.find(CLOUDBURST)), replayed(reading.find(CLOUDBURST))
    assert first.history == again.history
    assert timeline(first.played_in) == timeline(again.played_in)
    assert feeding.rows("SELECT count(*) FROM case_row WHERE world_id = 1") == [(0,)]


def test_the_command_plays_it_and_tells_the_number_last(clean_db, tmp_path, monkeypatch):
    monkeypatch.setenv("BIHUAN_DATA", str(tmp_path))
    said = CliRunner().invoke(cli.app, ["replay", "--json"])
    told = json.loads(said.stdout.strip().splitlines()[-1])
    assert len(told["history_sha256"]) == 64
    assert {row["what"] for row in told["timeline"]} >= {"warning", "activated", "fused", "TaskFinished", "Closed"}
    said = CliRunner().invoke(
        cli.app, ["drill", "run", "flood", "--speed", "max", "--seed", "7", "--no-keep", "--json"]
    )
    told = json.loads(said.stdout.strip().splitlines()[-1])
    assert len(told["history_sha256"]) == 64
    assert told["world"] is None
    assert CliRunner().invoke(cli.app, ["drill", "run", "nothing"]).exit_code == 1
    assert CliRunner().invoke(cli.app, ["drill", "run", "flood", "--speed", "601"]).exit_code == 1
    assert "flood" in CliRunner().invoke(cli.app, ["drill", "list"]).stdout
    assert json.loads(CliRunner().invoke(cli.app, ["drill", "check", "flood", "--json"]).stdout)["orders"] == 12


# -- a real operation -----------------------------------------------------------------------------------------------


def actor(account, unit, *roles):
    return api.Actor(str(person_id(account)), unit, frozenset(roles))


@pytest.fixture
def past(district):
    """A real case, worked to its end, with a name and a telephone number in it."""
    intake = api.Intake("S0406", PLACE, "hotline", {"text": f"积水，{SECRET}", "contact": SECRET})
    desk, worker = actor("shouli", "yz.zhzx", "triage", "dispatcher"), actor("cgj", "yz.cgj", "handler")
    check = actor("hecha", "yz.jdzx", "verifier")
    case = api.report(intake, by=desk, purpose="t").case
    done = c.FinishTask(1, (Proof("photo_after", "p"),))
    for command, by in (
        (c.Accept(), desk), (c.Dispatch("yz.cgj", reason="就近"), desk), (c.TakeTask(1), worker),
        (c.ArriveAtTask(1), worker), (done, worker), (c.SendToVerify("yz.jdzx"), desk), (c.Verify(accept=True), check),
    ):  # fmt: skip
        state = api.submit(command, by=by, case=case, purpose="t").state
        if command == done and state.stage.value == "verifying":
            api.submit(c.Verify(accept=True), by=check, case=case, purpose="t")
            break
    return case


def steps(case, world):
    kinds = ("Registered", "Accepted", "Dispatched", "TaskTaken", "TaskArrived", "TaskFinished", "Closed")
    history = api.events_of(case, world)
    return [type(one.event).__name__ for one in history if type(one.event).__name__ in kinds]


def test_a_real_operation_is_replayed_with_the_same_steps_at_the_same_instants(past):
    text = script_of([past], by=api.SYSTEM, purpose="t")
    first, again = replayed(text), replayed(text)
    case = api.case_by_number(1, world=first.played_in)
    assert steps(case, first.played_in) == steps(past, 1)
    assert "Closed" in steps(past, 1)
    assert first.history == again.history
    assert feeding.rows("SELECT count(*) FROM case_row WHERE world_id = 1") == [(1,)]


def test_what_is_replayed_has_no_name_no_text_and_no_person(past):
    text = script_of([past], by=api.SYSTEM, purpose="t")
    assert SECRET not in text
    assert "积水" not in text
    world = replayed(text).played_in
    bodies = str(feeding.rows(f"SELECT body FROM event WHERE world_id = {world}"))
    assert not [name for name in ("shouli", "cgj", "hecha") if str(person_id(name)) in bodies]


def test_a_sealed_case_is_never_made_a_drill_of(past):
    api.submit(c.Reseal(Seal.L2, "t"), by=api.SYSTEM, case=past, purpose="t")
    with pytest.raises(Refused):
        script_of([past], by=api.SYSTEM, purpose="t")


def test_at_the_table_only_what_came_in_is_played_and_people_decide(past):
    text = script_of([past], by=api.SYSTEM, purpose="t", is_tabletop=True)
    made = running.plan(text, by=api.SYSTEM, mode="tabletop")
    drill = running.begin(made, is_paused=True)
    running.engine_of(drill).run()
    assert [state.stage.value for _, state in api.drills.open_cases(drill.played_in)] == ["registered"]
    assert api.drills.get(made).mode == "tabletop"


# -- what if --------------------------------------------------------------------------------------------------------


def test_other_staffing_gives_another_course_and_the_same_luck(district):
    found = compare(reading.find("flood"), Change(staffing={"take": 40, "silent": 0.5}))
    answered = next(one for one in found["scores"] if one["key"] == "answered")
    assert answered["after"][0] < answered["before"][0]
    assert found["times"]["dispatched-taken"][1] > found["times"]["dispatched-taken"][0]
    assert found["times"]["registered-accepted"][0] == found["times"]["registered-accepted"][1]
    same = compare(reading.find("flood"), Change())
    assert same["before"]["history_sha256"] == same["after"]["history_sha256"]
    assert all(world.dropped for world in api.virtual.every(dropped=True) if world.kind == "drill")


def test_another_rule_of_dispatch_and_another_plan_are_tried_out(district):
    text = changed(reading.find("flood"), Change(routes={"S0406": "yz.jtj"}, plan=reading.find(CLOUDBURST)))
    assert [task["key"] for task in yaml.safe_load(text)["tasks"]] == ["close", "pump", "watch"]
    world = replayed(text).played_in
    leads = {event["data"]["lead"] for event in api.drills.happened(world) if event["kind"] == "Dispatched"}
    assert "yz.jtj" in leads


def test_an_unknown_change_is_told_with_those_there_are(district):
    with pytest.raises(reading.BadScript, match="take"):
        changed(reading.find("flood"), Change(staffing={"tke": 1}))

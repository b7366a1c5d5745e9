"""The judge of a site: rules by date from the database, state across restarts, one at a time, counted exactly once."""

import threading
import time
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection, connections
from typer.testing import CliRunner

from bihuan import cli
from bihuan.desk import api as desk
from bihuan.desk import instant
from bihuan.sense import judging
from bihuan.sense.judging import Judge
from bihuan.wiring import broker, sensing

NOW = datetime(2025, 7, 9, 8, tzinfo=UTC)
DAY = date(2025, 7, 9)
ROWS = [
    {"detector": "plausible", "kind": "water_level", "low": 0, "high": 20, "unit": "m", "units": [[100, 0]]},
    {"detector": "threshold", "kind": "water_level", "enter": 5.0, "leave": 4.0},
]


@pytest.fixture(autouse=True)
def clock(clean_db, monkeypatch):
    monkeypatch.setattr(instant, "wall", lambda: NOW)


def rules(rows=ROWS, starts=DAY):
    return desk.signal_rules.add(rows, starts=starts, basis="预案", by="test")


def send(values, start=0, **more):
    sent = [
        desk.signals.Signal("gauge", "water_level", NOW - timedelta(minutes=60 - start - at), value, **more)
        for at, value in enumerate(values)
    ]
    desk.signals.keep(sent, source="centre/gate")


def judge_all(judge):
    """Everything stored: a transaction that is open anywhere in the cluster keeps some of it back for a while."""
    deadline, read = time.monotonic() + 60, 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM signal")
        wanted = cursor.fetchone()[0]
    while judge._watch is None or read < wanted - judge.seen:
        assert time.monotonic() < deadline
        read += judge.step() or 0
    judge.seen = wanted
    return read


@pytest.fixture
def judge():
    made = []

    def make(seen=0):
        if made:
            made[-1].forget()
        made.append(Judge())
        made[-1].seen = seen
        return made[-1]

    yield make
    for one in made:
        one.forget()


def found():
    return [(one.detector, one.mark, one.value) for one in reversed(desk.signals.findings())]


def faults():
    (one,) = desk.signal_sources.health(NOW)
    return one.faults.get("water_level", {})


def test_signals_are_judged_by_the_rules_of_the_day(judge, monkeypatch):
    rules([{"detector": "threshold", "kind": "water_level", "enter": 1.0, "leave": 0.5}], DAY + timedelta(days=1))
    rules(starts=DAY - timedelta(days=9))
    monkeypatch.setattr(judging, "LOOK_EVERY", 0.0)
    one = judge()
    send([2, 6, 3])
    judge_all(one)
    assert found() == [("threshold", 1, 6.0), ("threshold", -1, 3.0)]
    monkeypatch.setattr(instant, "wall", lambda: NOW + timedelta(days=1))
    send([2], start=3)
    judge_all(one)
    assert found()[2:] == [("threshold", 1, 2.0)]


def test_without_rules_what_comes_is_passed_over_and_rules_hold_from_then_on(judge, monkeypatch):
    monkeypatch.setattr(judging, "LOOK_EVERY", 0.0)
    one = judge()
    send([9])
    judge_all(one)
    rules()
    send([9.5], start=1)
    judge_all(one)
    assert found() == [("threshold", 1, 9.5)]


def test_after_a_kill_nothing_is_lost_found_twice_or_counted_twice(judge):
    rules()
    one = judge()
    send([1, 900, 6, 77])
    judge_all(one)
    assert one.step() == 0  # nothing more: saved
    send([50, 6, 3], start=4)
    judge_all(one)  # judged and found, but not saved: it is killed now
    again = judge(seen=4)
    judge_all(again)
    again.end()
    assert found() == [("threshold", 1, 6.0), ("threshold", -1, 3.0)]
    assert faults() == {"unit_wrong": 3}


def test_a_reading_in_another_unit_is_counted_and_never_judged(judge):
    rules()
    send([600, 7], unit="cm")
    send([1], start=2, unit="m")
    one = judge()
    judge_all(one)
    one.end()
    assert (found(), faults()) == ([], {"unit_wrong": 2})


def test_one_judges_and_the_other_takes_over_when_it_is_gone(judge):
    rules()
    send([6])
    first = judge()
    judge_all(first)
    told, go, second = [], threading.Event(), Judge()

    def wait():
        try:
            told.append(second.step())
            go.wait(60)
            while (step := second.step()) is None:
                time.sleep(0.02)
            told.append(step)
        finally:
            connections.close_all()

    thread = threading.Thread(target=wait)
    thread.start()
    while not told:
        time.sleep(0.01)
    first.end()
    first.forget()
    go.set()
    thread.join()
    assert told == [None, 0]
    assert len(found()) == 1


def test_what_a_judge_that_lost_its_place_keeps_is_refused():
    assert desk.signal_rules.keep_state("part", 0, b"one", {}) == 1
    with pytest.raises(desk.signal_rules.OtherJudgeError):
        desk.signal_rules.keep_state("part", 0, b"other", {("a", "b", "c"): 1})
    assert desk.signal_rules.state_of("part") == (1, b"one")
    assert desk.signal_sources.health(NOW) == []


def test_it_runs_until_asked_to_end_and_what_follows_is_called(monkeypatch):
    rules()
    send([6])
    stop, called = threading.Event(), []

    def after():
        called.append(len(desk.signals.findings()))
        if called[-1]:
            stop.set()

    def run():
        try:
            judging.run(stop, after)
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(60)
    assert called[-1] == 1


@pytest.fixture
def bihuan(clean_db, tmp_path, monkeypatch, settings):
    monkeypatch.setenv("BIHUAN_DATA", str(tmp_path))
    settings.DATA = tmp_path
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO unit (code, district, name, name_en, kind, path, place, phone)"
            " VALUES ('water', '500103', '水务', '', 'district', '/water/', '', '')"
        )
    return lambda *arguments: CliRunner().invoke(cli.app, ["signals", *arguments])


def test_rules_and_sources_at_the_machine(bihuan, tmp_path, settings):
    file = tmp_path / "rules.toml"
    file.write_text('[[rule]]\ndetector = "threshold"\nkind = "water_level"\nenter = 5.0\nleave = 4.0\n')
    assert bihuan("rules", "import", str(file), "--from", "2025-07-01", "--basis", "汛期").exit_code == 0
    assert desk.signal_rules.in_force().rows == (
        {"detector": "threshold", "kind": "water_level", "enter": 5.0, "leave": 4.0},
    )
    file.write_text('[[rule]]\ndetector = "threshold"\nkind = "water_level"\nenter = "high"\n')
    wrong = bihuan("rules", "import", str(file), "--from", "2025-07-02")
    assert (wrong.exit_code, "row 1" in " ".join(wrong.output.split())) == (1, True)
    assert "汛期" in bihuan("rules", "list").stdout
    settings.MQTT = "embedded"
    told = bihuan("source", "add", "water", "gate").stdout
    assert broker.password_of(tmp_path, "water/gate") in told
    assert "water/gate" in (tmp_path / "broker" / "nats.conf").read_text()
    assert (tmp_path / "mqtt.json").stat().st_mode & 0o77 == 0
    assert "water/gate" in bihuan("source", "list").stdout
    assert "water/gate" in bihuan("health").stdout
    assert bihuan("source", "end", "water/gate").exit_code == 0
    assert "water/gate" not in (tmp_path / "broker" / "nats.conf").read_text()
    assert bihuan("source", "add", "nobody", "gate").exit_code == 1


def test_bihuan_run_starts_the_judge_and_what_mqtt_needs(bihuan, settings):
    settings.MQTT = ""
    assert [one.name for one in sensing.parts(["bihuan"])] == ["judge"]
    settings.MQTT = "mqtt://broker"
    assert [one.name for one in sensing.parts(["bihuan"])] == ["judge", "mqtt"]
    settings.MQTT = "embedded://127.0.0.1:1999"
    assert [one.name for one in sensing.parts(["bihuan"])] == ["judge", "broker", "mqtt"]


def test_a_bug_in_what_follows_ends_neither_the_judge_nor_the_others():
    rules()
    send([6])
    stop, called = threading.Event(), []

    def broken():
        called.append("broken")
        raise ZeroDivisionError

    def after():
        called.append("after")
        if len(desk.signals.findings()) and called.count("broken") > 1:
            stop.set()

    def run():
        try:
            judging.run(stop, broken, after)
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(60)
    assert called[-1] == "after"
    assert len(desk.signals.findings()) == 1


def test_a_clock_that_jumps_back_and_forth_loses_no_signal_and_finds_none_twice(judge, monkeypatch):
    rules()
    one = judge()
    for hours in (0, -24, 48, -3):
        monkeypatch.setattr(instant, "wall", lambda hours=hours: NOW + timedelta(hours=hours))
        at = instant.wall() - timedelta(minutes=9)
        values = [
            desk.signals.Signal("gauge", "water_level", at + timedelta(minutes=n), v) for n, v in enumerate((1, 6, 1))
        ]
        desk.signals.keep(values, source="centre/gate")
        judge_all(one)
    one.end()
    assert [finding.mark for finding in reversed(desk.signals.findings())] == [1, -1, 1, -1]
    assert faults() == {"out_of_order": 6}

"""Stored signals are judged in the order in which they came, after a crash too; each finding is kept once."""

import json
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, connections, transaction
from typer.testing import CliRunner

from bihuan import cli
from bihuan.desk import api as desk
from bihuan.sense.watch import Watch

NOW = datetime(2025, 7, 9, 8, tzinfo=UTC)
ROWS = [
    {"detector": "plausible", "kind": "water_level", "low": 0, "high": 20, "ahead": 1e9},
    {"detector": "threshold", "kind": "water_level", "enter": 5.0, "leave": 4.0},
    {"detector": "silence", "kind": "water_level", "seconds": 600},
]
TOML = """
[[rule]]
detector = "threshold"
kind = "water_level"
enter = 5.0
leave = 4.0
"""


def send(values, *, sensor="gauge", start=0, kind="water_level", source="water/gate", waits=True):
    signals = [
        desk.signals.Signal(sensor, kind, NOW + timedelta(minutes=start + at), value) for at, value in enumerate(values)
    ]
    kept = desk.signals.keep(signals, source=source)
    deadline = time.monotonic() + 60
    # Nobody reads past a transaction that is still open, wherever in the cluster: other tests have such ones too.
    while waits and len(desk.signals.after(desk.signals.Place(), 1000)[0]) < stored():
        assert time.monotonic() < deadline, "a transaction stays open"
        time.sleep(0.01)
    return kept


def stored():
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM signal")
        return cursor.fetchone()[0]


def watch(tmp_path, rows=ROWS):
    return Watch(rows, tmp_path / "state.npz", since=NOW)


def told():
    minutes = timedelta(minutes=1)
    return [
        (one.sensor, one.detector, one.mark, (one.happened - NOW) / minutes)
        for one in reversed(desk.signals.findings())
    ]


def test_a_rise_is_found_once_across_batches_new_sensors_and_restarts(clean_db, tmp_path):
    one = watch(tmp_path)
    send([1, 6, 7])
    send([2], sensor="other")
    assert (one.step().read, one.step().read) == (4, 0)
    send([8, 3], start=3)
    send([9, None, 900, 1], sensor="third")
    again = watch(tmp_path)
    assert again.step().read == 6
    assert told() == [
        ("gauge", "threshold", 1, 1),
        ("gauge", "threshold", -1, 4),
        ("third", "threshold", 1, 0),
        ("third", "threshold", -1, 3),
    ]
    assert again.stream.counts["no_number"] == again.stream.counts["impossible"] == 1


def test_after_a_crash_nothing_is_lost_and_nothing_found_twice(clean_db, tmp_path):
    send([1, 6, 1, 6, 1, 6, 1])
    one = watch(tmp_path)
    one.step(most=2)
    kept = (tmp_path / "state.npz").read_bytes()
    one.step(most=3)
    # The state was not written: what came since is judged again, in other steps.
    (tmp_path / "state.npz").write_bytes(kept)
    again = watch(tmp_path)
    assert [again.step(most=4).found, again.step().found] == [0 + 1, 1]
    assert told() == [("gauge", "threshold", (1, -1)[at % 2], at + 1) for at in range(6)]


def test_what_is_committed_late_is_not_passed_over(clean_db, tmp_path):
    """A slow sender draws his numbers before a fast one, and commits after him."""
    drawn, may_commit = threading.Event(), threading.Event()

    def slow():
        try:
            with transaction.atomic():
                send([6], sensor="slow", waits=False)
                drawn.set()
                may_commit.wait(30)
        finally:
            connections.close_all()

    sender = threading.Thread(target=slow)
    sender.start()
    try:
        assert drawn.wait(30)
        send([6], sensor="fast", source="smoke/gate", waits=False)
        one = watch(tmp_path)
        before = one.step().read
    finally:
        may_commit.set()
        sender.join()
    assert before == 0
    while len(desk.signals.after(desk.signals.Place(), 1000)[0]) < 2:
        time.sleep(0.01)
    assert one.step().read == 2
    assert {finding[0] for finding in told()} == {"slow", "fast"}


def test_who_falls_silent_is_found_at_the_time_it_was_too_long(clean_db, tmp_path):
    one = watch(tmp_path)
    send([1, 1])
    one.step()
    assert one.ask(NOW + timedelta(minutes=11)) == 0
    assert one.ask(NOW + timedelta(minutes=12)) == 1
    assert watch(tmp_path).ask(NOW + timedelta(minutes=20)) == 0
    send([1], start=30)
    again = watch(tmp_path)
    again.step()
    assert told() == [("gauge", "silence", 1, 11), ("gauge", "silence", -1, 30)]


def test_other_detectors_begin_anew_where_the_old_ones_stopped(clean_db, tmp_path):
    send([6, 7])
    watch(tmp_path).step()
    send([8], start=2)
    rows = [*ROWS, {"detector": "rate", "kind": "water_level", "most": 1}]
    assert watch(tmp_path, rows).step().read == 1
    assert [finding[1:3] for finding in told()] == [("threshold", 1), ("threshold", 1)]


@pytest.fixture
def bihuan(clean_db, tmp_path, monkeypatch, settings):
    monkeypatch.setenv("BIHUAN_DATA", str(tmp_path))
    settings.DATA = tmp_path
    return lambda *arguments: CliRunner().invoke(cli.app, ["signals", *arguments])


def test_at_the_machine(bihuan, tmp_path):
    rules, state = tmp_path / "rules.toml", str(tmp_path / "state.npz")
    rules.write_text(TOML, encoding="utf-8")
    send([1, 6])
    found = bihuan("judge", str(rules), "--state", state, "--once", "--json")
    assert found.exit_code == 0, found.output
    assert json.loads(found.stdout)["findings"] == 1
    (row,) = json.loads(bihuan("findings", "--json").stdout)
    assert (row["sensor"], row["detector"], row["mark"], row["value"]) == ("gauge", "threshold", "raised", 6.0)
    assert "gauge" in bihuan("findings").stdout
    rules.write_text(TOML.replace("5.0", '"high"'), encoding="utf-8")
    wrong = bihuan("judge", str(rules), "--state", state, "--once")
    assert wrong.exit_code == 1
    assert "row 1" in " ".join(wrong.output.split())
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM finding")
        assert cursor.fetchone()[0] == 1

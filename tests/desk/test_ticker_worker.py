"""A worker process: it does its duties, outlives its database, and ends when it is asked."""

import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
from django.db import OperationalError

import feeding
import rooms
from bihuan.adapters.files import FileNotifier
from bihuan.desk import api, calendars, feed, identity, recompute, worker, worlds
from bihuan.testing import cast

MONDAY = datetime(2026, 6, 1, 1, tzinfo=UTC)


@pytest.fixture
def drill(clean_db, tmp_path, settings):
    settings.DATA = tmp_path
    identity.forget_numbers()
    calendars.forget()
    rooms.install()
    return worlds.create("d", "drill", starts=MONDAY)


def wait_for(question, seconds=15):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if question():
            return
        time.sleep(0.05)
    pytest.fail("waited in vain")


def report(world):
    intake = api.Intake("manhole", "500103010", "portal", {"text": "井盖"})
    return api.report(intake, by=rooms.actor(cast.LIN), purpose="test", world=world).case


def is_done():
    unsent = feeding.rows("SELECT count(*) FROM outbox WHERE sent IS NULL")
    due = feeding.rows("SELECT count(*) FROM case_row c JOIN world w ON w.id = world_id WHERE next_due <= virtual_now")
    unsigned = feeding.rows(
        "SELECT count(*) FROM world w WHERE (SELECT max(pos) + 1 FROM feed WHERE world_id = w.id)"
        " <> (SELECT max(size) FROM head WHERE world_id = w.id)"
    )
    return feed.lag() == 0 and unsent == due == unsigned == [(0,)]


PROCESS = """
import sys
from bihuan.wiring.site import setup_django
setup_django()
from bihuan.desk import worker
worker.run()
"""


def start(tmp_path):
    environment = {**os.environ, "BIHUAN_DATA": str(tmp_path)}
    return subprocess.Popen([sys.executable, "-c", PROCESS], env=environment, stderr=subprocess.PIPE, text=True)


def test_a_worker_process_does_everything_and_ends_on_term(drill, tmp_path):
    case = report(drill)
    worlds.set_virtual_now(drill, MONDAY + timedelta(days=30))
    with start(tmp_path) as process:
        wait_for(is_done)
        begun = time.monotonic()
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=20)
    assert process.returncode == 0
    assert time.monotonic() - begun < 5
    assert "worker ended" in said
    assert "ERROR" not in said
    sent = [json.loads(line) for line in (tmp_path / "outbox.jsonl").read_text(encoding="utf-8").splitlines()]
    assert {line["kind"] for line in sent} >= {"new-case", "overdue"}
    assert all(line["drill"] for line in sent)
    assert [event.case for event in feed.everything(drill)][:1] == [case]


def test_workers_killed_again_and_again_leave_nothing_undone_and_nothing_twice(drill, tmp_path):
    cases = []
    for _ in range(4):
        cases += [report(drill) for _ in range(10)]
        with start(tmp_path) as process:
            time.sleep(1.2)
            process.kill()
    worlds.set_virtual_now(drill, MONDAY + timedelta(days=30))
    feeding.rows("UPDATE outbox SET next_try = now() WHERE next_try IS NOT NULL")
    with start(tmp_path) as process:
        wait_for(is_done)
        process.terminate()
    placed = list(feed.everything(drill))
    assert [event.pos for event in placed] == list(range(len(placed)))
    assert {event.case for event in placed} == set(cases)
    assert api.audit(drill).problems == []
    keys = [json.loads(line)["key"] for line in (tmp_path / "outbox.jsonl").read_text(encoding="utf-8").splitlines()]
    assert len(keys) == len(set(keys)) == feeding.rows("SELECT count(*) FROM outbox")[0][0]


def test_a_worker_outlives_its_connections_and_says_so_once(drill, tmp_path, caplog):
    stop = threading.Event()
    caplog.set_level(logging.INFO, "bihuan.worker")
    # Only the worker's: a browser test of the same run keeps a connection of its own from one test to the next.
    [[begun]] = feeding.rows("SELECT clock_timestamp()")

    def work():
        worker.run(FileNotifier(tmp_path / "o.jsonl"), stop)

    def cut_off():
        try:
            wait_for(lambda: feed.lag() == 0)
            for _ in range(3):
                feeding.rows(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
                    " AND usename = current_user AND pid <> pg_backend_pid() AND backend_start > %s",
                    [begun],
                )
                time.sleep(0.4)
            report(1)
            wait_for(lambda: feed.lag() == 0 and feed.tail(1, 0))
        finally:
            stop.set()

    report(drill)
    feeding.in_threads(work, cut_off)
    messages = [record.getMessage() for record in caplog.records]
    assert sum(text.startswith("feed:") and "trying again" in text for text in messages) <= 3
    assert any("works again" in text for text in messages)
    assert messages[-1] == "worker ended"


def test_an_idle_worker_hardly_asks(drill, monkeypatch):
    asked = []
    stop = threading.Event()
    duty = worker.Duty("idle", lambda: asked.append(time.monotonic()) or 0, 0.1)
    thread = threading.Thread(target=worker._keep_doing, args=(duty, stop))
    thread.start()
    time.sleep(0.55)
    stop.set()
    thread.join()
    assert 4 <= len(asked) <= 7


def test_trouble_waits_longer_each_time_and_is_said_once(caplog):
    trouble = worker._Trouble("feed")
    assert [trouble.note(OperationalError("gone\ndetails")) for _ in range(7)] == [0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]
    assert [record.getMessage() for record in caplog.records] == ["feed: OperationalError: gone; trying again"]
    trouble.note(ZeroDivisionError("a bug"))
    assert caplog.records[-1].exc_info is not None
    trouble.over()
    assert caplog.records[-1].getMessage() == "feed: works again"
    assert trouble.note(OperationalError("gone")) == 0.2


@pytest.fixture
def unhurried(monkeypatch):
    monkeypatch.setattr(recompute, "SEEN_EVERYWHERE", 0.0)


def set_day(day, kind):
    feeding.rows(
        "INSERT INTO calendar_day (country, day, is_working, note, basis, set_by) VALUES ('CN', %s, %s, '', 'b', 'me')"
        " ON CONFLICT (country, day) DO UPDATE SET is_working = excluded.is_working",
        [day, kind == "work"],
    )
    calendars.forget()


def dues(world):
    return [due for (due,) in feeding.rows("SELECT due FROM case_row WHERE world_id = %s ORDER BY id", [world])]


def dispatched(world, count):
    for _ in range(count):
        case = report(world)
        for command in (rooms.c.Accept(), rooms.c.Dispatch()):
            api.submit(command, by=rooms.actor(cast.ZHOU), case=case, purpose="test", world=world)


def test_a_day_off_moves_the_open_due_dates_once(drill, unhurried, monkeypatch):
    monkeypatch.setattr(recompute, "_pace", recompute._Pace())
    recompute._pace.size = 3
    dispatched(drill, 8)
    before = dues(drill)
    set_day("2026-06-02", "rest")
    told = []
    assert recompute.recompute(drill, lambda *step: told.append(step), wait=0) == 8
    assert [after - was for was, after in zip(before, dues(drill), strict=True)] == [timedelta(days=1)] * 8
    assert told[-1] == (8, 8)
    assert len(told) >= 2
    assert recompute.recompute(drill, wait=0) == 0
    assert api.audit(drill).problems == []


def test_a_worker_takes_up_a_new_calendar_where_another_died(drill, unhurried, monkeypatch):
    monkeypatch.setattr(recompute, "_pace", recompute._Pace())
    recompute._pace.size = 5
    dispatched(drill, 8)
    before = dues(drill)
    set_day("2026-06-02", "rest")

    def moved():
        return sum(after - was == timedelta(days=1) for was, after in zip(before, dues(drill), strict=True))

    for _ in range(10):
        if moved():
            break
        recompute.step()
    assert moved() == 5
    with monkeypatch.context() as dying:
        dying.setattr(recompute, "_keep", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            recompute.step()
    assert moved() == 5
    while recompute.step():
        pass
    assert moved() == 8
    assert recompute._where(drill).changed == 8
    assert recompute._where(drill).looked_at == 8


def test_a_case_that_cannot_be_recomputed_does_not_keep_the_others(drill, unhurried, caplog):
    dispatched(drill, 3)
    feeding.rows("UPDATE case_row SET state = '{broken' WHERE id = (SELECT min(id::text)::uuid FROM case_row)")
    set_day("2026-06-02", "rest")
    assert recompute.recompute(drill, wait=0) == 2
    assert "could not be recomputed" in caplog.text

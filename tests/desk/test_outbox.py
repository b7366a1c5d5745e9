"""Messages exist once, are handed over at least once under one key, and what cannot be handed over is seen."""

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

import feeding
from bihuan.adapters.files import FileNotifier
from bihuan.desk import api, outbox, worlds
from bihuan.desk.ports import Message, NotDelivered

pytestmark = pytest.mark.usefixtures("clean_db")
AHEAD = datetime(2040, 1, 1, tzinfo=UTC)
INSERT = """
INSERT INTO outbox (id, world_id, district, case_id, kind, "to", body, created, next_try, attempts, last_error)
SELECT gen_random_uuid(), %s, '500103', gen_random_uuid(), 'order', 'road', '{"number": 1}', %s, %s, 0, ''
FROM generate_series(1, %s) RETURNING id
"""


def store(count=1, world=1, at=None):
    at = at or datetime.now(UTC)
    return [key for (key,) in feeding.rows(INSERT, [world, at, at, count])]


def lines(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def state(key):
    ((sent, next_try, attempts, error),) = feeding.rows(
        "SELECT sent, next_try, attempts, last_error FROM outbox WHERE id = %s", [key]
    )
    return sent, next_try, attempts, error


class Failing:
    """A gateway that is down, or that refuses for good."""

    def __init__(self, error):
        self.error = error
        self.tried = 0

    def deliver(self, _message):
        self.tried += 1
        raise self.error


def test_a_message_is_handed_over_and_marked(tmp_path):
    (key,) = store()
    sender = outbox.Sender(FileNotifier(tmp_path / "outbox.jsonl"))
    assert sender.step() == 1
    (line,) = lines(tmp_path / "outbox.jsonl")
    assert line["key"] == str(key)
    assert (line["kind"], line["to"], line["body"], line["drill"]) == ("order", "road", {"number": 1}, False)
    sent, next_try, attempts, error = state(key)
    assert sent is not None
    assert (next_try, attempts, error) == (None, 1, "")
    assert sender.step() == 0


class Counting:
    """A receiver that takes the same message twice without a word: the file's would hide it."""

    def __init__(self):
        self.keys = []

    def deliver(self, message):
        self.keys.append(message.key)


def test_several_senders_hand_each_message_over_once():
    keys = store(400)
    receiver = Counting()

    def send():
        sender = outbox.Sender(receiver, batch=7)
        while sender.step():
            pass

    feeding.in_threads(*[send] * 4)
    assert Counter(str(key) for key in receiver.keys) == Counter(str(key) for key in keys)


KILLED = """
import sys, django
django.setup()
from datetime import timedelta
from pathlib import Path
from bihuan.adapters.files import FileNotifier
from bihuan.desk import outbox
class Dying(FileNotifier):
    def deliver(self, message):
        super().deliver(message)
        print("handed over", flush=True)
        sys.stdin.read()
outbox.Sender(Dying(Path(sys.argv[1])), lease=timedelta(seconds=1)).step()
"""


def test_a_sender_killed_after_handing_over_repeats_under_the_same_key(tmp_path):
    keys = store(3)
    path = tmp_path / "outbox.jsonl"
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ,
    ) as child:
        assert child.stdout.readline() == "handed over\n"
        os.kill(child.pid, signal.SIGKILL)
    sender = outbox.Sender(FileNotifier(path))
    assert sender.step() == 0, "taken while the lease still ran"
    deadline = time.monotonic() + 10
    while feeding.rows("SELECT count(*) FROM outbox WHERE sent IS NULL") != [(0,)] and time.monotonic() < deadline:
        sender.step() or time.sleep(0.1)
    assert Counter(line["key"] for line in lines(path)) == Counter(str(key) for key in keys)
    assert max(state(key)[2] for key in keys) == 2


def test_what_fails_waits_longer_each_time_and_ends_as_a_dead_letter():
    (key,) = store()
    sender = outbox.Sender(Failing(NotDelivered("gateway down")))
    waits = []
    for _ in range(outbox.MOST_ATTEMPTS):
        before = datetime.now(UTC)
        assert sender.step() == 1
        next_try = state(key)[1]
        waits.append(next_try and round((next_try - before).total_seconds()))
        feeding.rows("UPDATE outbox SET next_try = now() WHERE id = %s AND next_try IS NOT NULL", [key])
    assert waits == [*outbox.WAITS, None]
    assert sender.step() == 0
    (letter,) = outbox.dead_letters(1)
    assert (letter.key, letter.attempts) == (key, outbox.MOST_ATTEMPTS)
    assert "gateway down" in letter.error


def test_a_refusal_for_good_is_not_tried_again_until_somebody_asks(tmp_path):
    (key,) = store()
    outbox.Sender(Failing(NotDelivered("no such number", for_good=True))).step()
    assert [letter.key for letter in outbox.dead_letters(1)] == [key]
    assert outbox.try_again(1, [key]) == 1
    assert outbox.Sender(FileNotifier(tmp_path / "o.jsonl")).step() == 1
    assert outbox.dead_letters(1) == []


def test_one_that_fails_does_not_hold_up_the_others(tmp_path):
    keys = store(5)

    class Picky(FileNotifier):
        def deliver(self, message):
            if message.key == keys[0]:
                raise ZeroDivisionError("an adapter with a bug")
            super().deliver(message)

    assert outbox.Sender(Picky(tmp_path / "o.jsonl")).step() == 5
    assert len(lines(tmp_path / "o.jsonl")) == 4
    assert "ZeroDivisionError" in state(keys[0])[3]


def test_a_slow_notifier_gives_back_what_it_cannot_hand_over_within_its_lease(tmp_path):
    store(10)

    class Slow(FileNotifier):
        def deliver(self, message):
            time.sleep(0.2)
            super().deliver(message)

    outbox.Sender(Slow(tmp_path / "o.jsonl"), lease=timedelta(seconds=1)).step()
    assert 2 <= len(lines(tmp_path / "o.jsonl")) <= 4
    assert feeding.rows("SELECT count(*) FROM outbox WHERE sent IS NULL") != [(0,)]


def test_a_drill_says_that_it_is_one_also_when_it_plays_in_the_future(tmp_path):
    drill = worlds.create("d", "drill", starts=AHEAD)
    store(2, drill, AHEAD)
    assert outbox.Sender(FileNotifier(tmp_path / "o.jsonl")).step() == 2
    assert [(line["world"], line["drill"]) for line in lines(tmp_path / "o.jsonl")] == [(drill, True)] * 2


@pytest.mark.parametrize("starts", [AHEAD, datetime(2020, 1, 1, tzinfo=UTC)])
def test_a_simulations_messages_never_leave(tmp_path, starts):
    simulation = worlds.create("s", "simulation", starts=starts)
    (key,) = store(1, simulation, starts)
    sender = outbox.Sender(FileNotifier(tmp_path / "o.jsonl"))
    sender.step()
    assert sender.step() == 0
    assert not (tmp_path / "o.jsonl").exists()
    assert state(key)[0] is None
    assert outbox.dead_letters(simulation) == []


def test_the_file_keeps_each_key_once_and_mends_a_line_cut_off_by_a_crash(tmp_path):
    path = tmp_path / "o.jsonl"
    message = Message(uuid.uuid4(), 1, False, "500103", uuid.uuid4(), "order", "road", "{}", datetime.now(UTC))
    FileNotifier(path).deliver(message)
    with path.open("ab") as file:
        file.write(b'{"key": "half')
    other = Message(uuid.uuid4(), 1, False, "500103", uuid.uuid4(), "order", "road", "{}", datetime.now(UTC))
    notifier = FileNotifier(path)
    for each in (message, other, message, other):
        notifier.deliver(each)
    text = path.read_text(encoding="utf-8").splitlines()
    assert [json.loads(text[i])["key"] for i in (0, 2)] == [str(message.key), str(other.key)]
    assert len(text) == 3


def test_an_audit_names_what_was_given_up():
    (key,) = store()
    outbox.Sender(Failing(NotDelivered("no such number", for_good=True))).step()
    ((where, what),) = api.audit(1).notices
    assert where == f"message {key}"
    assert "no such number" in what

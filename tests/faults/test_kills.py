"""Kill -9 of server, worker and PostgreSQL at random points under load: nothing accepted is missing or doubled."""

import contextlib
import json
import os
import random
import signal
import threading
import time
from pathlib import Path

import pytest

from faults.live import Live, Writer, free_port

KILLS = ("granian", "bihuan.cli worker", "postgres", "granian", "postgres")


@pytest.fixture
def live(tmp_path):
    folder = tmp_path / "data"
    site = Live(folder, free_port())
    site.start()
    yield site
    site.stop()


def victim(live, wanted, chance):
    found = [pid for pid, line in live.below().items() if wanted in line]
    return chance.choice(found) if found else None


@pytest.mark.slow
def test_nothing_accepted_is_missing_or_doubled_after_kills(live):
    chance, stop = random.Random(20261123), threading.Event()
    writers = [Writer(live, stop) for _ in range(4)]
    for writer in writers:
        writer.start()
    killed = []
    for wanted in KILLS:
        time.sleep(chance.uniform(0.8, 2.0))
        if (pid := victim(live, wanted, chance)) is not None:
            os.kill(pid, signal.SIGKILL)
            killed.append(wanted)
    time.sleep(1.0)
    live.wait_ready()
    stop.set()
    for writer in writers:
        writer.join(60)
        assert not writer.is_alive(), "a writer was never answered"
        assert not writer.unexpected

    for pid in (live.process.pid, *live.below()):  # and now all of it at once: an orphan would answer for the new site
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    live.process.wait(10)
    live.start()

    accepted = {key: answer for writer in writers for key, answer in writer.accepted.items()}
    assert len(killed) == len(KILLS)
    assert len(accepted) > 20
    assert sum(writer.tries for writer in writers) > len(accepted), "no request was ever interrupted"
    assert len({answer["id"] for answer in accepted.values()}) == len(accepted)
    for answer in accepted.values():
        status, text = live.get(f"/api/v1/track/{answer['receipt']}")
        assert status == 200, text

    audit = live.command("audit", "--json")
    found = json.loads(audit.stdout)
    assert found["clean"], found["problems"]
    assert found["cases"] == len(accepted)


def test_the_end_leaves_nothing_running(live):
    below = set(live.below())
    assert below
    live.stop(signal.SIGINT)
    time.sleep(0.3)
    assert not [pid for pid in below if not is_gone(pid)]


def is_gone(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True

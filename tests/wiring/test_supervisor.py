import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bihuan.wiring import processes
from bihuan.wiring.postgres import running
from wiring.conftest import eventually, kill, query

# A part that has a child of its own, as granian has; both write their number down.
PART = """
import os, signal, subprocess, sys, time
child = subprocess.Popen(["sleep", "60"])
with open(sys.argv[1], "a") as file:
    file.write(f"{os.getpid()} {child.pid}\\n")
if sys.argv[2] == "orderly":
    signal.signal(signal.SIGTERM, lambda *_: (child.terminate(), sys.exit(0)))
if sys.argv[2] == "stubborn":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
if sys.argv[2] == "failing":
    sys.exit("it does not work")
time.sleep(60)
"""
PROGRAM = """
import sys
from pathlib import Path
from bihuan.wiring import supervisor
from bihuan.wiring.postgres import Cluster
folder, manner, with_database = Path(sys.argv[1]), sys.argv[2], sys.argv[3] == "database"
supervisor.FIRST_PAUSE = 0.05
parts = [
    supervisor.Spec(name, [sys.executable, folder / "part.py", folder / name, manner], grace=0.5)
    for name in ("one", "two")
]
def ready():
    print("ready", flush=True)
with supervisor.interruptible():
    cluster = Cluster(folder / "data", fsync=False, shared_buffers="16MB") if with_database else None
    if cluster:
        cluster.start()
    try:
        code = supervisor.run(parts, cluster=cluster, ready=ready)
    finally:
        if cluster:
            cluster.stop()
sys.exit(code)
"""


class Program:
    def __init__(self, folder, manner, database):
        self.folder = folder
        (folder / "part.py").write_text(PART)
        self.process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(folder), manner, database],
            stdout=subprocess.PIPE,
            stderr=(folder / "said").open("w"),
            text=True,
            start_new_session=True,
        )
        assert self.process.stdout.readline() == "ready\n"

    def pids(self, turn=0):
        """Of both parts and their children, in their given turn of being started."""
        found = []
        for name in ("one", "two"):
            note = self.folder / name
            eventually(lambda note=note: note.exists() and len(note.read_text().splitlines()) > turn)
            found += [int(word) for word in note.read_text().splitlines()[turn].split()]
        return found

    def said(self):
        return (self.folder / "said").read_text()


@pytest.fixture
def program(data):
    data.mkdir()
    started = []

    def start(manner="orderly", database="none"):
        started.append(Program(data, manner, database))
        return started[-1]

    yield start
    for each in started:
        each.process.kill()
        each.process.wait()
        each.process.stdout.close()


def all_gone(pids):
    return not any(processes.is_alive(pid) for pid in pids)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_asked_to_end_it_leaves_nothing(program, number):
    it = program(database="database")
    pids = [*it.pids(), running(it.folder / "data").pid]
    it.process.send_signal(number)
    assert it.process.wait(10) == 0
    assert all_gone(pids)
    assert "stopping" in it.said()


@pytest.mark.parametrize("manner", ["orderly", "heedless", "stubborn"])
def test_whatever_a_part_does_about_it_it_ends_with_its_children(program, manner):
    it = program(manner)
    pids = it.pids()
    it.process.terminate()
    assert it.process.wait(10) == 0
    assert all_gone(pids)
    assert ("is killed" in it.said()) == (manner == "stubborn")


def test_killed_it_leaves_nothing(program):
    it = program(database="database")
    pids = [*it.pids(), running(it.folder / "data").pid]
    it.process.kill()
    eventually(lambda: all_gone(pids))


def test_a_killed_part_is_started_again_and_its_children_do_not_stay(program):
    it = program()
    part, child = it.pids()[:2]
    kill(part)
    eventually(lambda: len((it.folder / "one").read_text().splitlines()) == 2)
    assert all_gone([part, child])
    assert "one 意外退出 ended unexpectedly (signal 9)" in it.said()
    assert not all_gone(it.pids()[2:])


def test_a_killed_database_comes_back_under_the_same_address(program):
    it = program(database="database")
    info = running(it.folder / "data")
    kill(info.pid)
    eventually(lambda: "the database is back" in it.said())
    assert query(info.app_url, "SELECT 1") == [(1,)]
    assert all_gone([info.pid])


def test_a_part_that_keeps_ending_is_given_up_and_nothing_stays(program):
    it = program("failing")
    assert it.process.wait(20) == 1
    assert "giving up" in it.said()
    notes = [(it.folder / name).read_text() for name in ("one", "two")]
    assert all_gone([int(word) for note in notes for word in note.split()])


def test_ctrl_c_while_starting_leaves_nothing(data):
    data.mkdir()
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(data), "orderly", "database"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
    )
    home = data / "data" / "postgres"
    eventually(lambda: list(home.glob(".making-*")))
    os.kill(process.pid, signal.SIGTERM)
    assert process.wait(10) != 0
    eventually(lambda: not processes.working_in(home))

"""Real clusters and real processes; nothing here is pretended."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psycopg
import pytest

from bihuan.wiring import processes
from bihuan.wiring.postgres import Cluster

HOLD = """
import sys, time
from pathlib import Path
from bihuan.wiring.postgres import Cluster
info = Cluster(Path(sys.argv[1]), shared_buffers="16MB").start()
print(info.pid, flush=True)
time.sleep(60)
"""


@pytest.fixture
def data(short):
    """A data folder that the server's own user can reach, which it cannot do with pytest's own folders."""
    folder = short / "data"
    yield folder
    # The server of a killed program is still on its way out.
    for cluster in short.rglob("postgres/cluster"):
        eventually(lambda cluster=cluster: not processes.working_in(cluster))
    # A program killed by the test had no time to remove its socket.
    for note in short.rglob("postgres/socket"):
        shutil.rmtree(note.read_text(), ignore_errors=True)


@pytest.fixture
def short():
    """A folder with a short path that everybody may reach: for sockets, and for what root's server uses."""
    folder = Path(tempfile.mkdtemp(prefix="bihuan-test-"))
    folder.chmod(0o777)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def cluster(data):
    cluster = Cluster(data, fsync=False, shared_buffers="16MB")
    yield cluster
    cluster.stop(at_once=True)


@pytest.fixture
def holder(data):
    """Another program that has started the cluster: returns its process and the server's pid."""
    started = []

    def start():
        process = subprocess.Popen([sys.executable, "-c", HOLD, str(data)], stdout=subprocess.PIPE, text=True)
        started.append(process)
        return process, int(process.stdout.readline())

    yield start
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()


def query(url, statement):
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


def kill(pid):
    os.kill(pid, signal.SIGKILL)


def eventually(done, seconds=10.0):
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)

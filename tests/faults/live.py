"""A whole site as ``bihuan run`` starts it, in a folder of its own, and writers that go on until answered."""

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from pathlib import Path

# After a kill -9 PostgreSQL first writes out every file of its folder: minutes on a disk that others use.
READY_SECONDS = 300


class Live:
    """A running site: address, supervisor, and the processes below it."""

    def __init__(self, data, port, *, demo=False):
        self.data, self.port, self.demo = data, port, demo
        self.process = None

    def start(self):
        command = [sys.executable, "-m", "bihuan.cli", "run", "--address", f"127.0.0.1:{self.port}"]
        command += [] if self.demo else ["--no-demo"]
        with Path(self.data.parent / "run.log").open("ab") as log:
            self.process = subprocess.Popen(command, env=self.environment(), stdout=log, stderr=log)
        self.wait_ready()

    def environment(self):
        ours = {k: v for k, v in os.environ.items() if not k.startswith(("BIHUAN_", "DJANGO_"))}
        return ours | {"BIHUAN_DATA": str(self.data), "BIHUAN_RATE": "10000000"}

    def wait_ready(self):
        until = time.monotonic() + READY_SECONDS
        while time.monotonic() < until:
            if self.process.poll() is not None:
                raise AssertionError(f"bihuan run ended: {self.said()}")
            with contextlib.suppress(OSError, http.client.HTTPException):
                if self.get("/api/v1/health")[0] == 200:
                    return
            time.sleep(0.1)
        raise AssertionError(f"not ready after {READY_SECONDS} s: {self.said()}")

    def said(self):
        return (self.data.parent / "run.log").read_text(errors="replace")[-3000:]

    def get(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.request("GET", path)
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        return answer.status, text

    def below(self):
        """Pid to command line of every process that descends from the supervisor."""
        parents, lines = {}, {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                with contextlib.suppress(OSError):
                    fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
                    line = (entry / "cmdline").read_text().replace("\0", " ")  # both, or it ended in between
                    parents[int(entry.name)], lines[int(entry.name)] = int(fields[1]), line
        found = {}
        for pid in parents:
            one = pid
            while one in parents and one != self.process.pid:
                one = parents[one]
            if one == self.process.pid and pid != one:
                found[pid] = lines[pid]
        return found

    def stop(self, number=signal.SIGTERM):
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(number)
            self.process.wait(60)

    def command(self, *arguments):
        return subprocess.run(
            [sys.executable, "-m", "bihuan.cli", *arguments],
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Writer(threading.Thread):
    """Reports one thing after the other, each under a key of its own, until it is accepted; ends when told to."""

    def __init__(self, live, stop):
        super().__init__(daemon=True)
        self.live, self.stop = live, stop
        self.accepted = {}
        self.tries = 0
        self.unexpected = []

    def run(self):
        while not self.stop.is_set():
            key = str(uuid.uuid4())
            body = {"category": "", "place": "500103010", "text": f"路面积水 {key}"}
            while key not in self.accepted and not self.unexpected:
                self.tries += 1
                answer = self.post(body, key)
                if answer is None:
                    time.sleep(0.05)
                else:
                    self.accepted[key] = answer

    def post(self, body, key):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", self.live.port, timeout=5)
            headers = {"Content-Type": "application/json", "Idempotency-Key": key}
            connection.request("POST", "/api/v1/cases", json.dumps(body).encode(), headers)
            answer = connection.getresponse()
            text = answer.read()
            connection.close()
        except (OSError, http.client.HTTPException):
            return None
        if answer.status in {200, 201}:
            return json.loads(text)
        if answer.status < 500:
            self.unexpected.append(f"{answer.status} {text[:300]!r}")
        return None

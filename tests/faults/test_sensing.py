"""``bihuan run`` with a broker of its own: a sensor sends, the site stores and judges, and outlives its parts."""

import os
import re
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from faults.live import Live, free_port

RULES = '[[rule]]\ndetector = "threshold"\nkind = "water_level"\nenter = 5.0\nleave = 4.0\n'


class Sensing(Live):
    """With the embedded broker."""

    def environment(self):
        return {**super().environment(), "BIHUAN_MQTT": f"embedded://127.0.0.1:{self.broker}"}

    def command(self, *arguments):
        done = subprocess.run(
            [sys.executable, "-m", "bihuan.cli", "signals", *arguments],
            env=self.environment(), capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    def processes(self, part):
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    words = (entry / "cmdline").read_bytes().decode(errors="replace").split("\0")
                    inside = (entry / "environ").read_bytes().decode(errors="replace")
                except OSError:
                    continue
                if part in words and str(self.data) in inside:
                    found.append(int(entry.name))
        return found


@pytest.fixture
def site(tmp_path):
    site = Sensing(tmp_path / "data", free_port(), demo=True)
    site.broker = free_port()
    site.start()
    yield site
    site.stop()


@pytest.mark.slow
def test_a_sensor_sends_and_the_site_judges_also_after_its_parts_were_killed(site, tmp_path):
    file = tmp_path / "rules.toml"
    file.write_text(RULES)
    # The demo has rules from today on: of two with one beginning the last holds.
    today = datetime.now(ZoneInfo("Asia/Shanghai")).date().isoformat()
    number = re.search(r"version (\d+)", site.command("rules", "import", str(file), "--from", today))[1]
    deadline = time.monotonic() + 60
    while f"judging by rules {number}," not in site.said():  # it looks every few seconds
        assert time.monotonic() < deadline
        time.sleep(0.2)
    told = site.command("source", "add", "yz", "gate")
    password = next(line for line in told.splitlines() if "password" in line).split()[-1]

    def send(sensor):
        client = Client(CallbackAPIVersion.VERSION2)
        client.username_pw_set("yz/gate", password)
        deadline = time.monotonic() + 60
        while True:
            try:
                client.connect("127.0.0.1", site.broker)
                break
            except OSError:
                assert time.monotonic() < deadline
                time.sleep(0.2)
        client.loop_start()
        body = f'{{"sensor":"{sensor}","kind":"water_level","at":"{datetime.now(UTC).isoformat()}","value":6}}'
        sent = client.publish("signals/yz/gate", body, qos=1)
        sent.wait_for_publish(60)
        assert sent.is_published()
        client.loop_stop()

    def found(sensor):
        deadline = time.monotonic() + 90
        while f'"{sensor}"' not in site.command("findings", "--json"):
            assert time.monotonic() < deadline, site.command("health")
            time.sleep(0.5)

    send("first")
    found("first")
    for part in ("watch", "receive"):
        (process,) = site.processes(part)
        os.kill(process, signal.SIGKILL)
    send("second")
    found("second")

"""Three servers, two detectors, one of each killed under load: no signal is lost, none judged twice."""

import os
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, date, datetime, timedelta
from io import BytesIO

import numpy as np
import pytest
from django.db import connection

from bihuan.desk import api as desk
from bihuan.sense import bus as buses
from bihuan.wiring import broker
from mqtt_site import free_port, is_open, until

BEGIN = datetime(2025, 7, 9, tzinfo=UTC)
SENSORS, TURNS = 400, 60
ROWS = [{"detector": "threshold", "kind": "level", "enter": 5.0, "leave": 4.0}]


class Servers:
    def __init__(self, folder):
        self.ports = [free_port() for _ in range(3)]
        routes = [free_port() for _ in range(3)]
        self.processes = []
        for at, port in enumerate(self.ports):
            others = ", ".join(f'"nats://127.0.0.1:{one}"' for one in routes if one != routes[at])
            conf = folder / f"nats-{at}.conf"
            conf.write_text(
                f'server_name: n{at}\nlisten: "127.0.0.1:{port}"\njetstream {{ store_dir: "{folder}/store-{at}" }}\n'
                f'cluster {{ name: signals, listen: "127.0.0.1:{routes[at]}", routes: [{others}] }}\n'
            )
            self.processes.append(
                subprocess.Popen(
                    [broker.program(), "-c", str(conf)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
                )
            )
        until(lambda: all(is_open(port) for port in self.ports))

    @property
    def urls(self):
        return [f"nats://127.0.0.1:{port}" for port in self.ports]

    def stop(self):
        for one in self.processes:
            one.kill()
        for one in self.processes:
            one.wait()


@pytest.fixture
def servers(tmp_path):
    one = Servers(tmp_path)
    yield one
    one.stop()


def detector(servers):
    environment = os.environ | {"BIHUAN_NATS": ",".join(servers.urls)}
    return subprocess.Popen([sys.executable, "-m", "bihuan.cli", "signals", "detect"], env=environment)


def turn(number):
    """Every sensor rises in its tenth turn and falls in the next."""
    happened = BEGIN + timedelta(minutes=number)
    return {
        "centre/gate": [
            desk.signals.Signal(f"s{at}", "level", happened, 9.0 if number == 10 else 1.0, place=f"500103{at % 40:03}")
            for at in range(SENSORS)
        ]
    }


def stored():
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM signal")
        return cursor.fetchone()[0]


def judged():
    """By the states of all parts: what was judged, and what was not because it came twice."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT body FROM signal_state WHERE part LIKE 'bus-%'")
        counted = [np.load(BytesIO(bytes(body)))["counted"] for (body,) in cursor.fetchall()]
    whole = np.sum(counted, axis=0) if counted else np.zeros(10, dtype=int)
    return int(whole[0] + whole[1]), int(whole[2:].sum())


def has_parts(process_count):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid::bigint = 20121 GROUP BY pid"
        )
        return sorted(row[0] for row in cursor.fetchall()) == [buses.PARTS // process_count + 1] * process_count


@pytest.mark.slow
def test_a_server_and_a_detector_die_under_load_and_no_signal_is_lost_or_judged_twice(clean_db, servers):
    desk.signal_rules.add(ROWS, starts=date(2025, 1, 1), basis="", by="test")
    bus = buses.Bus(servers.urls)
    running = [detector(servers), detector(servers)]
    try:
        until(lambda: has_parts(2))

        def load():
            for number in range(TURNS):
                bus.send(turn(number))
                time.sleep(0.05)

        sender = threading.Thread(target=load)
        sender.start()
        until(lambda: stored() > 12 * SENSORS)
        running[0].send_signal(signal.SIGKILL)
        servers.processes[0].send_signal(signal.SIGKILL)
        assert sender.is_alive(), "the load was over before anything died"
        sender.join()
        until(lambda: stored() == SENSORS * TURNS and judged()[0] == SENSORS * TURNS, 120)
        until(lambda: has_parts(1))
    finally:
        for one in running:
            one.terminate()
        for one in running:
            one.wait()
        bus.close()
    assert judged() == (SENSORS * TURNS, 0)
    found = desk.signals.findings(most=10 * SENSORS)
    assert len({(one.sensor, one.mark) for one in found}) == len(found) == 2 * SENSORS


def test_what_is_near_one_another_is_judged_by_one():
    at = {
        part: buses.part_of(desk.signals.Signal(f"s{part}", "level", BEGIN, 1.0, place="500103013004"))
        for part in range(9)
    }
    assert len(set(at.values())) == 1
    spread = {
        buses.part_of(desk.signals.Signal("s", "level", BEGIN, 1.0, place=f"500103{one:03}")) for one in range(200)
    }
    assert len(spread) == buses.PARTS

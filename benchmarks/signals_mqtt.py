"""Readings a second from MQTT (QoS 1) to stored and judged: the embedded broker, the door and the judge as they run.

Each is a process of its own, beside PostgreSQL with fsync on and the sender, on the cores of this machine. The clock
runs from the first publish to the finding that the last reading causes. Baseline: the same messages taken from the same
broker by the same client, acknowledged and thrown away. Last line: one JSON object.

    python benchmarks/signals_mqtt.py [--readings 200000] [--sensors 5000] [--json]
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import bench_site

LIMIT = 20_000
RULES = [
    {"detector": "plausible", "kind": "water_level", "low": -50, "high": 50},
    {"detector": "threshold", "kind": "water_level", "enter": 30, "leave": 20},
    {"detector": "ewma", "kind": "water_level", "learned": 10, "alpha": 1e-6},
]
BEGIN = datetime(2025, 1, 1, tzinfo=UTC)
LAST = "the-last-one"


def payloads(readings, sensors, size, day):
    """The last one is of a sensor of its own, and high: it is found."""
    begin = BEGIN + timedelta(days=day)
    moments = [(begin + timedelta(minutes=turn)).isoformat() for turn in range(readings // sensors + 1)]
    for at in range(0, readings, size):
        rows = [
            {
                "sensor": f"s{number * 7919 % sensors}",
                "kind": "water_level",
                "at": moments[number // sensors],
                "value": (number * 31 % 97) / 97,
                "unit": "m",
            }
            for number in range(at, min(at + size, readings))
        ]
        if at + size >= readings:
            rows[-1] |= {"sensor": f"{LAST}-{day}", "value": 40.0}
        yield json.dumps(rows if size > 1 else rows[0]).encode()


def connected(port, login, name):
    from paho.mqtt.client import Client
    from paho.mqtt.enums import CallbackAPIVersion

    client = Client(CallbackAPIVersion.VERSION2, client_id=name, manual_ack=True, clean_session=True)
    client.username_pw_set(*login)
    client.max_inflight_messages_set(1000)
    client.max_queued_messages_set(0)
    client.connect("127.0.0.1", port)
    return client


def publish(port, login, given, gate, begun):
    """In a process of its own. Messages are made before the clock runs."""
    client = connected(port, login, "sender")
    client.loop_start()
    bodies = list(payloads(*given))
    gate.wait()
    begun.value = time.time()
    for number, body in enumerate(bodies):
        sent = client.publish(f"signals/{login[0]}", body, qos=1)
        if number % 500 == 499:
            sent.wait_for_publish()
    sent.wait_for_publish()
    client.loop_stop()


def sending(port, login, given, done):
    """Seconds from the first publish until ``done``."""
    spawn = multiprocessing.get_context("spawn")
    gate, begun = spawn.Event(), spawn.Value("d", 0.0)
    process = spawn.Process(target=publish, args=(port, login, given, gate, begun))
    process.start()
    time.sleep(3)
    gate.set()
    done()
    ended = time.time()
    process.join()
    return ended - begun.value


def found(day):
    from bihuan.desk import api

    while not any(one.sensor == f"{LAST}-{day}" for one in api.signals.findings()):
        time.sleep(0.02)


def thrown_away(port, login, messages):
    """The baseline's end: so many messages came and were acknowledged."""
    came, last = [0], threading.Event()
    client = connected(port, login, "bare")

    def heard(client, _data, message):
        client.ack(message.mid, message.qos)
        came[0] += 1
        if came[0] == messages:
            last.set()

    client.on_message = heard
    client.subscribe("signals/#", qos=1)
    client.loop_start()
    return client, last


def part(*command):
    return subprocess.Popen([sys.executable, "-m", "bihuan.cli", "signals", *command], stderr=subprocess.DEVNULL)


def measured(args, port, _ours, theirs):
    result = {}
    for day, size in enumerate((20, 1, 100)):
        readings = args.readings if size > 1 else args.readings // 10
        given = (readings, args.sensors, size, day)
        seconds = sending(port, theirs, given, lambda day=day: found(day))
        result[f"messages_of_{size}"] = {"readings_per_s": round(readings / seconds), "readings": readings}
    return result


def bare(args, port, ours, theirs):
    for day, size in enumerate((20, 1)):
        readings = args.readings if size > 1 else args.readings // 10
        client, last = thrown_away(port, ours, -(-readings // size))
        time.sleep(1)
        seconds = sending(port, theirs, (readings, args.sensors, size, day), last.wait)
        client.disconnect()
        client.loop_stop()
        yield size, round(readings / seconds)


def stored():
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM signal")
        return cursor.fetchone()[0]


def run(args):
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    folder = Path(tempfile.mkdtemp())
    at = f"127.0.0.1:{port}"
    os.environ |= {"BIHUAN_DATA": str(folder), "BIHUAN_MQTT": f"embedded://{at}"}
    with bench_site.site() as site:
        from django.conf import settings

        from bihuan.desk import api
        from bihuan.wiring import broker

        os.environ["BIHUAN_DATA"] = str(settings.DATA)
        api.signal_rules.add(RULES, starts=BEGIN.date(), basis="benchmark", by="benchmark")
        api.signal_sources.register(site.unit, "gate", per_minute=10**9, sensor_per_minute=10**9)
        command = broker.prepare(settings.DATA, at, api.signal_sources.sources())
        logins = [(user, broker.password_of(settings.DATA, user)) for user in (broker.OURS, f"{site.unit}/gate")]
        running = [subprocess.Popen(command)]
        try:
            time.sleep(1)
            plain = dict(bare(args, port, *logins))
            running += [part("watch"), part("receive")]
            time.sleep(4)
            result = measured(args, port, *logins)
            wanted = sum(one["readings"] for one in result.values())
            return result, plain, stored() == wanted
        finally:
            for one in reversed(running):
                one.terminate()
            for one in running:
                one.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--readings", type=int, default=200_000)
    parser.add_argument("--sensors", type=int, default=5_000)
    parser.add_argument("--json", action="store_true", help="accepted for all benchmarks alike")
    args = parser.parse_args()
    found_, plain, is_whole = run(args)
    result = {
        "name": "signals_mqtt",
        "baseline": "the same messages from the same broker by the same client, acknowledged and thrown away",
        "sensors": args.sensors,
        "readings_per_s": found_["messages_of_20"]["readings_per_s"],
        **found_,
        **{f"bare_messages_of_{size}_readings_per_s": rate for size, rate in plain.items()},
        "all_stored": is_whole,
        "limit_readings_per_s": LIMIT,
        "met": is_whole and found_["messages_of_20"]["readings_per_s"] >= LIMIT,
    }
    print(json.dumps(result))
    if not result["met"]:
        sys.exit(1)


if __name__ == "__main__":
    main()

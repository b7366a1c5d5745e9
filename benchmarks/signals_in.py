"""Readings a second from the door to stored and judged: gzip JSON Lines in, `Watch` behind, PostgreSQL with fsync on.

The door is called in process, and the judge after it in the same process: one core for Python, one for the database.
Baseline: the same rows by bare COPY in slices of the same size, without checks, without an index but the key. Last
line: one JSON object.

    python benchmarks/signals_in.py [--readings 100000] [--sensors 5000] [--json]
"""

from __future__ import annotations

import argparse
import gzip
import io
import json
import os
import sys
import tempfile
import time
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

import bench_site
import numpy as np

LIMIT = 20_000
UNLIMITED = {"BIHUAN_TOKEN_RATE": "100000000"}
RULES = [
    {"detector": "plausible", "kind": "water_level", "low": -50, "high": 50},
    {"detector": "threshold", "kind": "water_level", "enter": 3.5, "leave": 2.0},
    {"detector": "ewma", "kind": "water_level", "learned": 10, "alpha": 1e-6},
]


def messages(args, size, begin):
    """Bodies of so many readings each, the sensors scattered, each a minute after its last."""
    random = np.random.default_rng(3)
    for at in range(0, args.readings, size):
        lines = []
        for number in range(at, min(at + size, args.readings)):
            sensor, turn = number * 7919 % args.sensors, number // args.sensors
            moment = (begin + timedelta(minutes=turn)).isoformat()
            value = round(float(random.standard_normal()), 3)
            lines.append(f'{{"sensor":"s{sensor}","kind":"water_level","at":"{moment}","value":{value},"unit":"m"}}')
        yield gzip.compress("\n".join(lines).encode(), compresslevel=1)


def door(token):
    from bihuan.faces.rest.wsgi import ApiHandler

    handler = ApiHandler()

    def send(body):
        status = []
        environ = {
            "REQUEST_METHOD": "POST",
            "PATH_INFO": "/api/v1/signals",
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "CONTENT_LENGTH": str(len(body)),
            "CONTENT_TYPE": "application/x-ndjson",
            "HTTP_CONTENT_ENCODING": "gzip",
            "HTTP_HOST": "localhost",
            "HTTP_AUTHORIZATION": f"Bearer {token}",
        }
        answer = b"".join(handler(environ, lambda line, _: status.append(line)))
        if not status[0].startswith("200"):
            raise RuntimeError(f"{status[0]}: {answer[:300]!r}")
        return json.loads(answer)

    return send


def through(args, send, size, folder):
    """Seconds at the door, seconds of the judge, what was taken and judged."""
    from bihuan.sense.watch import Watch

    bodies = list(messages(args, size, datetime(2025, 1, 1, tzinfo=UTC) + timedelta(days=size)))
    watch = Watch(RULES, folder / f"{size}.npz", since=datetime(2025, 1, 1, tzinfo=UTC))
    while watch.step().read:
        pass
    begun = time.perf_counter()
    taken = sum(send(body)["taken"] for body in bodies)
    stored = time.perf_counter()
    judged = 0
    while read := watch.step().read:
        judged += read
    return stored - begun, time.perf_counter() - stored, taken, judged


def bare(args, size):
    """The same rows in slices of the same size."""
    from django.db import connection, transaction

    begin, now = datetime(2025, 1, 1, tzinfo=UTC), datetime.now(UTC)
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMP TABLE bare (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, source text, sensor text,"
            " kind text, happened timestamptz, arrived timestamptz, value float8, unit text)"
        )
        begun = time.perf_counter()
        for at in range(0, args.readings, size):
            with (
                transaction.atomic(),
                cursor.copy("COPY bare (source, sensor, kind, happened, arrived, value, unit) FROM STDIN") as copy,
            ):
                for number in range(at, min(at + size, args.readings)):
                    moment = begin + timedelta(minutes=number // args.sensors)
                    copy.write_row(("b/g", f"s{number % args.sensors}", "water_level", moment, now, 1.25, "m"))
        return time.perf_counter() - begun


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--readings", type=int, default=100_000)
    parser.add_argument("--sensors", type=int, default=5_000)
    parser.add_argument("--json", action="store_true", help="accepted for all benchmarks alike")
    args = parser.parse_args()
    os.environ |= UNLIMITED
    with bench_site.site() as site, tempfile.TemporaryDirectory() as folder:
        from bihuan.desk import api

        post = api.post_of(uuid.UUID(site.person), site.unit, "triage")
        send = door(api.issue_token(post, "gate", ["signal"]))
        found = {}
        for size in (2000, 20):
            at_door, judging, taken, judged = through(args, send, size, Path(folder))
            found[f"messages_of_{size}"] = {
                "door_per_s": round(args.readings / at_door),
                "judge_per_s": round(args.readings / judging),
                "readings_per_s": round(args.readings / (at_door + judging)),
                "all_taken_and_judged": taken == judged == args.readings,
            }
        copied = round(args.readings / bare(args, 2000))
    result = {
        "name": "signals_in",
        "baseline": "the same rows by bare COPY, no checks, no unique index",
        "readings": args.readings,
        "sensors": args.sensors,
        **found,
        "bare_copy_per_s": copied,
        "limit_readings_per_s": LIMIT,
        "met": found["messages_of_2000"]["readings_per_s"] >= LIMIT
        and all(one["all_taken_and_judged"] for one in found.values()),
    }
    print(json.dumps(result))
    if not result["met"]:
        sys.exit(1)


if __name__ == "__main__":
    main()

"""Intake through the full loop, beside a bare endpoint that inserts the same rows with one SQL statement.

Both run under granian with the same processes and threads, on one PostgreSQL with fsync on, under eight keep-alive
clients, in turns (A B A B …) so that a drifting machine hurts both. CPU is that of the server's and the database's
processes, from /proc. Last line: one JSON object.

    python benchmarks/intake.py [--seconds 4] [--rounds 3] [--stored 0] [--bulk 20000] [--json]
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import resource
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time
import uuid
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).parent
CLIENTS = 8
TICKS = os.sysconf("SC_CLK_TCK")
SQL = """
WITH w AS (INSERT INTO case_row (id, world_id, district, number, scene, book, category, place, seal, stage, is_open,
  desk, lead, reporter, barred, merged_into, lon, lat, opened, changed, due, next_due, is_overdue, is_disputed,
  version, state) VALUES (%(case)s, 1, %(district)s, %(number)s, %(scene)s, %(book)s, %(category)s, %(place)s, %(seal)s,
  %(stage)s, true, %(desk)s, %(lead)s, NULL, '[]', NULL, %(lon)s, %(lat)s, now(), now(), %(due)s, %(due)s, false, false,
  %(version)s, %(state)s) RETURNING id),
e AS (INSERT INTO event (world_id, district, case_id, number, kind, body) SELECT 1, %(district)s, w.id, x.* FROM w,
  unnest(%(numbers)s::int4[], %(kinds)s::text[], %(bodies)s::text[]) AS x),
p AS (INSERT INTO pending (world_id, case_id, first, last) SELECT 1, w.id, 1, %(version)s FROM w),
o AS (INSERT INTO outbox (world_id, district, case_id, id, kind, "to", body, created, next_try, attempts, last_error)
  SELECT 1, %(district)s, w.id, x.id, 'new-case', %(desk)s, %(message)s, now(), now(), 0, ''
  FROM w, unnest(%(outbox)s::uuid[]) AS x(id)),
r AS (INSERT INTO receipt (digest, world_id, case_id) SELECT %(digest)s, 1, w.id FROM w),
k AS (INSERT INTO vault_key (world_id, case_id, id, person, wrapped) SELECT 1, w.id, x.*, NULL, %(wrapped)s FROM w,
  unnest(%(vault_key)s::uuid[]) AS x),
i AS (INSERT INTO vault_item (world_id, case_id, id, key_id, kind, box) SELECT 1, w.id, x.*, 'text', %(box)s
  FROM w, unnest(%(vault_items)s::uuid[], %(vault_keys)s::uuid[]) AS x),
a AS (INSERT INTO answer (world_id, who, key, digest, status, body, created)
  SELECT 1, 'bench', %(key)s, %(digest)s, 201, %(message)s, now() FROM w)
SELECT count(*) FROM w
"""


def report(number: int) -> bytes:
    return json.dumps(
        {
            "category": CATEGORY["code"],
            "place": CATEGORY["place"],
            "text": f"解放碑步行街人行道井盖松动,踩上去响,晚上有老人走。第 {number} 次。",
            "lon": 106.5706,
            "lat": 29.5573,
        }
    ).encode()


CATEGORY = {"code": "", "place": ""}


@contextmanager
def server(module: str, environment: dict[str, str]):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port),
        "--workers", "2", "--blocking-threads", "4", "--log-level", "error", "--no-ws", module,
    ]  # fmt: skip
    process = subprocess.Popen(command, env={**os.environ, **environment}, cwd=HERE, stdout=subprocess.DEVNULL)
    try:
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield port, process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def family(pid: int) -> list[int]:
    """A process and all below it."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            children.setdefault(int(fields[1]), []).append(int(entry.name))
    found, left = [], [pid]
    while left:
        one = left.pop()
        found.append(one)
        left += children.get(one, [])
    return found


def cpu_seconds(pids: list[int]) -> float:
    """User and system time of these processes and of their children that have ended."""
    total = 0
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        total += sum(int(fields[i]) for i in (11, 12, 13, 14))
    return total / TICKS


def client(port: int, path: str, headers: dict[str, str], until: float, *, next_body, times: list, bad: list):
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.connect()
    connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    while time.perf_counter() < until:
        body, key = next_body()
        begun = time.perf_counter()
        connection.request("POST", path, body, {**headers, "Idempotency-Key": key})
        answer = connection.getresponse()
        text = answer.read()
        times.append(time.perf_counter() - begun)
        if answer.status not in {200, 201}:
            bad.append(f"{answer.status} {text[:300]!r}")
            if len(bad) > 3:
                return
    connection.close()


def load(
    port: int, path: str, headers: dict[str, str], *, seconds: float, watched: list[int], bodies
) -> dict[str, float]:
    times: list[float] = []
    bad: list[str] = []
    before = cpu_seconds(watched)
    until = time.perf_counter() + seconds
    threads = [
        threading.Thread(
            target=client, args=(port, path, headers, until), kwargs={"next_body": bodies, "times": times, "bad": bad}
        )
        for _ in range(CLIENTS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if bad:
        raise SystemExit(f"the server refused: {bad[0]}")
    times.sort()
    return {
        "per_s": len(times) / seconds,
        "cpu_ms": (cpu_seconds(watched) - before) * 1000 / len(times),
        "p50_ms": times[len(times) // 2] * 1000,
        "p99_ms": times[int(len(times) * 0.99)] * 1000,
    }


def fresh():
    return report(1), str(uuid.uuid4())


def median(rows: list[dict[str, float]], name: str) -> float:
    return statistics.median(row[name] for row in rows)


def measure(args: argparse.Namespace, say) -> dict[str, object]:
    import bench_site

    with bench_site.site(stored=args.stored, say=say) as site:
        CATEGORY.update(code=site.category, place=site.place)
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {site.token}"}
        bare_environment = {"BARE_URL": site.url, "BARE_SQL": SQL, "BARE_ROWS": json.dumps(site.bare_rows())}
        database = site.postmaster
        ours: list[dict[str, float]] = []
        bare: list[dict[str, float]] = []
        again: list[dict[str, float]] = []
        with (
            server("bihuan.wiring.wsgi:application", site.environment) as (our_port, our_pid),
            server("bare:application", {**site.environment, **bare_environment}) as (bare_port, bare_pid),
        ):
            strip = {k: v for k, v in headers.items() if k != "Authorization"}
            body, key = fresh()
            for turn in range(args.rounds + 1):
                say(f"round {turn} of {args.rounds} (0 warms up)")
                seconds = args.seconds if turn else min(2.0, args.seconds)
                first = load(
                    our_port, "/api/v1/cases", headers,
                    seconds=seconds, watched=family(our_pid) + family(database), bodies=fresh,
                )  # fmt: skip
                second = load(
                    bare_port, "/", strip,
                    seconds=seconds, watched=family(bare_pid) + family(database), bodies=fresh,
                )  # fmt: skip
                third = load(
                    our_port, "/api/v1/cases", headers, seconds=seconds / 2,
                    watched=family(our_pid) + family(database), bodies=lambda body=body, key=key: (body, key),
                )  # fmt: skip
                if turn:
                    ours.append(first)
                    bare.append(second)
                    again.append(third)
        bulk = bench_site.bulk(site, args.bulk) if args.bulk else {}
        return {
            "name": "intake",
            "baseline": "bare WSGI endpoint, same rows, one SQL statement",
            "clients": CLIENTS,
            "stored": args.stored,
            "per_s": round(median(ours, "per_s"), 1),
            "bare_per_s": round(median(bare, "per_s"), 1),
            "ratio_to_bare": round(median(ours, "per_s") / median(bare, "per_s"), 3),
            "cpu_ms": round(median(ours, "cpu_ms"), 3),
            "bare_cpu_ms": round(median(bare, "cpu_ms"), 3),
            "cpu_ratio_to_bare": round(median(ours, "cpu_ms") / median(bare, "cpu_ms"), 3),
            "p50_ms": round(median(ours, "p50_ms"), 2),
            "p99_ms": round(median(ours, "p99_ms"), 2),
            "replay_cpu_ratio": round(median(again, "cpu_ms") / median(ours, "cpu_ms"), 3),
            **bulk,
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--stored", type=int, default=0, help="cases stored before the measurement")
    parser.add_argument("--bulk", type=int, default=20_000, help="cases of the bulk measurement; 0 leaves it out")
    parser.add_argument("--json", action="store_true", help="print nothing but the JSON line")
    args = parser.parse_args()
    say = (lambda _: None) if args.json else (lambda text: print(text, file=sys.stderr))
    result = measure(args, say)
    result["load_rss_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps(result))


if __name__ == "__main__":
    main()

"""What must not grow with what lies stored: reads, lists, the ticker, recomputation, creation, proofs.

Fills a site through ``report_many``; each figure stands beside its limit, and a bare query of the same run.
Last line: one JSON object. Exit status 1 when a figure misses its limit by more than twice.

    python benchmarks/scale.py [--stored 1000000] [--recompute 100000] [--seconds 4]
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import statistics
import subprocess
import sys
import time
from contextlib import contextmanager
from datetime import timedelta

import bench_site
import intake

# A writer of its own process that locks one case after another, and says how long it waited for each.
PROBE = """
import json, os, select, sys, time, psycopg
waits = []
with psycopg.connect(os.environ["BIHUAN_DATABASE_URL"], autocommit=True) as other:
    sql = "SELECT id FROM case_row WHERE is_open ORDER BY id LIMIT %s"
    cases = [row[0] for row in other.execute(sql, [int(sys.argv[1])]).fetchall()]
    number = 0
    while not select.select([sys.stdin], [], [], 0.005)[0]:
        begun = time.perf_counter()
        other.execute("SELECT 1 FROM case_row WHERE id = %s FOR UPDATE", [cases[number % len(cases)]])
        waits.append(time.perf_counter() - begun)
        number += 67
print(json.dumps(waits))
"""
LIMITS = {
    "read_p95_ms": 25,
    "list_p95_ms": 60,
    "list_flatness": 3,
    "due_found_ms": 50,
    "recompute_s": 30,
    "longest_lock_ms": 200,
    "create_cpu_growth": 1.2,
    "proof_bytes": 2048,
    "proof_ms": 5,
}


def p95(times: list[float]) -> float:
    return sorted(times)[int(len(times) * 0.95)] * 1000


def get(connection, path: str, headers: dict[str, str]) -> tuple[float, bytes]:
    begun = time.perf_counter()
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    text = answer.read()
    if answer.status != 200:
        raise SystemExit(f"GET {path}: {answer.status} {text[:300]!r}")
    return time.perf_counter() - begun, text


def reads(site, port: int, count: int = 300) -> dict[str, float]:
    """Single cases all over the table, over HTTP and by a bare query on the primary key."""
    from django.db import connection as database

    with database.cursor() as cursor:
        cursor.execute("SELECT count(*) / %s FROM case_row", [count])
        step = max(1, int(cursor.fetchone()[0]))
        cursor.execute("SELECT id FROM case_row WHERE number %% %s = 0 LIMIT %s", [step, count])
        cases = [row[0] for row in cursor.fetchall()]
        bare = []
        for case in cases:
            begun = time.perf_counter()
            cursor.execute("SELECT id, state FROM case_row WHERE id = %s", [case])
            cursor.fetchall()
            bare.append(time.perf_counter() - begun)
    headers = {"Authorization": f"Bearer {site.token}", "X-Purpose": "bench"}
    connection = http.client.HTTPConnection("127.0.0.1", port)
    for case in cases[:20]:
        get(connection, f"/api/v1/cases/{case}", headers)
    times = [get(connection, f"/api/v1/cases/{case}", headers)[0] for case in cases]
    return {"read_p95_ms": round(p95(times), 2), "bare_read_p95_ms": round(p95(bare), 2)}


def decline_oldest(site, place: str, count: int = 60) -> None:
    """A few cases come to an end, as far back as there are any: behind everything that is open."""
    from django.db import connection as database

    from bihuan.desk import api
    from bihuan.kernel import commands as c

    with database.cursor() as cursor:
        cursor.execute("SELECT id FROM case_row WHERE seal < 2 AND place = %s ORDER BY id LIMIT %s", [place, count])
        cases = [row[0] for row in cursor.fetchall()]
    for case in cases:
        api.submit(c.Decline("bench", "bench", "bench"), by=site.actor(), case=case, purpose="bench")


def lists(site, port: int, count: int = 60) -> dict[str, float]:
    """Lists of fifty that match few, some, nearly all and only the oldest: the time must not follow the matches."""
    headers = {"Authorization": f"Bearer {site.token}", "X-Purpose": "bench"}
    connection = http.client.HTTPConnection("127.0.0.1", port)
    category, place = site.choices[0]
    decline_oldest(site, place)
    filters = {
        "few": f"category={category}&place={place}",
        "some": f"place={place}",
        "most": "stage=registered",
        "old": "is_open=false",
        "old_here": f"place={place}&is_open=false",
    }
    found = {}
    for name, query in filters.items():
        path = f"/api/v1/cases?limit=50&{query}"
        for _ in range(5):
            get(connection, path, headers)
        found[name] = p95([get(connection, path, headers)[0] for _ in range(count)])
    worst = max(found.values())
    return {
        **{f"list_{name}_p95_ms": round(value, 2) for name, value in found.items()},
        "list_p95_ms": round(worst, 2),
        "list_flatness": round(worst / min(found.values()), 2),
    }


def settle() -> None:
    """What autovacuum does by and by after a million inserts, done now: it is no part of what is measured."""
    import psycopg

    with psycopg.connect(os.environ["BIHUAN_OWNER_DATABASE_URL"], autocommit=True) as owner:
        owner.execute("VACUUM (ANALYZE, SKIP_LOCKED)")


def due(count: int = 1000) -> dict[str, float]:
    """A thousand due among all the open ones: how long to find them, by the ticker's own index."""
    from django.db import connection as database

    from bihuan.desk import instant

    now = instant.now(1)
    with database.cursor() as cursor:
        cursor.execute("UPDATE case_row SET next_due = %s WHERE next_due <= %s", [now + timedelta(days=9), now])
        cursor.execute(
            "UPDATE case_row SET next_due = %s WHERE id IN"
            " (SELECT id FROM case_row WHERE is_open ORDER BY number DESC LIMIT %s)",
            [now - timedelta(seconds=1), count],
        )
    times = []
    for _ in range(7):
        begun = time.perf_counter()
        with database.cursor() as cursor:
            cursor.execute(
                "SELECT id FROM case_row WHERE world_id = 1 AND next_due <= %s ORDER BY next_due LIMIT %s", [now, count]
            )
            found = len(cursor.fetchall())
        times.append(time.perf_counter() - begun)
    return {
        "due_found": found,
        "due_found_ms": round(sorted(times)[len(times) // 2] * 1000, 2),
    }


def recompute(count: int) -> dict[str, float]:
    """A day off is announced: every open due date is looked at again. Meanwhile one writer touches the same rows."""
    from bihuan.desk import api, instant

    probe = subprocess.Popen([sys.executable, "-c", PROBE, str(count)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    begun = time.perf_counter()
    day = instant.now(1).date() + timedelta(days=1)
    while day.weekday() > 4:
        day += timedelta(days=1)
    changed = api.upkeep.set_day(day, is_working=False, basis="bench", by="bench")
    seconds = time.perf_counter() - begun
    waits = json.loads(probe.communicate(b"stop\n")[0])
    return {
        "recomputed": changed,
        "recompute_s": round(seconds, 2),
        "longest_lock_ms": round(max(waits) * 1000, 1),
        "recompute_probes": len(waits),
    }


def proofs() -> dict[str, float]:
    from bihuan.desk import feed
    from bihuan.desk.ledger import store
    from bihuan.desk.ledger.tree import inclusion_proof

    begun = time.perf_counter()
    placed = feed.settle()
    rate = placed / (time.perf_counter() - begun)
    hashes = store.FeedHashes(1)
    size = store.size(1)
    times, longest = [], 0
    for index in range(0, size, max(1, size // 200)):
        begun = time.perf_counter()
        path = inclusion_proof(hashes, index, size)
        times.append(time.perf_counter() - begun)
        longest = max(longest, sum(len(one) for one in path))
    return {
        "events": size,
        "sequenced_per_s": round(rate, 1),
        "proof_bytes": longest,
        "proof_ms": round(p95(times), 2),
    }


def create_cpu(site: dict[str, object], seconds: float) -> float:
    """CPU of one create, in ms: server and database together."""
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {site['token']}"}
    intake.CATEGORY.update(code=site["category"], place=site["place"])
    watched = intake.family(site["web"]) + intake.family(site["database"])
    return intake.load(site["port"], "/api/v1/cases", headers, seconds=seconds, watched=watched, bodies=intake.fresh)[
        "cpu_ms"
    ]


def growth(small: dict[str, object], large: dict[str, object], seconds: float, rounds: int = 7) -> dict[str, float]:
    """Small and large site in turn, round by round: what else runs on the machine falls on both alike."""
    pairs = [(create_cpu(small, seconds), create_cpu(large, seconds)) for _ in range(rounds + 1)][1:]
    return {
        "create_cpu_ms_small": round(statistics.median(one for one, _ in pairs), 3),
        "create_cpu_ms_large": round(statistics.median(two for _, two in pairs), 3),
        "create_cpu_growth": round(statistics.median(two / one for one, two in pairs), 3),
    }


def told(site, port: int, pid: int) -> dict[str, object]:
    """What another process needs to know to load a site."""
    named = {"token": site.token, "category": site.category, "place": site.place}
    return {**named, "port": port, "web": pid, "database": site.postmaster}


def serve_small() -> None:
    """A site with 1,000 cases, in a process of its own, until its input ends."""
    with bench_site.site(stored=1000) as site, intake.server("bihuan.wiring.wsgi:application", site.environment) as web:
        print(json.dumps(told(site, *web)), flush=True)
        sys.stdin.read()


@contextmanager
def small_site():
    """``serve_small`` beside us, without our database in its environment."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("BIHUAN_")}
    command = [sys.executable, __file__, "--serve-small"]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)
    try:
        yield json.loads(child.stdout.readline())
    finally:
        child.communicate(timeout=60)


def measure(args: argparse.Namespace) -> dict[str, object]:
    def say(text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    result: dict[str, object] = {"name": "scale", "baseline": "bare queries; a site with 1,000 stored, in turn"}
    with bench_site.site(say=say) as site:
        say("recomputation")
        bench_site.fill(site, args.recompute, say)
        settle()
        result |= recompute(args.recompute)
        begun = time.perf_counter()
        bench_site.fill(site, args.stored, say)
        result["fill_per_s"] = round(args.stored / (time.perf_counter() - begun), 1)
        from django.db import connection as database

        say("sequencing")
        result |= proofs()
        settle()
        say("reads and lists")
        with intake.server("bihuan.wiring.wsgi:application", site.environment) as (port, pid):
            result |= reads(site, port)
            result |= lists(site, port)
            say("creation beside a small site")
            with small_site() as small:
                result |= growth(small, told(site, port, pid), args.seconds)
        with database.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM case_row")
            result["stored"] = cursor.fetchone()[0]
        say("the ticker")
        result |= due()
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--stored", type=int, default=1_000_000)
    parser.add_argument("--recompute", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--serve-small", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--json", action="store_true", help="accepted for all benchmarks alike")
    args = parser.parse_args()
    if args.serve_small:
        serve_small()
        return
    result = measure(args)
    result["met"] = {name: result[name] <= limit for name, limit in LIMITS.items()}
    result["limits"] = LIMITS
    print(json.dumps(result))
    if any(result[name] > 2 * limit for name, limit in LIMITS.items()):
        sys.exit(1)


if __name__ == "__main__":
    main()

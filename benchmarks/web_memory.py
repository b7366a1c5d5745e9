"""Memory of the web processes after 10,000 mixed requests, beside the bare endpoint's after as many.

PSS (shared pages counted once) of granian's master and two workers, from /proc. Last line: one JSON object.

    python benchmarks/web_memory.py [--requests 10000] [--json]
"""

from __future__ import annotations

import argparse
import http.client
import json
import sys
import uuid
from pathlib import Path

import bench_site
import intake

LIMIT_MB = 220


def pss_mb(pid: int) -> float:
    total = 0
    for one in intake.family(pid):
        lines = Path(f"/proc/{one}/smaps_rollup").read_text().splitlines()
        total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total / 1024


def ask(connection, method: str, path: str, headers: dict[str, str], body: bytes | None = None) -> bytes:
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    text = answer.read()
    if answer.status not in {200, 201}:
        raise SystemExit(f"{method} {path}: {answer.status} {text[:200]!r}")
    return text


def mixed(site, port: int, count: int) -> None:
    """Reports, reads, lists, tracking, pages, in turn."""
    headers = {"Authorization": f"Bearer {site.token}", "X-Purpose": "bench", "Content-Type": "application/json"}
    connection = http.client.HTTPConnection("127.0.0.1", port)
    case = receipt = ""
    for number in range(count):
        turn = number % 10
        if turn in {0, 1, 2}:
            key = {"Idempotency-Key": str(uuid.uuid4())}
            made = json.loads(ask(connection, "POST", "/api/v1/cases", headers | key, intake.report(number)))
            case, receipt = made["id"], made["receipt"]
        elif turn in {3, 4}:
            ask(connection, "GET", f"/api/v1/cases/{case}", headers)
        elif turn in {5, 6}:
            ask(connection, "GET", "/api/v1/cases?limit=50", headers)
        elif turn == 7:
            ask(connection, "GET", f"/t/{receipt.replace(chr(45), '')}", {})
        else:
            ask(connection, "GET", "/" if turn == 8 else "/report", {})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--json", action="store_true", help="accepted for all benchmarks alike")
    args = parser.parse_args()
    with bench_site.site(stored=2000) as site:
        intake.CATEGORY.update(code=site.category, place=site.place)
        bare = {"BARE_URL": site.url, "BARE_SQL": intake.SQL, "BARE_ROWS": json.dumps(site.bare_rows())}
        with intake.server("bihuan.wiring.wsgi:application", site.environment) as (port, pid):
            fresh = pss_mb(pid)
            mixed(site, port, args.requests)
            ours = pss_mb(pid)
        with intake.server("bare:application", {**site.environment, **bare}) as (port, pid):
            connection = http.client.HTTPConnection("127.0.0.1", port)
            for number in range(args.requests):
                key = {"Idempotency-Key": str(uuid.uuid4())}
                ask(connection, "POST", "/", {"Content-Type": "application/json", **key}, intake.report(number))
            floor = pss_mb(pid)
    result = {
        "name": "web_memory",
        "baseline": "bare WSGI endpoint under the same server",
        "requests": args.requests,
        "pss_mb": round(ours, 1),
        "pss_before_mb": round(fresh, 1),
        "bare_pss_mb": round(floor, 1),
        "ratio_to_bare": round(ours / floor, 2),
        "limit_mb": LIMIT_MB,
        "met": ours <= LIMIT_MB,
    }
    print(json.dumps(result))
    if ours > 2 * LIMIT_MB:
        sys.exit(1)


if __name__ == "__main__":
    main()

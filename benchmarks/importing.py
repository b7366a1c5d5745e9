"""How fast imported history comes in, and whether memory grows with the file.

    python benchmarks/importing.py [--rows 60000] [--file FILE --mapping MAPPING]

Without a file, rows of our own making in the shape of a city's export. Baseline: a bare COPY of the same file into one
table, in the same run. The last line is JSON.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path

import bench_site

LIMITS = {"seconds_per_59520": 30, "memory_growth": 1.2}
CHILD = """
import json, resource, sys, time
from pathlib import Path
import django
django.setup()
from bihuan.adapters.importing.mapping import read_mapping
from bihuan.adapters.importing.run import run
from bihuan.adapters.importing.sources import look
begun = time.perf_counter()
report = run(look(Path(sys.argv[1])), read_mapping(Path(sys.argv[2])), "city", Path(sys.argv[3]))
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps({"seconds": time.perf_counter() - begun, "peak_kb": peak, "taken": report.taken}))
"""
MAPPING = """
source = "{source}"
[columns]
source_id = "id"
opened = "opened"
closed = "closed"
category = "category"
address = "address"
lon = "lon"
lat = "lat"
"""


def make(path: Path, rows: int, category: str) -> None:
    with gzip.open(path, "wt", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(["id", "opened", "closed", "category", "address", "lon", "lat"])
        for number in range(rows):
            day = date(2014, 1, 1) + timedelta(days=number % 700)
            spot = [f"{106.5 + number % 997 / 20000:.5f}", f"{29.5 + number % 499 / 20000:.5f}"]
            out.writerow(
                [f"N-{number}", day, day + timedelta(days=number % 9), category, f"和平路{number % 900}号", *spot]
            )


def take(folder: Path, file: Path, mapping: Path) -> dict[str, float]:
    command = [sys.executable, "-W", "ignore", "-c", CHILD, str(file), str(mapping), str(folder / "rejected.csv")]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, env=os.environ)
    return json.loads(done.stdout.splitlines()[-1])


def bare(file: Path) -> float:
    """The same file into one table of texts, by COPY."""
    import psycopg

    begun = time.perf_counter()
    with (
        psycopg.connect(os.environ["BIHUAN_OWNER_DATABASE_URL"]) as database,
        gzip.open(file, "rt", newline="") as text,
    ):
        rows = csv.reader(text)
        names = ", ".join(f"c{n} text" for n, _ in enumerate(next(rows)))
        database.execute(f"CREATE TABLE bare_import ({names})")
        with database.cursor().copy("COPY bare_import FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
    return time.perf_counter() - begun


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--rows", type=int, default=60_000)
    ask.add_argument("--file", type=Path)
    ask.add_argument("--mapping", type=Path)
    ask.add_argument("--json", action="store_true", help="accepted for all benchmarks alike")
    args = ask.parse_args()
    with bench_site.site() as site, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        short, whole = folder / "short.csv.gz", args.file or folder / "whole.csv.gz"
        make(short, 10_000, site.category)
        if args.file is None:
            make(whole, args.rows, site.category)
        for source in ("short", "whole"):
            (folder / f"{source}.toml").write_text(MAPPING.format(source=source))
        few = take(folder, short, folder / "short.toml")
        many = take(folder, whole, args.mapping or folder / "whole.toml")
        plain = bare(whole)
    result = {
        "name": "importing",
        "baseline": "a bare COPY of the same file into one table of texts",
        "rows": many["taken"],
        "seconds": round(many["seconds"], 2),
        "rows_per_s": round(many["taken"] / many["seconds"]),
        "seconds_per_59520": round(many["seconds"] / many["taken"] * 59_520, 2),
        "ratio_to_copy": round(many["seconds"] / plain, 1),
        "peak_mb": round(many["peak_kb"] / 1024, 1),
        "memory_growth": round(many["peak_kb"] / few["peak_kb"], 3),
        "own_peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    }
    result["met"] = {name: result[name] <= limit for name, limit in LIMITS.items()}
    print(json.dumps(result))
    if any(result[name] > 2 * limit for name, limit in LIMITS.items()):
        sys.exit(1)


if __name__ == "__main__":
    main()

"""What a deadline costs, one by one and in bulk, over the same starts and amounts.

    python benchmarks/deadlines.py [--deadlines 100000] [--rounds 3]

The last line is JSON. Ends with 1 when bulk is not faster, or when the two disagree.
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from random import Random

import numpy as np

from bihuan.desk.bulktime import add_many
from bihuan.desk.holidays_source import build
from bihuan.kernel.calendar import Unit

FIRST, LAST = (int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) for year in (2024, 2028))


def cpu(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def measure(unit: Unit, count: int, rounds: int) -> dict[str, float]:
    calendar, chance = build("CN"), Random(20261123)
    starts = [chance.randrange(FIRST, LAST) for _ in range(count)]
    amounts = [chance.randrange(61) for _ in range(count)]
    instants = [datetime.fromtimestamp(start, UTC) for start in starts]
    columns = np.array(starts), np.array(amounts)
    single = [calendar.add(at, amount, unit).due for at, amount in zip(instants, amounts, strict=True)]
    if add_many(calendar, *columns, unit).due.tolist() != [due.replace(tzinfo=None) for due in single]:
        sys.exit(f"{unit}: one by one and in bulk differ")
    plain, bulk = [], []
    for _ in range(rounds):
        plain.append(cpu(lambda: [calendar.add(at, n, unit) for at, n in zip(instants, amounts, strict=True)]))
        bulk.append(cpu(lambda: add_many(calendar, *columns, unit)))
    one, many = statistics.median(plain), statistics.median(bulk)
    return {
        "scalar_us": round(one / count * 1e6, 2),
        "bulk_us": round(many / count * 1e6, 3),
        "ratio": round(one / many, 1),
    }


def main() -> int:
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--deadlines", type=int, default=100_000)
    ask.add_argument("--rounds", type=int, default=3)
    args = ask.parse_args()
    units = {}
    for unit in Unit:
        print(f"{unit}: {args.deadlines} deadlines, {args.rounds} rounds …", flush=True)
        units[unit.value] = measure(unit, args.deadlines, args.rounds)
    worst = min(found["ratio"] for found in units.values())
    slowest = max(found["scalar_us"] for found in units.values())
    result = {
        "benchmark": "deadlines",
        "baseline": "Calendar.add one by one",
        "deadlines": args.deadlines,
        "ratio": worst,
        "scalar_us": slowest,
        "units": units,
        "met": worst > 1,
    }
    print(json.dumps(result))
    return 0 if result["met"] else 1


if __name__ == "__main__":
    sys.exit(main())

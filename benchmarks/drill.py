"""The flood drill of eight hours with 2,000 injects on a virtual clock, twice: how long, and whether it is the same.

    python benchmarks/drill.py [--injects 2000] [--seed 7]

Baseline: the same first commands, one by one through ``submit``, in the same run. The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import sys
import time

import bench_site
import yaml

LIMITS = {"seconds": 60}


def script(injects: int) -> str:
    """The drill that comes with the product, its crowd grown until there are so many injects."""
    from bihuan.desk import api
    from bihuan.ops.drills import reading

    raw = yaml.safe_load(reading.find("flood"))
    crowd = next(one for one in raw["injects"] if one["kind"] == "reports")
    made = len(reading.read(reading.find("flood"), api.virtual.zone()).injects)
    crowd["count"] += injects - made
    return yaml.safe_dump(raw, allow_unicode=True)


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--injects", type=int, default=2000)
    ask.add_argument("--seed", type=int, default=7)
    ask.add_argument("--json", action="store_true", help="accepted for all benchmarks alike")
    args = ask.parse_args()
    with bench_site.site() as site:
        from bihuan.demo.load import load_demo
        from bihuan.desk import api
        from bihuan.kernel import commands as c
        from bihuan.ops.drills import running

        api.organisation.mark_demo()
        load_demo()
        text = script(args.injects)
        runs = []
        for turn in range(2):
            drill = running.begin(running.plan(text, by=api.SYSTEM, seed=args.seed), is_paused=True)
            begun = time.perf_counter()
            over = running.play(drill.id)
            runs.append((time.perf_counter() - begun, over))
            print(f"run {turn + 1}: {runs[-1][0]:.1f} s", file=sys.stderr, flush=True)
        world = runs[0][1].played_in
        events = sum(1 for _ in api.drills.happened(world))
        is_clean = api.audit(world).is_clean
        made = [api.report(site.intake(n), by=site.actor(), purpose="bench") for n in range(200)]
        begun = time.perf_counter()
        for one in made:
            api.submit(c.Accept(), by=site.actor(), case=one.case, purpose="bench")
        single = (time.perf_counter() - begun) / len(made)
    seconds = max(each for each, _ in runs)
    first, again = (over for _, over in runs)
    result = {
        "name": "drill",
        "baseline": "one command after the other through submit",
        "injects": args.injects,
        "cases": first.report["counts"]["cases"],
        "orders": first.report["counts"]["orders"],
        "events": events,
        "seconds": round(seconds, 1),
        "is_same": first.history == again.history,
        "is_clean": is_clean,
        "history_sha256": first.history,
        "ms_per_event": round(seconds * 1000 / events, 3),
        "ms_per_command_one_by_one": round(single * 1000, 3),
    }
    result["met"] = {name: result[name] <= limit for name, limit in LIMITS.items()} | {"is_same": result["is_same"]}
    print(json.dumps(result))
    if not result["is_same"] or result["seconds"] > 2 * LIMITS["seconds"]:
        sys.exit(1)


if __name__ == "__main__":
    main()

"""What our rules would have given for cases of another system: a report, never an event (law 6)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import orjson
from django.db import connection, transaction

from bihuan.desk import instant, rulebooks
from bihuan.kernel.calendar import Calendar
from bihuan.kernel.rules import ClockRule, Rulebook

SLICE = 5000


def on_time(world: int, source: str) -> dict[str, Any]:
    """Of the closed imported cases of a source: how many would have kept the handling clock of today's rulebook.

    ``closed``: with a clock; ``in_time``; ``rate``; ``there``: how many were in time by the due date of the source
    itself, of how many that had one; ``without``: those for whose category no clock is set. ``statutory``: the same for
    each statutory clock that a first reply would have stopped, as if it had run from the first day: of a petition the
    15 days to be told in writing and the 60 days to be done.

    A day without an hour stands as its first instant, so it is in time when it is not after the day on which the clock
    ends: in doubt for the unit.
    """
    found: Counter[str] = Counter()
    for part in _parts(world, source):
        found += _judged(part)
    clocks = sorted({key.partition(":")[2] for key in found if key.startswith("closed:")})
    statutory = {key: {"closed": found[f"closed:{key}"], "in_time": found[f"in_time:{key}"]} for key in clocks}
    closed, in_time = found["closed"], found["in_time"]
    return {
        "closed": closed,
        "in_time": in_time,
        "rate": round(in_time / closed, 4) if closed else None,
        "without": found["without"],
        "there": {"closed": found["dated"], "in_time": found["in_time_there"]},
    } | ({"statutory": statutory} if statutory else {})


def _parts(world: int, source: str) -> Iterator[list[dict[str, Any]]]:
    """Slices of imported events, read along the table: memory does not grow with their number."""
    with transaction.atomic(), connection.chunked_cursor() as cursor:
        cursor.execute(
            "SELECT e.body FROM imported i JOIN event e ON e.case_id = i.case_id AND e.number = 1"
            " WHERE i.world_id = %s AND i.source = %s AND e.kind = 'ImportedCase'",
            [world, source],
        )
        while rows := cursor.fetchmany(SLICE):
            yield [orjson.loads(body)["data"] for (body,) in rows]


def _judged(part: list[dict[str, Any]]) -> Counter[str]:
    found: Counter[str] = Counter()
    groups: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for one in part:
        if one["closed"]:
            groups[one["scene"], one["category"]].append(one)
            if one["due"]:
                found["dated"] += 1
                found["in_time_there"] += one["closed"] <= one["due"]
    for (scene, category), rows in groups.items():
        rules = rulebooks.rules_for(scene, instant.wall())
        handle = [rule for rule in rules.book.clocks_for(category, "dispatched") if rule.key == "handle"]
        for rule in _statutory(rules.book, category):
            found[f"closed:{rule.key}"] += len(rows)
            found[f"in_time:{rule.key}"] += _kept(rules.calendar, rule, rows)
        if not handle:
            found["without"] += len(rows)
            continue
        found["closed"] += len(rows)
        found["in_time"] += _kept(rules.calendar, handle[-1], rows)
    return found


def _statutory(book: Rulebook, category: str) -> list[ClockRule]:
    """What the law promises of a first reply: clocks of the whole case that an answer or a word in writing stops."""
    own = book.categories[category].clocks if category in book.categories else ()
    every = {rule.key: rule for rule in (*book.clocks, *own)}.values()
    return [
        rule for rule in every if rule.statutory and {"step:told", "answered"} & set(rule.stops) and not rule.reminds
    ]


def _kept(calendar: Calendar, rule: ClockRule, rows: list[dict[str, Any]]) -> int:
    from bihuan.desk.bulktime import add_many  # noqa: PLC0415 - NumPy stays out of web processes

    due = add_many(calendar, [_seconds(row["opened"]) for row in rows], rule.amount, rule.unit).due.astype("int64")
    return sum(_seconds(row["closed"]) <= int(end) for row, end in zip(rows, due, strict=True))


def _seconds(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())

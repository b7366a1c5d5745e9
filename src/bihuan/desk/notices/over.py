"""A notice asks for something. Once that is done, by whomever, it is over: nobody need look at it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

import orjson
from django.db import connection

from bihuan.desk import change, instant
from bihuan.desk.feed import Placed

_OF_CLOCKS = ("warning", "remind", "oversee", "overdue")
_OF_WORK = ("order", "rework", "disputed", *_OF_CLOCKS)
# Event → the kinds of notice that it settles: of the task's unit, or of the desk, or (of the case itself) of everybody.
OF_THE_TASK: Mapping[str, tuple[str, ...]] = {
    "TaskTaken": ("order", "rework"),
    "TaskFinished": _OF_WORK,
    "TaskReturned": _OF_WORK,
    "TaskCancelled": _OF_WORK,
}
OF_THE_DESK: Mapping[str, tuple[str, ...]] = {"Accepted": _OF_CLOCKS, "Dispatched": _OF_CLOCKS}
OF_THE_CASE: Mapping[str, tuple[str, ...]] = {
    "Dispatched": ("new-case", "returned"),
    "Reworked": ("to-verify",),
    "Granted": ("request", "objection"),
    "Denied": ("request", "objection"),
    **dict.fromkeys(
        ("Closed", "Declined", "Merged"), ("new-case", "returned", "to-verify", "request", "objection", *_OF_WORK)
    ),
}
SETTLING = OF_THE_TASK.keys() | OF_THE_DESK.keys() | OF_THE_CASE.keys()
# Whoever marks a notice at this moment has seen it: nobody waits for him.
_END = (
    "UPDATE notice SET seen = %s, over = true WHERE id IN (SELECT n.id FROM notice n JOIN unnest(%s::uuid[], %s::int[],"
    " %s::text[], %s::text[]) AS x (case_id, number, kind, unit) ON n.case_id = x.case_id AND n.number < x.number"
    " AND n.kind = x.kind AND x.unit IN ('', n.unit) WHERE n.seen IS NULL FOR UPDATE OF n SKIP LOCKED)"
)


def end(placed: Sequence[Placed], cases: Mapping[UUID, change.Loaded]) -> int:
    """Settle what these events settle, of notices told before them. Returns how many."""
    rows = [
        (one.case, one.number, kind, unit)
        for one in placed
        if one.case in cases
        for kinds, unit in _settled(one, cases[one.case])
        for kind in kinds
    ]
    if not rows:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(_END, [instant.wall(), *map(list, zip(*rows, strict=True))])
        return int(cursor.rowcount)


def _settled(placed: Placed, loaded: change.Loaded) -> list[tuple[tuple[str, ...], str]]:
    found = [(OF_THE_CASE[placed.kind], "")] if placed.kind in OF_THE_CASE else []
    if placed.kind in OF_THE_DESK:
        found.append((OF_THE_DESK[placed.kind], loaded.state.desk))
    if placed.kind in OF_THE_TASK:
        task = loaded.state.task(orjson.loads(placed.body)["data"]["task"])
        found += [(OF_THE_TASK[placed.kind], task.unit)] if task is not None else []
    return found

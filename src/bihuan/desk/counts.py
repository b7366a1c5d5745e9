"""How many cases, by problem, place, unit or time: never by person, never fewer than five, never sealed ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NoReturn

from django.conf import settings
from django.db import connection, transaction

from bihuan.desk import instant, questions, seals, sight
from bihuan.desk.actor import Actor
from bihuan.kernel.refused import Refused

MOST_CELLS = 2000
TIMEOUT = "5s"
_DAY = "to_char(c.opened AT TIME ZONE %s, '{}')"
# Name of a group → its expression over ``case_row c``. Places are told by street: nine digits of their code.
GROUPS: Mapping[str, str] = {
    "scene": "c.scene",
    "category": "c.category",
    "place": "left(c.place, 9)",
    "stage": "c.stage",
    "lead": "c.lead",
    "desk": "c.desk",
    "is_open": "CASE WHEN c.is_open THEN 'true' ELSE 'false' END",
    "is_overdue": "CASE WHEN c.is_overdue THEN 'true' ELSE 'false' END",
    "is_disputed": "CASE WHEN c.is_disputed THEN 'true' ELSE 'false' END",
    "day": _DAY.format("YYYY-MM-DD"),
    "week": _DAY.format('IYYY-"W"IW'),
    "month": _DAY.format("YYYY-MM"),
    "year": _DAY.format("YYYY"),
}
FILTERS: Mapping[str, str] = {
    "scene": "c.scene = %s",
    "category": "starts_with(c.category, %s)",
    "place": "starts_with(c.place, %s)",
    "stage": "c.stage = %s",
    "lead": "c.lead = %s",
    "desk": "c.desk = %s",
    "is_open": "c.is_open = %s",
    "is_overdue": "c.is_overdue = %s",
    "is_disputed": "c.is_disputed = %s",
}


def check_question(
    actor: Actor, *, filters: Iterable[str] = (), group_by: Iterable[str] = (), sort: Iterable[str] = (), world: int = 1
) -> None:
    """``questions.check_question`` for a door that has no clock. Raises ``Refused`` (law 9), with a trace."""
    questions.check_question(actor, filters=filters, group_by=group_by, sort=sort, at=instant.now(world), world=world)


def refuse_question(actor: Actor, kind: str, *, world: int = 1) -> NoReturn:
    """Say no to a question by its name. Raises ``Refused`` with why and what there is instead."""
    questions.refuse_query(kind, actor, at=instant.now(world), world=world)


def count_cases(actor: Actor, group_by: Sequence[str], filters: Mapping[str, Any], *, world: int = 1) -> dict[str, Any]:
    """Counts by group, largest first, under five told as ``None``; only over cases that the actor may know of.

    Raises ``Refused``: ``unknown-field`` for a group that cannot be counted by. Ends after five seconds.
    """
    at = instant.now(world)
    check_question(actor, filters=filters, group_by=group_by, world=world)
    if unknown := [name for name in group_by if name not in GROUPS]:
        raise Refused("unknown-field", field=unknown[0], where="group_by", allowed=" ".join(GROUPS))
    zones = [settings.ZONE for name in group_by if "%s" in GROUPS[name]]
    seen, values = seals.case_filter(seals.viewer_of(actor, at, world=world), world=world, with_sealed=False)
    where = " AND ".join([seen, *(FILTERS[name] for name in filters)])
    groups = "".join(f", {GROUPS[name]}" for name in group_by)
    order = f" GROUP BY {', '.join(str(n + 2) for n in range(len(group_by)))}" if group_by else ""
    sql = f"SELECT count(*){groups} FROM case_row c WHERE {where}{order} ORDER BY 1 DESC LIMIT {MOST_CELLS}"  # noqa: S608 - our own words
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL statement_timeout = '{TIMEOUT}'")
        cursor.execute(sql, [*zones, *values, *filters.values()])
        rows = cursor.fetchall()
    cells = [
        {"group": dict(zip(group_by, map(str, row[1:]), strict=True)), "count": sight.count_shown(row[0])}
        for row in rows
    ]
    return {"at": at, "group_by": list(group_by), "cells": cells}


__all__ = ["check_question", "count_cases", "refuse_question"]

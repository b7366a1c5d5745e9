"""What boards and the wall screen show: sums that follow the feed of the real world, and the cases behind each.

A case is a row of flags in ``board_fact``; ``board_count`` holds their sums by month, matter, place and unit. Both are
written together with the cursor of the feed, so each event counts once. A page adds up cells, never cases. Sealed
cases (L2, L3), cases that a unit is barred from, imported ones and other worlds are not in them at all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson
from django.conf import settings
from django.db import connection

from bihuan.desk import feed, instant, lists, measures, names, planned, seals
from bihuan.desk.actor import Actor
from bihuan.desk.feed import Placed
from bihuan.desk.instant import REAL_WORLD
from bihuan.desk.measures import Fall, Month, Row, Share
from bihuan.desk.names import UnitName
from bihuan.kernel.case import OPEN_STAGES, Stage
from bihuan.kernel.refused import Refused

READER = "boards"
FLAGS = (
    "heard", "problems", "dispatched", "open", "late", "running", "overdue", "judged", "on_time", "answered",
    "right_first", "returned", "twice", "finished", "reopened", "disputed",
)  # fmt: skip
_KEYS = ("month", "scene", "category", "place", "unit")
QUIET_AFTER = timedelta(days=30)
A_BATCH = 1000
_NEVER = dict.fromkeys(FLAGS, 0)

_READ = """
SELECT c.id, (c.opened AT TIME ZONE %s)::date, c.scene, c.category, left(c.place, 12),
  CASE WHEN c.lead = '' THEN c.desk ELSE c.lead END, c.changed,
  c.seal, c.barred <> '[]', c.stage, c.lead <> c.desk, c.state
FROM case_row c WHERE c.id = ANY(%s) AND c.world_id = %s
"""
_TYPED = (
    "case_id uuid, month date, scene text, category text, place text, unit text, changed timestamptz, "
    + ", ".join(f"{name} int" for name in FLAGS)
)
_WRITE = f"""
WITH told AS (SELECT * FROM jsonb_to_recordset(%s::jsonb) AS x({_TYPED})),
old AS (SELECT f.* FROM board_fact f JOIN told USING (case_id)),
new AS (
  SELECT {", ".join(f"t.{name}" for name in ("case_id", *_KEYS, "changed", *FLAGS[:-1]))},
    CASE WHEN t.heard > 0 THEN greatest(t.disputed, coalesce(o.disputed, 0)) ELSE 0 END AS disputed
  FROM told t LEFT JOIN old o USING (case_id)
), put AS (
  INSERT INTO board_fact (case_id, district, {", ".join((*_KEYS, "changed", *FLAGS))})
  SELECT case_id, %s, {", ".join((*_KEYS, "changed", *FLAGS))} FROM new
  ON CONFLICT (case_id) DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in (*_KEYS, "changed", *FLAGS))}
), moved AS (
  SELECT {", ".join(_KEYS)}, {", ".join(f"sum({name})::int AS {name}" for name in FLAGS)} FROM (
    SELECT {", ".join((*_KEYS, *FLAGS))} FROM new
    UNION ALL SELECT {", ".join(_KEYS)}, {", ".join(f"-{name}" for name in FLAGS)} FROM old
  ) AS both_sides GROUP BY {", ".join(_KEYS)} HAVING {" OR ".join(f"sum({name}) <> 0" for name in FLAGS)}
)
INSERT INTO board_count (district, {", ".join((*_KEYS, *FLAGS))})
SELECT %s, {", ".join((*_KEYS, *FLAGS))} FROM moved
ON CONFLICT ({", ".join(_KEYS)}) DO UPDATE SET {", ".join(f"{name} = board_count.{name} + excluded.{name}" for name in FLAGS)}
"""  # noqa: E501, S608 - our own words


def step() -> int:
    """Take in the next events; returns how many. Exactly once: sums and cursor commit together."""
    return feed.follow(REAL_WORLD, READER, _take, limit=A_BATCH)


def settle() -> None:
    """Take in everything that is in the feed, for commands and tests that wait for it."""
    while step():
        pass


def mark() -> int:
    """Grows with everything that the boards have taken in."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(max(pos), 0) FROM cursor WHERE world_id = %s AND name = %s", [REAL_WORLD, READER]
        )
        return int(cursor.fetchone()[0])


def _take(events: Sequence[Placed]) -> None:
    disputed = {one.case for one in events if one.kind == "Disputed"}
    with connection.cursor() as cursor:
        cursor.execute(_READ, [settings.ZONE, list({one.case for one in events}), REAL_WORLD])
        told = [_told(row, row[0] in disputed) for row in cursor.fetchall()]
        if told:
            cursor.execute(_WRITE, [orjson.dumps(told).decode(), settings.DISTRICT, settings.DISTRICT])


def _told(row: tuple[Any, ...], is_disputed: bool) -> dict[str, Any]:
    case, day, scene, category, place, unit, changed, seal, has_barred, stage, is_sent, text = row
    state = orjson.loads(text)
    known = {"case_id": case, "month": day.replace(day=1), "changed": changed}
    if seal >= seals.SEALED_FROM or has_barred or state.get("is_imported"):
        return known | {"scene": "", "category": "", "place": "", "unit": ""} | _NEVER
    flags = _flags(Stage(stage), state, is_sent=is_sent) | {
        "disputed": int(is_disputed or bool(state.get("is_disputed")))
    }
    return known | {"scene": scene, "category": category, "place": place, "unit": unit} | flags


def _flags(stage: Stage, state: Mapping[str, Any], *, is_sent: bool) -> dict[str, int]:
    """Judged is what is closed, or late already: nobody gains by leaving open what is late."""
    if stage in {Stage.DECLINED, Stage.MERGED}:
        return _NEVER | {"heard": 1}
    returns, reworks, reopens, overdue = (int(state.get(n) or 0) for n in ("returns", "reworks", "reopens", "overdue"))
    is_open, is_closed = stage in OPEN_STAGES, stage in {Stage.CLOSED, Stage.ARCHIVED}
    ticking = [k for k in state.get("clocks") or () if is_open and not k.get("stopped") and not k.get("reminds")]
    broken = sum(1 for k in ticking if k.get("broken"))
    was_answered = is_closed or reworks > 0 or reopens > 0
    found = {
        "heard": True,
        "problems": True,
        "dispatched": is_sent or returns > 0,
        "open": is_open,
        "late": broken > 0,
        "running": sum(1 for k in ticking if not k.get("paused")),
        "overdue": broken,
        "judged": is_closed or overdue > 0,
        "on_time": is_closed and overdue == 0,
        "answered": was_answered,
        "right_first": is_closed and not (reworks or reopens or state.get("is_disputed")),
        "returned": returns > 0,
        "twice": returns > 1,
        "finished": is_closed or reopens > 0,
        "reopened": reopens > 0,
    }
    return {name: int(value) for name, value in found.items()}


# --- what is asked


@dataclass(frozen=True)
class Span:
    """Months in which cases were registered, both included, by their first days. ``None``: without an end."""

    first: date | None = None
    last: date | None = None


EVER = Span()


# Cases that name no place: they have a line of their own.
NOWHERE = "-"


@dataclass(frozen=True)
class Where:
    """``place`` is a prefix, or ``NOWHERE``; ``matter`` is scene and category with a colon between. Empty: any."""

    place: str = ""
    unit: str = ""
    matter: str = ""


@dataclass(frozen=True)
class Board:
    """``total`` is over everything that the rows are parts of; ``mark`` as of when."""

    rows: tuple[Row, ...]
    total: Row
    mark: int


_MATTER = "n.scene || ':' || n.category"
GROUPS: Mapping[str, str] = {
    "unit": "n.unit",
    "street": "left(n.place, 9)",
    "community": "n.place",
    "category": _MATTER,
    "month": "to_char(n.month, 'YYYY-MM')",
}
# What may stand behind a number: its name → condition over ``board_fact n``.
SHOWS: Mapping[str, str] = {
    **{name: f"n.{name} > 0" for name in FLAGS},
    "missed": "n.judged > 0 AND n.on_time = 0",
    "wrong": "n.answered > 0 AND n.right_first = 0",
    "away": "n.heard > 0 AND n.problems = 0",
    "contested": "n.disputed > 0 AND n.open > 0",
    "shuttled": "n.twice > 0 AND n.open > 0",
    # The quietest first, as many as anybody will read: without that the newest are walked until one is quiet.
    "quiet": (
        "n.case_id IN (SELECT q.case_id FROM board_fact q WHERE q.open > 0 AND q.late = 0 AND q.changed < %s"
        " ORDER BY q.changed LIMIT 2000)"
    ),
}


def table(group: str, *, span: Span = EVER, where: Where | None = None) -> Board:
    """Sums by ``group``, the most cases first. Raises ``Refused`` for a group that is none: no board is by person."""
    if group not in GROUPS:
        raise Refused("unknown-field", field=group, where="group_by", allowed=" ".join(GROUPS))
    at = instant.now()
    narrowed, values = _narrowed(span, where or Where())
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {GROUPS[group]}, {_MATTER}, {', '.join(f'sum(n.{name})' for name in FLAGS)}"  # noqa: S608 - own words
            f" FROM board_count n WHERE n.heard > 0 AND {narrowed} GROUP BY 1, 2",
            values,
        )
        found = cursor.fetchall()
    parts: dict[str, dict[str, dict[str, int]]] = {}
    whole: dict[str, dict[str, int]] = {}
    for code, matter, *sums in found:
        cell = dict(zip(FLAGS, map(int, sums), strict=True))
        parts.setdefault(code, {})[matter] = cell
        so_far = whole.setdefault(matter, dict(_NEVER))
        for name in FLAGS:
            so_far[name] += cell[name]
    rows = [_row(code, _name(group, code, at), own, whole) for code, own in parts.items()]
    rows.sort(key=lambda row: (-row.counts["heard"], row.code))
    return Board(tuple(rows), _row("", UnitName("", ""), whole, whole), mark())


def _narrowed(span: Span, where: Where) -> tuple[str, list[Any]]:
    scene, _, category = where.matter.partition(":")
    asked: list[tuple[str, object]] = [
        ("n.month >= %s", span.first),
        ("n.month <= %s", span.last),
        ("n.place LIKE %s", f"{where.place}%" if where.place.isdigit() else None),
        ("n.unit = %s", where.unit),
        ("n.scene = %s", scene),
        ("n.category = %s", category if where.matter else None),
    ]
    kept = [(text, value) for text, value in asked if value is not None and (value != "" or "category" in text)]
    first = "n.place = ''" if where.place == NOWHERE else "TRUE"
    return " AND ".join([first, *(text for text, _ in kept)]), [value for _, value in kept]


def _row(code: str, name: UnitName, own: measures.Strata, whole: measures.Strata) -> Row:
    counts = {flag: sum(cell[flag] for cell in own.values()) for flag in FLAGS}
    return Row(code, name, counts, {key: measures.adjust(key, own, whole) for key in ("on_time", "right_first")})


def _name(group: str, code: str, at: datetime) -> UnitName:
    if not code:
        return UnitName("", "")
    if group == "unit":
        return names.unit(code)
    if group in {"street", "community"}:
        return names.place(code)
    if group == "category":
        scene, _, category = code.partition(":")
        return lists.category_name(scene, category, at)
    return UnitName(code, code)


def this_month() -> date:
    return instant.now().astimezone(ZoneInfo(settings.ZONE)).date().replace(day=1)


def months_back(month: date, count: int) -> date:
    number = month.year * 12 + month.month - 1 - count
    return date(number // 12, number % 12 + 1, 1)


def falls(month: date | None = None) -> list[Fall]:
    """Alarms on counts that fell from the month before ``month`` to it (without one: the last whole month)."""
    now = month or months_back(this_month(), 1)
    before = months_back(now, 1)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT left(n.place, 9), n.month, sum(n.heard), sum(n.problems) FROM board_count n"
            " WHERE n.month IN (%s, %s) GROUP BY GROUPING SETS ((1, 2), (2))",
            [before, now],
        )
        rows = cursor.fetchall()
    # No code: the whole district. An empty one: cases that name no place, which are nobody's ground.
    found = {(code or "", at): Month(at, int(heard), int(kept)) for code, at, heard, kept in rows if code != ""}
    alarms = []
    for code in sorted({code for code, _ in found}):
        earlier, later = (found.get((code, at), Month(at, 0, 0)) for at in (before, now))
        alarm = measures.fall(names.place(code) if code else names.place(settings.DISTRICT), earlier, later)
        alarms += [alarm] if alarm else []
    return alarms


def cases_behind(
    viewer: Actor, show: str, *, span: Span = EVER, where: Where | None = None, after: str = "", limit: int = 50
) -> lists.Page:
    """The cases of a number, newest first, that ``viewer`` may know of. Raises ``ValueError`` for no such number."""
    if show not in SHOWS:
        raise ValueError(f"{show!r} is no number of a board; there are: {', '.join(SHOWS)}")
    at = instant.now()
    seen, values = seals.case_filter(seals.viewer_of(viewer, at), with_sealed=False)
    narrowed, more = _narrowed(span, where or Where())
    parts, given = [seen, narrowed, SHOWS[show]], [*values, *more]
    if "%s" in SHOWS[show]:
        given.append(at - QUIET_AFTER)
    if after:
        parts.append("n.case_id < %s::uuid")
        given.append(UUID(after))
    with planned.anew() as cursor:
        cursor.execute(
            f"SELECT {lists.COLUMNS} FROM board_fact n JOIN case_row c ON c.id = n.case_id"  # noqa: S608 - own words
            f" WHERE {' AND '.join(parts)} ORDER BY n.case_id DESC LIMIT {limit + 1}",
            given,
        )
        rows = cursor.fetchall()
    found = tuple(lists.line_of(row, at) for row in rows[:limit])
    return lists.Page(found, str(found[-1].id) if len(rows) > limit else "", at)


# Four arms, each in the order of an index and no longer than the page: what lies in a desk does not slow its board.
_OWED = """
SELECT {columns} FROM case_row c JOIN (
  (SELECT t.case_id AS id FROM task_row t WHERE t.world_id = {world} AND t.unit = %s AND t.is_open
   ORDER BY t.due LIMIT {limit})
  UNION
  (SELECT d.id FROM case_row d WHERE d.world_id = {world} AND d.desk = %s AND d.stage IN ('registered', 'accepted')
   ORDER BY d.due LIMIT {limit})
  UNION
  (SELECT d.id FROM case_row d WHERE d.world_id = {world} AND d.desk = %s AND d.stage = 'answered' AND d.verifier = ''
   ORDER BY d.id LIMIT {limit})
  UNION
  (SELECT d.id FROM case_row d WHERE d.world_id = {world} AND d.verifier = %s AND d.verifier <> '' AND d.is_open
   AND d.stage IN ('answered', 'verifying') ORDER BY d.id LIMIT {limit})
) AS mine ON mine.id = c.id WHERE {seen} AND c.is_open
ORDER BY c.due NULLS LAST, c.id LIMIT {limit}
"""


def owed(viewer: Actor, *, limit: int = 200) -> lists.Page:
    """What the acting unit owes, the nearest promise first; of sealed cases number and dates only."""
    at = instant.now()
    seen, values = seals.case_filter(seals.viewer_of(viewer, at))
    with planned.anew() as cursor:
        sql = _OWED.format(columns=lists.COLUMNS, seen=seen, limit=limit, world=REAL_WORLD)
        cursor.execute(sql, [viewer.unit] * 4 + values)
        return lists.Page(tuple(lists.line_of(row, at) for row in cursor.fetchall()), "", at)


__all__ = [
    "EVER", "FLAGS", "GROUPS", "NOWHERE", "SHOWS", "Board", "Fall", "Row", "Share", "Span", "Where", "cases_behind",
    "falls", "mark", "measures", "months_back", "owed", "settle", "step", "table", "this_month",
]  # fmt: skip

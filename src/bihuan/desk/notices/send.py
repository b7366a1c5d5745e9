"""Letters: what a person has not seen, gathered for each of his ways; at most one a minute, and none is lost.

A letter covers a span of notices and has one key for all its tries. Whatever it holds is looked at again with the eyes
of today before it leaves. A way that fails is tried again, later each time, for as long as there is something to tell;
meanwhile the spare ways tell it.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection, transaction

from bihuan.desk import instant, ports
from bihuan.desk.notices import inbox, ways
from bihuan.desk.ports import Letter, LetterLine, NotDelivered, Teller

log = logging.getLogger("bihuan.notices")

APART = timedelta(minutes=1)
LEASE = timedelta(minutes=2)
BATCH = 100
AT_ONCE = 8
LINES = 20
WAITS = (60, 120, 300, 900, 1800, 3600)
OLDEST = timedelta(days=3)

# Quiet hours hold everything back, unless something urgent has come and may come through; then all of it goes along.
_MAKE = """
WITH now AS (SELECT %(now)s::timestamptz AS at, %(minute)s::int AS minute), ready AS (
  SELECT w.id, w.person_id, greatest(w.told, CASE WHEN w.is_spare THEN (
      SELECT min(f.told) FROM notice_way f WHERE f.person_id = w.person_id AND f.removed IS NULL AND NOT f.is_spare
      AND f.failing_since IS NOT NULL) ELSE 0 END) AS told,
    coalesce(CASE WHEN q.quiet_from <= q.quiet_until THEN now.minute >= q.quiet_from AND now.minute < q.quiet_until
      ELSE now.minute >= q.quiet_from OR now.minute < q.quiet_until END, false) AS is_quiet,
    coalesce(q.urgent_through, true) AS urgent_through
  FROM notice_way w CROSS JOIN now LEFT JOIN notice_wish q ON q.person_id = w.person_id
  WHERE w.removed IS NULL AND (w.last_try IS NULL OR w.last_try <= now.at - %(apart)s::interval)
    AND (NOT w.is_spare OR EXISTS (SELECT FROM notice_way f WHERE f.person_id = w.person_id AND f.removed IS NULL
      AND NOT f.is_spare AND f.failing_since IS NOT NULL))
    AND NOT EXISTS (SELECT FROM notice_letter l WHERE l.way_id = w.id AND l.sent IS NULL AND l.next_try IS NOT NULL)
)
INSERT INTO notice_letter (id, way_id, after, upto, notices, created, next_try)
SELECT gen_random_uuid(), r.id, r.told, n.upto, n.notices, now.at, now.at FROM ready r CROSS JOIN now
CROSS JOIN LATERAL (SELECT max(x.id) AS upto, count(*) AS notices, bool_or(x.is_urgent) AS is_urgent FROM notice x
  WHERE x.person_id = r.person_id AND x.id > r.told AND x.seen IS NULL AND x.created > now.at - %(oldest)s::interval) n
WHERE n.notices > 0 AND (NOT r.is_quiet OR (r.urgent_through AND n.is_urgent))
ON CONFLICT DO NOTHING
"""
# The mark of the try is set with the claim: a sender that dies after handing over does not hand over again at once.
_CLAIM = """
WITH claimed AS (
  UPDATE notice_letter l SET attempts = l.attempts + 1, next_try = %s
  WHERE l.id = ANY (ARRAY(SELECT x.id FROM notice_letter x WHERE x.sent IS NULL AND x.next_try <= %s
    ORDER BY x.next_try LIMIT %s FOR UPDATE SKIP LOCKED))
  RETURNING l.id, l.way_id, l.after, l.upto, l.attempts
), tried AS (
  UPDATE notice_way w SET last_try = %s FROM claimed c WHERE w.id = c.way_id
  RETURNING w.id, w.person_id, w.kind, w.address
)
SELECT c.id, c.way_id, c.after, c.upto, c.attempts, t.person_id, t.kind, t.address
FROM claimed c JOIN tried t ON t.id = c.way_id
"""


@dataclass(frozen=True)
class _Claimed:
    id: UUID
    way: UUID
    after: int
    upto: int
    attempts: int
    person: UUID
    kind: str
    ref: str


@dataclass(frozen=True)
class _Came:
    """What came of a letter. ``error`` empty: taken, or there was nothing left to tell."""

    letter: _Claimed
    error: str = ""
    is_gone: bool = False


class Sender:
    """Hands letters over. Any number may run; a slow receiver holds up no more than its own thread."""

    def __init__(self, teller: Teller | None = None) -> None:
        self._teller = teller

    def step(self) -> int:
        """Gather and hand over one batch; returns how many letters were claimed."""
        now = instant.wall()
        claimed = _claim(now) if gather(now) or _is_due(now) else []
        if not claimed:
            return 0
        teller = self._teller or ports.teller()
        work = [(one, ways.opened(one.way, one.ref), _written(one)) for one in claimed]
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="letter") as pool:
            came = list(pool.map(lambda one: _hand_over(teller, *one), work))
        _note(came)
        return len(claimed)


def gather(now: datetime) -> int:
    """Make a letter for each way that has something to tell and may tell it now; returns how many."""
    here = now.astimezone(ZoneInfo(settings.ZONE))
    values: dict[str, Any] = {"now": now, "minute": here.hour * 60 + here.minute, "apart": APART, "oldest": OLDEST}
    with connection.cursor() as cursor:
        cursor.execute(_MAKE, values)
        return int(cursor.rowcount)


def _is_due(now: datetime) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM notice_letter WHERE sent IS NULL AND next_try <= %s)", [now])
        return bool(cursor.fetchone()[0])


def _claim(now: datetime) -> list[_Claimed]:
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, [now + LEASE, now, BATCH, now])
        return [_Claimed(*row) for row in cursor.fetchall()]


def _written(one: _Claimed) -> Letter:
    found, count = inbox.between(str(one.person), one.after, one.upto, LINES)
    lines = tuple(
        LetterLine(n.kind, n.number, n.is_urgent, n.due, None if n.is_sealed else (n.category.name, n.category.name_en))
        for n in found
    )
    return Letter(one.id, ways.wish_of(one.person).language, lines, count)


def _hand_over(teller: Teller, one: _Claimed, address: str, letter: Letter) -> _Came:
    """In a thread that asks the database nothing."""
    if not address:
        return _Came(one, "the address is gone from the vault", is_gone=True)
    if not letter.count:
        return _Came(one)
    try:
        teller.tell(one.kind, address, letter)
    except NotDelivered as error:
        return _Came(one, str(error)[:300] or "not delivered", is_gone=error.for_good)
    except Exception as error:  # noqa: BLE001 - whatever an adapter raises, the others must be told
        return _Came(one, f"{type(error).__name__}: {error}"[:300])
    return _Came(one)


def _note(came: Sequence[_Came]) -> None:
    now = instant.wall()
    taken = [one.letter for one in came if not one.error]
    _run(
        "UPDATE notice_letter SET sent = %s, next_try = NULL, last_error = '' WHERE id = ANY(%s)",
        [now, [one.id for one in taken]],
    )
    _run(
        "UPDATE notice_way w SET told = greatest(w.told, x.upto), last_sent = %s, failing_since = NULL, last_error = ''"
        " FROM unnest(%s::uuid[], %s::bigint[]) AS x (way, upto) WHERE w.id = x.way",
        [now, [one.way for one in taken], [one.upto for one in taken]],
    )
    for one in came:
        if one.error:
            _put_off(one, now)


def _put_off(one: _Came, now: datetime) -> None:
    wait = timedelta(seconds=WAITS[min(one.letter.attempts, len(WAITS)) - 1])
    log.warning("letter %s by %s was not taken (try %d)", one.letter.id, one.letter.kind, one.letter.attempts)
    with transaction.atomic():
        _run(
            "UPDATE notice_letter SET next_try = %s, last_error = %s WHERE id = %s",
            [None if one.is_gone else now + wait, one.error, one.letter.id],
        )
        _run(
            "UPDATE notice_way SET failing_since = coalesce(failing_since, %s), last_error = %s WHERE id = %s",
            [now, one.error, one.letter.way],
        )
    if one.is_gone:
        ways.remove(one.letter.person, one.letter.way)


def _run(sql: str, values: list[Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)

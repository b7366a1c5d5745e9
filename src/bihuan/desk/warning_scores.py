"""Did warnings come true? A person says so afterwards; what was missed is written down; both become two shares.

Precision: of those judged, how many were true. Recall: of what happened, how much was warned of. Lead time: from the
issue to the beginning of what it warned of. By group of rules, never by who decided (law 9).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction

from bihuan.desk import identity, instant, warnings
from bihuan.desk.actor import Actor
from bihuan.desk.measures import Share
from bihuan.desk.warnings import Warned
from bihuan.kernel.refused import Refused

VERDICTS = ("true", "false")


@dataclass(frozen=True)
class Score:
    """``unjudged``: over and nobody has said yet. ``lead``: the median, of the true ones whose beginning is known."""

    grouped: str
    precision: Share
    recall: Share
    unjudged: int
    lead: timedelta | None


def judge(warning: UUID, verdict: str, reason: str, *, by: Actor, happened: datetime | None = None) -> Warned:
    """True or false, with a reason; may be corrected, each time in the history. Raises ``Refused``, ``LookupError``."""
    warnings.need_decider(by)
    if verdict not in VERDICTS or len(reason.strip()) < 2:
        raise Refused("reason-missing", law=9)
    with transaction.atomic(), connection.cursor() as cursor:
        one = warnings.locked(cursor, warning)
        if one.issued is None:
            raise Refused("warning-is-not-so", law=9, state=one.state, allowed="issued requested over")
        one.verdict, one.happened = verdict, happened if verdict == "true" else None
        warnings.store(cursor, one, [warnings.line(one, verdict, instant.now(), by=by.person, reason=reason.strip())])
    return one


def missed(grouped: str, place: str, happened: datetime, reason: str, *, by: Actor) -> UUID:
    """Something happened of which there was no warning. Raises ``Refused``."""
    warnings.need_decider(by)
    if len(reason.strip()) < 2 or not grouped:
        raise Refused("reason-missing", law=9)
    if happened > instant.now():
        raise Refused("time-in-the-future", law=5)
    key = identity.new_id()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO warning_missed (id, world_id, district, grouped, place, happened, reason, person, created)"
            " VALUES (%s, 1, %s, %s, %s, %s, %s, %s, %s)",
            [key, settings.DISTRICT, grouped, place, happened, reason.strip()[:500], by.person, instant.now()],
        )
    return key


_SCORES = """
SELECT grouped, count(*) FILTER (WHERE verdict = 'true'), count(*) FILTER (WHERE verdict = 'false'),
  count(*) FILTER (WHERE verdict = '' AND ended IS NOT NULL),
  percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM happened - issued))
    FILTER (WHERE verdict = 'true' AND happened IS NOT NULL), 0
FROM warning WHERE district = %s AND issued >= %s GROUP BY grouped
UNION ALL SELECT grouped, 0, 0, 0, NULL, count(*) FROM warning_missed WHERE district = %s AND happened >= %s
GROUP BY grouped
"""


def scores(since: datetime) -> Sequence[Score]:
    """By group, of what was issued or happened since then."""
    with connection.cursor() as cursor:
        cursor.execute(_SCORES, [settings.DISTRICT, since, settings.DISTRICT, since])
        rows = cursor.fetchall()
    found = []
    for grouped in sorted({row[0] for row in rows}):
        own = [row for row in rows if row[0] == grouped]
        right, wrong, unjudged, unseen = (sum(row[at] for row in own) for at in (1, 2, 3, 5))
        lead = next((row[4] for row in own if row[4] is not None), None)
        late = timedelta(seconds=float(lead)) if lead is not None else None
        found.append(Score(grouped, Share(right, right + wrong), Share(right, right + unseen), unjudged, late))
    return found

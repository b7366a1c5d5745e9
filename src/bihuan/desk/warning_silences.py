"""Silences: nothing follows from a warning for a while, with a reason and an end; once, or week by week."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.utils import timezone

from bihuan.desk import identity, instant
from bihuan.desk.actor import Actor
from bihuan.desk.warnings import Warned, need_decider
from bihuan.kernel.refused import Refused


@dataclass(frozen=True)
class Silence:
    """Nothing follows from warnings of this group and place meanwhile; they are still judged and shown as muted.

    ``grouped``, ``place``: empty for all. ``weekdays``: digits 1 to 7 for a calendar, each week between the hours.
    """

    id: UUID
    grouped: str
    place: str
    starts: datetime
    ends: datetime
    weekdays: str
    from_hour: int
    to_hour: int
    reason: str
    person: str

    def covers(self, one: Warned, at: datetime) -> bool:
        if self.grouped not in {"", one.grouped} or (self.place and not one.place.startswith(self.place)):
            return False
        here = timezone.localtime(at)
        is_hour = not self.weekdays or (
            str(here.isoweekday()) in self.weekdays and self.from_hour <= here.hour < self.to_hour
        )
        return self.starts <= at < self.ends and is_hour


LONGEST_SILENCE = timedelta(days=366)


def add(
    grouped: str, place: str, starts: datetime, ends: datetime, reason: str, *, by: Actor,
    weekdays: str = "", hours: tuple[int, int] = (0, 24),
) -> UUID:  # fmt: skip
    """Mute, with a reason and an end. Raises ``Refused``."""
    need_decider(by)
    if len(reason.strip()) < 2:
        raise Refused("reason-missing", law=9)
    is_wrong = not starts < ends <= starts + LONGEST_SILENCE or not 0 <= hours[0] < hours[1] <= 24
    if is_wrong or set(weekdays) - set("1234567"):
        raise Refused("silence-needs-end", law=9, most="366 d")
    key = identity.new_id()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO warning_silence (id, world_id, district, grouped, place, starts, ends, weekdays, from_hour,"
            " to_hour, reason, person, created) VALUES (%s, 1, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [
                key, settings.DISTRICT, grouped, place, starts, ends, weekdays, *hours, reason.strip()[:300], by.person,
                instant.now(),
            ],
        )  # fmt: skip
    return key


def end(key: UUID, *, by: Actor) -> bool:
    need_decider(by)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE warning_silence SET ended = %s WHERE id = %s AND ended IS NULL", [instant.now(), key])
        return bool(cursor.rowcount)


def current() -> list[Silence]:
    """Those that are not over."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, grouped, place, starts, ends, weekdays, from_hour, to_hour, reason, person FROM warning_silence"
            " WHERE ended IS NULL AND ends > %s AND district = %s ORDER BY starts, id",
            [instant.now(), settings.DISTRICT],
        )
        return [Silence(*row) for row in cursor.fetchall()]

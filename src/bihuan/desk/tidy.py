"""What has served its time goes: answers kept for idempotency keys, messages long handed over, photographs not used.

None of it is history: the events stay. A slice at a time, so that nobody waits; the old rows are found by block ranges.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection, transaction

from bihuan.desk import instant, photos, signal_keeping, subscriptions, uploads

SLICE = 2000
KEYS_LIVE = timedelta(days=30)
SENT_KEPT = timedelta(days=90)
NOTICES_KEPT = timedelta(days=30)
PHOTO_WAITS = timedelta(days=2)
FILES = 200

# In the real world only: drills and simulations live on other clocks, and are dropped whole. The sum keeps the planner
# from walking the whole index of keys for it.
_ANSWERS = "created < %s AND world_id + 0 = 1"
_MESSAGES = "created < %s AND sent IS NOT NULL AND world_id + 0 = 1"
_NOTICES = "created < %s"
_TRIES = "at < %s AND world_id + 0 = 1"


def step() -> int:
    """Remove one slice of each; returns how many went."""
    now = instant.wall()
    gone = _remove("answer", _ANSWERS, now - KEYS_LIVE) + _remove("outbox", _MESSAGES, now - SENT_KEPT)
    gone += _remove("webhook_message", _MESSAGES, now - SENT_KEPT)
    gone += _remove("notice", _NOTICES, now - NOTICES_KEPT) + _remove("notice_letter", _NOTICES, now - NOTICES_KEPT)
    gone += _remove("duty_span", "ends < %s", now - SENT_KEPT)
    gone += subscriptions.end_unconfirmed() + signal_keeping.step()
    gone += photos.remove_unused(now - PHOTO_WAITS, FILES) + uploads.remove_old(now - PHOTO_WAITS, FILES)
    return gone + _remove("webhook_try", _TRIES, now - SENT_KEPT)


def _remove(table: str, old: str, before: datetime) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        # Without this the planner reads the table from its start, which is where the new rows come to lie.
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(
            f"DELETE FROM {table} WHERE ctid = ANY(ARRAY(SELECT ctid FROM {table} WHERE {old} LIMIT {SLICE}))",  # noqa: S608
            [before],
        )
        return int(cursor.rowcount)

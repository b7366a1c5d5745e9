"""What a site publishes to anybody: its rules, the signed heads of its ledger, and whether it keeps up."""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime
from typing import Any

import orjson
from django.db import connection

from bihuan.desk import instant, rulebooks
from bihuan.desk.ledger import keys, signing
from bihuan.desk.ledger import store as ledger
from bihuan.desk.ledger.receipts import ConsistencyDocument
from bihuan.desk.ledger.tree import LedgerError
from bihuan.kernel.refused import Refused

LATE_AFTER = 60.0  # seconds


def list_rulebooks() -> list[dict[str, Any]]:
    """Every stored version, the one that comes into force last first."""
    today = rulebooks.local_day(instant.now())
    found = []
    for version in rulebooks.list_books():
        is_in_force = version.effective <= today and rulebooks.in_force(version.scene, today).version == version.version
        found.append({
            "scene": version.scene,
            "version": version.version,
            "effective": version.effective.isoformat(),
            "basis": version.basis,
            "in_force": is_in_force,
        })  # fmt: skip
    return found


def read_rulebook(scene: str, version: str) -> dict[str, Any] | None:
    """One version whole, as plain values; ``None`` where there is none."""
    try:
        book = rulebooks.by_version(scene, version)
    except Refused:
        return None
    plain: dict[str, Any] = orjson.loads(rulebooks.encode(book))
    return plain


def ledger_head(world: int = 1) -> dict[str, Any] | None:
    """The newest signed head with the key to check it; ``None`` while nothing is signed."""
    note = ledger.latest_head(world)
    if note is None:
        return None
    public = keys.public_keys()[-1]
    head = signing.verify_head(public, note)
    return {
        "size": head.size,
        "root": b64encode(head.root).decode(),
        "note": note,
        "at": head.at,
        "public_key": b64encode(public.public_bytes_raw()).decode(),
    }


def ledger_consistency(old: int, new: int | None = None, world: int = 1) -> ConsistencyDocument | None:
    """That the newer head only appended to the older; ``None`` where no head of such a size was signed."""
    try:
        return ledger.consistency(world, old, new)
    except LedgerError:
        return None


def health(world: int = 1) -> dict[str, Any]:
    """Seconds that feed and ticker are behind. Raises ``OperationalError`` when the database does not answer."""
    at = instant.now(world)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT c.changed FROM pending p JOIN case_row c ON c.id = p.case_id ORDER BY p.id LIMIT 1),"
            " (SELECT min(next_due) FROM case_row WHERE world_id = %s AND next_due <= %s)",
            [world, at],
        )
        oldest, due = cursor.fetchone()
    feed, ticker = _behind(oldest, at), _behind(due, at)
    is_late = max(feed or 0.0, ticker or 0.0) > LATE_AFTER
    return {"status": "late" if is_late else "ok", "feed_lag": feed, "ticker_lag": ticker}


def _behind(since: datetime | None, at: datetime) -> float | None:
    return None if since is None else round(max(0.0, (at - since.astimezone(UTC)).total_seconds()), 3)

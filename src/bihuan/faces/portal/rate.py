"""How many reports one address may send: a token bucket per address, in the memory of each web process.

No table, no shared store: a report stays one round trip to the database. The price is stated, not hidden: with n web
processes one address may send up to n times the limit, and a restart forgets. It stops a runaway script, not an attack;
that is the business of the server in front. Addresses are kept only while their bucket is not full, never written.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from math import ceil

MOST_ADDRESSES = 20_000


@dataclass
class Bucket:
    tokens: float
    at: float


class Limiter:
    """``per_minute`` reports a minute from one key, and as many at once."""

    def __init__(self, per_minute: int) -> None:
        self.per_minute = per_minute
        self._buckets: dict[str, Bucket] = {}
        self._lock = threading.Lock()

    def wait(self, key: str, now: float | None = None) -> int:
        """Seconds until the next report is taken; 0 takes one now."""
        at = time.monotonic() if now is None else now
        with self._lock:
            bucket = self._buckets.get(key)
            if bucket is None:
                self._make_room(at)
                bucket = self._buckets[key] = Bucket(float(self.per_minute), at)
            bucket.tokens = min(self.per_minute, bucket.tokens + (at - bucket.at) * self.per_minute / 60)
            bucket.at = at
            if bucket.tokens >= 1:
                bucket.tokens -= 1
                return 0
            return ceil((1 - bucket.tokens) * 60 / self.per_minute)

    def forget(self) -> None:
        """Every bucket is full again."""
        with self._lock:
            self._buckets.clear()

    def _make_room(self, at: float) -> None:
        """A bucket not used for a minute is full again, and so is the same as none."""
        if len(self._buckets) < MOST_ADDRESSES:
            return
        self._buckets = {key: bucket for key, bucket in self._buckets.items() if at - bucket.at < 60}
        if len(self._buckets) >= MOST_ADDRESSES:
            self._buckets.clear()

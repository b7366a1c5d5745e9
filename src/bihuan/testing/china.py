"""The working calendar of mainland China for 2025 and 2026, as the State Council announced it."""

from __future__ import annotations

from datetime import date, timedelta

from bihuan.kernel.calendar import Calendar


def _span(first: str, last: str) -> set[date]:
    start, end = date.fromisoformat(first), date.fromisoformat(last)
    return {start + timedelta(days=n) for n in range((end - start).days + 1)}


REST = frozenset().union(
    _span("2025-01-01", "2025-01-01"),
    _span("2025-01-28", "2025-02-04"),
    _span("2025-04-04", "2025-04-06"),
    _span("2025-05-01", "2025-05-05"),
    _span("2025-05-31", "2025-06-02"),
    _span("2025-10-01", "2025-10-08"),
    _span("2026-01-01", "2026-01-03"),
    _span("2026-02-15", "2026-02-23"),
    _span("2026-04-04", "2026-04-06"),
    _span("2026-05-01", "2026-05-05"),
    _span("2026-06-19", "2026-06-21"),
    _span("2026-09-25", "2026-09-27"),
    _span("2026-10-01", "2026-10-07"),
)
WORKED = frozenset(
    date.fromisoformat(day)
    for day in (
        "2025-01-26", "2025-02-08", "2025-04-27", "2025-09-28", "2025-10-11",
        "2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10",
    )
)  # fmt: skip

CHINA = Calendar(published=frozenset({2025, 2026}), rest=REST, worked=WORKED, version="cn-2026")

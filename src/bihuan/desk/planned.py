"""Questions that PostgreSQL plans for the very values that are asked for.

Statements that come again are prepared, and from the sixth time on run by a plan for no values in particular. For one
insert that saves the planning. For a list it is ruin: a plan that suits a desk with a thousand cases walks through all
cases of the district for a desk with none.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection


@contextmanager
def anew() -> Iterator[Any]:
    """A cursor whose statements are not prepared while it is open."""
    connection.ensure_connection()
    raw = connection.connection
    held, raw.prepare_threshold = raw.prepare_threshold, None
    try:
        with connection.cursor() as cursor:
            yield cursor
    finally:
        raw.prepare_threshold = held

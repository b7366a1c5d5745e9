"""Webhooks out, as Standard Webhooks says: who is told of what, handed over at least once under one id.

``endpoints`` keeps who is told, ``plan`` follows the feed and makes messages, ``send`` hands them over.
"""

from __future__ import annotations

from bihuan.desk.webhooks.endpoints import (
    BadEndpoint,
    Endpoint,
    Try,
    add,
    every,
    find,
    log_of,
    remove,
    retry,
    waiting,
)
from bihuan.desk.webhooks.kinds import KINDS

__all__ = ["KINDS", "BadEndpoint", "Endpoint", "Try", "add", "every", "find", "log_of", "remove", "retry", "waiting"]

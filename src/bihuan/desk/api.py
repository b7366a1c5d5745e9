"""The door of the desk: everything outside imports only this and ``desk.ports``."""

from __future__ import annotations

from bihuan.desk.actor import ANONYMOUS, SYSTEM, Actor, reporter
from bihuan.desk.answers import KeyReused, Outcome
from bihuan.desk.audit import Findings, audit
from bihuan.desk.explain import Explanation, explain
from bihuan.desk.history import events_of
from bihuan.desk.identity import show_code, tidy_code
from bihuan.desk.intake import Intake, report, report_many
from bihuan.desk.submit import NotFound, Stale, merge, split, submit, submit_many, unmerge

__all__ = [
    "ANONYMOUS",
    "SYSTEM",
    "Actor",
    "Explanation",
    "Findings",
    "Intake",
    "KeyReused",
    "NotFound",
    "Outcome",
    "Stale",
    "audit",
    "events_of",
    "explain",
    "merge",
    "report",
    "report_many",
    "reporter",
    "show_code",
    "split",
    "submit",
    "submit_many",
    "tidy_code",
    "unmerge",
]

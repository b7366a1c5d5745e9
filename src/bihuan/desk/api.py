"""The door of the desk: everything outside imports only this and ``desk.ports``."""

from __future__ import annotations

from bihuan.desk.actor import ANONYMOUS, SYSTEM, Actor, reporter
from bihuan.desk.answers import KeyReused, Outcome
from bihuan.desk.audit import Findings, audit
from bihuan.desk.breakglass import Glass
from bihuan.desk.catalogue import (
    book_in_force,
    books_in_force,
    category_choices,
    place_choices,
    provable_receipt,
    unit_choices,
)
from bihuan.desk.explain import Explanation, explain
from bihuan.desk.history import events_of
from bihuan.desk.identity import show_code, tidy_code
from bihuan.desk.intake import Intake, report, report_many
from bihuan.desk.lists import TABS, Filters, Line, Page, list_cases
from bihuan.desk.looks import Look
from bihuan.desk.moves import Move, allowed
from bihuan.desk.names import UnitName
from bihuan.desk.names import place as place_name
from bihuan.desk.names import staff as staff_names
from bihuan.desk.names import unit as unit_name
from bihuan.desk.photos import keep_photo, read_photo
from bihuan.desk.reads import CaseView, Text, TrackView, Turn, looks_at, looks_by_receipt, read_case, track
from bihuan.desk.staff import (
    Staff,
    ask_glass,
    case_by_number,
    grant_glass,
    number_of,
    review_glass,
    staff_of,
    waiting_glass,
)
from bihuan.desk.submit import NotFound, Stale, merge, split, submit, submit_many, unmerge

__all__ = [
    "ANONYMOUS",
    "SYSTEM",
    "TABS",
    "Actor",
    "CaseView",
    "Explanation",
    "Filters",
    "Findings",
    "Glass",
    "Intake",
    "KeyReused",
    "Line",
    "Look",
    "Move",
    "NotFound",
    "Outcome",
    "Page",
    "Staff",
    "Stale",
    "Text",
    "TrackView",
    "Turn",
    "UnitName",
    "allowed",
    "ask_glass",
    "audit",
    "book_in_force",
    "books_in_force",
    "case_by_number",
    "category_choices",
    "events_of",
    "explain",
    "grant_glass",
    "keep_photo",
    "list_cases",
    "looks_at",
    "looks_by_receipt",
    "merge",
    "number_of",
    "place_choices",
    "place_name",
    "provable_receipt",
    "read_case",
    "read_photo",
    "report",
    "report_many",
    "reporter",
    "review_glass",
    "show_code",
    "split",
    "staff_names",
    "staff_of",
    "submit",
    "submit_many",
    "tidy_code",
    "track",
    "unit_choices",
    "unit_name",
    "unmerge",
    "waiting_glass",
]

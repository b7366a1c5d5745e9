"""The tables. A case row is both storage and read model; it equals the fold of its events.

Written only by ``desk.store`` (cases, tasks, events, messages, receipts, vault), ``desk.feed`` (feed, ledger) and
``desk.looks`` (log). Every table of the loop carries its world.
"""

from __future__ import annotations

from bihuan.desk.models.case import Answer, CaseRow, EventRow, Receipt, TaskRow
from bihuan.desk.models.drafts import RulebookDraft, RulebookReason
from bihuan.desk.models.follow import Cursor, FeedRow, Head, Outbox, Pending, Subtree
from bihuan.desk.models.imports import Imported, ImportRejected, ImportRun
from bihuan.desk.models.micro import MicroScene, MicroVersion
from bihuan.desk.models.place import Person, Post, Setting, Token, Unit, World
from bihuan.desk.models.registers import RegisterChange, RegisterRow
from bihuan.desk.models.rules import CalendarDay, CalendarYear, RulebookRow
from bihuan.desk.models.sealed import AccessLog, BreakGlass, Photo, VaultItem, VaultKey

REAL_WORLD = 1

__all__ = [
    "REAL_WORLD",
    "AccessLog",
    "Answer",
    "BreakGlass",
    "CalendarDay",
    "CalendarYear",
    "CaseRow",
    "Cursor",
    "EventRow",
    "FeedRow",
    "Head",
    "ImportRejected",
    "ImportRun",
    "Imported",
    "MicroScene",
    "MicroVersion",
    "Outbox",
    "Pending",
    "Person",
    "Photo",
    "Post",
    "Receipt",
    "RegisterChange",
    "RegisterRow",
    "RulebookDraft",
    "RulebookReason",
    "RulebookRow",
    "Setting",
    "Subtree",
    "TaskRow",
    "Token",
    "Unit",
    "VaultItem",
    "VaultKey",
    "World",
]

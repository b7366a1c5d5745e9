"""Micro-scenes: a community declares a scene in a page, tries it, publishes it, exports it, retires it.

Reached as ``desk.api.micro``. Everything is declared; nothing in a micro-scene is code.
"""

from __future__ import annotations

from bihuan.desk.micro.build import option_code, words
from bihuan.desk.micro.draft import HEAD, LONG, LONGEST, LONGEST_LONG, MOST, STAGE_CLOCKS, TABLES, Draft, fill
from bihuan.desk.micro.kit import try_out
from bihuan.desk.micro.store import (
    Changed,
    NotClean,
    Stored,
    Version,
    check,
    choices,
    create,
    export,
    listed,
    publish,
    read,
    retire,
    save,
    units_of,
)
from bihuan.desk.micro.told import Told, every, find, forget, on_trial
from bihuan.desk.micro.wrong import GROUNDS, KINDS, POSTS, SEALS, STAGES, Choices, Wrong

__all__ = [
    "GROUNDS", "HEAD", "KINDS", "LONG", "LONGEST", "LONGEST_LONG", "MOST", "POSTS", "SEALS", "STAGES", "STAGE_CLOCKS",
    "TABLES", "Changed", "Choices", "Draft", "NotClean", "Stored", "Told", "Version", "Wrong", "check", "choices",
    "create", "every", "export", "fill", "find", "forget", "listed", "on_trial", "option_code", "publish", "read",
    "retire", "save", "try_out", "units_of", "words",
]  # fmt: skip

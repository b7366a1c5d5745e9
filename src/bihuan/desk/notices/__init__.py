"""What staff are told: ``plan`` follows the feed and fills inboxes, ``people`` finds who hears of what.

``inbox`` is what a person reads. Whatever is told is told under law 7, and looked at again when it is shown or sent.
"""

from __future__ import annotations

from bihuan.desk.notices.inbox import MOST_COUNTED, Inbox, Notice, Passed, mark, read, unseen
from bihuan.desk.notices.kinds import TOLD, URGENT

__all__ = ["MOST_COUNTED", "TOLD", "URGENT", "Inbox", "Notice", "Passed", "mark", "read", "unseen"]

"""What staff are told: ``plan`` follows the feed and fills inboxes, ``people`` finds who hears of what.

``inbox`` is what a person reads; ``ways`` are how he wants to be told outside it, ``send`` tells him.
Whatever is told is told under law 7, and looked at again when it is shown or sent.
"""

from __future__ import annotations

from bihuan.desk.notices.inbox import MOST_COUNTED, Inbox, Notice, Passed, mark, read, unseen
from bihuan.desk.notices.kinds import OF_THE_LADDER, TOLD, URGENT
from bihuan.desk.notices.net import Net, change_net
from bihuan.desk.notices.net import read as read_net
from bihuan.desk.notices.vapid import PushKey, push_key
from bihuan.desk.notices.ways import BadWay, Way, Wish, add, of, remove, set_wish, test, wish_of

__all__ = [
    "MOST_COUNTED",
    "OF_THE_LADDER",
    "TOLD",
    "URGENT",
    "BadWay",
    "Inbox",
    "Net",
    "Notice",
    "Passed",
    "PushKey",
    "Way",
    "Wish",
    "add",
    "change_net",
    "mark",
    "of",
    "push_key",
    "read",
    "read_net",
    "remove",
    "set_wish",
    "test",
    "unseen",
    "wish_of",
]

"""The virtual district: seeded reports and staff with shifts, on a virtual clock, through the real write path.

``run(Plan(...))`` plays a stretch of days in a world of its own and says what came of it. The same plan gives the same
history, event for event. Everything in it is fictional; it scores units and kinds of matter, never a person.
"""

from bihuan.testing.district.letters import Letter, Post, UnknownCategory
from bihuan.testing.district.plan import Plan
from bihuan.testing.district.run import run
from bihuan.testing.district.summary import Summary

__all__ = ["Letter", "Plan", "Post", "Summary", "UnknownCategory", "run"]

"""The gate: whoever reads or acts comes through here. The rules are in ``seals``, the traces in ``looks``.

Nothing is decided anywhere else; a page, a list, a search, a count and a map all ask the same table.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from bihuan.desk import instant, looks, seals
from bihuan.desk.actor import Actor
from bihuan.desk.looks import REFUSED, log_list, log_read, looks_without_case, refusals, who_looked, withheld_looks
from bihuan.desk.questions import check_question, refuse_query
from bihuan.desk.seals import (
    MATRIX,
    Facts,
    Level,
    Verdict,
    Viewer,
    actor_for,
    case_filter,
    current_posts,
    facts_of,
    find_facts,
    may_see,
    named_of,
    viewer_of,
)
from bihuan.desk.sight import count_shown, require_purpose, trimmed, visible_notes
from bihuan.kernel.case import Case
from bihuan.kernel.refused import Refused

__all__ = [
    "MATRIX",
    "REFUSED",
    "Facts",
    "Level",
    "NotFound",
    "Verdict",
    "Viewer",
    "actor_for",
    "admit",
    "case_filter",
    "check_question",
    "count_shown",
    "current_posts",
    "facts_of",
    "find_facts",
    "log_list",
    "log_read",
    "looks_without_case",
    "may_act",
    "may_see",
    "may_track",
    "named_of",
    "refusals",
    "refuse_query",
    "require_purpose",
    "trimmed",
    "viewer_of",
    "visible_notes",
    "who_looked",
    "withheld_looks",
]


class NotFound(LookupError):
    """There is no such thing, or it is none of the asker's business: the same answer for both."""


def admit(
    viewer: Viewer,
    case_id: UUID,
    facts: Facts | None,
    *,
    purpose: str,
    at: datetime,
    what: str = "case",
    world: int = 1,
    at_least: Level = Level.EXISTENCE,
    withheld: str = "",
) -> Verdict:
    """Let a viewer read one case, or raise. Call it in the transaction of the read, before anything is handed out.

    ``facts``: ``None`` where there is no such case. Raises ``NotFound`` (nothing here for this viewer) or ``Refused``
    (``purpose-needed``); both leave a trace, and so does every read of L2 and L3.
    """
    subject = facts.reporter if facts is not None else None
    verdict = may_see(viewer, facts) if facts is not None else Verdict(Level.NONE, "stranger")
    if facts is None or verdict.level < at_least:
        log_read(
            viewer.actor, case_id, subject, what, purpose, outcome=looks.REFUSED, at=at, world=world, withheld=withheld
        )
        raise NotFound(str(case_id))
    try:
        purpose = require_purpose(facts.seal, purpose)
    except Refused:
        log_read(
            viewer.actor, case_id, subject, what, purpose, outcome=looks.REFUSED, at=at, world=world, withheld=withheld
        )
        raise
    if facts.is_sealed and not viewer.is_system:
        outcome = looks.BREAK_GLASS if verdict.why == "break_glass" else looks.OK
        log_read(viewer.actor, case_id, subject, what, purpose, outcome=outcome, at=at, world=world, withheld=withheld)
    return verdict


def may_act(by: Actor, state: Case, case_id: UUID, *, world: int, receipt_for: UUID | None = None) -> bool:
    """Law 7 before any other rule: may the actor know of the case at all? Role and turn are the kernel's to judge.

    Most commands cost no query: posts are read where somebody is barred, break-glass where nothing else admits. A
    statutory report (``ReportByLaw``) asks for no more than this, and for no purpose. A no leaves a trace. Whose report
    was merged into this case answers for it like the one who reported it; that lets him act, not read.
    """
    if not by.unit and "reporter" in by.roles and state.is_party(by.person):
        return True
    facts = facts_of(case_id, state)
    quick = Viewer(by, receipt_for=receipt_for)
    if quick.is_system or (not facts.barred and may_see(quick, facts).level >= Level.EXISTENCE):
        return True
    at = instant.now(world)
    if may_see(viewer_of(by, at, world=world, receipt_for=receipt_for), facts).level >= Level.EXISTENCE:
        return True
    log_read(by, case_id, facts.reporter, "act", "", outcome=looks.REFUSED, at=at, world=world)
    return False


def may_track(viewer: Viewer, facts: Facts) -> bool:
    """A receipt code opens its case to whoever holds it.

    Signed in, the barred are turned away here too, unless the case is their own report.
    """
    is_own = viewer.person is not None and viewer.person == facts.reporter
    return is_own or viewer.is_system or not seals.is_barred(viewer, facts)

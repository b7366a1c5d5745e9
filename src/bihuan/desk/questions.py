"""What may be asked of many cases at once. Problems, places and units may be counted and sorted; people never (law 9).

Two doors for one rule: a list or an aggregate names its fields (``check_question``), and a question that has a name of
its own is answered with the reason why this product does not answer it, and what it offers instead (``QUESTIONS``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NoReturn

from bihuan.desk.actor import Actor
from bihuan.desk.looks import REFUSED, log_read
from bihuan.kernel.refused import Refused

FILTERS = frozenset({
    "scene", "category", "place", "stage", "seal", "channel", "lead", "desk", "unit", "number", "text", "world",
    "is_open", "is_overdue", "is_disputed", "opened_from", "opened_to", "due_from", "due_to", "changed_from",
    "changed_to", "bbox", "mine",
})  # fmt: skip
GROUPS = frozenset({
    "scene", "category", "place", "stage", "seal", "channel", "lead", "desk", "unit", "is_open", "is_overdue",
    "is_disputed", "day", "week", "month", "year",
})  # fmt: skip
SORTS = frozenset({"opened", "due", "changed", "number", "category", "place", "stage", "lead", "count"})

# Words that point at a person, or at what must not be kept of one. A field is refused when one of them is a part of it.
PERSON_WORDS = frozenset({
    "person", "people", "reporter", "petitioner", "complainant", "caller", "resident", "citizen", "subject", "accused",
    "handler", "worker", "workers", "taker", "takers", "staff", "officer", "rider", "volunteer", "child", "minor",
    "family", "user", "account", "by", "who", "named", "champion", "joined", "name", "phone", "mobile", "telephone",
    "email", "contact", "address", "home", "idcard", "identity", "birth", "age", "gender", "sex", "ethnic", "religion",
    "party", "member", "health", "disability", "face", "voice", "gait", "fingerprint", "biometric", "plate", "track",
    "trail", "trace", "location", "whereabouts", "position", "gps", "score", "rank", "rating", "grade", "level",
    "colour", "color", "risk", "credit", "points", "watch", "watchlist", "blacklist", "visits", "visit", "attendance",
    "online", "checkin", "steps", "hours", "receipt", "receipts",
})  # fmt: skip


@dataclass(frozen=True)
class Question:
    """A question that is refused by design: the law of the loop, why, and what there is instead."""

    law: int
    why: str
    why_en: str
    instead: str


_SCORED = ("不给人打分、排名、分级", "people are never scored, ranked or graded")
_TRAILED = ("不记录任何人的行踪", "nobody's movements are kept")
_SEALED = ("只有必须知道的人才能看", "only those who must know may see")
QUESTIONS: Mapping[str, Question] = {
    "petitioners-by-visits": Question(9, *_SCORED, "cases by category and place"),
    "repeat-petitioners": Question(9, *_SCORED, "reopened cases by category"),
    "predicted-petitioners": Question(9, *_SCORED, "topics that grow, by place"),
    "key-persons": Question(9, *_SCORED, "risk points and places"),
    "watch-list": Question(9, *_SCORED, "watching a place or an asset"),
    "person-score": Question(9, *_SCORED, "a score of the problem or the place"),
    "credit-score": Question(9, *_SCORED, "a score of the problem or the place"),
    "family-risk": Question(9, *_SCORED, "a referral by need, made by a person"),
    "rank-handlers": Question(9, *_SCORED, "cycle time by process"),
    "rank-workers": Question(9, *_SCORED, "load by unit"),
    "rank-volunteers": Question(9, *_SCORED, "the volunteer's own hours, to himself"),
    "rank-riders": Question(9, *_SCORED, "hazards by place"),
    "points-board": Question(9, *_SCORED, "cycle time by process"),
    "attendance": Question(9, "不考勤、不积分", "no attendance, no points", "shifts and who is on duty"),
    "time-online": Question(9, "不统计在线时长", "nobody's time online is counted", "load by unit"),
    "location-trail": Question(9, *_TRAILED, "places of cases"),
    "rider-positions": Question(9, *_TRAILED, "stations and hazards by place"),
    "worker-positions": Question(9, *_TRAILED, "tasks accepted and arrived"),
    "face-search": Question(9, "不采集生物特征", "no biometrics are kept", "counts of a place"),
    "re-identify": Question(9, "不从画面或数据中认人", "nobody is recognised in pictures or data", "counts of a place"),
    "party-members": Question(9, "不按政治面貌、信仰列人", "no lists by party or belief", "coverage by organisation"),
    "people-with-illness": Question(
        9, "不按健康状况列人", "no lists by state of health", "needs by place, five or more"
    ),
    "children-of-place": Question(7, *_SEALED, "needs by place, five or more"),
    "reporters-of-place": Question(7, *_SEALED, "cases by place"),
    "reporter-of-case": Question(7, *_SEALED, "the case itself, with a purpose"),
    "accusers-of-unit": Question(7, "控告检举不见被控告人", "an accusation never reaches the accused", "an inspection"),
    "cases-of-person": Question(7, *_SEALED, "one's own file, by receipt or signed in"),
    "case-by-phone": Question(7, *_SEALED, "the case by its receipt"),
    "export-names": Question(7, *_SEALED, "an export without people"),
    "small-counts": Question(7, "五以下不显示", "counts under five are not shown", "a larger area or span"),
}


def check_question(
    actor: Actor,
    *,
    filters: Iterable[str] = (),
    group_by: Iterable[str] = (),
    sort: Iterable[str] = (),
    at: datetime,
    world: int = 1,
) -> None:
    """Every list, search, count, map and export asks this first, with the names of its fields as they were given.

    Raises ``Refused``: ``forbidden-query`` (law 9, with a trace) for a field that points at people, ``unknown-field``
    for one that there is not. Values are not looked at and not logged: they may be personal themselves.
    """
    asked = (("filter", filters, FILTERS), ("group_by", group_by, GROUPS), ("sort", sort, SORTS))
    unknown = [
        (where, name.removeprefix("-"), known)
        for where, names, known in asked
        for name in names
        if name.removeprefix("-") not in known
    ]
    for where, name, _ in unknown:
        if points_at_people(name):
            log_read(actor, None, None, f"{where}:{name}", "", outcome=REFUSED, at=at, world=world)
            raise Refused("forbidden-query", law=9, field=name, where=where)
    for where, name, known in unknown:
        raise Refused("unknown-field", field=name, where=where, allowed=" ".join(sorted(known)))


def points_at_people(name: str) -> bool:
    """``visits``, ``reporter_phone``, ``reporter__name``, ``handlerId`` and ``count(person)`` all do."""
    words = re.findall(r"[A-Z]?[a-z]+", name) if re.search(r"[a-z]", name) else [name]
    return any(part in PERSON_WORDS for word in words for part in (word.lower(), word.lower().rstrip("s")))


def refuse_query(kind: str, actor: Actor, *, at: datetime, world: int = 1) -> NoReturn:
    """Say no to a question by its name, and leave a trace. Raises ``Refused`` with the reason and the way instead."""
    question = QUESTIONS.get(kind)
    if question is None:
        raise Refused("unknown-question", kind=kind)
    log_read(actor, None, None, f"question:{kind}", "", outcome=REFUSED, at=at, world=world)
    raise Refused(
        "forbidden-query",
        law=question.law,
        kind=kind,
        why=question.why,
        why_en=question.why_en,
        instead=question.instead,
    )

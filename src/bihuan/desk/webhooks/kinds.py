"""Which events are told to the outside, under which name, and what of them: references and unsealed facts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from bihuan.desk import names
from bihuan.desk.actor import ANONYMOUS, Actor
from bihuan.desk.names import UnitName
from bihuan.desk.seals import Facts, Level, Viewer, may_see, reach
from bihuan.kernel import events as e

# Event of the loop → type of the message. An event that is not here is told to nobody: what the team says among
# itself, texts, proofs, who took part. Imported history is in no row of this table (law 5).
KINDS: Mapping[str, str] = {
    e.Registered.__name__: "case.registered",
    e.Accepted.__name__: "case.accepted",
    e.Declined.__name__: "case.declined",
    e.Recategorised.__name__: "case.recategorised",
    e.Dispatched.__name__: "case.dispatched",
    e.Answered.__name__: "case.answered",
    e.SentToVerify.__name__: "case.verifying",
    e.Reworked.__name__: "case.reworked",
    e.Closed.__name__: "case.closed",
    e.Disputed.__name__: "case.disputed",
    e.Reopened.__name__: "case.reopened",
    e.ClockBroken.__name__: "case.overdue",
    e.ClockPaused.__name__: "case.paused",
    e.ClockResumed.__name__: "case.resumed",
    e.Merged.__name__: "case.merged",
    e.Unmerged.__name__: "case.unmerged",
}


@dataclass(frozen=True)
class Row:
    """What a message may tell of a case, as it stands."""

    id: UUID
    number: int
    scene: str
    category: str
    category_name: UnitName
    stage: str
    due: datetime | None
    facts: Facts


def eyes_of(unit: str) -> Viewer:
    """An endpoint looks as its unit does, in no post that answers for others; without a unit it is the public."""
    if not unit:
        return Viewer(ANONYMOUS)
    return Viewer(Actor("", unit, frozenset({"webhook"})), reach([unit]))


def may_be_told(unit: str, facts: Facts) -> bool:
    return may_see(eyes_of(unit), facts).level >= Level.EXISTENCE


def body_of(kind: str, event: int, at: datetime, row: Row, *, is_drill: bool) -> bytes:
    """Of a sealed case (L2, L3) a unit of the case is told that something happened, and nothing about what it is."""
    data: dict[str, Any] = {"case": row.id, "number": row.number, "event": event, "drill": is_drill}
    if row.facts.is_sealed:
        data["sealed"] = True
    else:
        data |= {
            "scene": row.scene,
            "category": _named(row.category_name),
            "place": {**_named(names.place(row.facts.place)), "code": row.facts.place},
            "lead": _named(names.unit(row.facts.lead or row.facts.desk)),
            "stage": row.stage,
            "due": row.due,
        }
    return orjson.dumps({"type": kind, "timestamp": at, "data": data})


def _named(unit: UnitName) -> dict[str, str]:
    return {"code": unit.code, "name": unit.name, "name_en": unit.name_en}

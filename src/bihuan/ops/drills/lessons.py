"""A lesson becomes a case of the real world, on a person's press: what a drill taught is closed like anything else."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from bihuan.desk import api as desk
from bihuan.kernel.refused import Refused

PURPOSE = "演练复盘 after-action"
REAL, SCENE, DAYS = 1, "commitments", 30


def make_case(drill: desk.drills.Drill, key: str, unit: str, *, by: desk.Actor) -> UUID:
    """One lesson as a case with an owner and a date; pressed twice it is one. Raises ``Refused``."""
    report: dict[str, Any] = dict(drill.report or {})
    lesson = next((one for one in report.get("lessons", ()) if one["key"] == key), None)
    if lesson is None:
        raise Refused("no-such-lesson", key=key)
    if lesson["case"]:
        return UUID(lesson["case"])
    owner = unit if unit in {one.code for one in desk.unit_choices()} else lesson["owner"]
    made = desk.report(
        _intake(drill, lesson, owner), by=by, purpose=PURPOSE, key=f"lesson:{drill.id}:{key}", world=REAL
    )
    lessons = [
        {**one, "case": str(made.case), "owner": owner} if one["key"] == key else one for one in report["lessons"]
    ]
    desk.drills.keep_report(drill.id, {**report, "lessons": lessons})
    return made.case


def _intake(drill: desk.drills.Drill, lesson: Mapping[str, Any], owner: str) -> desk.Intake:
    text = (
        f"演练复盘：{drill.title}。“{lesson['name']}”未达到，{lesson['of']} 项中 {lesson['late']} 项超时。"
        f"建议由{desk.unit_name(owner).name if owner else '受理台指定的单位'}主办整改，下次演练复验。"
    )
    if SCENE not in {book.scene for book in desk.books_in_force()}:
        return desk.Intake("", "", "drill", {"text": text})
    zone = ZoneInfo(desk.virtual.zone())
    due = (desk.now(world=REAL).astimezone(zone) + timedelta(days=DAYS)).date().isoformat()
    fields = {"due": due, "evidence": "下次演练同一期望达到"}
    return desk.Intake("", "", "drill", {"text": text}, scene=SCENE, fields=fields)

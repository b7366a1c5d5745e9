"""Warnings follow the findings: what was found moves the course of a warning, and what a rule says follows from it.

``step`` is called by whoever judges, after each judgement. It may be called by many, at any time and after any crash:
each finding counts once, a case is opened under one key, and what is told when depends on the findings alone.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from bihuan.desk import api as desk
from bihuan.desk.api import warnings as kept
from bihuan.kernel.refused import Refused
from bihuan.sense.warn import course, muted
from bihuan.sense.warn.course import Change, Course, Found, Prop
from bihuan.sense.warn.rules import OWN_LEVELS, Row, Rules, read

log = logging.getLogger(__name__)
COLOURS = {"I": "红色", "II": "橙色", "III": "黄色", "IV": "蓝色", "": ""}
COMMUNITY = 12
USUAL_HOURS = 6


def step() -> int:
    """Take in what was found since, let time run, do what follows; how many findings there were."""
    version = kept.rules_in_force()
    rules = read(version.rows)
    with kept.turn() as turn:
        book = {(one.grouped, one.place): one for one in turn.open if one.state != "relayed"}
        now = _Round(turn, book, rules, version.id)
        for found in turn.found:
            row = rules.of_finding(found.finding.kind, found.finding.detector)
            if row is not None:
                now.take(row, found)
        for one in list(book.values()):
            now.pass_time(one)
        for relayed in turn.open:
            if relayed.state == "relayed" and relayed.until <= turn.at:
                now.end(relayed, relayed.until)
    _follow(rules)
    return len(turn.found)


@dataclass(frozen=True)
class _Round:
    """What is open, and what becomes of it in this turn. ``version``: of the rules."""

    turn: kept.Turn
    book: dict[tuple[str, str], kept.Warned]
    rules: Rules
    version: int

    def take(self, row: Row, found: kept.Found) -> None:
        finding = found.finding
        place = "" if row.places else found.place[:COMMUNITY]
        one = self.book.get((row.group, place))
        if one is None:
            if finding.mark < 0:
                return
            until = finding.happened + timedelta(hours=row.valid)
            one = self.book[row.group, place] = kept.new(row.group, place, _body(row, found), finding.happened, until)
            one.lon, one.lat = found.lon, found.lat
        key = (finding.source, finding.sensor, finding.kind, finding.detector)
        marked = Found(key, finding.mark, finding.happened, row.level, row.holding)
        self.move(one, *course.take(course_of(one.course), marked), reason=_said(finding))
        if one.ended is not None:
            del self.book[row.group, place]

    def pass_time(self, one: kept.Warned) -> None:
        if one.next is not None and one.next <= self.turn.at:
            self.move(one, *course.to(course_of(one.course), self.turn.at))
            self.extend(one)

    def move(self, one: kept.Warned, after: Course, changes: Iterable[Change], reason: str = "") -> None:
        for change in changes:
            if change.what == "over":
                self.end(one, change.at)
                continue
            row = self.rules.of_level(one.grouped, change.level)
            one.level = change.level
            if one.state in kept.TOLD or (row is not None and row.issue == "self"):
                one.state = kept.state_of(change.level)
                one.issued = one.issued or change.at
            if row is not None:
                one.until = change.at + timedelta(hours=row.valid)
                one.body = {**one.body, **_texts(row)}
            self.turn.lines.append(kept.line(one, change.what, change.at, reason=reason, rules=self.version))
        one.course = course_json(after)
        self._plan(one)

    def extend(self, one: kept.Warned) -> None:
        """What still holds when its time is over is announced for as long again."""
        row = self.rules.of_level(one.grouped, one.level)
        while one.ended is None and one.until <= self.turn.at:
            at = one.until
            one.until = at + timedelta(hours=row.valid if row is not None else USUAL_HOURS)
            self.turn.lines.append(kept.line(one, "extended", at, rules=self.version))
        self._plan(one)

    def _plan(self, one: kept.Warned) -> None:
        due = course_of(one.course).next
        one.next = None if one.ended is not None else min(due, one.until) if due is not None else one.until
        self.turn.changed[one.id] = one

    def end(self, one: kept.Warned, at: datetime) -> None:
        one.state, one.ended, one.next = "over", at, None
        self.turn.lines.append(kept.line(one, "over", at, rules=self.version))
        self.turn.changed[one.id] = one


def _said(finding: desk.signals.Finding) -> str:
    value = "" if finding.value is None else f" {finding.value:g}"
    return f"{finding.sensor} {finding.kind}{value} ({finding.detector}, {finding.source})"


def _texts(row: Row) -> dict[str, Any]:
    return {
        "name": row.name, "name_en": row.name_en, "hazard": row.hazard, "caution": row.caution,
        "measures": row.measures, "audience": row.audience, "basis": row.basis,
    }  # fmt: skip


def _body(row: Row, found: kept.Found) -> dict[str, Any]:
    places = list(row.places) or ([found.place] if found.place else [])
    return {**_texts(row), "places": places, "issuer": kept.issuer(), "sensor": found.finding.sensor}


# -- what follows ---------------------------------------------------------------------------------------------------


def _follow(rules: Rules) -> None:
    """For each that is issued and not muted, once: its case, its plan. A refusal is told in the log and tried again."""
    open_ones = kept.open_now()
    for one in open_ones:
        if one.state not in {"issued", "requested"} or one.announced is not None or muted.by(one, open_ones, rules):
            continue
        row = rules.of_level(one.grouped, one.level)
        try:
            case = _case(one, row) if row is not None and row.case else None
        except Refused as refused:
            log.warning("warning %s opens no case: %s", one.id, refused)
            continue
        kept.announce(one.id, case, row.plan if row is not None else "")


def _case(one: kept.Warned, row: Row) -> Any:  # noqa: ANN401 - a UUID
    """The open case that the signal joins by a rule of fusion; else one of its own, under the key of the warning."""
    props = course_of(one.course).props
    key = min(props, default=("", one.body.get("sensor", ""), row.kind, row.detector))
    if one.lon is not None and one.lat is not None:
        seen = desk.fusing.Seen(key[0], key[1], key[2], one.began, one.lon, one.lat)
        joined = desk.fusing.attach(seen)
        if joined is not None:
            return joined
    places = one.body.get("places") or [one.place]
    asks = "" if one.level in OWN_LEVELS else "（报请市级发布）"
    text = f"{row.name}{COLOURS[one.level]}预警{asks}：{key[1]} {key[2]}。{row.caution} {row.measures}"
    intake = desk.Intake(row.case, places[0], "sensor", {"text": text}, lon=one.lon, lat=one.lat)
    return desk.report(intake, by=desk.SYSTEM, purpose="warning", key=f"warning:{one.id}").case


# -- the course as it is kept ---------------------------------------------------------------------------------------


def course_json(now: Course) -> dict[str, Any]:
    props = [
        [*key, one.level, one.hold.total_seconds(), one.since.isoformat(), one.ended.isoformat() if one.ended else ""]
        for key, one in now.props.items()
    ]
    return {"props": props, "level": now.level, "clock": now.clock.isoformat() if now.clock else ""}


def course_of(stored: Mapping[str, Any]) -> Course:
    if not stored:
        return Course()
    props = {
        (source, sensor, kind, detector): Prop(
            level, timedelta(seconds=hold), _at(since), _at(ended) if ended else None
        )
        for source, sensor, kind, detector, level, hold, since, ended in stored["props"]
    }
    return replace(Course(props, stored["level"]), clock=_at(stored["clock"]) if stored["clock"] else None)


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)

"""iCalendar (RFC 5545): shifts and due dates out, shifts in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr
from django.conf import settings
from icalendar import Calendar, Component, Event

from bihuan.desk import api as desk
from bihuan.faces import notices as told
from bihuan.faces.i18n import choose, say

MOST_BYTES = 1_000_000
MOST_SPANS = 2000
AHEAD = timedelta(days=92)
MOST_PROBLEMS = 10
# Shifts do not repeat by the minute; a rule that never matches would be looked for until the year 9999.
KNOWN = frozenset({"DAILY", "WEEKLY", "MONTHLY", "YEARLY"})
OLDEST = timedelta(days=3650)


class BadFile(ValueError):
    """What cannot be read, event by event, in words."""


def write(found: desk.calendar_tokens.Calendar) -> bytes:
    """Of a sealed case number and date; of any case no text that somebody wrote."""
    made = Calendar()
    made.add("prodid", "-//Bihuan//zh")
    made.add("version", "2.0")
    made.add("x-wr-calname", say("闭环：{unit}", unit=choose(found.unit.name, found.unit.name_en)))
    made.add("refresh-interval;value=duration", "PT1H")
    for shift in found.shifts:
        unit = choose(shift.unit.name, shift.unit.name_en)
        text = say("值班：{roles} · {unit}", roles=told.roles([shift.role]), unit=unit)
        made.add_component(_event(f"shift-{shift.id}", shift.starts, shift.ends, text, found.at))
    for due in found.dues:
        name = choose(due.category.name, due.category.name_en)
        text = " · ".join(part for part in (say("到期：{number}", number=due.number), name) if part)
        made.add_component(_event(f"due-{due.case}", due.due, due.due, text, found.at))
    return bytes(made.to_ical())


def _event(key: str, starts: datetime, ends: datetime, text: str, at: datetime) -> Event:
    made = Event()
    made.add("uid", f"{key}@bihuan")
    made.add("dtstamp", at)
    made.add("dtstart", starts)
    made.add("dtend", ends)
    made.add("summary", text)
    return made


# -- in -----------------------------------------------------------------------------------------------------------


def shifts_in(data: bytes, unit: str, role: str, people: Sequence[tuple[UUID, str]]) -> list[desk.roster.Wanted]:
    """The shifts of a file, for the people of a unit named in its titles. All or none: raises ``BadFile``."""
    if len(data) > MOST_BYTES:
        raise BadFile(say("文件超过 1 MB。"))
    try:
        events = [one for one in Calendar.from_ical(data).walk("VEVENT") if "RECURRENCE-ID" not in one]
    except (ValueError, IndexError, UnicodeDecodeError) as error:
        raise BadFile(say("这不是 iCalendar 文件：{why}", why=str(error)[:120])) from None
    found: list[desk.roster.Wanted] = []
    problems: list[str] = []
    for number, event in enumerate(events, 1):
        title = str(event.get("summary", ""))
        try:
            person = _who(title, people)
            found += [
                desk.roster.Wanted(unit, role, person, starts, ends, str(event.get("uid", ""))[:200])
                for starts, ends in _times(event)
            ]
        except ValueError as error:
            problems.append(say("第 {n} 项“{title}”：{why}", n=number, title=title[:40], why=error))
    if not events:
        problems.append(say("文件里没有排班。"))
    if len(found) > MOST_SPANS:
        problems.append(say("文件里的班太多。"))
    if problems:
        raise BadFile("; ".join(problems[:MOST_PROBLEMS]))
    return found


def _who(title: str, people: Sequence[tuple[UUID, str]]) -> UUID:
    named = [person for person, name in people if name and name in title]
    if len(named) != 1:
        raise ValueError(say("标题里要写明本单位一个人的姓名"))
    return named[0]


def _times(event: Component) -> Iterator[tuple[datetime, datetime]]:
    """Each occurrence, as far as three months ahead; whole days in the zone of the district."""
    if "DTSTART" not in event:
        raise ValueError(say("没有开始时间"))
    first = _instant(event.decoded("DTSTART"))
    if "DTEND" in event:
        length = _instant(event.decoded("DTEND")) - first
    elif "DURATION" in event:
        length = event.decoded("DURATION")
    else:
        raise ValueError(say("没有结束时间"))
    if "RRULE" not in event:
        yield first, first + length
        return
    left_out = event.get("EXDATE", [])
    left_out = left_out if isinstance(left_out, list) else [left_out]
    gone = {_instant(one.dt) for group in left_out for one in group.dts}
    for starts in _repeated(event, first):
        if starts not in gone:
            yield starts, starts + length


def _repeated(event: Component, first: datetime) -> list[datetime]:
    """Those that are still to come, three months ahead at most."""
    now = desk.now()
    rule: Any = event["RRULE"]
    text = "" if isinstance(rule, list) else rule.to_ical().decode()
    often = re.search(r"FREQ=(\w+)", text)
    if often is None or often[1] not in KNOWN or first < now - OLDEST:
        raise ValueError(say("重复的规则读不懂：{why}", why=text[:80]))
    try:
        return list(rrulestr(text, dtstart=first).between(now - timedelta(days=1), now + AHEAD, inc=True))
    except (TypeError, ValueError) as error:
        raise ValueError(say("重复的规则读不懂：{why}", why=str(error)[:80])) from None


def _instant(value: datetime | date) -> datetime:
    zone = ZoneInfo(settings.ZONE)
    if not isinstance(value, datetime):
        return datetime.combine(value, time(), zone)
    return value if value.tzinfo is not None else value.replace(tzinfo=zone)

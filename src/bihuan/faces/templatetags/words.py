"""What templates may say: texts in the reader's language, instants, spans of time, names of units."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from django import template
from django.conf import settings
from django.utils.html import format_html
from django.utils.safestring import SafeString

from bihuan.desk import api as desk
from bihuan.faces import i18n

register = template.Library()
WEEKDAYS = {"zh": [f"周{day}" for day in "一二三四五六日"], "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")}


class Named(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def name_en(self) -> str: ...


@register.simple_tag
def say(original: str, **values: object) -> str:
    """A text of the page. A plain string, so that Django escapes it with the values in it."""
    return i18n.say(original, **values)


@register.filter
def named(thing: Named | None) -> str:
    """The name of a unit, place or category in the reader's language."""
    return i18n.choose(thing.name, thing.name_en) if thing is not None else ""


@register.filter
def when(at: datetime | None) -> SafeString | str:
    """An instant in the zone of the district, to the minute, for people and for machines."""
    if at is None:
        return ""
    stamp = at.astimezone(ZoneInfo(settings.ZONE)).isoformat(timespec="seconds")
    return format_html('<time datetime="{}">{}</time>', stamp, local(at))


def local(at: datetime) -> str:
    """An instant as text, in the zone of the district."""
    return f"{day(at)} {at.astimezone(ZoneInfo(settings.ZONE)):%H:%M}"


def day(at: datetime) -> str:
    """A day as text, in the zone of the district: for what is known by the day only."""
    here = at.astimezone(ZoneInfo(settings.ZONE))
    return f"{here:%Y-%m-%d} {WEEKDAYS[i18n.language()][here.weekday()]}"


@register.filter
def on_day(at: datetime | None) -> str:
    """The day alone, for what came without an hour."""
    return day(at) if at is not None else ""


@register.filter
def left(due: datetime | None, at: datetime) -> str:
    """How long from ``at`` until ``due``, or how long past it, in the two largest units."""
    if due is None:
        return ""
    if due < at:
        return i18n.say("逾期 {span}", span=span(at - due))
    return i18n.say("还剩 {span}", span=span(due - at))


@register.filter
def span_until(since: datetime | None, at: datetime) -> str:
    """How long it has lasted, without a word before or behind."""
    return "" if since is None else span(at - since)


@register.filter
def ago(since: datetime | None, at: datetime) -> str:
    return "" if since is None else i18n.say("{span}前", span=span(at - since))


def span(time: timedelta) -> str:
    minutes = max(0, int(time.total_seconds() // 60))
    days, minutes = divmod(minutes, 1440)
    hours, minutes = divmod(minutes, 60)
    parts = [("{n} 天", days), ("{n} 小时", hours), ("{n} 分钟", minutes)]
    shown = [i18n.say(text, n=amount) for text, amount in parts if amount]
    return " ".join(shown[:2]) or i18n.say("不到 1 分钟")


@register.simple_tag
def unseen_notices(staff: desk.Staff) -> str:
    """How many notices the person at the console has not seen; empty for none."""
    count = desk.notices.unseen(staff.actor.person)
    return "99+" if count > desk.notices.MOST_COUNTED else str(count or "")

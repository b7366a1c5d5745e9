"""From a row to a matter: what its cells say, by the mapping."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from zoneinfo import ZoneInfo

from django.conf import settings

from bihuan.adapters.importing.mapping import HOURS, ISO, Field, Mapping
from bihuan.adapters.importing.rows import Row
from bihuan.desk import api

LONGEST = 20_000
SHORT = {"address": 500, "contact": 200}
LONGEST_ID = 120


class BadValue(ValueError):
    """A cell that cannot be taken: our field, a code of ``words.REASONS`` and its facts."""

    def __init__(self, name: str, code: str, **facts: object) -> None:
        super().__init__(f"{name}: {code}")
        self.name = name
        self.code = code
        self.facts = facts


def past(mapping: Mapping, row: Row) -> api.imports.Past:
    """Where one of its times is a day without an hour, all are kept as days: an hour is never invented."""
    opened, closed, due = (_time(mapping, row, name) for name in ("opened", "closed", "due"))
    if opened is None:
        raise BadValue("opened", "missing")
    is_day = mapping.days_only or any(found is not None and found[1] for found in (opened, closed, due))
    lon, lat = _point(mapping, row)
    return api.imports.Past(
        source_id=_id(mapping, row),
        category=_category(mapping, row),
        place=_value(mapping, row, "place") or _place(lon, lat),
        opened=_kept(opened[0], is_day=is_day),
        unit=_value(mapping, row, "unit") or mapping.unit,
        due=_kept(due[0], is_day=is_day) if due else None,
        closed=_kept(closed[0], is_day=is_day) if closed else None,
        outcome=_value(mapping, row, "outcome"),
        texts=tuple(_texts(mapping, row, ("text", "address", "contact", "answer")).items()),
        lon=lon,
        lat=lat,
        days_only=is_day,
    )


def live(mapping: Mapping, row: Row, scene: str) -> api.imports.Live:
    """A report to be dealt with from now on. When it was made there is told with it, and starts no clock."""
    texts = _texts(mapping, row, ("text", "address", "contact"))
    if "text" not in texts:
        raise BadValue("text", "missing")
    number, opened = _id(mapping, row), _cell(mapping, row, "opened")
    texts["origin"] = " · ".join(filter(None, (mapping.source, number, opened[:40])))
    lon, lat = _point(mapping, row)
    place = _value(mapping, row, "place") or _place(lon, lat)
    channel = f"import:{mapping.source}"[:32]
    intake = api.Intake(_category(mapping, row), place, channel, texts, scene=scene, lon=lon, lat=lat)
    return api.imports.Live(number, intake)


def _cell(mapping: Mapping, row: Row, name: Field) -> str:
    column = mapping.columns.get(name)
    return row.get(column, "").strip() if column else ""


def _id(mapping: Mapping, row: Row) -> str:
    found = _cell(mapping, row, "source_id")
    if not found:
        raise BadValue("source_id", "missing")
    return _short(found, "source_id", LONGEST_ID)


def _short(text: str, name: str, most: int) -> str:
    if len(text) > most:
        raise BadValue(name, "too-long", most=most)
    return text


def _value(mapping: Mapping, row: Row, name: Field) -> str:
    cell, known = _cell(mapping, row, name), mapping.values.get(name, {})
    return known.get(cell, mapping.other.get(name, "" if known else cell))


def _category(mapping: Mapping, row: Row) -> str:
    """By keywords in the text, or by the table of values; else what stands for the rest, perhaps the triage desk."""
    if mapping.keywords:
        text = f"{_cell(mapping, row, 'title')}\n{_cell(mapping, row, 'text')}"
        for category, words in mapping.keywords.items():
            if any(word in text for word in words):
                return category
        return mapping.other.get("category", "")
    return _value(mapping, row, "category")


def _texts(mapping: Mapping, row: Row, names: tuple[Field, ...]) -> dict[str, str]:
    found = {name: _cell(mapping, row, name) for name in names}
    if title := _cell(mapping, row, "title"):
        found["text"] = f"{title}\n{found['text']}".strip()
    return {name: _short(text, name, SHORT.get(name, LONGEST)) for name, text in found.items() if text}


def _point(mapping: Mapping, row: Row) -> tuple[float | None, float | None]:
    """WGS84 degrees; nothing where one is missing, nor for the zeros that some systems write for it."""
    lon, lat = _degrees(mapping, row, "lon", 180), _degrees(mapping, row, "lat", 90)
    if lon is None or lat is None or lon == lat == 0:
        return None, None
    return (lon, lat) if mapping.crs == "wgs84" else api.to_wgs84(lon, lat, mapping.crs)


def _degrees(mapping: Mapping, row: Row, name: Field, most: int) -> float | None:
    cell = _cell(mapping, row, name)
    try:
        value = float(cell) if cell else None
    except ValueError:
        raise BadValue(name, "no-degrees") from None
    if value is not None and not -most <= value <= most:
        raise BadValue(name, "no-degrees")
    return value


def _place(lon: float | None, lat: float | None) -> str:
    return api.place_of(lon, lat) if lon is not None and lat is not None and api.areas() else ""


# -- times --------------------------------------------------------------------------------------------------------


@cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def _time(mapping: Mapping, row: Row, name: Field) -> tuple[datetime, bool] | None:
    """The instant in the zone in which it was written, and whether it is only a day."""
    cell = _cell(mapping, row, name)
    if not cell:
        return None
    try:
        found, is_day = _formatted(cell, mapping.time_format) if mapping.time_format else _iso(cell)
    except (ValueError, OverflowError):
        raise BadValue(name, "no-time") from None
    if not 1990 <= found.year <= 2100:
        raise BadValue(name, "unlikely-year")
    return (found if found.tzinfo else found.replace(tzinfo=_zone(mapping.zone))), is_day


def _formatted(cell: str, time_format: str) -> tuple[datetime, bool]:
    found = datetime.strptime(cell, time_format)  # noqa: DTZ007 - the zone is the caller's
    return found, not any(sign in time_format for sign in HOURS)


def _iso(cell: str) -> tuple[datetime, bool]:
    parts = ISO.fullmatch(cell)
    if parts is None:
        raise ValueError(cell)
    year, month, day, hour, minute, second, offset = parts.groups()
    zone = _offset(offset) if offset else None
    found = datetime(int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0), tzinfo=zone)
    return found, hour is None


def _offset(text: str) -> timezone:
    if text in {"Z", "UTC"}:
        return UTC
    hours, minutes = int(text[1:3]), int(text[-2:])
    return timezone(timedelta(hours=hours, minutes=minutes) * (-1 if text[0] == "-" else 1))


def _kept(at: datetime, *, is_day: bool) -> datetime:
    """An instant in UTC. A day without an hour is kept as the start of that very day here: it is the same day on every
    page, and the history says that no hour was known.
    """
    if is_day:
        at = datetime(at.year, at.month, at.day, tzinfo=_zone(settings.ZONE))
    return at.astimezone(UTC)

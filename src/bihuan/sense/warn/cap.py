"""CAP 1.2 (OASIS, 2010), read and written: what is mandatory is there, what has a list of values has one of them.

XML that names entities, or files elsewhere, is refused before anything is looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from xml.etree import ElementTree as ET

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"
MOST_BYTES = 1024 * 1024
STATUS = ("Actual", "Exercise", "System", "Test", "Draft")
TYPES = ("Alert", "Update", "Cancel", "Ack", "Error")
SCOPES = ("Public", "Restricted", "Private")
CATEGORIES = (
    "Geo",
    "Met",
    "Safety",
    "Security",
    "Rescue",
    "Fire",
    "Health",
    "Env",
    "Transport",
    "Infra",
    "CBRNE",
    "Other",
)
URGENCIES = ("Immediate", "Expected", "Future", "Past", "Unknown")
SEVERITIES = ("Extreme", "Severe", "Moderate", "Minor", "Unknown")
CERTAINTIES = ("Observed", "Likely", "Possible", "Unlikely", "Unknown")
LEVEL = {"Extreme": "I", "Severe": "II", "Moderate": "III", "Minor": "IV", "Unknown": ""}
SEVERITY = {level: severity for severity, level in LEVEL.items()}
Point = tuple[float, float]


class BadCapError(ValueError):
    """What is wrong, and where."""


@dataclass(frozen=True)
class Info:
    """``polygons``: rings of (lon, lat); ``circles``: (lon, lat, kilometres)."""

    language: str
    category: str
    event: str
    urgency: str
    severity: str
    certainty: str
    headline: str = ""
    description: str = ""
    instruction: str = ""
    audience: str = ""
    sender: str = ""
    expires: datetime | None = None
    onset: datetime | None = None
    areas: tuple[str, ...] = ()
    polygons: tuple[tuple[Point, ...], ...] = ()
    circles: tuple[tuple[float, float, float], ...] = ()


@dataclass(frozen=True)
class Alert:
    """``references``: (sender, identifier) of each alert that this one updates or cancels."""

    identifier: str
    sender: str
    sent: datetime
    status: str
    kind: str
    scope: str
    references: tuple[tuple[str, str], ...] = ()
    infos: tuple[Info, ...] = ()

    def info(self, language: str = "zh") -> Info | None:
        """In that language, else the first."""
        return next(
            (one for one in self.infos if one.language.lower().startswith(language)), next(iter(self.infos), None)
        )


def read(data: bytes) -> Alert:
    """Raises ``BadCapError``."""
    if len(data) > MOST_BYTES:
        raise BadCapError(f"CAP 最多 {MOST_BYTES} 字节 / at most {MOST_BYTES} bytes")
    try:
        root = fromstring(data, forbid_dtd=True, forbid_entities=True, forbid_external=True)
    except (ET.ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise BadCapError(f"不是可以读的 XML / no XML that may be read: {type(error).__name__}") from None
    if root.tag != f"{{{NAMESPACE}}}alert":
        raise BadCapError(f"根元素要是 CAP 1.2 的 alert / the root must be alert of {NAMESPACE}")
    kind = _of(root, "msgType", TYPES)
    found = Alert(
        _text(root, "identifier"), _text(root, "sender"), _instant(root, "sent"), _of(root, "status", STATUS), kind,
        _of(root, "scope", SCOPES), tuple(_references(root)), tuple(_info(one) for one in _all(root, "info")),
    )  # fmt: skip
    if any(letter in found.identifier + found.sender for letter in " ,<&"):
        raise BadCapError(
            "identifier、sender 里不能有空格、逗号、<、& / identifier and sender hold no space, comma, < or &"
        )
    if kind in {"Update", "Cancel"} and not found.references:
        raise BadCapError(f"references: {kind} 要说明针对哪一条 / {kind} must name what it refers to")
    if kind in {"Alert", "Update"} and not found.infos:
        raise BadCapError("info: 至少一个 / at least one is needed")
    return found


def _all(at: ET.Element, name: str) -> list[ET.Element]:
    return at.findall(f"{{{NAMESPACE}}}{name}")


def _text(at: ET.Element, name: str, *, is_needed: bool = True) -> str:
    found = at.findtext(f"{{{NAMESPACE}}}{name}", "").strip()
    if is_needed and not found:
        raise BadCapError(f"{name}: 缺少 / is missing")
    return found


def _of(at: ET.Element, name: str, allowed: Sequence[str]) -> str:
    found = _text(at, name)
    if found not in allowed:
        raise BadCapError(f"{name}: {found!r} 不在 / is none of {', '.join(allowed)}")
    return found


def _maybe_instant(at: ET.Element, name: str) -> datetime | None:
    return _instant(at, name) if _text(at, name, is_needed=False) else None


def _instant(at: ET.Element, name: str) -> datetime:
    found = _text(at, name)
    made = None
    with suppress(ValueError):
        made = datetime.fromisoformat(found)
    if made is None or made.tzinfo is None or found.endswith("Z") or len(found) < 20:
        raise BadCapError(f"{name}: {found!r} 要像 2026-07-09T03:14:00+08:00 / must be like 2026-07-09T03:14:00+08:00")
    return made


def _references(root: ET.Element) -> list[tuple[str, str]]:
    found = []
    for one in _text(root, "references", is_needed=False).split():
        parts = one.split(",")
        if len(parts) != 3 or not all(parts):
            raise BadCapError(f"references: {one!r} 要像 sender,identifier,sent / must be sender,identifier,sent")
        found.append((parts[0], parts[1]))
    return found


def _info(at: ET.Element) -> Info:
    categories = [one.text or "" for one in _all(at, "category")]
    if not categories or any(one.strip() not in CATEGORIES for one in categories):
        raise BadCapError(f"category: 要有，取值 / is needed, of {', '.join(CATEGORIES)}")
    areas = _all(at, "area")

    def maybe(name: str) -> str:
        return _text(at, name, is_needed=False)

    return Info(
        language=maybe("language") or "en-US",
        category=categories[0].strip(),
        event=_text(at, "event"),
        urgency=_of(at, "urgency", URGENCIES),
        severity=_of(at, "severity", SEVERITIES),
        certainty=_of(at, "certainty", CERTAINTIES),
        headline=maybe("headline"),
        description=maybe("description"),
        instruction=maybe("instruction"),
        audience=maybe("audience"),
        sender=maybe("senderName"),
        expires=_maybe_instant(at, "expires"),
        onset=_maybe_instant(at, "onset"),
        areas=tuple(_text(one, "areaDesc") for one in areas),
        polygons=tuple(_polygon(ring.text or "") for one in areas for ring in _all(one, "polygon")),
        circles=tuple(_circle(ring.text or "") for one in areas for ring in _all(one, "circle")),
    )


def _polygon(text: str) -> tuple[Point, ...]:
    points = tuple(_point(one) for one in text.split())
    if len(points) < 4 or points[0] != points[-1]:
        raise BadCapError("polygon: 至少四点，首尾相同 / at least four points, the first again at the end")
    return points


def _circle(text: str) -> tuple[float, float, float]:
    middle, _, radius = text.strip().partition(" ")
    try:
        return *_point(middle), float(radius)
    except ValueError:
        raise BadCapError(f"circle: {text[:40]!r}") from None


def _point(text: str) -> Point:
    lat, _, lon = text.partition(",")
    try:
        found = float(lon), float(lat)
    except ValueError:
        raise BadCapError(f"{text[:40]!r}: 要像 29.55,106.57 / must be like 29.55,106.57") from None
    if not (-180 <= found[0] <= 180 and -90 <= found[1] <= 90):
        raise BadCapError(f"{text[:40]!r}: 不在地球上 / is nowhere on earth")
    return found


# -- written --------------------------------------------------------------------------------------------------------


def write(alert: Alert) -> bytes:
    """One that ``read`` takes and the schema of OASIS holds valid."""
    ET.register_namespace("", NAMESPACE)
    root = ET.Element(f"{{{NAMESPACE}}}alert")
    _put(root, "identifier", alert.identifier)
    _put(root, "sender", alert.sender)
    _put(root, "sent", _stamp(alert.sent))
    _put(root, "status", alert.status)
    _put(root, "msgType", alert.kind)
    _put(root, "scope", alert.scope)
    _put(root, "references", " ".join(f"{a},{b},{_stamp(alert.sent)}" for a, b in alert.references))
    for info in alert.infos:
        _put_info(root, info)
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True))


def _put_info(root: ET.Element, info: Info) -> None:
    at = ET.SubElement(root, f"{{{NAMESPACE}}}info")
    for name, text in (
        ("language", info.language), ("category", info.category), ("event", info.event), ("urgency", info.urgency),
        ("severity", info.severity), ("certainty", info.certainty), ("audience", info.audience),
        ("onset", _stamp(info.onset) if info.onset else ""), ("expires", _stamp(info.expires) if info.expires else ""),
        ("senderName", info.sender), ("headline", info.headline), ("description", info.description),
        ("instruction", info.instruction),
    ):  # fmt: skip
        _put(at, name, text)
    area = ET.SubElement(at, f"{{{NAMESPACE}}}area")
    _put(area, "areaDesc", "、".join(info.areas) or "-")
    for ring in info.polygons:
        _put(area, "polygon", " ".join(f"{lat:.6f},{lon:.6f}" for lon, lat in ring))


def _put(at: ET.Element, name: str, text: str) -> None:
    if text:
        ET.SubElement(at, f"{{{NAMESPACE}}}{name}").text = text


def _stamp(at: datetime) -> str:
    """As the standard wants it: an offset, and UTC as ``-00:00``."""
    return at.isoformat(timespec="seconds").replace("+00:00", "-00:00")

"""What mutes a warning: one of a group above it, or a silence. It is judged and shown all the same."""

from __future__ import annotations

from collections.abc import Iterable

from bihuan.desk import api as desk
from bihuan.desk.api import warnings as kept
from bihuan.sense.warn.rules import Rules


def by(one: kept.Warned, open_ones: Iterable[kept.Warned], rules: Rules) -> str:
    """``parent:GROUP`` or ``silence:REASON``; empty where nothing mutes it."""
    parent = rules.parent_of(one.grouped)
    for other in open_ones:
        if parent and other.grouped == parent and other.state in kept.TOLD and _overlap(one, other):
            return f"parent:{other.body.get('name', parent)}"
    at = desk.now()
    for silence in desk.warning_silences.current():
        if silence.covers(one, at):
            return f"silence:{silence.reason}"
    return ""


def _overlap(one: kept.Warned, other: kept.Warned) -> bool:
    own, others = one.body.get("places", []), other.body.get("places", [])
    return not own or not others or any(a.startswith(b) or b.startswith(a) for a in own for b in others)

"""Moves that concern two cases: merge and undo it, split, lay a hold on another. Each says where to look afterwards."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

from bihuan.desk import api as desk
from bihuan.faces.console.filled import Said
from bihuan.faces.i18n import say
from bihuan.faces.typed import Mistyped
from bihuan.kernel import commands as c


@dataclass(frozen=True)
class Pressed:
    """A move on the page of a case: who pressed it, what he saw, for what purpose and under which key."""

    actor: desk.Actor
    view: desk.CaseView
    purpose: str
    key: str | None


def _other(said: Said) -> UUID:
    other = desk.case_by_number(said.whole("number"))
    if other is None:
        raise Mistyped(say("没有这个编号的件，或者它不归您看。"))
    return other


def _merge(pressed: Pressed, said: Said) -> UUID:
    desk.merge(pressed.view.id, _other(said), by=pressed.actor, purpose=pressed.purpose, key=pressed.key)
    return pressed.view.id


def _unmerge(pressed: Pressed, said: Said) -> UUID:
    reason = said.text("reason")
    desk.unmerge(pressed.view.id, reason, by=pressed.actor, purpose=pressed.purpose, key=pressed.key)
    return pressed.view.id


def _split(pressed: Pressed, said: Said) -> UUID:
    state = pressed.view.state
    place = said.one_of("place") or state.place
    part = desk.Intake(said.one_of("category"), place, "desk", {"text": said.text("text")}, scene=state.scene)
    desk.split(pressed.view.id, [part], by=pressed.actor, purpose=pressed.purpose, key=pressed.key)
    return pressed.view.id


def _lay_hold(pressed: Pressed, said: Said) -> UUID:
    """In the name of this case, so its page must offer it; what the other one says to it is the kernel's to judge."""
    this = pressed.view.id
    if "lay-hold" not in {move.key for move in pressed.view.moves}:
        raise Mistyped(say("没有这个操作。"))
    other = _other(said)
    if other == this:
        raise Mistyped(say("不能暂缓它自己。"))
    command = c.LayHold(str(this), said.one_of("on"), said.text("reason"), said.text("rule"))
    desk.submit(command, by=pressed.actor, case=other, purpose=pressed.purpose, key=pressed.key)
    return other


PAIRS: Mapping[str, Callable[[Pressed, Said], UUID]] = {
    "merge": _merge,
    "unmerge": _unmerge,
    "split": _split,
    "lay-hold": _lay_hold,
}


def press(move: str, pressed: Pressed, said: Said) -> UUID:
    """The case to look at now. An other case that is hidden is answered like a number that does not exist."""
    try:
        return PAIRS[move](pressed, said)
    except desk.NotFound:
        if move not in {"merge", "lay-hold"}:
            raise
        raise Mistyped(say("没有这个编号的件，或者它不归您看。")) from None

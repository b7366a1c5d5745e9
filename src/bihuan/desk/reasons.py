"""Free text inside commands (reasons, remarks, a step's data): into the vault on the way in, out of it for the team.

The history holds a reference where the words stood (law 7). Erasing the key erases the words; that somebody gave a
reason, and when, stays.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

from bihuan.desk import vault
from bihuan.kernel import commands as c
from bihuan.kernel.case import Note, Proof

T = TypeVar("T")
REF = re.compile(r"[0-9a-f]{32}\.[0-9A-Za-z_-]{43}")
GONE = {vault.ERASED: "（已依法删除 erased）", vault.DAMAGED: "（已损坏 damaged）"}

# Which fields of a command people fill with words of their own. Legal bases, rules and codes stay in the history:
# every outcome says there what it rests on (law 6).
FREE: Mapping[type, tuple[str, ...]] = {
    c.Accept: ("new_fact",),
    c.Recategorise: ("reason",),
    c.Decline: ("reason", "rightful_route"),
    c.Dispatch: ("reason",),
    c.ReleaseTask: ("reason",),
    c.FinishTask: ("note",),
    c.CancelTask: ("reason",),
    c.ReturnTask: ("reason",),
    c.Verify: ("reason",),
    c.Dispute: ("reason",),
    c.FollowUp: ("reason",),
    c.AskPause: ("reason",),
    c.AskExtend: ("reason",),
    c.AskSeal: ("reason",),
    c.Deny: ("reason",),
    c.Resume: ("reason",),
    c.Unmerge: ("reason",),
    c.LayHold: ("reason",),
    c.LiftHold: ("reason",),
    c.TakeStep: ("data",),
    c.ReportByLaw: ("note",),
    c.Oversee: ("reason",),
}


def texts_of(command: c.Command | None, plain: frozenset[str] = frozenset()) -> dict[str, str]:
    """Its free texts, by a label that no note has. A blank one stays where it is, for the kernel to refuse.

    ``plain``: keys of a step's data that hold a short code about the matter and stay where they are too.
    """
    if isinstance(command, c.Absorb):  # a hold that comes along with a merge brings its reason
        return {f"={n}": hold.reason for n, hold in enumerate(command.holds) if hold.reason.strip()}
    found: dict[str, str] = {}
    for name in FREE.get(type(command), ()):
        value = getattr(command, name)
        if isinstance(value, str):
            parts = {f"={name}": value}
        else:
            parts = {f"={n}": text for n, (key, text) in enumerate(value) if key not in plain}
        found |= {label: text for label, text in parts.items() if text.strip()}
    return found


def referring(command: c.Command, refs: Mapping[str, str]) -> c.Command:
    """The same command with references where its words stood; ``refs`` by the labels of ``texts_of``."""
    if isinstance(command, c.Absorb):
        holds = (replace(hold, reason=refs.get(f"={n}", hold.reason)) for n, hold in enumerate(command.holds))
        return replace(command, holds=tuple(holds))
    changed: dict[str, Any] = {}
    for name in FREE.get(type(command), ()):
        value = getattr(command, name)
        if isinstance(value, str):
            changed[name] = refs.get(f"={name}", value)
        else:
            changed[name] = tuple((key, refs.get(f"={n}", text)) for n, (key, text) in enumerate(value))
    return replace(command, **changed) if changed else command


def refs_in(value: object) -> Iterator[str]:
    """The references that stand where words stood, in an event, a state or many of them; not those of notes."""
    if isinstance(value, str):
        if REF.fullmatch(value):
            yield value
    elif isinstance(value, (tuple, list)):
        for one in value:
            yield from refs_in(one)
    elif is_dataclass(value) and not isinstance(value, (Note, Proof)):
        for field in fields(value):
            yield from refs_in(getattr(value, field.name))


def spoken(opened: Mapping[str, str | vault.Gone], but: Iterable[str] = ()) -> dict[str, str]:
    """What to put in the place of each reference. ``but``: notes, which have readers of their own and stay shut."""
    shut = set(but)
    return {
        ref: GONE[text] if isinstance(text, vault.Gone) else text for ref, text in opened.items() if ref not in shut
    }


def told(value: T, words: Mapping[str, str]) -> T:
    """The same value with the words in the place of their references; without its word a reference becomes empty."""
    return _told(value, words) if any(True for _ in refs_in(value)) else value


def _told(value: Any, words: Mapping[str, str]) -> Any:  # noqa: ANN401 - any value of the kernel
    if isinstance(value, str):
        return words.get(value, "") if REF.fullmatch(value) else value
    if isinstance(value, (tuple, list)):
        return type(value)(_told(one, words) for one in value)
    if not is_dataclass(value) or isinstance(value, (type, Note, Proof)):
        return value
    old = {field.name: getattr(value, field.name) for field in fields(value)}
    new = {name: _told(one, words) for name, one in old.items()}
    return replace(value, **{name: new[name] for name in old if new[name] is not old[name]})

"""What somebody did on the spot, perhaps an hour ago and without a network: done now, once, or told why not.

The key of the entry is the idempotency key of the desk. What he saw then is held against what is there now, field by
field, before anything is done: a change that he could not know of is his to judge, not ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from bihuan.desk import api as desk
from bihuan.faces import emergency
from bihuan.faces.field import faces
from bihuan.faces.i18n import say
from bihuan.faces.pages import explain_refusal
from bihuan.faces.typed import Mistyped, tidy
from bihuan.kernel import commands as c
from bihuan.kernel.case import Proof
from bihuan.kernel.refused import Refused

Told = dict[str, object]
Ref = Annotated[
    str, StringConstraints(pattern=r"^(photo:[0-9a-f]{64}\.(jpeg|png|webp)|voice:[0-9a-f]{64}\.(webm|mp4))$")
]
Word = Annotated[str, StringConstraints(max_length=64)]
Text = Annotated[str, StringConstraints(max_length=4000)]
NEVER = -1  # a version that no case has: then only an answer given before comes back
TRIES = 5
LATE = timedelta(minutes=10)
# What is looked at before each step. Who arrives need not be stopped because a date moved.
COUNTS = {
    "take": ("status", "category", "place", "where", "seal"),
    "arrive": ("status", "place", "where", "seal"),
    "finish": tuple(faces.FIELDS),
    "proof": ("place", "where", "seal"),
    "note": ("seal",),
    "voice": ("seal",),
    "step": ("status", "category", "place", "where", "seal"),
}
# What was wanted is so already, by his own hand on another telephone or page.
SO_ALREADY = {"take": ("mine", "there"), "arrive": ("there",)}
# The words of these would tell of a case that the telephone must know no more of.
GONE = frozenset({"purpose-needed", "not-your-case"})


class ProofIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    kind: Annotated[str, StringConstraints(pattern="^[a-z0-9_]{1,32}$")]
    ref: Ref

    @model_validator(mode="after")
    def _is_what_it_says(self) -> Self:
        """What was spoken is no photograph of the work, and the other way round."""
        if (self.kind == "voice") != self.ref.startswith("voice:"):
            raise ValueError("kind and ref do not agree")
        return self


class Entry(BaseModel):
    """One thing done on the spot. ``age``: milliseconds ago, by the telephone's own clock at both ends.

    ``world``: where it was done, in the real world or in a drill. It belongs there wherever its sender is by now.
    """

    model_config = ConfigDict(extra="forbid")
    key: Annotated[str, StringConstraints(pattern="^[0-9a-f]{32}$")]
    unit: Word
    do: Literal["take", "arrive", "finish", "proof", "note", "voice", "step", "report"]
    age: Annotated[int, Field(ge=0, le=400 * 86_400_000)]
    case: UUID | None = None
    task: Annotated[int, Field(ge=0, le=10_000)] = 0
    seen: dict[Word, Text] = Field(default_factory=dict, max_length=20)
    step: Word = ""
    text: Text = ""
    proofs: Annotated[list[ProofIn], Field(max_length=8)] = Field(default_factory=list)
    category: Word = ""
    place: Word = ""
    address: Text = ""
    lon: Annotated[float, Field(ge=-180, le=180)] | None = None
    lat: Annotated[float, Field(ge=-90, le=90)] | None = None
    world: Annotated[int, Field(ge=1, le=32_767)] = 1


def do(staff: desk.Staff, entry: Entry) -> Told:
    """``state``: ``done``, ``changed`` (with ``fields``: both versions) or ``refused`` (with ``text``)."""
    try:
        return _report(staff, entry) if entry.do == "report" else _act(staff, entry)
    except Refused as refused:
        if refused.code in GONE:
            return _gone()
        told = explain_refusal(refused)
        return {"state": "refused", "code": refused.code, "text": told.text, "law": told.law} | _forget(staff, entry)
    except Mistyped as mistyped:
        return {"state": "refused", "code": "mistyped", "text": mistyped.text}
    except desk.NotFound:
        return _gone()
    except desk.KeyReused:
        return {"state": "refused", "code": "key-reused", "text": say("同一条已经用别的内容发过一次。请先到件里看看。")}
    except desk.Stale:
        return {"state": "later"}


def _gone() -> Told:
    text = say("这件事现在不归您的单位办：可能已经改派、并案或封存。您写的和拍的都还在这部手机上。")
    return {"state": "refused", "code": "gone", "text": text, "forget": True}


def _forget(staff: desk.Staff, entry: Entry) -> Told:
    """Sealed meanwhile: what the telephone still holds of the case goes."""
    return {} if entry.case is None or faces.faces_of(staff, entry.case) else {"forget": True}


def _act(staff: desk.Staff, entry: Entry) -> Told:
    if entry.case is None:
        raise Mistyped(say("没有这个操作。"))
    command, texts = _command(entry)
    asked = Asked(staff, entry.case, command, texts, f"field:{entry.do}", f"field:{entry.key}")
    with suppress(desk.Stale):
        asked.submit(expects=NEVER)
        return _done(staff, entry)
    for _ in range(TRIES):
        view, now = _now(staff, entry)
        if now["status"] in SO_ALREADY.get(entry.do, ()):
            return _done(staff, entry)
        counts = {name: now[name] for name in COUNTS[entry.do] if name in now and "over" not in now.values()}
        if found := faces.differences(view, entry.seen, counts):
            return {"state": "changed", "fields": found, "now": now}
        try:
            note = _submit(asked, entry, view)
        except desk.Stale:
            continue
        return _done(staff, entry, now, note)
    return {"state": "later"}


def _now(staff: desk.Staff, entry: Entry) -> tuple[desk.CaseView, dict[str, str]]:
    """The case as it stands, and what of the task would be looked at now. Raises ``NotFound`` where it is not his."""
    if entry.case is None:
        raise desk.NotFound
    view = desk.read_case(staff.actor, entry.case)
    task = view.state.task(entry.task)
    if task is None or task.unit != staff.actor.unit or view.state.seal >= "L2":
        raise desk.NotFound(str(entry.case))
    # Of a task that is over the kernel tells why; there is nothing left to compare.
    return view, faces.seen_of(view, task, staff.actor.person) if task.is_open else {"status": "over"}


@dataclass(frozen=True)
class Asked:
    """One submission, the same at every try."""

    staff: desk.Staff
    case: UUID
    command: c.Command | None
    texts: dict[str, str]
    purpose: str
    key: str

    def submit(self, *, expects: int, happened_at: datetime | None = None) -> desk.Outcome:
        return desk.submit(
            self.command, by=self.staff.actor, case=self.case, purpose=self.purpose, key=self.key, expects=expects,
            happened_at=happened_at, texts=self.texts or None,
        )  # fmt: skip


def _submit(asked: Asked, entry: Entry, view: desk.CaseView) -> str:
    """Told as it happened, or as near to it as the record allows; in words where that is not when it happened."""
    at: datetime | None = desk.now() - timedelta(milliseconds=entry.age)
    last = max((one.at for one in view.history), default=view.state.opened)
    for when in (at, max(last, view.state.opened), None):
        try:
            asked.submit(expects=view.state.version, happened_at=when)
        except Refused as refused:
            if refused.code not in {"time-before-case", "time-before-last-step", "told-too-late", "time-in-the-future"}:
                raise
        else:
            is_shifted = when != at and entry.age > LATE / timedelta(milliseconds=1)
            return say("时间按记录允许的最早时刻记入。") if is_shifted else ""
    raise desk.Stale(asked.case, view.state.version)


def _command(entry: Entry) -> tuple[c.Command | None, dict[str, str]]:
    text = tidy(entry.text, most=2000, lines=True)
    proofs = tuple(Proof(one.kind, one.ref) for one in entry.proofs)
    match entry.do:
        case "take":
            return c.TakeTask(entry.task), {}
        case "arrive":
            return c.ArriveAtTask(entry.task), {}
        case "finish":
            return c.FinishTask(entry.task, proofs), {"answer": text} if text else {}
        case "step" if entry.step:
            return c.TakeStep(entry.step, ()), {}
        case "proof" | "voice" if proofs:
            return c.AddProof(proofs[0]), {}
        case "note" if len(text) >= 2:
            return None, {"work": text}
        case _:
            raise Mistyped(say("请写一两句话。"))


def _done(staff: desk.Staff, entry: Entry, before: Mapping[str, str] | None = None, note: str = "") -> Told:
    """With the tasks as they are now, and what this very step changed of its own: ``{field: [before, after]}``.

    What waits behind it on the telephone was done in the knowledge of that, and of nothing else that changed.
    """
    told = faces.faces_of(staff, entry.case) if entry.case is not None else []
    after: Mapping[str, str] = next((face["seen"] for face in told if face["task"] == entry.task), {})
    moved = {name: [was, after[name]] for name, was in (before or {}).items() if after.get(name, was) != was}
    return {"state": "done", "note": note, "tasks": told, "moved": moved}


def _report(staff: desk.Staff, entry: Entry) -> Told:
    """Registered when it comes in: nobody's clock starts before he could know. When it was seen stands in the text."""
    text, address = tidy(entry.text, most=2000, lines=True), tidy(entry.address, most=200)
    known = {place.place for _, below in desk.place_choices() for place in below}
    if len(text) < 2:
        raise Mistyped(say("请写一两句话，说说发生了什么。"))
    if entry.category not in {"", *(row.code for row in desk.category_choices())}:
        raise Mistyped(say("请选一类；说不准就选“其他”。"))
    if entry.place not in {"", *known}:
        raise Mistyped(say("请选社区；不知道就选最后一项。"))
    point = (entry.lon, entry.lat) if entry.lon is not None and entry.lat is not None else None
    place = entry.place or (desk.place_of(*point) if point else "")
    if not place and not point and len(address) < 2:
        raise Mistyped(say("不知道社区的话，请把位置写具体些。"))
    intake = desk.Intake(
        category=entry.category,
        place=place,
        channel="field",
        texts={kind: value for kind, value in (("text", text), ("address", address)) if value},
        lon=point[0] if point else None,
        lat=point[1] if point else None,
        photos=tuple(dict.fromkeys(one.ref for one in entry.proofs)),
    )
    outcome = desk.report(intake, by=staff.actor, purpose="report", key=f"field:{entry.key}")
    return {
        "state": "done",
        "number": outcome.number,
        "code": outcome.receipt,
        "word": emergency.find(f"{text} {address}"),
        "tasks": [],
    }

"""One case, read by somebody who may: the whole of what a page shows, in plain values. Every read passes ``access``."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db import connection

from bihuan.desk import (
    access,
    change,
    fences,
    history,
    identity,
    instant,
    lists,
    moves,
    names,
    reasons,
    rulebooks,
    scene_fields,
    vault,
)
from bihuan.desk.access import Level, Verdict, Viewer
from bihuan.desk.actor import Actor
from bihuan.desk.looks import Look
from bihuan.desk.moves import Move
from bihuan.desk.names import UnitName
from bihuan.desk.submit import NotFound
from bihuan.kernel import events as e
from bihuan.kernel.case import Case, Clock, Note, Stage
from bihuan.kernel.events import Recorded
from bihuan.kernel.refused import Refused
from bihuan.kernel.rules import Category, Rulebook

log = logging.getLogger("bihuan.reads")
# What the team says among itself; whoever only coordinates is not shown it.
INNER_EVENTS = (e.Asked, e.Granted, e.Denied, e.ReportedByLaw, e.ChampionNamed, e.Overseen, e.Resealed, e.StepTaken)
# Whose reasons the reporter is told in the words of those who gave them.
FOR_REPORTER = (e.Recategorised, e.Declined, e.Disputed, e.Reworked, e.ClockPaused)
BLIND_MOVES = frozenset({"take", "red-button", "remind", "oversee", "lift-hold"})
MOST_HOPS = 50


@dataclass(frozen=True)
class Turn:
    """Whose turn it is, to do what (``accept dispatch take handle verify none``), and the running promise."""

    unit: UnitName
    what: str
    clock: Clock | None


@dataclass(frozen=True)
class Text:
    """A free text of the case. ``text`` is empty where it was erased (``gone``: ``erased`` or ``damaged``)."""

    kind: str
    text: str
    by: str
    unit: str
    at: datetime | None
    gone: str = ""


@dataclass(frozen=True)
class CaseView:
    """A case as its viewer may see it. ``people``: names of staff by opaque id; ``texts``: by reference."""

    id: UUID
    world: int
    at: datetime
    state: Case
    verdict: Verdict
    history: tuple[Recorded, ...]
    turn: Turn
    category: UnitName
    place: UnitName
    book: Rulebook
    people: Mapping[str, str] = field(default_factory=dict)
    texts: Mapping[str, Text] = field(default_factory=dict)
    moves: tuple[Move, ...] = ()

    @property
    def rule(self) -> Category | None:
        return self.book.categories.get(self.state.category)


@dataclass(frozen=True)
class TrackView:
    """What the holder of a receipt sees: his case as it stands now, also when it was merged into another.

    ``first``: the case that the receipt was given for;
    ``reporter``: the opaque person that it was given to; ``own``: what he wrote; ``answers``: to him;
    ``pictures``: references of what he photographed; ``not_his_to_close``: why he may not close it with the code.
    """

    code: str
    id: UUID
    first: UUID
    world: int
    at: datetime
    state: Case
    reporter: str
    history: tuple[Recorded, ...]
    turn: Turn
    category: UnitName
    place: UnitName
    own: tuple[Text, ...]
    answers: tuple[Text, ...]
    moves: frozenset[str]
    outcomes: tuple[str, ...]
    is_merged: bool
    not_his_to_close: Refused | None = None
    pictures: tuple[str, ...] = ()


def read_case(viewer: Actor, case: UUID, *, purpose: str = "", world: int = 1) -> CaseView:
    """Raises ``NotFound`` for strangers, ``Refused`` (``purpose-needed``) before an L2 or L3 read; both are logged."""
    at = instant.now(world)
    eyes = access.viewer_of(viewer, at, world=world)
    loaded = change.load(case, world)
    facts = access.facts_of(case, loaded.state) if loaded is not None else None
    verdict = access.admit(eyes, case, facts, purpose=purpose, at=at, world=world)
    if loaded is None:
        raise NotFound(str(case))
    seen = access.trimmed(eyes, verdict, loaded.state)
    past = tuple(_shown(eyes, verdict, history.events_of(case, world)))
    inside = tuple(reasons.refs_in((seen, past))) if verdict.level is Level.FULL else ()
    opened = _open(case, seen.notes, inside)
    words = reasons.spoken({ref: opened[ref] for ref in inside}, but=(note.ref for note in loaded.state.notes))
    seen, past = reasons.told(seen, words), reasons.told(past, words)
    book = rulebooks.rules_of(loaded.state).book
    return CaseView(
        id=case,
        world=world,
        at=at,
        state=seen,
        verdict=verdict,
        history=past,
        turn=turn_of(loaded.state),
        category=lists.category_of(seen),
        place=names.place(seen.place),
        book=book,
        people=names.staff(_people(seen, past)) if verdict.level is Level.FULL else {},
        texts=_texts(seen.notes, past, opened),
        moves=_moves(viewer, verdict, loaded, world),
    )


def _moves(viewer: Actor, verdict: Verdict, loaded: change.Loaded, world: int) -> tuple[Move, ...]:
    """Whoever may only know that a case is there may still take it on, report by law, remind, lift his own hold."""
    found = moves.allowed(viewer, loaded.id, loaded.state, world=world)
    return found if verdict.level >= Level.COORDINATION else tuple(one for one in found if one.key in BLIND_MOVES)


def _shown(eyes: Viewer, verdict: Verdict, past: Iterable[Recorded]) -> Iterator[Recorded]:
    """The team reads all; who coordinates reads what was done; who may know that the case exists reads nothing more."""
    for recorded in past:
        event = recorded.event
        if isinstance(event, e.Noted) and not access.visible_notes(eyes, verdict, [event.note]):
            continue
        is_inner = isinstance(event, INNER_EVENTS)
        if verdict.level is Level.FULL or (verdict.level is Level.COORDINATION and not is_inner):
            yield recorded


def _people(state: Case, past: Iterable[Recorded]) -> set[str]:
    found = {person for task in state.tasks for person in task.takers} | {state.champion}
    for recorded in past:
        found.add(recorded.by)
    return found | {request.by for request in state.requests}


Opened = Mapping[str, str | vault.Gone]


def _open(case: UUID, notes: Iterable[Note], inside: Iterable[str] = ()) -> Opened:
    """The texts of visible notes and of the words inside events, in one query; none where there is nothing to open."""
    wanted = {*inside, *(note.ref for note in notes)}
    return vault.open_items(case, wanted) if wanted else {}


def _texts(notes: Iterable[Note], past: Iterable[Recorded], every: Opened) -> dict[str, Text]:
    """The texts behind the visible notes, with who wrote them and when."""
    wanted = {note.ref: note for note in notes}
    written: dict[str, Recorded] = {}
    for recorded in past:
        event = recorded.event
        if isinstance(event, e.Noted):
            written[event.note.ref] = recorded
        elif isinstance(event, e.Registered):
            written |= {note.ref: recorded for note in event.notes}
    found = {}
    for ref, note in wanted.items():
        opened, by = every[ref], written.get(ref)
        found[ref] = Text(
            kind=note.kind,
            text="" if isinstance(opened, vault.Gone) else opened,
            by=by.by if by else "",
            unit=by.unit if by else "",
            at=by.at if by else None,
            gone=str(opened.value) if isinstance(opened, vault.Gone) else "",
        )
    return found


def turn_of(state: Case) -> Turn:
    """Who must act now, and until when."""
    table = {
        Stage.REGISTERED: (state.desk, "accept", "accept"),
        Stage.ACCEPTED: (state.desk, "dispatch", "dispatch"),
        Stage.DISPATCHED: (state.lead, "take", "handle"),
        Stage.WORKING: (state.lead, "handle", "handle"),
        Stage.ANSWERED: (state.verifier_unit or state.desk, "send-to-verify", "verify"),
        Stage.VERIFYING: (state.verifier_unit or state.desk, "verify", "verify"),
    }
    if state.stage not in table:
        return Turn(names.unit(state.lead), "none", None)
    unit, what, key = table[state.stage]
    ticking = [clock for clock in state.clocks if clock.is_ticking and clock.task is None]
    own = [clock for clock in ticking if clock.key == key or clock.statutory]
    return Turn(names.unit(unit), what, min(own or ticking, key=lambda clock: clock.due, default=None))


# -- by receipt --------------------------------------------------------------------------------------------------


def track(code: str, *, viewer: Actor | None = None, world: int = 1) -> TrackView:
    """The case that a receipt leads to: exactly one, also after a merge (law 1). Raises ``NotFound``.

    ``viewer``: who holds the code, where he has signed in. To the members of a barred unit it opens nothing.
    """
    tidy = identity.tidy_code(code)
    first = _receipt(tidy, world)
    loaded = change.load(first, world) if first is not None else None
    if first is None or loaded is None:
        raise NotFound(code)
    reporter = loaded.state.reporter
    own = _own_texts(first, loaded.state, reporter, world)
    current = loaded
    for _ in range(MOST_HOPS):
        following = change.load(UUID(current.state.merged_into), world) if current.state.merged_into else None
        if following is None:
            break
        current = following
    if viewer is not None:
        _need_not_barred(viewer, [loaded, current], world)
    return _tracked(viewer, tidy, current, first=first, reporter=reporter, own=own, world=world)


def _need_not_barred(viewer: Actor, cases: Iterable[change.Loaded], world: int) -> None:
    at = instant.now(world)
    eyes = access.viewer_of(viewer, at, world=world)
    for one in cases:
        facts = access.facts_of(one.id, one.state)
        if not access.may_track(eyes, facts):
            access.log_read(viewer, one.id, facts.reporter, "track", "", outcome=access.REFUSED, at=at, world=world)
            raise NotFound(str(one.id))


def _receipt(code: str, world: int) -> UUID | None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT case_id FROM receipt WHERE digest = %s AND world_id = %s", [identity.code_digest(code), world]
        )
        row = cursor.fetchone()
    return row[0] if row else None


def _own_texts(case: UUID, state: Case, reporter: str, world: int) -> tuple[Text, ...]:
    """What the reporter himself wrote; who gave no contact and no name still wrote the report."""
    past = history.events_of(case, world)
    texts = _texts(state.notes, past, _open(case, state.notes)).values()
    hidden = {"contact", *scene_fields.personal_keys(state.scene)}
    return tuple(t for t in texts if t.by == reporter and t.kind not in hidden and t.unit == "")


def _tracked(
    viewer: Actor | None,
    code: str,
    current: change.Loaded,
    *,
    first: UUID,
    reporter: str,
    own: tuple[Text, ...],
    world: int,
) -> TrackView:
    at = instant.now(world)
    state, past = current.state, history.events_of(current.id, world)
    answers = [note for note in state.notes if note.kind == "answer" or "reporter" in note.audience]
    inside = tuple(reasons.refs_in((state.outcome, [one for one in past if _is_for(reporter, one)])))
    opened = _open(current.id, answers, inside)
    words = reasons.spoken({ref: opened[ref] for ref in inside}, but=(note.ref for note in state.notes))
    state, past = reasons.told(state, words), reasons.told(past, words)
    acting = Actor(reporter, "", frozenset({"reporter"}))
    is_merged = current.id != first
    not_his = fences.closes_his_own(state, past, reporter, viewer, is_merged=is_merged)
    found = (move.key for move in moves.allowed(acting, current.id, state, world=world))
    return TrackView(
        code=code,
        id=current.id,
        first=first,
        world=world,
        at=at,
        state=state,
        reporter=reporter,
        history=tuple(past),
        turn=turn_of(state),
        category=lists.category_of(state),
        place=names.place(state.place),
        own=own,
        answers=tuple(_texts(answers, past, opened).values()),
        moves=frozenset(key for key in found if key != "verify" or not_his is None),
        outcomes=rulebooks.rules_of(state).book.outcomes,
        is_merged=is_merged,
        not_his_to_close=not_his,
        pictures=_pictures(past if not is_merged else history.events_of(first, world), reporter),
    )


def _pictures(past: Iterable[Recorded], reporter: str) -> tuple[str, ...]:
    """What he photographed himself, in the case that he reported: not what others who reported the same sent."""
    added = (one.event.proof for one in past if isinstance(one.event, e.ProofAdded) and one.by == reporter)
    return tuple(proof.ref for proof in added if proof.ref.startswith("photo:")) if reporter else ()


def _is_for(reporter: str, recorded: Recorded) -> bool:
    """Of others who reported the same matter, nobody is told what they wrote."""
    event = recorded.event
    return isinstance(event, FOR_REPORTER) and (not isinstance(event, e.Disputed) or recorded.by == reporter)


# -- who looked --------------------------------------------------------------------------------------------------


def looks_at(viewer: Actor, case: UUID, *, purpose: str = "", world: int = 1) -> tuple[Look, ...]:
    """Who read a case, for what purpose: for its case team. The look at this list is a look too."""
    at = instant.now(world)
    eyes = access.viewer_of(viewer, at, world=world)
    facts = access.find_facts(case, world=world)
    access.admit(eyes, case, facts, purpose=purpose, at=at, what="looks", world=world, at_least=Level.FULL)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT at, unit, case_id, what, purpose, outcome, person FROM access_log"
            " WHERE case_id = %s AND world_id = %s AND withheld = '' ORDER BY id DESC LIMIT 500",
            [case, world],
        )
        return tuple(Look(*row) for row in cursor.fetchall())


def looks_by_receipt(code: str, *, world: int = 1) -> tuple[Look, ...]:
    """谁看过我: for the holder of a receipt, every look at what is kept about him. Raises ``NotFound``."""
    view = track(code, world=world)
    if not view.reporter:
        return ()
    acting = Actor(view.reporter, "", frozenset({"reporter"}))
    eyes = access.viewer_of(acting, view.at, world=world, receipt_for=view.id)
    return access.who_looked(eyes, UUID(view.reporter), at=view.at, world=world)

"""A reporter blacks out words that he wrote himself: a new text stands for the old one, whose box is emptied for ever.

The history keeps that he wrote something and that he wrote it anew; nobody can read the old words again, also not after
a backup is restored (the ids of emptied boxes stand in the register of what was erased).
"""

from __future__ import annotations

from django.db import connection, transaction

from bihuan.desk import change, history, instant, keyring, reads, submit, vault
from bihuan.desk.actor import Actor, reporter
from bihuan.desk.looks import log_read
from bihuan.desk.reads import TrackView
from bihuan.kernel import events as e
from bihuan.kernel.case import Note

BLACK = "■"
KINDS = ("text", "address")


class NotWritten(LookupError):
    """The words do not stand in what he wrote."""


def black_out(code: str, words: str, *, viewer: Actor | None = None, world: int = 1) -> int:
    """Black out ``words`` wherever the holder of the receipt wrote them; returns in how many texts they stood.

    Raises ``NotFound`` (no such receipt), ``NotWritten``, and ``Refused``: what the kernel says to a new note.
    """
    view = reads.track(code, viewer=viewer, world=world)
    loaded = change.load(view.first, world)
    if loaded is None or not view.reporter:
        raise submit.NotFound(code)
    own = _own(view, loaded.state.notes, world)
    texts = vault.open_many({view.first: [note.ref for note in own]})
    hit = [note for note in own if words and words in texts.get(note.ref, "")]
    if not hit:
        raise NotWritten(words)
    by = reporter(view.reporter)
    for note in hit:
        told = texts[note.ref].replace(words, BLACK * len(words))
        submit.submit(None, by=by, case=view.first, purpose="redact", texts={note.kind: told}, world=world)
    _empty(view, hit, by, world)
    return len(hit)


def _own(view: TrackView, notes: tuple[Note, ...], world: int) -> list[Note]:
    """What he wrote himself, by the history."""
    wrote: set[str] = set()
    for recorded in history.events_of(view.first, world):
        if recorded.by == view.reporter and not recorded.unit:
            event = recorded.event
            wrote |= {event.note.ref} if isinstance(event, e.Noted) else set()
            wrote |= {note.ref for note in event.notes} if isinstance(event, e.Registered) else set()
    return [note for note in notes if note.ref in wrote and note.kind in KINDS]


def _empty(view: TrackView, notes: list[Note], by: Actor, world: int) -> None:
    """First into the register, on the disk; then the boxes, and what search knows of the case until it is read anew."""
    items = [item for note in notes if (item := vault.item_id(note.ref))]
    keyring.register_erased(items)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE vault_item SET box = '' WHERE id = ANY(%s::uuid[]) AND box <> ''", [items])
        cursor.execute("UPDATE case_words SET words = about WHERE case_id = %s", [view.first])
    log_read(by, view.first, None, "redact", "redact", outcome="erased", at=instant.now(world), world=world)

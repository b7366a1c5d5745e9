"""Search over the words of cases that are not sealed: an index that follows the feed, newest cases first.

The index holds keyed hashes (``search_words``), in segments of ``A_SEGMENT`` cases that have hashes of their own. A
question walks the segments from the newest until its page is full: a frequent word costs one segment, a rare one a
probe in each. What a reader may see stands in the index too (``eyes``), and the table of seals judges every row again.
The real world only; sealed cases (L2, L3) are not in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection

from bihuan.desk import change, feed, instant, lists, names, planned, seals, sight, vault
from bihuan.desk.actor import Actor
from bihuan.desk.change import Loaded
from bihuan.desk.feed import Placed
from bihuan.desk.instant import REAL_WORLD
from bihuan.desk.lists import Line
from bihuan.desk.seals import Level
from bihuan.desk.search_words import tokens, words
from bihuan.kernel.case import Note

READER = "search"
A_BATCH = 500
A_SEGMENT = 8192
MOST_WORDS = 24
# A realm of more units than this is no narrower than the words.
MOST_EYES = 64
AROUND = 24
KINDS = ("text", "address", "answer", "work")
# What changes words, seal, place, matter or who works on it. Clocks and steps do not.
TELLING = frozenset({
    "Registered", "ImportedCase", "Recategorised", "Resealed", "Noted", "Dispatched", "TaskAdded", "TaskTaken",
    "TaskReleased", "TaskReturned", "TaskCancelled", "SentToVerify", "ChampionNamed", "Absorbed", "Merged", "Unmerged",
})  # fmt: skip
_GROUND = (6, 9, 12)

_PUT = """
INSERT INTO case_words (pos, district, case_id, words, about, eyes)
SELECT * FROM unnest(%s::bigint[], %s::text[], %s::uuid[]) AS x(pos, district, case_id)
  CROSS JOIN LATERAL (SELECT '{}'::int[], '{}'::int[], '{}'::int[]) AS nothing
ON CONFLICT (case_id) DO NOTHING
"""


@dataclass(frozen=True)
class Found:
    """A case that was found; ``snippet``: the words around the first hit, for those who may read all of the case."""

    line: Line
    snippet: str = ""


@dataclass(frozen=True)
class Hits:
    """``next`` is the cursor of the following page, empty at the end. ``words``: what was searched for."""

    found: tuple[Found, ...]
    next: str
    words: tuple[str, ...]


# --- the index follows the feed


def step() -> int:
    """Take in the next events; returns how many."""
    return feed.follow(REAL_WORLD, READER, _take, limit=A_BATCH)


def settle() -> None:
    """Take in everything that is in the feed, for commands and tests that wait for it."""
    while step():
        pass


def _take(events: Sequence[Placed]) -> None:
    told = {one.case for one in events if one.kind in TELLING}
    if not told:
        return
    loaded = change.load_many(sorted(told), REAL_WORLD)
    sealed = [one.id for one in loaded.values() if seals.facts_of(one.id, one.state).is_sealed]
    open_ones = [one for one in loaded.values() if one.id not in set(sealed)]
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM case_words WHERE case_id = ANY(%s)", [sealed])
        if not open_ones:
            return
        places = _places(cursor, open_ones)
        # Locks the keys: a text that is erased now is erased before this reads it or after this has written it.
        texts = vault.open_many({one.id: [note.ref for note in one.state.notes if _is_read(note)] for one in open_ones})
        rows = [_row(one, places[one.id], texts) for one in open_ones]
        cursor.executemany("UPDATE case_words SET words = %s, about = %s, eyes = %s WHERE pos = %s", rows)


def _is_read(note: Note) -> bool:
    return note.kind in KINDS and set(note.audience) <= {"reporter"}


def _places(cursor: Any, cases: Sequence[Loaded]) -> dict[UUID, int]:  # noqa: ANN401 - Django's cursor
    """Each case's place in the index; those that are new get the next ones, the oldest first."""
    ids = [one.id for one in cases]
    cursor.execute("SELECT case_id FROM case_words WHERE case_id = ANY(%s)", [ids])
    known = {row[0] for row in cursor.fetchall()}
    fresh = [one for one in cases if one.id not in known]
    if fresh:
        cursor.execute("SELECT nextval('case_words_pos') FROM generate_series(1, %s)", [len(fresh)])
        free = [row[0] for row in cursor.fetchall()]
        cursor.execute(_PUT, [free, [one.district for one in fresh], [one.id for one in fresh]])
    cursor.execute("SELECT case_id, pos FROM case_words WHERE case_id = ANY(%s)", [ids])
    return dict(cursor.fetchall())


def _row(one: Loaded, pos: int, texts: dict[str, str]) -> tuple[list[int], list[int], list[int], int]:
    segment, state = pos // A_SEGMENT, one.state
    about = words(_about(one))
    said = dict(about)
    for note in state.notes:
        said |= words(texts.get(note.ref, ""))
    return tokens(said, segment), tokens(about, segment), tokens(_eyes(one), segment), pos


def _about(one: Loaded) -> str:
    """What the case is about and where, in both languages: known to all who may know of it."""
    category, place = lists.category_of(one.state), names.place(one.state.place)
    street = names.unit(place.parent)
    return f"{category.name} {category.name_en} {place.name} {place.name_en} {street.name} {street.name_en}"


def _eyes(one: Loaded) -> list[str]:
    """Who may see it: units and people who work on it, its ground, or everybody."""
    facts = seals.facts_of(one.id, one.state)
    units = {facts.desk, facts.lead, facts.verifier, *facts.units} - {""}
    grounds = [f"ground {facts.place[:length]}" for length in _GROUND]
    return [*(f"unit {code}" for code in units), *facts.named, *grounds, *(["all"] if facts.seal == 0 else [])]


# --- what is asked


def find(viewer: Actor, text: str, *, after: str = "", limit: int = 50) -> Hits:
    """Cases in which all words of ``text`` occur, newest first; only what ``viewer`` may know of, none sealed.

    What was written is searched only where he may read it; matter and place wherever he may know of the case. Raises
    ``ValueError`` for a broken cursor.
    """
    asked = list(words(text))[:MOST_WORDS]
    limit = max(1, min(limit, lists.MOST))
    if not asked:
        return Hits((), "", ())
    at = instant.now()
    eyes = seals.viewer_of(viewer, at)
    rows = _rows(eyes, asked, int(after) if after else None, limit + 1)
    more = str(rows[limit - 1][0]) if len(rows) > limit else ""
    kept = rows[:limit]
    snippets = _snippets(eyes, [row[2] for row in kept if row[1]], asked)
    found = tuple(Found(lists.line_of(row[2:], at), snippets.get(row[2], "")) for row in kept)
    return Hits(found, more, tuple(asked))


def _rows(eyes: seals.Viewer, asked: list[str], before: int | None, limit: int) -> list[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = []
    with planned.anew() as cursor:
        cursor.execute("SELECT coalesce(max(pos), -1) + 1 FROM case_words")
        end = int(cursor.fetchone()[0])
        before = end if before is None else min(before, end)
        segment, width = (before - 1) // A_SEGMENT, 1
        while segment >= 0 and len(rows) < limit:
            some = range(segment, max(-1, segment - width), -1)
            sql, values = _asked(eyes, asked, some, before, limit - len(rows))
            cursor.execute(sql, values)
            rows += cursor.fetchall()
            segment, width = segment - width, width * 4
    return rows


def _asked(
    eyes: seals.Viewer, asked: list[str], segments: Iterable[int], before: int, limit: int
) -> tuple[str, list[Any]]:
    """One question over some segments. Two arms: all that was written, for who may read it; matter and place."""
    arms, values = [], []
    for is_full, level in ((True, Level.FULL), (False, Level.EXISTENCE)):
        seen, given = seals.case_filter(eyes, at_least=level, with_sealed=False)
        own = _own(eyes, is_full=is_full)
        arms.append(
            f"(SELECT w.pos, {is_full} AS is_full, {lists.COLUMNS}"  # noqa: S608 - own words
            f" FROM (SELECT f AS pos FROM words_found({is_full}, %s, %s, %s) AS f ORDER BY f DESC) AS found"
            f" JOIN case_words w ON w.pos = found.pos JOIN case_row c ON c.id = w.case_id"
            f" WHERE {seen} ORDER BY w.pos DESC LIMIT {limit})"
        )
        wanted = [tokens(asked, segment) for segment in segments]
        owned = [tokens(own, segment) for segment in segments] if own else None
        values += [wanted, owned, before, *given]
    both = " UNION ALL ".join(arms)
    once = f"SELECT DISTINCT ON (pos) * FROM ({both}) AS both_arms ORDER BY pos DESC, is_full DESC LIMIT {limit}"  # noqa: S608
    return once, values


def _own(eyes: seals.Viewer, *, is_full: bool) -> list[str]:
    """What stands among the ``eyes`` of the cases that the reader may see; empty where that would narrow nothing."""
    realm = {eyes.actor.unit} - {""}
    for relation in seals.OVER:
        realm |= eyes.realm(relation)
    if eyes.is_system or len(realm) > MOST_EYES:
        return []
    own = [*(f"unit {code}" for code in sorted(realm)), *eyes.names]
    if is_full:
        return own or ["nobody"]
    return [*own, "all", *([f"ground {eyes.ground}"] if eyes.ground else [])]


def _snippets(eyes: seals.Viewer, cases: Sequence[UUID], asked: Sequence[str]) -> dict[UUID, str]:
    """The words around the first hit, from the notes that the reader may read."""
    loaded = change.load_many(cases, REAL_WORLD) if cases else {}
    refs = {}
    for one in loaded.values():
        verdict = seals.may_see(eyes, seals.facts_of(one.id, one.state))
        notes = sight.visible_notes(eyes, verdict, one.state.notes)
        refs[one.id] = [note.ref for note in notes if _is_read(note)]
    texts = vault.open_many(refs) if refs else {}
    found = {}
    for case, own in refs.items():
        hits = [_around(texts[ref], asked) for ref in own if ref in texts]
        found[case] = next((hit for hit in hits if hit), "")
    return found


def _around(text: str, asked: Sequence[str]) -> str:
    tidy = " ".join(text.split())
    low = tidy.casefold()
    at = min((low.find(word) for word in asked if word in low), default=-1)
    if at < 0:
        return ""
    start, end = max(0, at - AROUND // 2), at + 2 * AROUND
    return ("…" if start else "") + tidy[start:end] + ("…" if end < len(tidy) else "")

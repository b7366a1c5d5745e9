"""Equal open cases: what was reported already, found by place, time, kind and words among a million open ones.

An index of keyed hashes (``equal_keys``) follows the feed: cases that are open, of the real world, and not sealed. The
table of seals judges every row again. What was written is compared only where the viewer may read it; anybody else is
told by kind and spot alone. It proposes; a person merges.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection

from bihuan.desk import change, feed, instant, lists, planned, seals, vault
from bihuan.desk.actor import Actor
from bihuan.desk.change import Loaded
from bihuan.desk.equal_keys import (
    NEAR,
    SAME_SPOT,
    WITHIN,
    Alike,
    Hasher,
    Matter,
    Told,
    common_of,
    compare,
    keys,
    metres,
    pack,
    told,
    unpack,
)
from bihuan.desk.feed import Placed
from bihuan.desk.instant import REAL_WORLD
from bihuan.desk.lists import Line
from bihuan.desk.seals import Level
from bihuan.kernel.case import OPEN_STAGES

READER = "equal"
__all__ = ["Alike", "Equal", "Matter", "around", "find", "settle", "step"]
A_BATCH = 500
MOST_JUDGED = 30
MOST_WORDS = 6
TELLING = frozenset({
    "Registered", "ImportedCase", "Recategorised", "Resealed", "Noted", "Declined", "Closed", "Reopened", "Disputed",
    "Archived", "Merged", "Unmerged",
})  # fmt: skip
_PUT = """
INSERT INTO case_alike (case_id, world_id, district, category, place, opened, is_public, lon, lat, address, size,
  sketch, spots, words) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (case_id) DO UPDATE SET category = excluded.category, place = excluded.place, opened = excluded.opened,
  is_public = excluded.is_public, lon = excluded.lon, lat = excluded.lat, address = excluded.address,
  size = excluded.size, sketch = excluded.sketch, spots = excluded.spots, words = excluded.words
"""


@dataclass(frozen=True)
class Equal:
    """A case that is perhaps the same, and why. ``words``: what both say, ``days``: how long ago it was reported."""

    line: Line
    alike: Alike
    days: int
    words: tuple[str, ...] = ()


# --- the index follows the feed


def step() -> int:
    """Take in the next events; returns how many."""
    return feed.follow(REAL_WORLD, READER, _take, limit=A_BATCH)


def settle() -> None:
    """Take in everything that is in the feed, for commands and tests that wait for it."""
    while step():
        pass


def _take(events: Sequence[Placed]) -> None:
    cases = {one.case for one in events if one.kind in TELLING}
    if not cases:
        return
    loaded = change.load_many(sorted(cases), REAL_WORLD)
    kept = [one for one in loaded.values() if _is_kept(one)]
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM case_alike WHERE case_id = ANY(%s)", [list(cases - {one.id for one in kept})])
        if kept:
            # Locks the keys: a text that is erased now is erased before this reads it or after this has written it.
            texts = vault.open_many({one.id: [note.ref for note in one.state.notes] for one in kept})
            hasher, points = Hasher(), _points(cursor, [one.id for one in kept])
            cursor.executemany(_PUT, [_row(hasher, one, texts, points[one.id]) for one in kept])


def _is_kept(one: Loaded) -> bool:
    return one.state.stage in OPEN_STAGES and not seals.facts_of(one.id, one.state).is_sealed


def _points(cursor: Any, cases: list[UUID]) -> dict[UUID, tuple[float | None, float | None]]:  # noqa: ANN401
    cursor.execute("SELECT id, lon, lat FROM case_row WHERE id = ANY(%s)", [cases])
    return {row[0]: (row[1], row[2]) for row in cursor.fetchall()}


def _row(
    hasher: Hasher, one: Loaded, texts: Mapping[str, str], point: tuple[float | None, float | None]
) -> tuple[Any, ...]:
    state = one.state
    said = {kind: " ".join(texts.get(n.ref, "") for n in state.notes if n.kind == kind) for kind in ("text", "address")}
    matter = told(hasher, Matter(said["text"], said["address"], state.category, state.place, *point))
    spots, words = keys(hasher, matter)
    return (
        one.id, REAL_WORLD, one.district, state.category, state.place, state.opened, state.seal == "L0", *point,
        matter.address, matter.size, pack(matter.sketch), spots, words,
    )  # fmt: skip


# --- what is asked


def find(viewer: Actor, matter: Matter, *, most: int = 3) -> list[Equal]:
    """Open cases that are perhaps the same, the most equal first; only what ``viewer`` may know of, none sealed."""
    at, hasher = instant.now(), Hasher()
    eyes = seals.viewer_of(viewer, at)
    said = hasher.pairs(matter.text)
    asked = told(hasher, matter)
    if not (eyes.is_staff or eyes.is_system):
        asked, said = _silent(asked), {}
    spots, words = keys(hasher, asked, around=True)
    found = _near(asked, spots, words, at, is_public=not (eyes.is_staff or eyes.is_system), but=matter.but)
    common = common_of([other.sketch for _, other, _ in found])
    spot = SAME_SPOT if said else NEAR
    judged = [(case, other, opened, compare(asked, other, at - opened, common, spot)) for case, other, opened in found]
    best = sorted((row for row in judged if row[3] is not None), key=_order, reverse=True)[:MOST_JUDGED]
    return _shown(eyes, asked, best, said, at)[:most]


def _order(row: tuple[UUID, Told, datetime, Alike | None]) -> tuple[float, float, datetime]:
    alike = row[3]
    if alike is None:
        return 0.0, 0.0, row[2]
    return alike.score, -(alike.metres or 0.0), row[2]


def _silent(one: Told) -> Told:
    """Without what was written: of that nobody may learn by asking."""
    return replace(one, size=0, sketch=frozenset(), address=None)


def around(spot: Matter, *, since: datetime) -> list[tuple[UUID, str, datetime, float]]:
    """Open cases near a point: id, category, when it was reported, metres; the nearest first."""
    hasher = Hasher()
    here = told(hasher, spot)
    spots, _ = keys(hasher, here, around=True)
    at = instant.now()
    found = _near(here, spots, [], at, is_public=False, but=spot.but)
    apart = ((case, other, opened, metres(here, other)) for case, other, opened in found if opened >= since)
    near = [(case, other.category, opened, far) for case, other, opened, far in apart if far is not None]
    return sorted(near, key=lambda row: row[3])


_NEAR = "SELECT * FROM alike_near(%b::integer[], %b::integer[], %b, %b, %b)"


def _near(
    asked: Told, spots: list[int], words: list[int], at: datetime, *, is_public: bool, but: Collection[UUID]
) -> list[tuple[UUID, Told, datetime]]:
    # Binary: the sketches would cost twice their size as text.
    with planned.anew(), connection.connection.cursor(binary=True) as cursor:
        rows = cursor.execute(_NEAR, [spots, words, at - WITHIN, settings.DISTRICT, is_public]).fetchall()
    return [
        (row[0], Told(row[1], row[2], row[4], row[5], row[7], unpack(row[8]), row[6]), row[3])
        for row in rows
        if row[0] not in but and (row[7] or asked.size or row[4] is not None or row[6] is not None)
    ]


def _shown(
    eyes: seals.Viewer,
    asked: Told,
    best: Sequence[tuple[UUID, Told, datetime, Alike | None]],
    said: Mapping[int, str],
    at: datetime,
) -> list[Equal]:
    """As far as the viewer may know of them, by the rows as they are now."""
    lines, full = _seen(eyes, [row[0] for row in best], at)
    found = []
    for case, other, opened, alike in best:
        if case in lines and case not in full:
            alike = compare(_silent(asked), _silent(other), at - opened, spot=NEAR)  # noqa: PLW2901 - judged again
        if case in lines and alike is not None:
            words = [said[one] for one in said if one in alike.shared] if case in full else []
            found.append(Equal(lines[case], alike, (at - opened).days, _telling(words)))
    return found


def _telling(words: Sequence[str]) -> tuple[str, ...]:
    """Neighbouring pairs as the words that they make; the longest first."""
    joined: list[str] = []
    for word in words:
        if joined and len(word) == 2 and joined[-1][-1:] == word[:1] and word > "\u2e80":
            joined[-1] += word[1:]
        else:
            joined.append(word)
    return tuple(sorted(dict.fromkeys(joined), key=len, reverse=True)[:MOST_WORDS])


def _seen(eyes: seals.Viewer, cases: list[UUID], at: datetime) -> tuple[dict[UUID, Line], set[UUID]]:
    if not cases:
        return {}, set()
    known, values = seals.case_filter(eyes, with_sealed=False)
    full, given = seals.case_filter(eyes, at_least=Level.FULL, with_sealed=False)
    with planned.anew() as cursor:
        cursor.execute(
            f"SELECT ({full}), {lists.COLUMNS} FROM case_row c WHERE c.id = ANY(%s) AND c.is_open AND {known}",  # noqa: S608
            [*given, cases, *values],
        )
        rows = cursor.fetchall()
    return {row[1]: lists.line_of(row[1:], at) for row in rows}, {row[1] for row in rows if row[0]}

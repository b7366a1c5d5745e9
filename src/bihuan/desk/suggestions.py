"""What a clerk drafts for a new case: category, unit, equal open cases, facts to ask for. People decide.

It follows the feed in a worker. Sealed cases are not read; the words that decided are kept as keyed hashes and shown to
those who may read the text. What people made of a draft is kept beside it: that is the measure of the clerk, and with
the accepted cases what it learns from. The head of a desk can switch it off; from then on nothing is drafted or shown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
from django.conf import settings
from django.db import connection

from bihuan.desk import catalogue, change, equal, feed, identity, instant, lists, missing, names, seals, vault
from bihuan.desk.actor import SYSTEM, Actor
from bihuan.desk.change import Loaded
from bihuan.desk.equal_keys import Hasher
from bihuan.desk.feed import Placed
from bihuan.desk.instant import REAL_WORLD
from bihuan.desk.measures import Share
from bihuan.desk.names import UnitName
from bihuan.desk.seals import Level
from bihuan.kernel.case import Stage
from bihuan.kernel.refused import Refused

READER = "clerk"
A_BATCH = 100
LONG_NUMBER = re.compile(r"[0-9]{7,}")
TELLING = frozenset({"Registered", "Resealed", "Dispatched"})
NEW_FOR = timedelta(days=2)  # what came in longer ago is not drafted for: it is history, or decided by now
UNDECIDED = frozenset({Stage.REGISTERED, Stage.ACCEPTED})
LEARNT_FROM = tuple(stage.value for stage in Stage if stage not in {Stage.REGISTERED, Stage.DECLINED, Stage.MERGED})


@dataclass(frozen=True)
class Draft:
    """What a model says; ``label`` is empty where it abstains. ``words``: the pieces of the text that decided."""

    label: str = ""
    chance: float = 0.0
    words: tuple[str, ...] = ()


# Scene, what is asked for (``category`` or ``unit``), the text.
Judge = Callable[[str, str, str], Draft]


@dataclass(frozen=True)
class Suggestion:
    """A draft as a page shows it. ``by_rule``: the unit follows from the route table. ``asks``: facts that are missing.

    ``is_followed``: the case has the category already.
    """

    category: UnitName | None
    chance: float
    words: tuple[str, ...]
    unit: UnitName | None
    unit_chance: float
    by_rule: bool
    asks: tuple[str, ...]
    is_followed: bool


@dataclass(frozen=True)
class Card:
    """``right``: how often people took what it drafted, of the cases dispatched since."""

    scene: str
    what: str
    made: datetime
    card: Mapping[str, Any]
    right: Share


_judge: Judge | None = None


def folder() -> Path:
    """Where the models of this site lie: ``scene/what``."""
    return Path(settings.DATA) / "models"


def fill(judge: Judge) -> None:
    """Called by wiring, in a worker alone: a judge loads what a web process must not."""
    global _judge  # noqa: PLW0603 - one for the process
    _judge = judge


# --- the switch


def is_on() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT value FROM setting WHERE key = %s", [_key()])
        row = cursor.fetchone()
    return bool(orjson.loads(row[0])["on"]) if row else True


def may_switch(by: Actor) -> bool:
    """The head of a desk at which cases come in."""
    return "head" in by.roles and any(by.unit in book.desks for book in catalogue.books_in_force())


def switch(by: Actor, *, on: bool) -> None:
    """At once, in every process. Raises ``Refused``."""
    if not may_switch(by):
        raise Refused("wrong-role", law=2, needs="head")
    told = orjson.dumps({"on": on, "by": by.person, "unit": by.unit, "at": instant.now().isoformat()}).decode()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO setting (key, value) VALUES (%s, %s) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            [_key(), told],
        )


def _key() -> str:
    return f"suggestions:{settings.DISTRICT}"


# --- drafting, in a worker


def step() -> int:
    return feed.follow(REAL_WORLD, READER, _take, limit=A_BATCH)


def settle() -> None:
    while step():
        pass


def _take(events: Sequence[Placed]) -> None:
    told = {one.case: one.kind for one in events if one.kind in TELLING}
    if not told:
        return
    fresh = {one.case for one in events if one.kind == "Registered"}
    loaded = change.load_many(sorted(told), REAL_WORLD)
    sealed = [one.id for one in loaded.values() if seals.facts_of(one.id, one.state).is_sealed]
    _forget(sealed)
    _settle([one for one in loaded.values() if one.state.stage not in UNDECIDED and one.id not in sealed])
    since = instant.now() - NEW_FOR
    new = [
        one
        for one in loaded.values()
        if one.id in fresh and one.id not in sealed and one.state.stage in UNDECIDED and one.state.opened > since
    ]
    if new and is_on():
        texts = vault.open_many({one.id: [note.ref for note in one.state.notes] for one in new})
        points = _points([one.id for one in new])
        for one in new:
            _put(one, texts, points.get(one.id, (None, None)))


def _forget(cases: Sequence[UUID]) -> None:
    if cases:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM case_suggestion WHERE case_id = ANY(%s)", [list(cases)])


def _settle(cases: Sequence[Loaded]) -> None:
    """What people decided: the category and the unit under which the case was sent out."""
    rows = [(one.state.category, one.state.lead, instant.now(), one.id) for one in cases]
    with connection.cursor() as cursor:
        cursor.executemany(
            "UPDATE case_suggestion SET final_category = %s, final_unit = %s, settled = %s WHERE case_id = %s", rows
        )


def _points(cases: Sequence[UUID]) -> dict[UUID, tuple[float | None, float | None]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, lon, lat FROM case_row WHERE id = ANY(%s)", [list(cases)])
        return {row[0]: (row[1], row[2]) for row in cursor.fetchall()}


def _put(one: Loaded, texts: Mapping[str, str], point: tuple[float | None, float | None]) -> None:
    state = one.state
    said = {note.kind: texts.get(note.ref, "") for note in state.notes}
    text = said.get("text", "")
    category = _judge(state.scene, "category", text) if _judge is not None and text else Draft()
    unit = _judge(state.scene, "unit", text) if _judge is not None and text else Draft()
    hasher = Hasher()
    decided = {key for word in category.words for key in hasher.pairs(word)}
    matter = equal.Matter(text, said.get("address", ""), state.category, state.place, *point, but=(one.id,))
    others = [found.line.id for found in equal.find(SYSTEM, matter)]
    has_place = point[0] is not None or bool(said.get("address"))
    asks = missing.of(
        state.scene, state.category or category.label, text, has_place=has_place, has_contact=bool(said.get("contact"))
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO case_suggestion (case_id, world_id, district, scene, made, category, category_chance, unit,"
            " unit_chance, words, equal, missing) VALUES (%s, 1, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
            " ON CONFLICT DO NOTHING",
            [
                one.id, one.district, state.scene, instant.now(), category.label, category.chance, unit.label,
                unit.chance, sorted(decided), others, asks,
            ],
        )  # fmt: skip


# --- what a page shows


def of(case: UUID, scene: str, category: str, place: str, text: str) -> Suggestion | None:
    """The draft for a case that the reader may read all of; ``text`` as he reads it. ``None`` while switched off."""
    if not is_on():
        return None
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT category, category_chance, unit, unit_chance, words, missing FROM case_suggestion"
            " WHERE case_id = %s",
            [case],
        )
        row = cursor.fetchone()
    if row is None:
        return None
    known = {one.code: one for one in catalogue.category_choices(scene)}
    told = known.get(row[0])
    hasher = Hasher()
    words = tuple(dict.fromkeys(word for key, word in hasher.pairs(text).items() if key in set(row[4])))
    unit, by_rule = _unit(scene, category or row[0], place, row[2])
    return Suggestion(told, row[1], words, unit, row[3], by_rule, tuple(row[5]), is_followed=category == row[0])


def _unit(scene: str, category: str, place: str, drafted: str) -> tuple[UnitName | None, bool]:
    """By the table where it has a row: a rule stands above what was usual."""
    try:
        route = catalogue.book_in_force(scene).route(category, place) if category else None
    except Refused:
        route = None
    if route is not None:
        return names.unit(route.lead), True
    return (names.unit(drafted), False) if drafted else (None, False)


@dataclass(frozen=True)
class Short:
    """What a line of the inbox shows: the drafted category, and another open case that is perhaps the same."""

    category: UnitName | None
    chance: float
    equal: UUID | None


def lines(viewer: Actor, cases: Sequence[UUID]) -> dict[UUID, Short]:
    """For those cases that the viewer may read all of; others that he may not read are not pointed to."""
    if not cases or not is_on():
        return {}
    seen, values = seals.case_filter(seals.viewer_of(viewer, instant.now()), at_least=Level.FULL, with_sealed=False)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT s.case_id, s.scene, s.category, s.category_chance, s.equal FROM case_suggestion s"  # noqa: S608 - own words
            f" JOIN case_row c ON c.id = s.case_id WHERE s.case_id = ANY(%s) AND c.stage = 'registered' AND {seen}",
            [list(cases), *values],
        )
        rows = cursor.fetchall()
        others = sorted({other for row in rows for other in row[4]})
        cursor.execute(f"SELECT c.id FROM case_row c WHERE c.id = ANY(%s) AND c.is_open AND {seen}", [others, *values])  # noqa: S608
        open_ones = {row[0] for row in cursor.fetchall()}
    at = instant.now()
    return {
        case: Short(
            lists.category_name(scene, code, at) if code else None, chance,
            next((other for other in equals if other in open_ones), None),
        )
        for case, scene, code, chance, equals in rows
    }  # fmt: skip


# --- models and what they learn from


def keep_card(scene: str, what: str, card: Mapping[str, Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO suggest_model (id, world_id, district, scene, what, card, made)"
            " VALUES (%s, 1, %s, %s, %s, %s, %s)",
            [identity.new_id(), settings.DISTRICT, scene, what, orjson.dumps(card).decode(), instant.now()],
        )


def cards() -> list[Card]:
    """The newest of each scene and kind, with how it did since."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT ON (scene, what) scene, what, made, card FROM suggest_model WHERE district = %s"
            " ORDER BY scene, what, made DESC",
            [settings.DISTRICT],
        )
        rows = cursor.fetchall()
        found = []
        for scene, what, made, card in rows:
            cursor.execute(_RIGHT[what], [scene, made])
            right, of = cursor.fetchone()
            body = orjson.loads(card) if isinstance(card, str | bytes) else card
            found.append(Card(scene, what, made, body, Share(right, of)))
    return found


_RIGHT = {
    what: f"SELECT count(*) FILTER (WHERE {what} = final_{what}), count(*) FROM case_suggestion"  # noqa: S608 - two names
    f" WHERE scene = %s AND settled IS NOT NULL AND {what} <> '' AND made >= %s"
    for what in ("category", "unit")
}


def learnt_from(scene: str) -> Iterator[tuple[str, str, str]]:
    """Text, category and unit of the desk's own accepted cases that are not sealed: corrections are in them.

    Imported history is left out, and so are long numbers (telephones, identity cards).
    """
    last = UUID(int=0)
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT c.id FROM case_row c WHERE c.id > %s AND c.scene = %s AND c.world_id = 1 AND c.seal < %s"
                " AND c.stage = ANY(%s) AND c.category <> '' ORDER BY c.id LIMIT 500",
                [last, scene, seals.SEALED_FROM, list(LEARNT_FROM)],
            )
            ids = [row[0] for row in cursor.fetchall()]
        if not ids:
            return
        last = ids[-1]
        loaded = [one for one in change.load_many(ids, REAL_WORLD).values() if not one.state.is_imported]
        texts = vault.open_many({one.id: [n.ref for n in one.state.notes if n.kind == "text"] for one in loaded})
        for one in loaded:
            said = " ".join(texts.get(n.ref, "") for n in one.state.notes if n.kind == "text")
            if said.strip():
                yield LONG_NUMBER.sub(" ", said), one.state.category, one.state.lead

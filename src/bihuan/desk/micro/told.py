"""What published micro-scenes declare, as the rest of the desk asks for it.

Read anew at most every two seconds, by version: what another process published counts here within two seconds, and at
once for whoever reports (``need_open``). A draft on trial is told to its own context alone.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace

from django.conf import settings
from django.db import connection

from bihuan.desk import rulebooks, scene_fields, scene_words
from bihuan.desk.micro import build
from bihuan.desk.micro.draft import SCENE_KEY, Draft, decode
from bihuan.desk.scene_fields import Declared, SceneField
from bihuan.kernel.refused import Refused
from bihuan.kernel.rules import Rulebook

STALE_AFTER = 2.0
Words = Mapping[str, Mapping[str, Mapping[str, str]]]


@dataclass(frozen=True)
class Told:
    """One published micro-scene. ``unit`` declared it, ``place`` is its ground; ``is_open``: not retired."""

    key: str
    unit: str
    place: str
    published: int
    is_open: bool
    declared: Declared
    words: Words


@dataclass(frozen=True)
class _Index:
    read: float
    database: str
    known: Mapping[str, Told] = field(default_factory=dict)


_index: _Index | None = None
_on_trial: ContextVar[Told | None] = ContextVar("micro_scene_on_trial", default=None)


def find(scene: str) -> Told | None:
    """A published micro-scene, or the one on trial. A scene of the program's own comes before both."""
    trial = _on_trial.get()
    if trial is not None and trial.key == scene:
        return trial
    if not SCENE_KEY.fullmatch(scene) or scene in settings.SCENES:
        return None
    return _current().get(scene) or _current(anew=True).get(scene)


def every() -> list[Told]:
    """Those that take reports, in the order of their places."""
    known = _current().values()
    return sorted((one for one in known if one.is_open), key=lambda one: (one.place, one.key))


def need_open(scene: str) -> None:
    """Before a report is registered: by what stands in the database now. Raises ``Refused`` (``scene-retired``)."""
    if not SCENE_KEY.fullmatch(scene) or scene in settings.SCENES or _on_trial.get() is not None:
        return
    before, now = _current().get(scene), _current(anew=True).get(scene)
    if now is not None and not now.is_open:
        raise Refused("scene-retired", scene=now.declared.names[0], scene_en=now.declared.names[1])
    if before != now:
        rulebooks.forget()


def forget() -> None:
    """Read everything anew at the next question: after a publication in this process, and between tests."""
    global _index  # noqa: PLW0603 - one snapshot for all threads of the process, replaced whole
    _index = None
    rulebooks.forget()


def _current(*, anew: bool = False) -> Mapping[str, Told]:
    global _index  # noqa: PLW0603 - as in forget()
    held, database, instant = _index, str(connection.settings_dict["NAME"]), time.monotonic()
    if held is not None and held.database != database:
        held = None
    if not anew and held is not None and instant - held.read < STALE_AFTER:
        return held.known
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT key, published, retired IS NULL FROM micro_scene WHERE district = %s AND published > 0"
            " ORDER BY key",
            [settings.DISTRICT],
        )
        rows = cursor.fetchall()
    old = held.known if held is not None else {}
    stale = [key for key, number, _ in rows if key not in old or old[key].published != number]
    fresh = _load(stale) if stale else {}
    known = {key: replace(fresh.get(key) or old[key], is_open=is_open) for key, _, is_open in rows}
    _index = _Index(instant, database, known)
    return known


def _load(keys: Sequence[str]) -> dict[str, Told]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT key, number, body FROM micro_version WHERE district = %s AND key = ANY(%s) ORDER BY key, number",
            [settings.DISTRICT, list(keys)],
        )
        rows = cursor.fetchall()
    found: dict[str, list[Draft]] = {}
    for key, _, body in rows:
        found.setdefault(key, []).append(decode(body))
    return {key: tell(versions) for key, versions in found.items()}


# -- from versions to what is declared ----------------------------------------------------------------------------


def tell(versions: Sequence[Draft]) -> Told:
    """What the newest of ``versions`` declares, with the words and fields that cases of earlier ones still need."""
    newest = versions[-1]
    raw = build.manifest(newest)
    fields: dict[str, SceneField] = {}
    words: dict[str, dict[str, Mapping[str, str]]] = {}
    for one in versions:
        for group, rows in build.words(one).items():
            words.setdefault(group, {}).update(rows)
        for row in one.table("fields"):
            fields[row["key"]] = _field(row["key"], build.field(row), fields.get(row["key"]))
    words["common"] = dict(build.words(newest)["common"])
    words["fields"] = {key: one.label for key, one in fields.items()}
    now, steps = newest.keys("fields"), set(newest.keys("steps"))
    kept = {key: one if key in now else _past(one, steps) for key, one in fields.items()}
    declared = Declared(
        fields={key: kept[key] for key in (*now, *(key for key in kept if key not in now))},
        seal_note=raw.get("seal_note", {}),
        names=(raw["name"], raw["name_en"]),
        summary=(raw["summary"], raw["summary_en"]),
        asks_where="map" in raw["uses"],
        is_public=raw["is_public"],
    )
    return Told(newest.key, newest.unit, newest.place, len(versions), is_open=True, declared=declared, words=words)


def _field(key: str, raw: Mapping[str, object], before: SceneField | None) -> SceneField:
    made = SceneField(key, **{**raw, "ask": tuple(raw["ask"])})  # type: ignore[arg-type]
    former = {**before.former, **before.options} if before is not None else {}
    return replace(made, former=former)


def _past(one: SceneField, steps: set[str]) -> SceneField:
    """A field of an earlier version: asked only in steps that the newest version does not have any more."""
    return replace(
        one, required=False, ask=tuple(where for where in one.ask if where != "report" and where not in steps)
    )


@contextmanager
def on_trial(draft: Draft, book: Rulebook, earlier: Sequence[Draft] = ()) -> Iterator[None]:
    """Inside, and in this context alone, ``draft`` counts as if it were published, with ``book`` in force."""
    token = _on_trial.set(tell([*earlier, draft]))
    try:
        with rulebooks.on_trial(book):
            yield
    finally:
        _on_trial.reset(token)


def _declared(scene: str) -> Declared | None:
    found = find(scene)
    return found.declared if found is not None else None


def _words(scene: str) -> Words | None:
    found = find(scene)
    return found.words if found is not None else None


scene_fields.ask_also(_declared)
scene_words.ask_also(_words)

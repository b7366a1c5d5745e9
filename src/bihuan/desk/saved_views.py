"""Views of the inbox that somebody keeps under a name, for himself or for all of his unit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

import orjson
from django.conf import settings
from django.db import connection

from bihuan.desk.actor import Actor

MOST = 30
MOST_NAME = 40


class TooMany(ValueError):
    """No more than ``MOST`` views a person."""


@dataclass(frozen=True)
class SavedView:
    """``query`` is the address that it stands for, without the page; ``is_own``: the reader made it."""

    id: int
    name: str
    query: str
    is_own: bool


def of(viewer: Actor) -> list[SavedView]:
    """Those that the viewer made, and those that his unit shares, by name."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, name, query, person = %s::uuid FROM saved_view WHERE person = %s::uuid OR unit = %s"
            " ORDER BY name, id LIMIT 100",
            [viewer.person, viewer.person, viewer.unit],
        )
        rows = cursor.fetchall()
    return [SavedView(number, name, urlencode(orjson.loads(query)), own) for number, name, query, own in rows]


def keep(by: Actor, name: str, query: Mapping[str, str], *, for_unit: bool) -> None:
    """Under the same name the older one is replaced. Raises ``TooMany``."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM saved_view WHERE person = %s::uuid AND name <> %s", [by.person, name])
        if cursor.fetchone()[0] >= MOST:
            raise TooMany(name)
        cursor.execute(
            "INSERT INTO saved_view (district, person, unit, name, query) VALUES (%s, %s::uuid, %s, %s, %s)"
            " ON CONFLICT (person, name) DO UPDATE SET query = excluded.query, unit = excluded.unit",
            [settings.DISTRICT, by.person, by.unit if for_unit else "", name, orjson.dumps(dict(query)).decode()],
        )


def forget(by: Actor, view: int) -> None:
    """Whoever made it, and no other."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM saved_view WHERE id = %s AND person = %s::uuid", [view, by.person])

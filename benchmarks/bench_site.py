"""A site for the benchmarks: a cluster of its own with fsync on, the city rulebook, one token, and stored cases."""

from __future__ import annotations

import hashlib
import os
import resource
import secrets
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

SCENE = "city"


@dataclass
class Site:
    url: str
    postmaster: int
    token: str
    person: str
    unit: str
    category: str = ""
    place: str = ""
    environment: dict[str, str] = field(default_factory=dict)

    def actor(self):
        from bihuan.desk import api

        return api.Actor(self.person, self.unit, frozenset({"triage", "dispatcher"}))

    def intake(self, number: int):
        from bihuan.desk import api

        category, place = self.choices[number * 7919 % len(self.choices)]
        text = f"人行道井盖松动,踩上去响,晚上有老人走。第 {number} 次。"
        lon, lat = 106.53 + number % 997 / 20000, 29.54 + number % 499 / 20000
        return api.Intake(category, place, "api", {"text": text}, lon=lon, lat=lat)

    choices: list[tuple[str, str]] = field(default_factory=list)

    def bare_rows(self) -> dict[str, object]:
        """What the bare endpoint inserts: the rows of one real registration, as constants."""
        from bihuan.desk import codec, store
        from bihuan.desk.change import Asked
        from bihuan.desk.intake import registration

        change, _ = registration(self.intake(1), Asked(self.actor(), "bench", key="bench"), number=1)
        row = dict(zip(store.COLUMNS, store._row(change), strict=True))
        kept = [
            "district",
            "scene",
            "book",
            "category",
            "place",
            "seal",
            "stage",
            "desk",
            "lead",
            "lon",
            "lat",
            "version",
        ]
        values = {name: row[name] for name in kept}
        values |= {
            "version": row["version"],
            "state": codec.encode_state(change.after),
            "due": row["due"].isoformat(),
            "numbers": [r.number for r in change.events],
            "kinds": [type(r.event).__name__ for r in change.events],
            "bodies": list(change.texts()),
            "message": change.messages[0].body if change.messages else "",
            "wrapped": "\\x" + (change.keys[0][2].hex() if change.keys else ""),
            "box": "\\x" + (change.items[0][3].hex() if change.items else ""),
        }
        return {"values": values, "names": len(change.keys) + len(change.items), "messages": len(change.messages)}


@contextmanager
def site(
    *, stored: int = 0, say=lambda _: None, settings: dict[str, str] | None = None, demo: bool = False
) -> Iterator[Site]:
    """``demo``: with the units, people and registers of the demo district, and no case of it."""
    from bihuan.wiring.postgres import temporary_cluster

    with (
        tempfile.TemporaryDirectory(prefix="bihuan-bench-") as folder,
        temporary_cluster(fsync=True, settings={"shared_buffers": "256MB", **(settings or {})}) as cluster,
    ):
        os.environ.update(cluster.environment())
        os.environ["BIHUAN_DATA"] = folder
        os.environ["BIHUAN_SECRET_KEY"] = secrets.token_hex(32)
        os.environ["BIHUAN_RATE"] = "100000000"
        os.environ["DJANGO_SETTINGS_MODULE"] = "bihuan.wiring.settings"
        if demo:
            _load_demo()
        made = _make(cluster)
        if stored:
            say(f"storing {stored} cases")
            fill(made, stored, say)
        yield made


def _load_demo() -> None:
    from bihuan.wiring import migrate

    migrate.migrate()
    from bihuan.demo.load import load_demo

    load_demo()


def _make(cluster) -> Site:
    from bihuan.wiring import migrate

    migrate.migrate()
    from django.db import connection

    from bihuan import scenes
    from bihuan.desk import api

    list(scenes.install())
    book = api.upkeep.book(SCENE)
    person, token = uuid.uuid4(), secrets.token_urlsafe(24)
    now = datetime.now(UTC)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM unit WHERE code = %s", [book.desks[0]])
        if not cursor.fetchone()[0]:
            cursor.execute(
                "INSERT INTO unit (code, district, name, name_en, kind, path, place, phone)"
                " VALUES (%s, '500103', 'desk', '', 'desk', %s, '500103', '')",
                [book.desks[0], f"/{book.desks[0]}/"],
            )
        cursor.execute("INSERT INTO person (id, name) VALUES (%s, 'bench')", [person])
        cursor.execute(
            "INSERT INTO post (person_id, unit_id, role, starts) VALUES (%s, %s, 'triage', '2020-01-01') RETURNING id",
            [person, book.desks[0]],
        )
        post = cursor.fetchone()[0]
        cursor.execute(
            "INSERT INTO token (digest, post_id, name, scopes, created) VALUES (%s, %s, 'bench', %s, %s)",
            [hashlib.sha256(token.encode()).digest(), post, "report read work verify triage oversight", now],
        )
    made = Site(cluster.app_url, cluster.pid, token, str(person), book.desks[0])
    codes = sorted(book.categories)
    places = sorted({route.place for route in book.routes if len(route.place) >= 9}) or ["500103010"]
    made.choices = [(code, place) for code in codes for place in places]
    made.category, made.place = made.choices[0]
    names = [name for name in os.environ if name.startswith(("BIHUAN_", "DJANGO_"))]
    made.environment = {name: os.environ[name] for name in names}
    return made


def fill(site: Site, count: int, say=lambda _: None) -> dict[str, float]:
    from bihuan.desk import api

    begun = time.perf_counter()
    made = api.report_many((site.intake(n) for n in range(count)), by=site.actor(), purpose="bench")
    for done, _ in enumerate(made, 1):
        if done % 100_000 == 0:
            say(f"  {done} stored, {done / (time.perf_counter() - begun):.0f} a second")
    return {"seconds": time.perf_counter() - begun}


def bulk(site: Site, count: int) -> dict[str, float]:
    """Cases a second through ``report_many`` in one process, and whether memory grows with the number of rows."""
    fill(site, 2_000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    half = fill(site, count // 2)["seconds"]
    middle = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    rest = fill(site, count - count // 2)["seconds"]
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "bulk_per_s": round(count / (half + rest), 1),
        "bulk_rss_growth_mb": round((after - middle) / 1024, 1),
        "bulk_rss_first_half_mb": round((middle - before) / 1024, 1),
    }


if __name__ == "__main__":
    sys.exit("This file is used by the benchmarks; it measures nothing by itself.")

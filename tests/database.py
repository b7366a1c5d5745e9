"""The one PostgreSQL of a test run. Every pytest-xdist worker has its own database in it, copied from a migrated one.

Migrations run as the role that owns the tables; the tests run as the application does, under a role that owns nothing.
"""

import os
import subprocess
import sys
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from bihuan.wiring.postgres import DATABASE, Info

OWNER_URL, APP_URL = "BIHUAN_OWNER_DATABASE_URL", "BIHUAN_DATABASE_URL"
SETTINGS = "bihuan.wiring.settings"
MIGRATE = "from bihuan.wiring.migrate import migrate; migrate()"
STATIC = {"django_migrations", "django_content_type", "auth_permission"}


def renamed(url: str, database: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))


def migrate_template(info: Info) -> None:
    """In a process of its own: settings are read once, and this one's are those of a worker."""
    os.environ.update(info.environment())
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": SETTINGS}
    done = subprocess.run([sys.executable, "-c", MIGRATE], env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"The migrations failed:\n{done.stderr[-3000:]}")


def create_copy(name: str) -> None:
    """A database for one worker, in whose name both addresses then stand in the environment."""
    owner, app = os.environ[OWNER_URL], os.environ[APP_URL]
    with psycopg.connect(renamed(owner, "postgres"), autocommit=True) as connection:
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(DATABASE))
        connection.execute(statement)
    os.environ["DJANGO_SETTINGS_MODULE"] = SETTINGS
    os.environ.update({OWNER_URL: renamed(owner, name), APP_URL: renamed(app, name)})


class Cleaner:
    """Puts a worker's database back as the migrations left it, as the owner: the application may not truncate."""

    def __init__(self, url: str) -> None:
        self.connection = psycopg.connect(url, autocommit=True)
        self.connection.execute("SET bihuan.testing = 'on'")
        self.connection.execute("SET lock_timeout = '20s'")
        rows = self.connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        self.tables = sorted({name for (name,) in rows} - STATIC)
        self.seeds = {name: self._read(name) for name in self._filled()}

    def clean(self) -> None:
        with self.connection.transaction():
            dirty = [name for name in self._filled() if self._read_if_seed(name) != self.seeds.get(name, b"")]
            if dirty:
                names = sql.SQL(", ").join(map(sql.Identifier, dirty))
                self.connection.execute(sql.SQL("TRUNCATE {} CASCADE").format(names))
            for name, seed in self.seeds.items():
                if self._read(name) != seed:
                    self._write(name, seed)

    def _filled(self) -> list[str]:
        each = [
            sql.SQL("SELECT {} WHERE EXISTS (SELECT FROM {})").format(sql.Literal(name), sql.Identifier(name))
            for name in self.tables
        ]
        return [name for (name,) in self.connection.execute(sql.SQL(" UNION ALL ").join(each)).fetchall()]

    def _read_if_seed(self, name: str) -> bytes | None:
        return self._read(name) if name in self.seeds else None

    def _read(self, name: str) -> bytes:
        with self.connection.cursor().copy(sql.SQL("COPY {} TO STDOUT").format(sql.Identifier(name))) as copy:
            return b"".join(bytes(part) for part in copy)

    def _write(self, name: str, seed: bytes) -> None:
        self.connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(name)))
        with self.connection.cursor().copy(sql.SQL("COPY {} FROM STDIN").format(sql.Identifier(name))) as copy:
            copy.write(seed)

"""The client programs of PostgreSQL, and the desk's functions on another database than the usual one."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from django.conf import settings
from django.db import connections
from django.db.utils import load_backend
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from bihuan.desk import ports


class ToolError(RuntimeError):
    """A client program failed; the message holds what it said."""


@contextmanager
def client(
    name: str, options: Sequence[str], url: str, *, stdin: int | None = None, stdout: int | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run pg_dump or pg_restore to its end. The password goes by the environment, which others cannot read."""
    wanted = conninfo_to_dict(url)
    password = wanted.pop("password", None)
    address = make_conninfo("", **wanted)
    program: Path = ports.find_tool(name)
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            [str(program), *options, "--dbname", address],
            stdin=stdin or subprocess.DEVNULL,
            stdout=stdout,
            stderr=said,
            env={"PATH": "/usr/bin:/bin", "LANG": "C", **({"PGPASSWORD": str(password)} if password else {})},
        )
        try:
            yield process
        except BaseException:
            process.kill()
            process.wait()
            raise
        if process.wait() != 0:
            said.seek(0)
            why = said.read().decode(errors="replace").strip()
            raise ToolError(f"{name} 失败。 {name} failed: {why[-2000:]}")


def pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:
        raise ToolError("a pipe is missing")
    return pipe


def app_url() -> str:
    ours = settings.DATABASES["default"]
    names = {"host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD", "dbname": "NAME"}
    return make_conninfo(**{key: str(ours[name]) for key, name in names.items() if ours[name]})


@contextmanager
def default_database(url: str) -> Iterator[None]:
    """Let the desk's own functions, in this thread, work on the database at ``url``."""
    wanted, before = conninfo_to_dict(url), connections["default"]
    ours = {
        **before.settings_dict,
        "HOST": wanted.get("host", ""),
        "PORT": wanted.get("port", ""),
        "USER": wanted.get("user", ""),
        "PASSWORD": wanted.get("password", ""),
        "NAME": wanted.get("dbname", ""),
    }
    there = load_backend(ours["ENGINE"]).DatabaseWrapper(ours, "default")
    connections["default"] = there
    try:
        yield
    finally:
        there.close()
        connections["default"] = before

"""Making a new cluster: whole or not at all, with two roles, and with no way to log in as the superuser."""

from __future__ import annotations

import os
import secrets
import shutil
from pathlib import Path

from bihuan.wiring.binaries import PostgresError, Programs
from bihuan.wiring.papers import APP, DATABASE, OWNER, Papers

BUILTIN_LOCALES_SINCE = 17
SETTINGS = """
# Written when the cluster was made; yours to change.
max_connections = 100
max_wal_size = 2GB
min_wal_size = 160MB
# The first change to a page after a checkpoint writes the whole page into the WAL, and every new receipt falls on a
# page of its own. The wheel has no lz4; packing pages by pglz was most of what a create cost more at a million.
wal_compression = off
random_page_cost = 1.1
effective_cache_size = 1GB
work_mem = 16MB
maintenance_work_mem = 128MB
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
log_line_prefix = '%m [%p] %u@%d '
"""
DOORS = f"local all {OWNER} scram-sha-256\nlocal all {APP} scram-sha-256\n"
ROLES = f"""
CREATE ROLE {OWNER} LOGIN CREATEDB PASSWORD '{{owner}}';
CREATE ROLE {APP} LOGIN PASSWORD '{{app}}';
GRANT pg_signal_backend, pg_read_all_stats TO {OWNER};
CREATE DATABASE {DATABASE} OWNER {OWNER};
"""
PASSWORDS = f"ALTER ROLE {OWNER} PASSWORD '{{owner}}';\nALTER ROLE {APP} PASSWORD '{{app}}';\n"


def make(programs: Programs, home: Path, papers: Papers) -> None:
    """Make ``home/cluster``. A power cut on the way leaves a folder that the next start removes."""
    draft = home / f".making-{secrets.token_hex(4)}"
    locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
    if programs.major < BUILTIN_LOCALES_SINCE:
        locale = ["--locale=C.UTF-8"]
    options = ["--encoding=UTF8", *locale, "--data-checksums", "--auth=reject", "--username=postgres"]
    result = programs.run("initdb", *options, "--no-instructions", "-D", str(draft), cwd=home)
    if result.returncode != 0:
        shutil.rmtree(draft, ignore_errors=True)
        raise PostgresError(f"数据库创建失败。 The database could not be made in {home}:\n  {result.stderr.strip()}")
    with (draft / "postgresql.conf").open("a", encoding="utf-8") as file:
        file.write(SETTINGS)
    (draft / "pg_hba.conf").write_text(DOORS, encoding="ascii")
    _as_superuser(programs, draft, ROLES.format(owner=papers.owner, app=papers.app))
    draft.rename(home / "cluster")
    folder = os.open(home, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)


def set_passwords(programs: Programs, cluster: Path, papers: Papers) -> None:
    """For a cluster that is not running."""
    _as_superuser(programs, cluster, PASSWORDS.format(owner=papers.owner, app=papers.app))


def _as_superuser(programs: Programs, cluster: Path, statements: str) -> None:
    """Run statements, one a line, in PostgreSQL's single-user mode, which reports errors in words only."""
    command = ["--single", "-c", "exit_on_error=on", "-D", str(cluster), "postgres"]
    result = programs.run("postgres", *command, cwd=cluster.parent, stdin=statements)
    if result.returncode != 0 or "ERROR:" in result.stderr or "FATAL:" in result.stderr:
        said = "\n  ".join(line for line in result.stderr.splitlines() if "PASSWORD" not in line)
        raise PostgresError(f"The roles of the database could not be set:\n  {said}")

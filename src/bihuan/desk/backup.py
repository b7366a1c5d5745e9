"""Back up into one file, restore into an empty database.

The file is a ZIP: ``database.dump`` (pg_dump's custom format), ``photos/`` (proofs), ``manifest.json`` (what was in it,
hashes, signed heads) and, only when asked for, the keys. Dump and manifest are of the same instant. Without the keys
nobody can read personal data in it; whoever was erased is erased again when it is restored.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

import orjson
import psycopg
from django.conf import settings

from bihuan.desk import instant, keyring
from bihuan.desk.ledger import keys as ledger_keys
from bihuan.desk.ledger import store
from bihuan.desk.ledger.signing import verify_head
from bihuan.desk.pgtools import ToolError, app_url, client, default_database, pipe
from bihuan.desk.ports import Progress

FORMAT = "bihuan-backup/1"
DUMP, MANIFEST, KEYRING, LEDGER_KEY = "database.dump", "manifest.json", "keys/keyring.json", "keys/ledger.pem"
PHOTO = re.compile(r"photos/[0-9a-f]{2}/([0-9a-f]{64})\.[a-z]+")
CHUNK = 1 << 20

_WORLDS = """
SELECT jsonb_build_object('id', w.id, 'key', w.key, 'kind', w.kind, 'dropped', w.dropped IS NOT NULL,
  'cases', (SELECT count(*) FROM case_row WHERE world_id = w.id),
  'events', (SELECT count(*) FROM event WHERE world_id = w.id),
  'feed', (SELECT coalesce(max(pos) + 1, 0) FROM feed WHERE world_id = w.id),
  'pending', (SELECT count(*) FROM pending WHERE world_id = w.id),
  'unsent', (SELECT count(*) FROM outbox WHERE world_id = w.id AND sent IS NULL),
  'head', (SELECT note FROM head WHERE world_id = w.id ORDER BY size DESC LIMIT 1))::text
FROM world w ORDER BY w.id
"""


class BackupError(ToolError):
    """A backup could not be made or restored; the message says why, and what to do."""


def backup(target: Path, *, with_keyring: bool = False, progress: Progress | None = None) -> Mapping[str, Any]:
    """Write the whole database into ``target``, readable by its owner alone; returns the manifest.

    While it runs everybody goes on working. ``progress`` is told bytes written, of an unknown number.
    """
    if target.exists():
        raise BackupError(f"{target} 已存在。 {target} exists: choose another name, no backup is ever written over")
    draft = target.with_name(target.name + ".part")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(handle, "wb") as out:
            with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
                manifest = _write(archive, progress, with_keyring=with_keyring)
            out.flush()
            os.fsync(out.fileno())
        draft.rename(target)
    finally:
        draft.unlink(missing_ok=True)
    return manifest


def restore(source: Path, url: str, *, progress: Progress | None = None) -> Mapping[str, Any]:
    """Put a backup into the empty database at ``url``, as the role that shall own the tables.

    All or nothing up to the data itself; then people who were erased are erased again, and counts and signed heads are
    compared with the manifest. Returns the manifest with ``erased_again`` and ``warnings``. Raises ``BackupError``.
    """
    manifest = read_manifest(source)
    with zipfile.ZipFile(source) as archive:
        _check_dump(archive, manifest)
        _need_empty(url)
        warnings = list(_put_keys(archive, manifest))
        _load(archive, manifest, url, progress)
        warnings += _put_photos(archive)
    with default_database(url):
        erased, problems = 0, list(_differences(manifest, url))
        # Without a keyring there is no register of the erased yet; the first start with one erases them again.
        if keyring.path().exists():
            erased = keyring.apply_erasures(instant.wall())
            warnings += _doubts(keyring.verify())
    if problems:
        raise BackupError("恢复后不符。 What was restored is not what was backed up: " + "; ".join(problems))
    return {**manifest, "erased_again": erased, "warnings": warnings}


def read_manifest(source: Path) -> dict[str, Any]:
    """What a backup holds. Raises ``BackupError`` for a file that is none."""
    try:
        with zipfile.ZipFile(source) as archive:
            manifest: dict[str, Any] = orjson.loads(archive.read(MANIFEST))
    except (OSError, zipfile.BadZipFile, KeyError, ValueError) as error:
        raise BackupError(f"{source} 不是完整的备份。 {source} is no whole backup: {error}") from error
    if manifest.get("format") != FORMAT:
        raise BackupError(f"{source} has the format {manifest.get('format')!r}; this program reads {FORMAT!r}")
    return manifest


# --- writing


def _write(archive: zipfile.ZipFile, progress: Progress | None, *, with_keyring: bool) -> dict[str, Any]:
    url = os.environ.get("BIHUAN_OWNER_DATABASE_URL") or app_url()
    with psycopg.connect(url) as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        snapshot = _one(connection, "SELECT pg_export_snapshot()")
        manifest = {
            "format": FORMAT,
            "made": instant.wall().isoformat(),
            "district": settings.DISTRICT,
            "postgres": _one(connection, "SHOW server_version"),
            "migration": _one(
                connection, "SELECT name FROM django_migrations WHERE app = 'desk' ORDER BY name DESC LIMIT 1"
            ),
            "worlds": [orjson.loads(row[0]) for row in connection.execute(_WORLDS)],
            "keys": _describe_keys(included=with_keyring),
        }
        with archive.open(DUMP, "w", force_zip64=True) as entry:
            manifest["database"] = _dump(url, str(snapshot), entry, progress)
    # After the dump: a photograph is kept before the event that names it, so none that is named can be missing.
    manifest["photos"] = _write_photos(archive)
    if with_keyring:
        _write_keys(archive)
    archive.writestr(_plain(MANIFEST), orjson.dumps(manifest, option=orjson.OPT_INDENT_2))
    return manifest


def _dump(url: str, snapshot: str, entry: IO[bytes], progress: Progress | None) -> dict[str, Any]:
    options = ["--format=custom", f"--snapshot={snapshot}", "--no-owner"]
    digest, size = hashlib.sha256(), 0
    with client("pg_dump", options, url, stdout=subprocess.PIPE) as process:
        while chunk := pipe(process.stdout).read(CHUNK):
            digest.update(chunk)
            size += entry.write(chunk)
            if progress:
                progress(size, 0)
    return {"bytes": size, "sha256": digest.hexdigest()}


def _write_photos(archive: zipfile.ZipFile) -> int:
    count = 0
    for path in sorted((Path(settings.DATA) / "photos").glob("*/*")):
        if PHOTO.fullmatch(name := f"photos/{path.parent.name}/{path.name}"):
            archive.write(path, name)
            count += 1
    return count


def _describe_keys(*, included: bool) -> dict[str, Any]:
    """Which keys open this database: by name, so that the right keyring can be found years later."""
    ring = keyring.load() if keyring.path().exists() else None
    public = ledger_keys.public_keys()
    return {
        "included": included,
        "masters": sorted(f"{number:08x}" for number in ring.masters) if ring else [],
        "erased": len(ring.erased) if ring else 0,
        "ledger": ledger_keys.public_key_text(public[-1]) if public else None,
    }


def _write_keys(archive: zipfile.ZipFile) -> None:
    if keyring.path().exists():
        archive.writestr(_plain(KEYRING), keyring.path().read_bytes())
    if ledger_keys.path().exists():
        archive.writestr(_plain(LEDGER_KEY), ledger_keys.path().read_bytes())


def _plain(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, date_time=instant.wall().timetuple()[:6])
    info.external_attr = 0o600 << 16
    return info


# --- restoring


def _check_dump(archive: zipfile.ZipFile, manifest: Mapping[str, Any]) -> None:
    """Before anything is touched: is the dump, to the byte, the one that was written?"""
    digest = hashlib.sha256()
    try:
        with archive.open(DUMP) as entry:
            while chunk := entry.read(CHUNK):
                digest.update(chunk)
    except (zipfile.BadZipFile, KeyError, OSError) as error:
        raise BackupError(f"备份已损坏。 The backup is damaged: {error}") from error
    if digest.hexdigest() != manifest["database"]["sha256"]:
        raise BackupError("备份已损坏。 The backup is damaged: the dump is not the one that was written")


def _need_empty(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        tables = _one(
            connection,
            "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v')",
        )
        if tables:
            raise BackupError(
                f"数据库不是空的（{tables} 张表）。 The database is not empty ({tables} tables): restore into a new one"
            )
        if not _one(connection, "SELECT count(*) FROM pg_roles WHERE rolname = 'bihuan_app'"):
            try:
                connection.execute("CREATE ROLE bihuan_app NOLOGIN")
            except psycopg.errors.InsufficientPrivilege as error:
                raise BackupError(
                    "as an administrator of this server run CREATE ROLE bihuan_app, then restore again"
                ) from error


def _put_keys(archive: zipfile.ZipFile, manifest: Mapping[str, Any]) -> Iterator[str]:
    """Keys that are here stay: their register of the erased is the newer one. Missing ones come from the backup."""
    names = set(archive.namelist())
    if not keyring.path().exists() and KEYRING in names:
        _put(keyring.path(), archive.read(KEYRING))
    if not ledger_keys.path().exists() and LEDGER_KEY in names:
        _put(ledger_keys.path(), archive.read(LEDGER_KEY))
    masters = manifest["keys"]["masters"]
    if masters and not keyring.path().exists():
        yield f"no keyring at {keyring.path()}: before anybody logs in put one there that holds {', '.join(masters)}"
    elif masters and (missing := set(masters) - {f"{number:08x}" for number in keyring.load().masters}):
        raise BackupError(
            f"{keyring.path()} lacks the master keys {', '.join(sorted(missing))} of this backup: "
            "put the right keyring in its place, or move it away to restore without one"
        )
    if manifest["keys"]["ledger"] and not ledger_keys.path().exists():
        yield f"no signing key at {ledger_keys.path()}: put it back, or announce a new one and renew it"


def _put_photos(archive: zipfile.ZipFile) -> Iterator[str]:
    """Photographs that are not here yet. A name is the hash of what it names, and can lead nowhere else."""
    for name in archive.namelist():
        named = PHOTO.fullmatch(name)
        path = Path(settings.DATA) / name
        if named is None or path.exists():
            continue
        content = archive.read(name)
        if hashlib.sha256(content).hexdigest() == named[1]:
            _put(path, content)
        else:
            yield f"{name} is not the photograph that was kept"


def _put(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(path.name + ".new")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    draft.rename(path)


def _load(archive: zipfile.ZipFile, manifest: Mapping[str, Any], url: str, progress: Progress | None) -> None:
    options = ["--single-transaction", "--exit-on-error", "--no-owner"]
    total, done = manifest["database"]["bytes"], 0
    with archive.open(DUMP) as entry, client("pg_restore", options, url, stdin=subprocess.PIPE) as process:
        into = pipe(process.stdin)
        try:
            while chunk := entry.read(CHUNK):
                done += into.write(chunk)
                if progress:
                    progress(done, total)
            into.close()
        except BrokenPipeError:
            pass  # it ended early; what it said is raised when it is looked at
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("ANALYZE")


def _doubts(report: keyring.Report) -> Iterator[str]:
    if report.unreadable:
        yield f"{report.unreadable} vault keys do not open with {report.path}: find the keyring of this database"
    if report.unlisted:
        yield (
            f"{report.path} is older than this backup: {report.unlisted} erasures are missing from its register. "
            "Put back the newest keyring before an older backup is restored"
        )


def _differences(manifest: Mapping[str, Any], url: str) -> Iterator[str]:
    """Counts against the manifest; the newest head against its signature and the hashes that were restored."""
    with psycopg.connect(url) as connection:
        found = {row["id"]: row for row in (orjson.loads(raw[0]) for raw in connection.execute(_WORLDS))}
    for world in manifest["worlds"]:
        there = found.get(world["id"], {})
        for name, value in world.items():
            if there.get(name) != value:
                yield f"world {world['id']} has {name} {there.get(name)} instead of {value}"
        if world["head"] and there.get("head") == world["head"]:
            head = verify_head(ledger_keys.public_keys()[-1], world["head"])
            if store.root_at(world["id"], head.size) != head.root:
                yield f"the newest head of world {world['id']} does not fit its hashes"


def _one(connection: psycopg.Connection[Any], sql: str) -> Any:  # noqa: ANN401 - whatever the column holds
    row = connection.execute(sql.encode()).fetchone()
    return row[0] if row else None

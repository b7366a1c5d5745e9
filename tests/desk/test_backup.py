"""Dump, restore into a new cluster: nothing lost, nothing doubled, readers go on, erased people stay erased."""

import contextlib
import json
import os
import shutil
import threading
import uuid
import zipfile

import psycopg
import pytest

import database
import feeding
import rooms
from bihuan.adapters.files import FileNotifier
from bihuan.desk import api, backup, calendars, feed, identity, instant, keyring, outbox, pgtools, vault
from bihuan.desk.ledger import keys
from bihuan.desk.ledger import store as ledger
from bihuan.desk.submit import submit
from bihuan.kernel import commands as c
from bihuan.testing import cast
from bihuan.wiring.postgres import temporary_cluster
from bihuan.wiring.site import fill_ports


@pytest.fixture
def site(clean_db, tmp_path, settings):
    """A site with a little history: some messages sent, some events not yet in the feed."""
    settings.DATA = tmp_path / "data"
    fill_ports()
    identity.forget_numbers()
    calendars.forget()
    rooms.install()
    return settings


def report(person=None, text="井盖松动"):
    by = api.reporter(str(person)) if person else rooms.actor(cast.LIN)
    intake = api.Intake("manhole", "500103010", "portal", {"text": text, "contact": "13800000000"})
    return api.report(intake, by=by, purpose="report").case


@contextlib.contextmanager
def empty_database():
    """A new database beside ours; yields the owner's address and the application's."""
    name = f"r_{uuid.uuid4().hex[:12]}"
    owner, app = os.environ[database.OWNER_URL], os.environ[database.APP_URL]
    with psycopg.connect(database.renamed(owner, "postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        try:
            yield database.renamed(owner, name), database.renamed(app, name)
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextlib.contextmanager
def on(url):
    identity.forget_numbers()
    with pgtools.default_database(url):
        yield
    identity.forget_numbers()


def audit():
    found = api.audit(1)
    assert found.problems == []
    return found


def texts(case, state):
    return set(vault.open_items(case, [note.ref for note in state.notes]).values())


def test_a_restore_into_a_new_cluster_goes_on_where_the_backup_was(site, tmp_path):
    person = uuid.uuid4()
    cases = [report() for _ in range(5)]
    gone = report(person, "被删除的话")
    feed.settle()
    outbox.Sender(FileNotifier(tmp_path / "before.jsonl"), batch=3).step()
    seen = []
    feed.follow(1, "reader", seen.extend, limit=4)
    vault.erase_person(person, by=rooms.actor(cast.ZHOU), reason="申请", at=instant.wall())
    waiting = report()
    told = []
    manifest = backup.backup(tmp_path / "b.zip", progress=lambda *step: told.append(step))
    assert told[-1] == (manifest["database"]["bytes"], 0)
    assert manifest["worlds"][0]["cases"] == 7
    assert manifest["worlds"][0]["pending"] == 1
    with temporary_cluster() as cluster:
        restored = backup.restore(tmp_path / "b.zip", cluster.owner_url, progress=lambda *step: told.append(step))
        assert restored["warnings"] == []
        assert told[-1] == (manifest["database"]["bytes"],) * 2
        with on(cluster.app_url):
            audit()
            feed.settle()
            feed.follow(1, "reader", seen.extend)
            assert [event.pos for event in seen] == list(range(len(seen)))
            assert {event.case for event in seen} == {*cases, gone, waiting}
            assert ledger.receipt(1, waiting)
            sent = outbox.Sender(FileNotifier(tmp_path / "after.jsonl"))
            while sent.step():
                pass
            assert keys_in(tmp_path / "before.jsonl").isdisjoint(keys_in(tmp_path / "after.jsonl"))
            assert len(keys_in(tmp_path / "before.jsonl") | keys_in(tmp_path / "after.jsonl")) == outbox_size()
            state = submit(c.Accept(), by=rooms.actor(cast.ZHOU), case=cases[0], purpose="test").state
            assert "井盖松动" in texts(cases[0], state)
            new = report()
            assert texts(gone, state_of(gone)) == {vault.ERASED}
            feed.settle()
            assert ledger.receipt(1, new)["position"] == ledger.size(1) - len(api.events_of(new, 1))
            audit()
        with psycopg.connect(cluster.app_url) as app, pytest.raises(psycopg.errors.InsufficientPrivilege):
            app.execute("DELETE FROM event")
        with psycopg.connect(cluster.owner_url) as owner, pytest.raises(psycopg.Error, match="law 5"):
            owner.execute("DELETE FROM event")


def keys_in(path):
    return {json.loads(line)["key"] for line in path.read_text(encoding="utf-8").splitlines()}


def outbox_size():
    return feeding.rows("SELECT count(*) FROM outbox")[0][0]


def state_of(case):
    from bihuan.desk.change import load

    return load(case, 1).state


def test_whoever_was_erased_after_the_backup_stays_erased(site, tmp_path):
    person = uuid.uuid4()
    case = report(person, "被删除的话")
    backup.backup(tmp_path / "b.zip")
    vault.erase_person(person, by=rooms.actor(cast.ZHOU), reason="申请", at=instant.wall())
    with empty_database() as (owner, app):
        assert backup.restore(tmp_path / "b.zip", owner)["erased_again"] == 1
        with on(app):
            assert texts(case, state_of(case)) == {vault.ERASED}
            assert feeding.rows("SELECT count(*) FROM vault_key WHERE wrapped IS NOT NULL") == [(0,)]
            feed.settle()
            audit()


def test_a_database_that_is_not_empty_is_left_alone(site, tmp_path):
    backup.backup(tmp_path / "b.zip")
    before = feeding.rows("SELECT count(*) FROM setting")
    with pytest.raises(backup.BackupError, match="not empty"):
        backup.restore(tmp_path / "b.zip", os.environ[database.OWNER_URL])
    assert feeding.rows("SELECT count(*) FROM setting") == before


def test_no_backup_is_written_over(site, tmp_path):
    backup.backup(tmp_path / "b.zip")
    before = (tmp_path / "b.zip").read_bytes()
    with pytest.raises(backup.BackupError, match="exists"):
        backup.backup(tmp_path / "b.zip")
    assert (tmp_path / "b.zip").read_bytes() == before
    assert (tmp_path / "b.zip").stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.glob("*.part")) == []


@pytest.mark.parametrize("damage", ["cut", "changed", "text", "missing", "future"])
def test_a_damaged_backup_is_refused_before_anything_is_touched(site, tmp_path, damage):
    report()
    path = tmp_path / "b.zip"
    backup.backup(path)
    whole = path.read_bytes()
    if damage == "cut":
        path.write_bytes(whole[: len(whole) // 2])
    elif damage == "changed":
        path.write_bytes(whole[:5000] + bytes([whole[5000] ^ 1]) + whole[5001:])
    elif damage == "text":
        path.write_text("没有备份", encoding="utf-8")
    elif damage == "missing":
        path.unlink()
    else:
        path.write_bytes(whole.replace(b"bihuan-backup/1", b"bihuan-backup/9"))
    with empty_database() as (owner, _):
        with pytest.raises(backup.BackupError):
            backup.restore(path, owner)
        with psycopg.connect(owner) as connection:
            count = connection.execute("SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace")
            assert count.fetchone() == (0,)


def test_the_keys_go_along_only_when_asked_for(site, tmp_path):
    case = report()
    feed.settle()
    backup.backup(tmp_path / "without.zip")
    backup.backup(tmp_path / "with.zip", with_keyring=True)
    assert not [name for name in zipfile.ZipFile(tmp_path / "without.zip").namelist() if name.startswith("keys/")]
    shutil.rmtree(site.DATA)
    with empty_database() as (owner, app):
        warnings = backup.restore(tmp_path / "without.zip", owner)["warnings"]
        assert len(warnings) == 2
        assert not keyring.path().exists(), "an empty keyring in the place of the right one"
    with empty_database() as (owner, app):
        assert backup.restore(tmp_path / "with.zip", owner)["warnings"] == []
        assert (keyring.path().stat().st_mode | keys.path().stat().st_mode) & 0o077 == 0
        with on(app):
            assert "井盖松动" in texts(case, state_of(case))
            report()
            feed.settle()
            audit()


def test_the_keyring_of_another_site_is_refused_and_stays(site, tmp_path):
    report()
    backup.backup(tmp_path / "b.zip", with_keyring=True)
    keyring.path().unlink()
    keyring.load()
    other = keyring.path().read_bytes()
    with empty_database() as (owner, _), pytest.raises(backup.BackupError, match="lacks the master keys"):
        backup.restore(tmp_path / "b.zip", owner)
    assert keyring.path().read_bytes() == other


def test_photographs_come_along(site, tmp_path):
    png = (
        b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89"
        b"\x00\x00\x00\rIDATx\x9cc\xf8\xcf\xc0\xf0\x1f\x00\x05\x00\x01\xff\x89\x99=\x1d\x00\x00\x00\x00IEND\xaeB`\x82"
    )
    ref = api.keep_photo(png)
    kept = api.read_photo(ref)
    assert backup.backup(tmp_path / "b.zip")["photos"] == 1
    shutil.rmtree(site.DATA / "photos")
    with empty_database() as (owner, _):
        assert backup.restore(tmp_path / "b.zip", owner)["warnings"] == []
    assert api.read_photo(ref) == kept


def test_a_backup_under_load_is_of_one_instant(site, tmp_path):
    stop = threading.Event()

    def write():
        while not stop.is_set():
            report()

    def sequence():
        sequencer = feed.Sequencer(head_every=0.05)
        while not stop.is_set():
            sequencer.step()

    def dump():
        try:
            threading.Event().wait(0.5)
            backup.backup(tmp_path / "b.zip")
        finally:
            stop.set()

    feeding.in_threads(write, write, sequence, dump)
    with empty_database() as (owner, app):
        assert backup.restore(tmp_path / "b.zip", owner)["worlds"][0]["cases"] > 0
        with on(app):
            feed.settle()
            audit()
            report()
            feed.settle()
            audit()


def test_a_keyring_older_than_the_backup_is_named(site, tmp_path):
    person = uuid.uuid4()
    report(person)
    old = keyring.path().read_bytes()
    vault.erase_person(person, by=rooms.actor(cast.ZHOU), reason="申请", at=instant.wall())
    backup.backup(tmp_path / "b.zip")
    keyring.path().write_bytes(old)
    with empty_database() as (owner, _):
        (warning,) = backup.restore(tmp_path / "b.zip", owner)["warnings"]
    assert "older than this backup: 1 erasures" in warning

"""The keyring file: made once, read again when it changes, rotated, exported, and never guessed at."""

import json
import os
import threading
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from django.db import connection

from bihuan.desk import keyring, vault
from bihuan.desk.identity import new_id
from bihuan.desk.keyring import KeyringError

AT = datetime(2025, 2, 8, 9, 0, tzinfo=UTC)


@pytest.fixture
def ring(settings, tmp_path):
    settings.DATA = tmp_path / "data"
    return settings.DATA / "keyring.json"


def fill(count: int):
    made = []
    for _ in range(count):
        case = new_id()
        sealed = vault.seal(case, uuid4(), {"text": f"text of {case}"})
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO vault_key (world_id, case_id, id, person, wrapped) VALUES (1, %s, %s, %s, %s)",
                [case, *sealed.keys[0]],
            )
            cursor.execute(
                "INSERT INTO vault_item (world_id, case_id, id, key_id, kind, box) VALUES (1, %s, %s, %s, %s, %s)",
                [case, *sealed.items[0]],
            )
        made.append((case, sealed.refs["text"]))
    return made


def all_open(made):
    return all(vault.open_items(case, [ref])[ref] == f"text of {case}" for case, ref in made)


def test_it_is_made_once_however_many_begin_at_once(ring):
    found = []
    threads = [threading.Thread(target=lambda: found.append(keyring.load().current)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 1


def test_it_is_read_once_and_again_when_another_process_changes_it(ring, monkeypatch):
    keyring.load()
    readings = []
    read = keyring._read
    monkeypatch.setattr(keyring, "_read", lambda file: readings.append(file) or read(file))
    for _ in range(5):
        keyring.load()
    assert readings == []
    key = uuid4()
    raw = json.loads(ring.read_text())
    fresh = ring.with_name("other")
    fresh.write_text(json.dumps({**raw, "erased": [key.hex]}))
    fresh.replace(ring)
    assert keyring.load().erased == {key}
    assert len(readings) == 1


def test_a_wrapped_key_opens_only_under_its_own_id(ring):
    key, mine = os.urandom(32), uuid4()
    wrapped = keyring.load().wrap(mine, key)
    assert len(wrapped) == 64
    assert keyring.load().unwrap(mine, wrapped) == key
    with pytest.raises(KeyringError, match="was changed"):
        keyring.load().unwrap(uuid4(), wrapped)


def test_rotation_rewraps_everything_and_the_old_master_can_then_go(clean_db, ring):
    made = fill(7)
    old = keyring.load().current
    gone = vault.find_key(made[0][0], None)
    assert gone is None
    assert keyring.rotate() == 7
    assert keyring.load().current != old
    assert all_open(made)
    assert keyring.rewrap() == 0
    keyring.retire(old)
    assert old not in keyring.load().masters
    assert all_open(made)


def test_a_rotation_that_was_cut_off_is_finished_by_the_next(clean_db, ring, monkeypatch):
    made = fill(5)
    old = keyring.load().current
    monkeypatch.setattr(keyring, "BATCH", 2)
    wrap, count = keyring.Ring.wrap, iter(range(100))

    def cut(self, key_id, key):
        if next(count) == 3:
            raise OSError("power cut")
        return wrap(self, key_id, key)

    monkeypatch.setattr(keyring.Ring, "wrap", cut)
    with pytest.raises(OSError, match="power cut"):
        keyring.rotate()
    monkeypatch.setattr(keyring.Ring, "wrap", wrap)
    assert all_open(made)
    with pytest.raises(KeyringError, match="still stand under"):
        keyring.retire(old)
    assert keyring.rewrap() == 3
    keyring.retire(old)
    assert all_open(made)


def test_the_current_master_cannot_be_retired(ring):
    with pytest.raises(KeyringError, match="Rotate first"):
        keyring.retire(keyring.load().current)


def test_a_new_ring_under_an_old_database_stops_the_start(clean_db, ring):
    fill(2)
    ring.unlink()
    assert keyring.verify().unreadable == 2
    with pytest.raises(KeyringError, match="put back the export that fits"):
        keyring.open_at_start(AT)


def test_a_ring_older_than_the_database_is_noticed(clean_db, ring, caplog):
    made = fill(1)
    older = ring.read_bytes()
    with connection.cursor() as cursor:
        cursor.execute("SELECT person FROM vault_key WHERE case_id = %s", [made[0][0]])
        person = cursor.fetchone()[0]
    from bihuan.desk.actor import SYSTEM

    vault.erase_person(person, by=SYSTEM, reason="asked", at=AT)
    assert keyring.verify().is_sound
    ring.write_bytes(older)
    assert keyring.verify().unlisted == 1
    assert not keyring.open_at_start(AT).is_sound
    assert "older than the database" in caplog.text


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b'{"version": 1}', b'{"version": 9, "current": "1", "masters": {"1": "AA=="}, "erased": []}'],
)
def test_a_broken_file_is_said_to_be_broken_and_left_alone(ring, body):
    keyring.load()
    ring.write_bytes(body)
    with pytest.raises(KeyringError, match="Put back the last export"):
        keyring.load()
    assert ring.read_bytes() == body


def test_export_is_a_whole_ring_and_never_forgets_an_erasure(clean_db, ring, tmp_path):
    made = fill(1)
    copy = tmp_path / "safe.json"
    keyring.export(copy)
    ring.write_bytes(copy.read_bytes())
    assert all_open(made)
    raw = json.loads(copy.read_text())
    copy.write_text(json.dumps({**raw, "erased": [uuid4().hex]}))
    with pytest.raises(KeyringError, match="lists erasures"):
        keyring.export(copy)


def test_a_writer_killed_before_the_swap_leaves_the_old_file(ring, monkeypatch):
    before = keyring.load()

    def killed(*_):
        raise OSError("killed")

    monkeypatch.setattr("os.fsync", killed)
    with pytest.raises(OSError, match="killed"):
        keyring.register_erased([uuid4()])
    monkeypatch.undo()
    assert json.loads(ring.read_text())["erased"] == []
    assert before.erased == frozenset()

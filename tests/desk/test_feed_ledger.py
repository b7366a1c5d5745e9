"""Receipts and audits from the stored ledger: an outsider's verifier agrees, and no change goes unnoticed."""

import json
import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

import feeding
from bihuan.desk import feed
from bihuan.desk.ledger import keys, store
from bihuan.desk.ledger.signing import KeyFileError

pytestmark = pytest.mark.usefixtures("clean_db", "own_data")
VERIFIER = Path(__file__).parents[2] / "docs/howto/verify_receipt.py"


@pytest.fixture
def own_data(tmp_path, settings):
    settings.DATA = tmp_path / "data"


def verify(tmp_path, *documents):
    paths = []
    for number, document in enumerate(documents):
        paths.append(tmp_path / f"{number}.json")
        paths[-1].write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    key = keys.public_key_text(keys.public_keys()[-1])
    command = [sys.executable, str(VERIFIER), key, *map(str, paths)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def tamper(*statements):
    """What an administrator with the owner's password could do."""
    with psycopg.connect(os.environ["BIHUAN_OWNER_DATABASE_URL"]) as owner:
        for table in ("event", "feed", "subtree", "head"):
            owner.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        for statement in statements:
            owner.execute(statement)
        for table in ("event", "feed", "subtree", "head"):
            owner.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def some_history():
    cases = [feeding.write_here(count=3)[0] for _ in range(150)]
    feed.settle()
    return cases


def test_a_receipt_stands_without_us_and_so_does_its_successor(tmp_path):
    cases = some_history()
    older = store.receipt(1, cases[0])
    assert older["position"] == 0
    for _ in range(300):
        feeding.write_here()
    feed.settle()
    newer = store.receipt(1, cases[-1])
    assert newer["position"] == 447
    assert verify(tmp_path, older).returncode == 0
    done = verify(tmp_path, newer, older, store.consistency(1, 450))
    assert done.returncode == 0, done.stdout
    assert verify(tmp_path, {**newer, "event": newer["event"].replace("井盖", "路灯")}).returncode == 1


def test_a_receipt_says_not_yet_before_a_head_covers_it():
    case, _ = feeding.write_here()
    with pytest.raises(store.NotYet, match="no signed head covers"):
        store.receipt(1, case)
    feed.settle()
    later, _ = feeding.write_here()
    store.receipt(1, case)
    with pytest.raises(store.NotYet):
        store.receipt(1, later)


def test_a_sound_ledger_has_no_problems():
    some_history()
    told = []
    assert list(store.verify_ledger(1, lambda done, of: told.append((done, of)))) == []
    assert told == [(450, 450)]


@pytest.mark.parametrize(
    ("statement", "complaint"),
    [
        (
            "UPDATE event SET body = replace(body, '井盖', '路灯') WHERE id = (SELECT min(id) FROM event)",
            "position 0 is not",
        ),
        ("DELETE FROM event WHERE id = (SELECT max(id) FROM event)", "position 449 is gone"),
        ("DELETE FROM feed WHERE pos = 3", "position 3 is missing"),
        ("DELETE FROM feed WHERE pos > 440", "its end was cut off"),
        ("UPDATE subtree SET digest = sha256('x')", "subtree 0 of level 8"),
        ("DELETE FROM subtree", "subtree 0 of level 8"),
        ("INSERT INTO subtree (world_id, level, index, digest) VALUES (1, 16, 0, sha256('x'))", "level 16"),
        ("UPDATE head SET root = sha256('x')", "another root"),
        ("UPDATE head SET note = replace(note, 'time 2', 'time 1')", "not signed by a key"),
    ],
)
def test_every_change_is_found(statement, complaint):
    some_history()
    tamper(statement)
    assert any(complaint in problem for problem in store.verify_ledger(1)), list(store.verify_ledger(1))


def test_history_rewritten_with_its_leaf_contradicts_the_head():
    some_history()
    tamper(
        "UPDATE event SET body = replace(body, '井盖', '路灯') WHERE id = (SELECT min(id) FROM event)",
        "UPDATE feed SET leaf = (SELECT sha256('\\x00'::bytea || convert_to(body, 'UTF8')) FROM event e"
        " WHERE e.id = event_id) WHERE pos = 0",
    )
    problems = list(store.verify_ledger(1))
    assert any("history was changed after the signing" in problem for problem in problems), problems


def test_a_lost_key_is_never_replaced_in_silence():
    some_history()
    keys.path().unlink()
    feeding.write_here()
    with pytest.raises(KeyFileError, match="backup of the keys"):
        feed.settle()
    keys.renew_key()
    feed.settle()
    assert len(keys.public_keys()) == 2
    assert list(store.verify_ledger(1)) == []


def test_another_sites_key_is_refused():
    some_history()
    mine = keys.path().read_bytes()
    keys.path().unlink()
    keys.load_or_create_key(keys.path())
    with pytest.raises(KeyFileError, match="is not the key that this database"):
        keys.signing_key()
    keys.path().write_bytes(mine)
    assert keys.signing_key()


def test_the_application_cannot_touch_what_is_placed():
    some_history()
    for table in ("event", "feed", "subtree", "head"):
        with feeding.connect() as app, pytest.raises(psycopg.errors.InsufficientPrivilege):
            app.execute(f"DELETE FROM {table}")
    with psycopg.connect(os.environ["BIHUAN_OWNER_DATABASE_URL"]) as owner, pytest.raises(psycopg.Error, match="law 5"):
        owner.execute("UPDATE feed SET pos = pos + 1000")

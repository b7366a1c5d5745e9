"""The vault: what is sealed opens, only for the right key, and what was erased stays erased."""

import base64
import hashlib
import json
import os
import stat
import subprocess
import sys
import time
from datetime import UTC, datetime
from uuid import UUID, uuid4

import psycopg
import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from bihuan.desk import keyring, vault
from bihuan.desk.actor import Actor
from bihuan.desk.identity import new_id

AT = datetime(2025, 2, 8, 9, 0, tzinfo=UTC)
OFFICER = Actor("7d1f0d0e-0000-4000-8000-000000000001", "petition-desk", frozenset({"head"}))


@pytest.fixture
def ring(settings, tmp_path):
    """A keyring of the test's own."""
    settings.DATA = tmp_path / "data"
    return settings.DATA / "keyring.json"


def store(case: UUID, sealed: vault.Sealed, world: int = 1) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO vault_key (world_id, case_id, id, person, wrapped) VALUES (%s, %s, %s, %s, %s)",
            [(world, case, *key) for key in sealed.keys],
        )
        cursor.executemany(
            "INSERT INTO vault_item (world_id, case_id, id, key_id, kind, box) VALUES (%s, %s, %s, %s, %s, %s)",
            [(world, case, *item) for item in sealed.items],
        )


def put(person: UUID | None, case: UUID | None = None, **texts: str) -> tuple[UUID, dict[str, str]]:
    case = case or new_id()
    sealed = vault.seal(case, person, texts)
    store(case, sealed)
    return case, dict(sealed.refs)


def test_what_is_sealed_opens_again(clean_db, ring):
    case, refs = put(uuid4(), text="楼上漏水到我家", contact="000-1234")
    opened = vault.open_items(case, refs.values())
    assert opened == {refs["text"]: "楼上漏水到我家", refs["contact"]: "000-1234"}


def test_boxes_say_nothing_without_the_keyring(clean_db, ring):
    text = "楼上漏水到我家"
    put(uuid4(), text=text)
    with connection.cursor() as cursor:
        cursor.execute("SELECT box FROM vault_item")
        box = bytes(cursor.fetchone()[0])
        cursor.execute("SELECT wrapped FROM vault_key")
        wrapped = bytes(cursor.fetchone()[0])
    assert text.encode() not in box
    master = json.loads(ring.read_text())["masters"]
    assert all(base64.b64decode(key) not in wrapped for key in master.values())


def test_a_reference_is_an_item_and_a_salted_commitment(clean_db, ring):
    case, refs = put(None, text="是")
    item, _, commitment = refs["text"].partition(".")
    assert len(commitment) == 43
    assert UUID(hex=item).bytes[:8] == case.bytes[:8]
    # A guess without the salt proves nothing, however short the text.
    assert commitment != base64.urlsafe_b64encode(hashlib.sha256("是".encode()).digest())[:43].decode()
    salt, text = vault.disclose(case, refs["text"])
    assert vault.commitment_matches(refs["text"], salt, text)
    assert not vault.commitment_matches(refs["text"], salt, "否")
    assert not vault.commitment_matches(refs["text"], os.urandom(16), text)


@given(st.dictionaries(st.sampled_from(["text", "contact", "note", "answer"]), st.text(), min_size=1), st.booleans())
def test_any_text_of_any_kind_goes_in_and_out(tmp_path_factory, texts, has_person):
    from django.test import override_settings

    with override_settings(DATA=tmp_path_factory.getbasetemp() / "any"):
        case, person = new_id(), uuid4() if has_person else None
        sealed = vault.seal(case, person, texts)
        ring = keyring.load()
        (key_id, owner, wrapped), *more = sealed.keys
        assert owner == person
        assert not more
        boxes = {item: (key, box) for item, key, _, box in sealed.items}
        for kind, ref in sealed.refs.items():
            item = UUID(hex=ref.partition(".")[0])
            found = vault._open_one(ref, item, (boxes[item][0], boxes[item][1], wrapped))
            assert found[1] == texts[kind]
        assert ring.unwrap(key_id, wrapped) is not None


def test_notes_carry_their_audience(ring):
    sealed = vault.seal(new_id(), None, {"text": "a", "coordination": "b"})
    notes = sealed.notes({"coordination": ("school",)})
    assert [(note.kind, note.audience) for note in notes] == [("text", ()), ("coordination", ("school",))]
    assert {note.ref for note in notes} == set(sealed.refs.values())


def test_a_later_note_goes_under_the_same_key(clean_db, ring):
    person = uuid4()
    case, first = put(person, text="one")
    later = vault.seal(case, person, {"text": "two"}, vault.find_key(case, person))
    assert later.keys == ()
    store(case, later)
    assert set(vault.open_items(case, [first["text"], later.refs["text"]]).values()) == {"one", "two"}
    assert vault.find_key(case, None) is None


def test_an_item_moved_or_changed_in_the_database_is_damaged_not_believed(clean_db, ring, caplog):
    case, refs = put(uuid4(), text="真", contact="假")
    a, b = (UUID(hex=refs[kind].partition(".")[0]) for kind in ("text", "contact"))
    store(case, vault.Sealed((), ((uuid4(), uuid4(), "text", b"x" * 40),), {}))
    owner = as_owner()
    with pytest.raises(psycopg.Error, match="may be emptied, not changed"):
        owner.execute("UPDATE vault_item SET box = (SELECT box FROM vault_item WHERE id = %s) WHERE id = %s", [b, a])
    owner.execute("ALTER TABLE vault_item DISABLE TRIGGER vault_item_only_empty")
    owner.execute("UPDATE vault_item SET box = (SELECT box FROM vault_item WHERE id = %s) WHERE id = %s", [b, a])
    owner.execute("ALTER TABLE vault_item ENABLE TRIGGER vault_item_only_empty")
    assert vault.open_items(case, refs.values()) == {refs["text"]: vault.DAMAGED, refs["contact"]: "假"}
    owner.execute("DELETE FROM vault_item WHERE id = %s", [b])
    owner.close()
    assert vault.open_items(case, [refs["contact"]])[refs["contact"]] is vault.DAMAGED
    assert vault.open_items(case, ["no reference"]) == {"no reference": vault.DAMAGED}
    assert "does not open" in caplog.text
    assert "missing" in caplog.text


def test_a_text_that_the_history_did_not_commit_to_is_damaged(clean_db, ring):
    case, refs = put(uuid4(), text="甲")
    forged = refs["text"].partition(".")[0] + "." + "A" * 43
    assert vault.open_items(case, [forged]) == {forged: vault.DAMAGED}


def test_a_reference_opens_only_in_its_own_case(clean_db, ring):
    _, refs = put(uuid4(), text="甲")
    assert vault.open_items(new_id(), refs.values())[refs["text"]] is vault.DAMAGED


def as_owner():
    return psycopg.connect(os.environ["BIHUAN_OWNER_DATABASE_URL"], autocommit=True)


def test_erasing_a_person_reaches_every_case_and_nobody_else(clean_db, ring):
    person, other = uuid4(), uuid4()
    case, refs = put(person, text="甲", contact="000")
    _, others = put(other, case=case, text="乙")
    _, own = put(None, case=case, text="案卷")
    second, more = put(person, text="丙")
    done = vault.erase_person(person, by=OFFICER, reason="asked for it", at=AT)
    assert done.keys == 2
    assert set(done.cases) == {case, second}
    assert set(vault.open_items(case, refs.values()).values()) == {vault.ERASED}
    assert vault.open_items(second, more.values())[more["text"]] is vault.ERASED
    assert vault.open_items(case, [others["text"], own["text"]]) == {others["text"]: "乙", own["text"]: "案卷"}
    assert vault.erase_person(person, by=OFFICER, reason="again", at=AT).keys == 0


def test_an_erasure_is_recorded_for_the_person(clean_db, ring):
    person = uuid4()
    case, _ = put(person, text="甲")
    vault.erase_person(person, by=OFFICER, reason="asked for it", at=AT)
    with connection.cursor() as cursor:
        cursor.execute("SELECT person, case_id, subject, what, purpose, outcome FROM access_log")
        assert cursor.fetchall() == [(OFFICER.person, case, person, "erase", "asked for it", "erased")]


def test_erasing_in_one_case_leaves_the_others(clean_db, ring):
    person = uuid4()
    case, refs = put(person, text="甲")
    _, own = put(None, case=case, text="案卷")
    second, more = put(person, text="丙")
    assert vault.erase_case_person(case, person, by=OFFICER, reason="asked", at=AT).keys == 1
    assert vault.open_items(case, [refs["text"], own["text"]]) == {refs["text"]: vault.ERASED, own["text"]: "案卷"}
    assert vault.open_items(second, more.values())[more["text"]] == "丙"
    assert vault.erase_case_person(case, None, by=OFFICER, reason="retention", at=AT).keys == 1
    assert vault.open_items(case, own.values())[own["text"]] is vault.ERASED


def test_erasing_empties_the_other_copies(clean_db, ring):
    person = uuid4()
    case, _ = put(person, text="甲")
    kept = new_id()
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO break_glass (id, world_id, case_id, person, unit, reason, asked, review)"
            " VALUES (%s, 1, %s, %s, 'u', 'the man of floor 3', %s, '')",
            [(uuid4(), case, uuid4(), AT), (uuid4(), kept, uuid4(), AT)],
        )
    assert vault.erase_person(person, by=OFFICER, reason="asked", at=AT).copies == 1
    with connection.cursor() as cursor:
        cursor.execute("SELECT case_id, reason FROM break_glass ORDER BY reason")
        assert cursor.fetchall() == [(case, ""), (kept, "the man of floor 3")]


def test_nothing_is_sealed_under_an_erased_key(clean_db, ring):
    person = uuid4()
    case, _ = put(person, text="甲")
    old = vault.find_key(case, person)
    vault.erase_person(person, by=OFFICER, reason="asked", at=AT)
    again = vault.seal(case, person, {"text": "新"}, old)
    assert len(again.keys) == 1
    assert again.keys[0][0] != old.id
    store(case, again)
    assert list(vault.open_items(case, again.refs.values()).values()) == ["新"]


def test_the_register_comes_first_so_a_crash_between_erases_all_the_same(clean_db, ring, monkeypatch):
    """The power goes after the register was written: the key still stands in the database, and opens nothing."""
    person = uuid4()
    case, refs = put(person, text="甲")

    def power_cut(*_):
        raise OSError("power cut")

    with monkeypatch.context() as cut:
        cut.setattr("bihuan.desk.copies.empty", power_cut)
        with pytest.raises(OSError, match="power cut"):
            vault.erase_person(person, by=OFFICER, reason="asked", at=AT)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM vault_key WHERE wrapped IS NOT NULL")
        assert cursor.fetchone()[0] == 1
    assert vault.open_items(case, refs.values())[refs["text"]] is vault.ERASED
    assert keyring.apply_erasures(AT) == 1
    assert keyring.apply_erasures(AT) == 0


def test_the_erased_stay_erased_after_a_restore(clean_db, ring, caplog):
    """The rows of an older backup come back, keys and all; the start erases them again before anybody reads."""
    person = uuid4()
    case, refs = put(person, text="甲")
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, wrapped FROM vault_key")
        backup = [(row[0], bytes(row[1])) for row in cursor.fetchall()]
    vault.erase_person(person, by=OFFICER, reason="asked", at=AT)
    with connection.cursor() as cursor:
        for key_id, wrapped in backup:
            cursor.execute("UPDATE vault_key SET wrapped = %s, erased = NULL WHERE id = %s", [wrapped, key_id])
    assert vault.open_items(case, refs.values())[refs["text"]] is vault.ERASED
    report = keyring.open_at_start(AT)
    assert report.is_sound
    assert report.again == 1
    assert "erased again: 1" in caplog.text
    with connection.cursor() as cursor:
        cursor.execute("SELECT wrapped, erased FROM vault_key")
        assert cursor.fetchall() == [(None, AT)]


def test_the_history_is_untouched_by_an_erasure(clean_db, ring):
    """The text of an event holds the reference; its hash is the same before and after."""
    person = uuid4()
    case, refs = put(person, text="甲")
    body = json.dumps({"ref": refs["text"]})
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO event (world_id, district, case_id, number, kind, body) VALUES (1, 'd', %s, 1, 'Noted', %s)",
            [case, body],
        )
    vault.erase_person(person, by=OFFICER, reason="asked", at=AT)
    with connection.cursor() as cursor:
        cursor.execute("SELECT body FROM event WHERE case_id = %s", [case])
        assert cursor.fetchone()[0] == body


def test_processes_that_erase_at_once_lose_nothing(clean_db, ring):
    """Three writers of one file, started on one word: each change is read, made and written under the lock."""
    keyring.load()
    code = (
        "import django, sys, uuid; django.setup();"
        "from django.conf import settings; from pathlib import Path; settings.DATA = Path(sys.argv[1]);"
        "from bihuan.desk import keyring; keyring.load(); print('ready', flush=True); sys.stdin.readline();"
        "[keyring.register_erased([uuid.UUID(int=int(sys.argv[2]) + n)]) for n in range(60)]"
    )
    command = [sys.executable, "-W", "ignore", "-c", code, str(ring.parent)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    started = [subprocess.Popen([*command, str(base)], **pipes) for base in (1000, 2000, 3000)]
    assert [process.stdout.readline() for process in started] == ["ready\n"] * 3
    for process in started:
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in started:
        process.communicate(timeout=60)
    assert [process.returncode for process in started] == [0, 0, 0]
    assert len(keyring.load().erased) == 180


def test_sealing_is_quick(ring):
    """Two texts in forty microseconds besides chance; a loose bound, for a machine that is shared."""
    case, person, texts = new_id(), uuid4(), {"text": "楼上漏水到我家,物业说不归他管" * 5, "contact": "000-1234"}
    vault.seal(case, person, texts)
    best = min(_timed(case, person, texts) for _ in range(30))
    assert best < 120e-6, f"{best * 1e6:.0f} µs"


def _timed(case, person, texts):
    start = time.perf_counter()
    for _ in range(20):
        vault.seal(case, person, texts)
    return (time.perf_counter() - start) / 20


def test_the_file_is_its_owners_alone(ring):
    keyring.load()
    assert stat.S_IMODE(ring.stat().st_mode) == 0o600
    assert stat.S_IMODE(ring.parent.stat().st_mode) == 0o700

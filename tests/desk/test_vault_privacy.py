"""The rights of people, at the door: erased when asked, told who looked, and the start that forgets again."""

import pytest
from django.db import connection

from bihuan.desk import keyring, privacy, units, upkeep, vault
from bihuan.desk.actor import ANONYMOUS, SYSTEM, reporter
from bihuan.desk.identity import new_id
from bihuan.desk.keyring import KeyringError
from bihuan.kernel.refused import Refused
from seal_cast import build_units, person, staff, stranger, traces

ME = person(50)


@pytest.fixture
def district(clean_db, settings, tmp_path):
    settings.DATA = tmp_path / "data"
    units.forget()
    build_units()
    yield
    units.forget()


@pytest.fixture
def note(district):
    case = new_id()
    sealed = vault.seal(case, ME, {"text": "楼上漏水"})
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO vault_key (world_id, case_id, id, person, wrapped) VALUES (1, %s, %s, %s, %s)",
            [case, *sealed.keys[0]],
        )
        cursor.execute(
            "INSERT INTO vault_item (world_id, case_id, id, key_id, kind, box) VALUES (1, %s, %s, %s, %s, %s)",
            [case, *sealed.items[0]],
        )
    return case, sealed.refs["text"]


def text(note):
    case, ref = note
    return vault.open_items(case, [ref])[ref]


def test_a_head_erases_with_a_reason_and_the_start_holds_to_it(note):
    head = staff(1, "yz", "head")
    assert privacy.erase_person(head, ME, "本人申请").keys == 1
    assert text(note) is vault.ERASED
    with connection.cursor() as cursor:
        cursor.execute("UPDATE vault_key SET wrapped = %s", [b"restored" * 8])
    assert upkeep.apply_erasures() == 1
    assert upkeep.apply_erasures() == 0
    assert privacy.verify_keys().is_sound


def test_the_notes_of_one_case_can_go_alone(note):
    case, _ = note
    assert privacy.erase_case_person(SYSTEM, case, None, "retention").keys == 0
    assert text(note) == "楼上漏水"
    assert privacy.erase_case_person(SYSTEM, case, ME, "retention").keys == 1
    assert text(note) is vault.ERASED


@pytest.mark.parametrize("who", ["handler", "stranger", "anonymous"])
def test_nobody_else_erases(note, who):
    actor = {"handler": staff(2, "yz-desk", "handler"), "stranger": stranger(), "anonymous": ANONYMOUS}[who]
    with pytest.raises(Refused, match="wrong-role"):
        privacy.erase_person(actor, ME, "to hide it")
    assert text(note) == "楼上漏水"
    assert len(traces(what="erase", outcome="refused", subject=ME)) == 1


def test_an_erasure_without_a_reason_is_none(note):
    with pytest.raises(Refused, match="reason-missing"):
        privacy.erase_person(SYSTEM, ME, " ")
    assert text(note) == "楼上漏水"


def test_who_looked_is_for_oneself_and_alerts_are_for_oversight(note):
    privacy.erase_person(SYSTEM, ME, "本人申请")
    assert [look.what for look in privacy.who_looked(reporter(str(ME)))] == ["erase"]
    with pytest.raises(Refused, match="person-missing"):
        privacy.who_looked(ANONYMOUS)
    overseer = staff(3, "yz-oversight", "oversight")
    assert privacy.alerts(overseer) == ()
    with pytest.raises(Refused, match="wrong-role"):
        privacy.refusals(staff(4, "yz", "head"))
    assert [look.what for look in privacy.refusals(overseer)] == ["refusals"]


def test_a_start_under_a_foreign_keyring_is_stopped(note, settings, tmp_path):
    settings.DATA = tmp_path / "elsewhere"
    with pytest.raises(KeyringError, match="another database"):
        upkeep.apply_erasures()


def test_keys_are_rotated_and_put_in_the_safe(note, tmp_path):
    before = keyring.load().current
    assert privacy.rotate_keys() == 1
    assert keyring.load().current != before
    privacy.export_keys(tmp_path / "safe.json")
    assert text(note) == "楼上漏水"

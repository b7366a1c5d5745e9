"""Erasure reaches what stands outside the vault: exact points, photographs, the words of opened seals."""

import pytest
from django.db import connection

import rooms
from bihuan.desk import api as desk
from bihuan.desk import instant, keyring, photos, privacy, upkeep, vault
from bihuan.desk.change import load
from bihuan.kernel import commands as c
from bihuan.kernel.case import Proof
from bihuan.testing import cast

PICTURE = b"\xff\xd8\xff\xda\x00\x08\x01\x01\x00\x00?\x00\x124\xff\xd9"


@pytest.fixture(autouse=True)
def site(clean_db, settings, tmp_path):
    settings.DATA = tmp_path / "data"
    rooms.install()


def rows(sql, *values):
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall() if cursor.description else []


def point_of(case):
    return rows("SELECT lon, lat FROM case_row WHERE id = %s", case)[0]


def reported(by=cast.LIN, **more):
    return rooms.report(by=by, lon=106.577339, lat=29.559041, **more).case


def reporter_of(case):
    return rows("SELECT reporter FROM case_row WHERE id = %s", case)[0][0]


def photographed(case, ref):
    who = desk.Actor(str(reporter_of(case)), "", frozenset({"reporter"}))
    desk.submit(c.AddProof(Proof("photo_before", ref)), by=who, case=case, purpose="report")


def test_the_point_goes_only_where_the_erased_reported():
    mine, other = reported(), reported(by=cast.HE)
    privacy.erase_person(desk.SYSTEM, reporter_of(mine), "本人申请")
    assert point_of(mine) == (None, None)
    assert point_of(other) == (106.577339, 29.559041)


def test_a_photograph_goes_unless_another_case_names_it():
    mine, other = reported(), reported(by=cast.HE)
    own, shared = photos.keep_photo(PICTURE), photos.keep_photo(PICTURE.replace(b"4", b"5"))
    photographed(mine, own)
    photographed(mine, shared)
    photographed(other, shared)
    done = privacy.erase_person(desk.SYSTEM, reporter_of(mine), "本人申请")
    assert done.copies == 2  # the point and the picture
    with pytest.raises(LookupError):
        photos.read_photo(own)
    assert photos.read_photo(shared)
    privacy.erase_person(desk.SYSTEM, reporter_of(other), "本人申请")
    with pytest.raises(LookupError):
        photos.read_photo(shared)


def test_a_restored_copy_is_emptied_again():
    """The rows and files of an older backup come back: the key, the point, the picture, the words of an opened seal."""
    case = reported()
    ref = photos.keep_photo(PICTURE)
    photographed(case, ref)
    rows(
        "INSERT INTO break_glass (id, world_id, case_id, person, unit, reason, asked, review)"
        " VALUES (gen_random_uuid(), 1, %s, gen_random_uuid(), 'u', '三楼的男人', now(), '属实')",
        case,
    )
    backup = rows("SELECT id, wrapped FROM vault_key")
    privacy.erase_person(desk.SYSTEM, reporter_of(case), "本人申请")
    for key, wrapped in backup:
        rows("UPDATE vault_key SET wrapped = %s, erased = NULL WHERE id = %s", wrapped, key)
    rows("UPDATE break_glass SET reason = '三楼的男人', review = '属实'")
    rows("UPDATE case_row SET lon = 106.5, lat = 29.5")
    photos.keep_photo(PICTURE)
    assert keyring.apply_erasures(instant.wall()) == 1
    assert rows("SELECT reason, review FROM break_glass") == [("", "")]
    assert point_of(case) == (None, None)
    with pytest.raises(LookupError):
        photos.read_photo(ref)


def test_what_staff_typed_in_without_a_contact_goes_with_their_notes():
    made = rooms.report(by=cast.ZHOU, text="林小满,三楼,说井盖松了", lon=106.5, lat=29.5)
    case = made.case
    assert reporter_of(case) is None
    done = upkeep.erase_reporter(made.receipt, "本人申请")
    assert (done.keys, done.cases, done.person) == (1, (case,), None)
    assert point_of(case) == (None, None)
    (ref,) = [note.ref for note in load(case, 1).state.notes]
    assert vault.open_items(case, [ref]) == {ref: vault.ERASED}
    with pytest.raises(LookupError, match="nothing left"):
        upkeep.erase_reporter(made.receipt, "again")

"""Units, staff and accounts, loaded many at a time."""

from datetime import date
from uuid import UUID

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.db import connection

from bihuan.desk import units
from bihuan.desk.organisation import (
    BadOrganisation,
    PersonSpec,
    UnitSpec,
    found_staff,
    found_units,
    is_demo,
    is_founded,
)

TREE = [
    UnitSpec("yz", "区", "district", place="500103"),
    UnitSpec("yz.s", "街道", "street", "yz", "500103001", "Street"),
    UnitSpec("yz.s.c", "社区", "community", "yz.s", "500103001003"),
]
WEI = PersonSpec(UUID(int=1), "魏演示", (("yz.s", "handler"), ("yz", "head")), "wei", make_password("one"))
DAY = date(2025, 1, 1)


def rows(sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


@pytest.fixture(autouse=True)
def _fresh(clean_db):
    units.forget()


def test_units_know_all_above_them():
    assert not is_founded()
    assert found_units(TREE) == 3

    assert is_founded()
    assert not is_demo()
    assert rows("SELECT path FROM unit ORDER BY path") == [("/yz/",), ("/yz/yz.s/",), ("/yz/yz.s/yz.s.c/",)]
    assert units.ancestors("yz.s.c") == ("yz.s", "yz")
    assert units.area_of("500103001003001") == "yz.s.c"


def test_a_repeated_load_renames_and_deletes_nothing():
    found_units(TREE)
    found_units([UnitSpec("yz.s", "新街道", "street", "yz", "500103001")])

    assert rows("SELECT code, name FROM unit ORDER BY code") == [("yz", "区"), ("yz.s", "新街道"), ("yz.s.c", "社区")]
    assert units.ancestors("yz.s.c") == ("yz.s", "yz")


def test_units_that_cannot_be_are_all_named_and_none_is_kept():
    with pytest.raises(BadOrganisation) as bad:
        found_units([*TREE, UnitSpec("a/b", "x", "street", "yz"), UnitSpec("c", "x", "village", "nobody")])

    said = str(bad.value)
    for part in ("4. a/b", "no slash", "5. c", "kind 'village'; allowed are", "no unit 'nobody'"):
        assert part in said
    assert not is_founded()


def test_staff_get_accounts_and_posts_once():
    found_units(TREE)
    for _ in range(2):
        assert found_staff([WEI], since=DAY) == 1

    assert rows("SELECT unit_id, role FROM post ORDER BY 1") == [("yz", "head"), ("yz.s", "handler")]
    assert rows("SELECT u.username FROM person p JOIN auth_user u ON u.id = p.user_id") == [("wei",)]


def test_a_repeated_load_leaves_a_changed_password_alone():
    found_units(TREE)
    found_staff([WEI], since=DAY)
    user = get_user_model().objects.get(username="wei")
    user.set_password("two")
    user.save()
    found_staff([WEI], since=DAY)

    assert get_user_model().objects.get(username="wei").check_password("two")


def test_posts_that_cannot_be_are_all_named_and_nobody_is_kept():
    found_units(TREE)
    wrong = PersonSpec(UUID(int=2), "许演示", (("nowhere", "handler"), ("yz", "king")), "xu", "")
    with pytest.raises(BadOrganisation, match=r"(?s)nowhere.*role 'king'; allowed are"):
        found_staff([WEI, wrong], since=DAY)

    assert rows("SELECT count(*) FROM person") == [(0,)]
    assert rows("SELECT count(*) FROM auth_user") == [(0,)]

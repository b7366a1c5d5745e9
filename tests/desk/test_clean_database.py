"""What tests/conftest.py promises: the application's role, and a database put back after every test."""

import psycopg
import pytest
from django.db import ProgrammingError, connection


def spoil():
    with connection.cursor() as cursor:
        cursor.execute("SELECT next_number FROM world WHERE id = 1")
        assert cursor.fetchone() == (1,)
        cursor.execute("SELECT count(*) FROM setting WHERE key = 'spoilt'")
        assert cursor.fetchone() == (0,)
        cursor.execute("UPDATE world SET next_number = 11")
        cursor.execute("INSERT INTO setting (key, value) VALUES ('spoilt', 'yes')")


@pytest.mark.parametrize("turn", [1, 2])
def test_what_a_test_committed_is_gone_in_the_next(clean_db, turn):
    spoil()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", [1, 2])
def test_djangos_own_marker_is_put_back_in_the_same_way(turn):
    spoil()


@pytest.mark.django_db
def test_tests_run_under_the_role_that_owns_nothing():
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, rolsuper, rolcreatedb FROM pg_roles WHERE rolname = current_user")
        assert cursor.fetchone() == ("bihuan_app", False, False)
        cursor.execute("SELECT count(*) FROM pg_class WHERE relowner = current_user::regrole")
        assert cursor.fetchone() == (0,)
        with pytest.raises(ProgrammingError, match=r"must be owner|permission denied") as refusal:
            cursor.execute("TRUNCATE setting")
    assert isinstance(refusal.value.__cause__, psycopg.errors.InsufficientPrivilege)

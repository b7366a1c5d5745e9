"""What has served its time goes, in slices; history and what is still owed stay."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

import rooms
from bihuan.desk import api, identity, instant, tidy, worlds
from bihuan.testing import cast


@pytest.fixture(autouse=True)
def district(clean_db):
    identity.forget_numbers()
    rooms.install()


def age(table, days, where="true"):
    """Let rows be older than they are."""
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET created = created - make_interval(days => %s) WHERE {where}", [days])


def send_all(days=0):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE outbox SET sent = %s, next_try = NULL", [instant.wall() - timedelta(days=days)])


def count(table):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        return cursor.fetchone()[0]


def test_an_answer_is_kept_as_long_as_its_key_lives():
    rooms.report(key="old")
    age("answer", 31)
    made = rooms.report(key="young")
    assert tidy.step() == 1
    assert rooms.report(key="young").case == made.case
    assert count("answer") == 1


def test_a_sent_message_goes_after_ninety_days_and_one_that_was_not_sent_never():
    rooms.report()
    rooms.report()
    age("outbox", 91)
    assert tidy.step() == 0
    send_all(91)
    assert tidy.step() == 2
    assert api.audit().is_clean


def test_other_worlds_are_left_alone():
    world = worlds.create("d", "drill", starts=instant.wall() - timedelta(days=400))
    api.report(
        api.Intake("manhole", "500103010", "portal", {"text": "演练"}), by=rooms.actor(cast.LIN), purpose="x", key="k",
        world=world,
    )  # fmt: skip
    send_all(400)
    assert tidy.step() == 0


def test_it_takes_a_slice_at_a_time_and_reads_no_more_for_a_longer_table(monkeypatch):
    monkeypatch.setattr(tidy, "SLICE", 2)
    for number in range(5):
        rooms.report(key=f"k{number}")
    age("answer", 31)
    assert [tidy.step() for _ in range(4)] == [2, 2, 1, 0]
    with CaptureQueriesContext(connection) as asked:
        tidy.step()
    tables = [found[1] for q in asked if (found := re.match(r"DELETE FROM (\w+)", q["sql"]))]
    assert len(tables) == len(set(tables)) > 4


def test_the_old_are_found_by_the_index():
    with connection.cursor() as cursor:
        cursor.execute("BEGIN; SET LOCAL enable_seqscan = off")
        cursor.execute("EXPLAIN SELECT ctid FROM answer WHERE created < now() AND world_id + 0 = 1 LIMIT 9")
        plan = "\n".join(row[0] for row in cursor.fetchall())
        cursor.execute("ROLLBACK")
    assert "answer_created" in plan

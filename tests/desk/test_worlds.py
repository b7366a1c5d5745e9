"""Law 8: a drill is real and never mixes; it drops whole, with a record; the real world never."""

import os
import threading
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from django.db import DatabaseError

import feeding
from bihuan.desk import feed, instant, worlds
from bihuan.kernel.refused import Refused

pytestmark = pytest.mark.usefixtures("clean_db", "own_data")
START = datetime(2030, 7, 1, 8, tzinfo=UTC)


@pytest.fixture
def own_data(tmp_path, settings):
    settings.DATA = tmp_path


def owner():
    return psycopg.connect(os.environ["BIHUAN_OWNER_DATABASE_URL"])


def tables_with_a_world():
    names = feeding.rows(
        "SELECT table_name FROM information_schema.columns WHERE column_name = 'world_id' AND table_schema = 'public'"
    )
    return sorted(name for (name,) in names)


def test_each_world_has_its_own_clock():
    drill = worlds.create("flood-2030", "drill", starts=START)
    assert instant.now(drill) == START
    assert abs(instant.now() - datetime.now(UTC)) < timedelta(seconds=5)
    worlds.set_virtual_now(drill, START + timedelta(hours=3))
    assert instant.now(drill) == START + timedelta(hours=3)
    assert instant.now(drill).tzinfo is UTC


def test_a_virtual_clock_never_runs_back_and_the_real_one_is_not_set():
    drill = worlds.create("d", "drill", starts=START)
    with pytest.raises(Refused, match="time-runs-forward"):
        worlds.set_virtual_now(drill, START - timedelta(seconds=1))
    with pytest.raises(Refused, match="time-without-zone"):
        worlds.set_virtual_now(drill, datetime(2031, 1, 1))  # noqa: DTZ001 - that is what is refused
    with pytest.raises(Refused, match="law 8"):
        worlds.set_virtual_now(1, START)
    assert instant.now(drill) == START


@pytest.mark.parametrize(
    ("key", "kind", "code"),
    [
        ("real", "real", "unknown-world-kind"),
        ("防汛", "drill", "not-plain"),
        ("a b", "drill", "not-plain"),
        ("", "drill", "not-plain"),
    ],
)
def test_a_world_that_may_not_be_made(key, kind, code):
    with pytest.raises(Refused, match=code):
        worlds.create(key, kind)


def test_a_name_is_used_once():
    worlds.create("d", "drill")
    with pytest.raises(Refused, match="world-name-taken"):
        worlds.create("d", "simulation")


def test_there_is_no_second_real_world_by_any_door():
    with pytest.raises(DatabaseError, match="law 8"):
        feeding.rows("SELECT create_world('r', 'real', '500103', now(), now())")
    with owner() as connection, pytest.raises(psycopg.errors.CheckViolation):
        connection.execute(
            "INSERT INTO world (key, kind, district, created, next_number) VALUES ('r', 'real', '500103', now(), 1)"
        )


def test_the_real_world_is_never_dropped_not_even_by_the_owner():
    feeding.write_here()
    with pytest.raises(Refused, match="law 8"):
        worlds.drop(1, by="p", reason="r")
    for call in ("drop_world(1::int2, now(), '{}')", "close_world(1::int2, now())"):
        with owner() as connection, pytest.raises(psycopg.Error, match="never dropped"):
            connection.execute(f"SELECT {call}")
    with owner() as connection, pytest.raises(psycopg.errors.CheckViolation):
        connection.execute("UPDATE world SET dropped = now() WHERE id = 1")
    assert feeding.rows("SELECT count(*) FROM event") == [(1,)]


# One row in every table that the write path does not fill in these tests.
ROWS = """
INSERT INTO outbox (id, world_id, district, case_id, kind, "to", body, created, attempts, last_error)
  VALUES (gen_random_uuid(), %(world)s, 'd', %(case)s, 'k', 't', '{}', now(), 0, '');
INSERT INTO receipt (digest, world_id, case_id) VALUES (sha256(%(case)s::text::bytea), %(world)s, %(case)s);
INSERT INTO answer (world_id, who, key, digest, status, body, created)
  VALUES (%(world)s, 'w', 'k', '', 200, '{}', now());
INSERT INTO vault_key (id, world_id, case_id) VALUES (gen_random_uuid(), %(world)s, %(case)s);
INSERT INTO vault_item (id, world_id, case_id, key_id, kind, box)
  VALUES (gen_random_uuid(), %(world)s, %(case)s, gen_random_uuid(), 'text', '');
INSERT INTO access_log (world_id, at, person, unit, what, purpose, outcome)
  VALUES (%(world)s, now(), 'p', 'u', 'w', 'p', 'seen');
INSERT INTO task_row (world_id, district, case_id, task, unit, role, status, is_open)
  VALUES (%(world)s, 'd', %(case)s, 1, 'u', 'lead', 'open', true);
INSERT INTO break_glass (id, world_id, case_id, person, unit, reason, asked, review)
  VALUES (gen_random_uuid(), %(world)s, %(case)s, gen_random_uuid(), 'u', 'r', now(), '');
INSERT INTO tick_retry (case_id, world_id, attempts, next_try, error)
  VALUES (%(case)s, %(world)s, 1, now(), '')
"""


def fill(world):
    with feeding.connect() as connection:
        case, _ = feeding.write(connection.execute, world=world, count=3)
        values = {"case": case, "world": world, "number": 7, "due": START}
        connection.execute(feeding.CASE, values)
        for statement in ROWS.split(";"):
            connection.execute(statement, values)
    feed.settle()
    feed.follow(world, "reader", lambda _: None)


def test_a_drill_drops_whole_with_a_record_and_touches_no_other():
    drill, other = worlds.create("d", "drill", starts=START), worlds.create("o", "simulation")
    for world in (1, drill, other):
        fill(world)
    for world in (1, drill, other):
        feeding.write_here(world=world)
    before = {name: counts(name) for name in tables_with_a_world()}
    filled = {name for name, count in before.items() if drill in count}
    assert filled >= {"case_row", "event", "feed", "head", "outbox", "pending", "vault_key", "tick_retry", "cursor"}
    record = worlds.drop(drill, by="person-1", reason="演练结束")
    for name, count in before.items():
        assert counts(name) == {world: n for world, n in count.items() if world != drill}, name
    assert record["rows"] == {name: before[name][drill] for name in filled}
    assert record["head"].startswith("bihuan/500103/d\n3\n")
    assert (record["by"], record["reason"]) == ("person-1", "演练结束")
    gone = worlds.get(drill)
    assert gone.dropped is not None
    assert gone.record == record
    assert [world.id for world in worlds.every()] == [1, other]
    assert drill in {world.id for world in worlds.every(dropped=True)}


def counts(name):
    return dict(feeding.rows(f"SELECT world_id, count(*) FROM {name} GROUP BY world_id"))


def test_every_table_of_the_loop_names_its_world():
    assert set(tables_with_a_world()) >= {
        "access_log", "answer", "break_glass", "case_row", "cursor", "event", "feed", "head", "outbox", "pending",
        "receipt", "subtree", "task_row", "vault_item", "vault_key",
    }  # fmt: skip


def test_nothing_is_written_into_a_world_that_is_gone():
    drill = worlds.create("d", "drill")
    worlds.drop(drill, by="p", reason="r")
    with pytest.raises(instant.NoSuchWorld, match="was dropped"):
        instant.now(drill)
    with pytest.raises(DatabaseError, match="law 8"):
        feeding.write_here(world=drill)
    with pytest.raises(DatabaseError, match="law 8"):
        feeding.write_here(world=99)
    assert feeding.rows("SELECT count(*) FROM pending") == [(0,)]


def test_a_drop_waits_for_those_who_write_and_misses_nothing_of_theirs():
    drill = worlds.create("d", "drill")
    finished = threading.Event()

    def drop():
        worlds.drop(drill, by="p", reason="r")
        finished.set()

    def write():
        with feeding.connect() as writer:
            feeding.write(writer.execute, world=drill)
            thread = threading.Thread(target=feeding.in_threads, args=[drop])
            thread.start()
            assert not finished.wait(0.5), "dropped under the hands of a writer"
            feeding.write(writer.execute, world=drill)
            writer.commit()
        thread.join(20)

    feeding.in_threads(write)
    assert finished.is_set()
    assert feeding.rows("SELECT count(*) FROM event WHERE world_id = %s", [drill]) == [(0,)]
    assert worlds.get(drill).record["rows"] == {"event": 2, "pending": 2}


def test_writers_sequencers_and_a_drop_at_once():
    drill = worlds.create("d", "drill")
    stop = threading.Event()

    def writer():
        while not stop.is_set():
            feeding.write_here()
            try:
                feeding.write_here(world=drill)
            except DatabaseError as error:
                assert "law 8" in str(error)  # noqa: PT017 - one of two good ends

    def sequencer():
        ours = feed.Sequencer(head_every=0.05)
        while not stop.is_set():
            ours.step()

    def drop():
        threading.Event().wait(0.5)
        try:
            worlds.drop(drill, by="p", reason="r")
            threading.Event().wait(0.2)
        finally:
            stop.set()

    feeding.in_threads(writer, writer, sequencer, drop)
    feed.settle()
    for name in tables_with_a_world():
        assert drill not in counts(name), name
    assert feeding.rows("SELECT count(*) FROM event") == feeding.rows("SELECT count(*) FROM feed")


def test_a_row_stays_in_its_world():
    drill = worlds.create("d", "drill")
    fill(drill)
    for name in ("case_row", "outbox", "cursor", "vault_key", "task_row"):
        with owner() as connection, pytest.raises(psycopg.Error, match="for ever"):
            connection.execute(f"UPDATE {name} SET world_id = 1")


def test_dropping_twice_keeps_the_first_record():
    drill = worlds.create("d", "drill")
    fill(drill)
    first = worlds.drop(drill, by="p", reason="r")
    assert worlds.drop(drill, by="q", reason="again") == first

"""The feed under concurrency and crashes: every committed event once, in one order, without gaps."""

import hashlib
import os
import signal
import subprocess
import sys
import threading
import time

import pytest
from django.db import connection, transaction

import feeding
from bihuan.desk import feed, instant
from bihuan.desk.ledger import store
from bihuan.desk.ledger.tree import Frontier, MemoryStore, leaf_hash, root

pytestmark = pytest.mark.usefixtures("clean_db", "own_data")


@pytest.fixture
def own_data(tmp_path, settings):
    settings.DATA = tmp_path


def check_feed(world=1):
    """No gap, no double, nothing lost, each case in its own order; and the ledger is built over just that."""
    placed = list(feed.everything(world))
    assert [event.pos for event in placed] == list(range(len(placed)))
    assert feeding.rows("SELECT count(*) FROM event WHERE world_id = %s", [world]) == [(len(placed),)]
    assert len({(event.case, event.number) for event in placed}) == len(placed)
    last = {}
    for event in placed:
        assert event.number == last.get(event.case, 0) + 1
        last[event.case] = event.number
    assert list(store.verify_ledger(world)) == []
    return placed


def test_events_get_positions_in_the_order_of_their_commits():
    first, bodies = feeding.write_here(count=3)
    second, _ = feeding.write_here()
    feeding.write_here(case=first, first=4)
    assert feed.settle() == 5
    placed = check_feed()
    assert [(event.case, event.number) for event in placed] == [
        (first, 1),
        (first, 2),
        (first, 3),
        (second, 1),
        (first, 4),
    ]
    assert [event.body for event in placed[:3]] == bodies
    assert feed.lag() == 0
    assert feed.settle() == 0


def test_a_leaf_is_the_hash_of_the_exact_stored_text():
    _, (body,) = feeding.write_here(text="示意街道 ‖ \\u0000 \U0001f6f5")
    feed.settle()
    assert store.FeedHashes(1).leaves(0, 1) == [hashlib.sha256(b"\x00" + body.encode()).digest()]


def test_a_transaction_that_commits_late_comes_later_and_no_reader_skips_it():
    sequencer = feed.Sequencer(head_every=0)
    with feeding.connect() as slow:
        late, _ = feeding.write(slow.execute)
        for _ in range(50):
            feeding.write_here()
            sequencer.step()
        seen = []
        assert feed.follow(1, "reader", seen.extend) == 50
        assert late not in {event.case for event in seen}
        slow.commit()
    for _ in range(3):
        feeding.write_here()
        sequencer.step()
    feed.follow(1, "reader", seen.extend)
    assert [event.pos for event in seen] == list(range(54))
    assert late in {event.case for event in seen[50:]}
    check_feed()


def test_dead_rows_are_passed_over_but_never_an_open_writer():
    sequencer = feed.Sequencer(batch=10, head_every=0)
    with feeding.connect() as slow:
        feeding.write(slow.execute)
        for _ in range(40):
            feeding.write_here()
        sequencer.settle()
        assert sequencer._mark.at == 0
        slow.commit()
    for _ in range(3):
        feeding.write_here()
        sequencer.settle()
    assert sequencer._mark.at > 0
    check_feed()


def test_many_writers_and_several_sequencers():
    done = threading.Event()

    def writer():
        for _ in range(25):
            case, _ = feeding.write_here(count=2)
            feeding.write_here(case=case, first=3)

    def sequencer():
        ours = feed.Sequencer(batch=7, head_every=0.01)
        while not done.is_set() or feed.lag():
            ours.step() or time.sleep(0.001)

    def write_all():
        try:
            feeding.in_threads(*[writer] * 4)
        finally:
            done.set()

    feeding.in_threads(write_all, sequencer, sequencer, sequencer)
    feed.settle()
    assert len(check_feed()) == 300


def test_a_rolled_back_write_leaves_no_gap():
    feeding.write_here()
    with feeding.connect() as other:
        feeding.write(other.execute)
        other.rollback()
    feeding.write_here()
    feed.settle()
    assert len(check_feed()) == 2


KILLED = """
import os, sys, django
django.setup()
from bihuan.desk import feed
from bihuan.desk.ledger import store
put = store.put_subtrees
def put_and_wait(rows):
    put(rows)
    print("in the middle", flush=True)
    sys.stdin.read()
store.put_subtrees = put_and_wait
feed.Sequencer(batch=100).step()
"""


def test_a_killed_sequencer_leaves_nothing_half_done_and_another_takes_over(tmp_path):
    for _ in range(300):
        feeding.write_here()
    environment = {**os.environ, "BIHUAN_DATA": str(tmp_path)}
    with subprocess.Popen(
        [sys.executable, "-c", KILLED], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout.readline() == "in the middle\n"
        ours = feed.Sequencer(head_every=0)
        assert ours.step() == 0, "two sequencers at once"
        os.kill(child.pid, signal.SIGKILL)
    deadline = time.monotonic() + 20
    while feed.lag() and time.monotonic() < deadline:
        ours.step() or time.sleep(0.05)
    ours.settle()
    assert len(check_feed()) == 300


def test_a_sequencer_that_another_overtook_reads_the_edge_anew():
    one, two = feed.Sequencer(head_every=0), feed.Sequencer(head_every=0)
    for turn in range(6):
        for _ in range(90):
            feeding.write_here(count=2)
        (one, two)[turn % 2].settle()
    check_feed()


def test_subtrees_and_frontier_equal_the_tree_in_memory():
    memory = MemoryStore()
    for _ in range(3):
        for _ in range(10):
            _, bodies = feeding.write_here(count=40)
            memory.append_many([leaf_hash(body.encode()) for body in bodies])
        feed.settle()
    hashes = store.FeedHashes(1)
    assert hashes.subtrees(8, 0, 4) == memory.subtrees(8, 0, 4)
    assert len(hashes.subtrees(8, 0, 9)) == 4
    assert store.frontier(1).hashes == memory.frontier.hashes == Frontier.of(hashes, 1200).hashes
    assert root(hashes, 777) == root(memory, 777)


def test_heads_are_signed_at_most_so_often_and_the_last_events_do_get_one():
    sequencer = feed.Sequencer(head_every=0.3)
    begin = time.monotonic()
    while time.monotonic() - begin < 0.8:
        feeding.write_here()
        sequencer.step()
    time.sleep(0.31)
    sequencer.step()
    heads = feeding.rows("SELECT size FROM head ORDER BY size")
    assert 2 <= len(heads) <= 5
    assert heads[-1] == (store.size(1),)
    assert store.unsigned() == []


def test_each_world_has_positions_of_its_own():
    ((drill,),) = feeding.rows("SELECT create_world('d', 'drill', '500103', now(), now())")
    for world in (1, drill, 1, drill, drill):
        feeding.write_here(world=world)
    feed.settle()
    assert len(check_feed(1)) == 2
    assert len(check_feed(drill)) == 3
    assert store.latest_head(drill).startswith("bihuan/500103/d\n3\n")


def test_a_reader_that_fails_sees_the_same_events_again():
    for _ in range(5):
        feeding.write_here()
    feed.settle()

    def fail(_events):
        feeding.rows("INSERT INTO setting (key, value) VALUES ('half', 'done')")
        raise RuntimeError("broken")

    with pytest.raises(RuntimeError):
        feed.follow(1, "r", fail)
    assert feeding.rows("SELECT FROM setting WHERE key = 'half'") == []
    seen = []
    feed.follow(1, "r", seen.extend, limit=3)
    feed.follow(1, "r", seen.extend, limit=3)
    assert [event.pos for event in seen] == [0, 1, 2, 3, 4]
    assert feed.readers(1) == {"r": 5}


def test_one_reader_in_several_processes_gets_each_event_once():
    for _ in range(200):
        feeding.write_here()
    feed.settle()
    seen = []

    def reader():
        while feed.readers(1).get("r", 0) < 200:
            feed.follow(1, "r", lambda events: seen.extend(e.pos for e in events), limit=7)

    feeding.in_threads(*[reader] * 4)
    assert seen == list(range(200))


def test_a_reader_at_work_elsewhere_is_left_alone():
    feeding.write_here()
    feed.settle()
    feed.follow(1, "r", lambda _: None)
    feeding.write_here()
    feed.settle()
    with transaction.atomic():
        assert len(feed.read(1, "r")) == 1
        other = []
        feeding.in_threads(lambda: other.append(feed.follow(1, "r", lambda _: None)))
        assert other == [0]


def test_signing_uses_the_wall_clock_also_for_a_drill():
    ((drill,),) = feeding.rows("SELECT create_world('d', 'drill', '500103', now(), '2031-01-01')")
    feeding.write_here(world=drill)
    feed.settle()
    ((at,),) = feeding.rows("SELECT at FROM head WHERE world_id = %s", [drill])
    assert abs((at - instant.wall()).total_seconds()) < 60
    assert instant.now(drill).year == 2031 or instant.now(drill).year == 2030


def test_the_cost_of_a_batch_grows_with_its_rows_only():
    """The size of the feed is looked up once a batch: once a row would be quadratic, and was seven times slower."""
    feeding.write_here(count=50)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(feed._BEGIN, [feed.LOCK])
        cursor.execute("EXPLAIN (ANALYZE, FORMAT JSON) " + feed._TAKE, [0, 100])
        (((plan,),),) = cursor.fetchall()
        transaction.set_rollback(True)
    lookups = [node for node in nodes(plan["Plan"]) if node.get("Index Name") == "feed_once"]
    assert [node["Actual Loops"] for node in lookups] == [1]


def nodes(plan):
    yield plan
    for below in plan.get("Plans", ()):
        yield from nodes(below)

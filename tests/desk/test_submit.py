"""The write path: one round trip, compare-and-set, idempotency, both-or-neither, all laws on."""

import json
import shutil
import threading
import uuid

import pytest
from django.db import IntegrityError, connection, connections
from django.test.utils import CaptureQueriesContext

import rooms
from bihuan.desk import api, codec, identity, keyring, store
from bihuan.desk.change import load
from bihuan.desk.keyring import KeyringError
from bihuan.kernel import Refused, fold
from bihuan.kernel import commands as c
from bihuan.kernel.case import Proof, Stage
from bihuan.testing import cast


@pytest.fixture(autouse=True)
def district(clean_db):
    identity.forget_numbers()
    rooms.install()


def rows(table, where="true", *values):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table} WHERE {where}", values)
        return cursor.fetchone()[0]


def in_threads(count, work):
    """``count`` threads, each with its own connection, let go at the same moment; their answers or exceptions."""
    barrier, found = threading.Barrier(count), [None] * count

    def one(number):
        try:
            barrier.wait(20)
            found[number] = work(number)
        except Exception as error:  # noqa: BLE001 - handed to the test
            found[number] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=one, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return found


def test_a_report_is_one_round_trip():
    rooms.report()
    with CaptureQueriesContext(
        connection,
    ) as seen:
        rooms.report()
    assert len(seen) == 1, [query["sql"][:60] for query in seen]


def test_a_report_under_a_key_is_a_look_and_a_write():
    rooms.report()
    with CaptureQueriesContext(connection) as seen:
        rooms.report(key="k1")
    assert len(seen) == 2


def test_a_command_is_a_read_and_a_write():
    case = rooms.report().case
    with CaptureQueriesContext(connection) as seen:
        rooms.act(case, c.Accept(), cast.ZHOU)
    assert len(seen) == 2, [query["sql"][:80] for query in seen]


def test_everything_of_a_report_is_there():
    made = rooms.report(key="k")
    assert rows("case_row", "id = %s", made.case) == 1
    assert rows("event", "case_id = %s", made.case) == made.version
    assert rows("pending", "case_id = %s AND first = 1 AND last = %s", made.case, made.version) == 1
    assert rows("outbox", "case_id = %s AND kind = 'new-case'", made.case) == 1
    assert rows("receipt", "case_id = %s AND digest = %s", made.case, identity.code_digest(made.receipt)) == 1
    assert rows("vault_key", "case_id = %s", made.case) == 1
    assert rows("vault_item", "case_id = %s AND kind = 'text'", made.case) == 1
    assert rows("answer", "key = 'k'") == 1


def test_the_history_holds_no_free_text_and_no_code():
    made = rooms.report(text="请不要写进历史的话")
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(body, '') FROM event")
        bodies = cursor.fetchone()[0]
        cursor.execute("SELECT string_agg(state, '') FROM case_row")
        states = cursor.fetchone()[0]
    assert "请不要" not in bodies + states
    assert made.receipt not in bodies + states


def test_the_row_is_the_fold_of_its_history():
    case = rooms.closed()
    assert fold(api.events_of(case, 1)) == load(case, 1).state
    assert load(case, 1).state.stage is Stage.CLOSED


def test_the_same_key_gives_the_same_answer():
    first, second = rooms.report(key="k"), rooms.report(key="k")
    assert (first.case, first.number, first.receipt) == (second.case, second.number, second.receipt)
    assert second.replayed
    assert rows("case_row") == 1


def test_the_same_key_for_something_else_is_refused():
    rooms.report(key="k")
    with pytest.raises(api.KeyReused):
        rooms.report(key="k", text="另一件事")


def test_another_person_may_use_the_same_key():
    assert rooms.report(key="k").case != rooms.report(by=cast.HE, key="k").case


def test_twenty_requests_under_one_key_make_one_case():
    found = in_threads(20, lambda _: rooms.report(key="storm"))
    assert {type(one) for one in found} == {api.Outcome}
    assert len({(one.case, one.receipt) for one in found}) == 1
    assert rows("case_row") == rows("receipt") == 1


def test_many_requests_with_one_key_on_one_case_change_it_once():
    case = rooms.report().case
    seen = in_threads(8, lambda _: rooms.act(case, None, cast.ZHOU, key="storm", texts={"work": "已联系"}))
    assert sorted(one.replayed for one in seen) == [False] + [True] * 7
    assert len({one.version for one in seen}) == 1
    assert rows("event", "kind = 'Noted' AND body LIKE '%%\"work\"%%'") == 1


def test_a_restored_site_gives_the_same_codes_and_another_keyring_none(settings, tmp_path):
    """Another machine has another web secret; the key of the codes comes along in the keyring."""
    settings.DATA = tmp_path / "old"
    made = rooms.report(key="k")
    safe = tmp_path / "safe.json"
    keyring.export(safe)
    settings.DATA, settings.SECRET_KEY = tmp_path / "new", "the secret of another machine, made at its first start"
    settings.DATA.mkdir()
    shutil.copy(safe, keyring.path())
    assert rooms.report(key="k").receipt == made.receipt
    settings.DATA = tmp_path / "elsewhere"
    with pytest.raises(KeyringError, match="Put back the export"):
        rooms.report(key="k")


def test_a_keyring_from_before_codes_had_a_key_is_given_one(settings, tmp_path, caplog):
    settings.DATA = tmp_path / "data"
    keyring.load()
    held = json.loads(keyring.path().read_text())
    del held["codes"]
    keyring.path().write_text(json.dumps(held))
    made = rooms.report(key="k")
    assert "Export it again" in caplog.text
    assert rooms.report(key="k").receipt == made.receipt


def test_a_command_under_a_key_acts_once():
    case = rooms.report().case
    first = rooms.act(case, c.Accept(), cast.ZHOU, key="a")
    second = rooms.act(case, c.Accept(), cast.ZHOU, key="a")
    assert second.replayed
    assert second.version == first.version


def test_twenty_writers_have_one_winner_a_step():
    case = rooms.dispatched()
    found = in_threads(20, lambda n: rooms.api.submit(
        c.TakeTask(1), by=api.Actor(str(uuid.UUID(int=n + 1)), cast.CHENGGUAN, frozenset({"handler"})),
        case=case, purpose="x"))  # fmt: skip
    won = [one for one in found if isinstance(one, api.Outcome)]
    lost = [one for one in found if isinstance(one, Refused)]
    assert (len(won), len(lost)) == (1, 19), found
    assert {one.code for one in lost} == {"task-full"}
    assert load(case, 1).state.tasks[0].takers == (won[0].state.tasks[0].takers[0],)


def test_twenty_writers_who_looked_at_the_same_page_have_one_winner():
    case = rooms.dispatched()
    seen = load(case, 1).state.version
    found = in_threads(20, lambda n: rooms.act(case, c.Oversee("remind", "", f"第 {n} 次"), cast.ZHOU, expects=seen))
    assert sum(isinstance(one, api.Outcome) for one in found) == 1
    assert sum(isinstance(one, api.Stale) for one in found) == 19, found


def test_writers_who_do_not_collide_in_meaning_all_win():
    case = rooms.dispatched()
    before = load(case, 1).state.version
    found = in_threads(12, lambda n: rooms.act(case, c.Oversee("remind", "", f"第 {n} 次"), cast.ZHOU))
    assert all(isinstance(one, api.Outcome) for one in found), found
    assert load(case, 1).state.version == before + 12
    assert fold(api.events_of(case, 1)) == load(case, 1).state


def test_a_refusal_stores_nothing():
    case = rooms.answered()
    before = rows("event")
    with pytest.raises(Refused) as refused:
        rooms.act(case, c.Verify(accept=True), cast.WEI)
    assert refused.value.law == 4
    assert rows("event") == before


def test_a_stranger_is_told_nothing():
    case = rooms.report(seal="L2").case
    for wanted in (case, uuid.uuid4()):
        with pytest.raises(api.NotFound):
            api.submit(c.Accept(), by=rooms.stranger(), case=wanted, purpose="x")


def test_a_text_goes_to_the_vault_with_the_command():
    case = rooms.dispatched()
    done = rooms.act(case, c.FinishTask(1, (Proof("photo_after", "p1"),)), cast.WEI, texts={"answer": "已更换井盖"})
    assert done.state.notes[-1].kind == "answer"
    assert rows("vault_item", "case_id = %s AND kind = 'answer'", case) == 1


@pytest.mark.parametrize("hours", [1, -10_000])
def test_a_time_that_cannot_be_is_refused(hours):
    from datetime import timedelta

    from bihuan.desk import instant

    case = rooms.report().case
    with pytest.raises(Refused) as refused:
        rooms.act(case, c.Accept(), cast.ZHOU, happened_at=instant.now(1) + timedelta(hours=hours))
    assert refused.value.code in {"time-in-the-future", "time-before-case"}


def test_merged_receipts_lead_to_the_lead_case_and_part_again():
    lead, other = rooms.report(), rooms.report(by=cast.HE)
    api.merge(other.case, lead.case, by=rooms.actor(cast.ZHOU), purpose="并案")
    assert load(other.case, 1).state.merged_into == str(lead.case)
    assert len(load(lead.case, 1).state.receipts) == 2
    assert api.audit().is_clean
    api.unmerge(other.case, "不是同一件事", by=rooms.actor(cast.ZHOU), purpose="拆开")
    assert load(other.case, 1).state.stage is Stage.REGISTERED
    assert len(load(lead.case, 1).state.receipts) == 1


def test_a_merge_under_a_key_happens_once_and_answers_the_same():
    lead, other = rooms.report().case, rooms.report(by=cast.HE).case

    def merge(_):
        return api.merge(other, lead, by=rooms.actor(cast.ZHOU), purpose="并案", key="m")

    answers = [merge(0), merge(1)]
    assert [[each.version for each in both] for both in answers] == [[each.version for each in answers[0]]] * 2
    assert [both[0].replayed for both in answers] == [False, True]
    with pytest.raises(api.KeyReused):
        api.merge(lead, other, by=rooms.actor(cast.ZHOU), purpose="并案", key="m")
    apart = [api.unmerge(other, "两件事", by=rooms.actor(cast.ZHOU), purpose="x", key="u") for _ in range(2)]
    assert [both[1].replayed for both in apart] == [False, True]
    assert load(other, 1).state.stage is Stage.REGISTERED


def test_two_merges_at_once_under_one_key_are_one_merge_and_both_are_answered():
    lead, other = rooms.report().case, rooms.report(by=cast.HE).case
    found = in_threads(4, lambda _: api.merge(other, lead, by=rooms.actor(cast.ZHOU), purpose="并案", key="m"))
    assert {tuple(each.version for each in both) for both in found} == {(found[0][0].version, found[0][1].version)}
    assert sum(not both[0].replayed for both in found) == 1
    assert len(load(lead, 1).state.absorbed) == 1


def test_a_refused_merge_changes_neither():
    lead, other = rooms.closed(), rooms.report(by=cast.HE).case
    before = rows("event")
    with pytest.raises(Refused):
        api.merge(other, lead, by=rooms.actor(cast.ZHOU), purpose="并案")
    assert rows("event") == before


def test_merges_both_ways_at_once_end_with_one_lead():
    one, two = rooms.report().case, rooms.report(by=cast.HE).case
    pairs = [(one, two), (two, one)]
    found = in_threads(2, lambda n: api.merge(*pairs[n], by=rooms.actor(cast.ZHOU), purpose="并案"))
    assert sum(isinstance(each, tuple) for each in found) == 1, found
    assert sorted(load(case, 1).state.stage for case in (one, two)) == [Stage.MERGED, Stage.REGISTERED]


def test_a_split_makes_children_that_hold_the_parent_open():
    case = rooms.dispatched()
    parts = [api.Intake("rubbish", "500103010", "desk", {"text": "垃圾"})]
    (child,) = api.split(case, parts, by=rooms.actor(cast.ZHOU), purpose="分办")
    with pytest.raises(Refused) as refused:
        rooms.act(case, c.FinishTask(1, (Proof("photo_after", "p1"),)), cast.WEI)
    assert refused.value.code == "child-open"
    assert load(child.case, 1).state.parent == str(case)


def test_a_part_is_no_way_round_a_seal():
    case = api.report(
        api.Intake("rubbish", "500103010", "portal", {"text": "举报"}, seal="L3", barred=(cast.CHENGGUAN,)),
        by=rooms.actor(cast.LIN), purpose="report",
    ).case  # fmt: skip
    parts = [api.Intake("rubbish", "500103010", "desk", {"text": "其一"}, seal="L1")]
    (child,) = api.split(case, parts, by=rooms.actor(cast.ZHOU), purpose="分办")
    state = load(child.case, 1).state
    assert (state.seal, state.barred) == ("L3", (cast.CHENGGUAN,))


def part(text="垃圾"):
    return api.Intake("rubbish", "500103010", "desk", {"text": text})


def test_a_split_sent_eight_times_at_once_is_one_split_and_all_are_answered():
    case = rooms.dispatched()
    found = in_threads(
        8, lambda _: api.split(case, [part(), part("树")], by=rooms.actor(cast.ZHOU), purpose="s", key="k")
    )
    answers = {tuple((one.case, one.receipt) for one in each) for each in found}
    assert len(answers) == 1, found
    assert len(load(case, 1).state.children) == 2
    assert api.audit().is_clean


def test_one_key_for_two_splits_at_once_serves_one_and_the_other_is_told():
    wholes = [rooms.dispatched(), rooms.dispatched()]
    found = in_threads(8, lambda n: api.split(wholes[n % 2], [part()], by=rooms.actor(cast.ZHOU), purpose="s", key="k"))
    assert {type(each) for each in found} == {list, api.KeyReused}, found
    assert sorted(len(load(whole, 1).state.children) for whole in wholes) == [0, 1]
    assert api.audit().is_clean


@pytest.mark.parametrize("second", [[], [0, 0], [1]], ids=["none", "more", "other"])
def test_a_key_of_a_split_is_for_those_parts_alone(second):
    case = rooms.dispatched()
    offered = [part(), part("树")]
    api.split(case, [part()], by=rooms.actor(cast.ZHOU), purpose="分办", key="k")
    if not second:
        assert api.split(case, [], by=rooms.actor(cast.ZHOU), purpose="分办", key="k") == []
    else:
        with pytest.raises(api.KeyReused):
            api.split(case, [offered[n] for n in second], by=rooms.actor(cast.ZHOU), purpose="分办", key="k")
    assert len(load(case, 1).state.children) == 1


def test_bulk_is_the_same_as_one_by_one():
    intakes = [api.Intake("manhole", "500103010", "import", {"text": f"第 {n} 件"}) for n in range(25)]
    made = list(api.report_many(intakes, by=rooms.actor(cast.LIN), purpose="导入", slice_size=10))
    single = rooms.report()
    assert rows("case_row") == rows("receipt") == rows("vault_key") == 26
    assert rows("event") == sum(len(one.events) for one in made) + len(single.events)
    bulk, alone = load(made[0].case, 1).state, load(single.case, 1).state
    assert [k.key for k in bulk.clocks] == [k.key for k in alone.clocks]
    assert api.audit().is_clean


def test_bulk_stores_a_slice_whole_or_not_at_all():
    good = api.Intake("manhole", "500103010", "import", {"text": "好"})
    bad = api.Intake("no-such-category", "500103010", "import", {"text": "坏"})
    with pytest.raises(Refused):
        list(api.report_many([good] * 10 + [good, bad, good], by=rooms.actor(cast.LIN), purpose="导入", slice_size=10))
    assert rows("case_row") == rows("receipt") == 10


def test_numbers_are_unique_over_threads():
    found = in_threads(8, lambda n: [rooms.report(text=f"{n}-{i}").number for i in range(20)])
    numbers = [number for some in found for number in some]
    assert len(set(numbers)) == 160


def test_a_change_that_breaks_a_law_is_loud_and_stores_nothing(monkeypatch):
    from bihuan.kernel import laws

    case = rooms.report().case
    monkeypatch.setattr(laws, "violations", lambda *_: ["law 2: nobody owns it"])
    with pytest.raises(AssertionError, match="nobody owns it"):
        rooms.act(case, c.Accept(), cast.ZHOU)
    assert load(case, 1).state.stage is Stage.REGISTERED


def test_the_state_survives_its_text():
    state = load(rooms.closed(), 1).state
    assert codec.decode_state(codec.encode_state(state)) == state


def test_the_same_event_cannot_be_stored_twice():
    case = rooms.report().case
    loaded = load(case, 1)
    from bihuan.desk.change import Asked, change_of

    change = change_of(c.Accept(), loaded, Asked(rooms.actor(cast.ZHOU), "x"))
    assert store.write(change)
    assert not store.write(change)
    with pytest.raises(IntegrityError), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO event (world_id, district, case_id, number, kind, body) VALUES (1, 'd', %s, 1, 'x', 'x')",
            [case],
        )


def test_the_application_can_neither_change_nor_delete_history():
    from django.db import DatabaseError

    rooms.report()
    for statement in ("UPDATE event SET body = 'x'", "DELETE FROM event", "TRUNCATE event", "DELETE FROM case_row"):
        with pytest.raises(DatabaseError), connection.cursor() as cursor:
            cursor.execute(statement)

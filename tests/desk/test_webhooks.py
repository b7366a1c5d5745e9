"""Webhooks: told once to whoever may know, signed as the standard says, tried again, given up, and never too much."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, date, datetime
from types import SimpleNamespace

import pytest

import feeding
import rooms
from bihuan.adapters.http import HttpPoster
from bihuan.desk import api, feed, names, ports, units, vault
from bihuan.desk.webhooks import send
from bihuan.kernel import commands as c
from bihuan.kernel.case import Seal
from bihuan.testing import books, cast
from receiver import Receiver

pytestmark = pytest.mark.usefixtures("clean_db")
HERE = ["127.0.0.0/8"]
CITY = replace(books.city(), version="open", effective=date(2025, 2, 1), seal=Seal.L0)


@pytest.fixture(autouse=True)
def city(clean_db, settings, tmp_path, monkeypatch):
    settings.DATA = tmp_path
    monkeypatch.setattr(ports, "_poster", lambda: HttpPoster(HERE, seconds=1))
    units.forget()
    names.forget()
    rooms.install(CITY)
    with_units = "INSERT INTO unit (code, district, name, name_en, kind, path, place, phone) VALUES (%s, '500103', %s,"
    for code in (cast.CENTRE, cast.CHENGGUAN, cast.ZHUJIAN):
        feeding.rows(f"{with_units} '', 'department', %s, '', '')", [code, f"单位 {code}", f"/{code}/"])
    units.forget()


@pytest.fixture
def receiver():
    with Receiver() as made:
        yield made


def listen(receiver, **wanted):
    key, receiver.secret = api.webhooks.add(receiver.url, **wanted)
    return key


def deliver(poster=None):
    feed.settle()
    deliverer = send.Deliverer(poster)
    while deliverer.step():
        pass


def message():
    return SimpleNamespace(
        **dict(
            zip(
                ("attempts", "next_try", "sent", "error", "body"),
                feeding.rows("SELECT attempts, next_try, sent, last_error, body FROM webhook_message")[0],
                strict=True,
            )
        )
    )


def come_due():
    feeding.rows("UPDATE webhook_message SET next_try = now() WHERE next_try IS NOT NULL")


# -- told, and signed


def test_the_reference_library_verifies_what_is_sent(receiver):
    key = listen(receiver)
    made = rooms.report()
    rooms.act(made.case, c.Accept(), cast.ZHOU)
    deliver()
    assert receiver.refused == []
    first, second = receiver.bodies()
    assert (first["type"], second["type"]) == ("case.registered", "case.accepted")
    assert first["data"] | {"due": ""} == {
        "case": str(made.case), "number": made.number, "event": 1, "drill": False, "scene": "city",
        "category": {"code": "manhole", "name": "井盖缺损", "name_en": "manhole"},
        "place": {"code": "500103010", "name": "500103010", "name_en": ""},
        "lead": {"code": "centre", "name": "单位 centre", "name_en": ""}, "stage": "accepted", "due": "",
    }  # fmt: skip
    assert datetime.fromisoformat(first["timestamp"]) < datetime.now(UTC)
    assert [(one.status, one.attempt, one.error) for one in api.webhooks.log_of(key)] == [(204, 1, "")] * 2
    # Another secret does not verify: the test above can fail.
    _, other = api.webhooks.add(receiver.url)
    receiver.secret = other
    rooms.report()
    deliver()
    assert "No matching signature found" in receiver.refused


def test_nothing_that_anybody_wrote_is_in_a_message(receiver):
    listen(receiver)
    case = rooms.report(text="独一无二的一句话").case
    rooms.act(case, c.Accept(), cast.ZHOU)
    rooms.act(case, c.Dispatch(), cast.ZHOU)
    rooms.act(case, c.Oversee("remind", "", "另一句话"), cast.ZHOU)
    deliver()
    sent = b"".join(body for _, body in receiver.got).decode()
    assert set(receiver.kinds()) == {"case.registered", "case.accepted", "case.dispatched"}
    for secret in ("独一无二", "另一句话", cast.ZHOU.name, rooms.actor(cast.LIN).person, rooms.actor(cast.ZHOU).person):
        assert secret not in sent


def test_a_filter_of_types_lets_only_those_through(receiver):
    listen(receiver, kinds=["case.accepted"])
    rooms.act(rooms.report().case, c.Accept(), cast.ZHOU)
    deliver()
    assert receiver.kinds() == ["case.accepted"]
    with pytest.raises(api.webhooks.BadEndpoint, match=r"case\.eaten"):
        api.webhooks.add(receiver.url, kinds=["case.eaten"])


def test_an_endpoint_is_told_what_happens_from_its_registration_on(receiver):
    rooms.report()
    feed.settle()
    listen(receiver)
    number = rooms.report().number
    deliver()
    assert [body["data"]["number"] for body in receiver.bodies()] == [number]


def test_planned_twice_a_message_is_there_once(receiver):
    listen(receiver)
    rooms.report()
    deliver()
    feeding.rows("UPDATE cursor SET pos = 0 WHERE name = 'webhooks'")
    deliver()
    assert len(receiver.got) == 1


def test_a_simulation_tells_nobody_and_a_drill_says_that_it_is_one(receiver):
    from bihuan.desk import worlds

    for kind in ("simulation", "drill"):
        world = worlds.create(kind, kind, starts=datetime(2026, 3, 2, 2, tzinfo=UTC))
        api.webhooks.add(receiver.url, world=world)
        api.report(api.Intake("manhole", "5001", "x", {}), by=rooms.actor(cast.LIN), purpose="x", world=world)
    deliver()
    assert [body["data"]["drill"] for body in receiver.bodies()] == [True]


# -- who may know


def sealed(seal, **more):
    return rooms.report(seal=seal, **more).case


def test_outside_only_public_cases_are_told(receiver):
    listen(receiver)
    for seal in ("L1", "L2", "L3"):
        sealed(seal)
    deliver()
    assert receiver.got == []
    rooms.report()
    deliver()
    assert receiver.kinds() == ["case.registered"]


def test_a_sealed_case_is_told_to_a_unit_of_the_case_and_only_that_something_happened(receiver):
    with Receiver() as stranger:
        listen(receiver, unit=cast.CENTRE)
        listen(stranger, unit=cast.ZHUJIAN)
        inner, case = sealed("L1"), sealed("L2")
        deliver()
        assert stranger.got == []
    first, second = receiver.bodies()
    assert (first["data"]["case"], first["data"]["category"]["code"]) == (str(inner), "manhole")
    assert set(second["data"]) == {"case", "number", "event", "drill", "sealed"}
    assert second["data"]["case"] == str(case)


def test_the_accused_unit_is_told_nothing_from_the_first_second(receiver):
    listen(receiver, unit=cast.CHENGGUAN)
    rooms.report(barred=(cast.CHENGGUAN,))
    deliver()
    assert receiver.got == []


def test_sealed_between_noting_down_and_leaving_it_does_not_leave(receiver):
    key = listen(receiver)
    case = rooms.report().case
    feed.settle()
    from bihuan.desk.webhooks import plan

    while plan.step():
        pass
    assert b"manhole" in message().body.encode()
    rooms.act(case, c.Reseal(Seal.L2, "涉及个人"), cast.ZHOU)
    deliver()
    assert receiver.got == []
    assert (message().sent, message().next_try, message().body) == (None, None, "")
    assert api.webhooks.retry(key) == 0


def test_to_a_unit_of_the_case_a_message_sealed_meanwhile_goes_bare(receiver):
    listen(receiver, unit=cast.CENTRE)
    receiver.answers = [500]
    case = rooms.report().case
    deliver()
    rooms.act(case, c.Reseal(Seal.L2, "涉及个人"), cast.ZHOU)
    come_due()
    deliver()
    first, second = receiver.bodies()
    assert "category" in first["data"]
    assert set(second["data"]) == {"case", "number", "event", "drill", "sealed"}
    assert len(set(receiver.ids())) == 1


# -- tried again


@pytest.mark.parametrize("answer", [500, 302, 429, "dies", "redirects", "dribbles"])
def test_what_is_not_taken_comes_again_under_the_same_id_and_signed_anew(receiver, answer):
    key = listen(receiver)
    receiver.answers = [answer]
    rooms.report()
    begun = time.monotonic()
    deliver()
    assert time.monotonic() - begun < 8
    assert len(receiver.got) == 1  # a redirect was not followed
    assert message().sent is None
    wait = (message().next_try - datetime.now(UTC)).total_seconds()
    assert (590 < wait < 601) if answer == 429 else (-8 < wait < 7)
    time.sleep(1)
    come_due()
    deliver()
    assert message().sent is not None
    (first, body), (second, again) = receiver.got
    assert (first["webhook-id"], body) == (second["webhook-id"], again)
    assert int(first["webhook-timestamp"]) < int(second["webhook-timestamp"])
    assert first["webhook-signature"] != second["webhook-signature"]
    assert receiver.refused == []
    newest, oldest = api.webhooks.log_of(key)
    assert (newest.status, oldest.attempt, newest.attempt) == (204, 1, 2)
    assert oldest.error
    assert api.webhooks.find(key).failing_since is None


def test_a_receiver_that_answers_without_end_is_believed_by_its_first_line(receiver):
    listen(receiver)
    receiver.answers = ["endless"]
    rooms.report()
    deliver()
    assert message().sent is not None


def test_waits_grow_fourfold_with_jitter_up_to_half_a_day():
    def wait(attempts):
        tried = SimpleNamespace(message=SimpleNamespace(attempts=attempts), wait=0)
        return [send._wait(tried).total_seconds() for _ in range(40)]

    for attempts, middle in ((1, 5), (2, 20), (5, 1280), (9, 43_200), (12, 43_200)):
        found = wait(attempts)
        assert all(0.75 * middle <= one <= 1.25 * middle for one in found)
        assert max(found) - min(found) > 0.1 * middle


def test_after_twelve_tries_it_is_given_up_seen_and_may_be_tried_again(receiver):
    key = listen(receiver, name="地图")
    receiver.answers = [500] * send.MOST_ATTEMPTS
    rooms.report()
    for _ in range(send.MOST_ATTEMPTS + 2):
        deliver()
        come_due()
    assert len(receiver.got) == send.MOST_ATTEMPTS
    assert api.webhooks.find(key).dead == 1
    assert api.webhooks.waiting() == [("地图", "1 messages were given up")]
    audited = api.audit()
    assert ("webhook 地图", "1 messages were given up") in audited.notices
    assert audited.is_clean
    assert api.webhooks.retry(key) == 1
    deliver()
    assert message().sent is not None
    assert len(set(receiver.ids())) == 1
    assert api.webhooks.waiting() == []


def test_an_endpoint_that_takes_nothing_for_five_days_is_ended_and_lives_again_when_asked(receiver):
    key = listen(receiver)
    receiver.answers = [500, 500]
    first = rooms.report().number
    deliver()
    assert api.webhooks.find(key).ended is None
    feeding.rows("UPDATE webhook SET failing_since = failing_since - %s::interval", ["5 days"])
    come_due()
    deliver()
    ended = api.webhooks.find(key)
    assert "answered 500" in ended.ended_why
    rooms.report()
    come_due()
    deliver()
    assert len(receiver.got) == 2  # neither the old nor the new
    api.webhooks.retry(key)
    third = rooms.report().number
    deliver()
    assert [body["data"]["number"] for body in receiver.bodies()[2:]] == [first, third]


def test_gone_means_gone(receiver):
    key = listen(receiver)
    receiver.answers = [410]
    rooms.report()
    deliver()
    assert "410" in api.webhooks.find(key).ended_why


def test_a_slow_endpoint_holds_up_no_other(receiver):
    with Receiver() as slow:
        slow.answers = ["dribbles"] * 20
        listen(slow)
        listen(receiver)
        for _ in range(6):
            rooms.report()
        feed.settle()
        begun = time.monotonic()
        send.Deliverer().step()
        assert time.monotonic() - begun < 5
        assert (len(receiver.got), len(slow.got)) == (6, 1)


KILLED = """
import sys, django
django.setup()
from datetime import timedelta
from bihuan.adapters.http import HttpPoster
from bihuan.desk import feed
from bihuan.desk.webhooks import send
class Dying(HttpPoster):
    def post(self, *given):
        reply = super().post(*given)
        print(reply.status, flush=True)
        sys.stdin.read()
feed.settle()
send.Deliverer(Dying(["127.0.0.0/8"]), lease=timedelta(seconds=1)).step()
"""


def test_a_worker_killed_between_delivery_and_acknowledgement_repeats_under_the_same_id(receiver, settings):
    listen(receiver)
    rooms.report()
    environment = {**os.environ, "BIHUAN_DATA": str(settings.DATA)}
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, text=True
    )
    assert process.stdout.readline().strip() == "204"
    process.send_signal(signal.SIGKILL)
    process.communicate()
    deliver()
    assert len(receiver.got) == 1  # the lease still runs
    time.sleep(1.1)
    deliver()
    assert len(receiver.got) == 2
    assert len(set(receiver.ids())) == 1
    assert message().sent is not None


def test_several_deliverers_hand_each_message_over_once(receiver):
    listen(receiver)
    for _ in range(30):
        rooms.report()
    feed.settle()

    def work():
        deliverer = send.Deliverer()
        while deliverer.step():
            pass

    feeding.in_threads(*[work] * 3)
    assert len(receiver.got) == len(set(receiver.ids())) == 30


# -- secrets, removal


def test_the_secret_lies_in_the_vault_turns_with_its_keys_and_dies_with_the_endpoint(receiver):
    from bihuan.desk import keyring

    key = listen(receiver)
    tables = ("webhook", "vault_item", "vault_key", "webhook_message")
    raw = receiver.secret.removeprefix("whsec_")
    everything = json.dumps([feeding.rows(f"SELECT t::text FROM {table} t") for table in tables])
    assert raw not in everything
    keyring.rotate()
    rooms.report()
    deliver()
    assert receiver.refused == []
    assert len(receiver.got) == 1
    rooms.report()
    assert api.webhooks.remove(key)
    assert not api.webhooks.remove(key)
    deliver()
    assert len(receiver.got) == 1
    ((ref,),) = feeding.rows("SELECT secret FROM webhook")
    assert vault.open_items(key, [ref]) == {ref: vault.ERASED}


# -- where it may not go

REFUSED = [
    "ftp://example.org/", "file:///etc/passwd", "gopher://x", "http://", "https:///x", "http://a:b@example.org/",
    "http://example.org/#x", "http://127.0.0.1/", "http://[::1]/", "http://10.1.2.3/", "http://192.168.1.1:8080/x",
    "http://169.254.169.254/latest/meta-data", "http://[::ffff:10.0.0.1]/", "http://[64:ff9b::a00:1]/",
    "http://[fe80::1]/", "http://0.0.0.0/", "http://100.64.0.1/", "http://[2002:a00:1::]/", "http://224.0.0.1/",
    "http://example.org:99999/", "http://exa mple.org/", "http://例子.org/",
]  # fmt: skip


@pytest.mark.parametrize("url", REFUSED)
def test_an_address_that_may_not_be_reached_is_refused_at_registration(monkeypatch, url):
    monkeypatch.setattr(ports, "_poster", HttpPoster)
    with pytest.raises(api.webhooks.BadEndpoint):
        api.webhooks.add(url)


def test_a_name_is_resolved_and_checked_at_every_delivery_and_used_as_checked(receiver, monkeypatch):
    """Rebinding: harmless when registered, private when used. And what was checked is what is connected to."""
    import socket

    monkeypatch.setattr(ports, "_poster", HttpPoster)
    port = receiver.url.split(":")[2].partition("/")[0]
    api.webhooks.add(f"http://hook.example.org:{port}/")
    asked = []

    def answers(*addresses):
        def lookup(host, port, *_, **__):
            asked.append(host)
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in addresses]

        monkeypatch.setattr(socket, "getaddrinfo", lookup)

    answers("93.184.216.34", "127.0.0.1")
    rooms.report()
    deliver()
    assert receiver.got == []
    assert "127.0.0.1" in message().error
    answers("127.0.0.1")
    come_due()
    deliver(HttpPoster(HERE))
    assert len(receiver.got) == 1
    assert receiver.got[0][0]["Host"] == f"hook.example.org:{port}"
    assert asked == ["hook.example.org", "hook.example.org", "127.0.0.1"]  # the last is the address itself, to connect


def test_old_messages_and_tries_go_and_younger_ones_stay(receiver):
    from bihuan.desk import tidy

    key = listen(receiver)
    rooms.report()
    deliver()
    assert len(api.webhooks.log_of(key)) == 1
    tidy.step()
    assert len(api.webhooks.log_of(key)) == 1
    feeding.rows("UPDATE webhook_message SET created = created - %s::interval", ["91 days"])
    assert tidy.step() == 1
    assert len(api.webhooks.log_of(key)) == 1


def test_the_log_of_tries_cannot_be_rewritten(receiver):
    from django.db import Error

    listen(receiver)
    rooms.report()
    deliver()
    with pytest.raises(Error, match="permission denied"):
        feeding.rows("UPDATE webhook_try SET status = 204")

"""Signals by MQTT from real brokers: acknowledged when stored, what is wrong counted, a flood bounded."""

import json
import shutil
import time
from datetime import UTC, datetime, timedelta

import orjson
import pytest
from django.db import connection

from bihuan.adapters.mqtt import Address
from bihuan.adapters.mqtt.reading import Message, Reader
from bihuan.desk import api as desk
from mqtt_site import Broker, door, sender, until
from rest_site import set_up

NOW = datetime.now(UTC)
KINDS = ["nats", "mosquitto"]


def reading(at=0, sensor="gauge", value=1.5, **more):
    happened = (NOW + timedelta(seconds=at)).isoformat()
    return {"sensor": sensor, "kind": "water_level", "at": happened, "value": value} | more


def rows(where="true"):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT source, sensor, value FROM signal WHERE {where} ORDER BY id")
        return cursor.fetchall()


def faults(source):
    one = next((one for one in desk.signal_sources.health(NOW - timedelta(days=1)) if one.source == source), None)
    return {code: number for codes in one.faults.values() for code, number in codes.items()} if one else {}


@pytest.fixture(params=KINDS)
def at(request, clean_db, tmp_path):
    if request.param == "mosquitto" and not shutil.which("mosquitto", path="/usr/sbin:/usr/bin"):
        pytest.skip("没有 mosquitto。 No mosquitto here: apt-get install mosquitto.")
    set_up()
    for name in ("gate", "other"):
        desk.signal_sources.register("centre", name)
    one = Broker(request.param, tmp_path, ["centre/gate", "centre/other"])
    one.start()
    yield one
    one.stop()


def test_readings_come_in_one_by_one_and_in_arrays_each_kept_once(at):
    with door(at):
        client = sender(at, "centre/gate")
        client.publish("signals/centre/gate", json.dumps(reading()), qos=1).wait_for_publish(30)
        many = json.dumps([reading(sensor="a"), reading(sensor="b", value=None), reading()])
        client.publish("signals/centre/gate/pump-3", many, qos=1).wait_for_publish(30)
        until(lambda: len(rows()) == 3)
        client.loop_stop()
    assert rows() == [("centre/gate", "gauge", 1.5), ("centre/gate", "a", 1.5), ("centre/gate", "b", None)]
    assert desk.signals.counts("centre/gate", NOW).duplicates == 1


def test_what_came_while_we_were_away_or_the_broker_was_is_not_lost(at):
    with door(at):
        client = sender(at, "centre/gate", "gate-1")
        client.publish("signals/centre/gate", json.dumps(reading(0)), qos=1).wait_for_publish(30)
        until(lambda: len(rows()) == 1)
    # The door is away.
    client.publish("signals/centre/gate", json.dumps(reading(1)), qos=1).wait_for_publish(30)
    if at.kind == "mosquitto":
        time.sleep(1.5)  # it writes once a second
    at.stop()
    # The broker is away: the client keeps what it sends.
    client.publish("signals/centre/gate", json.dumps(reading(2)), qos=1)
    with door(at, waits=False):
        at.start()
        until(lambda: len(rows()) == 3)
    client.loop_stop()


def test_what_cannot_be_read_is_counted_and_holds_up_nothing(at):
    with door(at):
        client = sender(at, "centre/gate")
        poison = [
            b"\xff\xfe", b"{oops", b"", b"null", b"[[]]", b'"text"', b"x" * 200_000, b"[" * 100_000,
            orjson.dumps(reading(value=1) | {"person": "x"}),
            orjson.dumps(reading() | {"sensor": "a\x00b"}),
            json.dumps(reading(value=float("nan"))).encode(),
        ]  # fmt: skip
        for one in poison:
            client.publish("signals/centre/gate", one, qos=1).wait_for_publish(30)
        client.publish("signals/centre/gate", json.dumps([reading(), {"sensor": 7}]), qos=1).wait_for_publish(30)
        until(lambda: len(rows()) == 1)
        client.loop_stop()
    counted = faults("centre/gate")
    assert sum(counted.values()) == len(poison) + 1
    assert counted["no_json"] >= 5
    assert desk.signals.counts("centre/gate", NOW).refused == len(poison) + 1


def test_a_flood_of_one_source_is_cut_and_the_others_are_unharmed(at):
    desk.signal_sources.register("centre", "gate", per_minute=300, sensor_per_minute=200)
    with door(at, buffered=50_000):
        flood, calm = sender(at, "centre/gate"), sender(at, "centre/other")
        for part in range(60):
            some = [reading(part * 50 + one, sensor="wild") for one in range(50)]
            flood.publish("signals/centre/gate", json.dumps(some), qos=1)
        for one in range(20):
            calm.publish("signals/centre/other", json.dumps(reading(one)), qos=1)
        until(lambda: len(rows("source = 'centre/other'")) == 20 and sum(faults("centre/gate").values()) == 2800)
        flood.loop_stop()
        calm.loop_stop()
    assert len(rows("source = 'centre/gate'")) == 200
    assert faults("centre/gate") == {"over_limit": 2800}


@pytest.mark.parametrize("at", ["nats"], indirect=True)
def test_a_unit_with_a_dot_in_its_code_may_send(at):
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO unit (code, district, name, name_en, kind, path, place, phone)"
            " VALUES ('yz.water', '500103', '水务', '', 'district', '/yz.water/', '', '')"
        )
    desk.signal_sources.register("yz.water", "gate")
    at.stop()
    at.sources.append("yz.water/gate")
    at.start()
    with door(at):
        client = sender(at, "yz.water/gate")
        client.publish("signals/yz.water/gate/a", json.dumps(reading()), qos=1).wait_for_publish(30)
        until(rows)
        client.loop_stop()
    assert rows()[0][0] == "yz.water/gate"


@pytest.mark.parametrize("at", ["nats"], indirect=True)
def test_a_source_may_send_below_its_own_topics_alone(at):
    with door(at):
        client = sender(at, "centre/other")
        client.publish("signals/centre/gate", json.dumps(reading(0)), qos=0)
        until(client.is_connected, 30)
        client.publish("signals/centre/other", json.dumps(reading(1)), qos=1).wait_for_publish(30)
        until(rows)
        client.loop_stop()
    assert {row[0] for row in rows()} == {"centre/other"}


def test_hostile_topics_are_refused_and_counted():
    reader = Reader()
    reader.sources = {"centre/gate": desk.signal_sources.Source("centre/gate")}
    body = orjson.dumps(reading())
    for topic in (
        b"signals/centre/gate/+", b"signals/centre/#", b"signals/centre/gate/a/b/c", b"signals/centre/gate/\xff",
        b"signals/centre/gate/../../x", b"signals//gate", b"/signals/centre/gate", b"$SYS/centre/gate",
        b"signals/centre",
        b"signals/centre/gate/" + b"a" * 81, b"signals/centre/gate/a\x00", "signals/centre/gate/\u202e".encode(), b"",
    ):  # fmt: skip
        found = reader.read([Message(topic, body)])
        assert (dict(found.faults), found.signals) == ({("", "", "bad_topic"): 1}, {}), topic
    assert dict(reader.read([Message(b"signals/centre/nobody", body)]).faults) == {("", "", "unknown_source"): 1}
    assert len(reader.read([Message(b"signals/centre/gate/a/b", body)]).signals["centre/gate"]) == 1


def test_an_address_that_is_none_is_told():
    assert Address.parse("mqtts://u%40:p@h:1?ca=/x") == Address("h", 1, "u@", "p", has_tls=True, authority="/x")
    for wrong in ("http://h", "mqtt://", "mqtt://h:port", "mqtt://h?prefix=x"):
        with pytest.raises(ValueError, match="mqtt://user"):
            Address.parse(wrong)

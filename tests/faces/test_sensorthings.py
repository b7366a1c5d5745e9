"""SensorThings by a client that has never heard of us, against the server that serves; and what is hostile."""

import base64
import os
import signal
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import frost_sta_client as frost
import geojson
import pytest
import requests
from django.db import connection
from frost_sta_client.model.ext.data_array_document import DataArrayDocument
from frost_sta_client.model.ext.data_array_value import DataArrayValue

from bihuan.desk import api as desk
from open311_site import set_up
from rest_site import token

pytestmark = pytest.mark.filterwarnings("ignore:furl")
AT = datetime(2025, 7, 9, 8, tzinfo=UTC)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return tmp_path_factory.mktemp("data")


@pytest.fixture
def address(clean_db, settings, data):
    settings.DATA = data
    set_up()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port),
        "--workers", "1", "--blocking-threads", "2", "--log-level", "error", "--no-ws",
        "bihuan.wiring.wsgi:application",
    ]  # fmt: skip
    server = subprocess.Popen(command, env={**os.environ, "BIHUAN_DATA": str(data)}, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 30
        while socket.socket().connect_ex(("127.0.0.1", port)) != 0:
            assert time.monotonic() < until, "the server did not start"
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}/sta/v1.1"
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(20)


def service(address, who="zhou", scope="signal"):
    return frost.SensorThingsService(
        address, auth_handler=frost.AuthHandler("x", token(who, scope, role="triage" if who == "zhou" else ""))
    )


def station(one, **more):
    """A gauge at the river, whole: with its place, its sensor and what it observes."""
    thing = frost.Thing("朝天门水位站", "gauge at the river", properties={"place": "500103013"})
    thing.locations = [
        frost.Location("码头", "quay", encoding_type="application/geo+json", location=geojson.Point((106.587, 29.567)))
    ]
    one.create(thing)
    unit = frost.model.ext.unitofmeasurement.UnitOfMeasurement("metre", "m", "http://qudt.org/vocab/unit/M")
    series = frost.Datastream(
        "水位", "level of the river", "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement", unit,
        thing=frost.Thing(id=thing.id),
        sensor=frost.Sensor("radar", "radar gauge", encoding_type="application/pdf", metadata="none"),
        observed_property=frost.ObservedProperty("water_level", definition="http://x/level", description="level"),
        **more,
    )  # fmt: skip
    one.create(series)
    return thing, series


def post(one, series, value, minutes):
    observation = frost.Observation(
        phenomenon_time=(AT + timedelta(minutes=minutes)).isoformat(),
        result=value,
        datastream=frost.Datastream(id=series.id),
    )
    one.create(observation)
    return observation


def test_a_client_of_others_registers_and_posts_and_what_it_posts_are_signals(address):
    one = service(address)
    thing, series = station(one, properties={"sensor": "gauge-1"})
    made = post(one, series, 3.5, 0)
    post(one, series, 9.25, 1)
    values = DataArrayValue()
    values.components = {values.Property.PHENOMENON_TIME, values.Property.RESULT}
    values.datastream = series
    for minutes in (2, 3):
        values.add_observation(
            frost.Observation(
                phenomenon_time=(AT + timedelta(minutes=minutes)).isoformat(), result=minutes, datastream=series
            )
        )
    document = DataArrayDocument()
    document.add_data_array_value(values)
    one.observations().create(document)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT source, sensor, kind, happened, value, unit, place, lon, lat FROM signal ORDER BY happened"
        )
        rows = cursor.fetchall()
    assert rows[0] == ("centre/zhou", "gauge-1", "water_level", AT, 3.5, "m", "500103013", 106.587, 29.567)
    assert [row[4] for row in rows] == [3.5, 9.25, 2, 3]
    assert one.observations().find(made.id).result == 3.5
    assert [(found.name, found.place, found.point) for found in desk.things.registered()] == [
        ("朝天门水位站", "500103013", (106.587, 29.567))
    ]
    found = one.datastreams().find(series.id)
    assert (found.name, found.unit_of_measurement.symbol) == ("水位", "m")
    thing.description = "moved"
    one.update(thing)
    one.patch(thing, [{"op": "replace", "path": "/properties/place", "value": "500103014"}])
    assert one.things().find(thing.id).properties == {"place": "500103014"}


def test_a_client_of_others_asks_and_pages(address):
    one = service(address)
    _, series = station(one)
    for minutes in range(7):
        post(one, series, float(minutes), minutes)
    found = (
        one.observations()
        .query()
        .filter("result ge 2 and phenomenonTime lt 2025-07-09T08:06:00Z")
        .orderby("phenomenonTime", "asc")
    )
    listed = found.count().top(2).list()
    assert listed.count == 4
    assert [each.result for each in listed] == [2.0, 3.0, 4.0, 5.0]  # the client follows the links
    things = one.things().query().filter("name eq '朝天门水位站' or startswith(description,'x')").expand(
        "Locations,Datastreams($expand=Sensor,ObservedProperty,Observations($top=1;$orderby=phenomenonTime desc))"
    ).list()  # fmt: skip
    (thing,) = things.entities
    (stream,) = thing.datastreams.entities
    assert thing.locations.entities[0].name == "码头"
    assert (stream.sensor.name, stream.observed_property.name) == ("radar", "water_level")
    assert [each.result for each in stream.observations.entities] == [6.0]
    only = one.things().query().select("name").list().entities[0]
    assert (only.name, only.description) == ("朝天门水位站", None)
    feature = requests.get(f"{address}/Datastreams({series.id})/Observations?$expand=FeatureOfInterest&$top=1",
                           auth=one.auth_handler.add_auth_header(), timeout=30).json()["value"][0]  # fmt: skip
    assert feature["FeatureOfInterest"]["feature"]["coordinates"] == [106.587, 29.567]


def test_one_unit_sees_and_changes_nothing_of_another_and_needs_the_scope(address):
    thing, series = station(service(address))
    other = service(address, "teacher")
    assert other.things().query().list().entities == []
    for refused in (
        lambda: other.things().find(thing.id),
        lambda: other.delete(thing),
        lambda: post(other, series, 1.0, 0),
        lambda: service(address, scope="read").things().query().list(),
    ):
        with pytest.raises(requests.exceptions.HTTPError):
            refused()
    assert requests.get(address, timeout=30).status_code == 401
    one = service(address)
    one.delete(thing)
    assert one.datastreams().query().list().entities == []


def test_what_is_hostile_or_wrong_is_told_and_harms_nothing(address):
    one = service(address)
    _, series = station(one)
    key = base64.b64encode(f"x:{one.auth_handler.password}".encode()).decode()

    def send(method, path, body=None, **query):
        headers = {"Authorization": f"Basic {key}"}
        return requests.request(
            method, f"{address}/{path}", json=body, params=query, headers=headers, timeout=30
        ).status_code

    told = {
        send("GET", "Things", **{"$filter": asked})
        for asked in (
            "name eq", "name eq 'x' or", "1 eq 1", "name eq 'x') or (1 eq 1", "a'; DROP TABLE signal; --", "(" * 50,
            "Thing/secret/id eq 1", "substringof('x')", "name le 2025-07-09T08:00:00Z and",
        )
    }  # fmt: skip
    assert told == {400}
    assert send("GET", "Things", **{"$filter": "properties/x' eq 'y'"}) == 400
    assert send("GET", "Things", **{"$orderby": "name;drop"}) == 400
    assert send("GET", "Things", **{"$top": "-1"}) == send("GET", "Things", **{"$expand": "Nobody"}) == 400
    assert send("GET", "Things", **{"$expand": "Datastreams/Thing/Datastreams/Thing/Datastreams/Thing"}) == 400
    assert send("GET", "Secrets") == send("GET", "Things(99)") == send("GET", "Observations('x')") == 404
    assert send("GET", "Things(1)/../../etc") in {400, 404}
    assert send("POST", "Things", {"name": "x"}) == send("POST", "Things", []) == 400
    assert send("POST", "Things", {"name": "x\x00", "description": "y"}) == 400
    for wrong in ("high", True, {"a": 1}, [1]):
        assert send("POST", f"Datastreams({series.id})/Observations", {"result": wrong}) == 400
    assert send("POST", f"Datastreams({series.id})/Observations", {"result": 1}) == 201
    assert send("POST", f"Datastreams({series.id})/Observations", {"result": 1, "phenomenonTime": "yesterday"}) == 400
    assert send("DELETE", "Things") == 405
    assert send("GET", f"Datastreams({series.id})/name") == 200
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM signal")
        assert cursor.fetchone()[0] == 1

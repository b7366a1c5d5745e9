"""Three parties that have never heard of us, against the server that serves: two clients and a set of schemas.

georeport (JSON and XML), civicbot (definition, form, report, token) and the JSON schemas of open311/schema-validation.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from itertools import pairwise
from xml.etree import ElementTree as ET

import civicbot
import georeport
import jsonschema_rs
import pytest
import requests
from civicbot.http import HttpTransport, RateLimiter

import shared_data
from open311_site import POINT, receipt_of, set_up
from rest_site import token

DESCRIPTION = "人行道井盖松动 <loose> & loud"


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
    environment = {**os.environ, "BIHUAN_RATE": "1000", "BIHUAN_DATA": str(data)}
    server = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 30
        while socket.socket().connect_ex(("127.0.0.1", port)) != 0:
            assert time.monotonic() < until, "the server did not start"
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}/open311/v2"
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(20)


@pytest.fixture
def key(address):
    return token("zhou", "report", role="triage")


@pytest.fixture
def robot(address):
    endpoint = civicbot.Endpoint("demo", "示范区", address, write=True)
    return civicbot.Open311Client(endpoint, HttpTransport(rate_limiter=RateLimiter(0)), jurisdiction_id="500103")


def filed(robot, key, **more):
    made = robot.create_request(
        "manhole", dry_run=False, confirm="SEND", api_key=key, validate_remote=True, lat=float(POINT["lat"]),
        lng=float(POINT["long"]), description=DESCRIPTION, first_name="明", last_name="王", phone="13800000000", **more,
    )  # fmt: skip
    return made.response[0]


def test_civicbot_reads_the_definition_reports_and_follows(robot, key):
    assert {one["service_code"] for one in robot.list_services()} == {"manhole", "rubbish"}
    with pytest.raises(civicbot.ValidationError, match="not in"):
        filed(robot, key, attributes={"barred": ["nobody"]})
    told = filed(robot, key, attributes={"barred": ["zhujian", "street"]})
    seen = robot.get_request(told["service_request_id"])
    assert (seen["status"], seen["service_code"], seen["description"]) == ("open", "manhole", None)
    assert robot.get_request(receipt_of(told).replace("-", ""))["description"] == DESCRIPTION
    (named,) = robot.get_token(receipt_of(told))
    assert named["service_request_id"] == told["service_request_id"]
    assert [one["service_request_id"] for one in robot.list_requests(status="open", page_size=5)] == [
        told["service_request_id"]
    ]


def test_civicbot_understands_a_no(robot):
    with pytest.raises(civicbot.HttpError) as no:
        filed(robot, "bh_wrong")
    assert (no.value.status, json.loads(no.value.body)[0]["code"]) == (403, 403)


@pytest.mark.parametrize("form", ["json", "xml"])
def test_georeport_reads_every_resource_in_both_formats(address, robot, key, form):
    ids = [filed(robot, key)["service_request_id"] for _ in range(2)]
    city = georeport.GeoReport(address, jurisdiction="500103", output_format=form)
    services = city.get_service_list()
    assert [one["service_code"] for one in services] == ["manhole", "rubbish"]
    definition = city.get_service_definition("manhole")
    found = definition["attributes"] if form == "json" else definition["attributes"]["attribute"]
    assert [one["order"] for one in found] == ([1, 2, 3, 4] if form == "json" else ["1", "2", "3", "4"])
    assert [one["service_request_id"] for one in city.get_service_requests(status="open")] == ids[::-1]
    (one,) = (
        [city.get_service_requests(service_request_id=ids[0])] if form == "xml" else [city.get_service_request(ids[0])]
    )
    assert (one["service_request_id"], one["status"], one["service_name"]) == (ids[0], "open", "井盖缺损")
    with pytest.raises(requests.HTTPError, match="404"):
        city.get_service_definition("dragons")


SCHEMAS = ("schema", "schema", "georeport-v2")


def schema(name):
    """A schema with what it refers to put in its place: the files name one another without saying where they are."""
    folder = shared_data.folder("open311_examples").joinpath(*SCHEMAS)
    found = json.loads((folder / name).read_text(encoding="utf-8"))
    if "$ref" in found.get("items", {}):
        found["items"] = json.loads((folder / found["items"]["$ref"]).read_text(encoding="utf-8"))
    return jsonschema_rs.validator_for(found)


def test_the_schemas_of_open311_hold_for_every_answer(address, robot, key):
    told = [filed(robot, key) for _ in range(3)]
    code = receipt_of(told[0]).replace("-", "")
    answers = {
        "services.json": ["services.json"],
        "service-definition.json": ["services/manhole.json"],
        "requests.json": ["requests.json", f"requests/{code}.json", "requests.json?extensions=true"],
    }
    for name, paths in answers.items():
        validator = schema(name)
        for path in paths:
            found = requests.get(f"{address}/{path}", timeout=10).json()
            assert found
            assert [str(error) for error in validator.iter_errors(found)] == [], path
    broken = [{"service_request_id": 7, "status": "doing", "service_code": "manhole"}]
    assert len(list(schema("requests.json").iter_errors(broken))) > 2


def test_a_real_citys_answers_have_nothing_that_ours_lack(address, robot, key):
    """What the standard defines and Chicago sends, we send with the same type; what it adds is its own."""
    file = shared_data.folder("open311_examples") / "chicago" / "chicago_open311_requests_with_notes.json"
    chicago = json.loads(file.read_text(encoding="utf-8"))
    filed(robot, key, address_id="500103013001")
    (ours,) = requests.get(f"{address}/requests.json", timeout=10).json()
    own = {"attributes", "extended_attributes", "notes", "media_url"}
    for theirs in chicago:
        assert set(theirs) - own <= set(ours)
        assert {k for k in theirs if k not in own and not isinstance(theirs[k], type(ours[k]))} == set()


def test_the_xml_has_the_elements_that_an_adapter_in_use_sends(address, robot, key):
    folder = (
        shared_data.folder("open311_examples") / "open311-adapter" / "t" / "open311" / "endpoint" / "xml" / "merton"
    )
    told = filed(robot, key)
    ours = {
        "services.xml": "services.xml",
        "token.xml": f"tokens/{receipt_of(told)}.xml",
    }
    for theirs, path in ours.items():
        wanted = _paths(ET.fromstring((folder / theirs).read_bytes()))  # noqa: S314 - a fixture of the set
        found = _paths(ET.fromstring(requests.get(f"{address}/{path}", timeout=10).content))  # noqa: S314 - our own
        assert wanted <= found | {("services", "service", "keywords")}, theirs


def _paths(tree, above=()):
    here = (*above, tree.tag)
    return {here}.union(*(_paths(child, here) for child in tree))


def test_pages_of_a_long_list_neither_repeat_nor_skip(address, robot, key):
    ids = [int(filed(robot, key)["service_request_id"]) for _ in range(7)]
    seen = []
    for page in range(1, 5):
        found = requests.get(f"{address}/requests.json?page_size=2&page={page}", timeout=10).json()
        seen += [int(one["service_request_id"]) for one in found]
    assert seen == ids[::-1]
    assert all(later > earlier for later, earlier in pairwise(seen))

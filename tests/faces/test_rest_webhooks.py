"""Webhooks over the API: an administrator of a unit registers for the public or for that unit, and for no other."""

import pytest

from bihuan.desk import api, feed
from bihuan.desk.webhooks import send
from open311_site import set_up
from receiver import Receiver
from rest_site import Program, report, token


@pytest.fixture(autouse=True)
def district(clean_db, settings, tmp_path):
    settings.DATA = tmp_path
    settings.WEBHOOK_ALLOWED = ["127.0.0.0/8"]
    set_up()
    Program().get("/health")  # the addresses are read, and with them the ports are filled


@pytest.fixture
def admin():
    return Program(token("zhou", "admin", role="triage"))


@pytest.fixture
def receiver():
    with Receiver() as made:
        yield made


def deliver():
    feed.settle()
    while send.Deliverer().step():
        pass


def test_registered_delivered_logged_retried_and_removed(admin, receiver):
    made = admin.post("/webhooks", {"url": receiver.url, "kinds": ["case.registered"], "name": "地图"})
    assert made.status_code == 201
    receiver.secret = made.json()["secret"]
    receiver.answers = [500]
    Program().post("/cases", report())
    deliver()
    (listed,) = admin.get("/webhooks").json()["webhooks"]
    assert (listed["id"], listed["kinds"], listed["unsent"]) == (made.json()["id"], ["case.registered"], 1)
    assert "secret" not in listed
    assert admin.post(f"/webhooks/{listed['id']}/retry").json() == {"messages": 1}
    deliver()
    tries = admin.get(made.headers["Location"].removeprefix("/api/v1")).json()["tries"]
    assert [one["status"] for one in tries] == [204, 500]
    assert receiver.refused == []
    assert admin.send("DELETE", f"/webhooks/{listed['id']}").status_code == 200
    assert admin.get("/webhooks").json() == {"webhooks": []}
    assert admin.send("DELETE", f"/webhooks/{listed['id']}").status_code == 404


def test_only_for_the_public_or_ones_own_unit(admin, receiver):
    refused = admin.post("/webhooks", {"url": receiver.url, "unit": "chengguan"})
    assert (refused.status_code, refused.json()["code"]) == (403, "unit-not-yours")
    assert admin.post("/webhooks", {"url": receiver.url, "unit": "centre"}).status_code == 201
    other, _ = api.webhooks.add(receiver.url, unit="chengguan")
    assert [one["unit"] for one in admin.get("/webhooks").json()["webhooks"]] == ["centre"]
    for method, path in (("DELETE", ""), ("GET", "/log"), ("POST", "/retry")):
        assert admin.send(method, f"/webhooks/{other}{path}").status_code == 404
    assert api.webhooks.find(other) is not None


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"url": "http://192.168.1.1/"}, "/url"),
        ({"url": "ftp://example.org/"}, "/url"),
        ({"url": "https://example.org/", "kinds": ["case.eaten"]}, "/kinds"),
        ({}, "/url"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(admin, body, pointer):
    answer = admin.post("/webhooks", body)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)


def test_without_the_scope_nothing_is_shown_or_taken(receiver):
    program = Program(token("zhou", "work", "oversight", role="triage"))
    for method, path in (("GET", "/webhooks"), ("POST", "/webhooks")):
        assert program.send(method, path, {"url": receiver.url} if method == "POST" else None).status_code == 403
    assert Program().get("/webhooks").status_code == 401


def test_under_one_key_there_is_one_endpoint_with_one_secret(admin, receiver):
    body = {"url": receiver.url}
    first, second = (admin.post("/webhooks", body, Idempotency_Key="k1") for _ in range(2))
    assert first.json() == second.json()
    assert len(admin.get("/webhooks").json()["webhooks"]) == 1
    other = admin.post("/webhooks", {"url": receiver.url, "name": "x"}, Idempotency_Key="k1")
    assert (other.status_code, other.json()["code"]) == (422, "key-reused")

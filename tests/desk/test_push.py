"""Web push: what a push service gets, what the device reads, and what of the key lies where."""

import json
from base64 import urlsafe_b64encode

import http_ece
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from py_vapid import Vapid02

import feeding
import page_district
from bihuan.adapters.telling import Ways
from bihuan.desk import api, feed, ports
from bihuan.desk.notices import plan, send
from bihuan.kernel import commands as c
from bihuan.testing import cast
from receiver import Receiver

WEI = page_district.person("wei")


@pytest.fixture(autouse=True)
def district(clean_db, settings, tmp_path, monkeypatch):
    page_district.build()
    settings.DATA = tmp_path
    settings.WEBHOOK_ALLOWED = ["127.0.0.0/8"]
    monkeypatch.setattr(ports, "_teller", lambda: Ways(settings, api.notices.push_key().private))


@pytest.fixture
def service():
    with Receiver() as made:
        yield made


class Device:
    """A browser's half of a subscription."""

    def __init__(self, endpoint):
        self.key, self.auth = ec.generate_private_key(ec.SECP256R1()), b"sixteen bytes ok"
        point = (serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
        keys = {"p256dh": code(self.key.public_key().public_bytes(*point)), "auth": code(self.auth)}
        self.address = json.dumps({"endpoint": endpoint, "keys": keys})

    def read(self, body):
        return json.loads(http_ece.decrypt(body, private_key=self.key, auth_secret=self.auth, version="aes128gcm"))


def code(raw):
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def an_order(**more):
    made = api.report(
        api.Intake("manhole", page_district.PLACE, "portal", {"text": "独一无二"}, **more),
        by=api.reporter(str(page_district.person("resident"))), purpose="反映",
    )  # fmt: skip
    zhou = api.Actor(str(page_district.person("zhou")), cast.CENTRE, cast.ZHOU.roles)
    for command in (c.Accept(), c.Dispatch()):
        api.submit(command, by=zhou, case=made.case, purpose="派遣")
    feed.settle()
    while plan.step():
        pass
    return made


def test_what_is_pushed_opens_on_the_device_and_is_signed_by_this_site(service):
    device = Device(service.url)
    api.notices.add(WEI, "push", device.address)
    made = an_order()
    send.Sender().step()
    ((headers, body),) = service.got
    assert device.read(body) == {"title": f"闭环：新任务，请接单 {made.number}", "body": ""}
    token = headers["Authorization"].removeprefix("vapid t=")
    assert token.endswith(f",k={api.notices.push_key().public}")
    assert Vapid02.verify(headers["Authorization"])
    with pytest.raises(http_ece.ECEException):
        Device(service.url).read(body)


@pytest.mark.parametrize("seal", ["L1", "L2"])
def test_of_any_case_number_and_turn_alone_are_pushed(service, seal):
    device = Device(service.url)
    api.notices.add(WEI, "push", device.address)
    first, second = an_order(seal=seal), an_order(seal=seal)
    send.Sender().step()
    told = device.read(service.got[0][1])
    lines = [f"新任务，请接单 {one.number}" for one in (second, first)]
    assert told == {"title": "闭环：2 条提醒", "body": "\n".join(lines)}


def test_a_device_that_is_gone_is_forgotten(service):
    service.answers = [410]
    api.notices.add(WEI, "push", Device(service.url).address)
    an_order()
    send.Sender().step()
    assert api.notices.of(WEI) == []
    an_order()
    send.Sender().step()
    assert len(service.got) == 1


@pytest.mark.parametrize(
    "address", ["{}", "x", '{"endpoint": "http://10.0.0.1/", "keys": {"p256dh": "a", "auth": "b"}}']
)
def test_what_is_no_push_address_is_refused(address):
    with pytest.raises(api.notices.BadWay):
        api.notices.add(WEI, "push", address)


def test_the_private_key_lies_in_the_vault():
    made = api.notices.push_key()
    assert made == api.notices.push_key()
    assert "PRIVATE KEY" in made.private
    ((stored,),) = feeding.rows("SELECT value FROM setting WHERE key = 'notices.push'")
    assert json.loads(stored)["public"] == made.public
    assert "PRIVATE" not in stored
    assert made.private not in repr(made)

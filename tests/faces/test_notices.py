"""How I am told: ways are added, tested, seen failing, removed; quiet hours; only ever one's own."""

import re

import pytest

import feeding
import page_district
from bihuan.desk import api


@pytest.fixture(autouse=True)
def _told(settings, tmp_path, monkeypatch):
    from bihuan.adapters.telling import Ways
    from bihuan.desk import ports

    settings.DATA = tmp_path
    settings.NOTICE_SERVICES, settings.WEBHOOK_ALLOWED = ["json"], ["127.0.0.0/8"]
    monkeypatch.setattr(ports, "_teller", lambda: Ways(settings))


def post(browser, **fields):
    page = browser.get("/console/notices/ways").content.decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)[1]
    return browser.post("/console/notices/ways", {"csrfmiddlewaretoken": token, **fields}, follow=True)


def mine():
    return api.notices.of(page_district.person("wei"))


def test_a_way_is_added_tested_and_removed(district):
    from receiver import Receiver

    browser = district.client("wei")
    with Receiver() as receiver:
        added = post(browser, do="add", kind="service", address=receiver.url.replace("http", "json"))
        assert "发一条测试" in added.content.decode()
        (way,) = mine()
        assert "测试已送出" in post(browser, do="test", way=way.id).content.decode()
        assert "这是您自己要的测试" in receiver.bodies()[0]["message"]
        assert "一分钟内已经发过一次" in post(browser, do="test", way=way.id).content.decode()
    assert "已删去" in post(browser, do="remove", way=way.id).content.decode()
    assert mine() == []


def test_a_wrong_address_is_said_and_kept_in_the_field(district):
    answer = post(district.client("wei"), do="add", kind="service", address="json://10.0.0.1/x")
    assert answer.status_code == 422
    assert "内部地址" in answer.content.decode()
    assert 'value="json://10.0.0.1/x"' in answer.content.decode()


def test_another_persons_way_is_not_there(district):
    way = api.notices.add(page_district.person("gu"), "service", "json://127.0.0.1:9/x")
    for do in ("test", "remove"):
        assert post(district.client("wei"), do=do, way=way).status_code == 422
    assert len(api.notices.of(page_district.person("gu"))) == 1


def test_a_way_that_fails_says_so_on_the_page(district):
    api.notices.add(page_district.person("wei"), "service", "json://127.0.0.1:9/x")
    feeding.rows("UPDATE notice_way SET failing_since = now() - interval '2 hours', last_error = 'nobody there'")
    page = district.client("wei").get("/console/notices/ways").content.decode()
    assert "送不到，已经 2 小时" in page
    assert "nobody there" in page


def test_quiet_hours_are_kept_and_half_of_them_are_refused(district):
    browser = district.client("wei")
    assert post(browser, do="wish", **{"from": "22:00", "until": ""}).status_code == 422
    assert post(browser, do="wish", **{"from": "25:00", "until": "7:00"}).status_code == 422
    post(browser, do="wish", language="en", **{"from": "22:00", "until": "7:30"})
    assert api.notices.wish_of(page_district.person("wei")) == api.notices.Wish(1320, 450, False, "en")

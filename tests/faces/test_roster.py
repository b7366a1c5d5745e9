"""The page of the roster: the head edits, everybody reads, oversight sets the net."""

import re
from datetime import timedelta

import pytest

import page_district
from bihuan.desk import api, instant


@pytest.fixture(autouse=True)
def _own_folder(settings, tmp_path):
    settings.DATA = tmp_path


def post(browser, **fields):
    page = browser.get("/console/roster").content.decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)[1]
    return browser.post("/console/roster", {"csrfmiddlewaretoken": token, **fields}, follow=True)


def shift(**more):
    today = api.now().astimezone().date().isoformat()
    person = page_district.person("wei")
    return {"do": "add", "person": person, "role": "handler", "day": today, "from": "00:00", "until": "00:00", **more}


def test_the_head_enters_swaps_and_takes_out(district):
    head = district.client("gu")
    page = post(head, **shift(days="2")).content.decode()
    assert page.count("魏然") >= 2
    spans = api.roster.of_unit("chengguan", instant.wall() - timedelta(days=2), instant.wall() + timedelta(days=3))
    assert len(spans) == 2
    page = post(head, do="swap", span=spans[0].id, person=page_district.person("gu")).content.decode()
    assert "替 魏然" in page
    post(head, do="remove", span=spans[1].id)
    post(head, do="remove", span=spans[0].id)
    assert "没有排班" in head.get("/console/roster").content.decode()


def test_others_read_and_are_refused(district):
    worker = district.client("wei")
    assert 'value="add"' not in worker.get("/console/roster").content.decode()
    answer = post(worker, **shift())
    assert answer.status_code == 422
    assert 'role="alert"' in answer.content.decode()


@pytest.mark.parametrize("wrong", [{"day": "x"}, {"from": "8"}, {"days": "40"}, {"role": "boss"}, {"person": "x"}])
def test_what_is_mistyped_is_said(district, wrong):
    assert post(district.client("gu"), **shift(**wrong)).status_code == 422


def test_oversight_sets_the_net_on_the_page(district):
    browser = district.client("ren")
    post(browser, do="net", waits=["remind"], hours="5")
    assert api.notices.read_net() == api.notices.Net(("remind",), 5)
    assert "没有人值班的时候" not in district.client("gu").get("/console/roster").content.decode()

"""The pages of the scene `forms`: the gate before anything is sent, a sheet filled in, reports, the burden (P8)."""

import re
from uuid import UUID

import pytest
from django.contrib.auth.models import User
from django.test import Client

from bihuan import scenes
from bihuan.demo import papers
from bihuan.demo.load import load_demo
from bihuan.desk import api, identity
from bihuan.kernel.case import Stage
from bihuan.scenes.forms import booking, filling
from bihuan.wiring.site import tell_scenes


@pytest.fixture
def site(clean_db, settings):
    settings.SCENES = scenes.names()
    identity.forget_numbers()
    load_demo()
    tell_scenes()


def client(account, language="zh-hans"):
    browser = Client(headers={"accept-language": language})
    browser.force_login(User.objects.get(username=account), backend="django.contrib.auth.backends.ModelBackend")
    return browser


FORM = {
    "name": "高龄和独居老人情况表", "duty": "D01", "every": "quarter", "place": papers.STREET, "money": "none",
    "items": list(papers.ELDERS.items), "days": "10", "why": "核对",
}  # fmt: skip


def sent(browser, **more):
    answer = browser.post("/console/forms/ask", FORM | {"do": "send"} | more)
    assert answer.status_code == 302, re.findall(r'role="alert".*', answer.content.decode())
    return answer.headers["Location"]


def test_a_look_sends_nothing_and_says_what_it_would_cost(site):
    page = client("mzj").post("/console/forms/ask", FORM | {"do": "look"}).content.decode()
    assert "准入关：可以申请" in page
    assert "9 个社区，一年 4 次" in page
    assert "《老年人权益保障法》第三十八条" in page
    assert api.registers.entries("forms", "request") == []


def test_an_off_list_form_is_refused_with_its_rule_before_it_is_sent_and_declined_when_it_is(site):
    browser = client("sww")
    off = {"duty": "D21", "place": "", "items": ["shops"]}
    page = browser.post("/console/forms/ask", FORM | {"do": "look"} | off).content.decode()
    assert "准入关：不行" in page
    assert "《中华人民共和国城市居民委员会组织法》第四十三条" in page
    assert "80 个社区" in page
    told = browser.get(sent(browser, **off)).content.decode()
    assert "没有过关" in told
    assert "下发" not in re.sub(r"<title>.*?</title>", "", told)


def test_p8_from_the_request_to_the_last_sheet(site):
    asker, gate = client("mzj"), client("sgb")
    address = sent(asker)
    assert "等受理台把关" in asker.get(address).content.decode()
    assert "等我们把关" in gate.get("/console/forms/").content.decode()
    assert "已过关" in gate.post(address, {"do": "approve"}).content.decode()
    assert "问了 9 个社区；0 个全都知道" in asker.post(address, {"do": "issue"}).content.decode()

    worker = client("sq003013")
    home = worker.get("/console/forms/").content.decode()
    [sheet] = re.findall(r'href="(/console/forms/case/[0-9a-f-]+)"', home)
    assert int(re.search(r"已填好 (\d+)%", home).group(1)) >= 70
    page = worker.get(sheet).content.decode()
    typed = dict(re.findall(r'name="(item-\w+)" value="([^"]*)"', page))
    assert [name for name, value in typed.items() if not value] == ["item-elders_alone"]

    wrong = worker.post(sheet, typed | {"item-elders_alone": "很多"})
    assert wrong.status_code == 422
    assert "要写数字" in wrong.content.decode()
    assert 'value="很多"' in wrong.content.decode()
    assert "已交上" in worker.post(sheet, typed | {"item-elders_alone": "41"}).content.decode()
    assert "没有要填的表" in worker.get("/console/forms/").content.decode()

    assert "核收了 1 张" in asker.post(address, {"do": "take"}).content.decode()
    case = UUID(api.registers.entries("forms", "request")[0].facts["case"])
    stages = [stage for _, stage in filling.papers(booking.form_of(case))]
    assert (stages.count(Stage.CLOSED), stages.count(Stage.DISPATCHED)) == (1, 8)
    form = booking.form_of(case)
    table = asker.get(f"/console/forms/report/{form.key}.csv").content.decode("utf-8-sig").splitlines()
    assert len(table) == 10
    assert any(",41," in row for row in table)
    assert "41" in asker.get(f"/console/forms/report/{form.key}").content.decode()


def test_another_unit_sees_neither_the_sheet_nor_the_report(site):
    asker = client("mzj")
    address = sent(asker)
    client("sgb").post(address, {"do": "approve"})
    asker.post(address, {"do": "issue"})
    [sheet] = re.findall(
        r'href="(/console/forms/case/[0-9a-f-]+)"', client("sq003013").get("/console/forms/").content.decode()
    )
    assert client("sq003016").get(sheet).status_code == 404
    assert client("sq003016").post(sheet, {"item-elders_alone": "1"}).status_code == 404
    key = api.registers.entries("forms", "form")[0].key
    assert client("sq003016").get(f"/console/forms/report/{key}").status_code == 404
    assert client("gs").get(address).status_code == 404


def test_what_names_a_person_is_no_item_of_a_form(site):
    answer = client("mzj").post("/console/forms/ask", FORM | {"do": "look", "more": "独居老人姓名"})
    assert answer.status_code == 422
    assert "是个人的资料" in answer.content.decode()


def test_looking_adds_nothing_to_the_dictionary_and_sending_does(site):
    browser, more = client("mzj"), {"more": "楼栋长微信群，个"}
    assert browser.post("/console/forms/ask", FORM | {"do": "look"} | more).status_code == 200
    assert not [one for one in api.registers.entries("forms", "item") if one.name == "楼栋长微信群"]
    sent(browser, **more)
    (made,) = [one for one in api.registers.entries("forms", "item") if one.name == "楼栋长微信群"]
    assert made.facts == {"kind": "number", "measure": "个"}


def test_paper_that_came_past_the_gate_is_told_on_the_first_page(site):
    worker = client("sq003013")
    assert "已登记，编号" in worker.post("/console/forms/", {"text": "某局群里要花名册"}).content.decode()
    assert worker.post("/console/forms/", {"text": " "}).status_code == 422


def test_the_burden_by_community_in_both_languages(site):
    papers_of(client("mzj"))
    page = client("sgb").get("/console/forms/burden").content.decode()
    assert page.count("<svg") == 9
    assert "数的是表和时间，按社区，不按人" in page
    english = client("sgb", "en").get("/console/forms/burden").content.decode()
    assert "What communities carry" in english
    assert "这个月没有发过表" in client("sgb").get("/console/forms/burden?month=2020-01").content.decode()
    assert client("sgb").get("/console/forms/burden?month=99-99").status_code == 200


def papers_of(asker):
    address = sent(asker)
    client("sgb").post(address, {"do": "approve"})
    asker.post(address, {"do": "issue"})


def test_the_page_of_a_sheet_leads_to_its_form(site):
    papers_of(client("mzj"))
    worker = client("sq003013")
    [sheet] = re.findall(r'href="/console/forms/case/([0-9a-f-]+)"', worker.get("/console/forms/").content.decode())
    assert f'href="/console/forms/case/{sheet}"' in worker.get(f"/console/case/{sheet}").content.decode()


def test_a_case_of_another_scene_leads_to_its_own_page(site):
    by = api.ANONYMOUS
    made = api.report(api.Intake("B0101", "500103003013", "portal", {"text": "灯"}), by=by, purpose="反映")
    answer = client("shouli").get(f"/console/forms/case/{made.case}")
    assert (answer.status_code, answer.headers.get("Location")) == (302, f"/console/case/{made.case}")

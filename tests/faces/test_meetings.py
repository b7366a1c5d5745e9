"""The pages of the scene `commitments`: a meeting read, corrected, registered; what was promised (A0)."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client

from bihuan import demo, scenes
from bihuan.demo.load import load_demo
from bihuan.desk import api, identity
from bihuan.wiring.site import tell_scenes

TEXT = (Path(demo.__file__).parent / "meeting.txt").read_text(encoding="utf-8")
HELD = {"meeting": "治理工作会议", "held": ""}


@pytest.fixture
def site(clean_db, settings):
    settings.SCENES = scenes.names()
    identity.forget_numbers()
    load_demo()
    tell_scenes()
    HELD["held"] = api.now().date().isoformat()


def client(account, language="zh-hans"):
    browser = Client(headers={"accept-language": language})
    browser.force_login(User.objects.get(username=account), backend="django.contrib.auth.backends.ModelBackend")
    return browser


def table(page):
    """The table as a browser would send it back."""
    typed = {name: value for name, value in re.findall(r'<input[^>]*name="([\w-]+)"[^>]*value="([^"]*)"', page)
             if not name.startswith("taken-")}  # fmt: skip
    typed |= dict.fromkeys(re.findall(r'name="(taken-\d+)" value="1" checked', page), "1")
    for name, options in re.findall(r'<select[^>]*name="([\w-]+)"[^>]*>(.*?)</select>', page, re.DOTALL):
        chosen = re.findall(r'value="([^"]*)" selected', options)
        typed[name] = chosen[0] if chosen else ""
    return typed


def read(browser, text=TEXT):
    answer = browser.post("/console/meetings/read", HELD | {"do": "read", "text": text})
    return answer.status_code, answer.content.decode()


def test_read_corrected_confirmed_registered_and_listed(site):
    clerk = client("shouli")
    status, page = read(clerk)
    assert status == 200
    assert len(set(re.findall(r"发言人：([^<·]+)", page))) == 8
    assert "没有主办单位" not in re.sub(r'<p class="small soft">.*?</p>', "", page)
    typed = table(page)
    count = int(typed["count"])
    dropped = next(name for name in typed if name.startswith("taken-"))
    assert api.list_cases(api.SYSTEM, api.Filters("all", category="K")).lines == ()
    kept = {name: value for name, value in typed.items() if name != dropped} | HELD | {"do": "register"}
    kept["unit-1"] = "yz.jtj"
    answer = clerk.post("/console/meetings/read", kept)
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/console/meetings/?done={count - 1}")
    listed = clerk.get(answer.headers["Location"]).content.decode()
    assert f"已登记 {count - 1} 件" in listed
    assert len(re.findall(r'href="/console/case/', listed)) == count - 1
    assert "交通局" in listed


def test_a_line_without_an_owner_stops_all_of_them_and_nothing_typed_is_lost(site):
    clerk = client("shouli")
    typed = table(read(clerk)[1]) | HELD | {"do": "register", "unit-0": "", "evidence-1": "验收照片"}
    answer = clerk.post("/console/meetings/read", typed)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "第 1 行没有主办单位" in page
    assert 'value="验收照片"' in page
    assert api.list_cases(api.SYSTEM, api.Filters("all", category="K")).lines == ()


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"meeting": ""}, "请写会议名称"),
        ({"held": "gestern"}, "请写开会的日期"),
        ({"due-0": "bald"}, "第 1 行要写日期"),
        ({"due-0": "2020-01-01"}, "第 1 行的日期"),
    ],
)
def test_what_is_wrong_is_said_in_words(site, changed, told):
    clerk = client("shouli")
    answer = clerk.post("/console/meetings/read", table(read(clerk)[1]) | HELD | {"do": "register"} | changed)
    assert answer.status_code == 422
    assert told in answer.content.decode()


def test_nothing_read_and_nothing_confirmed_are_said_to_be_that(site):
    clerk = client("shouli")
    status, page = read(clerk, "今天天气很好。")
    assert (status, "没有读到打算" in page) == (422, True)
    bare = {name: value for name, value in table(read(clerk)[1]).items() if not name.startswith("taken-")}
    answer = clerk.post("/console/meetings/read", bare | HELD | {"do": "register"})
    assert "一行也没有确认" in answer.content.decode()


def test_only_the_triage_desk_registers(site):
    other = client("cgj")
    assert "读一次会议" not in other.get("/console/meetings/").content.decode()
    answer = other.post("/console/meetings/read", table(read(other)[1]) | HELD | {"do": "register"})
    assert answer.status_code == 422
    assert api.list_cases(api.SYSTEM, api.Filters("all", category="K")).lines == ()


def test_it_speaks_english_too(site):
    page = client("shouli", "en").get("/console/meetings/read").content.decode()
    assert "Paste what was said" in page


def test_a_promise_over_the_api_caps_the_clock_and_a_bad_date_is_refused(site):
    due = (api.now() + timedelta(days=60)).date().isoformat()
    body = {
        "scene": "commitments",
        "category": "K02",
        "text": "增设停放点。",
        "channel": "meeting",
        "fields": {"due": due},
    }
    told = post(body)
    assert told.status_code == 201, told.content
    case = told.json()["id"]
    for command, more in (("accept", {}), ("dispatch", {"lead": "yz.jtj", "reason": "会上承诺"})):
        assert post(more, f"/api/v1/cases/{case}/commands/{command}").status_code == 200
    clocks = {one["key"]: one for one in caller().get(f"/api/v1/cases/{case}").json()["clocks"]}
    assert clocks["handle"]["due"].startswith(f"{due}T15:59:59")
    wrong = post(body | {"fields": {"due": "bald"}})
    assert wrong.status_code in {409, 422}
    assert "due" in wrong.content.decode()


def caller():
    return Client(headers={"authorization": "Bearer bh_demo"})


def post(body, address="/api/v1/cases"):
    return caller().post(address, body, content_type="application/json")

"""A scene's own fields at every door: the report page, the API, the console; kept in the vault, shown by label."""

import json
import re
from uuid import UUID

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from bihuan import scenes
from bihuan.desk import api
from bihuan.kernel import commands as c
from bihuan.kernel.case import Seal
from bihuan.kernel.refused import Refused
from bihuan.testing import kit
from bihuan.wiring import site as wiring

MORE = """
[fields.unit_no]
label = { zh = "房号", en = "Flat" }
hint = { zh = "例如 3-2", en = "Such as 3-2" }
required = true
most = 10

[fields.owner]
label = { zh = "业主姓名", en = "Name of the owner" }
personal = true

[fields.before]
label = { zh = "以前反映过", en = "Reported before" }
kind = "case"

[fields.story]
label = { zh = "经过", en = "What was done" }
ask = ["looked"]
most = 3000

[fields.spokesmen]
label = { zh = "推选的代表", en = "Spokesmen" }
kind = "number"
least = 1
largest = 5

[fields.against]
label = { zh = "反映的单位", en = "About which unit" }
kind = "accused"

[fields.near]
label = { zh = "什么关系", en = "How near" }
ask = ["stepped_back"]
most = 40

[reviews]
categories = ["A01"]
final = []
"""


WORD = '[words.steps]\nstepped_back = { zh = "申请回避", en = "Stepped back" }'


@pytest.fixture
def lifts(district, tmp_path, monkeypatch, settings):
    """A scaffolded scene with more fields, on, with its rulebook."""
    monkeypatch.setattr(scenes, "HERE", tmp_path)
    scenes.load.cache_clear()
    kit.scaffold(tmp_path / "lifts", "电梯", "Lifts", desk="yz.zhzx", lead="yz.cgj", verifier="yz.jdzx")
    file = tmp_path / "lifts" / "manifest.toml"
    text = file.read_text("utf-8").replace('"note"]', '"note", "owner"]\nrecusal = ["stepped_back"]')
    file.write_text(text.replace("[indicators", f"{MORE}\n[indicators").replace("[words.steps]", WORD), "utf-8")
    with (tmp_path / "lifts" / "tables" / "steps.csv").open("a", encoding="utf-8") as steps:
        steps.write("stepped_back,申请回避,派遣;处置,handler,,near,,,是,回避\n")
    assert [str(one) for one in kit.check(tmp_path / "lifts")] == []
    settings.SCENES = ["lifts"]
    wiring.tell_scenes()
    list(scenes.install())
    yield district
    scenes.load.cache_clear()


def report(**fields):
    intake = api.Intake("A01", "", "portal", {"text": "电梯又停了"}, scene="lifts", fields=fields)
    return api.report(intake, by=api.reporter("0b4b1c9e-6a57-4c7d-9c26-0a9a5b1c2d3e"), purpose="反映")


def texts(district, case):
    view = api.read_case(district.who("yz.zhzx", "triage"), UUID(str(case)), purpose="办理")
    return {text.kind: text.text for text in view.texts.values()}


def stored():
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(body, ' ') FROM event")
        return cursor.fetchone()[0]


def test_what_is_written_in_fields_goes_into_the_vault(lifts):
    case = report(unit_no="3-2", owner="郑重").case
    assert texts(lifts, case) == {"text": "电梯又停了", "unit_no": "3-2", "owner": "郑重"}
    assert "3-2" not in stored()
    assert "郑重" not in stored()


def test_a_name_is_not_shown_to_whoever_holds_the_receipt(lifts):
    made = report(unit_no="3-2", owner="郑重")
    assert {text.text for text in api.track(made.receipt).own} == {"电梯又停了", "3-2"}


@pytest.mark.parametrize(
    ("fields", "code", "says"),
    [
        ({"flat": "3-2"}, "field-unknown", "unit_no"),
        ({"unit_no": "x" * 11}, "field-wrong", "最多 10 个字"),
        ({"since": "昨天"}, "field-wrong", "2026-01-31"),
        ({"spokesmen": "6"}, "field-wrong", "最多 5"),
        ({"spokesmen": "0"}, "field-wrong", "至少 1"),
        ({"spokesmen": "几个"}, "field-wrong", "要写数字"),
        ({"against": "yz.nobody"}, "field-wrong", "没有这个单位"),
        ({"before": "AAAA-AAAA-AAAA-AAAA"}, "prior-unknown", "查询码"),
        ({"before": "1"}, "prior-unknown", "查询码"),
    ],
)
def test_what_cannot_be_taken_is_said_in_words(lifts, fields, code, says):
    with pytest.raises(Refused, match=code) as refused:
        report(**fields)
    assert says in api.words_of(refused.value)[0]


def test_nothing_is_turned_away_for_want_of_a_field(lifts):
    """Law 1: a form asks for it, a telephone call may not have it."""
    assert texts(lifts, report().case) == {"text": "电梯又停了"}
    with pytest.raises(Refused, match="field-missing"):
        api.check_fields("lifts", {}, is_whole=True)


def test_a_case_that_comes_back_is_sealed_no_lower_and_barred_to_the_same(lifts):
    intake = api.Intake("A01", "", "portal", {"text": "一"}, scene="lifts", seal="L3", barred=("yz.dcs",))
    first = api.report(intake, by=api.ANONYMOUS, purpose="反映")
    again = lifts.state(report(before=first.receipt).case)
    assert (again.parent, again.seal, again.barred) == (str(first.case), Seal.L3, ("yz.dcs",))
    with pytest.raises(Refused, match="prior-unknown"):  # a number opens nothing to who may not know of the case
        api.report(
            api.Intake("A01", "", "call", {"text": "二"}, scene="lifts", fields={"before": str(first.number)}),
            by=lifts.who("yz.cgj", "handler"), purpose="代为登记",
        )  # fmt: skip


def test_a_unit_that_is_accused_in_a_field_never_learns_of_it(lifts):
    case = report(against="yz.cgj", unit_no="3-2").case
    assert lifts.state(case).barred == ("yz.cgj",)
    with pytest.raises(api.NotFound):
        api.read_case(lifts.who("yz.cgj", "head"), case, purpose="办理")
    assert "against" not in texts(lifts, case), "what bars a unit is no text"


def test_who_has_stepped_back_decides_nothing_more_and_a_colleague_goes_on(lifts):
    case = dispatched(lifts)
    lifts.act(case, c.TakeStep("stepped_back", (("near", "报事人是我表哥"),)), "yz.cgj", "handler")
    with pytest.raises(Refused, match="conflict-of-interest"):
        lifts.act(case, c.TakeTask(1), "yz.cgj", "handler")
    shown = api.read_case(lifts.who("yz.cgj", "handler"), case, purpose="办理").moves
    assert "take" not in {move.key for move in shown}
    lifts.act(case, c.TakeTask(1), "yz.cgj", "head")


def test_nobody_decides_in_a_matter_of_his_own(lifts):
    clerk = lifts.who("yz.zhzx", "triage")
    made = api.report(
        api.Intake("A01", "", "portal", {"text": "我家电梯"}, scene="lifts"), by=api.reporter(clerk.person), purpose="x"
    )
    with pytest.raises(Refused, match="conflict-of-interest"):
        api.submit(c.Accept(), by=clerk, case=made.case, purpose="办理")


def dispatched(district):
    case = report(unit_no="3-2").case
    district.act(case, c.Accept(), "yz.zhzx", "triage")
    district.act(case, c.Dispatch(), "yz.zhzx", "dispatcher")
    return case


def test_a_choice_about_the_matter_stays_as_its_code_and_words_go_to_the_vault(lifts):
    case = dispatched(lifts)
    data = (("found", "true_so"), ("story", "换了一块主板"))
    with pytest.raises(Refused, match="field-wrong"):
        lifts.act(case, c.TakeStep("looked", (("found", "maybe"),)), "yz.cgj", "handler")
    lifts.act(case, c.TakeStep("looked", data), "yz.cgj", "handler")
    assert '["found","true_so"]' in stored()
    assert "主板" not in stored()


# -- doors --------------------------------------------------------------------------------------------------------

KEY = "fedcba9876543210fedcba9876543210"
FORM = {"key": KEY, "scene": "lifts", "step": "3", "text": "电梯又停了", "category": "A01"}


def test_the_report_page_asks_what_the_scene_asks(lifts):
    browser = Client(headers={"accept-language": "zh-hans"})
    first = browser.get("/report?scene=lifts").content.decode()
    assert "房号" in first
    assert "例如 3-2" in first
    assert 'min="1" max="5"' in first
    assert '<option value="yz.cgj">城市管理局</option>' in first
    assert "业主姓名" not in first, "who somebody is, is asked with how to reach him"
    assert 'name="scene" value="lifts"' in first
    wrong = browser.post("/report", FORM | {"step": "1"})
    assert wrong.status_code == 422
    assert "请填“房号”" in wrong.content.decode()
    where = browser.post("/report", FORM | {"step": "1", "f_unit_no": "3-2"}).content.decode()
    assert 'name="f_unit_no" value="3-2"' in where, "carried in the form itself"
    last = browser.post("/report", FORM | {"step": "2", "f_unit_no": "3-2"}).content.decode()
    assert "业主姓名" in last, "a scene without a map does not insist on a place"
    done = browser.post("/report", FORM | {"f_unit_no": "3-2", "f_owner": "郑重"})
    assert done.status_code == 302, done.content.decode()
    code = re.match(r"/t/([^?]+)", done.headers["Location"])[1]
    assert texts(lifts, api.track(code).first) == {"text": "电梯又停了", "unit_no": "3-2", "owner": "郑重"}
    assert "Flat" in Client(headers={"accept-language": "en"}).get("/report?scene=lifts").content.decode()


def test_the_console_fills_in_and_shows_what_the_scene_declares(lifts):
    case = dispatched(lifts)
    browser = Client(headers={"accept-language": "zh-hans"})
    browser.force_login(User.objects.get(username="cgj"), backend="django.contrib.auth.backends.ModelBackend")
    page = browser.get(f"/console/case/{case}").content.decode()
    form = next(one for one in re.findall(r"<form.*?</form>", page, re.DOTALL) if 'value="looked"' in one)
    assert '<option value="true_so">属实</option>' in form
    assert 'name="data-story"' in form
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form))
    done = browser.post(f"/console/case/{case}/do", hidden | {"data-found": "true_so", "data-story": "换了主板"})
    assert done.status_code == 302, done.content.decode()
    page = browser.get(f"/console/case/{case}").content.decode()
    for words in ("看到的情况：属实", "经过：换了主板", "房号"):
        assert words in page, words


def test_the_api_says_what_a_scene_asks_and_takes_it(lifts):
    browser = Client()
    told = json.loads(browser.get("/api/v1/scenes").content)["scenes"]
    (scene,) = told
    assert (scene["key"], scene["name"]) == ("lifts", {"zh": "电梯", "en": "Lifts"})
    assert [one["key"] for one in scene["fields"]] == [
        "since", "unit_no", "owner", "before", "spokesmen", "against"
    ]  # fmt: skip
    step, _ = scene["steps"]
    assert step["fields"][0]["options"]["not_so"] == {"zh": "不属实", "en": "Not as reported"}
    body = {"scene": "lifts", "category": "A01", "text": "电梯又停了", "fields": {"unit_no": "3-2"}}
    made = browser.post("/api/v1/cases", json.dumps(body), content_type="application/json")
    assert made.status_code == 201, made.content
    assert texts(lifts, made.json()["id"])["unit_no"] == "3-2"
    body["fields"] = {"unit_no": "x" * 11}
    wrong = browser.post("/api/v1/cases", json.dumps(body), content_type="application/json")
    assert (wrong.status_code, wrong.json()["code"]) == (409, "field-wrong")


def test_a_scene_for_staff_is_no_public_door(lifts, tmp_path):
    file = tmp_path / "lifts" / "manifest.toml"
    file.write_text(file.read_text("utf-8").replace('uses = ["photos"]', "uses = []\nis_public = false"), "utf-8")
    scenes.load.cache_clear()
    wiring.tell_scenes()
    with pytest.raises(Refused, match="staff-only-scene"):
        report()
    assert api.scene_choices() == []
    intake = api.Intake("A01", "", "paper", {"text": "x"}, scene="lifts")
    assert api.report(intake, by=lifts.who("yz.zhzx", "triage"), purpose="登记").number

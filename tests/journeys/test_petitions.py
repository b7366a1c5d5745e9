"""P10, P11 and P12 through the real doors: the API, the report page, the console, on the demo district."""

import json
import re
from uuid import UUID, uuid4

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from bihuan import scenes
from bihuan.demo.load import load_demo, person_id
from bihuan.desk import api, identity
from bihuan.faces.rest import limits
from bihuan.wiring.site import tell_scenes
from rest_site import Program

PLACE, STREET = "500103014001", "yz.s.014"
WHY = {"X_Purpose": "handle the petition"}
NOTICE = {"how_told": "in_writing", "letter": "〔2025〕1号", "told_route": "由本街道按信访程序办理"}
OPINION = {
    "claim": "要求修缮", "grounds": "经核查属实", "result": "explain", "opinion_text": "已列入计划",
    "legal_basis": "《物业管理条例》第五十四条",
}  # fmt: skip
CHECKS = dict.fromkeys(("law_prevent", "law_accept", "law_handle", "law_oversee", "law_order"), "passed")
CHINESE = {"accept-language": "zh-hans"}


@pytest.fixture(autouse=True)
def _district(clean_db, settings, tmp_path):
    settings.SCENES, settings.DATA = ["city", "petitions"], tmp_path
    identity.forget_numbers()
    limits.forget()
    load_demo()
    tell_scenes()
    list(scenes.install())


def program(account, role):
    """A program that acts in this post of the demo."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM post WHERE person_id = %s AND role = %s", [person_id(account), role])
        return Program(api.issue_token(cursor.fetchone()[0], account, api.SCOPES))


def browser(account=""):
    found = Client(headers=CHINESE)
    if account:
        found.force_login(User.objects.get(username=account), backend="django.contrib.auth.backends.ModelBackend")
    return found


class Petition:
    """One case, and the moments at which things happen to it, over the API."""

    def __init__(self, category="P609", at=None, **fields):
        body = {"scene": "petitions", "category": category, "place": PLACE, "text": "水管老爆，多次反映没有解决"}
        body |= {"channel": "letter", "fields": fields} | ({"happened_at": at} if at else {})
        answer = program("xfj", "triage").post("/cases", body)
        assert answer.status_code == 201, answer.content
        self.id, self.receipt = answer.json()["id"], api.tidy_code(answer.json()["receipt"])

    def asks(self, account, role, command, at=None, **body):
        body |= {"happened_at": at} if at else {}
        return program(account, role).post(f"/cases/{self.id}/commands/{command}", body, **WHY)

    def does(self, *asked, **body):
        answer = self.asks(*asked, **body)
        assert answer.status_code == 200, answer.content.decode()
        return answer.json()

    def step(self, account, role, key, at=None, **data):
        return self.does(account, role, "take-step", at, step=key, data=data)

    def read(self, account="xfj", role="triage"):
        return program(account, role).get(f"/cases/{self.id}", **WHY).json()

    def due(self, key, account="xfj", role="triage"):
        found = [one["due"] for one in self.read(account, role)["clocks"] if one["key"] == key]
        return found[-1][:10] if found else None

    def sent_on(self, at):
        self.does("xfj", "triage", "accept", at)
        self.does("xfj", "dispatcher", "dispatch", at)
        return self


def refused(answer, code):
    assert (answer.status_code in {403, 409, 422}, answer.json()["code"]) == (True, code), answer.content.decode()


def test_programs_are_told_what_a_petition_asks():
    told = {one["key"]: one for one in Program().get("/scenes").json()["scenes"]}["petitions"]
    fields = {one["key"]: one for one in told["fields"]}
    assert list(fields) == ["earlier", "accused", "spokesmen", "petitioner", "home"]
    assert (fields["spokesmen"]["least"], fields["spokesmen"]["largest"]) == (1, 5)
    assert (fields["accused"]["kind"], fields["petitioner"]["personal"]) == ("accused", True)
    assert (told["seal"], "纪检" in told["seal_note"]["zh"]) == ("L2", True)
    (opinion,) = [one for one in told["steps"] if one["key"] == "opinion"]
    assert opinion["requires"] == ["claim", "grounds", "result", "opinion_text", "legal_basis"]


# -- P10 ---------------------------------------------------------------------------------------------------------


def forwarded():
    return Petition(at="2025-01-24T09:00:00+08:00").sent_on("2025-01-24T10:00:00+08:00")


def test_p10_not_ours_is_objected_to_within_five_working_days():
    petition = forwarded()
    assert petition.due("objection") == "2025-02-07"
    reason = {"task": 1, "reason": "属房管部门职权", "rule": "《信访工作条例》第二十三条"}
    late = petition.asks("jd014", "handler", "return-task", "2025-02-08T09:00:00+08:00", **reason)
    refused(late, "objection-late")
    petition.does("jd014", "handler", "return-task", "2025-02-07T16:00:00+08:00", **reason)
    assert petition.read()["lead"] == STREET, "until the office agrees it stays where it is"
    petition.does("xfj", "dispatcher", "grant", "2025-02-07T17:00:00+08:00", request=1)
    assert petition.read()["stage"] == "accepted"


def test_p10_ours_is_told_in_writing_within_fifteen_days_and_sixty_days_run_from_admission_only():
    petition = forwarded()
    assert petition.due("notice") == "2025-02-08"
    assert petition.due("finish") is None
    bare = {"how_told": "in_writing", "told_route": "由本街道办理"}
    refused(petition.asks("jd014", "handler", "take-step", step="admitted", data=bare), "notice-unwritten")
    petition.step("jd014", "handler", "admitted", "2025-02-08T10:00:00+08:00", **NOTICE)
    assert petition.due("finish") == "2025-04-09"


def test_p10_an_extension_without_an_approver_is_refused_and_with_one_comes_once():
    petition = forwarded()
    petition.step("jd014", "handler", "admitted", "2025-02-08T10:00:00+08:00", **NOTICE)
    refused(petition.asks("jd014-zr", "head", "grant", request=1), "no-such-request")
    asked = {"clock": "finish", "amount": 30, "reason": "需现场鉴定"}
    refused(petition.asks("jd014", "handler", "ask-extend", **asked | {"amount": 31}), "extension-too-long")
    petition.does("jd014", "handler", "ask-extend", "2025-03-20T10:00:00+08:00", **asked)
    assert petition.due("finish") == "2025-04-09", "asking moves nothing"
    refused(petition.asks("jd014", "handler", "grant", request=1), "approve-own")
    petition.does("jd014-zr", "head", "grant", "2025-03-21T10:00:00+08:00", request=1)
    assert petition.due("finish") == "2025-05-09"
    refused(petition.asks("jd014", "handler", "ask-extend", **asked), "extended-once")
    told = browser().get(f"/t/{petition.receipt}").content.decode()
    assert "经批准延长" in told


def test_the_petitioner_follows_his_own_case_and_reads_no_draft():
    petition = Petition().sent_on(None)
    petition.step("jd014", "handler", "admitted", **NOTICE)
    petition.step("jd014", "handler", "opinion", **OPINION)
    told = browser().get(f"/t/{petition.receipt}").content.decode()
    assert "受理并告知" in told
    assert "拟写意见书" not in told
    assert OPINION["opinion_text"] not in told


def test_the_petitioner_is_told_who_carries_the_case_and_until_when_and_no_more():
    petition = Petition().sent_on(None)
    head = str(person_id("jd014-zr"))
    petition.does("xfj", "triage", "name-champion", person=head)
    petition.step("jd014-zr", "head", "champion_plan", plan="每周上门一次，劝其息访")
    told = browser().get(f"/t/{petition.receipt}").content.decode()
    for words in ("由单位负责人示范月包案", "包案化解"):
        assert words in told, words
    assert "劝其息访" not in told
    assert head not in told


# -- P11 ---------------------------------------------------------------------------------------------------------


def decided(category, handler, head, first, **fields):
    petition = Petition(category, **fields).sent_on(None)
    petition.step(handler, "handler", first, **NOTICE)
    petition.step(handler, "handler", "opinion", **OPINION)
    petition.step(head, "head", "opinion_signed", letter="〔2026〕7号")
    petition.step(handler, "handler", "opinion_served", served_on="2026-10-08")
    petition.does(handler, "handler", "finish-task", task=1, proofs=[{"kind": "opinion", "ref": "签章件"}])
    petition.step("xfj-hc", "verifier", "matter", outcome_basis="《信访工作条例》第二十七条", **CHECKS)
    petition.does("xfj-hc", "verifier", "verify", accept=True, outcome="explained")
    return petition


@pytest.fixture
def final():
    """A claim, its review and its final review, each one level up; the claim is given back."""
    claim = decided("P609", "jd014", "jd014-zr", "admitted")
    review = decided("P651", "fcb", "fcb-zr", "told", earlier=claim.receipt)
    decided("P661", "sfc", "sfc-zr", "told", earlier=review.receipt)
    return claim


def test_p11_the_same_facts_after_the_final_review_are_registered_and_not_accepted_and_a_human_signs(final):
    again = Petition(earlier=final.receipt)
    refused(again.asks("xfj", "triage", "accept"), "already-final")
    decline = {
        "reason": "已经复核终结",
        "rule": "《信访工作条例》第三十六条",
        "rightful_route": "可依法申诉",
        "letter": "1号",
    }
    refused(again.asks("xfj", "triage", "decline", **decline), "final-unsigned")
    again.step(
        "xfj",
        "triage",
        "no_more_drafted",
        prior_no="〔2026〕7号",
        same_facts="事实和理由相同",
        legal_basis="第三十六条",
    )
    page = browser("xfj")
    page.post(f"/console/case/{again.id}/purpose", {"purpose": "办理本件"})
    assert "信访事项不再受理告知书" in page.get(f"/console/case/{again.id}").content.decode()
    letter = page.get(f"/console/case/{again.id}/letter/no_more.docx")
    assert letter.status_code == 200
    refused(again.asks("xfj", "triage", "decline", **decline), "final-unsigned")
    refused(again.asks("xfj", "triage", "take-step", step="no_more_signed", data={"letter": "1号"}), "wrong-role")
    again.step("xfj-zr", "head", "no_more_signed", letter="渝中信访〔2026〕1号")
    again.does("xfj", "triage", "decline", **decline)
    assert again.read()["stage"] == "declined"
    assert "应当找" in browser().get(f"/t/{again.receipt}").content.decode()


def test_p11_a_new_fact_opens_the_routes_again(final):
    again = Petition(earlier=final.receipt)
    again.does("xfj", "triage", "accept", new_fact="新的鉴定结论")
    again.does("xfj", "dispatcher", "dispatch")
    again.step("jd014", "handler", "admitted", **NOTICE)
    assert again.due("finish") is not None


def test_p11_before_the_final_review_the_same_matter_is_no_dead_end():
    claim = decided("P609", "jd014", "jd014-zr", "admitted")
    again = Petition(earlier=claim.receipt)
    again.does("xfj", "triage", "accept")


# -- P12 ---------------------------------------------------------------------------------------------------------

LETTER = "石油路街道某负责人在工程招标中收受好处。"
KEY = "0123456789abcdef0123456789abcdef"


def by_the_page():
    """A resident writes on the report page, and names the unit that he accuses."""
    form = {"key": KEY, "scene": "petitions", "step": "3", "text": LETTER, "category": "P801", "place": PLACE}
    done = browser().post("/report", form | {"f_accused": STREET})
    assert done.status_code == 302, done.content.decode()
    code = re.match(r"/t/([^?]+)", done.headers["Location"])[1]
    return api.track(code).id


def by_the_api():
    body = {"scene": "petitions", "category": "P801", "place": PLACE, "text": LETTER, "fields": {"accused": STREET}}
    return UUID(Program().post("/cases", body).json()["id"])


ACCUSED = (("jd014", "handler"), ("jd014-zr", "head"))


def hears_nothing(case, number):
    """Not by address, list, search, count or message, on pages or over the API; what is not there answers the same."""
    for account, role in ACCUSED:
        tool, page = program(account, role), browser(account)
        hidden, none = (tool.get(f"/cases/{one}", **WHY) for one in (case, uuid4()))
        assert (hidden.status_code, hidden.content) == (404, none.content)
        assert tool.get("/cases", **WHY).json()["cases"] == []
        assert page.get(f"/console/case/{case}").status_code == 404
        assert page.get(f"/console/case/{case}/letter/opinion.pdf").status_code == 404
        for tab in api.TABS:
            assert str(case) not in page.get(f"/console/?tab={tab}").content.decode()
        found = page.get(f"/console/?tab=all&number={number}").content.decode()
        assert str(case) not in found
        assert "P801" not in json.dumps(tool.get("/questions?group_by=category").json())
    with connection.cursor() as cursor:
        cursor.execute("""SELECT "to" FROM outbox WHERE case_id = %s""", [case])
        told = {row[0].rpartition("@")[2] for row in cursor.fetchall()}
    assert told
    assert not [unit for unit in told if unit.startswith(STREET)]


@pytest.mark.parametrize("door", [by_the_page, by_the_api])
def test_p12_an_accusation_goes_to_discipline_and_the_accused_never_learn_of_it(door):
    case = door()
    number = api.number_of(case)
    hears_nothing(case, number)
    clerk, sender = program("xfj", "triage"), program("xfj", "dispatcher")
    assert clerk.get(f"/cases/{case}", **WHY).json()["seal"] == "L3"
    assert clerk.post(f"/cases/{case}/commands/accept", {}, **WHY).status_code == 200
    to_them = sender.post(f"/cases/{case}/commands/dispatch", {"lead": STREET, "reason": "属地管理"}, **WHY)
    assert (to_them.status_code, to_them.json()["law"]) == (403, 7)
    assert sender.post(f"/cases/{case}/commands/dispatch", {}, **WHY).status_code == 200
    hears_nothing(case, number)
    taken = program("jw", "handler").post(f"/cases/{case}/commands/take-task", {"task": 1}, **WHY)
    assert taken.status_code == 200, taken.content
    assert program("jw", "handler").get(f"/cases/{case}", **WHY).json()["lead"] == "yz.jw"
    hears_nothing(case, number)


def test_p12_an_accusation_of_the_petitions_office_goes_to_discipline_from_the_first_second():
    body = {"scene": "petitions", "category": "P801", "text": LETTER, "fields": {"accused": "yz.xfj"}}
    made = Program().post("/cases", body).json()
    assert program("xfj", "triage").get(f"/cases/{made['id']}", **WHY).status_code == 404
    assert program("jw", "triage").get(f"/cases/{made['id']}", **WHY).json()["desk"] == "yz.jw"


def test_p12_the_form_says_who_may_see_it_and_names_no_unit_of_its_own_accord():
    page = browser().get("/report?scene=petitions").content.decode()
    assert "被反映的单位看不到" in page
    assert '<option value="yz.s.014">石油路街道</option>' in page
    assert not re.search(r'<option value="yz[^"]*" selected', page)


def test_the_form_speaks_english_too():
    page = Client(headers={"accept-language": "en"}).get("/report?scene=petitions").content.decode()
    shown = re.sub(r'data-words="[^"]*"|<bdi>.*?</bdi>|<option value="yz[^<]*</option>', "", page)
    left = re.findall(r"[\u4e00-\u9fff]+", shown)
    assert set(left) <= {"中文", "闭环"}

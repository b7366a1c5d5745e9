"""Decision letters: all parts or none, a draft says that it is one, PDF and DOCX say the same, nobody else gets one."""

import io

import pytest
from django.contrib.auth.models import User
from django.test import Client
from docx import Document
from pypdf import PdfReader

from bihuan import scenes
from bihuan.demo import cases
from bihuan.desk import api
from bihuan.faces import letters
from bihuan.kernel import commands as c
from bihuan.kernel.refused import Refused

STREET = "yz.s.014"
ADMITTED = {"how_told": "in_writing", "letter": "〔2026〕1号", "told_route": "由本街道按信访程序在60日内办结"}
OPINION = {
    "claim": "要求修缮共用水管",
    "grounds": "水管于一九九二年安装，多次爆裂。\n经现场核查属实。",
    "result": "support",
    "opinion_text": "纳入本年度老旧管网改造，十月底前完工。",
    "legal_basis": "《物业管理条例》第五十四条",
}
PARTS = ("投诉请求", "事实和理由", "处理结论", "处理意见", "法律依据")


@pytest.fixture
def petition(clean_db, settings):
    """A claim before the street, admitted."""
    from bihuan.demo.load import load_demo
    from bihuan.wiring.site import tell_scenes

    settings.SCENES = ["petitions"]
    load_demo()
    tell_scenes()
    list(scenes.install())
    intake = api.Intake(
        "P609", "500103014001", "portal", {"text": "水管老爆"}, scene="petitions", fields={"petitioner": "郑重"}
    )
    case = api.report(intake, by=api.ANONYMOUS, purpose="反映").case
    act(case, c.Accept(), "yz.xfj", "triage")
    act(case, c.Dispatch(), "yz.xfj", "dispatcher")
    step(case, "admitted", **ADMITTED)
    return case


def act(case, command, unit, role, **more):
    api.submit(command, by=cases.who(unit, (role,)), case=case, purpose="办理", **more)


def step(case, key, role="handler", **data):
    act(case, c.TakeStep(key, tuple(data.items())), STREET, role)


def view(case, unit=STREET, role="handler"):
    return api.read_case(cases.who(unit, (role,)), case, purpose="办理")


def words_of_pdf(data):
    """The reader takes the two bytes of a character's code apart, where the font brings its own encoding."""
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(data)).pages)
    return text.replace("\0", "").replace("\n", "")


def words_of_docx(data):
    return "".join(one.text for one in Document(io.BytesIO(data)).paragraphs)


def browser(account):
    found = Client(headers={"accept-language": "zh-hans"})
    found.force_login(User.objects.get(username=account), backend="django.contrib.auth.backends.ModelBackend")
    return found


@pytest.mark.parametrize("part", OPINION)
def test_a_decision_lacks_none_of_its_parts(petition, part):
    with pytest.raises(Refused, match="step-data-missing"):
        step(petition, "opinion", **{key: text for key, text in OPINION.items() if key != part})


def test_a_part_that_the_draft_does_not_have_is_said_by_its_name(petition):
    """Also where an older rulebook did not ask for it."""
    declared = api.declared_scene("petitions").letters["admission"]
    parts, declared["parts"] = declared["parts"], ["told_route", "same_facts"]
    try:
        with pytest.raises(Refused, match="letter-part-missing") as refused:
            letters.compose(view(petition), "admission")
    finally:
        declared["parts"] = parts
    zh, en = api.words_of(refused.value)
    assert "与原信访事项事实和理由相同的认定" in zh
    assert "Why the facts and reasons are the same" in en


def test_an_unsigned_decision_says_that_it_is_a_draft_and_a_signed_one_has_its_number(petition):
    step(petition, "opinion", **OPINION)
    draft = letters.compose(view(petition), "opinion")
    assert (draft.is_draft, draft.number) == (True, "")
    assert "草稿" in words_of_pdf(letters.write(draft, "pdf"))
    step(petition, "opinion_signed", "head", letter="石油路信访〔2026〕7号")
    signed = letters.compose(view(petition), "opinion")
    assert (signed.is_draft, signed.number, signed.to, signed.unit) == (
        False, "石油路信访〔2026〕7号", "郑重", "石油路街道"
    )  # fmt: skip
    step(petition, "opinion", **OPINION | {"opinion_text": "明年完工。"})
    assert letters.compose(view(petition), "opinion").is_draft, "a new draft has not been signed"


def test_pdf_and_docx_say_the_same_with_all_mandatory_parts(petition):
    step(petition, "opinion", **OPINION)
    step(petition, "opinion_signed", "head", letter="石油路信访〔2026〕7号")
    letter = letters.compose(view(petition), "opinion")
    pdf, docx = (words_of_pdf(letters.write(letter, "pdf")), words_of_docx(letters.write(letter, "docx")))
    for text in (*PARTS, "信访事项处理意见书", "支持", "纳入本年度", "第五十四条", "请求复查", "郑重", "石油路街道"):
        assert text in pdf, text
        assert text in docx, text
    assert letters.write(letter, "pdf") == letters.write(letter, "pdf"), "the same letter gives the same bytes"


def test_a_long_letter_goes_over_several_pages(petition):
    step(petition, "opinion", **OPINION | {"grounds": "经现场核查，水管锈蚀。" * 400})
    data = letters.write(letters.compose(view(petition), "opinion"), "pdf")
    assert len(PdfReader(io.BytesIO(data)).pages) >= 4


def test_a_letter_of_another_kind_of_matter_is_not_offered(petition):
    step(petition, "opinion", **OPINION)
    assert {key for key, _, _ in letters.available(view(petition))} == {"admission", "opinion"}
    with pytest.raises(api.NotFound):
        letters.compose(view(petition), "review")


def test_the_case_page_offers_the_letter_to_those_who_may(petition):
    step(petition, "opinion", **OPINION)
    mine = browser("jd014")
    mine.post(f"/console/case/{petition}/purpose", {"purpose": "办理本件"})
    page = mine.get(f"/console/case/{petition}").content.decode()
    address = f"/console/case/{petition}/letter/opinion"
    assert f'href="{address}.pdf"' in page
    for kind, read in (("pdf", words_of_pdf), ("docx", words_of_docx)):
        answer = mine.get(f"{address}.{kind}")
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, letters.FORMATS[kind])
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert "no-store" in answer.headers["Cache-Control"]
        assert "要求修缮共用水管" in read(answer.content)
    assert mine.get(f"/console/case/{petition}/letter/final.pdf").status_code == 404


@pytest.mark.parametrize("account", ["jd013", "cgj", "ducha", "shouli"])
def test_nobody_else_gets_it_and_without_a_purpose_nobody(petition, account):
    step(petition, "opinion", **OPINION)
    address = f"/console/case/{petition}/letter/opinion.pdf"
    other = browser(account)
    other.post(f"/console/case/{petition}/purpose", {"purpose": "想看看"})
    assert other.get(address).status_code == 404
    assert browser("jd014").get(address).status_code == 404, "no purpose was given"
    assert Client().get(address).status_code == 302

"""Boards of the console: by due time, fair, and as files whose numbers still lead to their cases."""

import io
import zipfile
from datetime import timedelta

import pytest
from docx import Document
from pypdf import PdfReader
from python_calamine import CalamineWorkbook

import page_district
from bihuan.desk import api as desk
from bihuan.desk import feed, identity, ticker
from bihuan.faces.screen import picture
from field_site import dispatched


@pytest.fixture
def zhou(district, settings, tmp_path):
    settings.DATA = tmp_path
    identity.forget_numbers()
    return district.client("zhou")


def reported(count, **more):
    by = desk.reporter(str(page_district.person("resident")))
    intake = desk.Intake("manhole", page_district.PLACE, "portal", {"text": "井盖松了"})
    made = [desk.report(intake, by=by, purpose="report", **more).number for _ in range(count)]
    feed.settle()
    desk.boards.settle()
    return made


def text(answer):
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_evaluation_board_shows_numerator_denominator_and_what_is_too_few(zhou):
    reported(6, happened_at=desk.now() - timedelta(days=20))
    ticker.tick_all()
    feed.settle()
    desk.boards.settle()
    page = text(zhou.get("/console/evaluation"))
    assert "0.0%" in page
    assert "0 / 6" in page
    assert "件数少，不比较" in page
    assert "/screen/cases?show=missed" in page
    for by in ("street", "community", "category"):
        assert "0 / 6" in text(zhou.get(f"/console/evaluation?by={by}"))
    assert zhou.get("/console/evaluation?by=person").status_code == 404


def test_the_oversight_board_lists_what_is_late(zhou):
    numbers = reported(1, happened_at=desk.now() - timedelta(days=30))
    reported(1)
    ticker.tick_all()
    feed.settle()
    desk.boards.settle()
    page = text(zhou.get("/console/oversight"))
    late = page.partition('id="late"')[2].partition("</section>")[0]
    assert str(numbers[0]) in late
    assert late.count("<li>") == 1


def test_the_unit_board_has_what_the_unit_owes_and_nothing_of_others(zhou, district):
    dispatched()
    reported(2)
    assert text(district.client("wei").get("/console/unit")).count("<li>") == 1
    assert text(zhou.get("/console/unit")).count("<li>") == 2


def test_every_number_of_the_notice_leads_to_its_cases_in_each_format(zhou):
    reported(6)
    month = f"{desk.boards.this_month():%Y-%m}"
    link = f"show=heard&from={month}&to={month}&unit={page_district.PEOPLE['zhou'].unit}"
    page = text(zhou.get(f"/console/notice?month={month}"))
    assert link.replace("&", "&amp;") in page
    assert page.count(f'show=missed&amp;from={month}&amp;to={month}"') == 1
    files = {kind: zhou.get(f"/console/notice?month={month}&as={kind}").content for kind in ("pdf", "docx", "xlsx")}
    pdf = PdfReader(io.BytesIO(files["pdf"]))
    assert "办理情况通报" in pdf.pages[0].extract_text().replace("\0", "")
    links = [note.get_object()["/A"]["/URI"] for one in pdf.pages for note in one.get("/Annots", [])]
    assert any(link in one for one in links)
    document = Document(io.BytesIO(files["docx"]))
    assert "办理情况通报" in document.paragraphs[0].text
    assert any(link in one.target_ref for one in document.part.rels.values() if one.is_external)
    rows = CalamineWorkbook.from_filelike(io.BytesIO(files["xlsx"])).get_sheet_by_index(0).to_python()
    assert rows[1][1] == "6"
    with zipfile.ZipFile(io.BytesIO(files["xlsx"])) as book:
        assert link.replace("&", "&amp;") in book.read("xl/worksheets/_rels/sheet1.xml.rels").decode()


def test_a_list_goes_out_as_a_sheet(zhou):
    numbers = reported(6)
    sheet = zhou.get("/screen/cases?show=open&as=xlsx").content
    rows = CalamineWorkbook.from_filelike(io.BytesIO(sheet)).get_sheet_by_index(0).to_python()
    assert sorted(int(row[0]) for row in rows[1:]) == sorted(numbers)  # cases of one millisecond stand in any order


def test_a_number_that_is_none_is_not_found(zhou):
    for address in ("/screen/cases?show=x", "/console/notice?month=2026-13", "/console/notice?as=exe"):
        assert zhou.get(address).status_code == 404
    assert zhou.get("/screen/cases?show=open&after=x").status_code == 404
    assert zhou.get("/screen/?place=999").status_code == 404


def test_the_boards_speak_english(zhou, district):
    reported(6)
    client = district.client("zhou", "en")
    for address in ("/screen/", "/console/unit", "/console/evaluation", "/console/oversight", "/console/notice"):
        text(client.get(address))
    month = f"{desk.boards.this_month():%Y-%m}"
    assert client.get(f"/console/notice?month={month}&as=pdf").content[:4] == b"%PDF"


def test_names_on_the_map_lose_the_words_that_all_of_them_end_with():
    assert picture.short(["Daping Street Office", "Shiyoulu Street Office"]) == ["Daping", "Shiyoulu"]
    assert picture.short(["Daping Street Office", "Shiyoulu Town Office"]) == ["Daping Street", "Shiyoulu Town"]
    assert picture.short(["大坪街道", "石油路街道"]) == ["大坪街道", "石油路街道"]
    assert picture.short(["Street Office"]) == ["Street Office"]


def test_without_a_month_the_notice_is_of_the_last_one_or_of_the_first_in_which_there_was_anything(zhou):
    this = desk.boards.this_month()
    last = desk.boards.months_back(this, 1)
    reported(2)
    assert f"{this:%Y-%m}" in text(zhou.get("/console/notice"))
    reported(1, happened_at=desk.now() - timedelta(days=desk.now().day + 3))
    assert f"{last:%Y-%m}" in text(zhou.get("/console/notice"))

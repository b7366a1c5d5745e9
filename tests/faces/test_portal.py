"""The pages for residents: report in three steps, follow by code, say what one thinks of the result."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

import feeding
from bihuan.desk import api as desk
from bihuan.kernel import commands as c
from bihuan.testing import cast

KEY = "0123456789abcdef0123456789abcdef"
REPORT = {"key": KEY, "step": "3", "text": "井盖松了，车一压就响", "category": "manhole", "address": "12 号门口"}


@pytest.fixture(autouse=True)
def _own_folder(settings, tmp_path):
    settings.DATA = tmp_path


def report(district, browser=None, **more):
    answer = (browser or district.client()).post("/report", REPORT | {"place": district.PLACE} | more)
    assert answer.status_code == 302, answer.content.decode()
    return answer.headers["Location"].partition("?")[0]


def cases():
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM case_row")
        return cursor.fetchone()[0]


# -- three steps -------------------------------------------------------------------------------------------------


def test_each_step_carries_what_was_said_before(district):
    browser = district.client()
    page = browser.post("/report", {"step": "1", "text": "路灯不亮", "category": "-"}).content.decode()
    assert 'name="place"' in page
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
    page = browser.post("/report", hidden | {"place": district.PLACE, "address": "巷口"}).content.decode()
    assert 'name="contact"' in page
    assert "路灯不亮" in page
    assert "梧桐社区" in page


def test_one_may_go_back_without_losing_anything(district):
    page = district.client().post("/report", REPORT | {"place": district.PLACE, "back": "3"}).content.decode()
    assert 'value="12 号门口"' in page
    assert f'value="{district.PLACE}" selected' in page


@pytest.mark.parametrize(
    ("wrong", "field"),
    [({"text": ""}, "text"), ({"category": "nonsense"}, "category"), ({"place": "1"}, "place")],
)
def test_what_is_missing_is_said_at_its_place(district, wrong, field):
    answer = district.client().post("/report", REPORT | {"place": district.PLACE} | wrong)
    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.content.decode()
    assert cases() == 0


def test_an_unknown_place_needs_an_address(district):
    answer = district.client().post("/report", REPORT | {"place": "-", "address": ""})
    assert answer.status_code == 422
    assert 'href="#address"' in answer.content.decode()


def test_a_report_leads_to_its_receipt(district):
    address = report(district)
    page = district.client().get(f"{address}?new=1").content.decode()
    code = address.rpartition("/")[2]
    assert "-".join(code[i : i + 4] for i in range(0, 16, 4)) in page
    assert "区运行中心正在看您反映的事" in page
    assert "GB/T 30428.8" in page


def test_kept_in_a_bookmark_the_receipt_tells_what_is_under_way(district):
    address = f"{report(district)}?new=1"
    assert "收到了" in district.client().get(address).content.decode()
    ((case,),) = feeding.rows("SELECT id FROM case_row")
    zhou = desk.Actor(str(district.person("zhou")), cast.CENTRE, cast.ZHOU.roles)
    desk.submit(c.Accept(), by=zhou, case=case, purpose="受理")
    assert "收到了" not in district.client().get(address).content.decode()


def test_the_same_form_twice_makes_one_case(district):
    assert report(district) == report(district)
    assert cases() == 1


def test_the_same_form_with_another_text_is_refused(district):
    report(district)
    answer = district.client().post("/report", REPORT | {"place": district.PLACE, "text": "另一件事情"})
    assert answer.status_code == 409
    assert "刚才已经提交过" in answer.content.decode()


def test_a_made_up_key_is_replaced(district):
    assert report(district, key="x") != report(district, key="x")


def test_contact_and_text_are_in_the_vault_only(district):
    from django.db import connection

    report(district, contact="139-0000-0000")
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(body, '') FROM event")
        assert "139-0000" not in cursor.fetchone()[0]
        cursor.execute("SELECT count(*) FROM case_row WHERE state LIKE '%%139-0000%%' OR state LIKE '%%车一压%%'")
        assert cursor.fetchone()[0] == 0


def test_a_position_is_kept_only_when_it_is_one(district):
    from django.db import connection

    report(district, lon="106.55", lat="29.56")
    report(district, key=KEY[::-1], lon="nan", lat="abc")
    with connection.cursor() as cursor:
        cursor.execute("SELECT lon, lat FROM case_row ORDER BY id")
        assert cursor.fetchall() == [(106.55, 29.56), (None, None)]


# -- emergency ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["楼里着火了", "厨房有煤 气 味", "there is a FIRE next door", "smell of gas here", "有人落水"]
)
def test_an_emergency_is_answered_with_telephone_numbers_first(district, text):
    page = district.client().post("/report", {"step": "1", "text": text, "category": "-"}).content.decode()
    for number in ("110", "119", "120"):
        assert f'href="tel:{number}"' in page
    assert 'name="place"' not in page


@pytest.mark.parametrize("text", ["the firewood cart blocks the way", "垃圾桶满了", "Gasse"])
def test_what_only_looks_like_one_is_not(district, text):
    assert (
        'name="place"'
        in district.client().post("/report", {"step": "1", "text": text, "category": "-"}).content.decode()
    )


def test_after_the_call_one_may_go_on(district):
    browser = district.client()
    page = browser.post("/report", {"step": "1", "text": "楼里着火了，已经报警", "category": "-"}).content.decode()
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
    assert 'name="place"' in browser.post("/report", hidden).content.decode()


# -- bad input ---------------------------------------------------------------------------------------------------


def urlencoded(encoding):
    from urllib.parse import urlencode

    return urlencode({"step": "1", "text": "路灯不亮，请修一修", "category": "-"}, encoding=encoding)


@pytest.mark.parametrize(
    "media", ["application/x-www-form-urlencoded", "application/x-www-form-urlencoded; charset=gbk"]
)
def test_a_body_in_gbk_is_read(district, media):
    page = district.client().generic("POST", "/report", urlencoded("gbk"), content_type=media).content.decode()
    assert "路灯不亮，请修一修" in page


def test_raw_bytes_in_gbk_are_read(district):
    body = "step=1&category=-&text=路灯不亮".encode("gbk")
    media = "application/x-www-form-urlencoded"
    assert "路灯不亮" in district.client().generic("POST", "/report", body, content_type=media).content.decode()


def test_bytes_that_are_no_text_are_refused_with_their_place(district):
    body = b"step=1&category=-&text=%FF%FF%FF"
    answer = district.client().generic("POST", "/report", body, content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 422
    assert "第 1 个字认不出来" in answer.content.decode()


def test_a_text_that_is_too_long_says_by_how_much(district):
    answer = district.client().post("/report", REPORT | {"place": district.PLACE, "text": "长" * 2001})
    assert answer.status_code == 422
    assert "最多 2000 个字，现在有 2001 个" in answer.content.decode()


def test_markup_in_a_text_stays_text(district):
    address = report(district, text="<script>alert(1)</script> 井盖")
    page = district.client().get(address).content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_control_characters_are_dropped(district):
    address = report(district, text="井盖\x00\x1b松了")
    assert "井盖松了" in district.client().get(address).content.decode()


def test_a_body_that_is_too_large_is_refused(district, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10_000
    answer = district.client().post("/report", REPORT | {"text": "长" * 20_000})
    assert answer.status_code in {400, 413}
    assert cases() == 0


def test_reports_from_one_address_are_limited(district, monkeypatch):
    from bihuan.faces.portal import rate, views

    monkeypatch.setattr(views, "limiter", rate.Limiter(2))
    report(district, key="1" * 32)
    report(district, key="2" * 32)
    answer = district.client().post("/report", REPORT | {"place": district.PLACE, "key": "3" * 32})
    assert answer.status_code == 429
    assert 1 <= int(answer.headers["Retry-After"]) <= 30
    assert "车一压就响" in answer.content.decode()


def test_the_bucket_fills_again():
    from bihuan.faces.portal.rate import Limiter

    limiter = Limiter(30)
    assert [limiter.wait("a", now=0.0) for _ in range(31)] == [0] * 30 + [2]
    assert limiter.wait("b", now=0.0) == 0
    assert limiter.wait("a", now=2.0) == 0
    assert limiter.wait("a", now=2.0) == 2


def test_addresses_are_forgotten_when_there_are_too_many(monkeypatch):
    from bihuan.faces.portal import rate

    monkeypatch.setattr(rate, "MOST_ADDRESSES", 10)
    limiter = rate.Limiter(5)
    for number in range(1000):
        limiter.wait(str(number), now=float(number))
    assert len(limiter._buckets) <= 70


# -- by code -----------------------------------------------------------------------------------------------------


def test_a_typed_code_leads_to_its_page(district):
    address = report(district)
    code = address.rpartition("/")[2]
    typed = f" {code[:4].lower()}-{code[4:8]} {code[8:]} "
    answer = district.client().post("/track", {"code": typed})
    assert (answer.status_code, answer.headers["Location"]) == (302, address)


def test_a_code_in_small_letters_is_put_right(district):
    address = report(district)
    answer = district.client().get(address.lower().replace("/t/", "/t/"))
    assert answer.status_code in {200, 302}


@pytest.mark.parametrize("code", ["", "x", "0000-0000-0000-0000", "井盖", "%" * 40])
def test_a_wrong_code_is_said_kindly(district, code):
    answer = district.client().post("/track", {"code": code})
    assert answer.status_code == 404
    assert "没有这个查询码" in answer.content.decode()


def test_the_qr_code_is_a_picture_that_needs_no_style(district):
    answer = district.client().get(f"{report(district)}/qr.svg")
    assert answer.headers["Content-Type"] == "image/svg+xml"
    document = answer.content.decode()
    assert document.startswith('<svg xmlns="http://www.w3.org/2000/svg"')
    assert "style" not in document


def test_one_may_add_something(district):
    address = report(district)
    browser = district.client()
    assert browser.post(f"{address}/say", {"do": "note", "text": "今天又响了一夜"}).status_code == 302
    assert "今天又响了一夜" in browser.get(address).content.decode()


def test_a_form_on_the_page_of_a_report_pressed_twice_is_said_once(district):
    address, browser = report(district), district.client()
    (key,) = set(re.findall(r'name="key" value="(\w+)"', browser.get(address).content.decode()))
    for _ in range(2):
        assert browser.post(f"{address}/say", {"do": "note", "text": "又响了", "key": key}).status_code == 302
    other = browser.post(f"{address}/say", {"do": "note", "text": "这回不响了", "key": key})
    assert (other.status_code, "这张表已经提交过了" in other.content.decode()) == (409, True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM event WHERE kind = 'Noted'")
        assert cursor.fetchone() == (1,)


def test_an_empty_note_is_refused(district):
    assert district.client().post(f"{report(district)}/say", {"do": "note", "text": " "}).status_code == 422


def test_what_the_loop_refuses_is_said(district):
    answer = district.client().post(f"{report(district)}/say", {"do": "dispute", "why": "not-done"})
    assert answer.status_code == 409
    assert 'role="alert"' in answer.content.decode()


def test_a_file_where_none_is_asked_changes_nothing(district):
    body = REPORT | {"place": district.PLACE, "text": SimpleUploadedFile("a.txt", b"x")}
    assert district.client().post("/report", body).status_code == 422


@pytest.mark.parametrize("address", ["/", "/report", "/cases", "/rules"])
def test_pages_for_telephones_travel_packed(district, address):
    plain = district.client().get(address)
    packed = district.client().get(address, headers={"Accept-Encoding": "gzip"})
    assert packed["Content-Encoding"] == "gzip"
    assert len(packed.content) < 0.7 * len(plain.content)

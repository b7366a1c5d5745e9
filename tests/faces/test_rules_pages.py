"""The rulebook editor: tables down and up, rows in the page, the difference and its effect, a date, a reason."""

import io
import re
import zipfile
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from django.db import connection

from bihuan.desk import api, rulebooks
from bihuan.testing import cast

HOME = "/console/rules/city"


@pytest.fixture(autouse=True)
def heads(district, settings):
    """Two heads of the desk that the rulebook names."""
    settings.SCENES = ["city"]
    district.add("yan", "严演示", cast.CENTRE, "head")
    district.add("tao", "陶演示", cast.CENTRE, "head")
    yield
    rulebooks.forget()


@pytest.fixture
def browser(district):
    return district.client("yan")


def page(browser, address=HOME):
    answer = browser.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def turn(browser, address=HOME):
    return re.search(r'name="turn" value="(\d+)"', page(browser, address))[1]


def row(browser, table, find):
    """The number of the first row in which a text stands."""
    return re.search(r'href="\?row=(\d+)#edit"', page(browser, f"{HOME}/{table}?q={find}"))[1]


def change(browser, table, number, **cells):
    """Send the form of a row with some of its cells changed, found by the key in their label."""
    address = f"{HOME}/{table}?row={number}"
    text = page(browser, address)
    labels = {name: label.split()[-1] for name, label in re.findall(r'<label for="(c\d+)">([^<]+)</label>', text)}
    typed = {name: unescape(v) for name, v in re.findall(r'id="(c\d+)" name="c\d+"[^>]*value="([^"]*)"', text)}
    typed |= {name: unescape(v) for name, v in re.findall(r'<textarea[^>]*id="(c\d+)"[^>]*>([^<]*)<', text)}
    for name, body in re.findall(r'<select id="(c\d+)"[^>]*>(.*?)</select>', text, re.DOTALL):
        typed[name] = unescape((re.search(r"<option selected>([^<]*)", body) or ["", ""])[1])
    typed |= {name: cells[label] for name, label in labels.items() if label in cells}
    return browser.post(address, typed | {"do": "keep", "turn": re.search(r'name="turn" value="(\d+)"', text)[1]})


def send(browser, name, content, at=None):
    file = io.BytesIO(content)
    file.name = name
    return browser.post(HOME, {"do": "upload", "turn": at or turn(browser), "files": file})


def publish(browser, days=0, reason="区办〔2026〕3 号", at=None):
    day = rulebooks.local_day(datetime.now(UTC)) + timedelta(days=days)
    said = {"do": "publish", "turn": at or turn(browser), "effective": day.isoformat(), "reason": reason}
    return browser.post(HOME, said)


def clocks(browser):
    packed = browser.get(f"{HOME}/tables.zip")
    return zipfile.ZipFile(io.BytesIO(packed.content)).read("city/clocks.csv").decode("utf-8-sig")


def test_a_row_is_changed_in_the_page_and_the_difference_is_shown_before_and_after(browser):
    number = row(browser, "clocks", "handle")
    assert change(browser, "clocks", number, amount="77").status_code == 302
    text = page(browser)
    assert "<ins>77</ins>" in text
    assert text.count("<tr><td><span") == 1
    assert "严演示" in text


def test_tables_go_out_as_a_workbook_and_csv_and_come_back_changed(browser):
    assert browser.get(f"{HOME}/tables.xlsx").content[:2] == b"PK"
    text = clocks(browser)
    changed = text.replace(",handle,", ",handle,", 1)
    first = next(line for line in text.splitlines() if ",handle," in line)
    changed = text.replace(first, re.sub(r"(,handle,)\d+", r"\g<1>88", first), 1)
    assert send(browser, "clocks.csv", changed.encode()).status_code == 302
    assert "<ins>88</ins>" in page(browser)
    again = browser.get(f"{HOME}/tables.xlsx").content
    assert send(browser, "rules.xlsx", again).status_code == 302
    assert "<ins>88</ins>" in page(browser), "what went out comes back as it was"


def test_everything_that_is_wrong_is_said_with_its_table_row_and_column_and_is_not_published(browser):
    number = row(browser, "clocks", "handle")
    change(browser, "clocks", number, amount="很久", unit="")
    text = page(browser)
    found = text[text.index('id="found"') :]
    assert f'href="{HOME}/clocks?row={number}#edit"' in found
    assert f"时限，第 {int(number) + 1} 行 · 数量 amount" in found
    assert "单位 unit" in found
    assert 'aria-invalid="true"' in page(browser, f"{HOME}/clocks?row={number}")
    assert publish(browser).status_code == 422
    assert len(api.upkeep.books("city")) == 1


def test_a_unit_that_is_not_there_is_said_at_its_cell(browser):
    number = row(browser, "routes", "manhole")
    change(browser, "routes", number, lead="nobody")
    text = page(browser)
    assert f'href="{HOME}/routes?row={number}#edit"' in text
    assert "主办 lead</a>：没有单位 nobody" in text
    assert publish(browser).status_code == 422


@pytest.mark.parametrize("name", ["rules.xlsx", "clocks.txt", "photo.png"])
def test_a_file_that_is_no_table_is_refused_in_words_and_changes_nothing(browser, name):
    answer = send(browser, name, b"\x00no table at all")
    assert answer.status_code == 422
    assert "这个文件没有收下" in answer.content.decode()
    assert "<ins>" not in page(browser)


def test_a_new_version_holds_from_its_day_and_cases_keep_the_rules_of_theirs(browser, district):
    intake = api.Intake("manhole", district.PLACE, "portal", {"text": "井盖松了"})
    old = api.report(intake, by=api.ANONYMOUS, purpose="反映").case
    change(browser, "clocks", row(browser, "clocks", "handle"), amount="77")
    assert publish(browser, days=0).status_code == 302
    before, now = api.upkeep.books("city")[-1], api.upkeep.books("city")[0]
    assert now.version != before.version
    new = api.report(intake, by=api.ANONYMOUS, purpose="反映").case
    with connection.cursor() as cursor:
        cursor.execute("SELECT book FROM case_row WHERE id = ANY(%s) ORDER BY id", [[old, new]])
        assert [book for (book,) in cursor.fetchall()] == [before.version, now.version]
    text = page(browser)
    assert "区办〔2026〕3 号" in text
    assert "严演示" in text
    assert "还没有改动" in text


def test_a_version_for_a_later_day_does_not_hold_yet(browser):
    change(browser, "clocks", row(browser, "clocks", "handle"), amount="77")
    held = api.book_in_force("city").version
    publish(browser, days=30)
    assert len(api.upkeep.books("city")) == 2
    assert api.book_in_force("city").version == held


def test_rules_never_hold_in_the_past_and_need_a_reason(browser):
    change(browser, "clocks", row(browser, "clocks", "handle"), amount="77")
    assert publish(browser, days=-1).status_code == 422
    assert publish(browser, reason="").status_code == 422
    assert len(api.upkeep.books("city")) == 1


def test_what_it_would_mean_for_open_cases_is_a_report_and_no_event(browser, district):
    for _ in range(3):
        intake = api.Intake("manhole", district.PLACE, "portal", {"text": "井盖松了"})
        api.report(intake, by=api.ANONYMOUS, purpose="反映")
    sealed = api.Intake("manhole", district.PLACE, "portal", {"text": "井盖松了"}, seal="L2")
    api.report(sealed, by=api.ANONYMOUS, purpose="反映")
    route = api.book_in_force("city").route("manhole", district.PLACE)
    other = next(unit for unit in (cast.CHENGGUAN, cast.ZHUJIAN) if unit != route.lead)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM event")
        events = cursor.fetchone()
    change(browser, "routes", row(browser, "routes", route.key), lead=other)
    text = page(browser)
    effects = text[text.index('id="effects"') :]
    assert re.search(r'data-of="在办的件数">3<', effects), "three, and the sealed one is not counted"
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM event")
        assert cursor.fetchone() == events


def test_the_second_of_two_editors_is_told_and_nothing_is_overwritten(browser, district):
    number, held = row(browser, "clocks", "handle"), turn(browser)
    assert change(district.client("tao"), "clocks", number, amount="55").status_code == 302
    answer = browser.post(f"{HOME}/clocks?row={number}", {"do": "keep", "turn": held, "c0": "", "c1": "handle"})
    assert answer.status_code == 409
    assert "陶演示" in answer.content.decode()
    assert publish(browser, at=held).status_code == 409
    assert "<ins>55</ins>" in page(browser)


def test_a_version_that_came_in_by_a_file_meanwhile_stops_the_publication(browser, tmp_path):
    change(browser, "clocks", row(browser, "clocks", "handle"), amount="77")
    book = api.book_in_force("city")
    api.upkeep.write_book(book, tmp_path / "tables")
    file = tmp_path / "tables" / "book.csv"
    file.write_text(file.read_text("utf-8-sig").replace(book.version, "2031.9", 1), "utf-8-sig")
    api.upkeep.import_book(tmp_path / "tables", by="office")
    answer = publish(browser)
    assert answer.status_code == 409
    assert "2031.9" in answer.content.decode()
    assert "<ins>77</ins>" in page(browser), "the draft is still there"


def test_a_row_is_added_and_taken_away_and_a_draft_is_discarded(browser):
    number = row(browser, "ladder", "oversee") if "oversee" in page(browser, f"{HOME}/ladder") else "1"
    gone = browser.post(f"{HOME}/ladder?row={number}", {"do": "drop", "turn": turn(browser)})
    assert gone.status_code == 302
    change(browser, "ladder", "new", percent="130", action="催办", to="head")
    text = page(browser)
    assert '<td><span class="chip good">' in text
    assert '<td><span class="chip bad">' in text
    browser.post(HOME, {"do": "discard", "turn": turn(browser)})
    assert "还没有改动" in page(browser)


def test_only_the_heads_of_its_desks_find_it(district):
    for account in ("zhou", "feng", "gu", "su"):
        other = district.client(account)
        assert other.get(HOME).status_code == 404
        assert other.get(f"{HOME}/tables.xlsx").status_code == 404
        assert other.post(f"{HOME}/clocks?row=1", {"do": "drop", "turn": "0"}).status_code == 404
    assert f'href="{HOME}"' not in district.client("zhou").get("/console/rules").content.decode()
    assert f'href="{HOME}"' in district.client("yan").get("/console/rules").content.decode()


def test_an_english_reader_reads_english(browser):
    change(browser, "clocks", row(browser, "clocks", "handle"), amount="很久")
    browser.cookies["django_language"] = "en"
    text = page(browser)
    assert "To be put right before publishing" in text
    assert "write a whole number" in text

"""What anybody may see: public cases by list, sketch, place and feed. Nothing that is not public, not even counted."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

import page_steps
from bihuan.desk import api, rulebooks
from bihuan.kernel.case import Seal
from bihuan.testing import books

ATOM = "{http://www.w3.org/2005/Atom}"
SECRET = "三楼王家门口的井盖"


@pytest.fixture(autouse=True)
def _public(district, settings, tmp_path):
    settings.DATA = tmp_path


def open_case(district, **more):
    """A public one: the cast's rulebook is internal, so manhole covers are made public for the day."""
    return page_steps.report(district, text=SECRET, **more)


@pytest.fixture
def public(district):
    book = books.city()
    kinds = {code: replace(kind, seal=Seal.L0) if code == "manhole" else kind for code, kind in book.categories.items()}
    changed = replace(book, version="public", categories=kinds)
    rulebooks.import_book(changed, by="test", at=datetime(2025, 1, 2, tzinfo=UTC))
    rulebooks.forget()
    return district


def text(browser, address, status=200):
    answer = browser.get(address)
    assert answer.status_code == status, address
    return answer.content.decode()


def numbers(page):
    return re.findall(r'href="/cases/(\d+)"', page)


def test_a_public_case_is_listed_and_what_was_written_is_not(public):
    open_case(public)
    open_case(public, category="rubbish")
    browser = public.client()
    page = text(browser, "/cases")
    (number,) = numbers(page)
    assert SECRET not in page
    one = text(browser, f"/cases/{number}")
    assert "井盖" in one
    assert SECRET not in one


def test_a_case_that_is_not_public_is_not_there(public):
    open_case(public, category="rubbish")
    with connection.cursor() as cursor:
        cursor.execute("SELECT number FROM case_row")
        (number,) = cursor.fetchone()
    text(public.client(), f"/cases/{number}", 404)
    assert numbers(text(public.client(), "/cases?all=1")) == []


def test_a_place_shows_its_own_and_an_unknown_one_is_404(public):
    open_case(public)
    browser = public.client()
    assert len(numbers(text(browser, f"/places/{public.PLACE}"))) == 1
    others = [one.place for _, found in api.place_choices() for one in found]
    empty = next(code for code in others if code != public.PLACE)
    assert numbers(text(browser, f"/places/{empty}")) == []
    text(browser, "/places/999999999", 404)
    text(browser, "/cases?place=999", 404)


@pytest.mark.parametrize("page", ["0", "-1", "x", "٣", "99999", "2"])
def test_any_page_number_is_answered(public, page):
    open_case(public)
    text(public.client(), f"/cases?page={page}")


def test_the_feed_is_atom_and_names_no_one(public):
    open_case(public)
    answer = public.client().get("/cases.atom")
    assert answer.headers["Content-Type"].startswith("application/atom+xml")
    tree = ET.fromstring(answer.content)  # noqa: S314 - our own feed
    (entry,) = tree.findall(f"{ATOM}entry")
    assert entry.find(f"{ATOM}link").get("href").rpartition("/")[2].isdigit()
    assert SECRET not in answer.content.decode()
    assert public.client().get(f"/places/{public.PLACE}.atom").status_code == 200


def test_who_has_seen_the_same_says_so_and_gets_a_code_of_his_own(public):
    open_case(public)
    browser = public.client()
    (number,) = numbers(text(browser, "/cases"))
    first = text(browser, f"/report?like={number}")
    assert re.search(r'value="manhole" checked', first)
    fields = {"key": "a" * 32, "text": "我也看见了", "category": "manhole", "place": public.PLACE, "address": "巷口"}
    third = browser.post("/report", fields | {"step": "2", "like": number}).content.decode()
    assert f'name="like" value="{number}" checked' in third
    answer = browser.post("/report", fields | {"step": "3", "like": number})
    assert answer.status_code == 302
    zhou = public.client("zhou")
    case = page_steps.first_case(zhou, "triage")
    assert "报告人说与这个编号是同一件" in text(zhou, case)
    assert number in text(zhou, case)


@pytest.mark.parametrize("like", ["0", "99999999", "x", "1; drop", "٣"])
def test_a_number_that_is_no_public_case_starts_an_empty_report(public, like):
    assert "checked" not in text(public.client(), f"/report?like={like}")


def test_a_list_asks_as_often_for_many_as_for_one(public):
    browser = public.client()
    open_case(public)
    text(browser, "/cases")
    with CaptureQueriesContext(connection) as few:
        text(browser, "/cases")
    for _ in range(12):
        open_case(public)
    text(browser, "/cases")  # names and areas are read anew every few seconds, whatever is listed
    with CaptureQueriesContext(connection) as many:
        text(browser, "/cases")
    assert len(few) == len(many), [query["sql"][:90] for query in many]


def test_the_number_of_a_street_stands_inside_it(public):
    api.import_areas(
        '{"type": "FeatureCollection", "features": ['
        '{"properties": {"place": "500103", "name": "区"}, "geometry": {"type": "Polygon", "coordinates":'
        " [[[106.5, 29.5], [106.6, 29.5], [106.6, 29.6], [106.5, 29.6]]]}},"
        '{"properties": {"place": "500103013", "name": "街道"}, "geometry": {"type": "MultiPolygon", "coordinates":'
        " [[[[106.5, 29.5], [106.54, 29.5], [106.54, 29.6], [106.5, 29.6]]],"
        " [[[106.59, 29.5], [106.6, 29.5], [106.6, 29.51], [106.59, 29.51]]]]}}]}"
    )
    open_case(public)
    page = text(public.client(), "/cases")
    (x,) = re.findall(r'<text x="([\d.]+)"[^>]*>1</text>', page)
    assert float(x) == pytest.approx(16 + 608 * 0.2, abs=0.2)  # the middle of the larger piece, not of both

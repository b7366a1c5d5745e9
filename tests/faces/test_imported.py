"""What came from elsewhere, on the pages: where it came from, and no hour that nobody knows."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from django.db import connection

from bihuan.desk import api, identity, rulebooks
from bihuan.kernel.case import Seal
from bihuan.testing import books
from page_district import PLACE
from rest_site import Program, token


def bring_in(*matters):
    identity.forget_numbers()
    run = api.imports.Run("a-file", "older", "city")
    assert api.imports.take(run, api.imports.Slice(1, len(matters), list(enumerate(matters, 1)), ())) == len(matters)


def page_of(district, language="zh-hans"):
    with connection.cursor() as cursor:
        cursor.execute("SELECT case_id FROM imported")
        [(case,)] = cursor.fetchall()
    return district.client("zhou", language).get(f"/console/case/{case}").content.decode()


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("zh-hans", "older导入的历史，原编号 K-1，2018-04-12 周四 登记。"),
        ("en", "History imported from older, number K-1 there"),
    ],
)
def test_a_day_without_an_hour_is_shown_without_one(district, language, said):
    day, end = datetime(2018, 4, 11, 16, tzinfo=UTC), datetime(2018, 4, 12, 16, tzinfo=UTC)
    bring_in(api.imports.Past("K-1", "manhole", "", day, closed=end, days_only=True))
    page = page_of(district, language)
    assert said in page
    assert ("来源只有日期" if language == "zh-hans" else "days only") in page
    assert ("2018-04-12" in page, "2018-04-13" in page) == (True, True)
    assert "00:00" not in page


def public(*, days_only):
    """A public case that was imported."""
    book = books.city()
    kinds = {code: replace(kind, seal=Seal.L0) if code == "manhole" else kind for code, kind in book.categories.items()}
    changed = replace(book, version="public", categories=kinds)
    rulebooks.import_book(changed, by="test", at=datetime(2025, 1, 2, tzinfo=UTC))
    rulebooks.forget()
    day, end = datetime(2018, 4, 11, 16, tzinfo=UTC), datetime(2018, 4, 12, 16, tzinfo=UTC)
    bring_in(api.imports.Past("K-1", "manhole", PLACE, day, closed=end, days_only=days_only))
    (case,) = api.public_cases(api.PublicFilters())
    return case


@pytest.mark.parametrize("days_only", [True, False])
def test_the_public_page_and_open311_say_when_there_is_no_hour(district, days_only, monkeypatch):
    case = public(days_only=days_only)
    assert case.days_only is days_only
    page = district.client().get(f"/cases/{case.number}").content.decode()
    assert ("00:00" in page) is not days_only
    assert "2018-04-12 周四" in page
    (told,) = district.client().get(f"/open311/v2/requests/{case.number}.json?extensions=true").json()
    assert told["extended_attributes"]["days_only"] is days_only
    assert told["requested_datetime"] == "2018-04-12T00:00:00+08:00"


@pytest.mark.parametrize("days_only", [True, False])
def test_the_api_says_when_there_is_no_hour(district, days_only):
    number = public(days_only=days_only).number
    program = Program(token("zhou", "read", role="triage"))
    found = program.get(f"/cases/{api.case_by_number(number)}").json()
    assert (found["days_only"], found["opened"][:19]) == (days_only, "2018-04-11T16:00:00")


def test_an_hour_that_is_known_is_shown(district):
    bring_in(api.imports.Past("K-1", "manhole", "", datetime(2018, 4, 12, 1, 30, tzinfo=UTC)))
    page = page_of(district)
    assert "2018-04-12 周四 09:30" in page
    assert "来源只有日期" not in page


def test_a_report_from_elsewhere_says_where_it_came_from(district):
    texts = {"text": "路灯不亮", "origin": "letters · 530 · 2019/11/10 18:59:24"}
    intake = api.Intake("manhole", district.PLACE, "import:letters", texts)
    bring_in(api.imports.Live("530", intake))
    page = page_of(district)
    assert "导入来源" in page
    assert "letters · 530 · 2019/11/10" in page

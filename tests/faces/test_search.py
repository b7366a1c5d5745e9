"""The page of search: words, numbers, lists; nothing for those who may not see it."""

from uuid import UUID

import pytest

import page_steps
from bihuan.desk import api as desk
from bihuan.desk import feed


@pytest.fixture(autouse=True)
def _own_folder(settings, tmp_path):
    settings.DATA = tmp_path


@pytest.fixture
def case(district):
    page_steps.report(district, text="巷口的井盖一踩就响，晚上有老人走")
    feed.settle()
    desk.search.settle()
    return page_steps.first_case(district.client("zhou"), "triage")


def page(district, asked, account="zhou", status=200):
    answer = district.client(account).get("/console/search", {"q": asked})
    assert answer.status_code == status
    return answer.content.decode()


def test_words_lead_to_the_case_with_the_words_around_them(district, case):
    found = page(district, "老人 踩就响")
    assert case in found
    assert "晚上有老人走" in found


def test_a_number_leads_straight_to_its_case(district, case):
    number = desk.number_of(UUID(case.rpartition("/")[2]))
    answer = district.client("zhou").get("/console/search", {"q": str(number)})
    assert (answer.status_code, answer["Location"]) == (302, case)


def test_a_matter_and_a_place_lead_to_their_lists(district, case):
    assert "/console/?tab=all&amp;category=manhole" in page(district, "井盖")
    assert "/console/?tab=all&amp;place=500103013001" in page(district, "梧桐")


def test_who_may_not_see_the_case_finds_nothing(district, case):
    assert case not in page(district, "老人", "gu")
    assert "没有找到" in page(district, "老人", "gu")


@pytest.mark.parametrize(
    ("asked", "said"), [("井", "至少写两个字"), ("13800001111", "至少写两个字"), ("x" * 101, "太长了")]
)
def test_what_cannot_be_searched_for_is_said(district, case, asked, said):
    assert said in page(district, asked, status=422)


def test_a_broken_cursor_is_said(district, case):
    answer = district.client("zhou").get("/console/search", {"q": "井盖", "after": "x"})
    assert answer.status_code == 422
    assert "回到第一页" in answer.content.decode()

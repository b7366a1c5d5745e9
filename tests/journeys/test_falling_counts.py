"""Counts fall and registration falls with them: the district sees an alarm, not praise (P13). Over the real doors."""

from datetime import UTC, datetime, timedelta

import pytest

import page_district
from bihuan.desk import api as desk
from bihuan.desk import feed, identity, names, rulebooks, units
from rest_site import Program, token

UNHEARD = "可能是听到的少了，不是问题少了；不作为成绩。"


@pytest.fixture
def district(clean_db, settings, tmp_path, monkeypatch):
    settings.DATA = tmp_path
    for room in (names, rulebooks, units):
        monkeypatch.setattr(room, "STALE_AFTER", 3600)
    identity.forget_numbers()
    page_district.build()
    return page_district


def month(hotline, back, heard, declined):
    """So many calls in one month, of which the desk declines some as not its own."""
    first = desk.boards.months_back(desk.boards.this_month(), back)
    at = datetime(first.year, first.month, 3, 2, tzinfo=UTC)
    for number in range(heard):
        told = {
            "category": "manhole",
            "place": page_district.PLACE,
            "text": f"{back} {number} 井盖松了",
            "channel": "phone",
        }
        answer = hotline.post("/cases", told | {"happened_at": (at + timedelta(minutes=number)).isoformat()})
        assert answer.status_code == 201, answer.content.decode()
        if number < declined:
            why = {"reason": "不属于本区", "rule": "city 1.2", "rightful_route": "请找邻区"}
            case = answer.json()["id"]
            assert hotline.post(f"/cases/{case}/commands/decline", why, If_Match="*").status_code == 200


def test_thirty_per_cent_fewer_problems_with_fewer_calls_is_an_alarm_on_every_board(district):
    hotline = Program(token("zhou", "report", "triage", "work", "read", role="triage"))
    month(hotline, 2, 50, 10)
    month(hotline, 1, 36, 8)
    feed.settle()
    desk.boards.settle()
    zhou = district.client("zhou")
    for address in ("/screen/", "/console/evaluation"):
        page = zhou.get(address).content.decode()
        assert UNHEARD in page, address
        assert "40 → 28" in page
        assert "50 → 36" in page
    notice = zhou.get("/console/notice").content.decode()
    assert "不作为成绩（登记 50 → 36，受理范围内 40 → 28）" in notice


def test_where_as_many_call_as_before_there_is_no_such_alarm(district):
    hotline = Program(token("zhou", "report", "triage", "work", "read", role="triage"))
    month(hotline, 2, 40, 0)
    month(hotline, 1, 40, 0)
    feed.settle()
    desk.boards.settle()
    assert UNHEARD not in district.client("zhou").get("/screen/").content.decode()

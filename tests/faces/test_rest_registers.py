"""Registers over the API: what exists, and sums by unit; with a token, in a span, about things."""

from datetime import timedelta
from urllib.parse import urlencode

import pytest

from bihuan.desk import api
from bihuan.testing import cast
from open311_site import set_up
from rest_site import Program, token

PLACE = "500103013001"


@pytest.fixture(autouse=True)
def district(clean_db):
    set_up()
    Program().get("/health")


@pytest.fixture
def reader():
    return Program(token("zhou", "read", role="triage"))


def ask(reader, address, asked):
    return reader.get(f"{address}?{urlencode(asked)}")


def put(key, unit=cast.STREET, **facts):
    entry = api.registers.Entry("forms", "paper", key, f"表{key}", unit, place=PLACE, facts=facts)
    api.registers.put(entry, by=api.SYSTEM)


def span(**more):
    at = api.now()
    return {"since": (at - timedelta(days=1)).isoformat(), "until": (at + timedelta(days=1)).isoformat()} | more


def test_what_exists_by_place(reader):
    put("1", minutes="3")
    (one,) = ask(reader, "/registers/forms/paper", {"place": "500103013"}).json()["entries"]
    assert (one["key"], one["unit"], one["facts"], one["stale"]) == ("1", cast.STREET, {"minutes": "3"}, False)
    assert ask(reader, "/registers/forms/paper", {"place": "500103014"}).json() == {"entries": []}


def test_sums_by_unit_in_a_span_leave_out_what_is_no_number(reader):
    put("1", minutes="3.5")
    put("2", minutes="4")
    put("3", minutes="viel")
    put("4", unit=cast.COMMUNITY, minutes="9")
    totals = ask(reader, "/registers/forms/paper/totals", span(sum="minutes")).json()["totals"]
    assert {one["unit"]: (one["count"], one["sums"]["minutes"]) for one in totals} == {
        cast.STREET: (3, 7.5),
        cast.COMMUNITY: (1, 9.0),
    }
    past = {"since": "2020-01-01T00:00:00Z", "until": "2020-02-01T00:00:00Z"}
    assert ask(reader, "/registers/forms/paper/totals", past).json() == {"totals": []}


@pytest.mark.parametrize(
    ("address", "asked"),
    [
        ("/registers/forms/paper", {"colour": "red"}),
        ("/registers/forms/paper", {"place": "x"}),
        ("/registers/forms/paper/totals", {}),
        ("/registers/forms/paper/totals", {"since": "2026-01-01T00:00:00", "until": "2026-02-01T00:00:00Z"}),
        ("/registers/forms/paper/totals", span(sum="minutes'--")),
    ],
)
def test_a_question_that_cannot_be_read_is_said_to_be_that(reader, address, asked):
    answer = ask(reader, address, asked)
    assert answer.status_code == 422, answer.content


def test_without_a_token_nothing():
    assert Program().get("/registers/forms/paper").status_code == 401

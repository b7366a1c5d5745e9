"""Lists by category and place: the same cases in the same order as by brute force, looked up code by code."""

import random

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

import rooms
from bihuan.desk import api, identity, lists
from bihuan.testing import cast

PLACES = [
    f"500103{street:03}{number:03}{grid}" for street in (1, 3) for number in (1, 2) for grid in ("", "001", "002")
]
CATEGORIES = ["manhole", "rubbish"]


@pytest.fixture
def stored(clean_db):
    """Category, place and id of each case, oldest first."""
    identity.forget_numbers()
    rooms.install()
    die = random.Random(7)
    wanted = [(die.choice(CATEGORIES), die.choice(PLACES)) for _ in range(160)]
    intakes = (api.Intake(category, place, "import", {"text": "x"}) for category, place in wanted)
    made = api.report_many(intakes, by=rooms.actor(cast.LIN), purpose="导入")
    return [(*what, one.case) for what, one in zip(wanted, made, strict=True)]


def listed(limit=200, after="", **filters):
    return api.list_cases(rooms.actor(cast.ZHOU), api.Filters(**filters), limit=limit, after=after)


def expected(stored, category="", place=""):
    return sorted((case for c, p, case in stored if c.startswith(category) and p.startswith(place)), reverse=True)


@pytest.mark.parametrize("category", ["", "manhole", "rub", "m", "nothing"])
@pytest.mark.parametrize("place", ["", "500103", "500103001", "500103001002", "500103001002001", "9"])
def test_a_prefix_finds_just_what_begins_so_newest_first(stored, category, place):
    found = [line.id for line in listed(category=category, place=place).lines]
    assert found == expected(stored, category, place)


def test_pages_follow_one_another_without_gap_or_repetition(stored):
    found, after = [], ""
    while True:
        page = listed(limit=7, after=after, category="manhole", place="500103001")
        found += [line.id for line in page.lines]
        after = page.next
        if not after:
            break
    assert found == expected(stored, "manhole", "500103001")


@pytest.mark.parametrize("most", [1, 2, 50])
def test_few_codes_or_many_make_no_difference(stored, monkeypatch, most):
    monkeypatch.setattr(lists, "MOST_CODES", {"category": most, "place": most})
    assert [line.id for line in listed(place="500103001").lines] == expected(stored, "", "500103001")


def test_each_pair_of_codes_is_read_in_the_order_of_an_index(stored):
    """Nothing is sorted but the few rows that are merged into the page."""
    with CaptureQueriesContext(connection) as asked:
        listed(limit=5, category="manhole", place="500103001001")
    (sql,) = [q["sql"] for q in asked if "LATERAL" in q["sql"]]
    with connection.cursor() as cursor:
        cursor.execute("BEGIN; SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
        cursor.execute(f"EXPLAIN {sql}")
        plan = "\n".join(row[0] for row in cursor.fetchall())
        cursor.execute("ROLLBACK")
    assert plan.count("Sort Key") == 1, plan

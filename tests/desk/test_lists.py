"""Lists by category and place: the same cases in the same order as by brute force, looked up code by code."""

import os
import random
import re
import uuid

import psycopg
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


MINE = uuid.uuid4()
DECLINED = 12


@pytest.fixture
def worked(stored):
    """Before the open cases: a few declined ones, some of them for one person. After them: what brute force knows."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE case_row SET stage = 'declined', is_open = false, lead = 'elsewhere', is_overdue = true,"
            " reporter = %s WHERE id = ANY(%s)",
            [MINE, [case for _, _, case in stored[:DECLINED]]],
        )
        cursor.execute("SELECT id, category, place, stage, is_open, lead, is_overdue, reporter FROM case_row")
        rows = cursor.fetchall()
    with psycopg.connect(os.environ["BIHUAN_OWNER_DATABASE_URL"], autocommit=True) as owner:
        owner.execute("VACUUM ANALYZE case_row")  # the planner knows what autovacuum would have told it
    return rows


def keeps(row, filters):
    _, category, place, stage, is_open, lead, is_overdue, reporter = row
    return (
        category.startswith(filters.get("category", ""))
        and place.startswith(filters.get("place", ""))
        and filters.get("stage", stage) == stage
        and filters.get("is_open", is_open) == is_open
        and filters.get("unit", lead) == lead
        and filters.get("is_overdue", is_overdue) == is_overdue
        and (not filters.get("mine") or reporter == MINE)
    )


PLACE = "500103001001"
# Each of them wants cases that stand behind all the others, or that are not there at all.
FAR = [
    {"stage": "declined"},
    {"stage": "closed"},
    {"stage": "no such stage"},
    {"is_open": False},
    {"is_overdue": True},
    {"unit": "elsewhere"},
    {"unit": "nobody"},
    {"unit": "elsewhere", "is_open": False},
    {"unit": "elsewhere", "is_open": True},
    {"unit": "elsewhere", "stage": "declined"},
    {"category": "manhole", "is_open": False},
    {"category": "manhole", "stage": "declined"},
    {"category": "manhole", "stage": "declined", "is_open": True},
    {"place": PLACE, "is_open": False},
    {"place": PLACE, "stage": "declined"},
    {"category": "manhole", "place": PLACE, "is_open": False},
]
MIXED = [
    {"unit": "elsewhere", "category": "manhole"},
    {"unit": "elsewhere", "place": "500103"},
    {"place": "500103", "is_open": False, "is_overdue": True},
    {"is_open": True, "is_overdue": False},
]


@pytest.mark.parametrize("filters", FAR + MIXED, ids=str)
def test_filters_together_find_what_brute_force_finds(worked, filters):
    assert [line.id for line in listed(**filters).lines] == sorted(
        (row[0] for row in worked if keeps(row, filters)), reverse=True
    )


def test_what_is_mine_is_found_among_all(worked):
    mine = api.list_cases(api.Actor(str(MINE), "", frozenset()), api.Filters(mine=True), limit=200)
    assert {line.id for line in mine.lines} == {row[0] for row in worked if row[-1] == MINE}


def analysed(viewer, **filters):
    """The plan of the list, run, of indexes only: as on a large table, where nobody reads all or sorts the matches."""
    with CaptureQueriesContext(connection) as asked:
        api.list_cases(viewer, api.Filters(**filters), limit=5)
    # Not simply the last one: what is read anew every ten seconds may come behind it.
    sql = [one["sql"] for one in asked if "FROM case_row c" in one["sql"]][-1]
    with connection.cursor() as cursor:
        cursor.execute("BEGIN; SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")
        cursor.execute("SET LOCAL enable_bitmapscan = off")
        cursor.execute(f"EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) {sql}")
        plan = "\n".join(row[0] for row in cursor.fetchall())
        cursor.execute("ROLLBACK")
    return plan


@pytest.mark.parametrize("filters", FAR, ids=str)
def test_no_filter_walks_over_what_it_does_not_want(worked, filters):
    """Nothing is read and thrown away, nothing is sorted but the few rows that are merged into the page."""
    plan = analysed(rooms.actor(cast.ZHOU), **filters)
    passed = sum(map(int, re.findall(r"Rows Removed by Filter: (\d+)", plan)))
    assert passed <= DECLINED, plan
    assert "Seq Scan" not in plan, plan
    assert plan.count("Sort Key") <= 1, plan


def test_a_list_is_planned_for_its_own_values_however_often_it_is_asked(stored):
    for _ in range(12):
        listed(tab="verify", limit=1)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%%FROM case_row c WHERE%%'")
        assert cursor.fetchone() == (0,)
        cursor.execute("SELECT count(*) FROM pg_prepared_statements")
        assert cursor.fetchone()[0] > 0


def test_what_is_mine_has_an_index_of_its_own(worked):
    plan = analysed(api.Actor(str(MINE), "", frozenset()), mine=True)
    assert "case_by_reporter" in plan, plan


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

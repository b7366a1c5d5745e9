"""Versions of rulebooks in the database: the law of its day."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from django.db import DatabaseError, connection

from bihuan.desk import rulebooks
from bihuan.desk.rulebooks import BadRulebook, by_version, import_book, in_force, list_books, missing_units, rules_for
from bihuan.kernel.refused import Refused
from bihuan.kernel.rules import Route
from desk.rulebook_samples import book

AT = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _empty(clean_db):
    rulebooks.forget()


def imported(**changes):
    made = book(**changes)
    import_book(made, by="officer", at=AT)
    return made


def test_a_case_keeps_the_rules_of_its_day():
    old = imported(version="1", effective=date(2025, 1, 1))
    new = imported(version="2", effective=date(2025, 6, 1))

    assert in_force("city", date(2025, 5, 31)) == old
    assert in_force("city", date(2025, 6, 1)) == new
    assert by_version("city", "1") == old


def test_before_the_first_version_there_is_no_law():
    imported(effective=date(2025, 1, 1))

    with pytest.raises(Refused, match="no-rulebook; law 6; scene=city; day=2024-12-31"):
        in_force("city", date(2024, 12, 31))
    with pytest.raises(Refused, match="no-rulebook"):
        in_force("nowhere", date(2025, 1, 1))
    with pytest.raises(Refused, match="version=9"):
        by_version("city", "9")


def test_of_two_versions_for_one_day_the_later_import_holds():
    imported(version="b")
    later = imported(version="a", basis="改正")

    assert in_force("city", date(2025, 1, 1)) == later


def test_the_day_is_the_district_s_own():
    imported(version="1", effective=date(2025, 1, 1))
    imported(version="2", effective=date(2025, 6, 1))

    assert rules_for("city", datetime(2025, 5, 31, 15, 59, tzinfo=UTC)).book.version == "1"
    assert rules_for("city", datetime(2025, 5, 31, 16, 0, tzinfo=UTC)).book.version == "2"


def test_a_version_that_exists_never_changes():
    made = imported(version="1")
    import_book(made, by="somebody else", at=AT)
    with pytest.raises(BadRulebook, match="never changes"):
        import_book(replace(made, basis="别的"), by="officer", at=AT)

    assert [(v.version, v.imported_by) for v in list_books()] == [("1", "officer")]
    assert by_version("city", "1") == made
    with pytest.raises(DatabaseError), connection.cursor() as cursor:
        cursor.execute("UPDATE rulebook SET body = '{}'")


def test_rules_that_may_not_be_used_are_refused_with_everything_that_is_wrong():
    made = book()
    wrong = replace(made, desks=(), clocks=made.clocks[1:], version="a b")
    with pytest.raises(BadRulebook) as bad:
        import_book(wrong, by="officer", at=AT)

    said = "\n".join(map(str, bad.value.problems))
    for part in ("desk", "'accept' is missing", "'a b'"):
        assert part in said
    assert list_books() == ()


def test_another_process_s_import_counts_within_two_seconds(monkeypatch):
    imported(version="1", effective=date(2025, 1, 1))
    assert in_force("city", date(2025, 7, 1)).version == "1"
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO rulebook (district, scene, version, effective, basis, body, imported_by, imported)"
            " SELECT district, scene, '2', '2025-06-01', basis, replace(body, %s, %s), 'other', imported FROM rulebook",
            ['"version":"1"', '"version":"2"'],
        )
    assert by_version("city", "2").version == "2", "a version named by a case is looked for at once"

    rulebooks.forget()
    imported(version="3", effective=date(2030, 1, 1))
    monkeypatch.setattr(rulebooks, "STALE_AFTER", 0.0)
    assert in_force("city", date(2025, 7, 1)).version == "2"


def test_a_rulebook_in_the_cache_costs_no_query(django_assert_num_queries):
    imported()
    in_force("city", date(2025, 1, 1))
    with django_assert_num_queries(0):
        for _ in range(10):
            in_force("city", date(2025, 1, 1))
            by_version("city", "1")


def test_units_that_rules_name_and_the_district_lacks_are_said():
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO unit (code, district, name, name_en, kind, path, place, phone)"
            " VALUES ('yz.zhzx', '500103', '指挥中心', '', 'desk', '/yz.zhzx/', '', '')"
        )
    made = book(routes=(Route("R1", "", "", "yz.cgj", ("yz.zhzx", "yz.p.gs")),))

    assert missing_units(made) == ("yz.cgj", "yz.p.gs")

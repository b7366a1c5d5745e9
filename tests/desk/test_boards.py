"""What boards add up: with denominators, fair, only the real world, nothing sealed, at a cost that does not grow."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

import page_district
from bihuan.desk import api as desk
from bihuan.desk import boards, feed, identity, instant, measures, names, rulebooks, ticker, units, worlds
from bihuan.desk.names import UnitName
from bihuan.kernel import commands as c
from bihuan.kernel.refused import Refused
from field_site import act, actor, dispatched, finished, reported

HERE = UnitName("s", "石桥街道")


@pytest.fixture
def district(clean_db, settings, tmp_path, monkeypatch):
    settings.DATA = tmp_path
    for room in (names, rulebooks, units):
        monkeypatch.setattr(room, "STALE_AFTER", 3600)
    identity.forget_numbers()
    page_district.build()
    return page_district


def followed():
    feed.settle()
    boards.settle()


def total(**more):
    followed()
    return boards.table("unit", **more).total


def many(count, category="manhole", world=1, **more):
    intakes = (desk.Intake(category, page_district.PLACE, "portal", {"text": f"{n}"}, **more) for n in range(count))
    by = desk.reporter(str(page_district.person("resident")))
    return [made.case for made in desk.report_many(intakes, by=by, purpose="report", world=world)]


# --- what is counted


def test_each_share_has_its_denominator(district):
    many(5)
    finished(dispatched())
    contested = dispatched()
    finished(contested)
    resident = desk.reporter(str(page_district.person("resident")))
    desk.submit(c.Dispute("还是松的"), by=resident, case=contested, purpose="report")
    found = total()
    assert (found.counts["heard"], found.counts["open"], found.counts["dispatched"]) == (7, 6, 2)
    assert found.share("on_time") == measures.Share(1, 1)
    assert found.share("right_first") == measures.Share(1, 2)
    assert found.share("disputed") == found.share("reopened") == measures.Share(1, 2)
    assert found.share("returned") == measures.Share(0, 2)
    assert found.counts["running"] >= 6


def test_what_is_late_and_open_counts_against_its_unit_already(district):
    many(5)
    report_at(instant.now() - timedelta(days=30))
    ticker.tick_all()
    found = total()
    assert found.share("on_time") == measures.Share(0, 1)
    assert (found.counts["late"], found.counts["overdue"]) == (1, 1)
    assert [line.is_overdue for line in boards.cases_behind(actor("zhou"), "late").lines] == [True]


def test_the_sums_are_those_of_the_cases_however_often_it_is_looked(district):
    case = dispatched()
    many(5)
    followed()
    act(case, c.TakeTask(1), "wei")
    followed()
    followed()
    flags = ", ".join(f"sum({name})" for name in boards.FLAGS)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {flags} FROM board_fact")
        facts = cursor.fetchone()
        cursor.execute(f"SELECT {flags} FROM board_count")
        assert cursor.fetchone() == facts
    assert facts[0] == 6


def test_a_case_that_moves_to_another_unit_is_counted_there_only(district):
    case = reported()
    many(5)
    followed()
    act(case, c.Accept(), "zhou")
    act(case, c.Dispatch("", reason=""), "zhou")
    followed()
    by_unit = {row.code: row.counts["heard"] for row in boards.table("unit").rows}
    assert sum(by_unit.values()) == 6
    assert by_unit[page_district.PEOPLE["wei"].unit] == 1


def test_what_is_declined_was_heard_and_is_no_problem(district):
    cases = many(6)
    act(cases[0], c.Decline("不属于本区", "city 1.2", "请找邻区"), "zhou")
    found = total()
    assert (found.counts["heard"], found.counts["problems"]) == (6, 5)


def test_drills_are_never_counted(district):
    drill = worlds.create("flood", "drill", starts=instant.now())
    many(7, world=drill)
    many(5)
    assert total().counts["heard"] == 5


def test_nothing_sealed_is_counted_and_what_is_sealed_later_goes_out(district):
    many(6)
    many(8, seal="L2")
    late = reported()
    assert total().counts["heard"] == 7
    act(late, c.Reseal("L2", "test"), "zhou")
    assert total().counts["heard"] == 6
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM board_fact WHERE heard = 0 AND (category <> '' OR place <> '')")
        assert cursor.fetchone() == (0,)


def test_no_board_is_by_person():
    with pytest.raises(Refused, match="unknown-field"):
        boards.table("person")


def test_the_cases_behind_a_number_are_those_one_may_know_of(district):
    cases = many(6)
    many(3, seal="L2")
    followed()
    where = boards.Where(place="500103013", matter="city:manhole")
    shown = boards.cases_behind(actor("zhou"), "open", where=where)
    assert {line.id for line in shown.lines} == set(cases)
    assert boards.cases_behind(actor("zhou"), "late", where=where).lines == ()
    assert boards.cases_behind(actor("zhou"), "open", where=boards.Where(place="500103999")).lines == ()
    with pytest.raises(ValueError, match="no number"):
        boards.cases_behind(actor("zhou"), "petitioners")


def test_what_a_unit_owes_comes_by_due_time(district):
    cases = {dispatched(), dispatched()}
    many(4)
    lines = boards.owed(actor("wei")).lines
    assert {line.id for line in lines} == cases
    assert [line.due for line in lines] == sorted(line.due for line in lines)


# --- what is fair


def test_small_numbers_are_neither_told_nor_ranked():
    assert not measures.Share(4, 4).is_shown
    assert measures.Share(5, 5).is_shown
    assert not measures.Share(29, 29).is_ranked
    low, high = measures.Share(29, 30).interval
    assert low < 29 / 30 < high


def cell(on_time, judged):
    return dict.fromkeys(boards.FLAGS, 0) | {"on_time": on_time, "judged": judged}


def test_who_is_given_the_hard_matters_is_not_worse_for_it():
    hard, easy = {"hard": cell(50, 100)}, {"easy": cell(90, 100)}
    everywhere = hard | easy
    for own in (hard, easy):
        assert measures.adjust("on_time", own, everywhere).rate == pytest.approx(0.7)
        assert measures.adjust("on_time", own, everywhere).verdict == "same"
    worse = measures.adjust("on_time", {"easy": cell(60, 100)}, {"easy": cell(160, 200)})
    assert worse.verdict == "below"
    assert measures.adjust("on_time", {"easy": cell(2, 20)}, {"easy": cell(180, 200)}).verdict == "small"


def test_a_fall_with_falling_registration_is_an_alarm_and_no_praise():
    before = measures.Month(datetime(2026, 9, 1, tzinfo=UTC).date(), 50, 40)

    def now(heard, problems):
        return measures.fall(HERE, before, measures.Month(datetime(2026, 10, 1, tzinfo=UTC).date(), heard, problems))

    assert now(36, 28).kind == "unheard"
    assert now(50, 28).kind == "turned-away"
    assert now(49, 39) is None


def test_counts_fall_and_registration_with_them(district):
    """P13, from reports to the alarm: 50 heard and 40 kept, then 36 (-28 %) and 28 (-30 %)."""
    month = boards.this_month()
    last, before = boards.months_back(month, 1), boards.months_back(month, 2)
    for first, heard, declined in ((before, 50, 10), (last, 36, 8)):
        at = datetime(first.year, first.month, 3, 2, tzinfo=UTC)
        made = [
            report_at(at + timedelta(minutes=n), "" if n == heard - 1 else page_district.PLACE) for n in range(heard)
        ]
        for case in made[:declined]:
            act(case, c.Decline("不属于本区", "city 1.2", "请找邻区"), "zhou")
    followed()
    whole, street = boards.falls()
    assert (whole.kind, street.kind) == ("unheard", "unheard")
    assert (round(whole.problems, 2), round(whole.heard, 2)) == (0.30, 0.28)
    assert street.name.name == "石桥街道"
    assert boards.falls(before) == []


def report_at(at, place=page_district.PLACE):
    intake = desk.Intake("manhole", place, "phone", {"text": "井盖松了"})
    by = desk.reporter(str(page_district.person("resident")))
    return desk.report(intake, by=by, purpose="report", happened_at=at).case


# --- what it costs


def test_a_board_asks_as_often_and_reads_as_little_for_many_as_for_one(district):
    def seen():
        followed()
        with CaptureQueriesContext(connection) as queries:
            boards.table("street")
            boards.falls()
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM board_count")
            return len(queries), cursor.fetchone()[0]

    many(5)
    seen()
    few = seen()
    many(200)
    assert seen() == few


def test_following_costs_two_statements_a_batch(district):
    many(120)
    feed.settle()
    with CaptureQueriesContext(connection) as queries:
        assert boards.step() > 120
    ours = [query["sql"] for query in queries if "board_fact" in query["sql"] or "FROM case_row" in query["sql"]]
    assert len(ours) == 2

"""表单准入: what is off-list, unlawful, unfunded or told already does not reach communities; the known is filled in."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bihuan import scenes
from bihuan.demo import papers
from bihuan.desk import api
from bihuan.desk.rulebook_problems import problems
from bihuan.desk.rulebook_tables import read_tables
from bihuan.kernel import commands as c
from bihuan.kernel.case import Stage
from bihuan.kernel.refused import Refused
from bihuan.scenes.forms import booking, filling, sheets
from bihuan.scenes.forms.booking import CannotAsk
from bihuan.scenes.forms.gate import Cost, Duty, Request, judge
from bihuan.scenes.forms.rules import closed_gate
from bihuan.scenes.forms.sheets import Item, Wrong

GATE, ASKER = "yz.sgb", "yz.mzj"
TODAY = date(2026, 11, 23)
OWN = Duty("D1", "探访", "own", "《老年人权益保障法》第三十八条", date(2026, 1, 1))
ASSIST = Duty("D2", "协助普查", "assist", "《全国经济普查条例》第十条")
TAKEN = Duty("D3", "商铺收入", "taken_back")
HALF = Cost(80, 4, 20, 10, 0.5)


def test_the_tables_are_a_rulebook_that_may_be_used():
    assert problems(read_tables(scenes.load("forms").tables)) == []


# -- the gate, without a database ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("request_", "duty", "cost", "code"),
    [
        (Request("表", ("a",)), None, HALF, "off-list"),
        (Request("表", ("a",)), TAKEN, HALF, "off-list"),
        (Request("表", ("a",)), Duty("D4", "旧事", "own", "法", until=date(2026, 11, 23)), HALF, "off-list"),
        (Request("表", ("a",)), Duty("D5", "新事", "own", "法", since=date(2026, 11, 24)), HALF, "off-list"),
        (Request("表", ("a",)), Duty("D6", "无据", "own"), HALF, "no-law"),
        (Request("表", ("a",)), ASSIST, HALF, "unfunded"),
        (Request("表", ("a",)), OWN, Cost(80, 4, 20, 0, 1.0), "asked-already"),
        (Request("表", ("a",)), OWN, HALF, None),
        (Request("表", ("a",), law="某法第一条"), Duty("D6", "无据", "own"), HALF, None),
        (Request("表", ("a",), money="given"), ASSIST, HALF, None),
    ],
)
def test_the_gate_asks_for_list_law_money_and_something_new(request_, duty, cost, code):
    verdict = judge(request_, duty, cost, TODAY)
    assert (verdict.refused.code if verdict.refused else None) == code
    if verdict.refused is not None:
        assert "《" in verdict.refused.rule, "a refusal cites its rule"


def test_nothing_that_is_not_said_opens_the_gate():
    open_ = {"listed": "own", "lawful": "yes", "funded": "no", "fresh": "yes"}
    assert closed_gate(open_) is None
    for key in ("listed", "lawful", "fresh"):
        assert closed_gate({name: word for name, word in open_.items() if name != key}) is not None


def test_the_cost_of_a_form_in_minutes():
    assert HALF.minutes_a_year == 10 * 80 * 4
    assert HALF.bare_a_year == 20 * 80 * 4


@pytest.mark.parametrize(
    ("kind", "value"), [("number", "三"), ("number", "1e9"), ("number", ""), ("yes_no", "也许"), ("date", "2026-02-30"),
                        ("text", " "), ("text", "字" * 101)],
)  # fmt: skip
def test_what_is_no_number_no_date_or_too_long_is_not_taken(kind, value):
    with pytest.raises(Wrong):
        sheets.checked(Item("a", "甲", kind=kind), value)


# -- on the loop --------------------------------------------------------------------------------------------------


@pytest.fixture
def asked(district):
    """A form of nine items for one street's nine communities, on the list, sent to the gate."""
    made, looked = booking.ask(papers.ELDERS, by=district.who(ASKER, "handler"), key="1")
    return district, made.case, looked


def issued(asked):
    district, case, _ = asked
    booking.approve(case, by=district.who(GATE, "triage"))
    booking.issue(case, by=district.who(ASKER, "handler"))
    return [case for case, _ in filling.papers(booking.form_of(case))]


def worker(district, case):
    return district.who(filling.sheet(case).unit.code, "handler")


def values(case, **more):
    return {item.key: cell.value or "7" for item, cell in filling.sheet(case).rows} | more


def test_an_off_list_form_for_eighty_communities_is_turned_down_with_its_rule_and_the_way_and_reaches_nobody(district):
    made, looked = booking.ask(papers.TURNOVER, by=district.who("yz.sww", "handler"), key="1")
    state = district.state(made.case)
    assert looked.cost.communities == 80
    assert (state.stage, looked.verdict.refused.code) == (Stage.DECLINED, "off-list")
    [declined] = [one.event for one in api.events_of(made.case, 1) if type(one.event).__name__ == "Declined"]
    assert "第四十三条" in declined.rule
    view = api.read_case(district.who(GATE, "triage"), made.case)
    [told] = [api.to_plain(one.event) for one in view.history if type(one.event).__name__ == "Declined"]
    assert "不在社区的职责清单内" in told["reason"]
    assert "商务委自行办理" in told["rightful_route"]
    assert all(not filling.waiting(district.who(unit.code, "handler")) for unit in sheets.communities()[:3])
    kept = filling.kept_away(api.now() - timedelta(days=1), api.now() + timedelta(days=1))
    assert (kept.requests, kept.minutes) == (1, looked.cost.bare_a_year)


def test_what_does_not_pass_the_gate_is_not_accepted_by_hand_either(district):
    fields = {"money": "none"}
    made = district.report("forms", "F01", by=district.who(ASKER, "handler"), fields=fields)
    with pytest.raises(Refused, match="gate-first"):
        district.act(made.case, c.Accept(), GATE, "triage")
    off = (("listed", "taken_back"), ("lawful", "yes"), ("funded", "yes"), ("fresh", "yes"))
    with pytest.raises(Refused, match="off-list"):
        district.act(made.case, c.TakeStep("gate", off), GATE, "triage")


def test_a_form_that_is_allowed_is_seventy_percent_filled_in_and_says_where_from(asked):
    district, _, looked = asked
    assert looked.verdict.passes
    assert looked.cost.known >= 0.7
    assert looked.cost.filled < looked.cost.bare / 2
    first = filling.sheet(issued(asked)[0])
    assert first.share >= 0.7
    by_key = {item.key: cell for item, cell in first.rows}
    assert by_key["street"].value == "解放碑街道"
    assert (by_key["households"].state, by_key["elders_alone"].state) == ("fresh", "empty")
    assert by_key["households"].at is not None
    assert district.state(first.case).promised is not None


def test_the_gate_decides_by_a_person_and_only_at_its_desk(asked):
    district, case, _ = asked
    assert district.state(case).stage is Stage.REGISTERED
    with pytest.raises(Refused):
        booking.issue(case, by=district.who(ASKER, "handler"))
    with pytest.raises((Refused, api.NotFound)):
        booking.approve(case, by=district.who("yz.zhzx", "triage"))
    booking.approve(case, by=district.who(GATE, "triage"))
    assert district.state(case).lead == ASKER


def test_each_community_gets_its_sheet_once_however_often_it_is_sent(asked):
    district, case, _ = asked
    cases = issued(asked)
    assert len(set(cases)) == 9
    again = booking.issue(case, by=district.who(ASKER, "handler"))
    assert again == (9, 0)
    assert {one for one, _ in filling.papers(booking.form_of(case))} == set(cases)
    assert {district.state(one).lead for one in cases} == {unit.code for unit in sheets.communities(papers.STREET)}
    assert all(district.state(one).stage is Stage.DISPATCHED for one in cases)


def test_filled_in_by_the_community_and_taken_by_another_unit(asked):
    district, case, _ = asked
    first = issued(asked)[0]
    by = worker(district, first)
    filling.fill(first, values(first), by=by)
    state = district.state(first)
    assert (state.stage, state.verifier_unit) == (Stage.VERIFYING, ASKER)
    with pytest.raises(Refused):
        api.submit(c.Verify(accept=True, outcome="filled"), by=by, case=first, purpose="核收")
    assert filling.take_all(case, by=district.who(ASKER, "verifier")) == 1
    assert district.state(first).stage is Stage.CLOSED
    assert api.audit().problems == []


def test_another_community_fills_in_nothing_and_a_wrong_value_keeps_nothing(asked):
    district = asked[0]
    first, second = issued(asked)[:2]
    with pytest.raises((Refused, api.NotFound)):
        filling.fill(first, values(first), by=worker(district, second))
    with pytest.raises(Wrong):
        filling.fill(first, values(first, elders_alone="很多"), by=worker(district, first))
    assert {item.key: cell.state for item, cell in filling.sheet(first).rows}["elders_alone"] == "empty"
    assert district.state(first).stage is Stage.DISPATCHED


def test_nothing_is_handed_in_by_the_bare_form_of_the_case(asked):
    district = asked[0]
    first = issued(asked)[0]
    with pytest.raises(Refused, match="fill-first"):
        api.submit(c.FinishTask(1), by=worker(district, first), case=first, purpose="填报")


def test_what_was_told_once_is_not_asked_again_but_drawn(asked):
    district, case, _ = asked
    for one in issued(asked):
        filling.fill(one, values(one), by=worker(district, one))
    same = Request("独居老人数", ("elders_alone", "households"), duty="D01", place=papers.STREET)
    made, looked = booking.ask(same, by=district.who("yz.yjj", "handler"), key="1")
    assert looked.verdict.refused.code == "asked-already"
    assert district.state(made.case).stage is Stage.DECLINED
    items, rows = filling.derived(booking.form_of(made.case))
    assert [item.key for item in items] == ["elders_alone", "households"]
    assert len(rows) == 9
    assert all(cell.is_known for _, cells in rows for cell in cells)
    assert booking.issue(case, by=district.who(ASKER, "handler"))[0] == 0, "the same period asks nobody any more"


def test_what_is_old_is_asked_again_with_its_old_value(asked):
    district = asked[0]
    unit = sheets.communities(papers.STREET)[0]
    entry = api.registers.find("forms", "known", sheets.key_of(unit.code, "lifts"))
    with connection.cursor() as cursor:
        cursor.execute("UPDATE register_row SET verified = now() - interval '181 days' WHERE id = %s", [entry.id])
    first = next(one for one in issued(asked) if filling.sheet(one).unit == unit)
    cell = {item.key: cell for item, cell in filling.sheet(first).rows}["lifts"]
    assert (cell.state, cell.value) == ("stale", (entry.facts or {})["value"])
    filling.fill(first, values(first), by=worker(district, first))
    looked = api.registers.find("forms", "known", entry.key)
    assert (looked.facts["value"], api.now() - looked.verified < timedelta(minutes=5)) == (cell.value, True)


@pytest.mark.parametrize("name", ["老人姓名", "身份证号", "住户手机", "家庭住址", "居民积分"])
def test_no_form_asks_communities_for_persons(district, name):
    with pytest.raises(CannotAsk) as error:
        booking.draft_item(name, "")
    assert error.value.code == "person"


def test_a_request_without_name_items_or_communities_is_said_to_be_that(district):
    by = district.who(ASKER, "handler")
    for request, code in (
        (Request("", ("lifts",)), "empty"),
        (Request("表", ()), "empty"),
        (Request("表", ("nothing",)), "item"),
        (Request("表", ("lifts",), place="999"), "nobody"),
    ):
        with pytest.raises(CannotAsk) as error:
            booking.ask(request, by=by, key="1")
        assert error.value.code == code


def test_the_burden_is_counted_by_community_and_falls_with_what_is_known(asked):
    first = issued(asked)[0]
    filling.fill(first, values(first), by=worker(asked[0], first))
    rows = filling.burden(api.now() - timedelta(days=1), api.now() + timedelta(days=1))
    assert len(rows) == 9
    assert sum(row.asked for row in rows) == 9
    assert sum(row.filled for row in rows) == 1
    assert all(row.minutes < row.bare / 2 for row in rows)
    assert filling.burden(api.now() + timedelta(days=1), api.now() + timedelta(days=2)) == []


def test_looking_at_a_form_for_eighty_communities_takes_as_few_queries_as_for_nine(district):
    def queries(place):
        with CaptureQueriesContext(
            connection,
        ) as taken:
            booking.look(Request("表", ("households", "lifts", "stations"), duty="D01", place=place))
        return len(taken)

    queries("")
    assert queries("") == queries(papers.STREET) <= 6


def test_the_same_press_is_one_request_and_another_is_another(district):
    by = district.who(ASKER, "handler")
    first, again, other = (booking.ask(papers.ELDERS, by=by, key=key)[0] for key in "aab")
    assert first.case == again.case != other.case


def test_what_was_handed_in_is_not_changed_behind_the_back_of_who_takes_it(asked):
    first = issued(asked)[0]
    by = worker(asked[0], first)
    filling.fill(first, values(first), by=by)
    with pytest.raises(Refused, match="wrong-stage"):
        filling.fill(first, values(first, elders_alone="9999"), by=by)
    assert {item.key: cell.value for item, cell in filling.sheet(first).rows}["elders_alone"] == "7"
    asked[0].act(first, c.Verify(accept=False, reason="与上年差一百倍"), ASKER, "verifier")
    filling.fill(first, values(first, elders_alone="9"), by=by)
    assert {item.key: cell.value for item, cell in filling.sheet(first).rows}["elders_alone"] == "9"
    assert asked[0].state(first).verifier_unit == ASKER


def test_a_community_tells_of_paper_that_came_past_the_gate(district):
    unit = sheets.communities(papers.STREET)[0]
    made = booking.past_the_gate("某局微信群里要独居老人花名册", by=district.who(unit.code, "handler"))
    state = district.state(made.case)
    assert (state.category, state.place, state.desk) == ("F09", unit.place, GATE)
    with pytest.raises(CannotAsk):
        booking.past_the_gate(" ", by=district.who(unit.code, "handler"))


def test_a_resident_asks_for_no_form(district):
    with pytest.raises(Refused, match="staff-only-scene"):
        district.report("forms", "F01")

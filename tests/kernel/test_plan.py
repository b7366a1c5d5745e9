"""P19: plans forward and backward on real calendars. What cannot be done in time is shown, not hidden."""

from datetime import UTC, date, datetime

import pytest

from bihuan.kernel.plan import Plan, PlanTask, schedule
from bihuan.kernel.refused import Refused
from bihuan.testing.china import CHINA

JUNE = date(2025, 6, 30)
OPENING = Plan(
    key="opening",
    name="开工",
    tasks=(
        PlanTask("survey", "勘察", "handler", 10),
        PlanTask("design", "设计", "handler", 15, ("survey",)),
        PlanTask("notice", "公示", "handler", 5, ("survey",)),
        PlanTask("permit", "许可", "head", 8, ("design", "notice")),
        PlanTask("start", "进场", "handler", 2, ("permit",)),
    ),
)


def backward(end, today=None):
    return schedule(OPENING, end, "backward", CHINA, not_before=today)


def slots(plan):
    return {slot.key: (slot.start, slot.finish) for slot in plan.slots}


def test_a_goal_due_on_the_30th_of_june_is_laid_out_backward_over_the_dragon_boat_festival():
    found = backward(JUNE)
    assert slots(found) == {
        "survey": (date(2025, 5, 12), date(2025, 5, 23)),
        "design": (date(2025, 5, 26), date(2025, 6, 16)),  # the 2nd of June is a day off
        "notice": (date(2025, 6, 10), date(2025, 6, 16)),
        "permit": (date(2025, 6, 17), date(2025, 6, 26)),
        "start": (date(2025, 6, 27), JUNE),
    }
    assert (found.start, found.finish) == (date(2025, 5, 12), JUNE)
    assert found.critical == ("survey", "design", "permit", "start")
    assert found.is_feasible


def test_what_may_wait_has_slack_and_is_not_critical():
    [notice] = [slot for slot in backward(JUNE).slots if slot.key == "notice"]
    assert (notice.slack, notice.is_critical) == (10, False)
    assert (notice.earliest, notice.latest) == (date(2025, 5, 26), date(2025, 6, 16))


def test_the_end_date_moved_up_makes_it_infeasible_by_nine_working_days():
    today = date(2025, 5, 6)  # the first working day after Labour Day
    assert backward(JUNE, today).is_feasible
    found = backward(date(2025, 6, 11), today)
    assert not found.is_feasible
    assert found.shortfall == 9
    assert {slot.key: slot.slack for slot in found.slots} == {
        "survey": -9, "design": -9, "permit": -9, "start": -9, "notice": 1,
    }  # fmt: skip
    assert found.critical == ("survey", "design", "permit", "start")
    assert found.start == date(2025, 4, 21)  # 21 to 25, the worked Sunday of the 27th, 28 to 30 April: nine


def test_room_before_the_start_is_slack_for_all():
    found = backward(JUNE, date(2025, 5, 6))
    assert {slot.slack for slot in found.slots if slot.is_critical} == {4}
    [survey] = [slot for slot in found.slots if slot.key == "survey"]
    assert survey.earliest == date(2025, 5, 6)


def test_forward_it_starts_on_the_next_working_day_and_counts_adjusted_saturdays():
    found = schedule(OPENING, date(2026, 2, 12), "forward", CHINA)
    assert found.start == date(2026, 2, 12)
    assert slots(found)["survey"] == (date(2026, 2, 12), date(2026, 3, 3))  # 14 and 28 February are worked, 15–23 off
    holiday = schedule(OPENING, date(2026, 2, 17), "forward", CHINA)
    assert holiday.start == date(2026, 2, 24)


def test_forward_and_backward_agree():
    forward = schedule(OPENING, date(2025, 5, 12), "forward", CHINA)
    assert (forward.start, forward.finish) == (date(2025, 5, 12), JUNE)
    assert forward.critical == backward(JUNE).critical


def at(hour, minute=0):
    return datetime(2026, 7, 10, hour, minute, tzinfo=UTC)


def test_an_emergency_is_laid_out_in_minutes():
    plan = Plan(
        "flood", "防汛", (PlanTask("roads", "封路", "jxj", 25), PlanTask("out", "转移", "ga", 75, ("roads",))), "minute"
    )
    found = schedule(plan, at(20, 50), "forward", CHINA)
    assert slots(found)["out"] == (at(21, 15), at(22, 30))
    late = schedule(plan, at(21), "backward", CHINA, not_before=at(20))
    assert late.shortfall == 40


def test_an_end_on_a_day_off_gives_way_to_the_working_day_before():
    assert backward(date(2025, 6, 1)).finish == date(2025, 5, 30)


FIRE = Plan(
    key="fire",
    name="高层火灾",
    unit="hour",
    tasks=(
        PlanTask("verify", "核实", "duty", 1),
        PlanTask("evacuate", "疏散", "street", 2, ("verify",)),
        PlanTask("gas", "关气", "gas", 1, ("verify",)),
        PlanTask("count", "清点", "street", 1, ("evacuate", "gas")),
    ),
)


def test_an_emergency_runs_in_hours_through_the_night():
    at = datetime(2025, 3, 2, 18, tzinfo=UTC)  # 02:00 on a Monday in Chongqing
    found = schedule(FIRE, at, "forward", CHINA)
    assert found.finish == datetime(2025, 3, 2, 22, tzinfo=UTC)
    assert found.critical == ("verify", "evacuate", "count")
    late = schedule(FIRE, found.finish, "backward", CHINA, not_before=datetime(2025, 3, 2, 19, 30, tzinfo=UTC))
    assert late.shortfall == 2


def test_a_plan_in_hours_needs_an_instant():
    with pytest.raises(TypeError, match="instant"):
        schedule(FIRE, JUNE, "forward", CHINA)


def plan(*tasks):
    return Plan("p", "预案", tuple(tasks))


@pytest.mark.parametrize(
    ("tasks", "code", "fact"),
    [
        ((PlanTask("a", "", "", 1, ("b",)), PlanTask("b", "", "", 1, ("a",))), "plan-cycle", "→"),
        ((PlanTask("a", "", "", 1, ("a",)),), "plan-cycle", "a → a"),
        ((PlanTask("a", "", "", 1, ("z",)),), "plan-unknown-need", "z"),
        ((PlanTask("a", "", "", 0),), "plan-bad-duration", "a"),
        ((PlanTask("a", "", "", 1), PlanTask("a", "", "", 2)), "plan-repeats", "a"),
    ],
)  # fmt: skip
def test_a_plan_that_cannot_be_is_refused_with_its_place(tasks, code, fact):
    with pytest.raises(Refused) as refused:
        schedule(plan(*tasks), JUNE, "forward", CHINA)
    assert refused.value.code == code
    assert fact in str(refused.value)


def test_a_cycle_is_named_in_full():
    tasks = PlanTask("a", "", "", 1, ("b",)), PlanTask("b", "", "", 1, ("a",))
    with pytest.raises(Refused) as refused:
        schedule(plan(*tasks), JUNE, "forward", CHINA)
    assert refused.value.facts["cycle"] in {"a → b → a", "b → a → b"}

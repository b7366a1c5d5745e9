"""P7: a complaint for three units. Somebody always owns it; a return needs a rule and another's consent."""

from bihuan.kernel.case import Role, Stage, TaskStatus
from bihuan.kernel.commands import (
    AddTask,
    CancelTask,
    Deny,
    Dispatch,
    FinishTask,
    Grant,
    ReturnTask,
    TakeTask,
)
from bihuan.testing import given
from bihuan.testing.books import city
from bihuan.testing.cast import (
    ARBITER,
    CHENGGUAN,
    DING,
    FENG,
    PAN,
    SHEN,
    STREET,
    WEI,
    ZHOU,
    ZHUJIAN,
)

RULE = "排水管理职责清单 3"


def joint():
    return given(city()).reported("rubbish").accepted().dispatched(CHENGGUAN, ZHUJIAN, STREET)


def returned(case, task=1, by=WEI):
    """The unit objects, the desk agrees."""
    case.must(ReturnTask(task, "不属本单位职责", RULE), by=by)
    return case.must(Grant(len(case.state.requests)), by=ZHOU)


def test_the_first_unit_leads_and_the_others_help_each_with_its_own_clock():
    case = joint()
    assert [(t.role, t.unit) for t in case.state.tasks] == [
        (Role.LEAD, CHENGGUAN),
        (Role.ASSIST, ZHUJIAN),
        (Role.ASSIST, STREET),
    ]
    assert str(case.due_on("handle")) == "2025-03-06"
    assert str(case.due_on("assist:2")) == str(case.due_on("assist:3")) == "2025-03-05"


def test_the_lead_cannot_finish_while_somebody_still_helps():
    case = joint()
    case.when(FinishTask(1), by=WEI).then_refused("assist-open", law=2)
    case.finished(2, PAN).when(FinishTask(1), by=WEI).then_refused("assist-open", law=2)
    case.finished(3, SHEN).when(FinishTask(1), by=WEI).then("Answered")


def test_a_return_without_a_rule_is_refused():
    joint().when(ReturnTask(2, "不归我管", " "), by=PAN).then_refused("return-needs-rule", law=6)


def test_a_return_without_a_reason_is_refused():
    joint().when(ReturnTask(2, "", RULE), by=PAN).then_refused("reason-missing")


def test_until_the_desk_agrees_the_unit_keeps_the_task():
    case = joint().when(ReturnTask(2, "不属本单位职责", RULE), by=PAN).then("Asked")
    assert case.state.task(2).is_open
    case.when(Grant(1), by=DING).then_refused("approve-own")
    case.when(Grant(1), by=WEI).then_refused("not-your-case")
    case.when(Grant(1), by=ZHOU).then("Granted", "TaskReturned")
    assert case.state.task(2).status is TaskStatus.RETURNED


def test_an_objection_may_be_denied_and_then_the_unit_works():
    case = joint().must(ReturnTask(2, "不属本单位职责", RULE), by=PAN)
    case.when(FinishTask(1), by=WEI).then_refused("assist-open")
    case.when(Deny(1, ""), by=ZHOU).then_refused("reason-missing")
    case.when(Deny(1, "清单已列明"), by=ZHOU).then("Denied")
    case.when(FinishTask(2), by=PAN).then("TaskFinished")


def test_an_open_objection_is_not_asked_twice_and_ends_when_the_unit_finishes_after_all():
    case = joint().must(ReturnTask(2, "不属本单位职责", RULE), by=PAN)
    case.when(ReturnTask(2, "还是不归我", RULE), by=PAN).then_refused("already-asked")
    case.finished(2, PAN).finished(3, SHEN)
    case.when(Grant(1), by=ZHOU).then_refused("no-such-request")
    case.when(FinishTask(1), by=WEI).then("Answered")


def test_the_lead_cannot_answer_over_its_own_open_objection():
    case = given(city()).reported("rubbish").accepted().dispatched(CHENGGUAN)
    case.must(ReturnTask(1, "不属本单位职责", RULE), by=WEI)
    case.when(FinishTask(1), by=WEI).then_refused("objection-open", law=2)


def test_a_returned_lead_gives_the_case_back_to_the_desk_with_the_time_used_kept():
    case = returned(joint().at("2025-03-04 10:00"))
    assert case.state.stage is Stage.ACCEPTED
    assert case.state.lead == case.state.desk
    assert case.clock("dispatch").is_running
    assert str(case.due_on("handle")) == "2025-03-06"
    case.must(Dispatch(ZHUJIAN, reason="重新分工"), by=ZHOU)
    assert str(case.due_on("handle")) == "2025-03-06"


def test_a_unit_that_helps_already_gets_no_second_task_when_the_lead_changes():
    case = returned(joint())
    case.must(Dispatch(PAN.unit, (STREET, CHENGGUAN), reason="重新分工"), by=ZHOU)
    open_now = [(t.role, t.unit) for t in case.state.tasks if t.is_open]
    assert open_now == [
        (Role.ASSIST, ZHUJIAN),
        (Role.ASSIST, STREET),
        (Role.LEAD, ZHUJIAN),
        (Role.ASSIST, CHENGGUAN),
    ]


def test_after_two_returns_the_arbiter_decides_and_what_he_decides_binds():
    case = returned(given(city()).reported("rubbish").accepted().dispatched(CHENGGUAN))
    returned(case.dispatched(ZHUJIAN), 2, PAN)
    case.when(Dispatch(CHENGGUAN, reason="再派"), by=ZHOU).then_refused("arbitration-needed")
    case.when(Dispatch(CHENGGUAN, reason="裁定"), by=ARBITER).then("Dispatched")
    assert case.state.is_bound
    case.when(ReturnTask(3, "仍有异议", RULE), by=WEI).then_refused("bound-by-arbitration", law=2)
    case.finished(3, WEI).closed()


def test_returns_of_helpers_do_not_lead_to_arbitration():
    case = returned(returned(joint(), 2, PAN), 3, SHEN)
    case = returned(case, 1, WEI)
    assert case.state.returns == 3
    case.when(Dispatch(ZHUJIAN, reason="重新分工"), by=ZHOU).then("Dispatched")


def test_the_lead_may_ask_for_more_help_and_let_it_go_again():
    case = given(city()).reported("rubbish").accepted().dispatched(CHENGGUAN)
    case.when(AddTask(ZHUJIAN), by=PAN).then_refused("not-your-case")
    case.when(AddTask(ZHUJIAN, role=Role.LEAD), by=WEI).then_refused("one-lead-only", law=2)
    case.when(AddTask(ZHUJIAN), by=WEI).then("TaskAdded", "ClockStarted")
    case.when(CancelTask(1, "换人"), by=WEI).then_refused("one-lead-only", law=2)
    case.when(CancelTask(2, "不再需要"), by=WEI).then("TaskCancelled", "ClockStopped")
    case.when(FinishTask(1), by=WEI).then("Answered")


def test_a_case_is_dispatched_once_and_by_its_desk():
    case = given(city()).reported("rubbish")
    case.when(Dispatch(), by=ZHOU).then_refused("wrong-stage")
    case.accepted().when(Dispatch(), by=WEI).then_refused("not-your-case", law=2)
    case.when(Dispatch(ZHUJIAN), by=ZHOU).then_refused("reason-missing")
    case.when(Dispatch(), by=ZHOU).then("Dispatched").when(Dispatch(), by=ZHOU).then_refused("wrong-stage")


def test_the_table_routes_by_the_longest_category_and_place():
    case = given(city()).reported("manhole", "0103-013-07").accepted().dispatched()
    assert (case.state.lead, case.state.route) == (ZHUJIAN, "manhole-river")
    case = given(city()).reported("rubbish", "0103-013-07").accepted().dispatched()
    assert (case.state.lead, case.state.route) == (CHENGGUAN, "all")


def test_a_dispatcher_who_is_a_party_steps_aside():
    case = given(city()).reported("rubbish").accepted()
    case.when(Dispatch(), by=FENG, conflict=True).then_refused("conflict-of-interest")


def test_a_task_is_its_units_alone():
    joint().when(TakeTask(1), by=PAN).then_refused("not-your-task", law=2)

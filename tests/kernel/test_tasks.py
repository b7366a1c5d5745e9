"""Ordered and claimed tasks: capacity, order, arrival, giving back. And the named leader of a hard case."""

from bihuan.kernel.case import Stage, TaskStatus
from bihuan.kernel.commands import (
    AddTask,
    ArriveAtTask,
    CancelTask,
    FinishTask,
    NameChampion,
    Oversee,
    ReleaseTask,
    TakeTask,
    Verify,
)
from bihuan.testing import given
from bihuan.testing.books import city
from bihuan.testing.cast import (
    ARBITER,
    CENTRE,
    CHENGGUAN,
    COMMUNITY,
    FENG,
    GU,
    LIN,
    MENG,
    PAN,
    QIN,
    SU,
    TANG,
    WEI,
    XU,
    ZHOU,
    ZHUJIAN,
    Person,
)


def dispatched():
    return given(city()).reported("rubbish").accepted().dispatched(CHENGGUAN)


def test_the_first_taken_task_puts_the_case_to_work():
    case = dispatched().when(TakeTask(1), by=WEI).then("TaskTaken")
    assert case.state.stage is Stage.WORKING
    assert case.state.task(1).takers == (WEI.name,)


def test_an_ordered_task_is_taken_by_one_and_given_back_with_a_reason():
    case = dispatched().must(TakeTask(1), by=WEI)
    case.when(TakeTask(1), by=WEI).then_refused("already-taken")
    case.when(TakeTask(1), by=XU).then_refused("task-full", law=2)
    case.when(FinishTask(1), by=XU).then_refused("not-your-task", law=2)
    case.when(ReleaseTask(1, "换班"), by=XU).then_refused("not-your-task")
    case.when(ReleaseTask(1, ""), by=WEI).then_refused("reason-missing")
    case.when(ReleaseTask(1, "换班"), by=WEI).then("TaskReleased")
    assert case.state.task(1).status is TaskStatus.OPEN
    case.when(TakeTask(1), by=XU).then("TaskTaken")


def test_arrival_is_told_once_and_by_the_one_who_took_it():
    case = dispatched().when(ArriveAtTask(1), by=WEI).then_refused("not-your-task")
    case.must(TakeTask(1), by=WEI).when(ArriveAtTask(1), by=WEI).then("TaskArrived")
    case.when(ArriveAtTask(1), by=WEI).then_refused("already-there")
    case.finished()


def test_a_head_does_not_need_to_take_what_he_finishes_at_once():
    dispatched().when(FinishTask(1), by=GU).then("TaskTaken", "TaskFinished", "Answered")


def test_a_claimed_task_is_open_to_volunteers_up_to_its_capacity():
    case = dispatched().must(AddTask(COMMUNITY, "tidy", claimed=True, capacity=2, duration=60), by=WEI)
    case.when(TakeTask(2), by=LIN).then_refused("not-your-task")
    case.when(TakeTask(2), by=TANG).then("TaskTaken").when(TakeTask(2), by=TANG).then_refused("already-taken")
    case.when(TakeTask(2), by=QIN).then("TaskTaken")
    case.when(TakeTask(2), by=Person("秦岭", "", frozenset({"volunteer"}))).then_refused("task-full", law=2)
    case.must(ReleaseTask(2, "有事"), by=TANG)
    assert case.state.task(2).takers == (QIN.name,)
    case.when(FinishTask(2), by=QIN).then("TaskFinished")


def test_an_ordered_task_is_not_for_volunteers():
    dispatched().when(TakeTask(1), by=TANG).then_refused("not-your-task")


def test_a_volunteer_who_worked_never_verifies():
    case = dispatched().must(AddTask(COMMUNITY, "tidy", claimed=True), by=WEI).must(TakeTask(2), by=TANG)
    case.must(FinishTask(2), by=TANG).finished()
    both = Person(TANG.name, "", frozenset({"volunteer", "reporter", "verifier"}))
    case.when(Verify(accept=True), by=both).then_refused("own-work", law=4)


def test_a_task_waits_for_those_it_needs():
    case = dispatched().must(AddTask(ZHUJIAN, "dig"), by=WEI).must(AddTask(ZHUJIAN, "pave", needs=(2,)), by=WEI)
    case.when(TakeTask(3), by=PAN).then_refused("task-waits")
    case.when(FinishTask(3), by=PAN).then_refused("task-waits")
    case.finished(2, PAN).when(TakeTask(3), by=PAN).then("TaskTaken")


def test_a_cancelled_need_holds_nobody_up():
    case = dispatched().must(AddTask(ZHUJIAN, "dig"), by=WEI).must(AddTask(ZHUJIAN, "pave", needs=(2,)), by=WEI)
    case.must(CancelTask(2, "不必开挖"), by=WEI).when(TakeTask(3), by=PAN).then("TaskTaken")


def test_a_task_is_well_formed():
    case = dispatched()
    case.when(AddTask(ZHUJIAN, needs=(9,)), by=WEI).then_refused("no-such-task")
    case.when(AddTask(ZHUJIAN, capacity=0), by=WEI).then_refused("bad-capacity")
    case.when(AddTask(ZHUJIAN), by=SU).then_refused("not-your-case", law=2)
    case.when(TakeTask(9), by=WEI).then_refused("no-such-task")


def test_what_is_over_is_over():
    case = dispatched().must(AddTask(ZHUJIAN), by=WEI).finished(2, PAN)
    case.when(TakeTask(2), by=PAN).then_refused("task-not-open")
    case.when(CancelTask(2, "晚了"), by=WEI).then_refused("task-not-open")
    case.finished().when(AddTask(ZHUJIAN), by=WEI).then_refused("wrong-stage")


def test_a_handler_who_is_a_party_steps_aside():
    dispatched().when(TakeTask(1), by=WEI, conflict=True).then_refused("conflict-of-interest")


def test_a_hard_case_gets_a_named_leader():
    case = dispatched().when(NameChampion("区领导甲"), by=WEI).then_refused("wrong-role")
    case.when(NameChampion(""), by=ARBITER).then_refused("person-missing")
    case.when(NameChampion("区领导甲"), by=ARBITER).then("ChampionNamed")
    assert case.state.champion == "区领导甲"


def test_a_person_reminds_and_oversees():
    case = dispatched().when(Oversee("remind", "", "快到期了"), by=ZHOU).then("Overseen")
    assert case.history[-1].event.to == CHENGGUAN
    case.when(Oversee("punish", "", "快到期了"), by=ZHOU).then_refused("unknown-way")
    case.when(Oversee("oversee", CENTRE, ""), by=ARBITER).then_refused("reason-missing")
    case.when(Oversee("remind", "", "快"), by=MENG).then_refused("wrong-role")
    case.finished().closed().when(Oversee("remind", "", "快"), by=FENG).then_refused("case-not-open")

"""Break-glass: two people, eight hours, a review within a day; never for the accused."""

import threading
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection, transaction

from bihuan.desk import access, breakglass, units
from bihuan.desk.access import Level, NotFound
from bihuan.kernel.refused import Refused
from seal_cast import AT, build_units, listed, make_case, person, staff, stranger, traces

HOUR = timedelta(hours=1)


@pytest.fixture
def district(clean_db):
    units.forget()
    build_units()
    yield
    units.forget()


def seen(actor, case, at=AT):
    eyes = access.viewer_of(actor, at)
    return access.may_see(eyes, access.find_facts(case))


def eyes(actor, at=AT):
    return access.viewer_of(actor, at)


def test_two_people_open_a_case_for_eight_hours_and_every_read_says_so(district):
    case, _ = make_case(3, desk="discipline", lead="petitions", reporter=person(50))
    officer = staff(1, "police", "handler")
    head = staff(2, "yz", "head")
    assert seen(officer, case).level == Level.NONE
    glass = breakglass.ask(eyes(officer), case, reason="孩子可能有危险", at=AT)
    assert seen(officer, case).level == Level.NONE
    until = breakglass.grant(eyes(head), glass, at=AT)
    assert until == AT + 8 * HOUR
    assert seen(officer, case).level == Level.FULL
    assert listed(eyes(officer)) == {case}
    with transaction.atomic():
        verdict = access.admit(eyes(officer), case, access.find_facts(case), purpose="孩子安全", at=AT)
    assert verdict.why == "break_glass"
    assert [t["outcome"] for t in traces(case_id=case)] == ["asked", "granted", "break_glass"]
    assert seen(officer, case, AT + 8 * HOUR).level == Level.NONE
    assert listed(eyes(officer, AT + 8 * HOUR)) == set()


def test_it_opens_one_case_to_one_person(district):
    case, _ = make_case(3)
    other, _ = make_case(3)
    officer, mate = staff(1, "police", "handler"), staff(3, "police", "handler")
    breakglass.grant(eyes(staff(2, "yz", "head")), breakglass.ask(eyes(officer), case, reason="danger", at=AT), at=AT)
    assert seen(officer, other).level == seen(mate, case).level == Level.NONE


def test_the_second_is_another_person_with_a_right_to_it(district):
    case, _ = make_case(3)
    head = staff(1, "police", "head")
    glass = breakglass.ask(eyes(head), case, reason="danger", at=AT)
    for actor, code in [
        (head, "second-person-needed"),
        (staff(1, "yz", "head"), "second-person-needed"),
        (staff(2, "police", "handler"), "wrong-role"),
        (stranger(), "wrong-role"),
    ]:
        with pytest.raises(Refused) as refused:
            breakglass.grant(eyes(actor), glass, at=AT)
        assert refused.value.code == code
    assert seen(head, case).level == Level.NONE


def test_never_for_the_accused_neither_asking_nor_granting_nor_hearing_of_it(district):
    case, _ = make_case(3, barred=units.expand(["s1"]))
    accused = staff(1, "s1", "head")
    idle = breakglass.ask(eyes(accused), case, reason="I want to know", at=AT)
    officer, head = staff(2, "police", "handler"), staff(3, "yz", "head")
    glass = breakglass.ask(eyes(officer), case, reason="danger", at=AT)
    with pytest.raises(NotFound):
        breakglass.grant(eyes(accused), glass, at=AT)
    with pytest.raises(NotFound):
        breakglass.grant(eyes(head), idle, at=AT)
    assert breakglass.waiting(eyes(accused)) == ()
    assert [one.id for one in breakglass.waiting(eyes(head))] == [glass]
    assert len(traces(outcome="refused")) == 2


def test_nothing_is_learnt_by_asking(district):
    """Sealed, accusing one's own unit, another unit's and not sealed, or not there at all: one answer for all."""
    sealed, _ = make_case(3)
    accusing, _ = make_case(3, barred=units.expand(["s1"]))
    theirs, _ = make_case(1, desk="discipline", lead="petitions")
    asker = staff(1, "s1", "handler")
    assert seen(asker, theirs).level == Level.NONE
    answers = [
        breakglass.ask(eyes(asker), case, reason="why", at=AT) for case in (sealed, accusing, theirs, uuid4(), None)
    ]
    assert len({type(one) for one in answers}) == 1
    assert len(set(answers)) == 5
    assert [one.case for one in breakglass.waiting(eyes(staff(3, "yz", "head")))] == [sealed]
    assert len(traces(what="break-glass")) == 5


def test_what_one_sees_anyway_needs_no_breaking(district):
    case, _ = make_case(1, desk="s1")
    with pytest.raises(Refused, match="not-sealed"):
        breakglass.ask(eyes(staff(1, "s1", "triage")), case, reason="danger", at=AT)


def test_asking_again_and_again_is_stopped_whatever_was_asked_for(district):
    asker = staff(1, "police", "handler")
    for _ in range(breakglass.MOST_A_DAY):
        breakglass.ask(eyes(asker), None, reason="danger", at=AT)
    with pytest.raises(Refused, match="asked-too-often"):
        breakglass.ask(eyes(asker), make_case(3)[0], reason="danger", at=AT)
    breakglass.ask(eyes(staff(2, "police", "handler")), None, reason="danger", at=AT)
    breakglass.ask(eyes(asker), None, reason="danger", at=AT + 25 * HOUR)


def test_an_accusation_closes_what_was_open(district):
    case, _ = make_case(3)
    officer = staff(1, "police", "handler")
    breakglass.grant(eyes(staff(2, "yz", "head")), breakglass.ask(eyes(officer), case, reason="danger", at=AT), at=AT)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE case_row SET barred = '[\"police\"]' WHERE id = %s", [case])
    assert seen(officer, case).level == Level.NONE


@pytest.mark.parametrize("reason", ["", "  ", "x"])
def test_a_reason_is_needed(district, reason):
    case, _ = make_case(3)
    with pytest.raises(Refused, match="reason-missing"):
        breakglass.ask(eyes(staff(1, "police", "handler")), case, reason=reason, at=AT)


@pytest.mark.parametrize("hours", [0, -1, 8.01, 24])
def test_eight_hours_at_most(district, hours):
    case, _ = make_case(3)
    glass = breakglass.ask(eyes(staff(1, "police", "handler")), case, reason="danger", at=AT)
    with pytest.raises(Refused, match="too-long"):
        breakglass.grant(eyes(staff(2, "yz", "head")), glass, at=AT, hours=hours)


@pytest.mark.parametrize(
    ("second", "hours", "fence"),
    [("person", 8, "glass_two_people"), ("other", 9, "glass_eight_hours"), (None, 8, "glass_granted_whole")],
)
def test_the_database_holds_it_too(district, second, hours, fence):
    case, _ = make_case(3)
    glass = breakglass.ask(eyes(staff(1, "police", "handler")), case, reason="danger", at=AT)
    who = {"person": person(1), "other": person(2), None: None}[second]
    with pytest.raises(Exception, match=fence), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE break_glass SET second = %s, granted = %s, expires = %s WHERE id = %s",
            [who, AT, AT + hours * HOUR, glass],
        )


def test_of_many_who_grant_at_once_one_wins(district):
    case, _ = make_case(3)
    glass = breakglass.ask(eyes(staff(1, "police", "handler")), case, reason="danger", at=AT)
    heads = [staff(10 + n, "yz", "head") for n in range(6)]
    start, answers = threading.Barrier(6), []

    def press(head):
        try:
            start.wait()
            answers.append(breakglass.grant(eyes(head), glass, at=AT))
        except Refused as refused:
            answers.append(refused.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=press, args=(head,)) for head in heads]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, answers)) == sorted([str(AT + 8 * HOUR)] + ["already-granted"] * 5)
    assert len(traces(outcome="granted")) == 1


def test_a_review_is_due_within_a_day_and_made_by_another(district):
    case, _ = make_case(3)
    officer, head = staff(1, "police", "head"), staff(2, "yz", "head")
    glass = breakglass.ask(eyes(officer), case, reason="danger", at=AT)
    with pytest.raises(Refused, match="nothing-to-review"):
        breakglass.review(eyes(head), glass, note="needed", at=AT)
    breakglass.grant(eyes(head), glass, at=AT)
    overseer = eyes(staff(3, "yz-oversight", "oversight"))
    assert breakglass.overdue_reviews(overseer, at=AT + 24 * HOUR) == ()
    late = breakglass.overdue_reviews(overseer, at=AT + 25 * HOUR)
    assert [one.id for one in late] == [glass]
    with pytest.raises(Refused, match="second-person-needed"):
        breakglass.review(eyes(officer), glass, note="all well", at=AT + HOUR)
    breakglass.review(overseer, glass, note="was needed", at=AT + 26 * HOUR)
    assert breakglass.overdue_reviews(overseer, at=AT + 27 * HOUR) == ()
    with pytest.raises(Refused, match="nothing-to-review"):
        breakglass.review(overseer, glass, note="again", at=AT + 27 * HOUR)


def test_it_can_be_ended_before_its_time(district):
    case, _ = make_case(3)
    officer = staff(1, "police", "handler")
    glass = breakglass.ask(eyes(officer), case, reason="danger", at=AT)
    breakglass.grant(eyes(staff(2, "yz", "head")), glass, at=AT)
    with pytest.raises(Refused, match="wrong-role"):
        breakglass.end(eyes(staff(3, "police", "handler")), glass, at=AT + HOUR)
    breakglass.end(eyes(officer), glass, at=AT + HOUR)
    assert seen(officer, case, AT + HOUR).level == Level.NONE


def test_open_cases_need_no_breaking_and_strangers_break_nothing(district):
    case, _ = make_case(0)
    with pytest.raises(Refused, match="not-sealed"):
        breakglass.ask(eyes(staff(1, "police", "handler")), case, reason="danger", at=AT)
    sealed, _ = make_case(3)
    with pytest.raises(NotFound):
        breakglass.ask(eyes(stranger()), sealed, reason="curious", at=AT)
    with pytest.raises(NotFound):
        breakglass.ask(eyes(staff(2, "school", "school")), sealed, reason="curious", at=AT)
    with pytest.raises(Refused, match="wrong-role"):
        breakglass.waiting(eyes(staff(3, "police", "handler")))


def test_the_person_concerned_sees_that_it_was_opened(district):
    case, _ = make_case(3, reporter=person(50))
    officer = staff(1, "police", "handler")
    breakglass.grant(eyes(staff(2, "yz", "head")), breakglass.ask(eyes(officer), case, reason="danger", at=AT), at=AT)
    with transaction.atomic():
        access.admit(eyes(officer), case, access.find_facts(case), purpose="孩子安全", at=AT)
    from bihuan.desk.actor import reporter

    me = access.viewer_of(reporter(str(person(50))), AT)
    assert [(look.outcome, look.purpose) for look in access.who_looked(me, person(50), at=AT)] == [
        ("break_glass", "孩子安全"), ("granted", "danger"), ("asked", "danger"),
    ]  # fmt: skip

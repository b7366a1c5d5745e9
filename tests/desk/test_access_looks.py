"""谁看过我: who looked at my file, for what purpose; and what oversight hears of."""

from datetime import timedelta

import pytest
from django.db import transaction

from bihuan.desk import access, units
from bihuan.desk.actor import reporter
from bihuan.kernel.refused import Refused
from seal_cast import AT, build_units, make_case, person, staff, stranger, traces, viewer

ME = person(50)
SINCE = AT - timedelta(days=1)


@pytest.fixture
def district(clean_db):
    units.forget()
    build_units()
    yield
    units.forget()


@pytest.fixture
def file(district):
    """My sealed case, read once by its desk and once under a law that forbids telling me."""
    case, _ = make_case(2, reporter=ME)
    desk = staff(1, "yz-desk", "triage")
    for purpose, withheld in (("办理 case", ""), ("线索核查", "监察法 18")):
        with transaction.atomic():
            access.admit(
                viewer(desk), case, access.find_facts(case), purpose=purpose, at=AT, withheld=withheld
            )  # fmt: skip
    return case


def mine(subject=ME):
    return access.who_looked(viewer(reporter(str(ME))), subject, at=AT)


def test_i_see_who_looked_and_why_but_not_what_the_law_withholds(file):
    (look,) = mine()
    assert (look.unit, look.case, look.purpose, look.outcome) == ("yz-desk", file, "办理 case", "ok")
    assert look.person == ""
    assert look.withheld == ""


def test_oversight_sees_what_is_withheld_with_its_law_and_that_look_is_withheld_too(file):
    overseer = viewer(staff(2, "yz-oversight", "oversight"))
    own, look = access.withheld_looks(overseer, ME, at=AT)
    assert (own.what, own.withheld) == ("withheld-looks", "oversight")
    assert (look.purpose, look.withheld) == ("线索核查", "监察法 18")
    assert look.person == str(person(1))
    assert len(mine()) == 1


def test_my_own_reading_is_not_told_to_me(district):
    case, _ = make_case(2, reporter=ME)
    with transaction.atomic():
        access.admit(viewer(reporter(str(ME))), case, access.find_facts(case), purpose="my own", at=AT)
    assert mine() == ()
    assert len(traces(case_id=case)) == 1


@pytest.mark.parametrize("who", ["stranger", "desk", "oversight"])
def test_nobody_else_asks_who_looked_at_me(file, who):
    actor = {
        "stranger": stranger(),
        "desk": staff(3, "yz-desk", "head"),
        "oversight": staff(4, "yz-oversight", "oversight"),
    }[who]
    with pytest.raises(Refused) as refused:
        access.who_looked(viewer(actor), ME, at=AT)
    assert (refused.value.code, refused.value.law) == ("not-your-file", 7)
    assert len(traces(what="who-looked", subject=ME, outcome="refused")) == 1


def test_a_look_without_a_case_alerts_oversight(file):
    curious = staff(5, "yz-desk", "triage")
    access.log_read(curious, None, ME, "contact", "邻居", at=AT)
    overseer = viewer(staff(6, "yz-oversight", "oversight"))
    (alert,) = access.looks_without_case(overseer, since=SINCE, at=AT)
    assert (alert.person, alert.subject, alert.what) == (curious.person, ME, "contact")
    assert access.looks_without_case(overseer, since=AT + timedelta(1), at=AT) == ()
    assert "contact" in [look.what for look in mine()]


@pytest.mark.parametrize("ask", ["looks_without_case", "refusals", "withheld_looks"])
def test_only_oversight_asks_for_alerts(file, ask):
    head = viewer(staff(7, "yz", "head"))
    arguments = {"at": AT} if ask == "withheld_looks" else {"at": AT, "since": SINCE}
    with pytest.raises(Refused, match="wrong-role"):
        getattr(access, ask)(head, *([ME] if ask == "withheld_looks" else []), **arguments)
    assert len(traces(outcome="refused")) == 1


def test_oversight_reads_what_was_refused(file):
    with pytest.raises(access.NotFound):
        access.admit(viewer(stranger()), file, access.find_facts(file), purpose="curious", at=AT)
    (refusal,) = access.refusals(viewer(staff(8, "yz-oversight", "oversight")), since=SINCE, at=AT)
    assert (refusal.case, refusal.outcome, refusal.purpose) == (file, "refused", "curious")
    assert all(look.outcome != "refused" for look in mine())

"""Notices: from the feed into inboxes, once, to those who may know, past empty posts, no word of the sealed."""

from datetime import date
from uuid import uuid5

import pytest

import feeding
import page_district
import page_steps
from bihuan.desk import api, feed
from bihuan.desk.notices import plan
from bihuan.kernel import commands as c
from bihuan.kernel.case import Proof
from bihuan.testing import cast

PURPOSE = "处置 handle"


@pytest.fixture(autouse=True)
def _own_folder(settings, tmp_path, district):
    settings.DATA = tmp_path


@pytest.fixture
def district(clean_db):
    page_district.build()
    return page_district


def actor(account):
    """The account in its post."""
    one = page_district.PEOPLE[account]
    return api.Actor(str(page_district.person(account)), one.unit, one.roles, frozenset({one.unit}))


def report(**more):
    return api.report(
        api.Intake("manhole", page_district.PLACE, "portal", {"text": "井盖松动"}, **more),
        by=api.reporter(str(page_district.person("resident"))),
        purpose="反映",
    )


def act(case, command, account):
    return api.submit(command, by=actor(account), case=case, purpose=PURPOSE)


def settle():
    feed.settle()
    while plan.step():
        pass


def told(account, **more):
    settle()
    return [(one.kind, one.number) for one in api.notices.read(str(page_district.person(account)), **more).notices]


def dispatched(**more):
    made = report(**more)
    act(made.case, c.Accept(), "zhou")
    act(made.case, c.Dispatch(), "zhou")
    return made


def overdue(case):
    """As the clock says it when the handling is late."""
    feeding.rows("UPDATE case_row SET next_due = now() - interval '1 minute' WHERE id = %s", [case])


def pending(account):
    return [kind for kind, _ in told(account, only_unseen=True)]


def test_what_somebody_has_done_since_is_over_and_not_counted(district):
    made = dispatched()
    assert pending("zhou") == []
    assert pending("wei") == ["order"]
    act(made.case, c.FinishTask(1, (Proof("photo_after", "p1"),)), "wei")
    assert (pending("wei"), pending("su")) == ([], ["to-verify"])
    act(made.case, c.Verify(accept=False, reason="没修好"), "su")
    assert (pending("wei"), pending("su")) == (["rework"], [])
    act(made.case, c.Oversee("remind", "", "请快一点"), "zhou")
    assert set(pending("wei")) == {"rework", "remind"}
    act(made.case, c.FinishTask(1, (Proof("photo_after", "p2"),)), "wei")
    assert pending("wei") == []
    act(made.case, c.Verify(accept=True, reason=""), "su")
    assert (pending("su"), api.notices.unseen(str(page_district.person("su")))) == ([], 0)
    assert {one.is_over for one in api.notices.read(str(page_district.person("su"))).notices} == {True}


def test_of_two_units_one_that_finishes_leaves_the_other_its_notice(district):
    made = report()
    act(made.case, c.Accept(), "zhou")
    act(made.case, c.Dispatch(cast.CHENGGUAN, reason="两家一起", assists=(cast.ZHUJIAN,)), "zhou")
    settle()
    helper = next(
        name for name, one in page_district.PEOPLE.items() if one.unit == cast.ZHUJIAN and "handler" in one.roles
    )
    assert (pending("wei"), pending(helper)) == (["order"], ["order"])
    act(made.case, c.FinishTask(2, ()), helper)
    assert (pending("wei"), pending(helper)) == (["order"], [])


def test_each_hears_of_what_is_his_turn(district):
    made = dispatched()
    assert told("zhou") == [("new-case", made.number)]
    assert told("wei") == [("order", made.number)]
    assert told("su") == []
    act(made.case, c.FinishTask(1, (Proof("photo_after", "p1"),)), "wei")
    assert told("su") == [("to-verify", made.number)]
    act(made.case, c.Verify(accept=False, reason="没修好"), "su")
    assert told("wei") == [("rework", made.number), ("order", made.number)]


def test_a_dispute_and_an_objection_reach_those_who_decide(district):
    made = dispatched()
    act(made.case, c.ReturnTask(1, "不归我们", "清单第三条"), "wei")
    assert told("zhou") == [("objection", made.number), ("new-case", made.number)]
    act(made.case, c.Deny(1, "归你们"), "zhou")
    act(made.case, c.FinishTask(1, (Proof("photo_after", "p1"),)), "wei")
    act(made.case, c.Verify(accept=True), "su")
    api.submit(
        c.Dispute("还是松的"), by=api.reporter(str(page_district.person("resident"))), case=made.case, purpose="异议"
    )
    assert told("wei")[0] == told("gu")[0] == ("disputed", made.number)


def test_read_twice_or_planned_anew_each_notice_is_there_once(district):
    made = dispatched()
    settle()
    feeding.rows("UPDATE cursor SET pos = 0 WHERE name = 'notices'")
    assert told("wei") == [("order", made.number)]


def test_seen_is_ones_own_and_counted(district):
    dispatched()
    settle()
    me = str(page_district.person("wei"))
    assert api.notices.unseen(me) == 1
    (one,) = api.notices.read(me).notices
    assert api.notices.mark(str(page_district.person("gu")), [one.id]) == 0
    assert api.notices.mark(me, [one.id]) == 1
    assert api.notices.unseen(me) == 0
    assert told("wei", only_unseen=True) == []


def test_an_empty_post_is_passed_over_at_once_and_said(district):
    feeding.rows(
        "UPDATE post SET ends = %s WHERE unit_id = %s AND role = 'handler'", [date(2020, 1, 2), cast.CHENGGUAN]
    )
    made = dispatched()
    settle()
    (one,) = api.notices.read(str(page_district.person("gu"))).notices
    assert (one.kind, one.number) == ("order", made.number)
    assert [(p.how, p.roles, p.unit.code) for p in one.passed] == [("empty", ("handler",), cast.CHENGGUAN)]


def test_with_nobody_left_in_the_unit_it_climbs_to_the_desk(district):
    feeding.rows("UPDATE post SET ends = %s WHERE unit_id = %s", [date(2020, 1, 2), cast.CHENGGUAN])
    made = dispatched()
    assert told("zhou")[0] == ("order", made.number)
    assert told("gu") == []


def test_the_accused_are_never_told_and_a_sealed_case_shows_number_and_date_only(district):
    made = dispatched(seal="L2", barred=(cast.ZHUJIAN,))
    settle()
    feeding.rows(
        "INSERT INTO post (person_id, unit_id, role, starts) VALUES (%s, %s, 'handler', %s)",
        [page_district.person("pan"), cast.CHENGGUAN, date(2020, 1, 1)],
    )
    act(made.case, c.Oversee("remind", "", "请快一点"), "zhou")
    assert told("pan") == []  # his other post is in the accused unit
    settle()
    for one in api.notices.read(str(page_district.person("wei"))).notices:
        assert one.is_sealed
        assert one.category.name == one.category.code == ""


def test_what_is_sealed_away_later_is_neither_shown_nor_counted(district):
    dispatched()
    settle()
    me = str(page_district.person("wei"))
    assert api.notices.unseen(me) == 1
    feeding.rows("UPDATE case_row SET barred = %s::jsonb", [f'["{cast.CHENGGUAN}"]'])
    assert api.notices.unseen(me) == 0
    assert api.notices.read(me).notices == ()


def test_imported_history_tells_nobody(district):
    settle()
    before = feeding.rows("SELECT count(*) FROM notice")
    assert not plan.kinds.is_told(feed.Placed(0, uuid5(page_district.SPACE, "x"), 1, "ImportedCase", ""))
    assert feeding.rows("SELECT count(*) FROM notice") == before


# -- the page


def test_the_page_lists_counts_and_marks(district):
    made = dispatched()
    settle()
    browser = district.client("wei")
    page = browser.get("/console/notices").content.decode()
    assert str(made.number) in page
    assert "新任务，请接单" in page
    assert '<span class="chip accent">1<' in page
    (notice,) = feeding.rows("SELECT id FROM notice WHERE person_id = %s", [page_district.person("wei")])
    token = page_steps.re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)[1]
    browser.post("/console/notices", {"notice": notice[0], "csrfmiddlewaretoken": token})
    assert "没有未看的提醒" in browser.get("/console/notices").content.decode()
    assert str(made.number) in browser.get("/console/notices?show=all").content.decode()

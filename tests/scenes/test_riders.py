"""骑手友好街区: block and platform answer together, equal appeals are one case, hazards are things (P17)."""

import uuid

import pytest
from django.db import connection

from bihuan import scenes
from bihuan.desk import api
from bihuan.desk.rulebook_problems import problems
from bihuan.desk.rulebook_tables import read_tables
from bihuan.kernel import commands as c
from bihuan.kernel.case import Proof, Role, Stage
from bihuan.kernel.refused import Refused

DESK, CHECK, STREET, PLATFORM, UNION = "yz.zhzx", "yz.jdzx", "yz.s.014", "yz.p.pt", "yz.zgh"
REPLY = (Proof("reply", "答复"),)


def dispatched(district, category, **more):
    made = district.report("riders", category, **more)
    district.act(made.case, c.Accept(), DESK, "triage")
    district.act(made.case, c.Dispatch(), DESK, "dispatcher")
    return made


def test_the_tables_are_a_rulebook_that_may_be_used():
    assert problems(read_tables(scenes.load("riders").tables)) == []


@pytest.mark.parametrize(
    ("category", "lead", "assists"),
    [
        ("A01", STREET, {PLATFORM}),
        ("B01", PLATFORM, {STREET, UNION}),
        ("C01", "yz.rsj", {UNION}),
        ("H03", "yz.xf", set()),
    ],
)
def test_the_rulebook_says_who_leads_and_who_assists_each_with_a_clock(district, category, lead, assists):
    state = district.state(dispatched(district, category).case)
    assert state.lead == lead
    assert {task.unit for task in state.tasks if task.role is Role.ASSIST} == assists
    own = [k for k in state.clocks if k.key == "assist" and k.is_running]
    assert len(own) == len(assists)
    assert [k for k in state.clocks if k.key == "handle" and k.is_running]


def test_the_block_cannot_answer_before_the_platform_has(district):
    case = dispatched(district, "A01").case
    with pytest.raises(Refused, match="assist-open"):
        district.act(case, c.FinishTask(1, REPLY), STREET, "handler")
    district.act(case, c.FinishTask(2), PLATFORM, "handler", texts={"work": "平台已调整取餐点"})
    district.act(case, c.FinishTask(1, REPLY), STREET, "handler", texts={"answer": "已划骑手车位二十个"})
    assert district.state(case).stage is Stage.VERIFYING


def test_forty_equal_appeals_are_one_case_and_all_forty_are_answered(district):
    lead = dispatched(district, "A01", by=api.reporter(str(uuid.uuid4())))
    others = [district.report("riders", "A01", by=api.reporter(str(uuid.uuid4()))) for _ in range(40)]
    for other in others:
        api.merge(other.case, lead.case, by=district.who(DESK, "dispatcher"), purpose="并案")
    district.act(lead.case, c.FinishTask(2), PLATFORM, "handler")
    district.act(lead.case, c.FinishTask(1, REPLY), STREET, "handler", texts={"answer": "已划骑手车位二十个"})
    district.act(lead.case, c.Verify(accept=True), CHECK, "verifier")
    for made in (lead, *others):
        view = api.track(made.receipt)
        assert view.state.stage is Stage.CLOSED
        assert [text.text for text in view.answers] == ["已划骑手车位二十个"]
    with connection.cursor() as cursor:
        cursor.execute("""SELECT count(DISTINCT "to") FROM outbox WHERE kind = 'answer'""")
        assert cursor.fetchone() == (41,)
        cursor.execute("SELECT count(*) FROM case_row WHERE lon IS NOT NULL OR lat IS NOT NULL")
        assert cursor.fetchone() == (0,), "where a rider was is nobody's business"
    shown = api.read_case(district.who(STREET, "handler"), lead.case, purpose="办理")
    assert len(shown.state.receipts) == 41
    assert api.audit().problems == []


def test_a_hazard_is_closed_on_a_photo(district):
    case = dispatched(district, "H03").case
    with pytest.raises(Refused, match="proof-missing"):
        district.act(case, c.FinishTask(1, REPLY), "yz.xf", "handler")
    district.act(case, c.FinishTask(1, (Proof("photo_after", "p"),)), "yz.xf", "handler")
    assert district.state(case).stage is Stage.VERIFYING

"""矛盾纠纷: both must want it, either may stop, an agreement has thirty days for the court (P14)."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client

from bihuan import scenes
from bihuan.desk import api
from bihuan.desk.rulebook_problems import problems
from bihuan.desk.rulebook_tables import read_tables
from bihuan.kernel import commands as c
from bihuan.kernel.case import Proof, Seal, Stage
from bihuan.kernel.refused import Refused
from bihuan.scenes.mediation.rules import refuse

TJ, SFJ, SOCIAL = "yz.tjw", "yz.sfj", "yz.p.sg"
PROOF = (Proof("agreement", "协议书"),)


def dispute(district):
    case = district.report("mediation", "M01", text="楼上半夜拖椅子").case
    district.act(case, c.Accept(), TJ, "triage")
    district.act(case, c.Dispatch(), TJ, "dispatcher")
    district.act(case, c.TakeTask(1), TJ, "handler")
    return case


def step(district, case, key, **data):
    return district.act(case, c.TakeStep(key, tuple(data.items())), TJ, "handler")


def consented(district):
    case = dispute(district)
    for key in ("consent_a", "consent_b", "session"):
        step(district, case, key)
    return case


def test_the_tables_are_a_rulebook_that_may_be_used():
    assert problems(read_tables(scenes.load("mediation").tables)) == []


def test_a_dispute_is_sealed_from_the_first_second(district):
    made = district.report("mediation", "M03")
    assert district.state(made.case).seal is Seal.L2
    page = Client().get(f"/t/{made.receipt}").content.decode()
    assert "只有调解员和核查的人看得到" in page
    plain = district.report("city", "B0110")
    assert "看得到" not in Client().get(f"/t/{plain.receipt}").content.decode()


def test_a_party_that_refuses_ends_it_and_is_told_the_routes(district):
    made = district.report("mediation", "M01")
    district.act(made.case, c.Accept(), TJ, "triage")
    district.act(made.case, c.Dispatch(), TJ, "dispatcher")
    district.act(made.case, c.TakeTask(1), TJ, "handler")
    with pytest.raises(Refused, match="step-data-missing"):
        step(district, made.case, "refused")
    step(district, made.case, "refused", routes="可以向人民法院起诉，或申请仲裁")
    state = district.state(made.case)
    assert (state.stage, [k for k in state.clocks if k.is_ticking]) == (Stage.DECLINED, [])
    assert api.track(made.receipt).state.outcome == "可以向人民法院起诉，或申请仲裁"
    with pytest.raises(Refused):
        step(district, made.case, "agreed", agreement="x")


def test_either_may_stop_later_and_nothing_is_agreed_after(district):
    case = consented(district)
    step(district, case, "stopped", routes="可以起诉")
    assert district.state(case).stage is Stage.DECLINED


def test_nothing_is_held_without_the_consent_of_both(district):
    case = dispute(district)
    step(district, case, "consent_a")
    with pytest.raises(Refused, match="step-too-early"):
        step(district, case, "session")


def test_a_social_worker_joins_only_with_consent(district):
    case = dispute(district)
    with pytest.raises(Refused, match="consent-missing") as refused:
        district.act(case, c.AddTask(SOCIAL), TJ, "handler")
    zh, en = api.words_of(refused.value)
    assert "双方" in zh
    assert "人民调解法" in zh
    assert "consent" in en
    with pytest.raises(api.NotFound):
        api.read_case(district.who(SOCIAL, "handler"), case, purpose="参与调解")
    for key in ("consent_a", "consent_b", "worker_consent"):
        step(district, case, key)
    district.act(case, c.AddTask(SOCIAL), TJ, "handler")
    seen = api.read_case(district.who(SOCIAL, "handler"), case, purpose="参与调解")
    assert seen.state.number == district.state(case).number


def test_it_cannot_be_concluded_without_an_agreement(district):
    case = consented(district)
    with pytest.raises(Refused, match="agreement-missing"):
        district.act(case, c.FinishTask(1, PROOF), TJ, "handler")


def test_an_agreement_is_checked_by_others_and_the_court_has_thirty_days_also_after_closing(district):
    case = consented(district)
    step(district, case, "agreed", agreement="渝中人调〔2026〕1号")
    agreed = district.state(case)
    confirm = next(k for k in agreed.clocks if k.key == "confirm")
    assert confirm.due - confirm.started >= timedelta(days=29)
    assert confirm.reminds == TJ
    district.act(case, c.FinishTask(1, PROOF), TJ, "handler")
    district.act(case, c.Verify(accept=True, outcome="agreed"), SFJ, "verifier")
    closed = district.state(case)
    assert closed.stage is Stage.CLOSED
    assert [k.key for k in closed.clocks if k.is_ticking] == ["confirm"]
    step(district, case, "confirmed", court_no="(2026)渝0103民特1号")
    assert [k for k in district.state(case).clocks if k.is_ticking] == []
    assert api.audit().problems == []


@pytest.mark.parametrize("command", [c.AddTask(SOCIAL), c.Dispatch(assists=(SOCIAL,))])
def test_the_rule_itself(command):
    assert refuse(None, command, None).code == "consent-missing"
    assert refuse(None, c.Accept(), None) is None


def test_a_reminder_of_the_scene_is_offered_as_a_follow_up(district):
    case = consented(district)
    step(district, case, "agreed", agreement="2025-01")
    district.act(case, c.FinishTask(1, PROOF), TJ, "handler")
    district.act(case, c.Verify(accept=True, outcome="agreed"), SFJ, "verifier")
    checks = district.who(SFJ, "verifier")
    offered = {(move.key, move.target) for move in api.allowed(checks, case, district.state(case))}
    assert ("follow-up", "confirm") in offered
    assert ("pause", "confirm") not in offered
    district.act(case, c.FollowUp("confirm", is_settled=True), SFJ, "verifier")
    assert not district.state(case).clock("confirm").is_ticking


def test_a_champion_is_told_and_his_unit_has_a_part(district):
    case = dispute(district)
    leader = district.who("yz.cgj", "head")
    district.act(case, c.NameChampion(leader.person), TJ, "triage")
    assert district.state(case).champion_unit == "yz.cgj"
    with connection.cursor() as cursor:
        cursor.execute('SELECT "to" FROM outbox WHERE kind = %s', ["champion"])
        assert cursor.fetchall() == [(f"person:{leader.person}",)]

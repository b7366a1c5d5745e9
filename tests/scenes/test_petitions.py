"""信访: each matter on its own route, the clocks of the law to the day, reviews one level up, the five checks."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bihuan import scenes
from bihuan.desk import api
from bihuan.desk.rulebook_problems import problems
from bihuan.desk.rulebook_tables import read_tables
from bihuan.kernel import commands as c
from bihuan.kernel.calendar import Unit
from bihuan.kernel.case import Proof, Role, Seal, Stage
from bihuan.kernel.refused import Refused
from bihuan.scenes.petitions.rules import refuse

DESK, STREET, REVIEW, FINAL, DISCIPLINE = "yz.xfj", "yz.s.014", "yz.fcb", "yz.sfc", "yz.jw"
NOTICE = {"how_told": "in_writing", "letter": "〔2026〕1号", "told_route": "由本单位办理"}
OPINION = {
    "claim": "要求修缮", "grounds": "经核查属实", "result": "support", "opinion_text": "十月底前完工",
    "legal_basis": "《物业管理条例》第五十四条",
}  # fmt: skip
CHECKS = dict.fromkeys(("law_prevent", "law_accept", "law_handle", "law_oversee", "law_order"), "passed")
PROVED = (Proof("opinion", "意见书"),)


def step(district, case, key, unit=STREET, role="handler", **data):
    return district.act(case, c.TakeStep(key, tuple(data.items())), unit, role)


def petition(district, category="P609", **more):
    """Reported, and sent to the unit that its route names."""
    made = district.report("petitions", category, **more)
    district.act(made.case, c.Accept(), DESK, "triage")
    district.act(made.case, c.Dispatch(), DESK, "dispatcher")
    return made


def served(district, case, unit=STREET):
    """A decision that was drafted, signed and served."""
    step(district, case, "opinion", unit, **OPINION)
    step(district, case, "opinion_signed", unit, "head", letter="〔2026〕7号")
    step(district, case, "opinion_served", unit, served_on="2026-10-08")


def closed(district, case, unit=STREET):
    district.act(case, c.FinishTask(1, PROVED), unit, "handler")
    step(district, case, "matter", DESK, "verifier", outcome_basis="《信访工作条例》第二十七条", **CHECKS)
    district.act(case, c.Verify(accept=True, outcome="settled"), DESK, "verifier")


def decided(district, category="P609", unit=STREET, first="admitted", **more):
    made = petition(district, category, **more)
    step(district, made.case, first, unit, **NOTICE)
    served(district, made.case, unit)
    closed(district, made.case, unit)
    return made


def clock(district, case, key):
    return next((one for one in district.state(case).clocks if one.key == key), None)


def test_the_tables_are_a_rulebook_that_may_be_used():
    book = read_tables(scenes.load("petitions").tables)
    assert problems(book) == []
    assert {code[:2] for code in book.categories} == {"P1", "P2", "P3", "P4", "P5", "P6", "P7", "P8"}
    assert all("《信访工作条例》" in row.basis for row in book.categories.values())


@pytest.mark.parametrize(
    ("category", "key", "amount", "unit", "article"),
    [
        ("P609", "forward", 15, Unit.CALENDAR_DAY, "第二十二条"),
        ("P609", "notice", 15, Unit.CALENDAR_DAY, "第二十三条"),
        ("P609", "objection", 5, Unit.WORKING_DAY, "第二十三条"),
        ("P609", "finish", 60, Unit.CALENDAR_DAY, "第三十四条"),
        ("P609", "may_review", 30, Unit.CALENDAR_DAY, "第三十五条"),
        ("P651", "review", 30, Unit.CALENDAR_DAY, "第三十五条"),
        ("P651", "may_review", 30, Unit.CALENDAR_DAY, "第三十六条"),
        ("P661", "review", 30, Unit.CALENDAR_DAY, "第三十六条"),
    ],
)
def test_each_limit_is_that_of_the_law_in_its_own_unit(category, key, amount, unit, article):
    book = read_tables(scenes.load("petitions").tables)
    rules = {rule.key: rule for rule in (*book.clocks, *book.categories[category].clocks)}
    assert (rules[key].amount, rules[key].unit) == (amount, unit)
    assert article in rules[key].basis
    assert rules["finish"].extend == 30 if key == "finish" else rules[key].extend == 0


@pytest.mark.parametrize(
    ("category", "lead"),
    [
        ("P101", "yz.zfw"), ("P201", "yz.rsj"), ("P301", DISCIPLINE), ("P401", "yz.sff"), ("P502", "yz.ga"),
        ("P609", STREET), ("P602", "yz.rsj"), ("P701", "yz.sgb"), ("P801", DISCIPLINE),
    ],
)  # fmt: skip
def test_the_route_says_who_and_only_the_petition_procedure_has_sixty_days(district, category, lead):
    case = petition(district, category).case
    state = district.state(case)
    assert next(task.unit for task in state.tasks if task.role is Role.LEAD) == lead
    first = {"P6": "admitted", "P7": "told", "P8": "told"}.get(category[:2], "entered")
    for other in {"admitted", "entered", "told"} - {first}:
        data = NOTICE | ({"legal_basis": "依法"} if other == "entered" else {})
        with pytest.raises(Refused, match="other-route"):
            step(district, case, other, lead, **data)
    assert clock(district, case, "finish") is None
    step(district, case, first, lead, **NOTICE, **({"legal_basis": "依法"} if first == "entered" else {}))
    assert (clock(district, case, "finish") is not None) is (category[:2] == "P6")
    assert clock(district, case, "notice").stopped is not None


def test_sealed_from_the_first_second_and_accusations_more(district):
    assert district.state(district.report("petitions", "P609").case).seal is Seal.L2
    assert district.state(district.report("petitions", "P801").case).seal is Seal.L3
    unsorted = district.report("petitions", "").case
    assert district.state(unsorted).seal is Seal.L2
    district.act(unsorted, c.Recategorise("P801", "是检举控告"), DESK, "triage")
    assert district.state(unsorted).seal is Seal.L3


def test_a_written_notice_has_a_number_unless_name_or_address_are_unclear(district):
    case = petition(district).case
    with pytest.raises(Refused, match="notice-unwritten"):
        step(district, case, "admitted", how_told="in_writing", told_route="由本单位办理")
    step(district, case, "admitted", how_told="no_address", told_route="由本单位办理")
    assert clock(district, case, "finish") is not None


def test_nothing_is_concluded_before_the_decision_is_drafted_signed_and_served(district):
    case = petition(district).case
    with pytest.raises(Refused, match="not-admitted"):
        step(district, case, "opinion", **OPINION)
    step(district, case, "admitted", **NOTICE)
    step(district, case, "opinion", **OPINION)
    with pytest.raises(Refused, match="wrong-role"):
        step(district, case, "opinion_signed", letter="x")
    step(district, case, "opinion_signed", STREET, "head", letter="〔2026〕7号")
    step(district, case, "opinion", **OPINION)
    with pytest.raises(Refused, match="unsigned"):
        step(district, case, "opinion_served", served_on="2026-10-08")
    with pytest.raises(Refused, match="opinion-missing"):
        district.act(case, c.FinishTask(1, PROVED), STREET, "handler")
    step(district, case, "opinion_signed", STREET, "head", letter="〔2026〕8号")
    step(district, case, "opinion_served", served_on="2026-10-09")
    district.act(case, c.FinishTask(1, PROVED), STREET, "handler")
    assert district.state(case).stage is Stage.ANSWERED


def test_it_closes_on_the_five_checks_and_an_outcome_of_the_law(district):
    case = petition(district).case
    step(district, case, "admitted", **NOTICE)
    served(district, case)
    district.act(case, c.FinishTask(1, PROVED), STREET, "handler")
    with pytest.raises(Refused, match="matter-open"):
        district.act(case, c.Verify(accept=True, outcome="settled"), DESK, "verifier")
    with pytest.raises(Refused, match="step-data-missing"):
        step(district, case, "matter", DESK, "verifier", **CHECKS)  # without a legal basis
    step(district, case, "matter", DESK, "verifier", outcome_basis="第二十七条", **CHECKS | {"law_order": "not_passed"})
    with pytest.raises(Refused, match="outcome-missing"):
        district.act(case, c.Verify(accept=True, outcome="solved"), DESK, "verifier")
    district.act(case, c.Verify(accept=True, outcome="explained"), DESK, "verifier")
    state = district.state(case)
    assert (state.stage, state.outcome) == (Stage.CLOSED, "explained")
    ticking = {one.key for one in state.clocks if one.is_ticking}
    assert ticking == {"followup:30", "followup:90", "may_review"}, "closed is not settled"


def test_matter_and_heart_close_apart_and_the_note_stays_with_the_team(district):
    made = decided(district)
    note = "双方握手，邻里和好"
    with pytest.raises(Refused, match="step-too-early"):
        step(district, made.case, "heart_settled", heart_note=note)
    step(district, made.case, "heart_agreed")
    step(district, made.case, "heart_settled", heart_note=note)
    past = list(api.events_of(made.case, 1))
    assert note not in str([api.to_plain(one.event) for one in past]), "not in the history, so in no report"
    told = api.track(made.receipt)
    assert note not in str((told.answers, told.own, told.history))
    view = api.read_case(district.who(STREET, "handler"), made.case, purpose="办理")
    assert note in str(view.history)


def test_who_agrees_to_no_talk_is_asked_no_more(district):
    """心结 is opt-in: the matter closes and is archived without it."""
    case = decided(district).case
    step(district, case, "review_over", DESK, "triage", asked_again="no")
    for one in [k for k in district.state(case).clocks if k.is_ticking]:
        district.act(case, c.FollowUp(one.id, is_settled=True), DESK, "triage")
    assert district.state(case).stage is Stage.ARCHIVED


def test_a_statutory_limit_is_never_paused(district):
    case = petition(district).case
    step(district, case, "admitted", **NOTICE)
    with pytest.raises(Refused, match="no-pause"):
        district.act(case, c.AskPause("finish", datetime(2030, 1, 1, tzinfo=UTC), "等材料"), STREET, "handler")
    offered = api.read_case(district.who(STREET, "handler"), case, purpose="办理").moves
    assert ("pause", "finish") not in {(move.key, move.target) for move in offered}
    assert ("extend", "finish") in {(move.key, move.target) for move in offered}


def test_an_extension_is_told_with_its_reason_before_the_end(district):
    case = petition(district).case
    step(district, case, "admitted", **NOTICE)
    with pytest.raises(Refused, match="not-extended"):
        step(district, case, "extension_told", extension_why="x")
    district.act(case, c.AskExtend("finish", 30, "需要鉴定"), STREET, "handler")
    district.act(case, c.Grant(1), STREET, "head")
    served(district, case)
    with pytest.raises(Refused, match="extension-untold"):
        district.act(case, c.FinishTask(1, PROVED), STREET, "handler")
    step(district, case, "extension_told", extension_why="需要鉴定，延长30日")
    district.act(case, c.FinishTask(1, PROVED), STREET, "handler")


def test_who_has_an_interest_steps_back_and_another_goes_on(district):
    case = petition(district).case
    step(district, case, "recused", recusal_why="信访人是我亲属")
    with pytest.raises(Refused, match="conflict-of-interest"):
        step(district, case, "admitted", **NOTICE)
    district.act(case, c.TakeTask(1), STREET, "head")
    made = district.report("petitions", "P609")
    step(district, made.case, "recused_desk", DESK, "triage", recusal_why="我是当事人")
    with pytest.raises(Refused, match="conflict-of-interest"):
        district.act(made.case, c.Accept(), DESK, "dispatcher")


@pytest.mark.parametrize(("number", "is_taken"), [("1", True), ("5", True), ("6", False)])
def test_many_come_with_at_most_five_representatives(district, number, is_taken):
    if is_taken:
        assert district.report("petitions", "P609", fields={"spokesmen": number}).case
        return
    with pytest.raises(Refused, match="field-wrong"):
        district.report("petitions", "P609", fields={"spokesmen": number})


def test_a_champion_has_a_plan_a_limit_and_visits(district):
    case = petition(district).case
    head = district.who(STREET, "head")
    with pytest.raises(Refused, match="champion-missing"):
        step(district, case, "champion_plan", STREET, "head", plan="每周走访")
    district.act(case, c.NameChampion(head.person), DESK, "triage")
    step(district, case, "champion_plan", STREET, "head", plan="每周走访")
    assert clock(district, case, "champion").is_ticking
    step(district, case, "champion_visit", STREET, "head", visit="听取意见")
    step(district, case, "champion_done", STREET, "head", champion_result="双方认可方案")
    assert not clock(district, case, "champion").is_ticking


def test_the_days_to_object_are_a_right_and_letting_them_pass_is_no_delay(district):
    at = api.now() - timedelta(days=10)
    intake = api.Intake("P609", "500103014001", "letter", {"text": "请帮忙"}, scene="petitions")
    case = api.report(intake, by=api.ANONYMOUS, purpose="反映", happened_at=at).case
    district.act(case, c.Accept(), DESK, "triage", happened_at=at)
    district.act(case, c.Dispatch(), DESK, "dispatcher", happened_at=at)
    api.submit(c.Tick(), by=api.SYSTEM, case=case, purpose="时限")
    state = district.state(case)
    assert clock(district, case, "objection").due < api.now()
    assert (state.overdue, [one.key for one in state.clocks if one.broken]) == (0, [])
    step(district, case, "admitted", **NOTICE)


# -- 复查, 复核 ------------------------------------------------------------------------------------------------------


def test_a_review_is_a_case_of_its_own_one_level_up(district):
    first = decided(district)
    review = petition(district, "P651", fields={"earlier": first.receipt})
    state = district.state(review.case)
    assert (state.parent, state.lead, state.seal) == (str(first.case), REVIEW, Seal.L2)
    assert clock(district, review.case, "review").amount == 30
    assert clock(district, review.case, "finish") is None
    step(district, review.case, "told", REVIEW, **NOTICE)
    served(district, review.case, REVIEW)
    closed(district, review.case, REVIEW)
    again = petition(district, "P661", fields={"earlier": review.receipt})
    assert (district.state(again.case).parent, district.state(again.case).lead) == (str(review.case), FINAL)


def test_the_unit_that_decided_never_reviews_itself(district):
    first = decided(district)
    made = district.report("petitions", "P651", fields={"earlier": first.receipt})
    district.act(made.case, c.Accept(), DESK, "triage")
    with pytest.raises(Refused, match="same-unit"):
        district.act(made.case, c.Dispatch(STREET, reason="原单位熟悉"), DESK, "dispatcher")
    district.act(made.case, c.Dispatch(), DESK, "dispatcher")


def test_a_review_asked_for_too_late_needs_good_cause(district):
    at = api.now() - timedelta(days=40)

    def then(case, command, unit, role, hours):
        district.act(case, command, unit, role, happened_at=at + timedelta(hours=hours))

    intake = api.Intake("P609", "500103014001", "letter", {"text": "请帮忙"}, scene="petitions")
    first = api.report(intake, by=api.ANONYMOUS, purpose="反映", happened_at=at)
    then(first.case, c.Accept(), DESK, "triage", 1)
    then(first.case, c.Dispatch(), DESK, "dispatcher", 2)
    then(first.case, c.TakeStep("admitted", tuple(NOTICE.items())), STREET, "handler", 3)
    then(first.case, c.TakeStep("opinion", tuple(OPINION.items())), STREET, "handler", 4)
    then(first.case, c.TakeStep("opinion_signed", (("letter", "7号"),)), STREET, "head", 5)
    then(first.case, c.TakeStep("opinion_served", (("served_on", "2026-01-05"),)), STREET, "handler", 6)
    late = district.report("petitions", "P651", fields={"earlier": first.receipt})
    with pytest.raises(Refused, match="review-late") as refused:
        district.act(late.case, c.Accept(), DESK, "triage")
    assert str(clock(district, first.case, "may_review").due.date()) in api.words_of(refused.value)[0]
    offered = api.read_case(district.who(DESK, "triage"), late.case, purpose="受理").moves
    assert "accept" in {move.key for move in offered}, "with good cause it may be"
    district.act(late.case, c.Accept(new_fact="住院四十天，有出院小结"), DESK, "triage")


def test_a_review_of_nothing_is_not_accepted(district):
    made = district.report("petitions", "P651")
    with pytest.raises(Refused, match="review-of-nothing"):
        district.act(made.case, c.Accept(), DESK, "triage")


def test_only_a_hearing_stops_the_days_of_the_final_review(district):
    first = decided(district)
    review = decided(district, "P651", REVIEW, "told", fields={"earlier": first.receipt})
    final = petition(district, "P661", fields={"earlier": review.receipt}).case
    ask = c.AskPause("review", datetime(2030, 1, 1, tzinfo=UTC), "举行听证")
    with pytest.raises(Refused, match="pause-for-hearing"):
        district.act(final, ask, FINAL, "handler")
    step(district, final, "hearing", FINAL, minutes="定于下周听证")
    district.act(final, ask, FINAL, "handler")
    district.act(final, c.Grant(1), FINAL, "head")
    assert clock(district, final, "review").paused is not None


def test_the_audit_is_clean_after_all_of_it(district):
    decided(district)
    petition(district, "P801")
    assert api.audit().problems == []


@pytest.mark.parametrize("key", scenes.load("petitions").words["refusals"])
def test_every_refusal_has_its_words_and_its_article(key):
    word = scenes.load("petitions").words["refusals"][key]
    assert "{rule}" in word["zh"]
    assert "{rule}" in word["en"]


def test_registration_itself_is_never_refused():
    """Law 1, and articles 18 and 22: whatever comes is registered."""
    assert refuse(None, c.Register(1, "r", "P651", "", "web"), None) is None


def test_no_field_lists_counts_or_marks_a_petitioner():
    """Law 9. What is kept about a person is his name and address, for the notice that the law owes him."""
    info = scenes.load("petitions")
    personal = {key for key, field in info.fields.items() if field["personal"]}
    assert personal == {"petitioner", "home"}
    assert not {one["measure"] for one in info.indicators.values()} - {
        "count",
        "on_time",
        "share",
        "returned",
        "reopened",
    }


def test_the_reference_names_every_step_clock_and_route():
    page = (Path(__file__).parents[2] / "docs" / "reference" / "petitions.md").read_text("utf-8")
    book = read_tables(scenes.load("petitions").tables)
    named = set(re.findall(r"`(\w+)`", page))
    assert {rule.key for row in book.categories.values() for rule in (*book.clocks, *row.clocks)} <= named
    assert {key for key in book.steps if key not in named} == {
        "extension_told", "hearing", "champion_visit"
    }, "told in words"  # fmt: skip
    assert {code[:2] for code in book.categories} <= set(re.findall(r"\bP\d", page))


def test_an_accusation_that_named_no_unit_is_registered_again_with_it_and_the_bar_holds_for_both(district):
    first = district.report("petitions", "P801", text="街道有人收钱")
    second = district.report("petitions", "P801", text="同一封信，写明单位", fields={"accused": STREET})
    api.merge(first.case, second.case, by=district.who(DESK, "dispatcher"), purpose="并案")
    view = api.track(first.receipt)
    assert (view.id, view.state.barred[0]) == (second.case, STREET)
    with pytest.raises(api.NotFound):
        api.track(first.receipt, viewer=district.who(STREET, "head"))

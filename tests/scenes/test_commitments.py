"""会议承诺: what was said at a meeting becomes cases with owner and date, closed on evidence by somebody else (A0)."""

from datetime import date
from pathlib import Path

import pytest

import shared_data
from bihuan import demo, scenes
from bihuan.desk import api
from bihuan.desk.rulebook_problems import problems
from bihuan.desk.rulebook_tables import read_tables
from bihuan.kernel import commands as c
from bihuan.kernel.case import Proof, Stage
from bihuan.kernel.refused import Refused
from bihuan.scenes.commitments.booking import Line, NotYet, promised, register, units
from bihuan.scenes.commitments.reader import find_date, propose, speakers, usual_due

MEETING = (Path(demo.__file__).parent / "meeting.txt").read_text(encoding="utf-8")
HELD = date(2026, 1, 12)
UNITS = {
    "城市管理局": "yz.cgj", "住房城乡建设委": "yz.zjw", "交通局": "yz.jtj", "应急管理局": "yz.yjj",
    "社会工作部": "yz.sgb", "总工会": "yz.zgh", "朝天门街道": "yz.s.010", "石油路街道": "yz.s.014", "政法委": "yz.zfw",
}  # fmt: skip
DESK, CHECK = "yz.zhzx", "yz.jdzx"


def test_the_tables_are_a_rulebook_that_may_be_used():
    assert problems(read_tables(scenes.load("commitments").tables)) == []


# -- reading ------------------------------------------------------------------------------------------------------


def test_eight_units_speak_each_intends_something_and_none_is_unowned():
    found = propose(MEETING, HELD, UNITS)
    assert len(speakers(MEETING, UNITS)) == 8
    assert {one.speaker for one in found} == set(speakers(MEETING, UNITS))
    assert {one.unit for one in found} == set(UNITS.values())
    assert all(one.read for one in found)


def test_what_was_done_already_is_no_intention():
    assert not any(
        "取得明显成效" in one.sentence or "持续下降" in one.sentence for one in propose(MEETING, HELD, UNITS)
    )


def test_a_unit_that_the_sentence_names_as_leading_owns_it():
    [one] = [one for one in propose(MEETING, HELD, UNITS) if "政法委牵头" in one.sentence]
    assert (one.unit, one.due) == ("yz.zfw", date(2026, 7, 12))


def test_an_unknown_speaker_is_told_by_name_and_owns_nothing_yet():
    [one] = propose("区某某协会\n下一步，将开展宣传。", HELD, UNITS)
    assert (one.speaker, one.unit) == ("区某某协会", "")


@pytest.mark.parametrize(
    ("words", "due"),
    [
        ("年底前完成", "2026-12-31"),
        ("明年底前完成", "2027-12-31"),
        ("力争6月底前完成", "2026-06-30"),
        ("六月底前完成", "2026-06-30"),
        ("2027年2月底前", "2027-02-28"),
        ("12月20日前开放", "2026-12-20"),
        ("1月5日前", "2027-01-05"),
        ("6月前完成", "2026-05-31"),
        ("三季度末前", "2026-09-30"),
        ("明年一季度内", "2027-03-31"),
        ("上半年完成", "2026-06-30"),
        ("三个月内", "2026-04-12"),
        ("两年内", "2028-01-12"),
        ("半年内", "2026-07-12"),
        ("30天内", "2026-02-11"),
        ("月底前", "2026-01-31"),
    ],
)
def test_dates_are_read_as_people_say_them(words, due):
    found, read = find_date(f"下一步将{words}。", HELD)
    assert str(found) == due
    assert read


@pytest.mark.parametrize("words", ["2月8日召开了会议", "2月31日前", "2020年底前", "持续提升"])
def test_what_is_no_date_ahead_is_not_read_as_one(words):
    assert find_date(words, HELD) == (None, "")


def test_without_a_date_a_usual_one_is_proposed_and_said_to_be_that():
    [one] = propose("交通局\n下一步，将持续提升服务。", HELD, UNITS)
    assert (one.due, one.dated) == (date(2026, 12, 31), "")
    assert usual_due(date(2026, 11, 20)) == date(2027, 6, 30)


def test_the_real_page_eight_units_each_at_least_one_none_unowned():
    found = sorted((shared_data.BESIDE.parent / "docs").glob("seed-*.txt"))
    if not found:
        pytest.skip("没有种子页原文，跳过。 The seed page does not stand beside the checkout.")
    text = found[0].read_text(encoding="utf-8")
    page = text[text.index("分享工作经验、谋划下一步打算") : text.index("记者")]
    said = propose(page, date(2025, 2, 8), {})
    assert len(speakers(page, {})) == 8
    assert {one.speaker for one in said} == set(speakers(page, {}))
    assert all(one.speaker and one.due > date(2025, 2, 8) for one in said)
    assert not any("一直以来" in one.sentence or "近年来" in one.sentence for one in said)


# -- on the loop --------------------------------------------------------------------------------------------------


def ahead(months=4):
    return date(api.now().year + 1, months, 30)


def booked(district, *lines):
    lines = lines or (Line("年底前增设停放点二十处。", "yz.jtj", ahead(), "K02", "验收照片"),)
    return register(lines, meeting="治理工作会议", held=HELD, by=district.who(DESK, "triage", "dispatcher"))


def test_each_line_is_a_case_with_its_unit_its_date_its_meeting_and_its_sentence_in_the_vault(district):
    [made] = booked(district)
    state = district.state(made.case)
    assert (state.lead, state.stage) == ("yz.jtj", Stage.DISPATCHED)
    assert str(state.clock("handle").due) == f"{ahead()} 15:59:59+00:00"
    assert state.promised == state.clock("handle").due
    view = api.read_case(district.who("yz.jtj", "handler"), made.case)
    texts = {text.kind: text.text for text in view.texts.values()}
    assert texts["text"] == "年底前增设停放点二十处。"
    [meeting] = api.registers.entries("commitments", "meeting")
    assert (texts["meeting"], meeting.name) == (meeting.key, "治理工作会议")
    assert api.shown_field("commitments", "meeting", meeting.key, "zh") == "治理工作会议"


def test_nothing_unowned_and_nothing_past_is_registered_and_then_nothing_at_all(district):
    good = Line("好", "yz.jtj", ahead())
    with pytest.raises(NotYet, match="第 2 行没有主办单位"):
        booked(district, good, Line("无主", "", ahead()))
    with pytest.raises(NotYet, match="第 2 行的日期"):
        booked(district, good, Line("过去", "yz.jtj", date(2020, 1, 1)))
    assert promised(district.who(DESK, "triage")) == []


def test_the_same_meeting_twice_registers_nothing_twice(district):
    first, again = booked(district), booked(district)
    assert [one.case for one in first] == [one.case for one in again]


def test_closed_on_evidence_that_another_unit_accepted(district):
    [made] = booked(district)
    with pytest.raises(Refused, match="proof-missing"):
        district.act(made.case, c.FinishTask(1), "yz.jtj", "handler")
    district.act(made.case, c.FinishTask(1, (Proof("evidence", "验收单"),)), "yz.jtj", "handler")
    with pytest.raises(Refused):
        district.act(made.case, c.Verify(accept=True, outcome="kept"), "yz.jtj", "handler")
    district.act(made.case, c.Verify(accept=True, outcome="kept"), CHECK, "verifier")
    assert district.state(made.case).stage is Stage.CLOSED


def test_what_was_promised_what_is_due_what_is_late_by_unit(district):
    booked(district, Line("一", "yz.jtj", ahead()), Line("二", "yz.cgj", ahead(1)))
    rows = promised(district.who(DESK, "triage"))
    assert [(one.unit, one.state) for one in rows] == [("yz.cgj", "due"), ("yz.jtj", "due")]


def test_the_units_of_the_district_are_known_by_name(district):
    assert UNITS.items() <= units().items()


def test_a_resident_promises_nothing(district):
    with pytest.raises(Refused, match="staff-only-scene"):
        district.report("commitments", "K01", fields={"due": str(ahead())})

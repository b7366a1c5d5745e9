"""A river rises over its marks and falls again: from readings by HTTP to warnings, each change told once (P2)."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

import feeding
import page_district
from bihuan.desk import api as desk
from bihuan.kernel.refused import Refused
from bihuan.sense.judging import Judge
from bihuan.sense.warn import muted, rules, work
from rest_site import Program, token

BEIJING = ZoneInfo("Asia/Shanghai")
DETECTORS = [
    {"detector": "threshold", "kind": "water_level", "enter": 180.5, "leave": 180.2},
    {"detector": "threshold", "kind": "water_level_guarantee", "enter": 183.5, "leave": 183.2},
]
RIVER = {
    "group": "river", "name": "江河洪水", "name_en": "River flood", "hazard": "natural", "kind": "water_level",
    "detector": "threshold", "level": "IV", "caution": "沿江低处可能上水。", "measures": "转移低处货物。",
    "basis": "重庆市防汛条例 第22条", "audience": "沿江商户、码头", "issue": "self", "places": ["500103013001"],
    "case": "manhole",
}  # fmt: skip
HIGHER = RIVER | {"kind": "water_level_guarantee", "level": "II", "caution": "超保证水位。"}


@pytest.fixture
def site(clean_db, settings, tmp_path):
    settings.DATA = tmp_path
    page_district.build()
    desk.signal_rules.add(DETECTORS, starts=desk.now().date() - timedelta(days=1), basis="试", by="test")
    set_rules(RIVER, HIGHER)
    yield Program(token("wei", "signal"))
    assert desk.audit(1).is_clean


def set_rules(*rows):
    rules.read(rows)
    desk.warnings.add_rules(rows, starts=desk.now().date() - timedelta(days=1), basis="试", by="test")


def send(site, *readings):
    """``(kind, minutes ago, value)`` each, in one message."""
    now = desk.now()
    rows = [
        {"sensor": "cuntan", "kind": kind, "at": (now - timedelta(minutes=ago)).isoformat(), "value": value}
        for kind, ago, value in readings
    ]
    assert site.post("/signals", rows).json()["taken"] == len(rows)


@pytest.fixture
def judge():
    made = Judge()
    return lambda: ([None for _ in iter(made.step, 0)], work.step())


def story(one):
    return [(line.what, line.state, line.level) for line in desk.warnings.history(one.id)]


def river(site, *levels):
    """The level of the river, minutes ago, as both kinds of reading."""
    send(site, *((kind, ago, value) for ago, value in levels for kind in ("water_level", "water_level_guarantee")))


def test_p2_over_alert_and_guarantee_and_down_again_each_told_once(site, judge):
    river(site, (300, 180.0), (290, 180.6), (285, 180.4), (280, 180.7))
    judge()
    (one,) = desk.warnings.open_now()
    assert (one.state, one.level, one.body["name"]) == ("issued", "IV", "江河洪水")
    river(site, (240, 182.0), (230, 183.6), (225, 183.4), (220, 183.9))
    judge()
    (one,) = desk.warnings.open_now()
    assert (one.state, one.level) == ("requested", "II")
    river(site, (120, 183.0), (115, 183.6), (110, 182.9), (60, 180.1), (55, 180.3), (50, 180.0))
    judge()
    judge()
    assert story(one) == [
        ("raised", "issued", "IV"), ("announced", "issued", "IV"), ("up", "requested", "II"),
        ("down", "issued", "IV"), ("over", "over", "IV"),
    ]  # fmt: skip
    assert desk.warnings.open_now() == []


def actor(account):
    one = page_district.PEOPLE[account]
    return desk.Actor(str(page_district.person(account)), one.unit, one.roles, frozenset({one.unit}))


def test_a_warning_opens_one_case_however_often_it_is_looked_at_and_names_it(site, judge):
    river(site, (20, 180.9))
    judge()
    for _ in range(3):
        work.step()
    (one,) = desk.warnings.open_now()
    assert feeding.rows("SELECT state::json->>'channel' FROM case_row WHERE id = %s", [one.case]) == [("sensor",)]
    assert feeding.rows("SELECT count(*) FROM case_row") == [(1,)]


def test_killed_between_the_case_and_the_note_of_it_there_is_still_one_case(site, judge, monkeypatch):
    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(desk.warnings, "announce", killed)
        river(site, (20, 180.9))
        with pytest.raises(KeyboardInterrupt):
            judge()
    work.step()
    assert feeding.rows("SELECT count(*) FROM case_row") == [(1,)]
    assert desk.warnings.open_now()[0].case is not None


def test_what_a_person_is_to_confirm_waits_and_does_nothing_until_then(site, judge):
    set_rules(RIVER | {"issue": "confirm"})
    river(site, (20, 180.9))
    judge()
    (one,) = desk.warnings.open_now()
    assert (one.state, one.case) == ("proposed", None)
    with pytest.raises(Refused, match="wrong-role"):
        desk.warnings.decide(one.id, "confirm", by=actor("wei"))
    desk.warnings.decide(one.id, "confirm", by=actor("zhou"))
    desk.warnings.decide(one.id, "confirm", by=actor("zhou"))
    work.step()
    (one,) = desk.warnings.open_now()
    assert (one.state, one.case is not None) == ("issued", True)
    assert [line.what for line in desk.warnings.history(one.id)] == ["raised", "confirm", "announced"]


def test_dismissed_or_lifted_by_hand_it_needs_a_reason_and_does_not_come_back_while_nothing_new_is_found(site, judge):
    river(site, (20, 180.9))
    judge()
    (one,) = desk.warnings.open_now()
    with pytest.raises(Refused, match="reason-missing"):
        desk.warnings.decide(one.id, "lift", by=actor("zhou"))
    desk.warnings.decide(one.id, "lift", by=actor("zhou"), reason="水文站校准，读数有误")
    river(site, (10, 181.2))
    judge()
    assert desk.warnings.open_now() == []
    river(site, (8, 179.0), (5, 181.0))
    judge()
    assert len(desk.warnings.open_now()) == 1


def test_silenced_it_is_judged_and_shown_and_nothing_follows_until_the_silence_ends(site, judge):
    now = desk.now()
    key = desk.warning_silences.add("river", "", now, now + timedelta(hours=2), "闸门检修", by=actor("zhou"))
    river(site, (20, 180.9))
    judge()
    (one,) = desk.warnings.open_now()
    found = rules.read(desk.warnings.rules_in_force().rows)
    assert (one.state, one.case) == ("issued", None)
    assert muted.by(one, [one], found) == "silence:闸门检修"
    desk.warning_silences.end(key, by=actor("zhou"))
    work.step()
    assert desk.warnings.open_now()[0].case is not None


def test_a_calendar_mutes_week_by_week_between_its_hours(site):
    now = desk.now()
    desk.warning_silences.add(
        "river", "", now, now + timedelta(days=30), "每周放水", by=actor("zhou"), weekdays="3", hours=(2, 4)
    )
    (one,) = desk.warning_silences.current()
    warning = desk.warnings.new("river", "", {}, now, now)
    wednesday = [now + timedelta(hours=at) for at in range(1, 24 * 8)]
    muted = [at for at in wednesday if one.covers(warning, at)]
    assert {(at.astimezone(BEIJING).isoweekday(), at.astimezone(BEIJING).hour) for at in muted} == {(3, 2), (3, 3)}


def test_a_parent_mutes_its_children_and_lets_go_of_them(site, judge):
    underpass = RIVER | {"group": "underpass", "kind": "depth", "name": "下穿道积水", "parent": "river", "level": "IV"}
    set_rules(RIVER, underpass)
    detectors = [*DETECTORS, {"detector": "threshold", "kind": "depth", "enter": 30, "leave": 20}]
    desk.signal_rules.add(detectors, starts=desk.now().date() - timedelta(days=1), basis="试", by="test")
    river(site, (20, 180.9))
    judge()
    send(site, ("depth", 15, 45.0))
    judge()
    parent, child = (
        next(one for one in desk.warnings.open_now() if one.grouped == name) for name in ("river", "underpass")
    )
    assert (parent.case is not None, child.case) == (True, None)
    desk.warnings.decide(parent.id, "lift", by=actor("zhou"), reason="水位已退")
    work.step()
    assert desk.warnings.get(child.id).case is not None


def test_what_still_holds_when_its_time_is_over_is_announced_anew(site, judge):
    river(site, (13 * 60, 180.9))
    judge()
    (one,) = desk.warnings.open_now()
    assert [line.what for line in desk.warnings.history(one.id)].count("extended") == 2
    assert one.until > desk.now()


def test_scored_afterwards_by_people_with_what_was_missed(site, judge):
    river(site, (300, 180.9), (200, 179.0))
    judge()
    (one,) = desk.warnings.past()
    happened = one.issued + timedelta(minutes=40)
    desk.warning_scores.judge(one.id, "true", "沿江路确有上水", by=actor("zhou"), happened=happened)
    desk.warning_scores.missed("river", "", desk.now() - timedelta(days=3), "夜里上水没有预警", by=actor("zhou"))
    (score,) = desk.warning_scores.scores(desk.now() - timedelta(days=30))
    assert (score.precision.count, score.precision.of) == (1, 1)
    assert (score.recall.count, score.recall.of) == (1, 2)
    assert score.lead == timedelta(minutes=40)
    low, high = score.recall.interval
    assert low < 0.5 < high


@pytest.mark.parametrize(("change", "said"), [
    ({"level": "V"}, "no level 'V'"), ({"hazard": "flood"}, "no hazard"), ({"caution": ""}, "caution is missing"),
    ({"group": "other", "parent": "none"}, "no other group 'none'"), ({"hold": -1}, "hold is a whole number"),
    ({"issue": "now"}, "issue is self or confirm"), ({"colour": "red"}, "no column colour"),
])  # fmt: skip
def test_a_rule_that_makes_no_sense_is_refused_with_its_row(change, said):
    with pytest.raises(rules.BadWarningRuleError, match=said):
        rules.read([RIVER | change])

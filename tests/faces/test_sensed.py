"""What the district senses: seen, confirmed, lifted and judged on the page; the wall and the public see theirs."""

import re
from datetime import timedelta

import pytest

import page_district
from bihuan.desk import api as desk
from bihuan.sense.warn import work

BODY = {
    "name": "江河洪水", "name_en": "River flood", "hazard": "natural", "caution": "沿江低处可能上水。",
    "measures": "转移货物。",
    "audience": "沿江商户", "basis": "条例", "places": [page_district.PLACE], "issuer": "district", "sensor": "cuntan",
}  # fmt: skip
ROW = {
    "group": "river", "name": "江河洪水", "hazard": "natural", "kind": "water_level", "detector": "threshold",
    "level": "IV", "caution": "沿江低处可能上水。", "measures": "转移货物。", "basis": "条例",
}  # fmt: skip


@pytest.fixture
def warn(district, settings, tmp_path):
    settings.DATA = tmp_path
    desk.warnings.add_rules([ROW], starts=desk.now().date() - timedelta(days=1), basis="试", by="test")

    def make(state="issued", level="IV", **more):
        at = desk.now() - timedelta(minutes=30)
        with desk.warnings.turn() as turn:
            one = desk.warnings.new("river", "", BODY | more, at, at + timedelta(hours=6))
            one.state, one.level, one.issued = state, level, at if state != "proposed" else None
            turn.changed[one.id] = one
            turn.lines.append(desk.warnings.line(one, "raised", at, reason="cuntan water_level 180.9"))
        return one

    return make


def text(client, address="/console/sensed"):
    return client.get(address).content.decode()


def post(client, **values):
    return client.post("/console/sensed", values)


def test_a_proposed_warning_is_confirmed_on_the_page_by_who_may(district, warn):
    one = warn("proposed")
    zhou, wei = district.client("zhou"), district.client("wei")
    assert 'value="confirm"' in text(zhou)
    assert 'value="confirm"' not in text(wei)
    assert post(wei, do="confirm", warning=one.id).status_code == 422
    assert post(zhou, do="confirm", warning=one.id).status_code == 302
    assert desk.warnings.get(one.id).state == "issued"
    page = text(zhou)
    assert "已发布" in page
    assert "cuntan water_level 180.9" in page


def test_lifted_without_a_reason_is_refused_in_words_and_with_one_it_is_over(district, warn):
    one, zhou = warn(), district.client("zhou")
    assert "理由" in post(zhou, do="lift", warning=one.id).content.decode()
    assert post(zhou, do="lift", warning=one.id, reason="水位已退").status_code == 302
    assert "近来解除的" in text(zhou)
    assert desk.warnings.open_now() == []


def test_judged_afterwards_the_page_tells_precision_and_recall_with_intervals(district, warn):
    one, zhou = warn(), district.client("zhou")
    post(zhou, do="lift", warning=one.id, reason="水位已退")
    post(zhou, do="true", warning=one.id, reason="确有上水", happened=(desk.now()).strftime("%Y-%m-%dT%H:%M"))
    post(zhou, do="missed", group="river", reason="夜里上水", happened="2026-01-05T03:00")
    page = text(zhou)
    assert "100% · 1/1 (21%–100%)" in page
    assert "50% · 1/2 (9%–91%)" in page
    assert post(zhou, do="missed", group="river", reason="夜里", happened="昨天").status_code == 422


def test_a_silence_is_made_and_ended_and_shown_at_the_warning(district, warn):
    warn()
    zhou = district.client("zhou")
    until = (desk.now() + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M")
    assert post(zhou, do="silence", group="river", until=until, reason="闸门检修").status_code == 302
    assert "被静默：闸门检修" in text(zhou)
    key = re.search(r'name="silence" value="([^"]+)"', text(zhou))[1]
    assert post(zhou, do="speak", silence=key).status_code == 302
    assert "被静默" not in text(zhou)


def test_nonsense_is_refused_and_changes_nothing(district, warn):
    zhou = district.client("zhou")
    for values in (
        {"do": "x"},
        {"do": "confirm", "warning": "x"},
        {"do": "silence", "until": "2026-13-01", "reason": "a"},
    ):
        assert post(zhou, **values).status_code == 422


def test_the_wall_shows_open_warnings_and_moves_when_one_changes(district, warn):
    zhou = district.client("zhou")
    before = zhou.get("/screen/live").content
    assert "江河洪水" not in text(zhou, "/screen/")
    warn("requested", "II")
    assert "江河洪水" in text(zhou, "/screen/?part=1")
    assert "报请市级发布" in text(zhou, "/screen/?part=1")
    assert zhou.get("/screen/live").content != before


def test_the_public_sees_what_is_issued_and_not_what_is_proposed_or_asked_of_the_city(district, warn):
    one = warn("proposed")
    assert "江河洪水" not in text(district.client(), "/")
    desk.warnings.decide(
        one.id, "confirm", by=desk.Actor(str(district.person("zhou")), "centre", frozenset({"triage"}))
    )
    assert "沿江低处可能上水。" in text(district.client(), "/")
    work.step()
    assert "江河洪水" in text(district.client(), "/")

"""Warnings of others come in by CAP and are relayed; ours go out by CAP and Atom."""

from dataclasses import replace
from datetime import timedelta

import pytest

import page_district
from bihuan.desk import api as desk
from bihuan.sense.warn import cap, work
from rest_site import Program, token


@pytest.fixture
def gate(district, settings, tmp_path):
    settings.DATA = tmp_path
    return Program(token("zhou", "signal", role="triage"))


def alert(**more):
    now = desk.now().replace(microsecond=0)
    info = cap.Info(
        "zh-CN", "Met", "暴雨", "Immediate", "Severe", "Likely", headline="暴雨橙色预警",
        description="三小时雨量将达五十毫米",
        instruction="停止户外作业", sender="重庆市气象台", expires=now + timedelta(hours=3), areas=("主城",),
    )  # fmt: skip
    return replace(cap.Alert("cq-1", "cqmet", now, "Actual", "Alert", "Public", infos=(info,)), **more)


def send(gate, given):
    data = given if isinstance(given, bytes) else cap.write(given)
    return gate.send("POST", "/cap", raw=data, content_type="application/cap+xml")


def names():
    return [(one.body["name"], one.state, one.level) for one in desk.warnings.open_now()]


def test_an_alert_is_relayed_under_its_senders_name_once(gate, district):
    assert send(gate, alert()).json() == {"taken": True, "why": ""}
    assert send(gate, alert()).json() == {"taken": False, "why": "known"}
    assert names() == [("暴雨橙色预警", "relayed", "II")]
    page = district.client().get("/").content.decode()
    assert "重庆市气象台" in page
    assert "转发" in page
    (one,) = desk.warnings.open_now()
    assert district.client().get(f"/warnings/{one.id}.cap").status_code == 404


def test_an_update_takes_its_place_and_a_cancel_ends_it(gate):
    send(gate, alert())
    info = replace(alert().infos[0], severity="Moderate", headline="暴雨黄色预警")
    send(gate, alert(identifier="cq-2", kind="Update", references=(("cqmet", "cq-1"),), infos=(info,)))
    assert names() == [("暴雨黄色预警", "relayed", "III")]
    send(gate, alert(identifier="cq-3", kind="Cancel", references=(("cqmet", "cq-2"),), infos=()))
    assert names() == []


def test_it_is_over_when_its_time_is(gate, monkeypatch):
    send(gate, alert())
    (one,) = desk.warnings.open_now()
    later = one.until + timedelta(seconds=1)
    monkeypatch.setattr("bihuan.desk.instant.now", lambda *_: later)
    work.step()
    assert names() == []


@pytest.mark.parametrize(("more", "why"), [
    ({"status": "Exercise"}, "exercise"), ({"status": "Test"}, "test"), ({"kind": "Ack"}, "ack"),
    ({"scope": "Private"}, "private"),
])  # fmt: skip
def test_an_exercise_and_what_is_not_for_all_is_not_relayed(gate, more, why):
    assert send(gate, alert(**more)).json() == {"taken": False, "why": why}
    assert names() == []


def test_what_is_wrong_or_hostile_is_refused_in_words(gate):
    bomb = cap.write(alert()).replace(b"?>", b'?><!DOCTYPE a [<!ENTITY x "y">]>', 1)
    for data in (bomb, b"<alert/>", b"", cap.write(alert()).replace(b"Severe", b"Worst")):
        answer = send(gate, data)
        assert answer.status_code in {400, 411, 415, 422}, answer.content
        assert answer.headers["Content-Type"].startswith("application/problem+json")
    assert names() == []


def test_ours_goes_out_as_cap_that_others_can_read_and_follows_what_becomes_of_it(gate, district):
    at = desk.now() - timedelta(minutes=30)
    body = {"name": "江河洪水", "name_en": "River flood", "hazard": "natural", "caution": "上水", "measures": "转移",
            "places": [page_district.PLACE], "issuer": "district"}  # fmt: skip
    with desk.warnings.turn() as turn:
        one = desk.warnings.new("river", "", body, at, at + timedelta(hours=6))
        one.state, one.level, one.issued = "issued", "IV", at
        turn.changed[one.id] = one
        turn.lines.append(desk.warnings.line(one, "raised", at))
    browser = district.client()
    first = cap.read(browser.get(f"/warnings/{one.id}.cap").content)
    assert (first.kind, first.infos[0].event, first.infos[1].event) == ("Alert", "江河洪水", "River flood")
    feed = browser.get("/warnings.atom").content.decode()
    assert f"/warnings/{one.id}.cap" in feed
    zhou = desk.Actor(str(district.person("zhou")), "centre", frozenset({"triage"}))
    desk.warnings.decide(one.id, "lift", by=zhou, reason="水位已退")
    last = cap.read(browser.get(f"/warnings/{one.id}.cap").content)
    assert (last.kind, last.references) == ("Cancel", ((first.sender, first.identifier),))
    assert f"{one.id}" not in browser.get("/warnings.atom").content.decode()

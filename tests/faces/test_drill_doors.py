"""Inside of a drill: its mark on every page and export, its facts in no page, count or feed of the real world (P4)."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import feeding
from bihuan.desk import api, boards, equal, feed, search
from bihuan.desk.notices import plan as notices
from bihuan.kernel import commands as c
from bihuan.testing import cast

START = datetime(2026, 7, 10, 1, 0, tzinfo=UTC)
HERE = "演练里的井盖"
THERE = "真实的井盖"
FILE = """
key: small
plan: flood
title: 防汛演练
starts: 2026-07-10 09:00
hours: 2
"""


@pytest.fixture
def drill(district):
    """One case in the real world and one in a drill, on the same spot."""
    new = api.drills.NewDrill("flood", "防汛演练", FILE, 7, START, parts=(cast.CENTRE, cast.CHENGGUAN))
    made = api.drills.start(api.drills.put(new, by=api.SYSTEM), starts=START)
    district.drill = made
    district.real = report(THERE, 1)
    district.exercise = report(HERE, made.played_in)
    return district


def report(text, world):
    import page_district

    intake = api.Intake("manhole", page_district.PLACE, "portal", {"text": text}, lon=106.52, lat=29.54)
    return api.report(intake, by=api.reporter(str(page_district.person("resident"))), purpose="t", world=world)


def entered(drill, account):
    browser = drill.client(account)
    answer = browser.post(f"/console/drills/{drill.drill.id}", {"do": "enter"})
    assert answer.status_code == 302, answer.content.decode()
    return browser


def actor(drill, account):
    one = drill.PEOPLE[account]
    return api.Actor(str(drill.person(account)), one.unit, frozenset(one.roles))


def seen(browser, address):
    answer = browser.get(address, follow=True)
    return answer.content.decode()


def test_inside_the_inbox_is_the_drills_and_outside_it_is_the_real_one(drill):
    inside, outside = entered(drill, "zhou"), drill.client("zhou")
    assert f"/console/case/{drill.exercise.case}" in seen(inside, "/console/?tab=all")
    assert f"/console/case/{drill.real.case}" not in seen(inside, "/console/?tab=all")
    assert f"/console/case/{drill.real.case}" in seen(outside, "/console/?tab=all")
    assert f"/console/case/{drill.exercise.case}" not in seen(outside, "/console/?tab=all")


def test_a_case_of_the_other_world_is_not_there(drill):
    inside, outside = entered(drill, "zhou"), drill.client("zhou")
    assert inside.get(f"/console/case/{drill.real.case}").status_code == 404
    assert outside.get(f"/console/case/{drill.exercise.case}").status_code == 404
    assert HERE in seen(inside, f"/console/case/{drill.exercise.case}")


def test_what_is_done_inside_is_done_in_the_drill_at_its_own_time(drill):
    inside = entered(drill, "zhou")
    case = drill.exercise.case
    page = inside.get(f"/console/case/{case}").content.decode()
    assert "2026-07-10" in page
    answer = inside.post(f"/console/case/{case}/do", {"move": "accept", "key": "k1"})
    assert answer.status_code == 302, answer.content.decode()[:2000]
    last = api.events_of(case, drill.drill.played_in)[-1]
    accepted = next(one for one in api.events_of(case, drill.drill.played_in) if type(one.event).__name__ == "Accepted")
    assert accepted.at == START <= last.at
    assert inside.post(f"/console/case/{drill.real.case}/do", {"move": "accept", "key": "k2"}).status_code == 404


def test_who_takes_no_part_does_not_get_in_and_who_leaves_is_out(drill):
    apart = (a for a, one in drill.PEOPLE.items() if one.unit not in drill.drill.parts and "oversight" not in one.roles)
    stranger = drill.client(next(apart))
    assert stranger.post(f"/console/drills/{drill.drill.id}", {"do": "enter"}).status_code == 404
    inside = entered(drill, "zhou")
    assert "EXERCISE" in seen(inside, "/console/")
    inside.post("/console/drills/leave")
    assert "EXERCISE" not in seen(inside, "/console/")


def test_when_the_world_is_dropped_the_next_page_is_the_real_one(drill):
    inside = entered(drill, "zhou")
    api.virtual.drop(drill.drill.played_in, by="t", reason="t")
    page = seen(inside, "/console/?tab=all")
    assert "EXERCISE" not in page
    assert f"/console/case/{drill.real.case}" in page


def pages_of_the_console():
    table = (Path(__file__).parents[2] / "docs" / "reference" / "permissions.md").read_text(encoding="utf-8")
    return re.findall(r"^\| `(/console[^`]*)` \| [A-Z ]*GET", table, re.MULTILINE)


def filled(address, drill):
    """The address of a page with the drill, its case, and names that are there or not."""
    known = {"drill": drill.drill.id, "case": drill.exercise.case, "scene": "city", "table": "clocks", "pack": "xlsx"}
    name = "opinion" if "/letter/" in address else f"{'0' * 64}.{'webm' if '/voice/' in address else 'png'}"
    known |= {"name": name, "kind": "pdf", "form": "none"}
    return re.sub(r"<(\w+)>", lambda found: str(known.get(found[1], UUID(int=0))), address)


@pytest.mark.parametrize("address", pages_of_the_console())
def test_every_page_inside_says_that_it_is_a_drill_and_shows_nothing_real(drill, address):
    inside = entered(drill, "zhou")
    answer = inside.get(filled(address, drill))
    told = answer.content.decode(errors="replace")
    if answer.headers.get("Content-Type", "").startswith("text/html"):
        assert "演练 EXERCISE" in told, address
        assert THERE not in told
    else:
        assert address.startswith("/console/drills/"), f"{address} opens inside of a drill without its mark"


@pytest.mark.parametrize(
    "address",
    ["/", "/cases", "/cases.atom", "/screen/", "/places/500103013001", "/places/500103013001.atom",
     "/api/v1/cases", "/open311/v2/requests.json", "/console/search?q=井盖", "/console/unit",
     "/console/evaluation", "/console/oversight", "/console/notices", "/field/tasks"],
)  # fmt: skip
def test_no_page_feed_or_list_of_the_real_world_knows_of_a_drill(drill, address):
    followed()
    told = drill.client("zhou").get(address, HTTP_AUTHORIZATION="Bearer none").content.decode()
    assert HERE not in told
    assert str(drill.exercise.case) not in told
    assert "EXERCISE" not in told


def followed():
    feed.Sequencer().step()
    while boards.step() or search.step() or equal.step() or notices.step():
        pass


def counted(drill):
    """Everything that is counted, listed or told of the real world."""
    followed()
    zhou = actor(drill, "zhou")
    return json.dumps(
        {
            "counts": {**api.count_cases(zhou, ["stage", "category", "place"], {}), "at": ""},
            "board": feeding.rows("SELECT * FROM board_count ORDER BY 1, 2, 3, 4"),
            "facts": feeding.rows("SELECT count(*) FROM board_fact"),
            "words": feeding.rows("SELECT count(*) FROM case_words"),
            "alike": feeding.rows("SELECT count(*) FROM case_alike"),
            "webhooks": feeding.rows("SELECT count(*) FROM webhook_message"),
            "notices": feeding.rows("SELECT count(*) FROM notice"),
            "list": [str(line.id) for line in api.list_cases(zhou, api.Filters("all")).lines],
            "public": [str(one) for one in api.public_cases(api.PublicFilters())],
            "health": api.health().get("cases", 0),
            "signals": feeding.rows("SELECT count(*) FROM signal"),
        },
        default=str,
    )


STEPS = (c.Accept(), c.Dispatch(), c.TakeTask(1), c.ArriveAtTask(1))


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(0, len(STEPS)), min_size=1, max_size=12), st.booleans())
def test_a_drill_beside_a_real_event_changes_no_count_list_or_feed_of_the_real_world(drill, lengths, is_sensed):
    before = counted(drill)
    world = drill.drill.played_in
    zhou, wei = actor(drill, "zhou"), actor(drill, "wei")
    for n, length in enumerate(lengths):
        made = report(f"{HERE} {n}", world)
        for command in STEPS[:length]:
            by = zhou if isinstance(command, (c.Accept, c.Dispatch)) else wei
            api.submit(command, by=by, case=made.case, purpose="t", world=world)
    if is_sensed:
        api.drills.note(world, [(START, "warning", {"level": "II", "sensor": HERE})])
    assert feeding.rows(f"SELECT count(*) FROM case_row WHERE world_id = {world}")[0][0] > len(lengths)
    assert counted(drill) == before


def test_what_a_telephone_did_in_the_real_world_stays_there_though_its_owner_is_in_a_drill(drill):
    inside = entered(drill, "zhou")
    who = inside.get("/field/tasks").json()
    assert (who["world"], who["drill"]) == (drill.drill.played_in, "演练 EXERCISE")
    sent = {"content_type": "application/json", "headers": {"X-Field-Who": who["who"]}}
    entry = {"unit": cast.CENTRE, "do": "report", "age": 0, "text": "路边一棵树倒了", "address": "石桥路口"}
    for key, world in (("1" * 32, 1), ("2" * 32, drill.drill.played_in)):
        told = inside.post("/field/act", entry | {"key": key, "world": world}, **sent)
        assert told.json()["state"] == "done", told.content
    made = feeding.rows("SELECT world_id, count(*) FROM case_row GROUP BY world_id ORDER BY world_id")
    assert made == [(1, 2), (drill.drill.played_in, 2)]
    told = inside.post("/field/act", entry | {"key": "3" * 32, "world": 99}, **sent)
    assert told.json()["code"] == "drill-over"

"""The roster says who is to be reached; the ladder asks it, and never falls into an empty room."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

import feeding
import page_district
from bihuan.desk import api, change, feed, instant, ticker, tidy
from bihuan.desk.notices import kinds, net, plan
from bihuan.kernel import commands as c
from bihuan.kernel.refused import Refused
from bihuan.testing import cast

HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def district(clean_db, settings, tmp_path):
    page_district.build()
    settings.DATA = tmp_path


def actor(account):
    one = page_district.PEOPLE[account]
    return api.Actor(str(page_district.person(account)), one.unit, one.roles, frozenset({one.unit}))


def shift(account, starts, ends, unit=cast.CHENGGUAN, role="handler"):
    one = api.roster.Wanted(unit, role, page_district.person(account), starts, ends)
    return api.roster.put([one], by=api.SYSTEM)


def a_post(account, unit=cast.CHENGGUAN, role="handler"):
    feeding.rows(
        "INSERT INTO post (person_id, unit_id, role, starts) VALUES (%s, %s, %s, %s)",
        [page_district.person(account), unit, role, date(2020, 1, 1)],
    )


@pytest.fixture
def case():
    made = api.report(
        api.Intake("manhole", page_district.PLACE, "portal", {"text": "井盖"}),
        by=api.reporter(str(page_district.person("resident"))), purpose="反映",
    ).case  # fmt: skip
    for command in (c.Accept(), c.Dispatch()):
        api.submit(command, by=actor("zhou"), case=made, purpose="派遣")
    feed.settle()
    plan.step()
    feeding.rows("DELETE FROM notice")
    return made


def when(case, kind):
    """The instant just after the handling clock says this."""
    clock = next(one for one in change.load(case, 1).state.clocks if one.key == "handle")
    return next(alarm.at for alarm in clock.alarms if alarm.kind == kind) + timedelta(seconds=1)


def speak(monkeypatch, now):
    """It is ``now``: the clock says what it has to say, and it is told."""
    monkeypatch.setattr(instant, "wall", lambda: now)
    while ticker.tick_all():
        pass
    feed.settle()
    while plan.step():
        pass


def told(kind):
    rows = feeding.rows(
        "SELECT p.name, n.why FROM notice n JOIN person p ON p.id = n.person_id WHERE kind = %s", [kind]
    )
    return dict(rows)


def test_who_is_on_duty_at_an_instant(case):
    now = instant.wall()
    shift("wei", now - HOUR, now + HOUR)
    shift("gu", now + HOUR, now + 2 * HOUR)
    assert [one.name for one in api.roster.on_duty(now)] == [cast.WEI.name]
    assert [one.name for one in api.roster.on_duty(now + HOUR, cast.CHENGGUAN)] == [cast.GU.name]
    assert api.roster.on_duty(now, cast.ZHUJIAN) == []


def test_without_a_roster_nobody_is_away(case, monkeypatch):
    speak(monkeypatch, when(case, "warn"))
    assert told("warning") == {cast.WEI.name: ""}


def test_a_warning_waits_for_the_opening_and_says_so(case, monkeypatch):
    now = when(case, "warn")
    shift("wei", now + 2 * HOUR, now + 10 * HOUR)
    speak(monkeypatch, now)
    assert told("warning") == {}
    speak(monkeypatch, now + 2 * HOUR + timedelta(seconds=1))
    assert told("warning") == {cast.WEI.name: "held handler@chengguan"}
    assert feeding.rows("SELECT 1 FROM notice_held") == []


def test_what_waited_is_not_told_of_a_case_that_is_over(case, monkeypatch):
    now = when(case, "warn")
    shift("wei", now + 2 * HOUR, now + 10 * HOUR)
    speak(monkeypatch, now)
    feeding.rows("UPDATE case_row SET state = jsonb_set(state::jsonb, '{stage}', '\"closed\"')::text, stage = 'closed'")
    speak(monkeypatch, now + 3 * HOUR)
    assert told("warning") == {}


def test_what_is_urgent_goes_up_at_once_past_an_absent_post(case, monkeypatch):
    now = when(case, "break")
    for account, role in (("wei", "handler"), ("gu", "head")):
        shift(account, now + 2 * HOUR, now + 10 * HOUR, role=role)
    speak(monkeypatch, now)
    overdue = told("overdue")
    assert cast.WEI.name not in overdue
    assert cast.ZHOU.name in overdue
    assert overdue[cast.ZHOU.name].startswith("away handler|head@chengguan")


def test_a_substitute_is_told_instead(case, monkeypatch):
    a_post("pan")
    now = when(case, "warn")
    shift("wei", now - HOUR, now + HOUR)
    (span,) = api.roster.on_duty(now)
    api.roster.swap(span.id, page_district.person("pan"), by=actor("gu"))
    (span,) = api.roster.on_duty(now)
    assert (span.name, span.instead_of) == (cast.PAN.name, cast.WEI.name)
    speak(monkeypatch, now)
    assert told("warning") == {cast.PAN.name: ""}
    api.roster.swap(span.id, page_district.person("wei"), by=actor("gu"))
    assert api.roster.on_duty(now)[0].instead_of == ""


def test_a_statutory_clock_and_a_late_opening_never_wait(case):
    state, now = change.load(case, 1).state, instant.wall()
    clock = next(one for one in state.clocks if one.key == "handle")
    shift("wei", now + 2 * HOUR, now + 10 * HOUR)
    roster = api.roster.Roster(now)
    one = kinds.Told(case, 9, "warning", cast.CHENGGUAN, now, clock.id)
    assert net.until(net.Net(), roster, one, state) == now + 2 * HOUR
    assert net.until(net.Net(hours=1), roster, one, state) is None
    for risky in (replace(clock, statutory=True), replace(clock, due=now + HOUR)):
        assert net.until(net.Net(), roster, one, replace(state, clocks=(risky,))) is None
    assert net.until(net.Net(), roster, replace(one, kind="overdue"), state) is None


def test_oversight_sets_what_may_wait(case, monkeypatch):
    now = when(case, "warn")
    shift("wei", now + 2 * HOUR, now + 10 * HOUR)
    with pytest.raises(Refused, match="wrong-role"):
        api.notices.change_net([], 8, by=actor("gu"))
    with pytest.raises(ValueError, match="72"):
        api.notices.change_net(["warning"], 400, by=actor("ren"))
    api.notices.change_net([], 8, by=actor("ren"))
    speak(monkeypatch, now)
    assert told("warning")[cast.GU.name] == "away handler@chengguan"


def test_only_the_head_of_the_unit_or_above_edits(case):
    now = instant.wall()
    one = api.roster.Wanted(cast.CHENGGUAN, "handler", page_district.person("wei"), now, now + HOUR)
    for account in ("wei", "ding", "zhou"):
        with pytest.raises(Refused, match="wrong-role"):
            api.roster.put([one], by=actor(account))
    assert api.roster.put([one], by=actor("gu")) == 1
    assert api.roster.put([one], by=actor("gu")) == 0
    a_post("meng", "district", "head")
    above = api.Actor(str(page_district.person("meng")), "district", frozenset({"head"}))
    (span,) = api.roster.on_duty(now)
    api.roster.remove(span.id, by=above)
    assert api.roster.on_duty(now) == []


@pytest.mark.parametrize(
    ("who", "hours", "why"), [("wei", 0, "after the beginning"), ("wei", 49, "48 hours"), ("pan", 8, "no post")]
)
def test_what_cannot_be_is_refused_in_words(case, who, hours, why):
    now = instant.wall()
    with pytest.raises(api.roster.BadSpan, match=why):
        shift(who, now, now + hours * HOUR)


def test_the_past_goes_and_there_is_no_place_for_attendance(case):
    now = instant.wall()
    shift("wei", now - timedelta(days=100), now - timedelta(days=100) + HOUR)
    shift("wei", now - timedelta(days=10), now - timedelta(days=10) + HOUR)
    tidy.step()
    assert feeding.rows("SELECT count(*) FROM duty_span") == [(1,)]
    columns = {
        row[0]
        for row in feeding.rows("SELECT column_name FROM information_schema.columns WHERE table_name = 'duty_span'")
    }
    assert columns == {
        "id", "world_id", "district", "unit", "role", "person_id", "instead_of", "starts", "ends", "source",
    }  # fmt: skip

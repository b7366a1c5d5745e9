"""What a door asks before the kernel decides: who is behind a receipt, who lies below the accused, what comes late."""

import uuid
from datetime import timedelta

import pytest
from django.db import connection

import rooms
from bihuan.desk import api, identity, instant, names, units
from bihuan.desk.change import load
from bihuan.kernel import commands as c
from bihuan.kernel.case import Proof, Stage
from bihuan.kernel.refused import Refused
from bihuan.testing import cast
from rest_site import Program, set_up, token

PROOF = (Proof("photo_after", "p1"),)


@pytest.fixture
def district(clean_db):
    identity.forget_numbers()
    rooms.install()


# -- law 4: a receipt code is no verifier -------------------------------------------------------------------------


def answered_report(by=None):
    who = by or api.reporter(str(uuid.uuid4()))
    made = api.report(api.Intake("manhole", "500103010", "portal", {"text": "坏了"}), by=who, purpose="反映")
    for command, one in [(c.Accept(), cast.ZHOU), (c.Dispatch(), cast.ZHOU), (c.FinishTask(1, PROOF), cast.WEI)]:
        rooms.act(made.case, command, one)
    return made


def test_whoever_did_the_work_does_not_close_it_with_a_receipt(district):
    made = answered_report()
    for person, code in ((cast.WEI, "own-work"), (cast.XU, "own-unit")):
        view = api.track(made.receipt, viewer=rooms.actor(person))
        assert view.not_his_to_close.code == code
        assert "verify" not in view.moves
    assert api.track(made.receipt).not_his_to_close is None
    assert "verify" in api.track(made.receipt).moves


def test_a_report_that_the_working_unit_typed_in_is_not_closed_by_its_receipt(district):
    made = answered_report(by=rooms.actor(cast.WEI))
    assert api.track(made.receipt).not_his_to_close.code == "own-unit"


def test_whoever_came_in_by_a_merge_may_dispute_but_not_close_alone(district):
    lead = answered_report()
    other = api.report(
        api.Intake("manhole", "500103010", "portal", {"text": "也坏了"}),
        by=api.reporter(str(uuid.uuid4())),
        purpose="x",
    )
    api.merge(other.case, lead.case, by=rooms.actor(cast.ZHOU), purpose="并案")
    assert api.track(other.receipt).not_his_to_close.code == "not-the-reporter"
    assert api.track(lead.receipt).not_his_to_close is None


def test_over_the_api_the_handler_does_not_confirm_his_own_work(clean_db):
    set_up()
    desk, wei, stranger = Program(token("zhou", role="triage")), Program(token("wei")), Program()
    made = stranger.post("/cases", {"category": "manhole", "place": "500103010", "text": "井盖坏了"}).json()
    for name in ("accept", "dispatch"):
        assert desk.post(f"/cases/{made['id']}/commands/{name}").status_code == 200
    proof = {"task": 1, "proofs": [{"kind": "photo_after", "ref": "p"}]}
    assert wei.post(f"/cases/{made['id']}/commands/finish-task", proof).status_code == 200
    own = wei.post(f"/track/{made['receipt']}/confirm")
    assert (own.status_code, own.json()["code"], own.json()["law"]) == (403, "own-work", 4)
    assert stranger.post(f"/track/{made['receipt']}/confirm").status_code == 200


# -- law 7: nothing reaches an accused unit -----------------------------------------------------------------------


@pytest.fixture
def accused(district):
    """A case that accuses the street, dispatched elsewhere; and a unit founded below the street since."""
    with connection.cursor() as cursor:
        for code, parent, path in ((cast.STREET, None, "/street/"), ("c9", cast.STREET, "/street/c9/")):
            cursor.execute(
                "INSERT INTO unit (code, district, name, name_en, kind, parent_id, path, place, phone)"
                " VALUES (%s, '500103', %s, '', 'street', %s, %s, '', '') ON CONFLICT DO NOTHING",
                [code, code, parent, path],
            )
    for known in (units, names):
        known.forget()
    case = api.report(
        api.Intake("manhole", "500103010", "portal", {"text": "举报"}, barred=(cast.STREET,)),
        by=api.ANONYMOUS,
        purpose="x",
    ).case
    with connection.cursor() as cursor:  # as it was before c9 was founded
        cursor.execute(
            "UPDATE case_row SET barred = '[\"street\"]', state = replace(state, '\"c9\",', '') WHERE id = %s", [case]
        )
    return case


@pytest.mark.parametrize("unit", [cast.STREET, "c9"])
@pytest.mark.parametrize(
    "command",
    [
        lambda unit: c.ReportByLaw("fraud", (unit,), "", "监察法"),
        lambda unit: c.Oversee("remind", unit, "快点"),
        lambda unit: c.Dispatch(unit, reason="属地"),
        lambda unit: c.Dispatch(cast.CHENGGUAN, (unit,), reason="协办"),
    ],
)
def test_no_order_report_or_reminder_reaches_the_accused_or_what_lies_below(accused, unit, command):
    made = command(unit)
    if isinstance(made, c.Dispatch):
        rooms.act(accused, c.Accept(), cast.ZHOU)
    with pytest.raises(Refused, match="route-barred"):
        rooms.act(accused, made, cast.ZHOU)
    with connection.cursor() as cursor:
        cursor.execute('SELECT "to" FROM outbox')
        assert not {row[0].rpartition("@")[2] for row in cursor.fetchall()} & {cast.STREET, "c9"}


# -- law 5: lateness is not undone by one's own word --------------------------------------------------------------


def test_a_step_is_not_told_to_lie_before_what_others_did_last(district):
    case = rooms.dispatched()
    with pytest.raises(Refused, match="time-before-last-step"):
        rooms.act(case, c.TakeTask(1), cast.WEI, happened_at=load(case, 1).state.opened)


def test_a_breach_of_days_ago_is_not_undone(district, monkeypatch):
    case = rooms.dispatched()
    rooms.act(case, c.TakeTask(1), cast.WEI)
    due = next(k for k in load(case, 1).state.clocks if k.key == "handle").due
    monkeypatch.setattr(instant, "now", lambda _world=1: due + timedelta(days=5))
    rooms.act(case, c.Tick(), cast.SYSTEM)
    with pytest.raises(Refused, match="told-too-late"):
        rooms.act(case, c.FinishTask(1, PROOF), cast.WEI, happened_at=due - timedelta(hours=1))
    rooms.act(case, c.FinishTask(1, PROOF), cast.WEI)
    assert load(case, 1).state.overdue == 1


def test_told_the_same_day_it_was_in_time(district, monkeypatch):
    case = rooms.dispatched()
    rooms.act(case, c.TakeTask(1), cast.WEI)
    due = next(k for k in load(case, 1).state.clocks if k.key == "handle").due
    monkeypatch.setattr(instant, "now", lambda _world=1: due + timedelta(hours=5))
    rooms.act(case, c.Tick(), cast.SYSTEM)
    rooms.act(case, c.FinishTask(1, PROOF), cast.WEI, happened_at=due - timedelta(hours=1))
    state = load(case, 1).state
    assert (state.overdue, state.stage) == (0, Stage.VERIFYING)


# -- law 7: of merged reports nobody sees the other's pictures ----------------------------------------------------


def test_each_reporter_sees_the_pictures_that_he_sent(district):
    people = [api.reporter(str(uuid.uuid4())) for _ in range(2)]
    made = [
        api.report(api.Intake("manhole", "500103010", "portal", {"text": "坏了"}), by=who, purpose="反映")
        for who in people
    ]
    for number, (who, one) in enumerate(zip(people, made, strict=True)):
        api.submit(c.AddProof(Proof("photo_before", f"photo:{number}")), by=who, case=one.case, purpose="x")
    api.merge(made[1].case, made[0].case, by=rooms.actor(cast.ZHOU), purpose="并案")
    assert [api.track(one.receipt).pictures for one in made] == [("photo:0",), ("photo:1",)]

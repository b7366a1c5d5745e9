"""Law 7 for what people write beside a command: the history keeps references, the team reads words, erasing erases."""

import dataclasses
import typing
import uuid
from datetime import timedelta

import pytest
from django.db import connection

import rooms
from bihuan.desk import api, identity, instant, reasons, vault
from bihuan.desk.change import load
from bihuan.faces.rest import show
from bihuan.kernel import commands as c
from bihuan.kernel import evolve
from bihuan.kernel.case import Note, Proof, Seal
from bihuan.kernel.refused import Refused
from bihuan.testing import cast

SECRET = "王某某家的电话是一三八"
# What a person fills in that is a code, a reference, a legal basis or a name of ours, and so stays in the history.
CODES = {
    "category", "place", "channel", "receipt", "reporter", "parent", "source", "source_id", "unit", "outcome", "rule",
    "letter", "lead", "kind", "how", "clock", "into", "case", "by_case", "on", "basis", "step", "person", "action",
    "to",
}  # fmt: skip


@pytest.fixture(autouse=True)
def district(clean_db):
    identity.forget_numbers()
    rooms.install()


def everything_stored():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(string_agg(body, ''), '') FROM event"
            " UNION ALL SELECT coalesce(string_agg(state, ''), '') FROM case_row"
            " UNION ALL SELECT coalesce(string_agg(body, ''), '') FROM outbox"
        )
        return "".join(row[0] for row in cursor.fetchall())


def team_reads(case, viewer=cast.ZHOU):
    return api.read_case(rooms.actor(viewer), case, purpose=rooms.PURPOSE)


@pytest.mark.parametrize("command", typing.get_args(c.Command), ids=lambda command: command.__name__)
def test_every_text_of_a_command_is_either_free_and_sealed_or_a_code(command):
    hints = typing.get_type_hints(command)
    texts = {field.name for field in dataclasses.fields(command) if hints[field.name] is str}
    assert texts <= CODES | set(reasons.FREE.get(command, ())), "say in desk/reasons.py whether people write it freely"


def test_no_reason_is_stored_outside_the_vault_and_the_team_reads_every_one():
    case = rooms.dispatched()
    until = instant.now(1) + timedelta(days=1)
    said = [
        (c.AskPause("handle", until, SECRET + "一"), cast.WEI),
        (c.Deny(1, SECRET + "二"), cast.GU),
        (c.ReturnTask(1, SECRET + "三", "三定方案"), cast.WEI),
        (c.Deny(2, SECRET + "四"), cast.ZHOU),
        (c.Oversee("remind", "", SECRET + "五"), cast.ZHOU),
        (c.FinishTask(1, (Proof("photo_after", "p1"),), SECRET + "六"), cast.WEI),
        (c.Verify(accept=False, reason=SECRET + "七"), cast.SU),
    ]
    for command, by in said:
        rooms.act(case, command, by)
    assert SECRET not in everything_stored()
    shown = str(show.events(team_reads(case))) + str(show.case(team_reads(case)))
    for number in "一二三四五六七":
        assert SECRET + number in shown


def test_the_row_is_still_the_fold_of_its_history():
    case = rooms.dispatched()
    rooms.act(case, c.Oversee("remind", "", SECRET), cast.ZHOU)
    state = None
    for recorded in api.events_of(case, 1):
        state = evolve(state, recorded)
    assert state == load(case, 1).state


def test_a_decline_tells_the_reporter_why_and_where_to_go():
    made = rooms.report()
    rooms.act(made.case, c.Decline(SECRET, "职责清单", SECRET + "去那里", "函〔2026〕1号"), cast.ZHOU)
    assert SECRET not in everything_stored()
    view = api.track(made.receipt)
    assert view.state.outcome == SECRET + "去那里"
    assert SECRET in str(view.history)


def test_a_dispatch_by_hand_explains_itself_in_words():
    case = rooms.report().case
    rooms.act(case, c.Accept(), cast.ZHOU)
    rooms.act(case, c.Dispatch(lead=cast.SHEN.unit, reason=SECRET), cast.ZHOU)
    assert SECRET not in everything_stored()
    assert api.explain(team_reads(case).history).owners[-1].basis == SECRET
    assert api.explain(api.events_of(case, 1)).owners[-1].basis == ""


def test_erasing_the_notes_of_a_case_erases_its_reasons_and_leaves_the_rest():
    case = rooms.dispatched()
    rooms.act(case, c.Oversee("remind", "", SECRET), cast.ZHOU)
    before = len(api.events_of(case, 1))
    vault.erase_case_person(case, None, by=rooms.actor(cast.ZHOU), reason="到期", at=instant.now(1))
    view = team_reads(case)
    assert SECRET not in str(view.history)
    assert "已依法删除" in str(view.history)
    assert len(view.history) == before


def disputed_by(reporter):
    who = api.Actor(str(reporter), "", frozenset({"reporter"}))
    made = api.report(api.Intake("manhole", "500103010", "portal", {"text": "坏了"}), by=who, purpose="反映")
    for command, by in [
        (c.Accept(), cast.ZHOU),
        (c.Dispatch(), cast.ZHOU),
        (c.FinishTask(1, (Proof("photo_after", "p1"),)), cast.WEI),
        (c.Verify(accept=True), cast.SU),
    ]:
        rooms.act(made.case, command, by)
    api.submit(c.Dispute(SECRET), by=who, case=made.case, purpose="异议")
    return made


def test_a_reporters_dispute_is_his_and_goes_with_him():
    reporter = uuid.uuid4()
    made = disputed_by(reporter)
    assert SECRET not in everything_stored()
    assert SECRET in str(api.track(made.receipt).history)
    assert SECRET in str(team_reads(made.case).history)
    vault.erase_person(reporter, by=rooms.actor(cast.ZHOU), reason="本人要求", at=instant.now(1))
    assert SECRET not in str(api.track(made.receipt).history) + str(team_reads(made.case).history)


def test_of_merged_reports_each_reporter_reads_only_his_own_words():
    his = disputed_by(uuid.uuid4())
    mine = rooms.report()
    api.merge(mine.case, his.case, by=rooms.actor(cast.ZHOU), purpose="并案")
    assert SECRET in str(api.track(his.receipt).history)
    assert SECRET not in str(api.track(mine.receipt).history)


def test_a_hold_that_comes_along_with_a_merge_brings_its_reason():
    held, lead, other = rooms.dispatched(), rooms.dispatched(), rooms.report().case
    hold = c.LayHold(str(other), "*", SECRET, "文物保护法")
    by = api.Actor(rooms.actor(cast.KE).person, cast.ZHOU.unit, frozenset({"triage", "dispatcher", "handler"}))
    api.submit(hold, by=by, case=held, purpose="x")
    api.merge(held, lead, by=rooms.actor(cast.ZHOU), purpose="并案")
    assert [one.reason for one in team_reads(lead).state.holds] == [SECRET]
    assert SECRET not in everything_stored()


def test_a_note_with_readers_of_its_own_is_not_opened_by_naming_it():
    """Somebody who knows a sealed note's reference writes it where a legal basis stands."""
    case = rooms.dispatched()
    api.submit(
        None,
        by=rooms.actor(cast.ZHOU),
        case=case,
        purpose="记录",
        texts={"inner": SECRET},
        audience={"inner": ("head",)},
    )
    ref = next(note.ref for note in load(case, 1).state.notes if note.kind == "inner")
    rooms.act(case, c.Reseal(Seal.L2, ref), cast.ZHOU)
    view = team_reads(case, cast.WEI)
    assert SECRET not in str(show.events(view)) + str(show.case(view))


def test_blank_reasons_are_refused_as_before():
    case = rooms.dispatched()
    with pytest.raises(Refused, match="reason-missing"):
        rooms.act(case, c.Oversee("remind", "", "  "), cast.ZHOU)


def test_a_steps_data_goes_to_the_vault_field_by_field():
    command = c.TakeStep("punished", (("decision", "渝中罚〔2026〕1号"), ("blank", " ")))
    texts = reasons.texts_of(command)
    sealed = vault.seal(uuid.uuid4(), None, texts)
    stored = reasons.referring(command, sealed.refs)
    assert texts == {"=0": "渝中罚〔2026〕1号"}
    assert stored.data == (("decision", sealed.refs["=0"]), ("blank", " "))
    assert reasons.told(stored, {sealed.refs["=0"]: "x"}).data == (("decision", "x"), ("blank", " "))
    assert list(reasons.refs_in(Note("text", sealed.refs["=0"]))) == []

"""Old text stays readable, and text that is not ours is refused by name."""

from dataclasses import FrozenInstanceError, fields
from datetime import UTC, date, datetime
from uuid import UUID

import orjson
import pytest

from bihuan.desk import codec
from bihuan.kernel import events as e
from bihuan.kernel.calendar import Unit
from bihuan.kernel.case import Alarm, Case, Clock, Seal, Stage

AT = datetime(2026, 6, 1, 1, tzinfo=UTC)
CLOCK = Clock(
    "handle", "handle", 3, Unit.WORKING_DAY, "basis", AT, AT, ("answered",), alarms=(Alarm(AT, "break"),), task=1
)
CASE = Case(
    "city", "1", date(2026, 6, 1), 7, "manhole", "p", Seal.L1, Stage.WORKING, "portal", "d", "u", AT, clocks=(CLOCK,)
)


def test_a_state_comes_back_as_it_was_and_as_fixed():
    again = codec.decode_state(codec.encode_state(CASE))
    assert again == CASE
    assert codec.encode_state(again) == codec.encode_state(CASE)
    assert {name: type(value) for name, value in vars(again).items()} == {
        name: type(value) for name, value in vars(CASE).items()
    }
    with pytest.raises(FrozenInstanceError):
        again.stage = Stage.CLOSED


def test_a_field_that_old_text_does_not_have_takes_its_default():
    raw = orjson.loads(codec.encode_state(CASE))
    del raw["children"], raw["is_disputed"], raw["closed"], raw["clocks"][0]["alarms"]
    again = codec.decode_state(orjson.dumps(raw).decode())
    assert (again.children, again.is_disputed, again.closed, again.clocks[0].alarms) == ((), False, None, ())
    assert set(vars(again)) == {field.name for field in fields(Case)}


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda raw: raw.pop("scene"), "Case: scene missing"),
        (lambda raw: raw["clocks"][0].pop("due"), "Clock: due missing"),
        (lambda raw: raw.update(mood="good"), "Case: mood unknown"),
        (lambda raw: raw.update(stage="asleep"), "asleep"),
    ],
)
def test_text_that_is_not_ours_is_refused_by_name(change, complaint):
    raw = orjson.loads(codec.encode_state(CASE))
    change(raw)
    with pytest.raises(ValueError, match=complaint):
        codec.decode_state(orjson.dumps(raw).decode())


def test_a_registration_of_before_there_were_promised_dates_has_none():
    event = e.Registered("city", 7, "r", "manhole", "p", Seal.L1, "portal", "d", date(2026, 6, 1), due=AT)
    case = UUID(int=1)
    raw = orjson.loads(codec.encode_event(e.Recorded(1, event, "b", "u", AT, AT, "1"), world=1, case=case))
    text = orjson.dumps(raw).decode()
    assert codec.decode_event(text).event.due == AT
    old = codec.decode_event(text.replace(f',"due":{orjson.dumps(raw_due(raw)).decode()}', "")).event
    assert old.due is None
    assert old.number == 7


def raw_due(raw):
    """The promised date as it stands in the stored text, wherever the envelope puts the event."""
    return next(
        one["due"] for one in (raw, *(value for value in raw.values() if isinstance(value, dict))) if "due" in one
    )

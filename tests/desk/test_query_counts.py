"""How often each door asks the database: a constant, whatever lies stored and however long a case's history is."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

import rooms
from bihuan.desk import api, calendars, identity, names, rulebooks, units
from bihuan.kernel import commands as c
from bihuan.testing import cast

MANY = 120
REMINDERS = 8


@pytest.fixture(autouse=True)
def district(clean_db, monkeypatch):
    """Names, units, rules and the calendar are read every few seconds: here once, so that nothing of it is counted."""
    for room in (calendars, names, rulebooks, units):
        monkeypatch.setattr(room, "STALE_AFTER", 3600)
    identity.forget_numbers()
    rooms.install()
    made = rooms.report()
    rooms.act(made.case, c.Accept(), cast.ZHOU)
    viewer = rooms.actor(cast.ZHOU)
    api.read_case(viewer, made.case, purpose=rooms.PURPOSE)
    api.list_cases(viewer, api.Filters())
    api.track(made.receipt)


def asked(work: Callable[[], object]) -> list[str]:
    with CaptureQueriesContext(connection) as seen:
        work()
    return [query["sql"][:100] for query in seen]


def fill(count):
    intakes = (api.Intake("manhole", "500103010", "import", {"text": f"第 {n} 件"}) for n in range(count))
    return [made.case for made in api.report_many(intakes, by=rooms.actor(cast.LIN), purpose="导入")]


def remind(case, times=REMINDERS):
    for number in range(times):
        rooms.act(case, c.Oversee("remind", "", f"第 {number} 次"), cast.ZHOU)


DOORS = {
    # name: (how often it asks, what it does with a dispatched case and its receipt)
    "report": (1, lambda _case, _code: rooms.report()),
    "report under a key": (2, lambda case, _code: rooms.report(key=f"{case}")),
    "command": (2, lambda case, _code: rooms.act(case, c.TakeTask(1), cast.WEI)),
    "command with a reason": (3, lambda case, _code: rooms.act(case, c.Oversee("remind", "", "再次"), cast.ZHOU)),
    "command under a key": (3, lambda case, _code: rooms.act(case, c.TakeTask(1), cast.WEI, key=f"{case}")),
    "read": (6, lambda case, _code: api.read_case(rooms.actor(cast.ZHOU), case, purpose="x")),
    "list": (3, lambda _case, _code: api.list_cases(rooms.actor(cast.ZHOU), api.Filters(), limit=200)),
    "list by category": (4, lambda _c, _r: api.list_cases(rooms.actor(cast.ZHOU), api.Filters(category="manhole"))),
    "track": (5, lambda _case, code: api.track(code)),
}


@pytest.mark.parametrize("door", DOORS)
def test_a_door_asks_as_often_over_few_rows_as_over_many(door):
    most, open_it = DOORS[door]
    first, second = rooms.report(), rooms.report()
    for made in (first, second):
        rooms.act(made.case, c.Accept(), cast.ZHOU)
        rooms.act(made.case, c.Dispatch(), cast.ZHOU)
    few = asked(lambda: open_it(first.case, first.receipt))
    fill(MANY)
    remind(second.case)
    many = asked(lambda: open_it(second.case, second.receipt))
    assert len(few) <= most, few
    assert [sql[:40] for sql in few] == [sql[:40] for sql in many], many


def test_bulk_asks_as_often_for_many_cases_as_for_few():
    fill(1)
    few, many = asked(lambda: fill(3)), asked(lambda: fill(MANY))
    assert len(few) == len(many), many


@pytest.mark.parametrize("command", [c.Accept(), c.Dispatch()])
def test_the_same_command_to_many_cases_is_one_read_and_few_writes(command):
    few, many = fill(3), fill(MANY)
    if isinstance(command, c.Dispatch):
        send(c.Accept(), few + many)
    numbers = [asked(lambda cases=cases: send(command, cases)) for cases in (few, many)]
    assert len(numbers[0]) == len(numbers[1]), numbers[1]


def send(command, cases):
    assert api.submit_many(command, cases, by=rooms.actor(cast.ZHOU), purpose="x") == len(cases)

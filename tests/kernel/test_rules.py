"""Every command has its answer, and every matter its way."""

from dataclasses import replace
from typing import get_args

from bihuan.kernel import commands as c
from bihuan.kernel.calendar import Unit
from bihuan.kernel.decide import HANDLERS
from bihuan.kernel.rules import ClockRule, Route, complete
from bihuan.testing import books


def test_every_command_of_the_union_has_its_answer():
    assert set(HANDLERS) == set(get_args(c.Command))


CITY = books.city()
OWN = ClockRule("x", 1, Unit.HOUR, "b", "accepted", ("closed",))


def test_a_stage_clock_is_completed_and_any_other_left_alone():
    assert complete(ClockRule("handle", 1, Unit.HOUR, "b")).stops == ("answered", "declined")
    assert complete(OWN) == OWN


def test_without_a_row_there_is_no_route():
    book = replace(CITY, routes=(Route("only", "manhole", "0103", "x"),))
    assert book.route("rubbish", "0103") is None
    assert book.route("manhole", "0104") is None
    found = book.route("manhole-lid", "0103-1")
    assert found is not None
    assert found.key == "only"


def test_a_categorys_own_clock_replaces_the_scenes():
    [handle] = [rule for rule in CITY.clocks_for("illegal", "dispatched") if rule.key == "handle"]
    assert handle.amount == 20
    assert CITY.clocks_for("illegal", "dispatched") is CITY.clocks_for("illegal", "dispatched")

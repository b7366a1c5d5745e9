"""A rulebook says what is wrong with it before anybody works by it; every command has its answer."""

from dataclasses import replace
from typing import get_args

import pytest

from bihuan.kernel import commands as c
from bihuan.kernel.calendar import Unit
from bihuan.kernel.case import Stage
from bihuan.kernel.decide import HANDLERS
from bihuan.kernel.rules import Category, ClockRule, Route, Step, complete, problems
from bihuan.testing import books


@pytest.mark.parametrize("book", [books.city(), books.petitions(), books.mediation(), books.care(), books.projects()])
def test_the_rulebooks_of_the_cast_are_sound(book):
    assert problems(book) == []


def test_every_command_of_the_union_has_its_answer():
    assert set(HANDLERS) == set(get_args(c.Command))


CITY = books.city()
BAD_CLOCK = ClockRule("x", 0, Unit.HOUR, "")
ONCE = ClockRule("x", 1, Unit.HOUR, "b", "dispatched", ("step:stopped",), anew=True)
MOVED = ClockRule("handle", 1, Unit.HOUR, "b", "working", ("closed",))
WRONG = {
    "'handle' is missing": replace(CITY, clocks=tuple(r for r in CITY.clocks if r.key != "handle")),
    "at least one triage desk": replace(CITY, desks=()),
    "the amount must be above 0": replace(CITY, clocks=(*CITY.clocks, BAD_CLOCK)),
    "name the legal basis": replace(CITY, clocks=(*CITY.clocks, BAD_CLOCK)),
    "at which moment it starts": replace(CITY, clocks=(*CITY.clocks, BAD_CLOCK)),
    "at which moment it stops": replace(CITY, clocks=(*CITY.clocks, BAD_CLOCK)),
    "fixed by the kernel": replace(CITY, clocks=(*CITY.clocks, MOVED)),
    "category m, clock 'x'": replace(CITY, categories={"m": Category("m", "m", clocks=(BAD_CLOCK,))}),
    "repeats category": replace(CITY, routes=(*CITY.routes, Route("again", "", "", "x"))),
    "names no lead unit": replace(CITY, routes=(Route("nobody", "", "", ""),)),
    "needs unknown step 'y'": replace(CITY, steps={"x": Step("x", "x", (Stage.WORKING,), "handler", needs=("y",))}),
    "must require 'routes'": replace(CITY, steps={"x": Step("x", "x", (Stage.WORKING,), "handler", ends="declined")}),
    "a step that the scene does not have": replace(CITY, clocks=(*CITY.clocks, replace(ONCE, stops=("step:never",)))),
    "may be taken again": replace(CITY, clocks=(*CITY.clocks, ONCE)),
}


@pytest.mark.parametrize(("words", "book"), WRONG.items(), ids=WRONG)
def test_a_rulebook_that_cannot_hold_says_where(words, book):
    found = problems(book)
    assert any(words in problem for problem in found), found


def test_a_stage_clock_is_completed_and_any_other_left_alone():
    assert complete(ClockRule("handle", 1, Unit.HOUR, "b")).stops == ("answered", "declined")
    assert complete(BAD_CLOCK) == BAD_CLOCK


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

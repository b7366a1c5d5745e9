"""A rulebook says what is wrong with it before anybody works by it."""

from dataclasses import replace

import pytest

from bihuan.desk.rulebook_problems import problems
from bihuan.kernel.calendar import Unit
from bihuan.kernel.case import Stage
from bihuan.kernel.rules import Category, ClockRule, Route, Step
from bihuan.testing import books


@pytest.mark.parametrize("book", [books.city(), books.petitions(), books.mediation(), books.care(), books.projects()])
def test_the_rulebooks_of_the_cast_are_sound(book):
    assert problems(book) == []


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

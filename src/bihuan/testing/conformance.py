"""What every scene must keep, whatever it is about: its author inherits these checks, and changes none of them.

A class of tests for each scene that is there::

    from bihuan.testing.conformance import Conformance

    class TestConformance(Conformance):
        pass

They go through the kernel and ``desk.api`` only, and need a fixture ``site``: a database with the units that the tables
name, the scenes told to the desk and their rulebooks imported.
"""
# ruff: noqa: S101 - saying no by assert is what it is for

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import product
from uuid import uuid4

import pytest

from bihuan import scenes
from bihuan.desk import api
from bihuan.kernel import commands as c
from bihuan.kernel import events as e
from bihuan.kernel.case import Role, Seal, Stage
from bihuan.kernel.events import Recorded
from bihuan.kernel.refused import Refused
from bihuan.kernel.rules import ClockRule, Rulebook
from bihuan.testing import kit
from bihuan.testing.walk import PURPOSE, DeskDoor, KernelDoor, Stuck, Walk, post, sample

MARK = "只有经办的人能看到这一句"
MOST_SHAPES = 6
LINKS = frozenset({"case", "accused"})  # what becomes a link or a bar, and is no text
Walked = tuple[Walk, KernelDoor]


@cache
def book_of(scene: str) -> Rulebook:
    return api.upkeep.read_book(scenes.load(scene).tables)


def place_of(scene: str, category: str, lead: str = "") -> str:
    """A place from which the category goes to ``lead``; the first street's where it does not matter."""
    rows = [one for one in book_of(scene).routes if category.startswith(one.category) and lead in {"", one.lead}]
    return next((one.place for one in rows), "") or "500103014001"


def walk(scene: str, category: str, place: str = "", *, parent: str = "", final: str = "") -> Walked:
    """A new case in the kernel alone. ``final``: the case that has already been the last word on it."""
    where = place or place_of(scene, category)
    register = c.Register(1, "receipt", category, where, "web", reporter=str(uuid4()), parent=parent)
    door = KernelDoor(book_of(scene), register, {"prior_final": final} if final else None)
    return Walk(door, book_of(scene)), door


def reviewed(scene: str, category: str) -> str:
    """The earlier case that a case of this category looks at again, if it is one of those."""
    return str(uuid4()) if category in scenes.load(scene).reviews.get("categories", ()) else ""


def reported(scene: str, category: str, place: str = "", **more: object) -> DeskDoor:
    """A new case through the desk, with every field of the report filled in."""
    fields = {one.key: sample(scene, one) for one in api.asked_fields(scene) if one.kind not in LINKS}
    links = [one.key for one in api.asked_fields(scene) if one.kind == "case"]
    if reviewed(scene, category) and links:
        first = next(code for code in book_of(scene).categories if not reviewed(scene, code))
        fields[links[0]] = DeskDoor(
            api.Intake(first, place_of(scene, first), "portal", {"text": MARK}, scene=scene)
        ).receipt
    intake = api.Intake(category, place or place_of(scene, category), "portal", {"text": MARK}, scene=scene)
    return DeskDoor(replace(intake, fields={k: v for k, v in fields.items() if v}, **more))  # type: ignore[arg-type]  # fields of Intake


def shapes(scene: str) -> list[str]:
    """Categories that differ in seal, proofs or clocks: one of each kind."""
    found: dict[object, str] = {}
    for row in book_of(scene).categories.values():
        shape = (row.seal, row.proofs, tuple(rule.key for rule in row.clocks), reviewed(scene, row.code) != "")
        found.setdefault(shape, row.code)
    return list(found.values())[:MOST_SHAPES]


def every_clock(scene: str) -> dict[str, ClockRule]:
    book = book_of(scene)
    own = (rule for row in book.categories.values() for rule in row.clocks)
    return {rule.key: rule for rule in (*book.clocks, *own)}


@pytest.mark.parametrize("scene", scenes.names())
@pytest.mark.usefixtures("site")
class Conformance:
    """One test a promise; each runs for every scene."""

    # -- what is written down ---------------------------------------------------------------------------------------

    def test_the_check_finds_nothing(self, scene: str) -> None:
        """Manifest, tables and rules agree; words are complete in both languages; units exist."""
        units = [unit.code for unit in api.organisation.every_unit()]
        assert [str(one) for one in kit.check(scenes.load(scene).folder, units) if not one.is_notice] == []

    def test_it_is_explained_in_both_languages(self, scene: str) -> None:
        info, book = scenes.load(scene), book_of(scene)
        for language, name in (("zh", info.name), ("en", info.name_en)):
            page = kit.page(info, book, language)  # type: ignore[arg-type]  # a literal in a loop
            assert name in page
            assert "<svg" in page

    # -- every way from the report to the archive -------------------------------------------------------------------

    def test_a_case_of_each_category_comes_to_its_end(self, scene: str) -> None:
        for category in book_of(scene).categories:
            way, _ = walk(scene, category, parent=reviewed(scene, category))
            assert way.to_the_end().state.stage is Stage.ARCHIVED, category

    def test_a_case_by_each_route_comes_to_its_end(self, scene: str) -> None:
        book = book_of(scene)
        for route in book.routes:
            category = next(code for code in book.categories if book.route(code, route.place) is not None)
            exact = (code for code in book.categories if book.route(code, route.place) == route)
            category = next(exact, category)
            way, _ = walk(scene, category, route.place, parent=reviewed(scene, category))
            assert way.to_the_end().state.stage is Stage.ARCHIVED, route.key

    def test_every_step_can_be_taken(self, scene: str) -> None:
        for key in book_of(scene).steps:
            assert self._with_step(scene, key) is not None, f"nobody can ever take step '{key}'"

    @staticmethod
    def _with_step(scene: str, key: str) -> Walked | None:
        """A case in which the step was taken, in the first category and at the first stage where that works."""
        step, finals = book_of(scene).steps[key], [""]
        finals += [str(uuid4())] * bool(scenes.load(scene).reviews.get("final"))
        for final, category in product(finals, book_of(scene).categories):
            for stage in step.stages:
                way, door = walk(scene, category, parent=reviewed(scene, category), final=final)
                try:
                    way.to(stage)
                except Stuck:
                    continue
                if way.take(key):
                    return way, door
        return None

    def test_every_clock_starts_and_stops(self, scene: str) -> None:
        started: set[str] = set()
        for history in self._histories(scene):
            running: set[str] = set()
            for one in history:
                match one.event:
                    case e.ClockStarted(clock=clock):
                        started.add(clock.key)
                        running.add(clock.id)
                    case e.ClockResumed(clock=clock):
                        running.add(clock.id)
                    case e.ClockStopped(clock=clock_id):
                        running.discard(clock_id)
                    case _:
                        pass
            assert not running, f"{running} still tick in a case that is over"
        assert every_clock(scene).keys() <= started, f"never started: {every_clock(scene).keys() - started}"

    def _histories(self, scene: str) -> Iterator[list[Recorded]]:
        """Cases that are over: straight, sent back, returned, disputed, and one by way of each step."""
        for category in shapes(scene):
            for detour in (None, _rework, _return, _dispute):
                way, door = walk(scene, category, parent=reviewed(scene, category))
                if detour is not None:
                    detour(way)
                way.to_the_end()
                yield door.history
        for key in book_of(scene).steps:
            if (found := self._with_step(scene, key)) is not None:
                found[0].to_the_end()
                yield found[1].history

    # -- law 4 ------------------------------------------------------------------------------------------------------

    def test_nobody_closes_his_own_work_and_nothing_closes_without_proof(self, scene: str) -> None:
        book = book_of(scene)
        for category in shapes(scene):
            way, door = walk(scene, category, parent=reviewed(scene, category))
            lead = way.to(Stage.DISPATCHED, Stage.WORKING).state.lead
            if book.proofs_for(category):
                bare = door.send(c.FinishTask(1), lead, "handler")
                assert bare is not None, f"{category} was answered without proof"
            way.to(Stage.ANSWERED, Stage.VERIFYING)
            outcome = (*book.outcomes, "")[0]
            assert door.send(c.Verify(accept=True, outcome=outcome), lead, "verifier") is not None, category

    # -- through the desk -------------------------------------------------------------------------------------------

    def test_through_the_desk_it_closes_on_proof_and_the_reporter_follows_it(self, scene: str) -> None:
        for category in shapes(scene):
            door = reported(scene, category)
            assert api.track(door.receipt).state.stage in {Stage.REGISTERED, Stage.ACCEPTED, Stage.DISPATCHED}
            Walk(door, book_of(scene)).to(Stage.CLOSED)
            assert api.track(door.receipt).state.stage is Stage.CLOSED
            Walk(door, book_of(scene)).to_the_end()
        assert api.audit().problems == []

    def test_what_people_write_stands_in_the_vault_and_not_in_the_history(self, scene: str) -> None:
        door = reported(scene, shapes(scene)[0])
        stored = str([api.to_plain(one.event) for one in door.history])
        assert MARK not in stored
        view = api.read_case(post(door.state.desk, "triage"), door.case, purpose=PURPOSE)
        told = {text.kind: text.text for text in view.texts.values()}
        assert told["text"] == MARK
        for one in api.asked_fields(scene):
            value = sample(scene, one)
            if one.kind not in LINKS and one.kind != "due" and value:
                assert told[one.key] == value, f"field '{one.key}' is lost"

    def test_the_seal_holds_from_the_first_second(self, scene: str) -> None:
        book = book_of(scene)
        for category in shapes(scene):
            door = reported(scene, category)
            state = door.state
            own = book.categories[category].seal or book.seal
            assert state.seal >= (own if book.seal <= Seal.L1 else max(book.seal, own))
            if state.seal < Seal.L2:
                continue
            stranger = self._stranger(door)
            with pytest.raises((api.NotFound, Refused)):
                api.read_case(stranger, door.case, purpose=PURPOSE)
            with pytest.raises(Refused, match="purpose-needed"):
                api.read_case(post(state.desk, "triage"), door.case)
            listed = api.list_cases(stranger, api.Filters(number=state.number)).lines
            assert all(line.category == "" and line.place.code == "" for line in listed)
            asked = api.PublicFilters(numbers=(state.number,))
            assert list(api.public_cases(asked)) == []

    def test_an_accused_unit_never_learns_of_it(self, scene: str) -> None:
        book = book_of(scene)
        route = book.routes[0]
        category = next(code for code in book.categories if code.startswith(route.category))
        if route.lead in book.desks and len(book.desks) == 1:
            return
        door = reported(scene, category, route.place, barred=(route.lead,))
        with pytest.raises(api.NotFound):
            api.read_case(post(route.lead, "head"), door.case, purpose=PURPOSE)
        assert api.list_cases(post(route.lead, "head"), api.Filters(number=door.state.number)).lines == ()
        assert route.lead not in {door.state.desk, door.state.lead}

    def _stranger(self, door: DeskDoor) -> api.Actor:
        """A handler of a unit that has no part in the case."""
        state, book = door.state, book_of(door.state.scene)
        mine = {state.desk, state.lead, state.verifier_unit, book.verifier, *book.desks}
        mine |= {task.unit for task in state.tasks}
        unit = next(
            one.code for one in api.organisation.every_unit() if one.kind == "department" and one.code not in mine
        )
        return post(unit, "handler")


def _rework(way: Walk) -> None:
    way.to(Stage.ANSWERED, Stage.VERIFYING)
    state = way.state
    way.door.send(c.Verify(accept=False, reason="不合格"), state.verifier_unit or state.desk, "verifier")


def _return(way: Walk) -> None:
    state = way.to(Stage.DISPATCHED, Stage.WORKING).state
    lead = next(task for task in state.tasks if task.role is Role.LEAD)
    if way.door.send(c.ReturnTask(lead.id, "不归我们管", "职责清单"), lead.unit, "handler") is not None:
        return
    # Where the desk itself leads, another must judge its objection.
    if way.door.send(c.Grant(1), state.desk, "dispatcher") is not None:
        way.must(c.Deny(1, "应由你单位办理"), f"{lead.unit}-above", "arbiter")


def _dispute(way: Walk) -> None:
    way.to(Stage.CLOSED)
    way.door.send(c.Dispute("没有解决"), "", "reporter")

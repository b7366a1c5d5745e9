"""A sheet filled in: what is known stands there already; what is told is kept, so that nobody has to ask again.

And what follows from it: reports drawn from what is known, and how much paper each community carries.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from bihuan.desk import api
from bihuan.kernel import commands as c
from bihuan.kernel.case import Proof, Stage
from bihuan.kernel.refused import Refused
from bihuan.scenes.forms import booking, sheets
from bihuan.scenes.forms.booking import ASKED, KEPT_AWAY, PAPER, PURPOSE, Entry, form_of, state_of
from bihuan.scenes.forms.rules import SHEET
from bihuan.scenes.forms.sheets import SCENE, Cell, Form, Item

TO_DO = frozenset({Stage.DISPATCHED, Stage.WORKING})
HANDED_IN = frozenset({Stage.ANSWERED, Stage.VERIFYING})


@dataclass(frozen=True)
class Sheet:
    """One community's form. ``rows``: each item with what is known of it."""

    case: UUID
    form: Form
    period: str
    unit: api.UnitName
    rows: Sequence[tuple[Item, Cell]]
    stage: Stage

    @property
    def share(self) -> float:
        """Of the cells, how many nobody has to type."""
        return sum(cell.is_known for _, cell in self.rows) / max(1, len(self.rows))


@dataclass(frozen=True)
class Burden:
    """Of one community in a span: forms, items, minutes as they were sent and as they would have been bare."""

    unit: api.UnitName
    asked: int
    filled: int
    minutes: float
    bare: float
    items: int
    known: int


@dataclass(frozen=True)
class KeptAway:
    """What the gate turned down in a span: requests, and minutes a year that communities were spared."""

    requests: int
    minutes: float


# -- filling in ---------------------------------------------------------------------------------------------------


def sheet(case: UUID) -> Sheet:
    """The form that a community has to fill in, as it stands now. Raises ``LookupError``."""
    form, state = form_of(case), state_of(case)
    unit = api.unit_name(state.lead)
    asks = booking.wanted(form)
    cells = sheets.known([unit], asks)
    rows = [(item, cells[unit.code, item.key]) for item in asks]
    return Sheet(case, form, _period(case), unit, rows, state.stage)


def _period(case: UUID) -> str:
    entry = api.registers.find(SCENE, PAPER, str(api.number_of(case)))
    return str((entry.facts or {}).get("period", "")) if entry is not None else ""


def fill(case: UUID, values: Mapping[str, str], *, by: api.Actor, key: str | None = None) -> None:
    """Take a whole sheet: every item has a value or is read live. Raises ``Wrong`` (nothing is kept), ``Refused``.

    What is told is kept for the next form. The asking unit checks it: not whoever filled it in (law 4).
    """
    one = sheet(case)
    if one.stage not in TO_DO:
        raise Refused("wrong-stage", stage=str(one.stage), allowed=" ".join(sorted(TO_DO)))
    told = {item: sheets.checked(item, values.get(item.key, "")) for item, _ in one.rows if not item.source}
    # The step first: whoever may not fill this in, tells nothing.
    step = c.TakeStep("filled", (("filled_items", str(len(one.rows))),))
    api.submit(step, by=by, case=case, purpose=PURPOSE)
    for item, value in told.items():
        _keep(one, item, value, by)
    number = str(api.number_of(case))
    facts = {item.key: value for item, value in told.items()}
    facts |= {item.key: cell.value for item, cell in one.rows if item.source}
    api.registers.put(
        Entry(SCENE, "sheet", number, one.form.name, one.unit.code, place=one.unit.place, facts=facts), by=by
    )
    _hand_in(one, number, by, key)


def _keep(one: Sheet, item: Item, value: str, by: api.Actor) -> None:
    """The value into the reservoir; a value that was confirmed counts as looked at today."""
    key = sheets.key_of(one.unit.code, item.key)
    before = api.registers.find(SCENE, "known", key)
    if before is not None and (before.facts or {}).get("value") == value:
        api.registers.verify(SCENE, "known", key, by=by)
        return
    facts = {"value": value, "form": one.form.key}
    entry = Entry(SCENE, "known", key, item.name, one.unit.code, place=one.unit.place, facts=facts)
    api.registers.put(entry, by=by)


def _hand_in(one: Sheet, number: str, by: api.Actor, key: str | None) -> None:
    state = state_of(one.case)
    lead = state.lead_task
    if state.stage in TO_DO and lead is not None:
        done = c.FinishTask(lead.id, (Proof("sheet", f"sheet:{number}"),))
        api.submit(done, by=by, case=one.case, purpose=PURPOSE, key=key)
    if state_of(one.case).verifier_unit != one.form.unit:
        api.submit(c.SendToVerify(one.form.unit), by=api.SYSTEM, case=one.case, purpose=PURPOSE)
    paper = api.registers.find(SCENE, PAPER, number)
    if paper is not None:
        facts = {**(paper.facts or {}), "filled": "1"}
        api.registers.put(replace(paper, facts=facts), by=api.SYSTEM)


def take_all(request: UUID, *, by: api.Actor) -> int:
    """The asking unit takes every sheet that waits for it; returns how many."""
    waiting = [case for case, stage in papers(form_of(request)) if stage in HANDED_IN]
    return api.submit_many(c.Verify(accept=True, outcome="filled"), waiting, by=by, purpose=PURPOSE)


def papers(form: Form) -> list[tuple[UUID, Stage]]:
    """The sheets of the period that runs, with how far each is."""
    period = sheets.period(form.every, api.now())
    keys = [booking.digest(form.key, period, unit.code) for unit in sheets.communities(form.place)]
    found = api.registers.find_many(SCENE, ASKED, keys).values()
    cases = [UUID(str((entry.facts or {})["case"])) for entry in found]
    return [(case, state_of(case).stage) for case in cases]


def waiting(by: api.Actor) -> list[tuple[api.Line, Sheet]]:
    """The sheets that the acting unit has to fill in, by due time."""
    page = api.list_cases(by, api.Filters("tasks", category=SHEET), limit=100)
    found = [(line, sheet(line.id)) for line in page.lines if line.stage in TO_DO]
    return sorted(found, key=lambda one: one[0].due or page.at)


# -- what follows -------------------------------------------------------------------------------------------------


def derived(form: Form) -> tuple[list[Item], list[tuple[api.UnitName, list[Cell]]]]:
    """The report drawn from what is known, a row a community: nobody is asked."""
    asks, units = booking.wanted(form), sheets.communities(form.place)
    cells = sheets.known(units, asks)
    return asks, [(unit, [cells[unit.code, item.key] for item in asks]) for unit in units]


def burden(since: datetime, until: datetime) -> list[Burden]:
    """How much paper each community was sent in a span; the heaviest first."""
    sums = ("filled", "minutes", "bare", "items", "known")
    rows = api.registers.totals(SCENE, PAPER, sums, since, until)
    found = [
        Burden(
            api.unit_name(row.unit), row.count, int(row.sums["filled"]), row.sums["minutes"], row.sums["bare"],
            int(row.sums["items"]), int(row.sums["known"]),
        )
        for row in rows
    ]  # fmt: skip
    return sorted(found, key=lambda one: (-one.minutes, one.unit.code))


def kept_away(since: datetime, until: datetime) -> KeptAway:
    rows = api.registers.totals(SCENE, KEPT_AWAY, ("minutes",), since, until)
    return KeptAway(sum(row.count for row in rows), sum(row.sums["minutes"] for row in rows))

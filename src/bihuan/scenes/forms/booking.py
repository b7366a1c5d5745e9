"""From a request to sheets that are sent out: the gate says no by itself, a person says yes, each community gets one.

A form of which everything is known asks nobody.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction

from bihuan.desk import api
from bihuan.kernel import commands as c
from bihuan.kernel.case import Case, Stage
from bihuan.kernel.evolve import fold
from bihuan.kernel.refused import Refused
from bihuan.scenes.forms import sheets
from bihuan.scenes.forms.gate import Cost, Request, Verdict, judge
from bihuan.scenes.forms.rules import LAW, SHEET
from bihuan.scenes.forms.sheets import SCENE, Cell, Form, Item

NEW, PAST, PURPOSE = "F01", "F09", "表单准入 forms"
PAPER, ASKED, KEPT_AWAY = "paper", "asked", "refused"
# What a form may not ask of a community: it belongs to a person, and into a case that is sealed (laws 7 and 9).
OF_PEOPLE = ("姓名", "身份证", "手机", "电话", "住址", "银行卡", "人脸", "指纹", "评分", "积分")
Entry = api.registers.Entry
# A sheet passes by the gate that its form has passed by a person.
BY_RULE = replace(api.SYSTEM, roles=frozenset({"system", "triage"}))


class CannotAsk(ValueError):
    """A request that is not complete: a code of ``pages.WRONG`` and what it is about. Nothing was registered."""

    def __init__(self, code: str, about: str = "") -> None:
        super().__init__(code)
        self.code, self.about = code, about


@dataclass(frozen=True)
class Looked:
    """What the gate would say, and what the form would cost, before anything is registered."""

    verdict: Verdict
    cost: Cost


# -- the request --------------------------------------------------------------------------------------------------


def look(request: Request, drafts: Mapping[str, Item] | None = None) -> Looked:
    """Nothing is stored. ``drafts``: items that nobody has asked before. Raises ``CannotAsk``."""
    dictionary = sheets.items() | dict(drafts or {})
    asks = [_item(dictionary, key) for key in request.items]
    if not request.name.strip() or not asks:
        raise CannotAsk("empty")
    units = sheets.communities(request.place)
    if not units:
        raise CannotAsk("nobody", request.place)
    cost = sheets.cost(units, asks, request.every, sheets.known(units, asks))
    return Looked(judge(request, sheets.duty(request.duty), cost, _today()), cost)


def _item(dictionary: Mapping[str, Item], key: str) -> Item:
    if key not in dictionary:
        raise CannotAsk("item", key)
    return dictionary[key]


def _today() -> date:
    return api.now().astimezone(ZoneInfo(settings.ZONE)).date()


def draft_item(name: str, measure: str, kind: str = "number") -> Item:
    """An item of this name: the one that is there, or a new one. Raises ``CannotAsk`` for persons' data."""
    if any(word in name for word in OF_PEOPLE):
        raise CannotAsk("person", name)
    known = {item.name: item for item in sheets.items().values()}
    return known.get(name) or Item(f"i{digest(name)[:10]}", name, kind=kind, measure=measure)


def ask(
    request: Request, *, by: api.Actor, key: str, drafts: Mapping[str, Item] | None = None
) -> tuple[api.Outcome, Looked]:
    """Register the request. What the gate refuses is declined at once, with rule and way; a person decides the rest.

    The same ``key`` is the same request. Raises ``CannotAsk``, ``Refused`` and ``KeyReused``.
    """
    looked = look(request, drafts)
    whole = digest(by.unit, repr(request), key)
    with transaction.atomic():
        made = _register(request, looked, whole, drafts or {}, by)
    if looked.verdict.refused is not None and state_of(made.case).stage is Stage.REGISTERED:
        _decline(made, request, looked, by.unit)
    return made, looked


def _register(request: Request, looked: Looked, whole: str, drafts: Mapping[str, Item], by: api.Actor) -> api.Outcome:
    """The case, its form and the new items of the dictionary: all or none."""
    for item in (drafts[key] for key in request.items if key in drafts):
        kept = {"kind": item.kind, "measure": item.measure}
        api.registers.put(Entry(SCENE, "item", item.key, item.name, by.unit, facts=kept), by=by)
    form = f"{by.unit}.{whole[:12]}"
    facts = {name: value for name, value in asdict(request).items() if name not in {"name", "why", "items"}}
    facts |= {"items": " ".join(request.items), "days": str(request.days), "law": looked.verdict.law}
    api.registers.put(Entry(SCENE, "form", form, request.name, by.unit, facts=facts), by=by)
    fields = {
        "form": form,
        "duty": request.duty,
        "law": looked.verdict.law,
        "money": request.money,
        "every": request.every,
        "receivers": str(looked.cost.communities),
        "cost": str(looked.cost.minutes_a_year),
    }
    texts = {"text": f"{request.name}\n{request.why}".strip()}
    intake = api.Intake(NEW, "", "form", texts, scene=SCENE, fields={k: v for k, v in fields.items() if v})
    made = api.report(intake, by=by, purpose=PURPOSE, key=whole)
    _keep_request(made, form, by.unit)
    return made


def _keep_request(made: api.Outcome, form: str, unit: str) -> None:
    facts = {"form": form, "case": str(made.case)}
    entry = Entry(SCENE, "request", str(made.number), str(made.number), unit, facts=facts)
    if api.registers.find(SCENE, "request", entry.key) is None:
        api.registers.put(entry, by=api.SYSTEM)


def _decline(made: api.Outcome, request: Request, looked: Looked, unit: str) -> None:
    refused = looked.verdict.refused
    if refused is None:
        return
    reason, _ = api.words_of(refused)
    route = f"{api.unit_name(unit).name}自行办理；有不同意见，向表单准入受理台补充依据后重新申请"
    api.submit(c.Decline(reason, refused.rule or LAW, route), by=api.SYSTEM, case=made.case, purpose=PURPOSE)
    facts = {"why": refused.code, "communities": str(looked.cost.communities), "minutes": str(looked.cost.bare_a_year)}
    kept = Entry(SCENE, KEPT_AWAY, str(made.number), request.name, unit, facts=facts, verified=api.now())
    api.registers.put(kept, by=api.SYSTEM)


def approve(case: UUID, *, by: api.Actor) -> None:
    """The desk lets it through: the gate is looked at again as it is now. Raises ``Refused``."""
    form = form_of(case)
    verdict = look(request_of(form)).verdict
    api.submit(c.TakeStep("gate", tuple(verdict.found.items())), by=by, case=case, purpose=PURPOSE)
    api.submit(c.Accept(), by=by, case=case, purpose=PURPOSE)
    api.submit(c.Dispatch(lead=form.unit, reason="由要表单位主办"), by=by, case=case, purpose=PURPOSE)


def request_of(form: Form) -> Request:
    return Request(form.name, form.items, form.duty, form.law, form.money, form.every, form.place, form.days)


def asked_by(case: UUID) -> str:
    """The unit that asked, if this is a request. It knows of its own request before the case is with it."""
    entry = api.registers.find(SCENE, "request", str(api.number_of(case)))
    return entry.unit if entry is not None else ""


def form_of(case: UUID) -> Form:
    """Of a request, or of a sheet. Raises ``LookupError``."""
    number = str(api.number_of(case))
    for kind in ("request", PAPER):
        entry = api.registers.find(SCENE, kind, number)
        found = sheets.form(str((entry.facts or {}).get("form", ""))) if entry is not None else None
        if found is not None:
            return found
    raise LookupError(f"no form belongs to case {case}")


def state_of(case: UUID) -> Case:
    return fold(api.events_of(case, 1))


def past_the_gate(text: str, *, by: api.Actor) -> api.Outcome:
    """A community tells of paper that came past the gate. Raises ``CannotAsk`` and ``Refused``."""
    if not text.strip():
        raise CannotAsk("silent")
    intake = api.Intake(PAST, api.unit_name(by.unit).place, "form", {"text": text}, scene=SCENE)
    return api.report(intake, by=by, purpose=PURPOSE)


# -- sent out -----------------------------------------------------------------------------------------------------


def issue(case: UUID, *, by: api.Actor) -> tuple[int, int]:
    """Ask this period's form of every community that has something to add; returns asked, and known without asking.

    Again in the same period asks nobody twice. Raises ``Refused`` where the request is not with this unit.
    """
    form, state = form_of(case), state_of(case)
    if "gate" not in state.steps:
        raise Refused("gate-first", rule=LAW, step="gate")
    period, asks = sheets.period(form.every, api.now()), wanted(form)
    units = sheets.communities(form.place)
    cells = sheets.known(units, asks)
    own = {unit: [(item, cells[unit.code, item.key]) for item in asks] for unit in units}
    asked = [unit for unit, row in own.items() if not all(cell.is_known for _, cell in row)]
    # The step first: whoever may not do this, asks nobody.
    step = c.TakeStep("issued", (("issued_units", str(len(asked))),))
    api.submit(step, by=by, case=case, purpose=PURPOSE)
    keys = {unit: digest(form.key, period, unit.code) for unit in asked}
    earlier = api.registers.find_many(SCENE, ASKED, keys.values())
    papers = {
        unit: UUID(str((earlier[key].facts or {})["case"]))
        if key in earlier
        else _ask_one(form, period, unit, own[unit], key, parent=case, by=by)
        for unit, key in keys.items()
    }
    _send(form, papers)
    return len(asked), len(units) - len(asked)


def digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def wanted(form: Form) -> list[Item]:
    dictionary = sheets.items()
    return [dictionary[key] for key in form.items if key in dictionary]


@transaction.atomic
def _ask_one(
    form: Form,
    period: str,
    unit: api.UnitName,
    own: Sequence[tuple[Item, Cell]],
    key: str,
    *,
    parent: UUID,
    by: api.Actor,
) -> UUID:
    due = (_today() + timedelta(days=form.days)).isoformat()
    fields = {"form": form.key, "period": period, "due": due}
    texts = {"text": f"{form.name}（{period}）"}
    intake = api.Intake(SHEET, unit.place, "form", texts, scene=SCENE, fields=fields, parent=parent)
    made = api.report(intake, by=by, purpose=PURPOSE, key=key)
    facts = {
        "form": form.key, "period": period, "case": str(made.case), "items": str(len(own)),
        "known": str(sum(cell.is_known for _, cell in own)), "filled": "0",
        "minutes": f"{sum(sheets.minutes(item, cell) for item, cell in own):.1f}",
        "bare": f"{sum(item.minutes for item, _ in own):.1f}",
    }  # fmt: skip
    paper = Entry(SCENE, PAPER, str(made.number), form.name, unit.code, place=unit.place, facts=facts)
    api.registers.put(paper, by=api.SYSTEM)
    asked = Entry(SCENE, ASKED, key, form.name, unit.code, place=unit.place, facts={"case": str(made.case)})
    api.registers.put(asked, by=api.SYSTEM)
    return made.case


def _send(form: Form, papers: Mapping[api.UnitName, UUID]) -> None:
    """Each sheet to its community. What an interrupted press left at the desk goes on from there."""
    gate = tuple(look(request_of(form)).verdict.found.items())
    cases = list(papers.values())
    api.submit_many(c.TakeStep("gate", gate), cases, by=BY_RULE, purpose=PURPOSE)
    api.submit_many(c.Accept(), cases, by=api.SYSTEM, purpose=PURPOSE)
    for unit, case in papers.items():
        if state_of(case).stage is Stage.ACCEPTED:
            sent = c.Dispatch(lead=unit.code, reason=form.name)
            api.submit(sent, by=api.SYSTEM, case=case, purpose=PURPOSE)

"""A form that somebody filled in: its fields read one by one, and the command that it becomes."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest

from bihuan.desk import api as desk
from bihuan.faces.console.forms import Field, Form
from bihuan.faces.i18n import say
from bihuan.faces.typed import Mistyped, tidy
from bihuan.kernel import commands as c
from bihuan.kernel.case import Proof, Seal


class Said:
    """What came with a form, field by field; a missing or over-long one is refused with its name."""

    def __init__(self, request: HttpRequest, form: Form, fields: tuple[Field, ...]) -> None:
        self._request = request
        self._labels = {field.name: field.label for field in fields}
        self._required = {field.name for field in fields if field.required}
        self._most = {field.name: field.most for field in fields}
        self._choices = {field.name: {value for value, _ in field.choices} for field in fields}
        self.label = form.label

    def text(self, name: str) -> str:
        try:
            value = tidy(self._request.POST.get(name, ""), most=self._most.get(name, 2000), lines=True)
        except Mistyped as mistyped:
            raise Mistyped(f"{self._labels.get(name, name)}：{mistyped.text}") from None
        if not value and name in self._required:
            raise Mistyped(say("请填“{field}”。", field=self._labels.get(name, name)))
        return value

    def one_of(self, name: str) -> str:
        """What was chosen, which must be one of the choices offered."""
        value = self.text(name)
        if value not in self._choices[name]:
            raise Mistyped(say("“{field}”请从列出的选项里选。", field=self._labels[name]))
        return value

    def many(self, name: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(v[:32] for v in self._request.POST.getlist(name)))

    def whole(self, name: str) -> int:
        value = self.text(name)
        if not value.isdigit() or len(value) > 12:
            raise Mistyped(say("“{field}”要写整数。", field=self._labels.get(name, name)))
        return int(value)

    def instant(self, name: str) -> datetime:
        """Local time of the district, as the browser's own field gives it."""
        try:
            return datetime.fromisoformat(self.text(name)).replace(tzinfo=ZoneInfo(settings.ZONE))
        except ValueError:
            raise Mistyped(say("“{field}”要写日期和时间。", field=self._labels.get(name, name))) from None

    def proofs(self) -> tuple[Proof, ...]:
        """Photographs are stored first: a reference in the history always leads to its picture."""
        found = []
        for name, label in self._labels.items():
            if not name.startswith("proof-"):
                continue
            file = self._request.FILES.get(name)
            if file is not None:
                found.append(Proof(name.removeprefix("proof-"), desk.keep_photo(file.read())))
            elif name in self._required:
                raise Mistyped(say("请填“{field}”。", field=label))
        return tuple(found)

    def data(self) -> tuple[tuple[str, str], ...]:
        found = ((n.removeprefix("data-"), self.text(n)) for n in self._labels if n.startswith("data-"))
        return tuple((key, value) for key, value in found if value)


def command(key: str, target: str, said: Said) -> tuple[c.Command | None, dict[str, str]]:  # noqa: C901, PLR0911, PLR0912 - table
    """The command of a filled form, and the texts that go to the vault with it. Raises ``Mistyped``."""
    task = int(target) if target.isdigit() and len(target) < 9 else 0
    match key:
        case "accept":
            return c.Accept(said.text("new_fact")), {}
        case "recategorise":
            return c.Recategorise(said.text("category"), said.text("reason")), {}
        case "decline":
            return c.Decline(said.text("reason"), said.text("rule"), said.text("route"), said.text("letter")), {}
        case "dispatch":
            return c.Dispatch(said.text("lead"), said.many("assists"), said.text("reason")), {}
        case "assist":
            return c.AddTask(said.text("unit")), {}
        case "take":
            return c.TakeTask(task), {}
        case "arrive":
            return c.ArriveAtTask(task), {}
        case "finish":
            return c.FinishTask(task, said.proofs()), {"answer": said.text("answer")}
        case "return":
            return c.ReturnTask(task, said.text("reason"), said.text("rule")), {}
        case "release":
            return c.ReleaseTask(task, said.text("reason")), {}
        case "cancel":
            return c.CancelTask(task, said.text("reason")), {}
        case "step":
            return c.TakeStep(target, said.data()), {}
        case "note":
            return None, {"answer" if said.text("kind") == "answer" else "work": said.text("text")}
        case _:
            return _closing(key, target, said), {}


def _closing(key: str, target: str, said: Said) -> c.Command:  # noqa: C901, PLR0911, PLR0912 - a table
    number = int(target) if target.isdigit() and len(target) < 9 else 0
    match key:
        case "send-to-verify":
            return c.SendToVerify(said.text("unit"))
        case "verify":
            return c.Verify(accept=True, outcome=said.text("outcome"))
        case "sample":
            return c.Verify(accept=True, how="sample", outcome=said.text("outcome"))
        case "reject":
            return c.Verify(accept=False, reason=said.text("reason"))
        case "dispute":
            return c.Dispute(said.text("reason"))
        case "follow-up":
            return c.FollowUp(target, is_settled=said.text("settled") == "1", reason=said.text("reason"))
        case "archive":
            return c.Archive()
        case "grant":
            return c.Grant(number)
        case "deny":
            return c.Deny(number, said.text("reason"))
        case "pause":
            return c.AskPause(target, said.instant("until"), said.text("reason"))
        case "extend":
            return c.AskExtend(target, said.whole("amount"), said.text("reason"))
        case "resume":
            return c.Resume(target, said.text("reason"))
        case "lift-hold":
            return c.LiftHold(target, said.text("reason"))
        case "champion":
            return c.NameChampion(said.one_of("person"))
        case "remind" | "oversee":
            return c.Oversee(key, "", said.text("reason"))
        case "raise-seal":
            return c.Reseal(_level(said), said.text("rule"))
        case "lower-seal":
            return c.AskSeal(_level(said), said.text("reason"))
        case _:
            raise Mistyped(say("没有这个操作。"))


def _level(said: Said) -> Seal:
    try:
        return Seal(said.text("seal"))
    except ValueError:
        raise Mistyped(say("没有这个封存级别。")) from None

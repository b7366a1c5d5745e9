"""Example cases in different stages, brought in through the door that everybody uses. All facts are fictional."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction

from bihuan.demo import papers
from bihuan.desk import api
from bihuan.kernel import commands as c
from bihuan.kernel.case import Case, Proof, Request, Role
from bihuan.kernel.evolve import fold
from bihuan.scenes.commitments import booking, reader
from bihuan.scenes.forms import sheets

FILE, MEETING = Path(__file__).parent / "cases.json", Path(__file__).parent / "meeting.txt"
DESK, VERIFIER = "yz.zhzx", "yz.jdzx"
PURPOSE = "示范 demo"
Step = Callable[[int, int], None]


@dataclass
class Tale:
    """One case on its way: each move happens a little later than the last, never after now."""

    case: UUID
    at: datetime
    gap: timedelta
    staff: Mapping[tuple[str, str], api.Actor]
    said: Mapping[str, Mapping[str, str]]  # what is filled in with each step

    @property
    def state(self) -> Case:
        return fold(api.events_of(self.case, 1))

    def who(self, unit: str, *roles: str) -> api.Actor:
        return next(self.staff[unit, role] for role in roles if (unit, role) in self.staff)

    def does(self, by: api.Actor, command: c.Command, **texts: str) -> None:
        self.at += self.gap
        api.submit(command, by=by, case=self.case, purpose=PURPOSE, happened_at=self.at, texts=texts or None)


def load(step: Step) -> int:
    """Load the cases of ``cases.json`` once. Each comes whole or not at all, so an interrupted load goes on."""
    if api.organisation.demo_stage() == "filled":
        return 0
    rows = [row for row in json.loads(FILE.read_text(encoding="utf-8")) if row.get("scene", "city") in settings.SCENES]
    staff = _staff()
    cases: list[api.Outcome] = []
    for number, row in enumerate(rows):
        step(number, len(rows))
        with transaction.atomic():
            cases.append(_tell(number, row, staff, cases))
    said = 0
    if booking.SCENE in settings.SCENES:
        said = len(_hold_meeting(staff[DESK, "triage"]))
    if sheets.SCENE in settings.SCENES:
        with transaction.atomic():
            said += papers.play(who)
    api.organisation.mark_demo(is_filled=True)
    step(len(rows), len(rows))
    return len(rows) + said


def _hold_meeting(clerk: api.Actor) -> list[api.Outcome]:
    """Eight units spoke today; a clerk confirmed what was read as it was read."""
    today = api.now().date()
    found = reader.propose(MEETING.read_text(encoding="utf-8"), today, booking.units())
    lines = [booking.Line(one.sentence, one.unit, one.due, one.category) for one in found]
    return booking.register(lines, meeting="示范区治理工作会议", held=today, by=clerk)


@cache
def _staff() -> dict[tuple[str, str], api.Actor]:
    """An actor for each post; the first who holds it."""
    from bihuan.demo import load as people  # noqa: PLC0415 - load imports this module

    found: dict[tuple[str, str], api.Actor] = {}
    for username, _, unit, roles, _, _ in people.district()["staff"]:
        actor = api.Actor(str(people.person_id(username)), unit, frozenset(roles), frozenset({unit}))
        for role in roles:
            found.setdefault((unit, role), actor)
    return found


def who(unit: str, roles: tuple[str, ...]) -> api.Actor | None:
    """Who of the fictional staff holds a post of a unit in one of these roles; heads stand in for handlers."""
    staff = _staff()
    wanted = (*roles, "head") if roles == ("handler",) else roles
    return next((staff[unit, role] for role in wanted if (unit, role) in staff), None)


def _tell(
    number: int, row: Mapping[str, Any], staff: Mapping[tuple[str, str], api.Actor], cases: list[api.Outcome]
) -> api.Outcome:
    path = row["path"].split()
    now = api.now()
    opened = now - timedelta(hours=row["hours"])
    texts = {kind: row[kind] for kind in ("text", "address", "contact") if row.get(kind)}
    fields = dict(row.get("fields", {}))
    if "earlier" in row:
        fields["earlier"] = cases[row["earlier"]].receipt
    place = f"500103{row['place']}"
    intake = api.Intake(row["category"], place, row["channel"], texts, scene=row.get("scene", "city"), fields=fields)
    told = api.report(intake, by=api.ANONYMOUS, purpose=PURPOSE, key=f"demo-{number}", happened_at=opened)
    if told.replayed:
        return told
    tale = Tale(told.case, opened, (now - opened) / (2 * len(path) + 4), staff, row.get("said", {}))
    for move in path:
        if move in tale.said:
            _step(tale, move)
        else:
            MOVES[move](tale)
    if "duplicate_of" in row:
        into = cases[row["duplicate_of"]].case
        api.merge(told.case, into, by=staff[DESK, "dispatcher"], purpose=PURPOSE)
    return told


# -- moves --------------------------------------------------------------------------------------------------------


def _step(tale: Tale, key: str) -> None:
    """A scene's own step, by whoever may take it."""
    state = tale.state
    by = api.book_in_force(state.scene).steps[key].by
    unit = {"triage": state.desk, "verifier": state.verifier_unit or state.desk}.get(by, state.lead)
    tale.does(tale.who(unit, by), c.TakeStep(key, tuple(tale.said[key].items())))


def _accept(tale: Tale) -> None:
    tale.does(tale.who(tale.state.desk, "triage"), c.Accept())


def _decline(tale: Tale) -> None:
    why = "私人债务纠纷不属于城市管理事项", "《民事诉讼法》第一百二十二条", "区人民法院立案庭或人民调解委员会"
    tale.does(tale.who(DESK, "triage"), c.Decline(*why))


def _dispatch(tale: Tale) -> None:
    tale.does(tale.who(tale.state.desk, "dispatcher"), c.Dispatch())


def _take(tale: Tale) -> None:
    for task in tale.state.tasks:
        if task.role is Role.LEAD:
            tale.does(tale.who(task.unit, "handler", "head"), c.TakeTask(task.id))


def _arrive(tale: Tale) -> None:
    task = _lead(tale)
    tale.does(tale.who(task.unit, "handler", "head"), c.ArriveAtTask(task.id))


def _assist(tale: Tale) -> None:
    """Every assisting unit does its part."""
    for task in tale.state.tasks:
        if task.role is Role.ASSIST and task.is_open:
            tale.does(tale.who(task.unit, "handler", "head"), c.FinishTask(task.id), work="协办已到场配合")


def _finish(tale: Tale) -> None:
    task, state = _lead(tale), tale.state
    book = api.book_in_force(state.scene)
    proofs = tuple(Proof(kind, _proof(kind)) for kind in book.proofs_for(state.category))
    tale.does(tale.who(task.unit, "handler", "head"), c.FinishTask(task.id, proofs), work="已到场处置完毕")


def _verify(tale: Tale) -> None:
    state = tale.state
    outcome = (*api.book_in_force(state.scene).outcomes, "")[0]
    tale.does(tale.who(state.verifier_unit or state.desk, "verifier"), c.Verify(accept=True, outcome=outcome))


def _reject(tale: Tale) -> None:
    tale.does(tale.who(VERIFIER, "verifier"), c.Verify(accept=False, reason="现场仍有杂物,未达到结案条件"))


def _dispute(tale: Tale) -> None:
    tale.does(tale.who("yz.dcs", "oversight"), c.Dispute("回访反映电梯又停了"))


def _return(tale: Tale) -> None:
    task = _lead(tale)
    why = c.ReturnTask(task.id, "夜市摊点由街道管理,建议改派街道", "街道职责清单(样例)第12项")
    tale.does(tale.who(task.unit, "handler"), why)


def _pause(tale: Tale) -> None:
    lead = _lead(tale).unit
    until = api.now() + timedelta(days=5)
    tale.does(tale.who(lead, "handler"), c.AskPause("handle", until, "等待业主大会表决"))
    tale.does(tale.who(lead, "head"), c.Grant(_open_request(tale).id))


def _extend(tale: Tale) -> None:
    tale.does(tale.who(_lead(tale).unit, "handler"), c.AskExtend("handle", 2, "需调取三年账目"))


def _stopped(tale: Tale) -> None:
    tale.does(tale.who(_lead(tale).unit, "handler"), c.TakeStep("stopped"))


def _punished(tale: Tale) -> None:
    step = c.TakeStep("punished", (("decision", "示范罚字〔0000〕1号"),))
    tale.does(tale.who(_lead(tale).unit, "handler"), step)


def _lead(tale: Tale) -> Any:  # noqa: ANN401 - a task; None cannot be, the path dispatches first
    return tale.state.lead_task


def _open_request(tale: Tale) -> Request:
    return next(request for request in tale.state.requests if request.is_open)


MOVES: Mapping[str, Callable[[Tale], None]] = {
    "accept": _accept,
    "decline": _decline,
    "dispatch": _dispatch,
    "take": _take,
    "arrive": _arrive,
    "assist": _assist,
    "finish": _finish,
    "verify": _verify,
    "reject": _reject,
    "dispute": _dispute,
    "return": _return,
    "pause": _pause,
    "extend": _extend,
    "stopped": _stopped,
    "punished": _punished,
}


def _proof(kind: str) -> str:
    return api.keep_photo(_picture()) if kind.startswith("photo") else f"示范-{kind}"


def _picture(width: int = 320, height: int = 200) -> bytes:
    """A drawn stand-in for a photograph, as PNG: sky, wall and ground."""
    bands = [(0.45, (176, 206, 228)), (0.8, (214, 208, 196)), (1.0, (126, 130, 128))]
    rows = b"".join(
        b"\0" + bytes(next(colour for until, colour in bands if y < until * height)) * width for y in range(height)
    )

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")

"""One address for each command of the kernel that people may send, with a body made from the command's own fields."""

from __future__ import annotations

import dataclasses
import re
import typing
from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from types import UnionType
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Body, Router
from pydantic import Field, StringConstraints, create_model

from bihuan.desk import api as desk
from bihuan.faces.rest import auth, send
from bihuan.faces.rest.incoming import In, Instant, Texts
from bihuan.faces.rest.outgoing import ChangeOut
from bihuan.kernel import commands as c
from bihuan.kernel.case import Proof

# Command → the scopes of which a token needs one. None: any token; a statutory report is never held up (law 7).
SCOPES: Mapping[type, tuple[str, ...]] = {
    c.Accept: ("triage",),
    c.Recategorise: ("triage",),
    c.Decline: ("triage",),
    c.Dispatch: ("triage",),
    c.AddTask: ("triage", "work"),
    c.CancelTask: ("triage", "work"),
    c.TakeTask: ("work",),
    c.ReleaseTask: ("work",),
    c.ArriveAtTask: ("work",),
    c.FinishTask: ("work",),
    c.ReturnTask: ("work",),
    c.TakeStep: ("work", "triage"),
    c.AddProof: ("work",),
    c.SendToVerify: ("triage",),
    c.Verify: ("verify",),
    c.Dispute: ("report", "oversight"),
    c.FollowUp: ("verify", "triage"),
    c.Archive: ("triage", "oversight"),
    c.AskPause: ("work",),
    c.AskExtend: ("work",),
    c.AskSeal: ("work", "triage"),
    c.Grant: ("work", "triage", "oversight"),
    c.Deny: ("work", "triage", "oversight"),
    c.Resume: ("work", "triage"),
    c.LayHold: ("work", "triage"),
    c.LiftHold: ("work", "triage"),
    c.Reseal: ("work", "triage"),
    c.ReportByLaw: (),
    c.NameChampion: ("oversight", "triage"),
    c.Oversee: ("oversight",),
}
# Sent by the machine, or through doors of their own: registration, import, the halves of merging and splitting.
NOT_FOR_PEOPLE = (
    c.Register, c.ImportCase, c.Absorb, c.MergeInto, c.Unmerge, c.Part, c.AddChild, c.AddNote, c.Tick, c.Recompute,
)  # fmt: skip
LENGTHS = {"reason": 500, "outcome": 80, "rightful_route": 500, "basis": 300, "rule": 300, "new_fact": 500}


class ProofIn(In):
    """`ref`: what `POST /photos` gave, or a reference of your own system."""

    kind: Annotated[str, StringConstraints(min_length=1, max_length=32)]
    ref: Annotated[str, StringConstraints(min_length=1, max_length=200)]


def name_of(command: type) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "-", command.__name__).lower()


def body_of(command: type) -> type[In]:
    """The command's fields, and `texts` for the vault and `happened_at` beside them."""
    hints = typing.get_type_hints(command)
    found: dict[str, Any] = {}
    for field in dataclasses.fields(command):
        required = field.default is dataclasses.MISSING
        found[field.name] = (_hint(field.name, hints[field.name]), ... if required else _default(field.default))
    found["texts"] = (Texts, Field({}, description="Free text by kind (`answer` reaches the reporter); into the vault"))
    found["happened_at"] = (Instant | None, Field(None, description="When it happened; without it, now"))
    model: type[In] = create_model(f"{command.__name__}In", __base__=In, __doc__=_doc(command), **found)
    return model


def _doc(command: type) -> str:
    """A dataclass without a docstring of its own has its signature for one."""
    text = command.__doc__ or ""
    return "" if text.startswith(f"{command.__name__}(") else text.replace("``", "`")


def _default(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def _hint(name: str, hint: Any) -> Any:  # noqa: ANN401, PLR0911 - a table; a type hint has no narrower type
    if hint is str:
        return Annotated[str, StringConstraints(max_length=LENGTHS.get(name, 120))]
    if hint is int:
        return Annotated[int, Field(strict=True, ge=0, le=10_000)]
    if hint is bool:
        return Annotated[bool, Field(strict=True)]
    if hint is datetime:
        return Instant
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return Literal[tuple(str(member) for member in hint)]
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin is UnionType:
        return _hint(name, args[0]) | None
    if origin is tuple and args[0] is Proof:
        return Annotated[list[ProofIn], Field(max_length=50)]
    if origin is tuple and typing.get_origin(args[0]) is tuple:
        return Annotated[dict[str, Annotated[str, StringConstraints(max_length=5000)]], Field(max_length=50)]
    if origin is tuple:
        item: Any = _hint(name, args[0])
        return Annotated[list[item], Field(max_length=50)]
    if hint is Proof:
        return ProofIn
    raise TypeError(f"{name}: a body for {hint!r} is not known; add it to commands._hint")


def command_of(command: type, body: In) -> c.Command:
    """The body as the kernel's own frozen value."""
    hints = typing.get_type_hints(command)
    given = {f.name: _value(hints[f.name], getattr(body, f.name)) for f in dataclasses.fields(command)}
    made: c.Command = command(**given)
    return made


def _value(hint: Any, given: Any) -> Any:  # noqa: ANN401 - as _hint
    if given is None:
        return None
    if isinstance(given, ProofIn):
        return Proof(given.kind, given.ref)
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return hint(given)
    if typing.get_origin(hint) is UnionType:
        return _value(typing.get_args(hint)[0], given)
    if isinstance(given, dict):
        return tuple((str(key), str(value)) for key, value in given.items())
    if isinstance(given, list):
        return tuple(_value(typing.get_args(hint)[0], item) for item in given)
    return given


def routes() -> Router:
    router = Router(tags=["commands"])
    for command, scopes in SCOPES.items():
        router.add_api_operation(
            f"/cases/{{uuid:case_id}}/commands/{name_of(command)}",
            ["POST"],
            _operation(command, body_of(command)),
            auth=auth.Bearer(*scopes),
            response={200: ChangeOut},
            operation_id=f"command_{name_of(command).replace('-', '_')}",
            summary=" · ".join(desk.COMMAND_WORDS[command.__name__]),
            description=_doc(command),
            openapi_extra=send.CHANGES | {"x-scopes": list(scopes)},
        )
    return router


def _operation(command: type, model: type[In]) -> Callable[..., HttpResponse]:
    def operation(request: HttpRequest, case_id: UUID, body: In) -> HttpResponse:
        made = command_of(command, body)
        texts = getattr(body, "texts", None)
        return send.change(request, case_id, made, texts=texts, happened_at=getattr(body, "happened_at", None))

    operation.__annotations__["body"] = model
    operation.__defaults__ = (Body(...),)  # type: ignore[type-arg]
    return operation

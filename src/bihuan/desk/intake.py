"""Registration: one report in one round trip, or many by COPY, with all laws on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, connection

from bihuan.desk import answers, facts, identity, instant, photos, prior, rulebooks, scene_fields, store, vault
from bihuan.desk.actor import Actor
from bihuan.desk.answers import Outcome
from bihuan.desk.change import NOTHING_SEALED, Asked, Folding, as_uuid, happened
from bihuan.desk.micro import told
from bihuan.desk.store import Change
from bihuan.kernel import commands as c
from bihuan.kernel.case import Proof, Seal
from bihuan.kernel.refused import Refused


@dataclass(frozen=True)
class Intake:
    """A report as it comes in. ``texts``: note kind to free text or personal data (``text``, ``contact``).

    ``lon``/``lat`` are WGS84 degrees (converted at the edge). ``barred``: units that the matter accuses.
    ``fields``: what the scene asks of a report, by the keys of its manifest. ``due``: promised for this very case.
    ``photos``: references of photographs that come with it.
    """

    category: str
    place: str
    channel: str
    texts: Mapping[str, str]
    scene: str = "city"
    lon: float | None = None
    lat: float | None = None
    barred: tuple[str, ...] = ()
    seal: str | None = None
    is_order: bool = False
    parent: UUID | None = None
    due: datetime | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
    photos: tuple[str, ...] = ()


def report(
    intake: Intake,
    *,
    by: Actor,
    purpose: str,
    key: str | None = None,
    world: int = 1,
    happened_at: datetime | None = None,
) -> Outcome:
    """Register a case: number, receipt code and first clock at once, in one round trip to the database.

    Raises ``Refused`` and ``KeyReused``. The same key gives the same answer, also to two requests at the same time.
    """
    digest = answers.digest_of(intake)
    if earlier := answers.replay(world, by.person, key, digest):
        return earlier
    return register(intake, Asked(by, purpose, world, key, happened_at), digest)


def register(intake: Intake, asked: Asked, digest: bytes) -> Outcome:
    """``report`` for a door that has already looked for an earlier answer under the key."""
    change, code = registration(intake, asked, number=identity.next_number(asked.world))
    try:
        store.write(answers.keep(change, asked.by.person, asked.key, digest, code))
    except IntegrityError:
        if connection.in_atomic_block:  # nothing more can be read in it: the caller looks again after its end
            raise
        if earlier := answers.replay(asked.world, asked.by.person, asked.key, digest):
            return earlier
        raise
    return answers.outcome(change, code)


def registration(
    intake: Intake, asked: Asked, *, number: int, recorded_at: datetime | None = None
) -> tuple[Change, str]:
    """The change that registers ``intake``, and its receipt code. Stores nothing but that its photographs are used."""
    case, by = identity.new_id(), asked.by
    recorded_at = recorded_at or instant.now(asked.world)
    at = happened(asked.happened_at, None, recorded_at)
    code = identity.new_code(asked.world, by.person, asked.key)
    receipt = identity.code_digest(code)
    told.need_open(intake.scene)
    if not by.unit and not scene_fields.declared(intake.scene).is_public:
        raise Refused("staff-only-scene", scene=intake.scene)
    intake, looked_up = _with_fields(intake, asked)
    # Who types in what another told him is not the reporter.
    himself = as_uuid(by.person) if not by.unit else None
    person = himself or (identity.new_id() if intake.texts.get("contact") or intake.fields else None)
    sealed = vault.seal(case, person, intake.texts) if intake.texts else NOTHING_SEALED
    command = c.Register(
        number=number,
        receipt=receipt.hex(),
        category=intake.category,
        place=intake.place,
        channel=intake.channel,
        reporter=str(person) if person else "",
        notes=sealed.notes(),
        seal=facts.seal(intake.seal),
        barred=facts.barred(intake.barred),
        parent=str(intake.parent) if intake.parent else "",
        is_order=intake.is_order,
        due=intake.due,
    )
    folding = Folding(rulebooks.rules_for(intake.scene, at), None, recorded_at)
    folding.apply(command, c.Ctx(at, by.person or command.reporter, by.unit, by.roles, looked_up))
    for ref in intake.photos:  # part of the report, also from a unit that has no part in the case afterwards
        with_it = c.Ctx(at, by.person or command.reporter, by.unit, by.roles | {"system"})
        folding.apply(c.AddProof(Proof("photo_site", ref)), with_it)
    photos.claim(one.event for one in folding.events)
    change = folding.change(case, asked.world, settings.DISTRICT, sealed)
    return replace(change, receipt=receipt, lon=intake.lon, lat=intake.lat), code


def _with_fields(intake: Intake, asked: Asked) -> tuple[Intake, dict[str, object]]:
    """The scene's own fields as texts for the vault; ``fields`` keeps the personal ones. And the facts for the kernel.

    A case that comes back to an earlier one is sealed no lower than that, and barred to the same units.
    """
    if not intake.fields:
        return intake, {}
    given = scene_fields.check(intake.scene, intake.fields)
    links = scene_fields.of_kind(intake.scene, "case", given)
    found = [prior.find(intake.scene, given.pop(key), by=asked.by, world=asked.world) for key in links]
    promised = [given.pop(key) for key in scene_fields.of_kind(intake.scene, "due", given)]
    if promised:
        intake = replace(intake, due=scene_fields.end_of_day(promised[0]))
    accused = [given.pop(key) for key in scene_fields.of_kind(intake.scene, "accused", given)]
    intake = replace(intake, barred=(*intake.barred, *accused))
    personal = {key: given[key] for key in scene_fields.personal_keys(intake.scene) & given.keys()}
    intake = replace(intake, texts={**intake.texts, **given}, fields=personal)
    if not found:
        return intake, {}
    earlier = found[0]
    seal = max(facts.seal(intake.seal) or Seal.L0, earlier.state.seal)
    barred = tuple(dict.fromkeys((*intake.barred, *earlier.state.barred)))
    intake = replace(intake, parent=earlier.id, seal=seal, barred=barred)
    return intake, {"prior_final": earlier.final} if earlier.final else {}


def report_many(
    intakes: Iterable[Intake], *, by: Actor, purpose: str, world: int = 1, slice_size: int = 1000
) -> Iterator[Outcome]:
    """Register many cases, a slice a transaction; memory does not grow with their number.

    A slice is stored whole or not at all: when one of its reports is refused, nothing of the slice was stored.
    """
    asked = Asked(by, purpose, world)
    left = iter(intakes)
    while batch := list(islice(left, slice_size)):
        numbers = identity.next_numbers(world, len(batch))
        made = [registration(intake, asked, number=n) for intake, n in zip(batch, numbers, strict=True)]
        store.write_many([change for change, _ in made])
        yield from (answers.outcome(change, code) for change, code in made)

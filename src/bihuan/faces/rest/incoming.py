"""What comes in: bodies and their limits, as the OpenAPI document shows them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

MOST_TEXT = 5000

Code = Annotated[str, StringConstraints(max_length=32, pattern=r"^[0-9A-Za-z._@:-]*$")]
Place = Annotated[str, StringConstraints(max_length=15, pattern=r"^[0-9]*$")]
Word = Annotated[str, StringConstraints(max_length=24, pattern=r"^[a-z][a-z0-9_-]*$")]
Line = Annotated[str, StringConstraints(max_length=500)]
FreeText = Annotated[str, StringConstraints(min_length=1, max_length=MOST_TEXT, pattern=r"\S")]
# Beyond these no calendar reckons, and within them no sum of days overflows.
Instant = Annotated[AwareDatetime, Field(ge=datetime(2000, 1, 1, tzinfo=UTC), le=datetime(2200, 1, 1, tzinfo=UTC))]
Texts = Annotated[dict[Word, FreeText], Field(max_length=8)]


class In(BaseModel):
    """A body: unknown fields are refused by name, and no number passes for a text."""

    model_config = ConfigDict(extra="forbid")


class ReportIn(In):
    """A report. What is written goes into the vault; the history keeps a reference.

    Coordinates are WGS84 (CGCS2000) degrees. `barred`: codes of units that the matter accuses; neither they nor
    anything below them will ever see the case. Without a category the triage desk chooses one.
    """

    category: Code = ""
    place: Place = Field("", description="The statistical code of the place, or its beginning")
    text: FreeText = Field(description="What happened, in the reporter's words")
    address: Annotated[str, StringConstraints(max_length=200)] = ""
    contact: Annotated[str, StringConstraints(max_length=200)] = Field("", description="How to reach the reporter")
    scene: Word = "city"
    fields: dict[Word, FreeText] = Field(
        default_factory=dict, max_length=30, description="What the scene asks besides: see `GET /scenes`"
    )
    channel: Word = "api"
    lon: float | None = Field(None, ge=-180, le=180, allow_inf_nan=False)
    lat: float | None = Field(None, ge=-90, le=90, allow_inf_nan=False)
    barred: Annotated[list[Code], Field(max_length=20)] = []
    seal: Literal["L0", "L1", "L2", "L3"] | None = Field(
        None, description="Raises the scene's own level, never lowers it"
    )
    is_order: Annotated[bool, Field(strict=True)] = Field(False, description="An order from above: accepted at once")
    due: Instant | None = Field(None, description="Promised for this very case, by staff; caps the handling time")
    happened_at: Instant | None = None


class WordIn(In):
    """`confirm` needs no text; `dispute` and `note` do."""

    text: Annotated[str, StringConstraints(max_length=MOST_TEXT)] = ""


class MergeIn(In):
    into: UUID


class ReasonIn(In):
    reason: Line


class SplitIn(In):
    parts: Annotated[list[ReportIn], Field(min_length=1, max_length=20)]


class SignalIn(In):
    """What a sensor observed: of a thing or a place, never of a person. `value` null: it spoke and had no number."""

    sensor: Annotated[str, StringConstraints(min_length=1, max_length=80, pattern=r"^[0-9A-Za-z][0-9A-Za-z._:/-]*$")]
    kind: Annotated[str, StringConstraints(max_length=32, pattern=r"^[a-z][a-z0-9_]*$")]
    at: Instant = Field(description="When it happened, by the sensor's clock")
    value: float | None = Field(strict=True, allow_inf_nan=False, description="In `unit`, as the sensor gave it")
    unit: Annotated[str, StringConstraints(max_length=16, pattern=r"^[^\x00-\x1f\x7f]*$")] = ""
    place: Place = ""
    lon: float | None = Field(None, ge=-180, le=180, allow_inf_nan=False)
    lat: float | None = Field(None, ge=-90, le=90, allow_inf_nan=False)

"""The tables. A case row is both storage and read model; it equals the fold of its events.

Written only by ``desk.submit`` (cases, tasks, events, outbox, receipts, vault), ``desk.feed`` (feed, ledger) and
``desk.access`` (log). Every table of the loop carries its world and its district.
"""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

REAL_WORLD = 1


class World(models.Model):
    """A world for ever apart from the others: the real one (id 1), a drill or a simulation, with its own clock and numbers."""

    id = models.SmallAutoField(primary_key=True)
    key = models.CharField(max_length=64, unique=True)
    kind = models.CharField(max_length=16, choices=[(k, k) for k in ("real", "drill", "simulation")])
    district = models.CharField(max_length=12)
    virtual_now = models.DateTimeField(null=True)
    next_number = models.BigIntegerField(default=1)
    created = models.DateTimeField()
    dropped = models.DateTimeField(null=True)
    drop_record = models.JSONField(null=True)

    class Meta:
        db_table = "world"


class Unit(models.Model):
    """A unit (district, street, community, grid, department, partner, desk). ``path`` is ``/a/b/code/`` for subtrees."""

    code = models.CharField(max_length=32, primary_key=True)
    district = models.CharField(max_length=12)
    name = models.CharField(max_length=80)
    name_en = models.CharField(max_length=120, blank=True)
    kind = models.CharField(max_length=16)
    parent = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="below")
    path = models.CharField(max_length=400, db_index=True)
    place = models.CharField(max_length=15, blank=True)
    phone = models.CharField(max_length=40, blank=True)
    starts = models.DateField(null=True)
    ends = models.DateField(null=True)

    class Meta:
        db_table = "unit"


class Person(models.Model):
    """An opaque person. Staff have a working name; a resident's name and telephone are in the vault only."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    user = models.OneToOneField(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL)
    name = models.CharField(max_length=80, blank=True)

    class Meta:
        db_table = "person"


class Post(models.Model):
    """A person in a unit with a role, from a day to a day."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="posts")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="posts")
    role = models.CharField(max_length=24)
    starts = models.DateField()
    ends = models.DateField(null=True)

    class Meta:
        db_table = "post"
        constraints = [models.UniqueConstraint(fields=["person", "unit", "role", "starts"], name="post_once")]


class Token(models.Model):
    """An API token: only its SHA-256 is kept. ``scopes`` are words such as ``report read work verify``."""

    digest = models.BinaryField(primary_key=True, max_length=32)
    post = models.ForeignKey(Post, on_delete=models.CASCADE)
    name = models.CharField(max_length=80)
    scopes = models.CharField(max_length=200)
    created = models.DateTimeField()
    expires = models.DateTimeField(null=True)
    revoked = models.DateTimeField(null=True)

    class Meta:
        db_table = "token"


class CaseRow(models.Model):
    """One case. ``state`` is the whole folded value as JSON; the other columns are what lists and the ticker ask for."""

    id = models.UUIDField(primary_key=True)
    world_id = models.SmallIntegerField()
    district = models.CharField(max_length=12)
    number = models.BigIntegerField()
    scene = models.CharField(max_length=32)
    book = models.CharField(max_length=32)
    category = models.CharField(max_length=32)
    place = models.CharField(max_length=15)
    seal = models.SmallIntegerField()
    stage = models.CharField(max_length=12)
    is_open = models.BooleanField()
    desk = models.CharField(max_length=32)
    lead = models.CharField(max_length=32)
    reporter = models.UUIDField(null=True)
    barred = models.JSONField(default=list)
    verifier = models.CharField(max_length=32, blank=True)
    named = models.JSONField(default=list)
    merged_into = models.UUIDField(null=True)
    lon = models.FloatField(null=True)
    lat = models.FloatField(null=True)
    opened = models.DateTimeField()
    changed = models.DateTimeField()
    due = models.DateTimeField(null=True)
    next_due = models.DateTimeField(null=True)
    is_overdue = models.BooleanField(default=False)
    is_disputed = models.BooleanField(default=False)
    version = models.IntegerField()
    state = models.TextField()

    class Meta:
        db_table = "case_row"
        constraints = [models.UniqueConstraint(fields=["world_id", "number"], name="case_number_once")]
        indexes = [
            models.Index(fields=["world_id", "next_due"], name="case_ticker", condition=Q(next_due__isnull=False)),
            models.Index(fields=["world_id", "lead", "stage", "-id"], name="case_by_lead"),
            models.Index(fields=["world_id", "desk", "stage", "-id"], name="case_by_desk"),
            models.Index(fields=["world_id", "place", "-id"], name="case_by_place"),
            models.Index(fields=["world_id", "lead", "due"], name="case_due", condition=Q(is_open=True)),
        ]


class TaskRow(models.Model):
    """One task of a case, for the lists of assisting units and volunteers; derived from the state at every write."""

    id = models.BigAutoField(primary_key=True)
    world_id = models.SmallIntegerField()
    district = models.CharField(max_length=12)
    case = models.ForeignKey(CaseRow, on_delete=models.CASCADE, db_constraint=False)
    task = models.IntegerField()
    unit = models.CharField(max_length=32)
    role = models.CharField(max_length=8)
    status = models.CharField(max_length=10)
    is_open = models.BooleanField()
    due = models.DateTimeField(null=True)

    class Meta:
        db_table = "task_row"
        constraints = [models.UniqueConstraint(fields=["case", "task"], name="task_once")]
        indexes = [models.Index(fields=["world_id", "unit", "is_open", "-case"], name="task_by_unit")]


class EventRow(models.Model):
    """One event: ``body`` is the exact text that was hashed. Append-only by trigger and by grant."""

    id = models.BigAutoField(primary_key=True)
    world_id = models.SmallIntegerField()
    district = models.CharField(max_length=12)
    case_id = models.UUIDField()
    number = models.IntegerField()
    kind = models.CharField(max_length=24)
    body = models.TextField()

    class Meta:
        db_table = "event"
        constraints = [models.UniqueConstraint(fields=["case_id", "number"], name="event_once")]


class Pending(models.Model):
    """Events ``first`` to ``last`` of a case that the sequencer has not yet copied into the feed."""

    id = models.BigAutoField(primary_key=True)
    world_id = models.SmallIntegerField()
    case_id = models.UUIDField()
    first = models.IntegerField()
    last = models.IntegerField()

    class Meta:
        db_table = "pending"


class FeedRow(models.Model):
    """Position ``pos`` (from 0, without gaps) of the feed of one world, and the leaf hash of the event's text."""

    id = models.BigAutoField(primary_key=True)
    world_id = models.SmallIntegerField()
    pos = models.BigIntegerField()
    event_id = models.BigIntegerField(unique=True)
    leaf = models.BinaryField(max_length=32)

    class Meta:
        db_table = "feed"
        constraints = [models.UniqueConstraint(fields=["world_id", "pos"], name="feed_once")]


class Subtree(models.Model):
    """The root of a complete subtree of the ledger: level 8, 16 or 24, from index 0."""

    world_id = models.SmallIntegerField()
    level = models.SmallIntegerField()
    index = models.BigIntegerField()
    digest = models.BinaryField(max_length=32)

    class Meta:
        db_table = "subtree"
        constraints = [models.UniqueConstraint(fields=["world_id", "level", "index"], name="subtree_once")]


class Head(models.Model):
    """A signed tree head."""

    world_id = models.SmallIntegerField()
    size = models.BigIntegerField()
    root = models.BinaryField(max_length=32)
    note = models.TextField()
    at = models.DateTimeField()

    class Meta:
        db_table = "head"
        constraints = [models.UniqueConstraint(fields=["world_id", "size"], name="head_once")]


class Cursor(models.Model):
    """How far a reader of the feed has come: the next position it wants."""

    world_id = models.SmallIntegerField()
    name = models.CharField(max_length=64)
    pos = models.BigIntegerField(default=0)

    class Meta:
        db_table = "cursor"
        constraints = [models.UniqueConstraint(fields=["world_id", "name"], name="cursor_once")]


class Outbox(models.Model):
    """A message or order that exists once and is handed over at least once under its id."""

    id = models.UUIDField(primary_key=True)
    world_id = models.SmallIntegerField()
    district = models.CharField(max_length=12)
    case_id = models.UUIDField()
    kind = models.CharField(max_length=32)
    to = models.CharField(max_length=64)
    body = models.TextField()
    created = models.DateTimeField()
    next_try = models.DateTimeField(null=True)
    attempts = models.SmallIntegerField(default=0)
    sent = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=300, blank=True)

    class Meta:
        db_table = "outbox"
        indexes = [models.Index(fields=["next_try"], name="outbox_unsent", condition=Q(sent__isnull=True))]


class Receipt(models.Model):
    """The SHA-256 of a receipt's code, and the case that it was given for."""

    digest = models.BinaryField(primary_key=True, max_length=32)
    world_id = models.SmallIntegerField()
    case_id = models.UUIDField(db_index=True)

    class Meta:
        db_table = "receipt"


class Answer(models.Model):
    """The answer that a door gave under an idempotency key; the same key gets the same answer."""

    id = models.BigAutoField(primary_key=True)
    world_id = models.SmallIntegerField()
    who = models.CharField(max_length=80)
    key = models.CharField(max_length=100)
    digest = models.BinaryField(max_length=32)
    status = models.SmallIntegerField()
    body = models.TextField()
    created = models.DateTimeField()

    class Meta:
        db_table = "answer"
        constraints = [models.UniqueConstraint(fields=["world_id", "who", "key"], name="answer_once")]


class VaultKey(models.Model):
    """The wrapped key of one person in one case (no person: the case's own notes). Erased: ``wrapped`` is null."""

    id = models.UUIDField(primary_key=True)
    world_id = models.SmallIntegerField()
    case_id = models.UUIDField(db_index=True)
    person = models.UUIDField(null=True, db_index=True)
    wrapped = models.BinaryField(null=True)
    erased = models.DateTimeField(null=True)

    class Meta:
        db_table = "vault_key"


class VaultItem(models.Model):
    """Free text or personal data, encrypted with its salt under a ``VaultKey``."""

    id = models.UUIDField(primary_key=True)
    world_id = models.SmallIntegerField()
    case_id = models.UUIDField(db_index=True)
    key_id = models.UUIDField(db_index=True)
    kind = models.CharField(max_length=24)
    box = models.BinaryField()

    class Meta:
        db_table = "vault_item"


class AccessLog(models.Model):
    """Who looked at what, for what purpose; append-only. ``subject``: the person concerned, who may read it.

    ``withheld``: the law that forbids telling them; such a row is for oversight only.
    """

    id = models.BigAutoField(primary_key=True)
    world_id = models.SmallIntegerField()
    at = models.DateTimeField()
    person = models.CharField(max_length=64)
    unit = models.CharField(max_length=32)
    case_id = models.UUIDField(null=True, db_index=True)
    subject = models.UUIDField(null=True, db_index=True)
    what = models.CharField(max_length=40)
    purpose = models.CharField(max_length=200)
    outcome = models.CharField(max_length=16)
    withheld = models.CharField(max_length=120, blank=True)

    class Meta:
        db_table = "access_log"


class BreakGlass(models.Model):
    """An opening of a sealed case: a reason, a second person, an end, and a review within 24 hours."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    world_id = models.SmallIntegerField()
    case_id = models.UUIDField()
    person = models.UUIDField()
    unit = models.CharField(max_length=32)
    reason = models.TextField()
    asked = models.DateTimeField()
    second = models.UUIDField(null=True)
    granted = models.DateTimeField(null=True)
    expires = models.DateTimeField(null=True)
    reviewed = models.DateTimeField(null=True)
    reviewer = models.UUIDField(null=True)
    review = models.TextField(blank=True)

    class Meta:
        db_table = "break_glass"


class RulebookRow(models.Model):
    """A version of a scene's rulebook, in force from a date until the next version's."""

    id = models.AutoField(primary_key=True)
    district = models.CharField(max_length=12)
    scene = models.CharField(max_length=32)
    version = models.CharField(max_length=32)
    effective = models.DateField()
    basis = models.TextField()
    body = models.TextField()
    imported_by = models.CharField(max_length=64)
    imported = models.DateTimeField()

    class Meta:
        db_table = "rulebook"
        constraints = [models.UniqueConstraint(fields=["district", "scene", "version"], name="rulebook_once")]


class CalendarDay(models.Model):
    """A day that an officer set: working or resting, with its basis."""

    country = models.CharField(max_length=2)
    day = models.DateField()
    is_working = models.BooleanField()
    note = models.CharField(max_length=80, blank=True)
    basis = models.CharField(max_length=200)
    set_by = models.CharField(max_length=64)

    class Meta:
        db_table = "calendar_day"
        constraints = [models.UniqueConstraint(fields=["country", "day"], name="calendar_day_once")]


class CalendarYear(models.Model):
    """A year whose calendar the country has published, beyond those that the product knows."""

    country = models.CharField(max_length=2)
    year = models.SmallIntegerField()
    basis = models.CharField(max_length=200)
    published = models.DateField()

    class Meta:
        db_table = "calendar_year"
        constraints = [models.UniqueConstraint(fields=["country", "year"], name="calendar_year_once")]


class Setting(models.Model):
    """A counter or mark of the desk itself, such as the version of the rulebooks."""

    key = models.CharField(max_length=64, primary_key=True)
    value = models.TextField()

    class Meta:
        db_table = "setting"
